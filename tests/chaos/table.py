"""The fault table: its rows, how one is run, and what a run gives."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from tests.chaos.lab import Backlog, Lab, say, with_cluster
from tests.chaos.trial import Trial, trial_of
from tests.integration.traffic import Sent
from tests.integration.verdict import Tally

Traffic = Callable[[int, int], Sequence[Sent]]
"""Makes records from a seed and a number of events."""


class Row(NamedTuple):
    """One fault: its number in the table, what is injected, and what it does to a trial.

    `traffic` None is the common backlog; `note` is printed under the table. `on_cluster`: it has
    three brokers of its own.
    """

    number: int
    fault: str
    inject: Callable[[Trial], None]
    options: Mapping[str, Any]
    traffic: Traffic | None = None
    note: str = ""
    on_cluster: bool = False

    @property
    def name(self) -> str:
        """The injecting function's name, which tells rows of one number apart."""
        return self.inject.__name__


ROWS: list[Row] = []


def row(
    number: int,
    fault: str,
    *,
    traffic: Traffic | None = None,
    note: str = "",
    on_cluster: bool = False,
    **options: Any,
) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    """Make a function a row; `options` are settings of the workers."""

    def added(inject: Callable[[Trial], None]) -> Callable[[Trial], None]:
        ROWS.append(Row(number, fault, inject, options, traffic, note, on_cluster))
        return inject

    return added


@dataclass(frozen=True)
class Ran:
    """One run of a row; `error` is what ended it early, and then there is no tally."""

    row: int
    name: str
    seed: int
    records: int
    seconds: float
    faults: int = 0
    tally: Tally | None = None
    recovery_s: float | None = None
    seen: dict[str, bool] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_right(self) -> bool:
        """Whether nothing was lost, repeated, wrong or missing, and every sign came."""
        return self.tally == Tally() and not self.differences and all(self.seen.values())

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self) | {"tally": self.tally._asdict() if self.tally else None}


def run_row(lab: Lab, row: Row, seed: int, events: int) -> Ran:
    """Run a row once; what goes wrong is in the result, also an exception."""
    began = time.monotonic()
    with ExitStack() as stack:
        directory = lab.directory / f"{row.number}-{row.name}-{seed}"
        if row.on_cluster:
            lab = stack.enter_context(with_cluster(lab, directory.with_suffix(".cluster")))
        backlog = _backlog(lab, row, seed, events, stack)
        began = time.monotonic()
        trial = stack.enter_context(trial_of(lab, backlog, row.options, seed, directory))
        return _ran(row, seed, trial, began)


def _backlog(lab: Lab, row: Row, seed: int, events: int, stack: ExitStack) -> Backlog:
    if row.traffic is None:
        return lab.backlog(seed, events)
    return stack.enter_context(lab.filled(row.traffic(seed, events)))


def _ran(row: Row, seed: int, trial: Trial, began: float) -> Ran:
    wrong: Tally | None = None
    words: list[str] = []
    error = ""
    try:
        row.inject(trial)
        wrong, words = trial.finish()
    except Exception as failure:  # the run is over, and the table says why
        error = f"{type(failure).__name__}: {failure}"
        say(traceback.format_exc())
    return Ran(
        row.number,
        row.name,
        seed,
        trial.backlog.records,
        round(time.monotonic() - began, 1),
        trial.faults,
        wrong,
        round(max(trial.recoveries), 2) if trial.recoveries else None,
        trial.seen,
        tuple(words),
        error,
    )
