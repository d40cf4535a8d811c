"""Day buckets, marks, windows and indicators of a set of events (§3, §4)."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.reference.events import Event
from tests.reference.model import Model

MONEY = {"sale_amount", "refund_amount", "margin", "costed_net", "payment_amount"}
MARKS: dict[str, tuple[Callable[[Iterable[int]], int], set[str]]] = {
    "first_transaction": (min, {"sale", "refund"}),
    "last_sale": (max, {"sale"}),
    "last_payment": (max, {"payment"}),
    "last_complaint": (max, {"complaint"}),
    "last_praise": (max, {"praise"}),
}

Window = tuple[int, float]
"""From and to, in days before the as-of day; holds from ≤ age < to."""
Indicators = dict[str, float | None]


def window_of(spec: Any) -> Window:
    """Read `window:` of an indicator: days, [from, to], `lifetime` or absent."""
    if spec is None or spec == "lifetime":
        return 0, math.inf
    if isinstance(spec, int):
        return 0, spec
    return spec[0], spec[1]


def buckets_of(events: Iterable[Event]) -> dict[int, dict[str, int]]:
    """Add up what events add, by day."""
    buckets: dict[int, dict[str, int]] = {}
    for event in events:
        bucket = buckets.setdefault(event.day, {})
        for measure, increment in event.adds:
            bucket[measure] = bucket.get(measure, 0) + increment
    return buckets


def marks_of(events: Iterable[Event]) -> dict[str, int]:
    """Find the earliest or latest day of each mark that is set."""
    days: dict[str, set[int]] = {}
    for event in events:
        days.setdefault(event.kind, set()).add(event.day)
    found = {}
    for mark, (which, kinds) in MARKS.items():
        if of_kinds := set().union(*(days.get(kind, ()) for kind in kinds)):
            found[mark] = which(of_kinds)
    return found


def sum_of(
    buckets: dict[int, dict[str, int]], measures: Iterable[str], window: Window, as_of: int
) -> int:
    """Sum measures over the buckets that a window holds at `as_of`."""
    held = [bucket for day, bucket in buckets.items() if window[0] <= as_of - day < window[1]]
    return sum(bucket.get(measure, 0) for bucket in held for measure in measures)


def windows_of(spec: Mapping[str, Any]) -> Iterator[tuple[str, Window]]:
    """Yield the measures that an indicator reads, each with its windows."""
    if spec["kind"] == "growth":
        n = spec["window"]
        moving = [*spec["add"], *spec.get("subtract", ())]
        yield from ((measure, window) for measure in moving for window in ((0, n), (n, 2 * n)))
        yield from ((measure, (0, 2 * n)) for measure in spec["presence"])
    elif spec["kind"] != "days_since":
        for field in ("add", "subtract", "per", "against"):
            yield from ((measure, window_of(spec.get("window"))) for measure in spec.get(field, ()))


def indicators_of(
    model: Model, buckets: dict[int, dict[str, int]], marks: dict[str, int], as_of: int
) -> Indicators:
    """Compute all indicators of a model (§4)."""
    numbers: Indicators = {}
    for name, spec in model.indicators.items():
        if spec["kind"] == "days_since":
            mark = marks.get(spec["mark"])
            numbers[name] = None if mark is None else float(as_of - mark)
        else:
            numbers[name] = _of_sums(spec, buckets, as_of, model.unit)
    return numbers


def _of_sums(
    spec: Mapping[str, Any], buckets: dict[int, dict[str, int]], as_of: int, unit: int
) -> float | None:
    def total(field: str, window: Window) -> int:
        return sum_of(buckets, spec.get(field, ()), window, as_of)

    def scale(field: str) -> int:
        return unit if set(spec[field]) & MONEY else 1

    if spec["kind"] == "growth":
        n = spec["window"]
        if total("presence", (0, 2 * n)) == 0:
            return None
        now = total("add", (0, n)) - total("subtract", (0, n))
        then = total("add", (n, 2 * n)) - total("subtract", (n, 2 * n))
        return float(now - then) / float(max(then, scale("add")))
    window = window_of(spec.get("window"))
    a = total("add", window) - total("subtract", window)
    match spec["kind"]:
        case "sum":
            return float(a) / float(scale("add"))
        case "share":
            return float(a + 1) / float(a + total("against", window) + 2)
        case "ratio":
            b = total("per", window)
            if b <= 0:
                return None
            major = float(a) if scale("add") == scale("per") else float(a) / float(unit)
            return major / float(b)
    raise ValueError(f"indicator kind {spec['kind']!r} is not in §4")
