"""A small real Faust app on the driver: one agent over all topics, positions kept in memory."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import faust
from faust.types import TP, StreamT
from faust.types.tuples import Message

from streams.app import TablelessApp
from streams.kafka.driver import Consumer, Transport, Wanted
from streams.kafka.fetching import FetchSettings
from streams.kafka.record_batches import value
from streams.kafka.record_sets import PositionLostError, RecordSet


@dataclass
class Log:
    """What was applied, and where to go on: the part that Redis has in the real worker.

    Outlives an app, and may be shared by two: a set counts if it begins where the last one ended.
    """

    next: dict[TP, int] = field(default_factory=dict)
    sets: list[RecordSet] = field(default_factory=list)
    stale: int = 0

    def apply(self, new: RecordSet) -> bool:
        """Take a set that continues its partition; drop one that does not."""
        if self.next.get(new.partition, new.position) != new.position:
            self.stale += 1
            return False
        self.next[new.partition] = new.next_offset
        self.sets.append(new)
        return True

    def offsets(self, partition: TP) -> list[int]:
        """Offsets of the records applied of one partition, in order of application."""
        return [o for s in self.sets if s.partition == partition for o in s.records.offset.tolist()]

    def values(self, partition: TP) -> list[bytes | None]:
        """Return the values of the records applied of one partition."""
        of = [s for s in self.sets if s.partition == partition]
        return [value(s.records, i) for s in of for i in range(len(s))]

    def __len__(self) -> int:
        """Return the number of records applied."""
        return sum(len(s) for s in self.sets)


class RecordedConsumer(Consumer):
    """The driver's consumer, with a note of every seek and of every set that it delivers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Begin with an empty record."""
        super().__init__(*args, **options)
        self.starts: dict[TP, int] = {}
        self.out_of_place: list[RecordSet] = []

    async def read_from(self, wanted: Wanted) -> None:
        """Forget where the last sets ended; what was delivered until now is void."""
        for partition in wanted:
            self.starts.pop(partition, None)
        await super().read_from(wanted)

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> AsyncIterator[tuple[TP, Message]]:
        """Note every set that begins elsewhere than at the last seek or the end of the last set."""
        async for tp, message in super().getmany(timeout):
            for delivered in cast("list[RecordSet]", message.value):
                place = delivered.partition
                if self.starts.get(place, delivered.position) != delivered.position:
                    self.out_of_place.append(delivered)
                self.starts[place] = delivered.next_offset
            yield tp, message


class RecordedTransport(Transport):
    """The driver with a `RecordedConsumer`."""

    Consumer = RecordedConsumer


@dataclass
class Reading:
    """A running app: reads `topics`, applies to `log`. `full` partitions are not wanted."""

    log: Log
    full: set[TP] = field(default_factory=set)
    refusals: list[PositionLostError] = field(default_factory=list)
    lost: set[TP] = field(default_factory=set)
    store_answers: asyncio.Event = field(default_factory=asyncio.Event)
    looks: int = 0
    placements: dict[TP, int] = field(default_factory=dict)
    consumer: RecordedConsumer = field(init=False)

    async def positions(self, partitions: set[TP]) -> Mapping[TP, int | None]:
        """Answer from the log, once the store answers."""
        await self.store_answers.wait()
        return {tp: self.log.next.get(tp) for tp in partitions}

    def placed(self, offsets: Mapping[TP, int], placement: int) -> None:
        """Note which sets are valid from now on, and where the first of them must begin."""
        self.placements |= dict.fromkeys(offsets, placement)
        self.log.next |= offsets

    def is_valid(self, taken: RecordSet) -> bool:
        """Say whether a set was fetched since the last placement."""
        return self.placements[taken.partition] == taken.placement

    def forgotten(self, partitions: Collection[TP]) -> None:
        """Note them."""
        self.lost |= set(partitions)

    def wants(self, partition: TP) -> bool:
        """Refuse sets of the full partitions."""
        self.looks += 1
        return partition not in self.full

    def refused(self, error: PositionLostError) -> None:
        """Keep the error for the test to look at."""
        self.refusals.append(error)


def new_app(bootstrap: str, group: str) -> faust.App:
    """Return an app with the settings of the worker."""
    return TablelessApp(
        group,
        broker=f"kafka://{bootstrap}",
        key_serializer="raw",
        value_serializer="raw",
        table_standby_replicas=1,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        worker_redirect_stdouts=False,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=1.0,
    )


@asynccontextmanager
async def reading(
    bootstrap: str,
    topics: Iterable[str],
    log: Log,
    *,
    group: str = "",
    full: Iterable[TP] = (),
    store_answers: bool = True,
    fetch: FetchSettings | None = None,
) -> AsyncIterator[Reading]:
    """Run an app that reads `topics` into `log`, until the block ends."""
    app = new_app(bootstrap, group or f"test-{uuid.uuid4().hex[:8]}")
    here = Reading(log, full=set(full))
    if store_answers:
        here.store_answers.set()
    app.transport = RecordedTransport(app, here, fetch)

    @app.agent(app.topic(*topics), concurrency=1)
    async def apply(stream: StreamT[list[RecordSet]]) -> None:
        async for event in cast("faust.Stream[list[RecordSet]]", stream).noack().events():
            for taken in event.value:
                if here.is_valid(taken):
                    log.apply(taken)
            event.ack()

    await app.start()
    try:
        assert isinstance(app.consumer, RecordedConsumer)
        here.consumer = app.consumer
        yield here
    finally:
        await app.stop()
