"""What happens in the shop, in words of the event contract (`scoring/events.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final, NamedTuple

Value = str | int | float | bool
Event = dict[str, Value]
"""One event as JSON has it; `type` says which topic it belongs to."""

DAY_MS: Final = 86_400_000

_SHOP_TIME: Final = timezone(timedelta(hours=8))  # China has had no summer time since 1991


class Moment(NamedTuple):
    """When something happens (epoch milliseconds), to whom, and the id of the event.

    Moments sort by time.
    """

    at_ms: int
    customer_id: str
    event_id: str


def sale(
    moment: Moment, amount: float, cost: float, line: str, invoice: str | None = None
) -> Event:
    """Goods of a product line sold for `amount` that cost the shop `cost`, in major units."""
    money: Event = {"kind": "sale", "amount": _money(amount), "cost": _money(cost)}
    return _event("transaction", moment) | money | {"category": line} | _billed(invoice)


def refund(moment: Moment, amount: float, cost: float) -> Event:
    """Goods taken back: `amount` returned, goods of value `cost` in the store again."""
    money: Event = {"kind": "refund", "amount": _money(amount), "cost": _money(cost)}
    return _event("transaction", moment) | money


def payment(moment: Moment, amount: float, due_ms: int, invoice: str | None = None) -> Event:
    """Money received for an invoice that was due on the day of `due_ms`."""
    due = _instant(due_ms).date().isoformat()
    return _event("payment", moment) | {"amount": _money(amount), "due_at": due} | _billed(invoice)


def complaint(moment: Moment, severity: int, category: str) -> Event:
    """A complaint of severity 1 (a remark) to 5 (they are leaving)."""
    return _event("complaint", moment) | {"severity": severity, "category": category}


def praise(moment: Moment, rating: int) -> Event:
    """Praise with a rating of 1 to 5."""
    return _event("praise", moment) | {"rating": rating}


def answer(moment: Moment, question: str, value: int) -> Event:
    """An answer to "would you recommend us?" (`nps`) or "how content are you?" (`csat`)."""
    return _event("feedback", moment) | {"kind": question, "value": value}


def suggestion(moment: Moment) -> Event:
    """A suggestion what the shop could do better."""
    return _event("feedback", moment) | {"kind": "suggestion"}


def engagement(moment: Moment, kind: str) -> Event:
    """Something besides business that binds a company to the shop: it asks, it recommends us."""
    return _event("engagement", moment) | {"kind": kind}


def profile(moment: Moment, attributes: Mapping[str, Value]) -> Event:
    """What the shop knows of a company."""
    return _event("profile", moment) | dict(attributes)


def _billed(invoice: str | None) -> Event:
    return {} if invoice is None else {"invoice_id": invoice}


def _event(kind: str, moment: Moment) -> Event:
    return {
        "type": kind,
        "event_id": moment.event_id,
        "customer_id": moment.customer_id,
        "occurred_at": _instant(moment.at_ms).isoformat(timespec="milliseconds"),
    }


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, _SHOP_TIME)


def _money(amount: float) -> str:
    return f"{amount:.2f}"
