"""What events of orders do to a customer: sales, refunds and voids under an `order_id`.

Refunds count on the day of their sale and lower its invoice or debt; a void takes all of its order
out again. Whatever the order of arrival, the same is put in (docs/semantics.md section 15).
"""

from typing import Any, Final

import numpy as np

from scoring.additions import add_all, put_addition
from scoring.arena import NEVER, Arena
from scoring.changes import Changes, first_change
from scoring.columns import Events
from scoring.facts.orders import (
    NOTHING,
    PART,
    REFUND,
    SALE,
    UNKNOWN,
    VOID,
    Known,
    add_row,
    copy_order,
    forget_orders,
    known_of,
    largest_sale,
    latest_of_line,
    next_of,
)
from scoring.facts.product_lines import note_line, set_line
from scoring.increments import apply
from scoring.jit import jit_borrowing, jit_inlined
from scoring.measures import ABSENT, KINDS, MARKS, MEASURES
from scoring.program import Program
from scoring.receivables import (
    CASH_REFUNDS,
    UNMATCHED_PAID,
    UNSPLIT_COSTS,
    additions_without_invoice,
    bill,
    change_invoice,
)
from scoring.tables import LINES, Table
from scoring.windows import bucket_of, lower_windows

SOLD: Final = KINDS.index("sale")
REFUNDED: Final = KINDS.index("refund")
CANCELLED: Final = KINDS.index("void")
CHARGED_BACK: Final = KINDS.index("chargeback")
COMPLAINT: Final = KINDS.index("complaint")
ORDERS: Final = MEASURES.index("orders")
REFUNDS: Final = MEASURES.index("refunds")
LARGEST_ORDER: Final = MEASURES.index("largest_order")
LARGEST_UNNAMED: Final = MEASURES.index("largest_unnamed")
_NAMES: Final = tuple(mark for mark, _, _ in MARKS)
FIRST_TRANSACTION: Final = _NAMES.index("first_transaction")
FIRST_SALE: Final = _NAMES.index("first_sale")
LAST_SALE: Final = _NAMES.index("last_sale")
"""Marks that a void moves back."""


@jit_inlined
def is_of_order(program: Program, kind: int, order: np.uint64) -> bool:
    """Return whether an event is kept with its order."""
    return bool(
        kind <= CHARGED_BACK and order != np.uint64(0) and program.limits[0].keep_orders > 0
    )


@jit_inlined
def apply_order(
    program: Program,
    arena: Arena,
    c: int,
    events: Events,
    changes: Changes,
    e: int,
    scratch: Any,
) -> None:
    """Apply an event of an order."""
    customer, orders, ids = arena.customers[c], arena.orders, arena.order_ids
    kind, order = events.kind[e], events.order[e]
    forget_orders(customer, orders, ids, arena.categories, program.limits[0].keep_orders)
    is_new = next_of(customer, ids, order, customer.order_start) < 0
    known = UNKNOWN if is_new else known_of(customer, orders, ids, order)
    if kind == CHARGED_BACK:
        add_effects(program, arena, c, COMPLAINT, events.day[e], 0, ABSENT, events.level[e], 1)
    first = add_row(customer, ids, order)
    enter_row(events, e, program.limits[0].terms_days, orders[first])
    if events.detail[e] == 1:
        enter_parts(customer, orders, ids, order, changes, e)
    end = int(customer.order_start + customer.order_count)
    if kind == CANCELLED:
        take_back(program, arena, c, order, scratch)
    elif not known.void:
        if kind == SOLD:
            put_sale(program, arena, c, first, end, scratch)
            if not is_new:  # mostly it is: there is nothing to judge anew
                put_refunds(program, arena, c, order, scratch)
        else:
            put_refund(program, arena, c, first, end, known, scratch)


@jit_borrowing
def enter_row(events: Events, e: int, terms_days: int, row: Any) -> None:
    """Write what an event says as a row of its order; it has put nothing yet."""
    kind = events.kind[e]
    row.kind = SALE if kind == SOLD else (VOID if kind == CANCELLED else REFUND)
    row.amount = max(events.amount[e], 0)
    row.own = max(events.own[e], 0)
    row.cost = events.cost[e]
    row.category = events.category[e] if kind == SOLD else np.uint64(0)
    row.invoice = events.invoice[e]
    row.named = 0 if row.invoice == np.uint64(0) else 1
    row.day = events.day[e]
    row.put = events.day[e]
    row.due = events.due_day[e] if kind == SOLD else NEVER
    if kind == SOLD and row.named == 1 and row.due == NEVER:
        row.due = row.day + terms_days  # a model may give other terms when it is taken out
    row.currency = events.currency[e]
    row.pays = NOTHING
    row.live = 0


@jit_borrowing
def enter_parts(
    customer: Any, orders: Table, ids: Any, order: np.uint64, changes: Changes, e: int
) -> None:
    """Write the parts of an event's costs as rows behind its own."""
    own = orders[customer.order_start + customer.order_count - 1]
    for n in range(first_change(changes.costs, e), changes.costs.size):
        if changes.costs[n].event != e:
            break
        row = orders[add_row(customer, ids, order)]
        row.kind, row.due, row.day, row.put, row.live = PART, own.kind, own.day, own.put, 0
        row.amount = changes.costs[n].amount
        row.own, row.cost, row.currency = row.amount, ABSENT, 0
        row.category, row.invoice, row.named = np.uint64(0), np.uint64(0), 0
        row.pays = changes.costs[n].measure


@jit_inlined
def put_sale(program: Program, arena: Arena, c: int, first: int, end: int, scratch: Any) -> None:
    """Put a sale and the parts of its costs in, rows [first, end)."""
    customer, row = arena.customers[c], arena.orders[first]
    if row.kind == SALE:
        note_named(program, arena, c, row.day)
    for n in range(first, end):
        row = arena.orders[n]
        row.live = 1
        if row.kind == SALE and row.named == 0 and row.due == NEVER:  # most have nothing to bill
            add_effects(program, arena, c, SOLD, row.put, row.amount, row.cost, ABSENT, 1)
        else:
            change(program, arena, c, n, 1, scratch)
    row = arena.orders[first]
    if row.category != np.uint64(0):
        note_line(customer, arena.categories, row.category, row.day, NEVER)
        customer.stale_besides |= np.uint64(LINES)


@jit_inlined
def note_named(program: Program, arena: Arena, c: int, day: int) -> None:
    """Keep apart what is the largest without an order, before a day's first sale of an order."""
    customer = arena.customers[c]
    n = bucket_of(customer, arena.buckets, day)
    if n < 0 or arena.rows[n, LARGEST_ORDER] == arena.rows[n, LARGEST_UNNAMED]:
        return  # mostly it is the day's first sale: no row of an order need be looked at
    if largest_sale(customer, arena.orders, day) == 0:
        raise_unnamed(arena, n, arena.rows[n, LARGEST_ORDER])


@jit_borrowing
def note_unnamed(program: Program, arena: Arena, c: int, day: int, amount: int) -> None:
    """Keep apart a sale without an order, on a day that has one of an order."""
    customer = arena.customers[c]
    if customer.order_count > 0 and largest_sale(customer, arena.orders, day) > 0:
        n = bucket_of(customer, arena.buckets, day)
        if n >= 0:
            raise_unnamed(arena, n, amount)


@jit_borrowing
def raise_unnamed(arena: Arena, n: int, amount: int) -> None:
    """Raise the largest sale without an order in a bucket."""
    if amount > arena.rows[n, LARGEST_UNNAMED]:
        arena.rows[n, LARGEST_UNNAMED] = amount
        arena.buckets[n].measures |= np.uint64(1) << np.uint64(LARGEST_UNNAMED)


@jit_borrowing
def put_refund(
    program: Program, arena: Arena, c: int, first: int, end: int, known: Known, scratch: Any
) -> None:
    """Put a refund and the parts of its costs in, rows [first, end): as what, its sale decides."""
    for n in range(first, end):
        row = arena.orders[n]
        row.put = row.day if known.sold == NEVER else known.sold
        if row.kind == REFUND:
            if row.named == 0:
                row.invoice = known.invoice
            row.pays = NOTHING
            if known.sold == NEVER:
                row.pays = CASH_REFUNDS
            elif known.due != NEVER:
                row.pays = UNMATCHED_PAID
        row.live = 1
        change(program, arena, c, n, 1, scratch)


@jit_borrowing
def put_refunds(program: Program, arena: Arena, c: int, order: np.uint64, scratch: Any) -> None:
    """Judge the refunds of an order anew, as a sale of it has come."""
    customer, orders, ids = arena.customers[c], arena.orders, arena.order_ids
    known = known_of(customer, orders, ids, order)
    has_moved = False
    n = next_of(customer, ids, order, customer.order_start)
    while n >= 0:
        row = orders[n]
        if row.kind == REFUND or (row.kind == PART and row.due == REFUND):
            if row.live == 1:
                change(program, arena, c, n, -1, scratch)
                has_moved = True
            put_refund(program, arena, c, n, n + 1, known, scratch)
        n = next_of(customer, ids, order, n + 1)
    if has_moved:
        derive_marks(arena, c)


@jit_borrowing
def take_back(program: Program, arena: Arena, c: int, order: np.uint64, scratch: Any) -> None:
    """Take out all that an order has put in."""
    customer, orders, ids = arena.customers[c], arena.orders, arena.order_ids
    n = next_of(customer, ids, order, customer.order_start)
    while n >= 0:
        row = orders[n]
        if row.live == 1:
            change(program, arena, c, n, -1, scratch)
            row.live = 0
            if row.kind == SALE:
                lower_largest(program, arena, c, row.day)
            if row.category != np.uint64(0):
                day = latest_of_line(customer, orders, row.category)
                set_line(customer, arena.categories, row.category, day)
                customer.stale_besides |= np.uint64(LINES)
        n = next_of(customer, ids, order, n + 1)
    derive_marks(arena, c)


@jit_borrowing
def lower_largest(program: Program, arena: Arena, c: int, day: int) -> None:
    """Find the largest order of a day anew, and of the windows that hold it.

    A sale of an order has just been taken out of that day: only while there is one, the largest of
    the others is kept apart.
    """
    customer = arena.customers[c]
    n = bucket_of(customer, arena.buckets, day)
    if n < 0:
        return
    left = max(arena.rows[n, LARGEST_UNNAMED], largest_sale(customer, arena.orders, day))
    if left < arena.rows[n, LARGEST_ORDER]:
        arena.rows[n, LARGEST_ORDER] = left
        customer.stale_measures |= np.uint64(1) << np.uint64(LARGEST_ORDER)
        lower_windows(
            program.places, customer, arena.totals[c], arena.buckets, arena.rows, arena.sums[c],
            LARGEST_ORDER,
        )  # fmt: skip  # a line for the customer


@jit_borrowing
def change(program: Program, arena: Arena, c: int, n: int, sign: int, scratch: Any) -> None:
    """Put what a row says in, or take out what it has put in."""
    row = arena.orders[n]
    additions, customer = scratch.additions, arena.customers[c]
    line = scratch.line[0]
    line.invoice = np.uint64(0)
    if row.kind == PART:
        count = put_addition(additions, 0, row.put, row.pays, sign * row.amount)
        count = put_addition(additions, count, row.put, UNSPLIT_COSTS, -sign * row.amount)
    else:
        kind = SOLD if row.kind == SALE else REFUNDED
        add_effects(program, arena, c, kind, row.put, row.amount, row.cost, ABSENT, sign)
        bill(
            kind, row.day, sign * row.amount, sign * row.own, row.currency,
            row.invoice, row.due, False, program.limits[0].terms_days, line,
        )  # fmt: skip  # what it says, what its invoice
        line.count = sign
        if kind == SOLD:
            count = additions_without_invoice(line, row.due, additions)
        else:
            paid = 0 if row.invoice != np.uint64(0) or row.pays == NOTHING else line.amount
            count = put_addition(additions, 0, row.day, max(row.pays, 0), paid)
    add_all(
        additions, count, program.places, program.limits[0].retention,
        customer, arena.totals[c], arena.buckets, arena.rows, arena.sums[c],
    )  # fmt: skip  # what and a line for the model, a line for the customer
    if line.invoice != np.uint64(0):
        change_invoice(program, arena, c, scratch)


@jit_inlined
def add_effects(
    program: Program, arena: Arena, c: int, kind: int, day: int, amount: int, cost: int,
    level: int, sign: int,
) -> None:  # fmt: skip  # a line for the event
    """Add the effects of an event without due date to its day, or take them out."""
    apply(
        program.kinds, program.effects, program.marks, program.places,
        program.limits[0].retention, arena.customers[c], arena.marks[c], arena.totals[c],
        arena.buckets, arena.rows, arena.sums[c],
        kind, day, 0, amount, cost, ABSENT, NEVER, level, sign,
    )  # fmt: skip  # lines for model and customer, a line for the event


@jit_borrowing
def unnamed_largest(arena: Arena, c: int, n: int) -> int:
    """Return the largest sale without an order in a bucket of customer c."""
    if largest_sale(arena.customers[c], arena.orders, arena.buckets[n].day) > 0:
        return int(arena.rows[n, LARGEST_UNNAMED])
    return int(arena.rows[n, LARGEST_ORDER])


@jit_borrowing
def combine_orders(program: Program, arena: Arena, c: int, parts: Any, scratch: Any) -> None:
    """Take in the orders of parts, whose buckets and invoices are in already.

    An order that several parts know is taken out for each and put in for all together.
    """
    customer, orders, ids = arena.customers[c], arena.orders, arena.order_ids
    for part in parts:
        other = arena.customers[part]
        for n in range(other.order_start, other.order_start + other.order_count):
            copy_order(orders[add_row(customer, ids, ids[n])], orders[n])
    first = customer.order_start
    for part in parts:
        end = first + arena.customers[part].order_count
        for n in range(first, end):
            if next_of(customer, ids, ids[n], customer.order_start) < first:
                judge_anew(program, arena, c, ids[n], scratch)
        first = end


@jit_borrowing
def judge_anew(program: Program, arena: Arena, c: int, order: np.uint64, scratch: Any) -> None:
    """Take out all that an order has put in, and put it in as is right for all its rows."""
    customer, orders, ids = arena.customers[c], arena.orders, arena.order_ids
    take_back(program, arena, c, order, scratch)
    known = known_of(customer, orders, ids, order)
    n = next_of(customer, ids, order, customer.order_start)
    while n >= 0:
        row = orders[n]
        if not known.void:
            if row.kind == SALE or (row.kind == PART and row.due == SALE):
                put_sale(program, arena, c, n, n + 1, scratch)
            elif row.kind != VOID:
                put_refund(program, arena, c, n, n + 1, known, scratch)
        n = next_of(customer, ids, order, n + 1)


@jit_borrowing
def derive_marks(arena: Arena, c: int) -> None:
    """Find the marks of sales and refunds anew, in buckets; what was folded is older than these."""
    customer, marks, totals = arena.customers[c], arena.marks[c], arena.totals[c]
    first_sale, last_sale, first_transaction = NEVER, customer.folded_sale, NEVER
    for n in range(customer.row_start, customer.row_start + customer.row_count):
        row = arena.rows[n]
        if row[ORDERS] > 0:
            last_sale = arena.buckets[n].day
            if first_sale == NEVER:
                first_sale = last_sale
        if first_transaction == NEVER and row[ORDERS] + row[REFUNDS] > 0:
            first_transaction = arena.buckets[n].day
    if totals[ORDERS] > 0:
        first_sale = marks[FIRST_SALE]
    if totals[ORDERS] + totals[REFUNDS] > 0:
        first_transaction = marks[FIRST_TRANSACTION]
    set_mark(customer, marks, FIRST_SALE, first_sale)
    set_mark(customer, marks, LAST_SALE, last_sale)
    set_mark(customer, marks, FIRST_TRANSACTION, first_transaction)


@jit_borrowing
def set_mark(customer: Any, marks: Any, mark: int, day: int) -> None:
    """Set a mark, and note that it has moved."""
    if marks[mark] != day:
        marks[mark] = day
        customer.stale_besides |= np.uint64(1) << np.uint64(mark)
