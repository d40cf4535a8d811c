"""Sending events to their topics, as any producer would: by type, keyed by customer."""

import asyncio
import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import orjson

from streams.settings import Settings
from streams.topics import Topics

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

    from streams.partitioning import Partitioning

BATCH_BYTES: Final = 256 * 1024
LARGEST_EVENT: Final = 1_000_000
"""Bytes that a topic takes as Kafka makes it: 1 MiB less what goes around an event."""

_UNCONFIRMED: Final = 64  # batches on their way at once; more would only use memory


class UnusableEventError(ValueError):
    """Something that no topic can be found for; says why."""


class Addressed(NamedTuple):
    """An event as bytes, with what decides where it goes, and when.

    `at_ms` is when it happened, in epoch milliseconds; None if that cannot be read.
    """

    type: str
    customer: str
    value: bytes
    at_ms: int | None = None


def addressed(line: bytes, types: frozenset[str]) -> Addressed:
    """Find type and customer of an event; whether the rest is right is for the worker to say.

    Raises:
        UnusableEventError: It is no JSON object, or has no usable `type` or `customer_id`.
    """
    if len(line) > LARGEST_EVENT:
        raise UnusableEventError(f"has {len(line)} bytes, topics take {LARGEST_EVENT}")
    event = _parsed(line)
    if not isinstance(event, dict):
        raise UnusableEventError("is not a JSON object")
    kind, customer = event.get("type"), event.get("customer_id")
    if not isinstance(kind, str) or kind not in types:
        raise UnusableEventError(f"has the type {_cut(kind)}; known are {', '.join(sorted(types))}")
    if not isinstance(customer, str) or not customer:
        raise UnusableEventError(f"has the customer_id {_cut(customer)}; it must be a text")
    return Addressed(kind, customer, line, _time_of(event))


def _parsed(line: bytes) -> object:
    """Return what a line holds; half a surrogate is JSON too, and the worker's to judge."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(line)
        except (ValueError, RecursionError):  # the latter of what is nested without end
            raise UnusableEventError(f"is not JSON: {error}") from None


def _time_of(event: dict[str, object]) -> int | None:
    match event.get("occurred_at"):
        case bool():
            return None
        case int(at_ms):
            return at_ms
        case float(number) if number.is_integer():
            return int(number)
        case str(text):
            return _instant(text)
    return None


def _instant(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else round(at.timestamp() * 1000)


def _cut(value: object) -> str:
    return "null or none" if value is None else repr(value)[:60]


class EventSender:
    """Collects events into batches, one a partition, and sends them in order.

    Partitions are chosen as the other producers choose them (`topics.partitioner`), so that their
    events for the same customer come to the same shard. `sent` counts the events taken.
    """

    @classmethod
    async def create(cls, producer: "AIOKafkaProducer", settings: Settings) -> Self:
        """Ask the broker how many partitions the input topics have."""
        from streams.partitioning import Partitioning

        topics = Topics.of(settings).by_type()
        partitions = {
            kind: len(await producer.partitions_for(name)) for kind, name in topics.items()
        }
        partitioner = settings.topics.partitioner
        spread = {kind: Partitioning(partitioner, count) for kind, count in partitions.items()}
        Partitioning(partitioner, 2).of(b"")  # compiles it, before the first event waits for it
        return cls(producer, topics, spread)

    def __init__(
        self,
        producer: "AIOKafkaProducer",
        topics: dict[str, str],
        spread: "dict[str, Partitioning]",
    ) -> None:
        self.sent = 0
        self._producer = producer
        self._topics = topics
        self._spread = spread
        self._partitions: dict[tuple[str, bytes], int] = {}
        self._batches: dict[tuple[str, int], object] = {}
        self._unconfirmed: set[asyncio.Future[object]] = set()

    async def send(self, event: Addressed) -> None:
        """Take an event; it is on its way when its batch is full, or at the next `flush`.

        Raises:
            KafkaError: An earlier batch was not taken.
        """
        key = event.customer.encode("utf-8", "surrogatepass")
        place = event.type, self._partition(event.type, key)
        while not self._append(place, key, event.value):
            await self._send_batch(place)
        self.sent += 1

    async def flush(self) -> None:
        """Send what was collected, and return when the broker has all of it."""
        for place in list(self._batches):
            await self._send_batch(place)
        await self._confirmed(at_most=0)

    def _append(self, place: tuple[str, int], key: bytes, value: bytes) -> bool:
        if place not in self._batches:
            self._batches[place] = self._producer.create_batch()
        batch = self._batches[place]
        now = int(time.time() * 1000)
        appended = batch.append(timestamp=now, key=key, value=value)  # type: ignore[attr-defined]
        return appended is not None

    async def _send_batch(self, place: tuple[str, int]) -> None:
        kind, partition = place
        batch = self._batches.pop(place)
        await self._confirmed(at_most=_UNCONFIRMED - 1)
        sending = await self._producer.send_batch(batch, self._topics[kind], partition=partition)
        self._unconfirmed.add(sending)

    async def _confirmed(self, at_most: int) -> None:
        """Wait until no more batches than that are on their way."""
        while len(self._unconfirmed) > at_most:
            done, self._unconfirmed = await asyncio.wait(
                self._unconfirmed, return_when=asyncio.FIRST_COMPLETED
            )
            for sending in done:
                sending.result()

    def _partition(self, kind: str, key: bytes) -> int:
        if (kind, key) not in self._partitions:
            self._partitions[kind, key] = self._spread[kind].of(key)
        return self._partitions[kind, key]
