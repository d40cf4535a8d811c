"""Facts of several customers put together: what a customer is that others were merged into."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.arena import NEVER, Arena
from scoring.facts.attributes import set_attribute
from scoring.facts.invoices import (
    end_of_invoice,
    enter_line,
    lines_of,
)
from scoring.facts.product_lines import note_line
from scoring.jit import jit_borrowing
from scoring.ordering import combine_orders, raise_unnamed, unnamed_largest
from scoring.program import Program
from scoring.receivables import add_invoice
from scoring.tables import Table
from scoring.windows import add_up, bucket


@jit_borrowing
def combine(
    program: Program,
    arena: Arena,
    c: int,
    parts: NDArray[np.int64],
    scratch: Any,
) -> None:
    """Replace the facts of customer c by those of its parts together.

    No part may be ahead of c's as-of. Buckets that no window of c reaches go to the totals. Sums
    are integers, so the result is that of applying all events to c.
    """
    customer, totals = arena.customers[c], arena.totals[c]
    customer.row_start = customer.row_base
    customer.row_count = 0
    customer.line_count = 0
    customer.category_count = 0
    customer.attribute_count = 0
    customer.order_count = 0
    customer.folded_sale = NEVER
    arena.marks[c] = NEVER
    arena.columns[c] = -1
    totals[:] = 0
    retention = program.limits[0].retention
    has_orders = False
    for part in parts:
        has_orders = has_orders or arena.customers[part].order_count > 0
    for part in parts:
        other = arena.customers[part]
        add_up(totals, arena.totals[part])
        for row in range(other.row_start, other.row_start + other.row_count):
            theirs = arena.buckets[row]
            target = bucket(retention, customer, arena.buckets, arena.rows, theirs.day)
            if target >= 0:
                arena.buckets[target].measures |= theirs.measures
            add_up(totals if target < 0 else arena.rows[target], arena.rows[row])
            if target >= 0 and has_orders:
                raise_unnamed(arena, target, unnamed_largest(arena, part, row))
        customer.folded_sale = max(customer.folded_sale, other.folded_sale)
        move_marks(program.marks, arena.marks[c], arena.marks[part])
    for part in parts:
        combine_invoices(program, arena, c, part, scratch)
        other = arena.customers[part]
        first = other.category_start
        for n in range(first, first + other.category_count):
            category = arena.categories[n]
            note_line(customer, arena.categories, category.line, category.day, category.unnamed)
    for p in range(1, parts.size + 1):  # c's own part, the first, comes last: of ties it holds
        other = arena.customers[parts[p % parts.size]]
        first = other.attribute_start
        for n in range(first, first + other.attribute_count):
            set_attribute(
                program.attributes, customer, arena.columns[c], arena.attributes,
                arena.attributes[n],
            )  # fmt: skip  # the value on a line of its own
    add_up_counts(arena, c, parts)
    if has_orders:
        combine_orders(program, arena, c, parts, scratch)


@jit_borrowing
def move_marks(mark_rules: Table, marks: NDArray[np.int32], others: NDArray[np.int32]) -> None:
    """Move marks to the earlier or later ones of another part."""
    for mark in range(marks.size):
        day = others[mark]
        is_later = (day > marks[mark]) == (mark_rules[mark].latest == 1)
        if day != NEVER and (marks[mark] == NEVER or is_later):
            marks[mark] = day


@jit_borrowing
def combine_invoices(program: Program, arena: Arena, c: int, part: int, scratch: Any) -> None:
    """Take in the invoices of a part, whose buckets are in already.

    What an invoice adds that is known already is taken out for both, and put in for all its lines.
    """
    customer, other, lines = arena.customers[c], arena.customers[part], arena.lines
    first, end = int(other.line_start), int(other.line_start + other.line_count)
    while first < end:
        last = end_of_invoice(lines, first, end)
        known, known_end = lines_of(customer, lines, lines[first].invoice)
        is_shared = known < known_end
        if is_shared:
            add_invoice(program, arena, c, known, known_end, -1, scratch)
            add_invoice(program, arena, c, first, last, -1, scratch)
        for n in range(first, last):
            start, stop = lines_of(customer, lines, lines[first].invoice)
            enter_line(customer, lines, start, stop, lines[n])
        if is_shared:
            start, stop = lines_of(customer, lines, lines[first].invoice)
            add_invoice(program, arena, c, start, stop, 1, scratch)
        first = last


@jit_borrowing
def add_up_counts(arena: Arena, c: int, parts: NDArray[np.int64]) -> None:
    """Make the count of events applied to customer c, and its volume, those of its parts."""
    arena.customers[c].applied = 0
    arena.customers[c].volume = 0
    for part in parts:
        arena.customers[c].applied += arena.customers[part].applied
        arena.customers[c].volume += arena.customers[part].volume


@jit_borrowing
def is_any_known(arena: Arena, parts: NDArray[np.int64]) -> bool:
    """Return whether one of the parts is known: has had an event, and was not erased since."""
    is_known = False
    for part in parts:
        is_known = is_known or arena.customers[part].as_of != NEVER
    return is_known
