"""JSON events: what each adds to its day by itself (§3), its invoice (§10), what it sets (§11)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tests.reference.days import day_number, due_instant, instant, local_day
from tests.reference.model import Model

Increments = list[tuple[str, int]]
Value = str | float | bool | None
"""Of an attribute; None takes it away."""

OF_ORDERS = {"sale", "refund", "void", "chargeback"}
COMMON = {"type", "event_id", "customer_id", "occurred_at", "sequence"}
ADD_NOTHING = {"void", "profile", "override", "erasure", "merge", "unmerge", "handover"}
ENGAGEMENTS = {
    "inquiry": "inquiries", "task": "tasks", "process": "processes",
    "referral": "referrals", "renewal": "renewals", "contract": "contracts",
}  # fmt: skip
COSTS = {
    part: f"{part}_costs"
    for part in ("production", "logistics", "service", "marketing", "after_sales")
}


@dataclass(frozen=True)
class Event:
    """An accepted event: when (epoch milliseconds, business day) and what it adds to its day.

    `kind` is the type, of a transaction sale or refund. `adds` is what §3 says of it alone;
    what it adds as part of an invoice is up to the others of that invoice. `due_day` is of a sale
    or payment with `due_at`. `sets` are attributes.
    """

    type: str
    event_id: str
    customer_id: str
    at: int
    day: int
    kind: str
    adds: tuple[tuple[str, int], ...]
    said: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """Of a merge and a handover: the whole value."""
    amount: int = 0
    own: int = 0
    """In minor units of its own currency."""
    currency: str = ""
    """Other than the base's."""
    order: str | None = None
    counts_on: int | None = None
    """The day of the sale that it is judged with (§15); else its own."""
    pays: str | None = None
    """What a refund without invoice adds its amount to (§10, §15)."""
    invoice: str | None = None
    due_day: int | None = None
    category: str | None = None
    sets: tuple[tuple[str, Value], ...] = ()
    sequence: int = -1
    volume: int = 0
    """The amount and all costs, whatever they are of."""
    content: str = field(default="", compare=False)
    """All that counts of it, in a form that does not depend on how it is written."""


def parse(line: str | bytes, model: Model) -> Event:
    """Read one well-formed JSON event with its `type`."""
    value = json.loads(line, parse_float=Decimal)
    at = instant(value["occurred_at"])
    day = local_day(at, model.zone)
    kind = value["type"]
    if kind == "transaction":
        kind = value.get("kind") or "sale"
    amount = 0
    if kind in {"sale", "refund", "chargeback", "payment", "cost"}:
        amount = model.minor(value["amount"], value.get("currency"), day)
    currency = (value.get("currency") or model.base).upper()
    own = model.own(value["amount"], currency) if amount else 0
    has_invoice = kind in {"sale", "refund", "chargeback", "payment"}
    due_day = None
    if kind in {"sale", "payment"} and value.get("due_at") is not None:
        due_day = local_day(due_instant(value["due_at"], model.zone), model.zone)
    return Event(
        type=value["type"],
        event_id=value["event_id"],
        customer_id=value["customer_id"],
        at=at,
        day=day,
        kind=kind,
        adds=tuple(_adds(kind, value, amount, at, day, model)),
        said=value if kind in {"merge", "handover"} else {},
        amount=amount,
        own=own,
        currency="" if currency == model.base else currency,
        order=value.get("order_id") if kind in OF_ORDERS else None,
        invoice=value.get("invoice_id") if has_invoice else None,
        due_day=due_day,
        category=value.get("category") if kind == "sale" else None,
        sets=tuple(_sets(kind, value)),
        sequence=-1 if value.get("sequence") is None else int(value["sequence"]),
        volume=max(amount, own) + _cost(value, day, model),
        content=_content(kind, at, value, model),
    )


def _content(kind: str, at: int, value: dict[str, Any], model: Model) -> str:
    """Write down what counts of an event, each thing in one way."""
    said: dict[str, Any] = {"kind": kind, "at": at}
    for name in SAID_BY.get(value["type"], ()):
        if value.get(name) is not None:
            said[name] = _plain(name, value[name], model)
    if value.get("sequence") is not None:
        said["sequence"] = int(value["sequence"])
    if kind in {"merge", "unmerge"}:
        said["into"] = value.get("into")
    if kind in {"nps", "csat"} or value["type"] == "feedback":
        said["answer"] = (value["kind"], value["value"] if value["kind"] != "suggestion" else None)
    said["sets"] = _sets(kind, value)
    return repr(sorted(said.items()))


SAID_BY = {
    "transaction": (
        "amount", "currency", "cost", "costs", "order_id", "invoice_id", "due_at", "category",
    ),
    "payment": ("amount", "currency", "invoice_id", "due_at"),
    "complaint": ("severity",),
    "praise": ("rating",),
    "engagement": ("kind",),
    "cost": ("amount", "currency", "kind"),
}  # fmt: skip


def _plain(name: str, said: Any, model: Model) -> Any:
    if name == "costs":
        return sorted((part, Decimal(str(n)).normalize()) for part, n in said.items() if n)
    if name in {"amount", "cost"}:
        return str(Decimal(str(said)).normalize())
    if name == "due_at":
        return due_instant(said, model.zone)
    return None if (name, said) == ("currency", model.base) else said


def _cost(value: dict[str, Any], day: int, model: Model) -> int:
    parts = [value.get("cost"), *(value.get("costs") or {}).values()]
    return sum(
        model.minor(part, value.get("currency"), day)
        for part in parts
        if part is not None and value["type"] == "transaction"
    )


def _adds(
    kind: str, value: dict[str, Any], amount: int, at: int, day: int, model: Model
) -> Increments:
    match kind:
        case "sale":
            adds = [("orders", 1), ("sale_amount", amount), ("largest_order", amount)]
            adds += _costed(value, 1, amount, day, model)
        case "refund":
            adds = [("refunds", 1), ("refund_amount", amount)]
            adds += _costed(value, -1, amount, day, model)
        case "chargeback":
            adds = [("refunds", 1), ("refund_amount", amount)]
            adds += _costed(value, -1, amount, day, model)
            severity = value.get("severity")
            adds += [("complaints", 1), ("complaint_severity", 3 if severity is None else severity)]
        case "payment":
            adds = [("payments", 1), ("payment_amount", amount), ("largest_payment", amount)]
            adds += _punctuality(value, at, model)
        case "complaint":
            severity = value.get("severity")
            adds = [("complaints", 1), ("complaint_severity", 3 if severity is None else severity)]
        case "praise":
            rating = value.get("rating")
            rated = [] if rating is None else [("praise_rated", 1), ("praise_rating", rating)]
            adds = [("praise", 1), *rated]
        case "feedback":
            adds = _answered(value)
        case "engagement":
            adds = [(ENGAGEMENTS[value["kind"]], 1)]
        case "cost":
            adds = [(COSTS[value["kind"]], amount)]
        case _ if kind in ADD_NOTHING:
            adds = []
        case _:
            raise ValueError(f"kind {kind!r} of {value['event_id']!r} is not in the table of §3")
    return adds


def _answered(value: dict[str, Any]) -> Increments:
    match value["kind"]:
        case "suggestion":
            return [("suggestions", 1)]
        case "nps":
            answer = value["value"]
            who = "promoters" if answer >= 9 else "passives" if answer >= 7 else "detractors"
            return [(who, 1)]
        case "csat":
            return [("csat", 1), ("csat_points", value["value"])]
    raise ValueError(f"feedback of kind {value['kind']!r} is not in the table of §3")


def _sets(kind: str, value: dict[str, Any]) -> list[tuple[str, Value]]:
    """Return the attributes that an event sets (§11)."""
    match kind:
        case "profile":
            return [(name, _value(said)) for name, said in value.items() if name not in COMMON]
        case "feedback" if value["kind"] in {"nps", "csat"}:
            return [(value["kind"], _value(value["value"]))]
        case "override":
            until = value.get("until")
            fields: dict[str, Value] = {
                "tier": value["tier"],
                "mode": value.get("mode") or "pin",
                "until": None if until is None else day_number(date.fromisoformat(until)),
                "author": value["author"],
                "reason": value["reason"],
            }
            return [(f"override:{value['score']}:{name}", said) for name, said in fields.items()]
    return []


def _value(said: Any) -> Value:
    """Numbers are float64; text, true, false and null are themselves, empty text is null."""
    if said == "":
        return None
    return said if said is None or isinstance(said, str | bool) else float(said)


def _costed(value: dict[str, Any], sign: int, amount: int, day: int, model: Model) -> Increments:
    parts = {
        name: model.minor(part, value.get("currency"), day)
        for name, part in (value.get("costs") or {}).items()
        if part is not None
    }
    if value.get("cost") is not None:
        cost = model.minor(value["cost"], value.get("currency"), day)
    elif parts:
        cost = sum(parts.values())
    else:
        return []
    adds = [
        ("margin", sign * (amount - cost)),
        ("costed_net", sign * amount),
        ("unsplit_costs", sign * (cost - sum(parts.values()))),
    ]
    return adds + [(COSTS[name], sign * part) for name, part in parts.items()]


def _punctuality(value: dict[str, Any], at: int, model: Model) -> Increments:
    if value.get("due_at") is None:
        return []
    due = due_instant(value["due_at"], model.zone)
    if at <= due:
        return [("payments_due", 1), ("payments_on_time", 1)]
    late = local_day(at, model.zone) - local_day(due, model.zone)
    return [("payments_due", 1), ("days_late", late)]
