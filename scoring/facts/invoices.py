"""Invoices: bills, receipts and credits that belong together (docs/semantics.md section 10).

A customer keeps, for each invoice, its lines: what was billed, received or credited on a day. What
they add to the day buckets is a function of all lines of the invoice together, so whenever a line
comes, what the invoice added is taken out and what it adds now is put in: any order of arrival ends
in the same sums. Lines of one invoice lie side by side.
"""

from typing import Any, Final

import numpy as np

from scoring.additions import put_addition
from scoring.arena import NEVER
from scoring.jit import jit_borrowing
from scoring.measures import MEASURES

BILL: Final = 0
RECEIPT: Final = 1
CREDIT: Final = 2

UNMATCHED_PAID: Final = MEASURES.index("unmatched_paid")
INVOICE_REST: Final = MEASURES.index("invoice_rest")
OPEN_INVOICES: Final = MEASURES.index("open_invoices")
OPEN_DUE_DAYS: Final = MEASURES.index("open_due_days")
COLLECTIONS: Final = MEASURES.index("collections")
COLLECTION_DAYS: Final = MEASURES.index("collection_days")
PAYMENTS_DUE: Final = MEASURES.index("payments_due")
PAYMENTS_ON_TIME: Final = MEASURES.index("payments_on_time")
DAYS_LATE: Final = MEASURES.index("days_late")

_MOST_BITS: Final = 61
"""Of a sum of money (measures.MOST_VOLUME)."""

SUMMARY: Final = np.dtype(
    [("rest", "i8"), ("issued", "i4"), ("due", "i4"), ("newest", "i4")], align=True
)
"""Of an invoice: what is left of it, its first bill, latest due day, latest receipt or credit."""


@jit_borrowing
def lines_of(customer: Any, lines: Any, invoice: np.uint64) -> tuple[int, int]:
    """Return the range of an invoice's lines; an empty one at the customer's end if it has none."""
    end = customer.line_start + customer.line_count
    first = customer.line_start
    while first < end and lines[first].invoice != invoice:
        first += 1
    return int(first), end_of_invoice(lines, int(first), int(end))


@jit_borrowing
def end_of_invoice(lines: Any, first: int, end: int) -> int:
    """Return the end of the lines that belong to the same invoice as the first."""
    last = first
    while last < end and lines[last].invoice == lines[first].invoice:
        last += 1
    return last


@jit_borrowing
def enter_line(customer: Any, lines: Any, first: int, end: int, new: Any) -> None:
    """Add a line to those of its invoice, to one of its kind, days and currency if there is one.

    One of a negative count is taken out of it.
    """
    for n in range(first, end):
        line = lines[n]
        if (
            line.kind == new.kind
            and line.day == new.day
            and line.due == new.due
            and line.currency == new.currency
        ):
            line.amount += new.amount
            line.own += new.own
            line.count += new.count
            line.undated += new.undated
            if line.count == 0:
                remove_line(customer, lines, n)
            return
    for n in range(customer.line_start + customer.line_count, end, -1):
        copy_line(lines[n], lines[n - 1])
    copy_line(lines[end], new)
    customer.line_count += 1


@jit_borrowing
def remove_line(customer: Any, lines: Any, n: int) -> None:
    """Take a line away of which nothing is left."""
    for later in range(n + 1, customer.line_start + customer.line_count):
        copy_line(lines[later - 1], lines[later])
    customer.line_count -= 1


@jit_borrowing
def copy_line(target: Any, source: Any) -> None:
    """Copy a row field by field."""
    target.invoice = source.invoice
    target.amount = source.amount
    target.kind = source.kind
    target.day = source.day
    target.due = source.due
    target.count = source.count
    target.undated = source.undated
    target.currency = source.currency
    target.own = source.own


@jit_borrowing
def summarise(lines: Any, first: int, end: int, summary: Any) -> None:
    """Sum up the lines [first, end) of one invoice."""
    summary.rest = rest_of(lines, first, end)
    summary.issued = NEVER
    summary.due = NEVER
    summary.newest = NEVER
    for n in range(first, end):
        line = lines[n]
        if line.kind == BILL:
            summary.due = max(summary.due, line.due)
            if summary.issued == NEVER or line.day < summary.issued:
                summary.issued = line.day
        else:
            summary.newest = max(summary.newest, line.day)


@jit_borrowing
def rest_of(lines: Any, first: int, end: int) -> int:
    """Return what is left of an invoice, in minor units of the base currency; below 0: overpaid.

    Lines of one currency are settled in it: the rest is that share of what was billed, or paid, in
    the base currency, so that a rate that has moved makes no debt.
    """
    billed, paid, own_billed, own_paid, is_one = 0, 0, 0, 0, True
    for n in range(first, end):
        line = lines[n]
        is_one = is_one and line.currency == lines[first].currency
        if line.kind == BILL:
            billed += line.amount
            own_billed += line.own
        else:
            paid += line.amount
            own_paid += line.own
    if not is_one or first == end or lines[first].currency == 0:
        return int(billed - paid)
    if own_billed >= own_paid:
        return share_of(billed, own_billed - own_paid, own_billed)
    return -share_of(paid, own_paid - own_billed, own_paid)


@jit_borrowing
def share_of(amount: int, part: int, whole: int) -> int:
    """Return amount × part ÷ whole, exactly, rounded half to even; 0 ≤ part ≤ whole < 2^61.

    The product may be longer than 64 bits: it is divided while it is formed, bit by bit.

    >>> share_of(710_000, 60_000, 100_000), share_of(5, 1, 2)
    (426000, 2)
    """
    quotient, rest = 0, 0
    for bit in range(_MOST_BITS - 1, -1, -1):
        quotient *= 2
        rest = 2 * rest + ((amount >> bit) & 1) * part
        while rest >= whole > 0:
            rest -= whole
            quotient += 1
    if 2 * rest > whole or (2 * rest == whole and quotient % 2 == 1):
        quotient += 1
    return int(quotient)


@jit_borrowing
def additions_of_line(line: Any, summary: Any, sign: int, additions: Any) -> int:
    """Write sign × what a line of a summed-up invoice adds; return how many additions it is.

    Only receipts of what was billed add: days to payment, on time or late.
    """
    if line.kind != RECEIPT or summary.issued == NEVER:
        return 0
    day, due, count, undated = line.day, summary.due, sign * line.count, sign * line.undated
    waited = max(0, day - summary.issued)
    n = put_addition(additions, 0, day, COLLECTIONS, count)
    n = put_addition(additions, n, day, COLLECTION_DAYS, count * waited)
    n = put_addition(additions, n, day, PAYMENTS_DUE, undated)
    if day <= due:
        return put_addition(additions, n, day, PAYMENTS_ON_TIME, undated)
    return put_addition(additions, n, day, DAYS_LATE, undated * (day - due))


@jit_borrowing
def additions_of_rest(summary: Any, sign: int, additions: Any) -> int:
    """Write sign × what the rest of an invoice adds; return how many additions it is."""
    rest, due = summary.rest, summary.due
    if rest > 0:
        n = put_addition(additions, 0, due, INVOICE_REST, sign * rest)
        n = put_addition(additions, n, due, OPEN_INVOICES, sign)
        return put_addition(additions, n, due, OPEN_DUE_DAYS, sign * due)
    return put_addition(additions, 0, summary.newest, UNMATCHED_PAID, -sign * rest)


@jit_borrowing
def forget_settled(customer: Any, lines: Any, keep_days: int) -> None:
    """Drop the lines of invoices that are paid and have not moved for long; what they add stays."""
    start = customer.line_start
    end = int(start + customer.line_count)
    kept = start
    first = int(start)
    while first < end:
        last = end_of_invoice(lines, first, end)
        rest, newest = rest_of(lines, first, last), NEVER
        for n in range(first, last):
            newest = max(newest, lines[n].day)
        if rest > 0 or newest >= customer.as_of - keep_days:
            if kept < first:
                for n in range(first, last):
                    copy_line(lines[kept + n - first], lines[n])
            kept += last - first
        first = last
    customer.line_count = kept - start
