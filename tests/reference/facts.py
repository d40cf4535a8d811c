"""Day buckets, marks, product lines and attributes: all that indicators read (§3, §10, §11)."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.reference.events import Event, Value
from tests.reference.invoices import invoice_adds
from tests.reference.orders import judged

MARKS: dict[str, tuple[Callable[[Iterable[int]], int], set[str]]] = {
    "first_transaction": (min, {"sale", "refund", "chargeback"}),
    "last_sale": (max, {"sale"}),
    "last_payment": (max, {"payment"}),
    "last_complaint": (max, {"complaint", "chargeback"}),
    "last_praise": (max, {"praise"}),
    "first_sale": (min, {"sale"}),
    "last_feedback": (max, {"feedback"}),
    "last_engagement": (max, {"engagement"}),
}

Window = tuple[int, float]
"""From and to, in days before the as-of day; holds from ≤ age < to."""
LIFETIME: Window = (0, math.inf)
OVERDUE: Window = (1, math.inf)


@dataclass(frozen=True)
class Attribute:
    """The latest value that was said; None if it was taken away."""

    value: Value
    at: int
    day: int
    sequence: int = -1


@dataclass(frozen=True)
class Facts:
    """What a set of events comes to; buckets of days to come are for what is due then."""

    buckets: dict[int, dict[str, int]]
    marks: dict[str, int]
    lines: dict[str, int]
    """The latest day of a sale of each product line (of fewer than 256)."""
    attributes: dict[str, Attribute]

    def sum_of(self, measures: Iterable[str], window: Window, as_of: int) -> int:
        """Sum measures over the buckets that a window holds at `as_of`."""
        held = self._held(window, as_of)
        return sum(bucket.get(measure, 0) for bucket in held for measure in measures)

    def largest_of(self, measure: str, window: Window, as_of: int) -> int | None:
        """Find the largest in the buckets that a window holds; None if there is none."""
        held = self._held(window, as_of)
        return max((bucket[measure] for bucket in held if measure in bucket), default=None)

    def _held(self, window: Window, as_of: int) -> list[dict[str, int]]:
        start, end = window
        return [bucket for day, bucket in self.buckets.items() if start <= as_of - day < end]


def facts_of(events: Iterable[Event], terms_days: int, *, keeps_orders: bool = True) -> Facts:
    """Add up events; their order only decides which of two attributes holds that tie."""
    events = judged(events) if keeps_orders else list(events)
    return Facts(
        _buckets_of(events, terms_days), marks_of(events), _lines_of(events), _attributes_of(events)
    )


def _day_of(event: Event) -> int:
    return event.day if event.counts_on is None else event.counts_on


def _buckets_of(events: list[Event], terms_days: int) -> dict[int, dict[str, int]]:
    buckets: dict[int, dict[str, int]] = {}
    for event in events:
        bucket = buckets.setdefault(_day_of(event), {})
        for measure, number in event.adds:
            if measure.startswith("largest_"):
                bucket[measure] = max(bucket.get(measure, number), number)
            else:
                bucket[measure] = bucket.get(measure, 0) + number
    for day, measure, number in invoice_adds(events, terms_days):
        bucket = buckets.setdefault(day, {})
        bucket[measure] = bucket.get(measure, 0) + number
    return buckets


def marks_of(events: Iterable[Event]) -> dict[str, int]:
    """Find the earliest or latest day of each mark that is set."""
    days: dict[str, set[int]] = {}
    for event in events:
        days.setdefault(event.kind, set()).add(_day_of(event))
    found = {}
    for mark, (which, kinds) in MARKS.items():
        if of_kinds := set().union(*(days.get(kind, ()) for kind in kinds)):
            found[mark] = which(of_kinds)
    return found


def _lines_of(events: list[Event]) -> dict[str, int]:
    lines: dict[str, int] = {}
    for event in events:
        if event.category is not None:
            lines[event.category] = max(event.day, lines.get(event.category, event.day))
    return lines


def _attributes_of(events: list[Event]) -> dict[str, Attribute]:
    """Of each attribute the latest value: by time, then sequence, then the order of arrival."""
    latest: dict[str, Attribute] = {}
    for event in events:
        for name, value in event.sets:
            known = latest.get(name)
            if known is None or (event.at, event.sequence) >= (known.at, known.sequence):
                latest[name] = Attribute(value, event.at, event.day, event.sequence)
    return latest
