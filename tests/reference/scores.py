"""Normalisers, points and scores (§5)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from tests.reference.model import Term


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
    """Return the points that a term gives for a raw value of its indicator."""
    if value is None:
        n = term.missing
    else:
        n = normalise(term.normaliser, value)
        if term.less:
            n = 1 - n
    return (100 * term.weight) * n


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
    terms: Sequence[Term], before: Sequence[float], after: Sequence[float]
) -> tuple[Driver, ...]:
    """Return the drivers of a tier change."""
    return sorted_drivers(
        Driver(term.indicator, b, a, a - b) for term, b, a in zip(terms, before, after, strict=True)
    )
