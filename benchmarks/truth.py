"""Job P1's rule the plain way, one event after another: what a right engine must come to.

Slow and obvious: each event sums its customer's days anew. Shares no code with `scoring`.
"""

import json
import math
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

_DAY_MS: Final = 86_400_000
TIERS: Final = ("ordinary", "important", "VIP")
_ENTER_AT: Final = (-math.inf, 60.0, 80.0)
_MARGIN: Final = 2.0  # a tier is left downward only this far below the bound at which it is entered
_LONGEST_DAYS: Final = 365
_COLUMNS: Final = 8
_NET, _PROFIT, _ORDERS, _REFUNDS, _PAYMENTS, _ON_TIME, _COMPLAINTS, _PRAISE = range(_COLUMNS)


class Change(NamedTuple):
    """A tier change: who, from which tier to which, because of which event."""

    customer: str
    origin: str
    target: str
    event_id: str


class Truth(NamedTuple):
    """What a number of events must lead to; `scores` and `tiers` are the last ones by customer."""

    events: int
    changes: list[Change]
    scores: dict[str, float]
    tiers: dict[str, str]


class Customer:
    """A customer's days in integer cents and counts, its tier and its score."""

    def __init__(self) -> None:
        self.newest = -1
        self.tier = 0
        self.score = 0.0
        self.days: dict[int, list[int]] = {}

    def add(self, kind: str, event: dict[str, Any]) -> tuple[int, int] | None:
        """Apply an event; return the tiers before and after if they differ."""
        day = event["occurred_at"] // _DAY_MS
        if day > self.newest:
            self.newest = day
            for old in [d for d in self.days if d <= day - _LONGEST_DAYS]:
                del self.days[old]
        if day > self.newest - _LONGEST_DAYS:
            _count(self.days.setdefault(day, [0] * _COLUMNS), kind, event)
        self.score = self._score()
        before, reached = self.tier, sum(self.score >= bound for bound in _ENTER_AT) - 1
        if reached > before or (reached < before and self.score <= _ENTER_AT[before] - _MARGIN):
            self.tier = reached
        return (before, self.tier) if self.tier != before else None

    def _score(self) -> float:
        total = [sum(column) for column in zip(*self.days.values(), strict=True)] or [0] * _COLUMNS
        spend = total[_NET] / 100
        margin_rate = total[_PROFIT] / total[_NET] if total[_NET] > 0 else 0.0
        last, previous = self._net(0, 180), self._net(180, 360)
        growth = min(1.0, max(-1.0, (last - previous) / max(previous, 1.0)))
        on_time = total[_ON_TIME] / total[_PAYMENTS] if total[_PAYMENTS] else 1.0
        praise, complaints = total[_PRAISE], total[_COMPLAINTS]
        score: float = 100 * (
            0.35 * min(1.0, math.log(1 + max(0.0, spend)) / math.log(1 + 200000))
            + 0.15 * min(1.0, total[_ORDERS] / 50)
            + 0.15 * min(1.0, max(0.0, margin_rate))
            + 0.10 * (growth + 1) / 2
            + 0.15 * on_time
            + 0.10 * (praise + 1) / (praise + complaints + 2)
        )
        return score

    def _net(self, youngest: int, end: int) -> float:
        """Return the net amount of the days that are `youngest` to `end` - 1 days old."""
        first, last = self.newest - end, self.newest - youngest
        return sum(row[_NET] for day, row in self.days.items() if first < day <= last) / 100


def _count(row: list[int], kind: str, event: dict[str, Any]) -> None:
    if kind == "transaction":
        amount, cost = _cents(event["amount"]), _cents(event["cost"])
        sign = -1 if event["kind"] == "refund" else 1
        row[_NET] += sign * amount
        row[_PROFIT] += sign * (amount - cost)
        row[_ORDERS if sign > 0 else _REFUNDS] += 1
    elif kind == "payment":
        row[_PAYMENTS] += 1
        row[_ON_TIME] += event["occurred_at"] <= event["due_at"]
    else:
        row[_COMPLAINTS if kind == "complaint" else _PRAISE] += 1


def _cents(text: str) -> int:
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part)


def truth_of(lines: Iterable[bytes]) -> Truth:
    """Return what events, given as lines with their `type`, must lead to in this order."""
    customers: dict[str, Customer] = {}
    changes = []
    count = 0
    for text in lines:
        event = json.loads(text)
        who = event["customer_id"]
        customer = customers.get(who)
        if customer is None:
            customer = customers[who] = Customer()
        count += 1
        if moved := customer.add(event["type"], event):
            changes.append(Change(who, TIERS[moved[0]], TIERS[moved[1]], event["event_id"]))
    scores = {who: customer.score for who, customer in customers.items()}
    tiers = {who: TIERS[customer.tier] for who, customer in customers.items()}
    return Truth(count, changes, scores, tiers)
