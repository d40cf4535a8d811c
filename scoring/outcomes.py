"""What a step decides: tier changes, alerts, changes of segment, as a table that grows."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing
from scoring.tables import Table

TIER_CHANGE: Final = 0
ALERT: Final = 1
SEGMENT_CHANGE: Final = 2
NO_EVENT: Final = -1
"""Stands for the causing event where time is the cause."""

OUTCOME: Final = np.dtype(
    [
        ("kind", "i4"),
        ("customer", "i4"),
        ("name", "i4"),
        ("before", "i4"),
        ("after", "i4"),
        ("event", "i4"),
        ("day", "i4"),
        ("previous_day", "i4"),
        ("sequence", "i8"),
        ("score", "f8"),
        ("previous", "f8"),
    ],
    align=True,
)
"""`name` is the position of the score, alert or segment; `before` and `after` are tiers, 0 closed
and 1 open, or classes (−1: none); `event` the position of the causing event or `NO_EVENT`; `day`
the as-of; `previous` the score before, for an alert the reference, and `previous_day` its day."""


class Outcomes(NamedTuple):
    """A table of `OUTCOME`, of which `used[0]` rows are in use.

    `points` [rows, 2, terms] are the points of the score's terms before and after; for an alert
    those of the reference and now.
    """

    used: NDArray[np.int64]
    rows: Table
    points: NDArray[np.float64]


def empty_outcomes(room: int, terms: int) -> Outcomes:
    """Return room for so many outcomes of at most so many terms."""
    return Outcomes(np.zeros(1, np.int64), np.zeros(room, OUTCOME), np.zeros((room, 2, terms)))


def with_room(outcomes: Outcomes, more: int) -> Outcomes:
    """Return the same outcomes with room for at least so many more.

    >>> with_room(empty_outcomes(room=2, terms=3), more=5).rows.size
    10
    """
    used = int(outcomes.used[0])
    if used + more <= outcomes.rows.size:
        return outcomes
    grown = empty_outcomes(2 * (used + more), outcomes.points.shape[2])
    grown.used[0] = used
    grown.rows[:used] = outcomes.rows[:used]
    grown.points[:used] = outcomes.points[:used]
    return grown


@jit_borrowing
def append(
    outcomes: Outcomes,
    kind: int,
    c: int,
    name: int,
    before: int,
    after: int,
    event: int,
    customer: Any,
) -> int:
    """Start a row; its scores and points are the caller's to fill. Return its position."""
    customer.sequence += 1
    n = outcomes.used[0]
    row = outcomes.rows[n]
    row.kind = kind
    row.customer = c
    row.name = name
    row.before = before
    row.after = after
    row.event = event
    row.day = customer.as_of
    row.previous_day = customer.as_of
    row.sequence = customer.sequence
    outcomes.used[0] = n + 1
    return int(n)
