"""The board's answers, slow and obvious: loops over snapshots as they are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from streams.dashboard.filters import Filter
from tests.dashboard.model import SMALL
from tests.dashboard.shop import Said

NAMES = SMALL.names


def text(value: Any) -> str | None:
    """Return an attribute as the page tells it; None for none and for an empty one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return None if value in (None, "") else str(value)


def attribute(said: Said, name: str) -> str | None:
    """Return an attribute of a customer."""
    return text(said["profile"].get(name))


def value(said: Said, name: str) -> float | None:
    """Return an indicator, or a score."""
    found: float | None = said["indicators"].get(name)
    return float(said["scores"][name]["score"]) if name in said["scores"] else found


def path(changes: Iterable[Said], customer: str, score: str, days: int, today: str) -> Any:
    """Return the tiers of a customer before and after its changes of the last days, if any."""
    first = date.fromisoformat(today) - timedelta(days - 1)
    mine = [
        each
        for each in changes
        if each["customer_id"] == customer
        and each["score_name"] == score
        and date.fromisoformat(each["as_of"]) >= first
    ]
    return (mine[0]["from"], mine[-1]["to"]) if mine else None


def selected(
    said: Iterable[Said], wanted: Filter, owner: str | None, changes: Sequence[Said] = ()
) -> list[Said]:
    """Return the snapshots that a filter leaves."""
    everybody = list(said)
    today = max((each["as_of"] for each in everybody), default="1970-01-01")
    return [each for each in everybody if _fits(each, wanted, owner, changes, today)]


def _fits(
    said: Said, wanted: Filter, owner: str | None, changes: Sequence[Said], today: str
) -> bool:
    score = wanted.score or NAMES.scores[0]
    fits = [owner is None or (owner != "" and attribute(said, "owner") == owner)]
    fits.append(wanted.tier in (None, said["scores"][score]["tier"]))
    for name in ("owner", "region", "industry", "size"):
        asked = getattr(wanted, name)
        fits.append(asked is None or (attribute(said, name) or "") == asked)
    for name, class_name in wanted.segments:
        fits.append((said["segments"][name] or "") == class_name)
    for between in wanted.where:
        found = value(said, between.indicator)
        low = -math.inf if between.low is None else between.low
        high = math.inf if between.high is None else between.high
        fits.append(found is not None and low <= found <= high)
    if wanted.q:
        part = wanted.q.casefold()
        shown = (said["customer_id"], attribute(said, "name") or "")
        fits.append(any(part in each.casefold() for each in shown))
    if wanted.moved:
        moved = wanted.moved
        found_path = path(changes, said["customer_id"], score, moved.days, today)
        fits.append(found_path == (moved.from_, moved.to))
    return all(fits)


def pyramid(said: Sequence[Said], score: str) -> list[tuple[str, int, float, float | None]]:
    """Return tier, customers, profit and mean score."""
    told = []
    for tier in NAMES.tiers[NAMES.scores.index(score)]:
        mine = [each for each in said if each["scores"][score]["tier"] == tier]
        profit = math.fsum(each["indicators"]["gain"] or 0.0 for each in mine)
        total = math.fsum(each["scores"][score]["score"] for each in mine)
        told.append((tier, len(mine), profit, total / len(mine) if mine else None))
    return told


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile, linear between the values around it."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def composition(said: Sequence[Said], by: str) -> Counter[str | None]:
    """Return how many there are of each value."""
    kind, _, name = by.partition(":")
    if kind == "segment":
        return Counter(each["segments"][name] for each in said)
    if kind == "tier":
        return Counter(each["scores"][name]["tier"] for each in said)
    return Counter(attribute(each, by) for each in said)


def ordered(said: Sequence[Said], sort: str, score: str) -> list[str]:
    """Return ids in an order; equals in the order in which they came, without a value last."""
    name, sign = sort.removeprefix("-"), -1 if sort.startswith("-") else 1
    name = score if name == "score" else name
    known = [each for each in said if value(each, name) is not None]
    known.sort(key=lambda each: sign * (value(each, name) or 0.0))
    return [each["customer_id"] for each in (*known, *(s for s in said if value(s, name) is None))]
