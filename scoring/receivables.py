"""What one sale, refund or payment is to the receivables of a customer (semantics section 10)."""

from typing import Any, Final

import numpy as np

from scoring.additions import add_all, put_addition
from scoring.arena import NEVER, Arena
from scoring.changes import first_change
from scoring.facts.invoices import (
    BILL,
    CREDIT,
    RECEIPT,
    additions_of_line,
    additions_of_rest,
    enter_line,
    forget_settled,
    lines_of,
    summarise,
)
from scoring.jit import jit_borrowing
from scoring.measures import KINDS, MEASURES
from scoring.program import Program

SALE: Final = KINDS.index("sale")
PAYMENT: Final = KINDS.index("payment")
BILLED: Final = MEASURES.index("billed")
UNMATCHED_DUE: Final = MEASURES.index("unmatched_due")
UNMATCHED_PAID: Final = MEASURES.index("unmatched_paid")
CASH_PAID: Final = MEASURES.index("cash_paid")
CASH_REFUNDS: Final = MEASURES.index("cash_refunds")
UNSPLIT_COSTS: Final = MEASURES.index("unsplit_costs")

MOST_ADDITIONS: Final = 16
"""Of one event at a time: what is billed, and two for each of the kinds of cost."""


@jit_borrowing
def bill(
    kind: int, day: int, amount: int, own: int, currency: int,
    invoice: np.uint64, due: int, is_undated: bool,
    terms_days: int, line: Any,
) -> None:  # fmt: skip  # what the event says, what its invoice, the model
    """Write an event as a line of its invoice; without one the line's invoice is 0."""
    line.invoice = invoice
    line.amount = amount
    line.own = own
    line.currency = currency
    line.kind = BILL if kind == SALE else (RECEIPT if kind == PAYMENT else CREDIT)
    line.day = day
    line.due = NEVER
    if kind == SALE:
        line.due = day + terms_days if due == NEVER else due
    line.count = 1
    line.undated = int(kind == PAYMENT and is_undated)


@jit_borrowing
def additions_without_invoice(line: Any, due: int, additions: Any) -> int:
    """Write what is billed, and what falls due, is paid or given back without an invoice.

    What has neither invoice nor due day is cash: it pays no debt that has one.
    """
    has_invoice = line.invoice != np.uint64(0)
    if line.kind != BILL:
        if has_invoice:
            return 0
        if line.kind == CREDIT:
            return put_addition(additions, 0, line.day, CASH_REFUNDS, line.amount)
        paid = CASH_PAID if due == NEVER else UNMATCHED_PAID
        return put_addition(additions, 0, line.day, paid, line.amount)
    if not has_invoice and due == NEVER:
        return 0
    count = put_addition(additions, 0, line.day, BILLED, line.amount)
    return count if has_invoice else put_addition(additions, count, due, UNMATCHED_DUE, line.amount)


@jit_borrowing
def additions_of_costs(costs: Any, event: int, day: int, additions: Any, count: int) -> int:
    """Write the parts of an event's costs behind other additions, out of the cost unsplit."""
    for n in range(first_change(costs, event), costs.size):
        if costs[n].event != event:
            break
        count = put_addition(additions, count, day, costs[n].measure, costs[n].amount)
        count = put_addition(additions, count, day, UNSPLIT_COSTS, -costs[n].amount)
    return count


@jit_borrowing
def change_invoice(program: Program, arena: Arena, c: int, scratch: Any) -> None:
    """Enter the line at hand into its invoice: what that added is taken out before, and put in."""
    customer, lines, line = arena.customers[c], arena.lines, scratch.line[0]
    forget_settled(customer, lines, program.limits[0].keep_days)
    first, end = lines_of(customer, lines, line.invoice)
    add_invoice(program, arena, c, first, end, -1, scratch)
    enter_line(customer, lines, first, end, line)
    first, end = lines_of(customer, lines, line.invoice)
    add_invoice(program, arena, c, first, end, 1, scratch)


@jit_borrowing
def add_invoice(
    program: Program, arena: Arena, c: int, first: int, end: int, sign: int, scratch: Any
) -> None:
    """Add sign × what an invoice of the lines [first, end) comes to to customer c."""
    invoice, additions, lines = scratch.invoice[0], scratch.additions, arena.lines
    summarise(lines, first, end, invoice)
    for n in range(first, end + 1):
        if n < end:
            count = additions_of_line(lines[n], invoice, sign, additions)
        else:
            count = additions_of_rest(invoice, sign, additions)
        add_all(
            additions, count, program.places, program.limits[0].retention,
            arena.customers[c], arena.totals[c], arena.buckets, arena.rows, arena.sums[c],
        )  # fmt: skip  # what and a line for the model, a line for the customer
