"""The negative control: the naive processor under the faults of rows 1, 6, 10 and 17.

It must fail each, and nothing when it is left alone; else the harness is blind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import redis

from tests.chaos.lab import Lab
from tests.chaos.rows.store import cut_tail
from tests.chaos.table import Ran
from tests.chaos.traffics import common
from tests.chaos.trial import Trial, trial_of
from tests.integration.processes import Process
from tests.integration.traffic import Sent
from tests.integration.verdict import differences, left_by, tally
from tests.waiting import wait_until

ENDS_S = 120.0
MOST_RESTARTS = 3
"""By its supervisor, when the fault has ended it."""


def first_sales(seed: int, events: int) -> list[Sent]:
    """Sales and refunds, none twice and none bad: what the naive processor is made for."""
    first: dict[bytes | None, Sent] = {}
    for record in common(seed, events):
        if record.is_good and record.event_type == "transaction":
            first.setdefault(record.value, record)
    return list(first.values())


def with_poison(sent: list[Sent]) -> list[Sent]:
    """Make every hundredth record one that cannot be decoded."""
    return [
        record._replace(value=b"sale of 12.50", is_good=False) if n % 100 == 50 else record
        for n, record in enumerate(sent)
    ]


def naive(trial: Trial) -> Process:
    """Start the naive processor."""
    directory = trial.run.directory / f"naive-{len(trial.run.workers)}"
    process = Process(directory, ("-m", "tests.chaos.naive"), trial.run.environment)
    trial.run.workers.append(process)
    process.start()
    return process


def seen(trial: Trial) -> int:
    """How many records it has begun; 0 while the store is away."""
    try:
        count: Any = trial.run.redis.get(f"{trial.run.name}:seen")
    except redis.ConnectionError:
        return 0
    return int(count or 0)


def applied(trial: Trial) -> dict[str, int]:
    """How many events it has counted of each customer."""
    found: Any = trial.run.redis.hgetall(f"{trial.run.name}:applied")
    return {name.decode(): int(count) for name, count in found.items()}


def undisturbed(trial: Trial) -> Process:
    """Row 0: nothing happens to it."""
    return naive(trial)


def killed(trial: Trial) -> Process:
    """Row 1."""
    processor = naive(trial)
    _reach(trial, 1 / 3)
    processor.kill()
    return naive(trial)


def without_tail(trial: Trial) -> Process:
    """Row 6."""
    processor = naive(trial)
    _reach(trial, 1 / 3)
    trial.store.kill()
    cut_tail(trial)
    trial.store.start()
    return processor


def reply_lost(trial: Trial) -> Process:
    """Row 10."""
    processor = naive(trial)
    _reach(trial, 1 / 3)
    trial.proxy.lose_replies(1, marker=b"HINCRBY")
    return processor


def poison(trial: Trial) -> Process:
    """Row 17: the traffic has it."""
    processor = naive(trial)
    _reach(trial, 1 / 3)
    processor.kill()
    return naive(trial)


CONTROLS: dict[int, Callable[[Trial], Process]] = {
    0: undisturbed,
    1: killed,
    6: without_tail,
    10: reply_lost,
    17: poison,
}


def _reach(trial: Trial, share: float) -> None:
    goal = int(trial.backlog.records * share)
    wait_until(partial(_has_seen, trial, goal), "a part of the records", ENDS_S)


def _has_seen(trial: Trial, goal: int) -> bool:
    return seen(trial) > goal


def run_control(lab: Lab, number: int, seed: int, events: int) -> Ran:
    """Run the naive processor under one row's fault."""
    sent = first_sales(seed, events)
    if number == 17:
        sent = with_poison(sent)
    began = time.monotonic()
    directory: Path = lab.directory / f"naive-{number}-{seed}"
    with lab.filled(sent) as backlog, trial_of(lab, backlog, {}, seed, directory) as trial:
        try:
            return _ran(trial, number, seed, began)
        except (AssertionError, RuntimeError) as failure:
            error = f"{type(failure).__name__}: {failure}"
            seconds = round(time.monotonic() - began, 1)
            return Ran(number, "naive", seed, backlog.records, seconds, error=error)


def _ran(trial: Trial, number: int, seed: int, began: float) -> Ran:
    backlog = trial.backlog
    processor = CONTROLS[number](trial)
    code = processor.wait("the naive processor to read all", ENDS_S)
    for _ in range(MOST_RESTARTS):
        if code == 0:
            break
        code = naive(trial).wait("the naive processor, started again, to read all", ENDS_S)
    found = left_by(trial.run)._replace(applied=applied(trial))
    return Ran(
        number,
        "naive",
        seed,
        backlog.records,
        round(time.monotonic() - began, 1),
        int(number > 0),
        tally(backlog.right, found),
        differences=tuple(differences(backlog.right, found)),
        error="" if code == 0 else f"ended with {code}",
    )
