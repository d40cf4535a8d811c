"""Tiers: what earns one, how it is lost, and what overrides it (docs/semantics.md section 6)."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.arena import NEVER
from scoring.hashing import text_hash
from scoring.indicators import number_of, text_of
from scoring.jit import jit_borrowing

FLOOR: Final = np.uint64(text_hash("floor"))
CEILING: Final = np.uint64(text_hash("ceiling"))


@jit_borrowing
def next_tier(
    row: Any, tiers: Any, bounds: Any, reviews: NDArray[np.int32],
    standing: Any, values: NDArray[np.float64], score: float, day: int,
) -> int:  # fmt: skip  # a line for the model, a line for the customer
    """Return the tier that is earned after an evaluation, counted from the lowest.

    `row` is the score's. A higher tier is reached at once; one that is not kept is lost when the
    policy has it so. Takes note in `standing` of when the loss began.
    """
    first, earned = row.first_tier, standing.earned
    target = 0
    for t in range(row.end_tier - 1, first, -1):
        if holds(tiers[t], bounds, values, score, True):
            target = t - first
            break
    if target >= earned or holds(tiers[first + earned], bounds, values, score, False):
        standing.fall = NEVER
        return int(max(target, earned))
    if standing.fall == NEVER:
        standing.fall = day
    if not is_lost(row, reviews, standing, day):
        return int(earned)
    reached = earned - 1 if row.step_down == 1 else target
    is_over = target >= reached or holds(tiers[first + reached], bounds, values, score, False)
    standing.fall = NEVER if is_over else day
    return int(reached)


@jit_borrowing
def holds(tier: Any, bounds: Any, values: NDArray[np.float64], score: float, enters: bool) -> bool:
    """Return whether the conditions of a tier hold, to enter it or to stay."""
    if tier.scored == 1:
        is_met = score >= (tier.enter if enters else tier.leave)
        if tier.first_bound == tier.end_bound or is_met == (tier.any == 1):
            return bool(is_met)
    for n in range(tier.first_bound, tier.end_bound):
        bound = bounds[n]
        is_met = values[bound.indicator] >= (bound.enter if enters else bound.leave)
        if is_met == (tier.any == 1):
            return bool(is_met)
    return bool(tier.any == 0)


@jit_borrowing
def is_lost(row: Any, reviews: NDArray[np.int32], standing: Any, day: int) -> bool:
    """Return whether a tier that is not kept since `standing.fall` is lost on a day."""
    if standing.since != NEVER and day - standing.since < row.minimum_stay:
        return False
    if day - standing.fall < row.grace:
        return False
    if row.first_review == row.end_review:
        return True
    review = latest_review(reviews, row.first_review, row.end_review, day)
    return bool(review >= standing.fall and review > standing.since)


@jit_borrowing
def latest_review(reviews: NDArray[np.int32], first: int, end: int, day: int) -> int:
    """Return the latest of the days of review [first, end) up to a day; the first one is day 0."""
    low, high = first, end
    while high - low > 1:
        middle = (low + high) // 2
        if reviews[middle] <= day:
            low = middle
        else:
            high = middle
    return int(reviews[low])


@jit_borrowing
def overridden(
    row: Any, tiers: Any, customer: Any, columns: NDArray[np.int32], attributes: Any, earned: int
) -> int:
    """Return the tier of a score: the earned one, or what an override in force makes of it."""
    if columns[row.override_tier] < 0:
        return earned
    text = text_of(customer, columns, attributes, row.override_tier)
    if customer.as_of > number_of(customer, columns, attributes, row.override_until):
        return earned  # false of no end, which is NaN
    for t in range(row.first_tier, row.end_tier):
        if tiers[t].text == text:
            given = int(t - row.first_tier)
            mode = text_of(customer, columns, attributes, row.override_mode)
            if mode == FLOOR:
                return max(earned, given)
            return min(earned, given) if mode == CEILING else given
    return earned
