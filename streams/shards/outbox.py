"""The outbox of a shard: what its commits caused, published after them and before it is forgotten.

A commit writes an outbox slot together with the states. Slots are published in the order of the
commits, while later batches go on; a worker that takes the shard over publishes what is left again,
under the same ids.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from streams.metrics import Metrics
from streams.output.messages import Message, to_json
from streams.output.publisher import Publisher, Record, cloud_event_headers
from streams.shards.fault_points import AFTER_PUBLISH, passing
from streams.shards.feed import Feed
from streams.state.patience import patiently
from streams.state.store import Slot, Store
from streams.tasks import together

_MOST_UNPUBLISHED: Final = 64
"""Commits that may run ahead of their publication."""


class Outputs(NamedTuple):
    """Names of the topics that a shard writes, and the group that dead letters name.

    `commands` is an input: shards hand merged customers over by it.
    """

    tier_changes: str
    value_alerts: str
    segment_changes: str
    commands: str
    customer_scores: str
    dead_letters: str
    group: str


class Outbox:
    """Publishes what commits caused; `feed` None: no CRM feed."""

    def __init__(
        self,
        shard: int,
        store: Store,
        publisher: Publisher,
        outputs: Outputs,
        feed: Feed | None,
        metrics: Metrics,
    ) -> None:
        self._shard = shard
        self._store = store
        self._publisher = publisher
        self._outputs = outputs
        self._feed = feed
        self._metrics = metrics
        self._waiting: asyncio.Queue[tuple[int, list[Message], list[bytes]]] = asyncio.Queue(
            _MOST_UNPUBLISHED
        )
        self._trimmed: set[int] = set()

    def slot(
        self, number: int, messages: Sequence[Message], customers: Sequence[bytes]
    ) -> Slot | None:
        """Return what a commit must store to be published whatever happens; None for nothing."""
        if not messages and self._feed is None:
            return None
        named = customers if self._feed is not None else ()
        value = {
            "messages": [
                [m.role, m.id, m.customer.decode(), m.value]
                + ([] if m.partition is None else [m.partition])
                for m in messages
            ],
            "customers": [customer.decode() for customer in named],
        }
        return Slot(number, orjson.dumps(value))

    def left(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """Return those of a meta's slots that are not known to be published."""
        self._trimmed.intersection_update(numbers)
        return tuple(number for number in numbers if number not in self._trimmed)

    async def put(self, number: int, messages: list[Message], customers: Sequence[bytes]) -> None:
        """Take what a commit caused; waits while too much is unpublished."""
        await self._waiting.put((number, messages, list(customers)))

    async def recover(self, numbers: Sequence[int]) -> None:
        """Publish again what earlier commits caused and may not have been published."""
        slots = await self._patiently(lambda: self._store.slots(self._shard, numbers))
        self._trimmed = set(numbers) - {slot.number for slot in slots}
        for slot in slots:
            stored: dict[str, Any] = orjson.loads(slot.value)
            messages = [
                Message(role, identity, customer.encode(), *rest)
                for role, identity, customer, *rest in stored["messages"]
            ]
            await self.put(slot.number, messages, [c.encode() for c in stored["customers"]])

    async def drain(self) -> None:
        """Wait until everything taken is published."""
        await self._waiting.join()

    async def run(self) -> None:
        """Publish for ever."""
        if self._feed is None:
            await self._publish_all()
            return
        feeding = self._feed.run(
            self._publisher, self._outputs.customer_scores, self._shard, self._trim
        )
        await together(feed=feeding, publication=self._publish_all())

    async def _publish_all(self) -> None:
        topics = (
            ("tier_changes", self._outputs.tier_changes),
            ("value_alerts", self._outputs.value_alerts),
            ("segment_changes", self._outputs.segment_changes),
        )
        while True:
            number, messages, customers = await self._waiting.get()
            for role, topic in topics:
                if records := [_record(message) for message in messages if message.role == role]:
                    await self._publisher.publish(topic, self._shard, records)
            await self._hand_over([message for message in messages if message.role == "commands"])
            passing(AFTER_PUBLISH)
            if self._feed is None:
                await self._trim([number])
            else:
                urgent = {m.customer for m in messages if m.role == "tier_changes"}
                self._feed.add(number, customers, urgent)
            self._waiting.task_done()

    async def _hand_over(self, messages: Sequence[Message]) -> None:
        """Send what other shards (or this one) must be told, each in order."""
        for partition in dict.fromkeys(m.partition for m in messages if m.partition is not None):
            records = [
                Record(message.customer, to_json(message.value), [])
                for message in messages
                if message.partition == partition
            ]
            await self._publisher.publish(self._outputs.commands, partition, records)

    async def _trim(self, numbers: Sequence[int]) -> None:
        await self._patiently(lambda: self._store.trim(self._shard, numbers))
        self._trimmed.update(numbers)

    async def _patiently(self, attempt: Callable[[], Awaitable[Any]]) -> Any:
        return await patiently(attempt, shard=self._shard, metrics=self._metrics)


def _record(message: Message) -> Record:
    said = message.value
    kind = message.role.removesuffix("s").replace("_", "-")
    headers = cloud_event_headers(message.id, kind, said["customer_id"], said["occurred_at"])
    return Record(message.customer, to_json(said), headers)
