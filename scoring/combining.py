"""Facts of several customers put together: what a customer is that others were merged into."""

import numpy as np
from numpy.typing import NDArray

from scoring.arena import NEVER, Arena
from scoring.jit import jit_borrowing
from scoring.program import Table
from scoring.windows import bucket


@jit_borrowing
def combine(
    mark_rules: Table, retention: int, arena: Arena, c: int, parts: NDArray[np.int64]
) -> None:
    """Replace buckets, totals and marks of customer c by those of its parts together.

    No part may be ahead of c's as-of. Buckets that no window of c reaches go to the totals. Sums
    are integers, so the result is that of applying all events to c.
    """
    customer, marks, totals = arena.customers[c], arena.marks[c], arena.totals[c]
    customer.row_start = customer.row_base
    customer.row_count = 0
    for mark in range(marks.size):
        marks[mark] = NEVER
    for measure in range(totals.size):
        totals[measure] = 0
    for part in parts:
        other = arena.customers[part]
        for measure in range(totals.size):
            totals[measure] += arena.totals[part, measure]
        for row in range(other.row_start, other.row_start + other.row_count):
            target = bucket(retention, customer, arena.row_day, arena.rows, arena.row_day[row])
            for measure in range(totals.size):
                if target < 0:
                    totals[measure] += arena.rows[row, measure]
                else:
                    arena.rows[target, measure] += arena.rows[row, measure]
        for mark in range(marks.size):
            day = arena.marks[part, mark]
            is_later = (day > marks[mark]) == (mark_rules[mark].latest == 1)
            if day != NEVER and (marks[mark] == NEVER or is_later):
                marks[mark] = day
    add_up_counts(arena, c, parts)


@jit_borrowing
def add_up_counts(arena: Arena, c: int, parts: NDArray[np.int64]) -> None:
    """Make the number of events applied to customer c that of its parts together."""
    arena.customers[c].applied = 0
    for part in parts:
        arena.customers[c].applied += arena.customers[part].applied


@jit_borrowing
def is_any_known(arena: Arena, parts: NDArray[np.int64]) -> bool:
    """Return whether one of the parts is known: has had an event, and was not erased since."""
    is_known = False
    for part in parts:
        is_known = is_known or arena.customers[part].as_of != NEVER
    return is_known
