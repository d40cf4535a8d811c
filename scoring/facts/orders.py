"""Orders of a customer: what was said of each (docs/semantics.md section 15).

So a refund is judged with its sale, and a void makes an order as if it had never been.

A customer keeps the rows of its orders for some days: sales, refunds, parts of their costs, voids.
Each live row says what it has put into buckets and invoices (on which day, for which invoice, as
what), so that it can be taken out again whatever has come since. Rows stand in order of arrival.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.arena import NEVER
from scoring.facts.product_lines import note_line
from scoring.jit import jit_borrowing

SALE: Final = 0
REFUND: Final = 1
VOID: Final = 2
PART: Final = 3
"""A part of the costs of the row before it: `due` is that one's kind, `pays` the measure."""
NOTHING: Final = -1
"""What a row pays: no measure."""

Ids = NDArray[np.uint64]


class Known(NamedTuple):
    """What is known of an order: the day of its first sale (`NEVER`: none), if it is void.

    `invoice` is the invoice of its sales (0: none), `due` the latest due day without one.
    """

    sold: int
    void: bool
    invoice: np.uint64
    due: int


UNKNOWN: Final = Known(NEVER, False, np.uint64(0), NEVER)


@jit_borrowing
def next_of(customer: Any, ids: Ids, order: np.uint64, start: int) -> int:
    """Return the first row of an order from `start` on; −1: there is none."""
    for n in range(start, customer.order_start + customer.order_count):
        if ids[n] == order:
            return int(n)
    return -1


@jit_borrowing
def known_of(customer: Any, orders: Any, ids: Ids, order: np.uint64) -> Known:
    """Return what is known of an order."""
    sold, void, invoice, due = NEVER, False, np.uint64(0), NEVER
    n = next_of(customer, ids, order, customer.order_start)
    while n >= 0:
        row = orders[n]
        if row.kind == VOID:
            void = True
        if row.kind == SALE:
            if sold == NEVER or row.day < sold:
                sold = row.day
            if row.named == 1:
                invoice = max(invoice, row.invoice)
            else:
                due = max(due, row.due)
        n = next_of(customer, ids, order, n + 1)
    return Known(int(sold), void, invoice, int(due))


@jit_borrowing
def add_row(customer: Any, ids: Ids, order: np.uint64) -> int:
    """Append a row of an order, which there is room for; return where it stands, to be written."""
    n = customer.order_start + customer.order_count
    ids[n] = order
    customer.order_count += 1
    return int(n)


@jit_borrowing
def copy_order(target: Any, source: Any) -> None:
    """Copy a row field by field."""
    target.amount = source.amount
    target.own = source.own
    target.cost = source.cost
    target.category = source.category
    target.invoice = source.invoice
    target.kind = source.kind
    target.day = source.day
    target.put = source.put
    target.due = source.due
    target.currency = source.currency
    target.pays = source.pays
    target.named = source.named
    target.live = source.live


@jit_borrowing
def forget_orders(customer: Any, orders: Any, ids: Ids, categories: Any, keep_days: int) -> None:
    """Drop rows that are too old; what they have put stays, and nothing takes it back any more."""
    first = customer.order_start
    limit = customer.as_of - keep_days
    if customer.order_count == 0 or orders[first].day >= limit:
        return
    kept = first
    for n in range(first, first + customer.order_count):
        row = orders[n]
        if row.day >= limit:
            if kept < n:
                ids[kept] = ids[n]
                copy_order(orders[kept], row)
            kept += 1
        elif row.kind == SALE and row.live == 1 and row.category != np.uint64(0):
            note_line(customer, categories, row.category, row.day, row.day)
    customer.order_count = kept - first


@jit_borrowing
def largest_sale(customer: Any, orders: Any, day: int) -> int:
    """Return the largest live sale of a day; 0: there is none."""
    most = 0
    for n in range(customer.order_start, customer.order_start + customer.order_count):
        if orders[n].live == 1 and orders[n].kind == SALE and orders[n].day == day:
            most = max(most, orders[n].amount)
    return int(most)


@jit_borrowing
def latest_of_line(customer: Any, orders: Any, category: np.uint64) -> int:
    """Return the latest day of a live sale of a product line; `NEVER`: there is none."""
    day = NEVER
    for n in range(customer.order_start, customer.order_start + customer.order_count):
        if orders[n].live == 1 and orders[n].kind == SALE and orders[n].category == category:
            day = max(day, orders[n].day)
    return int(day)
