"""A blocked event loop is told while it is blocked, with the place, and ended if it lasts."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, json, sys, threading, time, structlog
from streams import logs
from streams.loop_watch import LoopWatch

logs.configure("INFO", "json", "a key of 16 to 64 bytes")
told = threading.Event()

def heard(logger, method, entry):
    if entry["event"] == "the event loop is blocked":
        told.set()
    return entry

structlog.configure(processors=[heard, *structlog.get_config()["processors"]])

async def main():
    watch = asyncio.create_task(LoopWatch({stall_s}, told_after_s=0.2).run())
    await asyncio.sleep(0)
    {block}
    await asyncio.sleep(1.0)
    watch.cancel()

asyncio.run(main())
"""


def run(stall_s: float, block: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(stall_s=stall_s, block=block)],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


def test_a_loop_that_is_blocked_is_told_at_once_with_the_place_and_again_when_it_goes_on() -> None:
    code, told = run(60, "assert told.wait(30)  # blocks")
    assert code == 0
    blocked, goes_on = told.splitlines()
    assert '"the event loop is blocked"' in blocked
    assert "threading.py" in blocked
    assert '"the event loop goes on"' in goes_on


def test_a_loop_that_stays_blocked_is_ended_for_the_supervisor_to_start_it_anew() -> None:
    code, told = run(1.0, "threading.Event().wait()")
    assert code == 71
    assert "the event loop is blocked: ending the process" in told


def test_a_loop_that_goes_on_is_left_alone() -> None:
    assert run(1.0, "await asyncio.sleep(1.5)") == (0, "")
