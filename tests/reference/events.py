"""JSON events and what each adds to its day (§3)."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.days import DAY_MS, due_instant, instant, local_day
from tests.reference.model import Model

Increments = list[tuple[str, int]]


@dataclass(frozen=True)
class Event:
    """An accepted event: when (epoch milliseconds, business day) and what it adds to its day."""

    type: str
    event_id: str
    customer_id: str
    at: int
    day: int
    kind: str
    adds: tuple[tuple[str, int], ...]
    said: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Of a merge and a handover: the whole value."""


def parse(line: str | bytes, model: Model) -> Event:
    """Read one well-formed JSON event with its `type`."""
    value = json.loads(line, parse_float=Decimal)
    at = instant(value["occurred_at"])
    day = local_day(at, model.zone)
    kind = value["type"]
    if kind == "transaction":
        kind = value.get("kind") or "sale"
    adds = tuple(_adds(kind, value, at, day, model))
    said = value if kind in {"merge", "handover"} else {}
    return Event(value["type"], value["event_id"], value["customer_id"], at, day, kind, adds, said)


def _adds(kind: str, value: dict[str, Any], at: int, day: int, model: Model) -> Increments:
    amount = 0
    if kind in {"sale", "refund", "payment"}:
        amount = model.minor(value["amount"], value.get("currency"), day)
    match kind:
        case "sale":
            costed = _costed(value, 1, amount, day, model)
            return [("orders", 1), ("sale_amount", amount), *costed]
        case "refund":
            costed = _costed(value, -1, amount, day, model)
            return [("refunds", 1), ("refund_amount", amount), *costed]
        case "payment":
            return [("payments", 1), ("payment_amount", amount), *_punctuality(value, at, model)]
        case "complaint":
            severity = value.get("severity")
            return [("complaints", 1), ("complaint_severity", 3 if severity is None else severity)]
        case "praise":
            rating = value.get("rating")
            rated = [] if rating is None else [("praise_rated", 1), ("praise_rating", rating)]
            return [("praise", 1), *rated]
        case "erasure" | "merge" | "unmerge" | "handover":
            return []
    raise ValueError(f"kind {kind!r} of event {value['event_id']!r} is not in the table of §3")


def _costed(value: dict[str, Any], sign: int, amount: int, day: int, model: Model) -> Increments:
    if value.get("cost") is not None:
        parts = [value["cost"]]
    elif value.get("costs") is not None:
        parts = [part for part in value["costs"].values() if part is not None]
    else:
        return []
    cost = sum(model.minor(part, value.get("currency"), day) for part in parts)
    return [("margin", sign * (amount - cost)), ("costed_net", sign * amount)]


def _punctuality(value: dict[str, Any], at: int, model: Model) -> Increments:
    if value.get("due_at") is None:
        return []
    due = due_instant(value["due_at"], model.zone)
    if at <= due:
        return [("payments_due", 1), ("payments_on_time", 1)]
    return [("payments_due", 1), ("days_late", math.ceil(Fraction(at - due, DAY_MS)))]
