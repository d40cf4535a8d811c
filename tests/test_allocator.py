"""Memory that was freed goes back to the system, though other blocks lie between and behind."""

import subprocess
import sys

import pytest

from streams.allocator import _glibc

pytestmark = pytest.mark.skipif(_glibc() is None, reason="the C library is not glibc")
KEPT_MIB = 20
PROGRAM = """
import os, sys
from benchmarks.machine import memory_mb
from streams.allocator import give_back, map_large_blocks

size, mapped, given_back = int(sys.argv[1]), "mapped" in sys.argv, "given back" in sys.argv
if mapped:
    map_large_blocks()
bytearray(16 * 2**20)  # freed at once: glibc learns to take such blocks from its heap
before = memory_mb(os.getpid(), "VmRSS")
blocks = [bytearray(n) for _ in range(200 * 2**20 // size) for n in (size, 700)]
for block in blocks[::2]:
    block[::4096] = b"x" * len(block[::4096])
del blocks[::2], block
if given_back:
    give_back()
print(memory_mb(os.getpid(), "VmRSS") - before)
"""


def kept_mib(size: int, *how: str) -> float:
    """Return what a process keeps of 200 MiB of freed blocks of a size."""
    command = [sys.executable, "-c", PROGRAM, str(size), *how]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_large_blocks_go_back_when_they_are_freed() -> None:
    assert kept_mib(4 * 2**20) > 150
    assert kept_mib(4 * 2**20, "mapped") < KEPT_MIB


def test_holes_of_small_blocks_are_given_back_on_demand() -> None:
    assert kept_mib(60_000, "mapped") > 150
    assert kept_mib(60_000, "mapped", "given back") < KEPT_MIB
