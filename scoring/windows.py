"""Day buckets of one customer and the running sums of windows over them.

Arguments named as in `Program` and `Arena`, `operands` as `operand_of`; `totals` and `sums` are one
customer's.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.bits import lowest
from scoring.jit import jit_borrowing, jit_inlined
from scoring.measures import LARGEST, MEASURES
from scoring.tables import LIFETIME, Table

ORDERS: Final = MEASURES.index("orders")
LARGEST_MEASURES: Final = tuple(MEASURES.index(name) for name in LARGEST)

_ONE: Final = np.uint64(1)

Record = Any
"""A row of a table: numba reads its fields as attributes, numpy's types do not know them."""
Days = NDArray[np.int32]
Counts = NDArray[np.int64]
Numbers = NDArray[np.int32]
"""[windows, measures] the operand of each measure; what a window does not sum has none."""


@jit_borrowing
def first_row(customer: Record, buckets: Table, day: int) -> int:
    """Return the first row whose day is at or after `day`, or the end of the customer's rows."""
    low = customer.row_start
    high = low + customer.row_count
    while low < high:
        middle = (low + high) // 2
        if buckets[middle].day < day:
            low = middle + 1
        else:
            high = middle
    return int(low)


@jit_borrowing
def add_rows(
    window: Record, operands: Numbers, buckets: Table, rows: Counts, sums: Counts,
    first: int, end: int, sign: int,
) -> None:  # fmt: skip  # which rows on a line of their own
    """Add sign × the rows [first, end) to the sums of a window, and raise its largest.

    `operands` are those of this window. Most measures of a bucket are 0: only its bits are walked.
    """
    for row in range(first, end):
        left = buckets[row].measures & window.summed
        while left != 0:
            measure = lowest(left)
            left &= left - _ONE
            sums[operands[measure]] += sign * rows[row, measure]
        left = buckets[row].measures & window.raised
        while sign > 0 and left != 0:
            measure = lowest(left)
            left &= left - _ONE
            sums[operands[measure]] = max(sums[operands[measure]], rows[row, measure])


@jit_borrowing
def load_sums(
    windows: Table,
    operands: Numbers,
    customer: Record,
    totals: Counts,
    buckets: Table,
    rows: Counts,
    sums: Counts,
) -> None:
    """Compute all running sums of a customer, which are 0, from its rows, as of its as-of."""
    as_of = customer.as_of
    for w in range(windows.size):
        window = windows[w]
        first = customer.row_start
        if window.end == LIFETIME:
            left = window.summed | window.raised
            while left != 0:
                measure = lowest(left)
                left &= left - _ONE
                sums[operands[w, measure]] = totals[measure]
        else:
            first = first_row(customer, buckets, as_of - window.end + 1)
        end = first_row(customer, buckets, as_of - window.start + 1)
        add_rows(window, operands[w], buckets, rows, sums, first, end, 1)


@jit_borrowing
def slide(
    windows: Table, edges: Table, crossings: Table, operands: Numbers, retention: int,
    customer: Record, totals: Counts, buckets: Table, rows: Counts, sums: Counts, day: int,
) -> np.uint64:  # fmt: skip  # a line for the model, a line for the customer
    """Move a customer's as-of forward to `day`; return the measures whose sums may have changed."""
    before = customer.as_of
    customer.as_of = day
    moved = np.uint64(0)
    if customer.row_count == 0:
        return moved
    end = customer.row_start + customer.row_count
    oldest, newest = buckets[customer.row_start].day, buckets[end - 1].day
    for e in range(edges.size):
        age = edges[e].age
        if oldest > day - age or newest <= before - age:
            continue  # of days to come, which are due days, some may reach age 0
        first = first_row(customer, buckets, before - age + 1)
        until = first
        while until < end and buckets[until].day <= day - age:
            moved |= buckets[until].measures
            until += 1
        if until == first:
            continue
        for n in range(edges[e].first, edges[e].end):
            crossing = crossings[n]
            window, its = windows[crossing.window], operands[crossing.window]
            add_rows(window, its, buckets, rows, sums, first, until, crossing.sign)
            if crossing.sign < 0 and window.raised != 0:
                inside = first_row(customer, buckets, day - window.start + 1)
                find_largest(window, its, buckets, rows, sums, first, until, inside)
    fold(retention, customer, totals, buckets, rows)
    return moved


@jit_borrowing
def find_largest(
    window: Record, operands: Numbers, buckets: Table, rows: Counts, sums: Counts,
    left: int, first: int, end: int,
) -> None:  # fmt: skip  # which rows on a line of their own
    """Find anew what a window has of largest, among [first, end), as the rows from `left` left."""
    gone = np.uint64(0)
    for row in range(left, first):
        gone |= buckets[row].measures & window.raised
    while gone != 0:
        measure = lowest(gone)
        gone &= gone - _ONE
        most = 0
        for row in range(first, end):
            most = max(most, rows[row, measure])
        sums[operands[measure]] = most


@jit_borrowing
def fold(retention: int, customer: Record, totals: Counts, buckets: Table, rows: Counts) -> None:
    """Fold buckets older than every window that ends into the lifetime totals."""
    oldest = customer.as_of - retention + 1
    while customer.row_count > 0 and buckets[customer.row_start].day < oldest:
        if rows[customer.row_start, ORDERS] > 0:
            customer.folded_sale = max(customer.folded_sale, buckets[customer.row_start].day)
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
def bucket(retention: int, customer: Record, buckets: Table, rows: Counts, day: int) -> int:
    """Return the row of a day's bucket, made if there is none; −1 if no window reaches it.

    Who adds to a measure of it says so in `buckets[row].measures`.
    """
    if customer.as_of - day >= retention:
        return -1
    end = customer.row_start + customer.row_count
    row = end
    if customer.row_count > 0 and buckets[end - 1].day >= day:
        if buckets[end - 1].day == day:  # mostly, as days go on
            return int(end - 1)
        row = first_row(customer, buckets, day)
        if buckets[row].day == day:
            return row
    for later in range(end, row, -1):
        buckets[later].day = buckets[later - 1].day
        buckets[later].measures = buckets[later - 1].measures
        copy(rows[later - 1], rows[later])
    buckets[row].day = day
    buckets[row].measures = 0
    clear(rows[row])
    customer.row_count += 1
    return int(row)


@jit_inlined
def copy(source: NDArray[Any], target: NDArray[Any]) -> None:
    """Copy numbers; of a flat loop over rows by themselves the compiler makes wide moves."""
    for n in range(target.size):
        target[n] = source[n]


@jit_inlined
def clear(numbers: NDArray[Any]) -> None:
    """Set numbers to 0, as `copy` copies them."""
    for n in range(numbers.size):
        numbers[n] = 0


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


@jit_borrowing
def bucket_of(customer: Record, buckets: Table, day: int) -> int:
    """Return the row of a day's bucket; −1 if there is none."""
    end = customer.row_start + customer.row_count
    if customer.row_count == 0 or buckets[end - 1].day <= day:  # mostly, as days go on
        return int(end - 1) if customer.row_count > 0 and buckets[end - 1].day == day else -1
    row = first_row(customer, buckets, day)
    return row if buckets[row].day == day else -1


@jit_borrowing
def lower_windows(
    places: Table,
    customer: Record,
    totals: Counts,
    buckets: Table,
    rows: Counts,
    sums: Counts,
    measure: int,
) -> None:
    """Find the largest of a measure anew in all windows that keep it."""
    for n in range(places[measure].first, places[measure + 1].first):
        place = places[n]
        most = totals[measure] if place.end == LIFETIME else np.int64(0)
        for row in range(customer.row_start, customer.row_start + customer.row_count):
            if place.start <= customer.as_of - buckets[row].day < place.end:
                most = max(most, rows[row, measure])
        sums[place.operand] = most
