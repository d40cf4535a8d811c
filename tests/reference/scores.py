"""Normalisers, points and scores (§5)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from tests.reference.model import LEAVE_OUT, Join, Term


def normalise(spec: Mapping[str, Any], x: float) -> float:
    """Map a raw value to [0, 1]."""
    match spec["kind"]:
        case "linear":
            n: float = (x - spec["low"]) / (spec["high"] - spec["low"])
            return min(1.0, max(0.0, n))
        case "log":
            return min(1.0, math.log(1 + max(0.0, x)) / math.log(1 + spec["high"]))
        case "piecewise":
            return _interpolate(spec["points"], x)
        case "logistic":
            return 1 / (1 + _exp(-(x - spec["middle"]) / spec["scale"]))
        case "steps":
            reached = [y for step, y in spec["steps"] if step <= x]
            return float(reached[-1] if reached else spec["steps"][0][1])
    raise ValueError(f"normaliser kind {spec['kind']!r} is not in §5")


def _exp(x: float) -> float:
    """Infinity, as IEEE 754 has it, where `math.exp` raises."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _interpolate(points: Sequence[Sequence[float]], x: float) -> float:
    """Flat outside; at a point its own y, so that rounding cannot miss it."""
    if x < points[0][0]:
        return float(points[0][1])
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= x < x1:
            return float(y0 + (y1 - y0) * ((x - x0) / (x1 - x0)))
    return float(points[-1][1])


@lru_cache(maxsize=1_000_000)
def points_of(term: Term, value: float | None) -> float:
    """Return the points that a term gives for a value, or with nothing to fill a missing one.

    Nothing is left out here.
    """
    if value is None:
        assert isinstance(term.missing, int | float), f"nothing fills {term.indicator!r}"
        n = float(term.missing)
    else:
        n = normalise(term.normaliser, min(term.high, max(term.low, value)))
        if term.less:
            n = 1 - n
    return (100 * term.weight) * n


def points_of_terms(terms: Sequence[Term], values: Sequence[float | None]) -> list[float]:
    """Return the points of a score's terms; what is left out gives its weight to the others."""
    out = [
        value is None and term.missing == LEAVE_OUT
        for term, value in zip(terms, values, strict=True)
    ]
    points = [
        0.0 if is_out else points_of(term, value)
        for term, value, is_out in zip(terms, values, out, strict=True)
    ]
    if not any(out):
        return points
    whole = total_of(100 * term.weight for term in terms)
    present = total_of(
        100 * term.weight for term, is_out in zip(terms, out, strict=True) if not is_out
    )
    factor = whole / present if present > 0 else 1.0
    return [point * factor for point in points]


def points_of_join(
    join: Join, totals: Mapping[str, float], raw_classes: Mapping[str, str]
) -> list[float]:
    """Return what each of two joined scores gives."""
    first, second = join.scores
    share = float(join.shares.get(raw_classes[join.by], join.share))
    return [share * totals[first], (1 - share) * totals[second]]


def total_of(points: Iterable[float]) -> float:
    """Add points in their order from 0.0."""
    score = 0.0
    for point in points:
        score += point
    return score


class Driver(NamedTuple):
    """What one term's points were before and after, in points."""

    indicator: str
    before: float
    after: float
    delta: float


def sorted_drivers(drivers: Iterable[Driver]) -> tuple[Driver, ...]:
    """Keep those that differ, the largest change first, then by name (§6)."""
    changed = [driver for driver in drivers if driver.before != driver.after]
    return tuple(sorted(changed, key=lambda driver: (-abs(driver.delta), driver.indicator)))


def drivers_of(
    names: Sequence[str], before: Sequence[float], after: Sequence[float]
) -> tuple[Driver, ...]:
    """Return the drivers of a tier change."""
    return sorted_drivers(
        Driver(name, b, a, a - b) for name, b, a in zip(names, before, after, strict=True)
    )
