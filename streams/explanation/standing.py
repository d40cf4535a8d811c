"""Why a tier is what it is, when it can be lost, and what is missing to the next one."""

from bisect import bisect_left
from typing import Any, Final

from scoring.arena import NEVER
from scoring.model import Score
from scoring.tiers import is_lost
from streams.explanation.case import Case
from streams.output.messages import day_text, instant_text

_DAYS: Final = 100_000
"""More than any policy can keep a tier."""


def tier_of(case: Case, s: int, name: str, score: Score) -> dict[str, Any]:
    """Return what is remembered of the tier of a score, and what a person decided about it."""
    held = case.arena.standings[0, s]
    return {
        "earned": score.tiers[int(held["earned"])].name,
        "since": _day(held["since"]),
        "fall_began": _day(held["fall"]),
        "earliest_loss": _earliest_loss(case, s),
        "policy": score.policy.model_dump(mode="json"),
        "override": override_of(case, name, score),
    }


def override_of(case: Case, name: str, score: Score) -> dict[str, Any] | None:
    """Return the tier that a person set last, in force or expired; None if there is none."""
    held = {
        key.removeprefix(f"override:{name}:"): each
        for key, each in case.attributes().items()
        if key.startswith(f"override:{name}:")
    }
    if "tier" not in held:
        return None
    value = {what: each.value for what, each in held.items()}
    until = value.get("until")
    last = int(until) if isinstance(until, float) else None
    is_known = value["tier"] in [tier.name for tier in score.tiers]
    return {
        "tier": value["tier"],
        "mode": value.get("mode"),
        "until": None if last is None else day_text(last),
        "author": value.get("author"),
        "reason": value.get("reason"),
        "set_at": instant_text(held["tier"].at),
        "in_force": is_known and (last is None or case.as_of <= last),
    }


def next_tier(case: Case, s: int, name: str, score: Score) -> dict[str, Any] | None:
    """Return what is missing to the tier above the earned one; None for the highest.

    With `combine: any` one of the `conditions` would do.
    """
    above = int(case.arena.standings[0, s]["earned"]) + 1
    if above == len(score.tiers):
        return None
    row = case.program.tiers[int(case.program.scores[s]["first_tier"]) + above]
    missing = []
    if row["scored"]:
        points = float(case.arena.scores[0, s])
        missing.append({"score": name} | _missing(points, float(row["enter"])))
    for bound in case.program.bounds[int(row["first_bound"]) : int(row["end_bound"])]:
        indicator = int(bound["indicator"])
        bounded = _missing(case.value(indicator), float(bound["enter"]))
        missing.append({"indicator": case.scorer.names.indicators[indicator]} | bounded)
    return {
        "tier": score.tiers[above].name,
        "missing_points": missing[0]["missing"] if row["scored"] else None,
        "combine": score.tiers[above].combine,
        "conditions": [each for each in missing if each["missing"] != 0.0],
    }


def _missing(value: float | None, least: float) -> dict[str, Any]:
    missing = None if value is None else max(0.0, least - value)
    return {"value": value, "at_least": least, "missing": missing}


def _earliest_loss(case: Case, s: int) -> str | None:
    """Return the first day on which the policy lets the earned tier go; None for the lowest.

    That is if its conditions do not hold from tomorrow on, or if a fall has begun, still do not.
    """
    standing = case.arena.standings[:, s].copy()
    if standing["earned"][0] == 0:
        return None
    if standing["fall"][0] == NEVER:
        standing["fall"] = case.as_of + 1
    row, reviews = case.program.scores[s], case.program.reviews
    days = range(case.as_of + 1, case.as_of + _DAYS)
    found = bisect_left(days, True, key=lambda day: is_lost(row, reviews, standing[0], day))
    return day_text(days[found]) if found < len(days) else None


def _day(day: Any) -> str | None:
    return None if day == NEVER else day_text(int(day))
