"""Job P1's events, the same bytes for the same numbers: what every engine was compared on.

A shop's customers over 400 days: 60 % transactions (one in twenty a refund), 25 % payments, 10 %
praise, 5 % complaints; one event in a hundred arrives up to three days late; few customers are
much busier than most (Pareto, the "80/20" one).
"""

import itertools
import json
import math
import random
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

START_MS: Final = 1_704_067_200_000  # 2024-01-01 UTC
DAY_MS: Final = 86_400_000
DAYS: Final = 400
TYPES: Final = ("transaction", "payment", "complaint", "praise")
TOPICS: Final = {
    "transaction": "p1.transactions",
    "payment": "p1.payments",
    "complaint": "p1.complaints",
    "praise": "p1.praise",
}
_CATEGORIES: Final = ("delivery", "quality", "billing", "service")
_CHANNELS: Final = ("app", "phone", "store", "web")
_encode = json.JSONEncoder(separators=(",", ":")).encode


class Shape(NamedTuple):
    """How many events, of how many customers, by which chance."""

    events: int = 1_000_000
    customers: int = 100_000
    seed: int = 1


def events(shape: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield type and fields of each event in order of arrival."""
    chance = random.Random(shape.seed)
    shop = _Shop(shape.customers, chance)
    draw = chance.random
    for i in range(shape.events):
        at = START_MS + i * DAYS * DAY_MS // shape.events
        if draw() < 0.01:
            at -= int(draw() * 3 * DAY_MS)
        customer = shop.someone()
        fields = {"event_id": f"e{i:09d}", "customer_id": f"C{customer:07d}", "occurred_at": at}
        kind = draw()
        if kind < 0.60:
            yield "transaction", fields | shop.transaction(customer, i)
        elif kind < 0.85:
            yield "payment", fields | shop.payment(customer, i, at)
        elif kind < 0.95:
            yield "praise", fields | shop.praise()
        else:
            yield "complaint", fields | shop.complaint()


def encoded(shape: Shape) -> Iterator[tuple[str, str, bytes]]:
    """Yield type, customer and JSON of each event in order of arrival."""
    for kind, fields in events(shape):
        yield kind, fields["customer_id"], _encode(fields).encode()


def line(kind: str, value: bytes) -> bytes:
    """Return an event as a line of a file for `valuepulse replay`: with its `type`."""
    return b'{"type":"%s",%s\n' % (kind.encode(), value[1:])


class _Shop:
    """The customers' habits, and the dice. Every draw is in the order that the bytes depend on."""

    def __init__(self, customers: int, chance: random.Random) -> None:
        self._draw = chance.random
        # the busiest cut at 500 times the least busy
        activity = [min(chance.paretovariate(1.16), 500.0) for _ in range(customers)]
        self._cumulated = list(itertools.accumulate(activity))
        self._usual_cents = [int(100 * chance.lognormvariate(math.log(120), 0.9)) for _ in activity]
        self._punctuality = [0.5 + 0.5 * self._draw() for _ in activity]

    def someone(self) -> int:
        cumulated = self._cumulated
        place = bisect_right(cumulated, self._draw() * cumulated[-1])
        return min(place, len(cumulated) - 1)

    def transaction(self, customer: int, i: int) -> dict[str, Any]:
        cents = self._cents(customer)
        return {
            "amount": _text(cents),
            "cost": _text(int(cents * (0.45 + 0.5 * self._draw()))),
            "currency": "CNY",
            "kind": "refund" if self._draw() < 0.05 else "sale",
            "order_id": f"O{i:09d}",
        }

    def payment(self, customer: int, i: int, at: int) -> dict[str, Any]:
        amount = _text(self._cents(customer))
        late = self._draw() > self._punctuality[customer]
        until_due = -int(self._draw() * 30 * DAY_MS) if late else int(self._draw() * 20 * DAY_MS)
        return {"amount": amount, "due_at": at + until_due, "invoice_id": f"I{i:09d}"}

    def praise(self) -> dict[str, Any]:
        rating = 1 + int(self._draw() * 5)
        return {"rating": rating, "channel": _CHANNELS[int(self._draw() * 4)]}

    def complaint(self) -> dict[str, Any]:
        severity = 1 + int(self._draw() * 5)
        return {"severity": severity, "category": _CATEGORIES[int(self._draw() * 4)]}

    def _cents(self, customer: int) -> int:
        return max(100, int(self._usual_cents[customer] * (0.3 + 1.4 * self._draw())))


def _text(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
