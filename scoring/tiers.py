"""Tiers with hysteresis: entered at one score, left below a lower one."""

from typing import Any

from scoring.jit import jit_borrowing


@jit_borrowing
def next_tier(tiers: Any, first: int, end: int, tier: int, score: float) -> int:
    """Return the tier after an evaluation, counted from `first`: up at once, down below `leave`.

    `tiers[first:end]` are the tiers of the score, `tier` the one the customer is in.
    """
    target = 0
    for t in range(end - first):
        if score >= tiers[first + t].enter:
            target = t
    if target >= tier or score < tiers[first + tier].leave:
        return target
    return tier
