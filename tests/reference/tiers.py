"""The earned tier with its policy (§6), and overrides (§11)."""

from collections.abc import Mapping
from datetime import timedelta

from tests.reference.days import EPOCH_DATE, day_number
from tests.reference.facts import Attribute
from tests.reference.indicators import Indicators
from tests.reference.model import Bound, Score, Tier


class Earned:
    """The tier that a customer has earned of one score: its rank, and since when.

    `fall` is the day when a fall began that has not come to its end.
    """

    def __init__(self) -> None:
        """Begin in the lowest tier."""
        self.rank = 0
        self.since: int | None = None
        self.fall: int | None = None

    def evaluate(self, day: int, score: Score, total: float, indicators: Indicators) -> None:
        """Take the total of an evaluation as of `day`."""
        reached = max(
            rank
            for rank, tier in enumerate(score.tiers)
            if rank == 0 or _hold(tier.enter, tier, total, indicators)
        )

        def may_stay() -> bool:
            tier = score.tiers[self.rank]
            return self.rank == 0 or _hold(tier.stay, tier, total, indicators)

        if reached > self.rank:
            self.rank, self.since = reached, day
        if reached == self.rank or may_stay():
            self.fall = None
            return
        if self.fall is None:
            self.fall = day
        if self._is_lost(day, score, self.fall):
            self.rank = self.rank - 1 if score.policy.get("one_step_down") else reached
            self.since = day
            self.fall = None if reached == self.rank or may_stay() else day

    def _is_lost(self, day: int, score: Score, fall: int) -> bool:
        policy = score.policy
        if self.since is not None and day - self.since < policy.get("minimum_stay_days", 0):
            return False
        if day - fall < policy.get("grace_days", 0):
            return False
        if policy.get("review") is None:
            return True
        review = latest_review(policy["review"], day)
        return review >= fall and (self.since is None or review > self.since)


def latest_review(review: str | int, day: int) -> int:
    """Return the last review day up to `day`."""
    if isinstance(review, int):
        return day - day % review
    date = EPOCH_DATE + timedelta(days=day)
    month = {"month": date.month, "quarter": (date.month - 1) // 3 * 3 + 1, "year": 1}[review]
    return day_number(date.replace(month=month, day=1))


def _hold(conditions: list[Bound], tier: Tier, total: float, indicators: Indicators) -> bool:
    hold = [condition.holds(total, indicators) for condition in conditions]
    return any(hold) if tier.any_is_enough else all(hold)


def rank_in_force(
    score: Score, earned: int, attributes: Mapping[str, Attribute], as_of: int
) -> int:
    """Return the rank of the tier: the earned one's, unless an override is in force."""

    def said(field: str) -> object:
        attribute = attributes.get(f"override:{score.name}:{field}")
        return None if attribute is None else attribute.value

    ranks = {tier.name: rank for rank, tier in enumerate(score.tiers)}
    wanted, until = said("tier"), said("until")
    if not isinstance(wanted, str) or wanted not in ranks:
        return earned
    if isinstance(until, int | float) and as_of > until:
        return earned
    match said("mode"):
        case "pin":
            return ranks[wanted]
        case "floor":
            return max(earned, ranks[wanted])
        case "ceiling":
            return min(earned, ranks[wanted])
    raise ValueError(f"override mode {said('mode')!r} is not in §11")
