"""Numbers to be added to measures of days, gathered first and added in one place.

Compiled functions take tables by value, so what only decides takes none: it writes additions.
"""

from typing import Any, Final

import numpy as np

from scoring.jit import jit_borrowing
from scoring.windows import Counts, add_to_windows, bucket

ADDITION: Final = np.dtype([("day", "i4"), ("measure", "i4"), ("number", "i8")], align=True)


@jit_borrowing
def put_addition(additions: Any, count: int, day: int, measure: int, number: int) -> int:
    """Write an addition behind `count` others, unless it is of nothing; return how many there are.

    >>> table = np.zeros(2, ADDITION)
    >>> put_addition(table, 0, 19_723, 3, 0), put_addition(table, 0, 19_723, 3, 250)
    (0, 1)
    """
    if number == 0:
        return count
    additions[count].day = day
    additions[count].measure = measure
    additions[count].number = number
    return count + 1


@jit_borrowing
def add_all(
    additions: Any, count: int,
    places: Any, retention: int,
    customer: Any, totals: Counts, buckets: Any, rows: Counts, sums: Counts,
) -> None:  # fmt: skip  # what, a line for the model, a line for the customer
    """Add the first `count` additions to the customer's buckets, and to the windows they are in."""
    for n in range(count):
        day, measure, number = additions[n].day, additions[n].measure, additions[n].number
        customer.stale_measures |= np.uint64(1) << np.uint64(measure)
        row = bucket(retention, customer, buckets, rows, day)
        if row < 0:
            totals[measure] += number
        else:
            buckets[row].measures |= np.uint64(1) << np.uint64(measure)
            rows[row, measure] += number
        add_to_windows(places, sums, customer.as_of - day, measure, number)
