"""Runs with faults drawn from a seed: after each, all is as if nothing had happened (P1, P2, P8).

`python -m tests.simulation` runs as many seeds as asked; here is a selection that takes seconds.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Valkey, start_valkey
from tests.simulation.loop import VirtualLoop
from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.plan import FAULTS
from tests.simulation.runs import run_seed

SELECTION = (*range(1, 41), 67)
CONTROL = range(1, 101)
"""Seeds within which a mutation must be found; the first that does is at most the 29th."""


@pytest.mark.slow
def test_no_seed_of_the_selection_loses_repeats_or_keeps_anything_waiting(valkey: Valkey) -> None:
    """Every kind of fault comes in some seed: one that never comes is never survived."""
    runs = [run_seed(seed, valkey.url) for seed in SELECTION]
    assert {run.seed: run.problems for run in runs if run.problems} == {}
    struck = {kind for run in runs for kind in run.counts}
    assert struck >= {f"fault: {fault}" for fault in FAULTS}


def test_a_seed_replays_exactly_in_another_process(tmp_path: Path) -> None:
    """With another order of hashes there, and other seeds run before.

    On a store of its own: in what order one is walked depends on all that it ever held.
    """
    seeds = ["7", "8", "30"]
    with start_valkey(tmp_path / "valkey") as valkey:
        here = fingerprints(valkey, seeds, hash_seed="3")
        there = fingerprints(valkey, seeds[::-1], hash_seed="17")
    assert len(set(here)) == len(seeds)
    assert there == here[::-1]


def fingerprints(valkey: Valkey, seeds: list[str], *, hash_seed: str) -> list[str]:
    """Run seeds one after another in a process of their own."""
    script = (
        "from streams.kernel_cache import choose; choose()\n"
        "import sys\n"
        "from tests.simulation.runs import run_seed\n"
        "for seed in sys.argv[2:]: print(run_seed(int(seed), sys.argv[1]).fingerprint)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, valkey.url, *seeds],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        text=True,
    )
    return ended.stdout.split()


@pytest.mark.long
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_mistake_is_found(
    mutation: Mutation, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation(monkeypatch)
    assert any(run_seed(seed, valkey.url).problems for seed in CONTROL)


def test_virtual_time_passes_only_when_nothing_else_is_left_to_do() -> None:
    idle: list[float] = []

    def pass_time(timeout: float | None) -> None:
        assert timeout is not None
        idle.append(timeout)
        loop.advance(timeout)

    async def sleeps() -> float:
        before = loop.time()
        await asyncio.gather(asyncio.sleep(3600), asyncio.sleep(1800))
        return loop.time() - before

    loop = VirtualLoop(pass_time)
    try:
        assert loop.run_until_complete(sleeps()) == pytest.approx(3600)
        assert idle == pytest.approx([1800, 1800])
    finally:
        loop.close()
