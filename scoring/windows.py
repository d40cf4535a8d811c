"""Day buckets of one customer and the running sums of windows over them.

Arguments named as in `Program` and `Arena`; `totals` and `sums` are one customer's.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing
from scoring.measures import LARGEST, MEASURES
from scoring.tables import LIFETIME, Table

LARGEST_MEASURES: Final = tuple(MEASURES.index(name) for name in LARGEST)

Record = Any
"""A row of a table: numba reads its fields as attributes, numpy's types do not know them."""
Days = NDArray[np.int32]
Counts = NDArray[np.int64]
Measures = NDArray[np.int32]


@jit_borrowing
def first_row(customer: Record, row_day: Days, day: int) -> int:
    """Return the first row whose day is at or after `day`, or the end of the customer's rows."""
    low = customer.row_start
    high = low + customer.row_count
    while low < high:
        middle = (low + high) // 2
        if row_day[middle] < day:
            low = middle + 1
        else:
            high = middle
    return int(low)


@jit_borrowing
def add_rows(
    window: Record, operands: Measures, rows: Counts, sums: Counts, first: int, end: int, sign: int
) -> None:
    """Add sign × the rows [first, end) to the sums of a window, and raise its largest."""
    for row in range(first, end):
        for operand in range(window.first, window.largest):
            sums[operand] += sign * rows[row, operands[operand]]
        if sign > 0:
            for operand in range(window.largest, window.last):
                sums[operand] = max(sums[operand], rows[row, operands[operand]])


@jit_borrowing
def load_sums(
    windows: Table,
    operands: Measures,
    customer: Record,
    totals: Counts,
    row_day: Days,
    rows: Counts,
    sums: Counts,
) -> None:
    """Compute all running sums of a customer from its rows, as of its as-of."""
    as_of = customer.as_of
    for w in range(windows.size):
        window = windows[w]
        first = customer.row_start
        if window.end == LIFETIME:
            for operand in range(window.first, window.last):
                sums[operand] = totals[operands[operand]]
        else:
            first = first_row(customer, row_day, as_of - window.end + 1)
        end = first_row(customer, row_day, as_of - window.start + 1)
        add_rows(window, operands, rows, sums, first, end, 1)


@jit_borrowing
def slide(
    windows: Table,
    operands: Measures,
    retention: int,
    customer: Record,
    totals: Counts,
    row_day: Days,
    rows: Counts,
    sums: Counts,
    day: int,
) -> bool:
    """Move a customer's as-of forward to `day`; return whether a sum may have changed."""
    before = customer.as_of
    customer.as_of = day
    if customer.row_count == 0:
        return False
    newest = row_day[customer.row_start + customer.row_count - 1]
    changed = False
    for w in range(windows.size):
        window = windows[w]
        if newest > before - window.start:  # days to come are due days: only they enter at age 0
            entered = first_row(customer, row_day, before - window.start + 1)
            until = first_row(customer, row_day, day - window.start + 1)
            if until > entered:
                changed = True
                add_rows(window, operands, rows, sums, entered, until, 1)
        if window.end < LIFETIME and row_day[customer.row_start] <= day - window.end:
            left = first_row(customer, row_day, before - window.end + 1)
            until = first_row(customer, row_day, day - window.end + 1)
            if until > left:
                changed = True
                add_rows(window, operands, rows, sums, left, until, -1)
                end = first_row(customer, row_day, day - window.start + 1)
                find_largest(window, operands, rows, sums, until, end)
    fold(retention, customer, totals, row_day, rows)
    return changed


@jit_borrowing
def find_largest(
    window: Record, operands: Measures, rows: Counts, sums: Counts, first: int, end: int
) -> None:
    """Find anew what a window has of largest, among the rows [first, end)."""
    for operand in range(window.largest, window.last):
        sums[operand] = 0
        for row in range(first, end):
            sums[operand] = max(sums[operand], rows[row, operands[operand]])


@jit_borrowing
def fold(retention: int, customer: Record, totals: Counts, row_day: Days, rows: Counts) -> None:
    """Fold buckets older than every window that ends into the lifetime totals."""
    oldest = customer.as_of - retention + 1
    while customer.row_count > 0 and row_day[customer.row_start] < oldest:
        add_up(totals, rows[customer.row_start])
        customer.row_start += 1
        customer.row_count -= 1


@jit_borrowing
def add_up(target: Counts, measures: Counts) -> None:
    """Add measures to others; of the largest the larger one."""
    for measure in range(target.size):
        target[measure] += measures[measure]
    for measure in LARGEST_MEASURES:
        without = target[measure] - measures[measure]
        target[measure] = max(without, measures[measure])


@jit_borrowing
def bucket(retention: int, customer: Record, row_day: Days, rows: Counts, day: int) -> int:
    """Return the row of a day's bucket, made if there is none; −1 if no window reaches it."""
    if customer.as_of - day >= retention:
        return -1
    end = customer.row_start + customer.row_count
    row = end
    if customer.row_count > 0 and row_day[end - 1] >= day:
        row = first_row(customer, row_day, day)
        if row_day[row] == day:
            return row
    for later in range(end, row, -1):
        row_day[later] = row_day[later - 1]
        for measure in range(rows.shape[1]):
            rows[later, measure] = rows[later - 1, measure]
    row_day[row] = day
    for measure in range(rows.shape[1]):
        rows[row, measure] = 0
    customer.row_count += 1
    return int(row)


@jit_borrowing
def add_to_windows(places: Table, sums: Counts, age: int, measure: int, amount: int) -> None:
    """Add an amount of a measure to the sums of the windows that hold its age."""
    for n in range(places[measure].first, places[measure + 1].first):
        if places[n].start <= age < places[n].end:
            sums[places[n].operand] += amount


@jit_borrowing
def raise_windows(places: Table, sums: Counts, age: int, measure: int, amount: int) -> None:
    """Raise the largest of a measure to an amount in the windows that hold its age."""
    for n in range(places[measure].first, places[measure + 1].first):
        if places[n].start <= age < places[n].end:
            sums[places[n].operand] = max(sums[places[n].operand], amount)
