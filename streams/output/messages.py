"""Outcomes and snapshots as the JSON that others read (docs/semantics.md section 8).

Three topics tell what moved, `tier-changes`, `value-alerts` and `segment-changes`;
`customer-scores` tells how a customer stands. A message's id is a function of what it says, so that
a repeat can be told by it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Self

import numpy as np
import orjson

from scoring.arena import NEVER, Arena
from scoring.calendar import Calendar, calendar, day_start
from scoring.facts.attributes import attributes_of
from scoring.model import Score
from scoring.outcomes import NO_EVENT, SEGMENT_CHANGE, TIER_CHANGE, Outcomes
from scoring.program import Names
from scoring.scorer import Scorer

_EPOCH_DAY: Final = date(1970, 1, 1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ALERT_STATES: Final = ("closed", "open")


class Cause(NamedTuple):
    """The event behind an outcome: type, id, and event time in epoch milliseconds."""

    type: str
    event_id: str
    at: int

    def told(self) -> dict[str, str]:
        """Return it as outcomes tell it.

        >>> Cause("praise", "e1", 0).told()
        {'kind': 'event', 'event_id': 'e1', 'type': 'praise'}
        """
        kind = "override" if self.type == "override" else "event"
        return {"kind": kind, "event_id": self.event_id, "type": self.type}


class Message(NamedTuple):
    """One outcome: `role` is `tier_changes`, `value_alerts` or `segment_changes`, `value` JSON.

    A message with the role `commands` goes to another shard, that of `partition`.
    """

    role: str
    id: str
    customer: bytes
    value: dict[str, Any]
    partition: int | None = None


class CreditLimit(NamedTuple):
    """An indicator by its position, and what its value is multiplied by in each tier."""

    indicator: int
    factors: tuple[float | None, ...]

    @classmethod
    def of(cls, score: Score, indicators: Sequence[str]) -> Self | None:
        """Return that of a score, if it has one."""
        if score.limit is None:
            return None
        factors = tuple(score.limit.factors.get(tier.name) for tier in score.tiers)
        return cls(indicators.index(score.limit.indicator), factors)

    def suggested(self, indicators: Sequence[float], tier: int) -> float | None:
        """Return the limit that is suggested; None where the value or the factor is missing.

        >>> limit = CreditLimit(0, (None, 0.5))
        >>> limit.suggested([300.0], 1), limit.suggested([-1.0], 1), limit.suggested([300.0], 0)
        (150.0, 0.0, None)
        """
        value, factor = indicators[self.indicator], self.factors[tier]
        if factor is None or value != value:  # noqa: PLR0124  # NaN stands for null
            return None
        return max(0.0, value) * factor


def day_text(day: int) -> str:
    """Return a day counted from 1970-01-01 as text, like 2026-11-22."""
    return (_EPOCH_DAY + timedelta(days=int(day))).isoformat()


def instant_text(ms: int) -> str:
    """Return epoch milliseconds as RFC 3339 text in UTC."""
    return (
        (_EPOCH + timedelta(milliseconds=int(ms)))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


class Wording:
    """Puts one model's outcomes and snapshots into words."""

    def __init__(
        self,
        names: Names,
        alert_scores: Sequence[int],
        calendar: Calendar,
        limits: Sequence[CreditLimit | None],
    ) -> None:
        self._names = names
        self._alert_scores = list(alert_scores)
        self._calendar = calendar
        self._limits = list(limits)

    @classmethod
    def of(cls, scorer: Scorer) -> Self:
        """Return the words of a scorer's model."""
        model, names = scorer.model, scorer.names
        return cls(
            names,
            scorer.program.alerts["score"].tolist(),
            calendar(model.timezone),
            [CreditLimit.of(score, names.indicators) for score in model.scores.values()],
        )

    def messages(
        self, outcomes: Outcomes, customers: Sequence[bytes], cause: Callable[[int], Cause]
    ) -> Iterator[Message]:
        """Yield a message for each outcome; `cause` tells the event at a position of the batch."""
        used = int(outcomes.used[0])
        for row, points in zip(outcomes.rows[:used].tolist(), outcomes.points[:used], strict=True):
            yield self._message(row, points, customers, cause)

    def _message(
        self,
        row: tuple[Any, ...],
        points: Any,
        customers: Sequence[bytes],
        cause: Callable[[int], Cause],
    ) -> Message:
        kind, c, name, before, after, event, day, previous_day, sequence, score, previous = row
        customer = customers[c]
        by = None if event == NO_EVENT else cause(event)
        common = {
            "customer_id": customer.decode(),
            "sequence": sequence,
            "occurred_at": instant_text(day_start(self._calendar, day) if by is None else by.at),
            "as_of": day_text(day),
            "cause": {"kind": "time"} if by is None else by.told(),
            "model": self._names.model,
        }
        because = f"time:{day_text(day)}" if by is None else f"event:{by.type}:{by.event_id}"
        if kind == TIER_CHANGE:
            tiers = self._names.tiers[name]
            origin, target = tiers[before], tiers[after]
            value = common | {
                "score_name": self._names.scores[name],
                "from": origin,
                "to": target,
                "direction": "up" if after > before else "down",
                "score": score,
                "previous_score": previous,
                "drivers": _drivers(self._names.terms[name], points),
            }
            role, what, called = "tier_changes", "tier-change", self._names.scores[name]
        elif kind == SEGMENT_CHANGE:
            classes = self._names.classes[name]
            origin, target = classes[before] if before >= 0 else "", classes[after]
            called = self._names.segments[name]
            value = common | {"segment": called, "from": origin or None, "to": target}
            role, what = "segment_changes", "segment-change"
        else:
            watched = self._alert_scores[name]
            origin, target = ALERT_STATES[before], ALERT_STATES[after]
            value = common | {
                "score_name": self._names.scores[watched],
                "alert": self._names.alerts[name],
                "state": "opened" if after else "resolved",
                "score": score,
                "reference_score": previous,
                "reference_day": day_text(previous_day),
                "drop": round(previous - score, 3),
                "drivers": _drivers(self._names.terms[watched], points),
            }
            role, what, called = "value_alerts", "value-alert", self._names.alerts[name]
        text = "\n".join([customer.decode(), str(sequence), what, called, origin, target, because])
        identity = blake2b(text.encode(), digest_size=16).hexdigest()
        return Message(role, identity, customer, {"id": identity, **value})

    def snapshots(self, arena: Arena, customers: Sequence[bytes]) -> Iterator[dict[str, Any]]:
        """Yield how each customer of an arena stands, all its scores with their contributions.

        Those that were erased are left out.
        """
        names = self._names
        bounds = np.cumsum([0, *(len(terms) for terms in names.terms)]).tolist()
        rows = zip(
            customers,
            arena.customers["as_of"].tolist(),
            arena.customers["sequence"].tolist(),
            arena.scores.tolist(),
            arena.standings["tier"].tolist(),
            arena.points.tolist(),
            arena.indicators.tolist(),
            arena.classes.tolist(),
            strict=True,
        )
        for c, row in enumerate(rows):
            customer, as_of, sequence, scores, tiers, points, indicators, classes = row
            if as_of == NEVER:
                continue
            segments = {
                name: names.classes[s][classes[s] - 1] if classes[s] else None
                for s, name in enumerate(names.segments)
            }
            yield {
                "customer_id": customer.decode(),
                "as_of": day_text(as_of),
                "model": names.model,
                "sequence": sequence,
                "scores": {
                    name: {
                        "score": scores[s],
                        "tier": names.tiers[s][tiers[s]],
                        "contributions": dict(
                            zip(names.terms[s], points[bounds[s] : bounds[s + 1]], strict=True)
                        ),
                    }
                    | self._limit(s, indicators, tiers[s])
                    for s, name in enumerate(names.scores)
                },
                "indicators": {
                    name: value if value == value else None  # noqa: PLR0124  # NaN stands for null
                    for name, value in zip(names.indicators, indicators, strict=True)
                },
                "segments": segments,
                "segment": segments.get("rfm"),
                "stage": segments.get("stage"),
                "class": segments.get("class"),
                "profile": profile_of(arena, c),
            }

    def _limit(self, score: int, indicators: Sequence[float], tier: int) -> dict[str, float | None]:
        limit = self._limits[score]
        return {} if limit is None else {"suggested_limit": limit.suggested(indicators, tier)}


def profile_of(arena: Arena, c: int) -> dict[str, Any]:
    """Return the attributes of a customer by name, overrides left out."""
    if arena.customers["attribute_count"][c] == 0:
        return {}
    held = sorted(attributes_of(arena, c), key=lambda each: each.name)
    return {
        each.name: each.value for each in held if each.value is not None and ":" not in each.name
    }


def _drivers(terms: Sequence[str], points: Any) -> list[dict[str, Any]]:
    """Return the terms whose points differ, the largest difference first, then by name."""
    before, after = points[0].tolist(), points[1].tolist()
    moved = [
        {"indicator": name, "before": b, "after": a, "delta": a - b}
        for name, b, a in zip(terms, before, after, strict=False)
        if a != b
    ]
    return sorted(moved, key=lambda driver: (-abs(driver["delta"]), driver["indicator"]))


def to_json(value: dict[str, Any]) -> bytes:
    """Return a message as one line of JSON."""
    return orjson.dumps(value)
