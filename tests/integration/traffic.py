"""Generated traffic: what producers send to the input topics, good and bad, from a seed."""

from __future__ import annotations

import json
import random
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

FACTS = ("transaction", "payment", "complaint", "praise")
COMMANDS = "commands"
TYPES = (*FACTS, COMMANDS)
"""The input topics that get traffic, by what they carry."""
INPUTS = (*FACTS, "feedback", "engagement", "cost", "profile", COMMANDS)
"""All input topics; the traffic of a seed stays what it was."""
PARTITIONS = 4
ONCE_ERASED = 500
START = datetime(2024, 3, 1, tzinfo=UTC)
FIRST_ARRIVAL_MS = int(time.time() * 1000) - 86_400_000
"""Of the first record. Those after it follow 1 ms apart, so that order of arrival is total.

A day ago: dead letters keep the time of their record, and Kafka deletes what is older than a
topic's retention.
"""


class Sent(NamedTuple):
    """A record as its producer sends it; `is_good` tells whether it must be scored."""

    event_type: str
    key: bytes | None
    value: bytes | None
    arrived_ms: int
    is_good: bool = True
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def partition(self) -> int:
        """The same for a customer in every topic."""
        return shard_of(self.key)


def shard_of(customer: bytes | None) -> int:
    """Return the partition of a customer's records."""
    return zlib.crc32(customer or b"") % PARTITIONS


def traffic(
    seed: int, *, customers: int, events: int, days: int, merge_every: int | None = None
) -> list[Sent]:
    """Return records in order of arrival: 5 % sent twice, 6 % late by up to 20 days, 1 % bad.

    One in a thousand erases its customer. With `merge_every`, one in so many merges it into another
    one, and as many undo that.
    """
    chance = random.Random(seed)
    step = timedelta(days=days) / events
    sent: list[Sent] = []
    for n in range(events):
        arrived = FIRST_ARRIVAL_MS + n
        share = chance.random()
        if share < 0.05 and sent:
            again = chance.choice(sent[-200:] if share < 0.03 else sent)
            sent.append(again._replace(arrived_ms=arrived))
        elif share < 0.06:
            key = _name(chance.randrange(customers)).encode()
            bad = chance.choice(BAD_VALUES)
            sent.append(Sent(chance.choice(TYPES), key, bad, arrived, is_good=False))
        else:
            at = START + n * step
            if chance.random() < 0.06:
                at -= timedelta(hours=chance.choice([1, 5, 30, 100, 480]))
            who = chance.randrange(customers)
            if merge_every is not None and n % (merge_every // 2) == merge_every // 3:
                sent.append(_command(chance, n, n // merge_every * 13, customers, at, arrived))
            else:
                sent.append(_good(chance, n, who, at, arrived))
    return sent


BAD_VALUES = (b"", b"{", b'{"event_id": NaN}', b"\xff\xfe", b"[" * 500, b'{"event_id": "x"}', b"17")


def _name(customer: int) -> str:
    return f"客户-{customer}" if customer % 10 == 0 else f"customer-{customer}"


def _good(chance: random.Random, n: int, customer: int, at: datetime, arrived: int) -> Sent:
    """An event of a customer whose mood changes every fortnight, so that tiers go up and down."""
    mood = (customer * 7 + (at - START).days // 14 * 5) % 10
    event_type = chance.choices(FACTS, (50, 20, 5 + 3 * (9 - mood), 5 + 3 * mood))[0]
    if n % 1_009 == ONCE_ERASED:
        return _sent("erasure", n, customer, at, arrived, {"reason": "客户要求"})
    return event_of(chance, event_type, n, customer, mood, at, arrived)


def event_of(
    chance: random.Random,
    event_type: str,
    n: int,
    customer: int,
    mood: int,
    at: datetime,
    arrived: int,
) -> Sent:
    """The n-th event, of this type; the higher a customer's mood, the more it is worth."""
    return _sent(event_type, n, customer, at, arrived, _fields(chance, event_type, mood, at))


def _command(
    chance: random.Random, n: int, turn: int, customers: int, at: datetime, arrived: int
) -> Sent:
    """A merge, or what undoes the one before it; some are not possible."""
    customer = turn % customers
    if chance.random() < 0.45:
        return _sent("unmerge", n, customer, at, arrived, {"reason": "误合并"})
    into = _name((customer + chance.randrange(customers)) % customers)
    return _sent(
        "merge", n, customer, at, arrived, {"into": into, "into_shard": shard_of(into.encode())}
    )


def _sent(
    event_type: str, n: int, customer: int, at: datetime, arrived: int, fields: dict[str, Any]
) -> Sent:
    event = {
        "type": event_type,
        "event_id": f"e{n}",
        "customer_id": _name(customer),
        "occurred_at": at.isoformat(timespec="milliseconds"),
    } | fields
    value = json.dumps(event, ensure_ascii=False).encode()
    topic = event_type if event_type in FACTS else COMMANDS
    return Sent(topic, _name(customer).encode(), value, arrived)


def _fields(chance: random.Random, event_type: str, mood: int, at: datetime) -> dict[str, Any]:
    if event_type in ("complaint", "praise"):
        return {{"complaint": "severity", "praise": "rating"}[event_type]: chance.randint(1, 5)}
    cents = int(chance.lognormvariate(9 + mood / 3, 1)) + 1
    amount = f"{cents // 100}.{cents % 100:02d}"
    if event_type == "payment":
        due = at + timedelta(days=chance.choice([-20, -3, 0, 1, 10] if mood < 5 else [0, 5, 30]))
        return {"amount": amount, "due_at": due.date().isoformat()}
    kind = "refund" if chance.random() < 0.25 - mood / 50 else "sale"
    return {"amount": amount, "kind": kind, "cost": f"{cents * 0.7 / 100:.2f}"}
