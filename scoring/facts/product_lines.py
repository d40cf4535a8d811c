"""Product lines that a customer buys, each with the day of its latest sale (semantics section 3).

The kept ones are the newest `MOST` of all, whatever the order of arrival: a day only moves forward,
so a line that was dropped for newer ones stays older than they are.
"""

from typing import Any, Final

import numpy as np

from scoring.arena import NEVER
from scoring.jit import jit_borrowing

MOST: Final = 256
"""Lines that are kept of one customer."""


@jit_borrowing
def note_line(customer: Any, categories: Any, line: np.uint64, day: int, unnamed: int) -> None:
    """Take note of a sale of a line on a day; there is room for one more, up to `MOST`.

    `unnamed` is the day again for a sale that nothing can take back, else `NEVER`.
    """
    first = customer.category_start
    end = first + customer.category_count
    oldest = first
    for n in range(first, end):
        if categories[n].line == line:
            categories[n].day = max(categories[n].day, day)
            categories[n].unnamed = max(categories[n].unnamed, unnamed)
            return
        if is_older(categories[n].day, categories[n].line, categories[oldest]):
            oldest = n
    if customer.category_count < MOST:
        oldest = end
        customer.category_count += 1
    elif is_older(day, line, categories[oldest]):
        return
    categories[oldest].line = line
    categories[oldest].day = day
    categories[oldest].unnamed = unnamed


@jit_borrowing
def set_line(customer: Any, categories: Any, line: np.uint64, day: int) -> None:
    """Set the latest day of a line to that of sales by order that are left, or of others.

    `NEVER` for none: a line without any sale goes.
    """
    first = customer.category_start
    end = first + customer.category_count
    for n in range(first, end):
        if categories[n].line == line:
            categories[n].day = max(categories[n].unnamed, day)
            if categories[n].day == NEVER:
                last = categories[end - 1]
                categories[n].line = last.line
                categories[n].day = last.day
                categories[n].unnamed = last.unnamed
                customer.category_count -= 1
            return


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
