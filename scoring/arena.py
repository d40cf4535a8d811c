"""The customers of one batch, as arrays: what the kernel works on."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.program import Program, Table

NEVER: Final = -1
"""Stands for a day that has not come: no as-of yet, a mark that is not set."""

CUSTOMER: Final = np.dtype(
    [
        ("as_of", "i4"),
        ("row_count", "i4"),
        ("ring_count", "i4"),
        ("sequence", "i8"),
        ("applied", "i8"),
        ("erased", "i8"),
        ("row_base", "i8"),
        ("row_start", "i8"),
        ("ring_start", "i8"),
    ],
    align=True,
)
"""`sequence` counts outcomes, `applied` events; events up to the time `erased` (epoch milliseconds;
`NEVER`: none) never count again; buckets are rows from `row_start`, oldest first, in the room that
begins at `row_base`."""
STANDING: Final = np.dtype([("tier", "i4"), ("since", "i4")], align=True)
WATCH: Final = np.dtype([("open", "i4"), ("quiet_until", "i4"), ("count", "i4")], align=True)
"""An alert of a customer: open or not, and how many evaluations are remembered for it."""
PEAK: Final = np.dtype([("day", "i4"), ("total", "i8")], align=True)
"""A remembered evaluation, thousandths of a point; highest (and oldest) first."""


class Arena(NamedTuple):
    """C customers. The first block is stored, the second is derived from it when it is loaded.

    Day buckets lie in `row_day` and `rows`, identities in `ring`, each customer's with room behind
    them for the batch's events.
    """

    customers: Table
    marks: NDArray[np.int32]
    """[C, marks] days."""
    totals: NDArray[np.int64]
    """[C, measures] of all buckets that have been folded."""
    standings: Table
    """[C, scores]"""
    watches: Table
    """[C, alerts]"""
    peaks: Table
    """[C, alerts, room]"""
    peak_terms: NDArray[np.int32]
    """[C, alerts, room, terms]"""
    row_day: NDArray[np.int32]
    rows: NDArray[np.int64]
    """[rows, measures]"""
    ring: NDArray[np.uint64]

    sums: NDArray[np.int64]
    """[C, operands] running sums of the windows as of the as-of."""
    indicators: NDArray[np.float64]
    """[C, indicators] raw values at the last evaluation; NaN for null."""
    points: NDArray[np.float64]
    """[C, terms] points at the last evaluation; 0 before the first."""
    scores: NDArray[np.float64]
    """[C, scores]"""


def empty_arena(
    program: Program, row_capacity: NDArray[np.int64], ring_capacity: NDArray[np.int64]
) -> Arena:
    """Return an arena of new customers with room for so many rows and identities each."""
    count = row_capacity.size
    limits = program.limits[0]
    alerts = program.alerts.size
    customers = np.zeros(count, CUSTOMER)
    customers["as_of"] = NEVER
    customers["erased"] = NEVER
    customers["row_base"] = np.cumsum(row_capacity) - row_capacity
    customers["row_start"] = customers["row_base"]
    customers["ring_start"] = np.cumsum(ring_capacity) - ring_capacity
    standings = np.zeros((count, program.scores.size), STANDING)
    standings["since"] = NEVER
    watches = np.zeros((count, alerts), WATCH)
    watches["quiet_until"] = NEVER
    room = int(limits["longest_alert"])
    return Arena(
        customers=customers,
        marks=np.full((count, program.marks.size), NEVER, np.int32),
        totals=np.zeros((count, int(limits["measures"])), np.int64),
        standings=standings,
        watches=watches,
        peaks=np.zeros((count, alerts, room), PEAK),
        peak_terms=np.zeros((count, alerts, room, int(limits["most_terms"])), np.int32),
        row_day=np.zeros(int(row_capacity.sum()), np.int32),
        rows=np.zeros((int(row_capacity.sum()), int(limits["measures"])), np.int64),
        ring=np.zeros(int(ring_capacity.sum()), np.uint64),
        sums=np.zeros((count, program.operands.size), np.int64),
        indicators=np.full((count, program.indicators.size), np.nan),
        points=np.zeros((count, program.terms.size)),
        scores=np.zeros((count, program.scores.size)),
    )
