"""Product lines that a customer buys, each with the day of its latest sale (semantics section 3).

The kept ones are the newest `MOST` of all, whatever the order of arrival: a day only moves forward,
so a line that was dropped for newer ones stays older than they are.
"""

from typing import Any, Final

import numpy as np

from scoring.jit import jit_borrowing

MOST: Final = 256
"""Lines that are kept of one customer."""


@jit_borrowing
def note_line(customer: Any, categories: Any, line: np.uint64, day: int) -> None:
    """Take note of a sale of a line on a day; there is room for one more, up to `MOST`."""
    first = customer.category_start
    end = first + customer.category_count
    oldest = first
    for n in range(first, end):
        if categories[n].line == line:
            categories[n].day = max(categories[n].day, day)
            return
        if is_older(categories[n].day, categories[n].line, categories[oldest]):
            oldest = n
    if customer.category_count < MOST:
        categories[end].line = line
        categories[end].day = day
        customer.category_count += 1
    elif not is_older(day, line, categories[oldest]):
        categories[oldest].line = line
        categories[oldest].day = day


@jit_borrowing
def is_older(day: int, line: np.uint64, other: Any) -> bool:
    """Return whether a line gives way to another one."""
    return bool(day < other.day or (day == other.day and line < other.line))


@jit_borrowing
def distinct(customer: Any, categories: Any, after: int) -> int:
    """Return how many kept lines were last bought after a day."""
    count = 0
    for n in range(customer.category_start, customer.category_start + customer.category_count):
        if categories[n].day > after:
            count += 1
    return count
