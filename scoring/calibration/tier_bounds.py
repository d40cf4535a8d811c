"""Where tiers begin so that each holds its share of the customers (docs/semantics.md section 6).

`top_share` of a tier is the share of customers that it *and the tiers above it* may hold: 5 % of
VIPs, then 15 % important, the rest ordinary is written 0.05 and 0.2.
"""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from scoring.calibration.customers import Floats
from scoring.calibration.rounding import at_most, just_above, significant
from scoring.errors import CalibrationError
from scoring.model import Score
from scoring.population import Bounds

_DECIMALS: Final = 9
"""Scores that differ less are tied: their sums were added up in another order."""


def bounds_of(
    name: str,
    score: Score,
    scores: Floats,
    known: Mapping[str, Bounds],
    hysteresis: float,
) -> dict[str, Bounds]:
    """Return the bounds of the tiers that are entered at those of the population.

    Also of tiers with numbers of their own that have a `top_share`: the numbers hold until then.

    Args:
        name: Of the score, for errors.
        score: With its tiers from low to high.
        scores: One for each customer.
        known: Bounds that hold for tiers without `top_share`.
        hysteresis: Points from where a tier is entered down to where it is left.

    Raises:
        CalibrationError: A tier has neither share nor bounds, shares do not fall from tier to tier,
            or a tier with a number of its own is not entered above the one before it.

    >>> ten = np.arange(10.0, 101.0, 10.0)
    >>> tiers = [
    ...     {"name": "ordinary"},
    ...     {"name": "important", "enter_at": "population", "top_share": 0.3},
    ...     {"name": "VIP", "enter_at": "population", "top_share": 0.1},
    ... ]
    >>> score = Score(join={"scores": ["a", "b"], "by": "c"}, tiers=tiers)
    >>> [(tier, b.enter_at, b.leave_below) for tier, b in bounds_of("v", score, ten, {}, 2).items()]
    [('important', 80.0, 78.0), ('VIP', 100.0, 98.0)]
    """
    found: dict[str, Bounds] = {}
    above, share = -math.inf, math.inf
    for tier in score.tiers[1:]:
        where = f"tier {tier.name!r} of {name!r}"
        if isinstance(tier.enter_at, float) and tier.top_share is None:
            if tier.enter_at <= above:
                raise CalibrationError(
                    f"{where} is entered at {tier.enter_at:g}, but the tier before it at {above:g} "
                    "by its share; give both shares, or both numbers"
                )
            above = tier.enter_at
        elif tier.enter_at is not None and tier.top_share is not None:
            if tier.top_share >= share:
                raise CalibrationError(
                    f"{where} has the top_share {tier.top_share:g}, the tier before it {share:g}; "
                    "a share counts the tiers above, too, so it falls from tier to tier"
                )
            share = tier.top_share
            above = entrance(scores, share, above)
            found[tier.name] = Bounds(
                enter_at=above, leave_below=min(above, significant(above - hysteresis))
            )
        elif tier.enter_at == "population":
            if tier.name not in known:
                raise CalibrationError(
                    f"{where} takes its bounds from the population, but has no top_share; "
                    "write how many customers it shall hold, as `top_share: 0.05`"
                )
            found[tier.name] = known[tier.name]
            above = known[tier.name].enter_at
    return found


def entrance(scores: Floats, share: float, above: float = -math.inf) -> float:
    """Return the lowest bound above `above` that at most a share of the scores reach.

    It is the lowest of those scores, with six significant digits. Ties go up: if a score that
    several have would let in too many, the next higher one is the bound. Nobody reaches it if
    there is none.

    >>> entrance(np.array([10.0, 20.0, 30.0, 30.0]), 0.5)
    30.0
    >>> entrance(np.array([10.0, 20.0, 30.0, 30.0]), 0.25)
    30.0001
    """
    different, counts = np.unique(np.round(scores, _DECIMALS), return_counts=True)
    reach = counts[::-1].cumsum()[::-1]
    most = math.floor(share * scores.size + 1e-9)  # 0.29 × 100 is 28.999…
    eligible = np.flatnonzero((reach <= most) & (different > above))
    below = different[-1] if eligible.size == 0 else different[eligible[0] - 1]
    if eligible.size and eligible[0] == 0:
        below = -math.inf
    below = max(float(below), above)
    if eligible.size:
        bound = at_most(float(different[eligible[0]]))
        if bound > below:
            return bound
    return just_above(below)
