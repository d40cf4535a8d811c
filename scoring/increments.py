"""What one event adds to its day's bucket (docs/semantics.md section 3)."""

from typing import Any, Final

import numpy as np

from scoring.arena import NEVER
from scoring.jit import jit_borrowing, jit_inlined
from scoring.measures import ABSENT, KINDS, SOURCES
from scoring.windows import Counts, Days, add_to_windows, bucket, raise_windows

USUAL_SEVERITY: Final = 3
SALE: Final = KINDS.index("sale")

ONE: Final = SOURCES.index("one")
AMOUNT: Final = SOURCES.index("amount")
MARGIN: Final = SOURCES.index("margin")
COSTED_AMOUNT: Final = SOURCES.index("costed_amount")
DUE: Final = SOURCES.index("due")
ON_TIME: Final = SOURCES.index("on_time")
DAYS_LATE: Final = SOURCES.index("days_late")
SEVERITY: Final = SOURCES.index("severity")
RATED: Final = SOURCES.index("rated")
RATING: Final = SOURCES.index("rating")
COST: Final = SOURCES.index("cost")
PROMOTER: Final = SOURCES.index("promoter")
PASSIVE: Final = SOURCES.index("passive")

LEAST_OF_PROMOTER: Final = 9
LEAST_OF_PASSIVE: Final = 7
"""Answers to "would you recommend us", 0 to 10 (Reichheld 2003)."""


@jit_borrowing
def increment(
    source: int, at: int, amount: int, cost: int, due: int, level: int, days_late: int
) -> int:
    """Return what an event gives to one source of `measures.SOURCES`.

    `days_late` are the business days from its due day to its own; they count if it was due before.

    >>> increment(MARGIN, at=0, amount=700, cost=450, due=ABSENT, level=ABSENT, days_late=0)
    250
    """
    if source == ONE:
        return 1
    if source == AMOUNT:
        return amount
    if source == MARGIN:
        return 0 if cost == ABSENT else amount - cost
    if source == COSTED_AMOUNT:
        return 0 if cost == ABSENT else amount
    if source == DUE:
        return int(due != ABSENT)
    if source == ON_TIME:
        return int(due != ABSENT and at <= due)
    if source == DAYS_LATE:
        return 0 if due == ABSENT or at <= due else days_late
    if source == SEVERITY:
        return USUAL_SEVERITY if level == ABSENT else level
    if source == COST:
        return 0 if cost == ABSENT else cost
    return answered(source, level)


@jit_borrowing
def answered(source: int, level: int) -> int:
    """Return what a rating or an answer gives to a source.

    >>> [answered(PASSIVE, level) for level in (6, 7, 8, 9)]
    [0, 1, 1, 0]
    """
    if source == RATED:
        return int(level != ABSENT)
    if source == RATING:
        return 0 if level == ABSENT else level
    if source == PROMOTER:
        return int(level >= LEAST_OF_PROMOTER)
    if source == PASSIVE:
        return int(LEAST_OF_PASSIVE <= level < LEAST_OF_PROMOTER)
    return int(level < LEAST_OF_PASSIVE)


@jit_inlined
def apply(
    kinds: Any, effects: Any, mark_rules: Any, places: Any, retention: int,
    customer: Any, marks: Days, totals: Counts, buckets: Any, rows: Counts, sums: Counts,
    kind: int, day: int, at: int, amount: int, cost: int, due: int, due_day: int, level: int,
    sign: int,
) -> None:  # fmt: skip  # a line for the model, a line for the customer, a line for the event
    """Add an event to its day's bucket (or the totals, if no window reaches it); move the marks.

    A `sign` of −1 takes it out again, but for marks and what is the largest.
    """
    row = -1
    if kinds[kind].first < kinds[kind].end:
        row = bucket(retention, customer, buckets, rows, day)
    age = customer.as_of - day
    for n in range(kinds[kind].first, kinds[kind].end):
        effect = effects[n]
        addition = (
            sign
            * effect.factor
            * increment(effect.source, at, amount, cost, due, level, day - due_day)
        )
        if addition != 0:
            customer.stale_measures |= np.uint64(1) << np.uint64(effect.measure)
            if row >= 0:
                buckets[row].measures |= np.uint64(1) << np.uint64(effect.measure)
            bucket_of_day = totals if row < 0 else rows[row]
            if effect.largest == 1 and sign < 0:
                continue
            if effect.largest == 1:
                bucket_of_day[effect.measure] = max(bucket_of_day[effect.measure], addition)
                raise_windows(places, sums, age, effect.measure, addition)
            else:
                bucket_of_day[effect.measure] += addition
                add_to_windows(places, sums, age, effect.measure, addition)
    if row < 0 and kind == SALE:
        customer.folded_sale = max(customer.folded_sale, day)
    for mark in range(mark_rules.size):
        if sign > 0 and (mark_rules[mark].kinds >> np.int64(kind)) & 1:
            known = marks[mark]
            if known == NEVER or (day > known) == (mark_rules[mark].latest == 1):
                marks[mark] = day
                customer.stale_besides |= np.uint64(1) << np.uint64(mark)
