"""Indicators from sums, marks, attributes and product lines (docs/semantics.md section 4)."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.arena import NEVER, Arena
from scoring.clv.value import PERIOD_DAYS, present_value, probability_alive, purchases
from scoring.facts.attributes import ABSENT_VALUE, TEXT, TEXTS
from scoring.facts.product_lines import distinct
from scoring.jit import jit_borrowing, jit_inlined
from scoring.program import Program
from scoring.tables import CLV_OF, INDICATOR_KINDS

SUM: Final = INDICATOR_KINDS.index("sum")
RATIO: Final = INDICATOR_KINDS.index("ratio")
GROWTH: Final = INDICATOR_KINDS.index("growth")
DAYS_SINCE: Final = INDICATOR_KINDS.index("days_since")
SHARE: Final = INDICATOR_KINDS.index("share")
LARGEST: Final = INDICATOR_KINDS.index("largest")
DISTINCT: Final = INDICATOR_KINDS.index("distinct")
CYCLE: Final = INDICATOR_KINDS.index("cycle")
ATTRIBUTE: Final = INDICATOR_KINDS.index("attribute")
PER_ATTRIBUTE: Final = INDICATOR_KINDS.index("per_attribute")
ARREARS: Final = INDICATOR_KINDS.index("arrears")
ARREARS_RATE: Final = INDICATOR_KINDS.index("arrears_rate")
OVERDUE_DAYS: Final = INDICATOR_KINDS.index("overdue_days")
CLV: Final = INDICATOR_KINDS.index("clv")
ALIVE: Final = CLV_OF.index("alive")
PURCHASES: Final = CLV_OF.index("purchases")


@jit_borrowing
def combination(members: Any, first: int, end: int, sums: NDArray[np.int64]) -> int:
    """Return Σ sign × operand of the members [first, end), an exact integer."""
    total = 0
    for n in range(first, end):
        member = members[n]
        total += member.sign * sums[member.operand]
    return total


@jit_inlined
def indicator(program: Program, arena: Arena, c: int, i: int) -> float:
    """Return the raw value of an indicator in natural units; NaN stands for null."""
    row = program.indicators[i]
    kind = row.kind
    if kind == DAYS_SINCE:
        mark = arena.marks[c, row.mark]
        return math.nan if mark == NEVER else float(arena.customers[c].as_of - mark)
    if kind <= SHARE:
        return of_sums(row, program.members, arena.sums[c])
    customer, columns, attributes = arena.customers[c], arena.columns[c], arena.attributes
    if kind == ATTRIBUTE:
        return of_attribute(row, program.values, customer, columns, attributes)
    if kind == PER_ATTRIBUTE:
        per = number_of(customer, columns, attributes, row.column)
        a = combination(program.members, row.a, row.b, arena.sums[c])
        return float(a / row.unit / per) if per > 0.0 and a >= 0 else math.nan
    if kind == DISTINCT:
        after = customer.as_of - row.days if row.days > 0 else NEVER
        return float(distinct(customer, arena.categories, after))
    if kind <= OVERDUE_DAYS:
        return of_dues(row, program.members, arena.sums[c], customer.as_of)
    first = arena.marks[c, program.limits[0].first_sale]
    last = arena.marks[c, program.limits[0].last_sale]
    if kind == CLV:
        return of_lifetime(row, program.members, program.clv[0], arena.sums[c],
                           customer.as_of - first, last - first)  # fmt: skip
    return of_purchases(row, program.members, arena.sums[c], customer.as_of, first, last)


@jit_borrowing
def of_sums(row: Any, members: Any, sums: NDArray[np.int64]) -> float:
    """Return a sum, ratio, growth or share."""
    a = combination(members, row.a, row.b, sums)
    if row.kind == SUM:
        return float(a / row.unit)
    b = combination(members, row.b, row.c, sums)
    if row.kind == RATIO:
        if b <= 0:
            return float(row.without_base) if a != 0 or b != 0 else math.nan
        return float(float(a) / row.unit / float(b))
    if row.kind == GROWTH:
        if combination(members, row.c, row.end, sums) == 0:
            return math.nan
        return growth(a, b, row.floor, row.losses == 1)
    return float(a + 1) / float(a + b + 2)


@jit_borrowing
def growth(a: int, b: int, floor: int, losses: bool) -> float:
    """Return how `a` grew from `b`; NaN if that was below 0 and is no more: there is no measure.

    Without `losses` nothing grows from below 0: a loss after a loss is a fall.

    >>> growth(150, 100, 1, False), growth(-50, -900, 1, False), growth(20, -900, 1, False)
    (0.5, -50.0, nan)
    """
    if b < 0 and not losses:
        return float(a) / float(floor) if a < 0 else math.nan
    return float(a - b) / float(max(b, floor))


@jit_borrowing
def open_debts(members: Any, first: int, sums: NDArray[np.int64]) -> int:
    """Return what fell due without an invoice and nothing has paid (program.DEBTS).

    Cash pays what was sold for cash; only what is left of it pays debts.
    """
    due = sums[members[first].operand] - sums[members[first + 1].operand]
    paid, refunded = sums[members[first + 2].operand], sums[members[first + 3].operand]
    sold = sums[members[first + 4].operand] - sums[members[first + 5].operand]
    return int(max(0, due - max(0, paid - sold) - max(0, refunded - sold)))


@jit_borrowing
def of_dues(row: Any, members: Any, sums: NDArray[np.int64], as_of: int) -> float:
    """Return the largest of a measure, arrears, their rate, or the mean days overdue."""
    a = combination(members, row.a, row.b, sums)
    if row.kind == LARGEST:
        return float(a / row.unit) if a > 0 else math.nan
    if row.kind == ARREARS:
        return float((a + open_debts(members, row.b, sums)) / row.unit)
    if row.kind == ARREARS_RATE:
        billed = combination(members, row.c, row.end, sums)
        owed = a + open_debts(members, row.b, sums)
        return float(owed) / float(billed) if billed > 0 else math.nan
    b = combination(members, row.b, row.c, sums)
    return float(as_of - float(a) / float(b)) if b > 0 else math.nan


@jit_borrowing
def of_purchases(
    row: Any, members: Any, sums: NDArray[np.int64], as_of: int, first: int, last: int
) -> float:
    """Return what follows from when a customer bought: the purchase cycle, sales to come."""
    if first == NEVER:
        return math.nan
    a = combination(members, row.a, row.b, sums)
    if row.kind == CYCLE:
        return float(last - first) / float(a - 1) if a > 1 else math.nan
    observed = min(row.days, as_of - first + 1)
    return float(a / row.unit / float(observed) * row.horizon)


@jit_borrowing
def of_lifetime(
    row: Any, members: Any, clv: Any, sums: NDArray[np.int64], age_days: int, last_days: int
) -> float:
    """Return the probability to be alive, expected purchases, or the present value (docs/clv.md).

    Without an order it is NaN; who got everything back has no value.
    """
    orders = combination(members, row.a, row.b, sums)
    if row.of == ALIVE:
        return probability_alive(clv, orders, last_days, age_days)
    if row.of == PURCHASES:
        return purchases(clv, orders, last_days, age_days, row.horizon)
    if orders < 1:
        return math.nan
    net = combination(members, row.b, row.c, sums)
    if net <= 0:
        return 0.0
    mean = net / row.unit / float(orders)
    periods = int(row.horizon) // PERIOD_DAYS
    return present_value(clv, orders, last_days, age_days, mean, periods)


@jit_borrowing
def number_of(customer: Any, columns: NDArray[np.int32], attributes: Any, column: int) -> float:
    """Return the number or flag that an attribute holds; NaN if it holds none."""
    if columns[column] < 0:
        return math.nan
    held = attributes[customer.attribute_start + columns[column]]
    return math.nan if held.kind in (ABSENT_VALUE, TEXT) else float(held.number)


@jit_borrowing
def text_of(customer: Any, columns: NDArray[np.int32], attributes: Any, column: int) -> np.uint64:
    """Return the hash of the text that an attribute holds; 0 if it holds none."""
    if columns[column] < 0:
        return np.uint64(0)
    held = attributes[customer.attribute_start + columns[column]]
    return np.uint64(held.text) if held.kind in TEXTS else np.uint64(0)


@jit_borrowing
def listed(values: Any, first: int, end: int, text: np.uint64) -> float:
    """Return the number of a text among the values [first, end); NaN if it is not there."""
    for n in range(first, end):
        if values[n].text == text:
            return float(values[n].number)
    return math.nan


@jit_borrowing
def of_attribute(
    row: Any, values: Any, customer: Any, columns: NDArray[np.int32], attributes: Any
) -> float:
    """Return the number of an attribute, faded by age; NaN when it is absent or has expired."""
    if columns[row.column] < 0:
        return math.nan
    held = attributes[customer.attribute_start + columns[row.column]]
    age = customer.as_of - held.day
    if held.kind == ABSENT_VALUE or (row.days > 0 and age >= row.days):
        return math.nan
    number = float(held.number)
    if held.kind in TEXTS:
        of_text = listed(values, row.first_value, row.end_value, held.text)
        if held.kind == TEXT or not math.isnan(of_text):
            number = of_text
    if row.fade_days > 0 and not math.isnan(number):
        number += (row.fade_to - number) * min(1.0, age / row.fade_days)
    return number
