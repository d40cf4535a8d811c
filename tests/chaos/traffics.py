"""Traffic of rows whose fault is in the input: made from the common one, from a seed."""

from __future__ import annotations

import itertools
import json
import random
import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.traffic import (
    FACTS,
    FIRST_ARRIVAL_MS,
    PARTITIONS,
    START,
    TYPES,
    Sent,
    event_of,
    traffic,
)

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
HOT = "hot"
FIRST_ON_TIME = 5_000
"""So many events on time bring every shard to the day before one comes late."""


def shard_of(customer: str) -> int:
    """Return the partition number of a customer's records."""
    return zlib.crc32(customer.encode()) % PARTITIONS


def common(seed: int, events: int) -> list[Sent]:
    """All four types, with 5 % sent twice, 6 % late and 1 % bad."""
    return traffic(seed, customers=max(20, events // 33), events=events, days=40)


def in_order(sent: Sequence[Sent]) -> list[Sent]:
    """Let records arrive in the order given, 1 ms apart."""
    first = min(record.arrived_ms for record in sent)
    return [record._replace(arrived_ms=first + n) for n, record in enumerate(sent)]


def repeated(seed: int, events: int) -> list[Sent]:
    """A third is sent twice: half of that within 50 records, the others 2,000 records later."""
    chance = random.Random(seed)
    sent = common(seed, events * 3 // 4)
    places = [
        (n + chance.choice([chance.randint(1, 50), 2_000]), record)
        for n, record in enumerate(sent)
        if record.is_good and chance.random() < 1 / 3
    ]
    every = [(float(n), record) for n, record in enumerate(sent)]
    every += [(at + 0.5, record) for at, record in places]
    every.sort(key=lambda pair: pair[0])
    return in_order([record for _, record in every])


def out_of_order(seed: int, events: int) -> list[Sent]:
    """Half of the events happened up to 40 days earlier than they arrive, 2 % 500 to 900 days."""
    chance = random.Random(seed)

    def late(event: dict[str, Any]) -> None:
        share = chance.random()
        days = chance.uniform(0, 40) if share < 0.5 else 0.0
        if share > 0.98:
            days = chance.uniform(500, 900)
        at = datetime.fromisoformat(event["occurred_at"]) - timedelta(days=days)
        event["occurred_at"] = at.isoformat(timespec="milliseconds")

    return [changed(record, late) for record in common(seed, events) if record.is_good]


def skewed(seed: int, events: int) -> list[Sent]:
    """Producers' clocks are a day ahead or behind, by topic; some events are of the year 9999."""
    chance = random.Random(seed)
    shift = dict(zip(TYPES, (0, DAY_MS // 2, -DAY_MS, 1_000, 0), strict=True))
    sent = []
    for n, record in enumerate(common(seed, events)):
        moved = record._replace(arrived_ms=record.arrived_ms + shift[record.event_type])
        if record.is_good and chance.random() < 0.02:
            at = chance.choice(["9999-12-31T23:59:59Z", _in_an_hour(n)])
            moved = changed(moved, lambda event, at=at: event.update(occurred_at=at))
            moved = moved._replace(is_good=False)
        sent.append(moved)
    return sent


def _in_an_hour(n: int) -> int:
    return int(time.time() * 1000) + DAY_MS // 24 + n


POISON: tuple[bytes | None, ...] = (
    None,
    b"sale of 12.50",
    b'{"event_id": NaN}',
    b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    b"\xff\xfe\x00",
)


def poisoned(seed: int, events: int) -> list[Sent]:
    """Every tenth is poison: bad JSON, NaN, 1e400, 10 MB, deep, null, no key, another's key."""
    chance = random.Random(seed)
    sent: list[Sent] = []
    for n, record in enumerate(common(seed, events * 9 // 10)):
        sent.append(record)
        if n % 9 == 0:
            sent.append(_poison(chance, n, record))
    return in_order(sent)


def _poison(chance: random.Random, n: int, beside: Sent) -> Sent:
    """One bad record, in the partition of the one beside it where its key allows."""
    kind = chance.randrange(len(POISON) + 5)
    if kind < len(POISON):
        return beside._replace(value=POISON[kind], is_good=False, event_type="transaction")
    amounts = ('"10.00"', '"10.00"', "1e400", '"-5.00"', '"10.00"')
    note = "x" * 10_000_000 if kind == len(POISON) + 4 and n % 40 == 0 else "x" * 70_000
    text = (
        f'{{"event_id": "poison-{n}", "customer_id": "customer-1", '
        f'"occurred_at": "2024-03-02T00:00:00Z", "amount": {amounts[kind - len(POISON)]}, '
        f'"note": "{note if kind == len(POISON) + 4 else ""}"}}'
    )
    keys = (None, b"somebody", b"customer-1", b"customer-1", b"customer-1")
    return Sent(
        "transaction", keys[kind - len(POISON)], text.encode(), beside.arrived_ms, is_good=False
    )


def hot(seed: int, events: int) -> list[Sent]:
    """Half of all events are one customer's."""

    def of_hot(event: dict[str, Any]) -> None:
        if zlib.crc32(event["event_id"].encode()) % 2:
            event["customer_id"] = HOT

    return [changed(record, of_hot) for record in common(seed, events) if record.is_good]


def of_today(seed: int, events: int) -> list[Sent]:
    """The common traffic, moved so that its last events happen when their records arrive.

    One in fifty happens an hour after its record's arrival, which no clock can have shown.
    """
    chance = random.Random(seed)
    every = common(seed, events)
    shift = datetime.fromtimestamp(FIRST_ARRIVAL_MS / 1000, UTC) - START - timedelta(days=40)

    def moved(event: dict[str, Any]) -> None:
        at = datetime.fromisoformat(event["occurred_at"]) + shift
        event["occurred_at"] = at.isoformat(timespec="milliseconds")

    sent = [changed(record, moved) if record.is_good else record for record in every]
    return [_an_hour_early(n, r) if r.is_good and chance.random() < 0.02 else r
            for n, r in enumerate(sent)]  # fmt: skip


def _an_hour_early(n: int, record: Sent) -> Sent:
    at = record.arrived_ms + HOUR_MS + n
    early = changed(record, lambda event: event.update(occurred_at=at))
    return early._replace(is_good=False)


def with_merges(seed: int, events: int) -> list[Sent]:
    """The common traffic, and customers that are merged and unmerged, now and then impossibly."""
    customers = max(20, events // 33)
    return traffic(seed, customers=customers, events=events, days=40, merge_every=100)


def none(seed: int, events: int) -> list[Sent]:
    """Nothing: the row sends while its workers run."""
    return []


def of_one_topic_each(seed: int, customers: int) -> Iterator[Sent]:
    """Events of one day without end, each customer's in one topic, 5 % of them sent twice.

    Records that are sent while workers run meet in no order between topics that could be known
    afterwards. Here none matters: a customer's are in one topic, and the day is the same from the
    first on. After the first ones 6 % are late by up to 20 days.
    """
    chance = random.Random(seed)
    sent: deque[Sent] = deque(maxlen=5_000)
    for n in itertools.count():
        if sent and chance.random() < 0.05:
            yield chance.choice(sent)
            continue
        customer, at = chance.randrange(customers), START + timedelta(hours=6)
        if n > FIRST_ON_TIME and chance.random() < 0.06:
            at -= timedelta(hours=chance.choice([1, 5, 30, 100, 480]))
        event_type = FACTS[min(max(0, customer % 10 - 6), 3)]
        mood = chance.choice([customer // 10 % 10, chance.randrange(10)])
        sent.append(event_of(chance, event_type, n, customer, mood, at, arrived=0))
        yield sent[-1]


def changed(record: Sent, change: Any) -> Sent:
    """Change a good record's event; its key follows the customer."""
    event: dict[str, Any] = json.loads(record.value or b"{}")
    change(event)
    value = json.dumps(event, ensure_ascii=False).encode()
    return record._replace(key=event["customer_id"].encode(), value=value)
