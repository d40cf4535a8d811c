"""Faust transport driver that delivers one event for all record sets that were fetched together.

Stock Faust makes two tasks and several objects for every record, and keeps positions in Kafka.
Here the value of an event is a list of `RecordSet`, and positions come from the state in Redis:
Faust's book-keeping of acknowledged offsets is not used. Agents, worker, assignor and sensors are
Faust's.

    app = faust.App(...)
    app.transport = Transport(app, shards)
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar, cast

import faust
from aiokafka.errors import ConsumerStoppedError, KafkaError, KafkaTimeoutError
from faust.transport.drivers import aiokafka as stock
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message, ack_lock
from mode import ServiceT

from streams.kafka.consumer_thread import ConsumerThread
from streams.kafka.fetching import FetchSettings
from streams.kafka.record_sets import PositionLostError, RecordSet, past_end, past_retention
from streams.tasks import end

Wanted = Mapping[TP, int | None]
Answer = TypeVar("Answer")

RETRY_S = 1.0
"""Seconds between tries to learn the bounds of a log from a broker that does not answer."""


class Shards(Protocol):
    """What the driver asks of those who apply the records; called in Faust's event loop."""

    async def positions(self, partitions: set[TP]) -> Wanted:
        """Say where each partition must be read next; None or absent: from the beginning.

        May take as long as it needs, for instance while the store is away: until it answers,
        nothing is read. It is cancelled when the assignment changes.
        """

    def placed(self, offsets: Mapping[TP, int], placement: int) -> None:
        """Take note where reading goes on: the sets of this placement join from there.

        Sets of earlier placements may still come, on their way through Faust's queues; they are
        void.
        """

    def forgotten(self, partitions: Collection[TP]) -> None:
        """Take note that these are read from their beginning though they were applied before."""

    def wants(self, partition: TP) -> bool:
        """Say whether there is room for another record set; see `Consumer.room_made`."""

    def refused(self, error: PositionLostError) -> None:
        """Take note that `error.partition` cannot be read on; the other partitions go on."""


class Consumer(stock.Consumer):
    """Delivers record sets in log order, from positions that are kept outside Kafka.

    `_next` holds, for every partition that is read, the offset at which its next set must begin.
    A set that begins elsewhere was fetched before a placement and is dropped. `_placements` holds
    since which placement the partition is read: a set that was delivered before another one must
    not be taken for a set of that one, though it may begin at the same offset.
    """

    _thread: ConsumerThread
    _locating: asyncio.Future[None] | None = None

    def __init__(self, transport: "Transport", *args: Any, **options: Any) -> None:
        """Read what the transport's shards ask for; the rest is Faust's."""
        self.shards = transport.shards
        self.fetch = transport.fetch
        self._next: dict[TP, int] = {}
        self._placements: dict[TP, int] = {}
        self._placement = 0
        self._rebalances = 0
        self._unwanted: set[TP] = set()
        super().__init__(transport, *args, **options)

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, self.fetch, loop=self.loop, beacon=self.beacon)

    # -- delivery

    async def _drain_messages(self, fetcher: ServiceT) -> None:
        """Deliver sets until the consumer stops; run by Faust's fetcher service."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for _, message in self.getmany(timeout=1.0):
                    await self.wait_first(self.callback(message), self.suspend_flow.wait())
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.transport.app.should_stop:
                raise

    async def getmany(
        self,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> AsyncIterator[tuple[TP, Message]]:
        """Deliver the sets that are there, or the first to come within `timeout` seconds."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # mode names its own Event
        generation = self.app.consumer_generation_id
        joined = []
        for taken in await self._thread.take(self._wanted(), timeout):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if isinstance(taken, PositionLostError):
                self._refuse(taken)
            elif self._follows(taken):
                self.app.monitor.track_tp_end_offset(taken.partition, taken.high_watermark)
                joined.append(replace(taken, placement=self._placements[taken.partition]))
        if joined:
            yield joined[0].partition, cast("Message", self._message_of(joined))

    def _wanted(self) -> dict[TP, int]:
        readable = self._next.keys() & self._get_active_partitions()
        wanted = {tp: self._next[tp] for tp in readable if self.shards.wants(tp)}
        self._unwanted = readable - wanted.keys()
        return wanted

    def room_made(self) -> None:
        """Look again at `Shards.wants`: a partition may be wanted that was not."""
        if any(self.shards.wants(tp) for tp in self._unwanted):
            self._unwanted = set()
            self._thread.wake()

    def _follows(self, taken: RecordSet) -> bool:
        """Whether the set is the next of its partition; if not, the next `take` seeks that one."""
        tp = taken.partition
        if self._next.get(tp) != taken.position:
            return False
        self._next[tp] = taken.next_offset
        return True

    def _message_of(self, joined: list[RecordSet]) -> ConsumerMessage:
        """One Faust message for all sets, under the name of the first."""
        first = joined[0]
        return ConsumerMessage(
            topic=first.partition.topic,
            partition=first.partition.partition,
            offset=first.position,
            timestamp=first.answered_at / 1000,
            timestamp_type=0,
            headers=None,
            key=None,
            value=joined,  # type: ignore[arg-type]  # Faust's is bytes, ours whole sets
            checksum=None,
            tp=first.partition,
            generation_id=self.app.consumer_generation_id,
        )

    # -- positions

    async def perform_seek(self) -> None:
        """Find out where to read on after a rebalance; nothing is read until that is known."""
        await self._forget_positions()
        self._locating = self.add_future(self._locate(set(self.assignment())))

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop reading; positions are asked for anew when the rebalance is over."""
        await self._forget_positions()
        await super().on_partitions_revoked(revoked)

    async def _forget_positions(self) -> None:
        self._rebalances += 1
        self._next.clear()
        if self._locating is not None:
            await end([self._locating])

    async def _locate(self, partitions: set[TP]) -> None:
        wanted = await self.shards.positions(partitions)
        await self._place({tp: wanted.get(tp) for tp in partitions})

    async def read_from(self, wanted: Wanted) -> None:
        """Read on from these offsets, None: the beginning; not from those that are not ours now.

        Sets on their way from elsewhere are void. May take as long as Kafka is away.
        """
        await self._place({tp: offset for tp, offset in wanted.items() if tp in self._next})

    async def _place(self, wanted: Wanted) -> None:
        rebalances = self._rebalances
        for tp in wanted:
            self._next.pop(tp, None)
        bounds = await self._bounds(wanted.keys())
        offsets = {}
        forgotten = [tp for tp, at in wanted.items() if at is None and await self._was_applied(tp)]
        if forgotten:
            self.shards.forgotten(forgotten)
        for tp, offset in wanted.items():
            first, end = bounds[tp]
            if tp in forgotten and first > 0:
                self._refuse(past_retention(tp, 0, first))
            elif offset is None:
                offsets[tp] = first
            elif offset < first:
                self._refuse(past_retention(tp, offset, first))
            elif offset > end:
                self._refuse(past_end(tp, offset, end))
            else:
                offsets[tp] = offset
        await self._thread.seek_to(offsets)
        if rebalances == self._rebalances:  # else another placement is under way, or has been
            self._begin(offsets)

    def _begin(self, offsets: Mapping[TP, int]) -> None:
        """Read from these offsets: all at once, so that no set comes between."""
        self._placement += 1
        self._placements |= dict.fromkeys(offsets, self._placement)
        self._next |= offsets
        self.shards.placed(offsets, self._placement)
        self._thread.wake()

    async def _bounds(self, partitions: Collection[TP]) -> Mapping[TP, tuple[int, int]]:
        """Bounds of the logs, waiting out a broker that does not answer."""
        return await self._patiently(lambda: self._thread.bounds(partitions))

    async def _was_applied(self, partition: TP) -> bool:
        """Whether records of a partition without a position were applied once: the group told so.

        Then the state is lost, and building it again needs the log from its very beginning.
        """
        return bool(await self._patiently(lambda: self._thread.told_offset(partition)))

    async def _patiently(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask Kafka, waiting out a broker that does not answer."""
        while True:
            try:
                return await ask()
            except KafkaError as error:
                if not (error.retriable or isinstance(error, KafkaTimeoutError)):
                    raise
                self.log.warning("Kafka does not tell where to read on, trying on: %r", error)
                await self.sleep(RETRY_S)

    def _refuse(self, error: PositionLostError) -> None:
        self._next.pop(error.partition, None)
        self.shards.refused(error)

    # -- what is asked of Kafka

    def drained_at(self, partition: TP, position: int) -> int | None:
        """When (epoch ms) the broker last said that nothing lies at or behind `position`, or None.

        With the position up to which its records were received, this tells whether a topic can
        hold back others: None means that records are on their way, or that it is not known.
        """
        return self._thread.reader.drained_at(partition, position)

    async def end_offsets(self, partitions: Collection[TP]) -> dict[TP, int]:
        """End of each partition's log."""
        bounds = await self._thread.bounds(partitions)
        return {tp: end for tp, (_, end) in bounds.items()}

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> bool:
        """Tell Kafka the next offsets, for tools that show lag; False if it did not take them.

        Nothing depends on it, so an outage or a rebalance is logged and passed over.
        """
        try:
            await self._thread.commit_offsets(offsets)
        except (KafkaError, TimeoutError) as error:
            self.log.info("offsets not committed, lag tools see older ones: %r", error)
            return False
        now = asyncio.get_running_loop().time()
        self._thread.tp_last_committed_at.update(dict.fromkeys(offsets, now))
        return True

    # -- Faust's own book-keeping, which record sets do without

    def ack(self, message: Message) -> bool:
        """Release a message; no offset is collected, positions are kept elsewhere."""
        with ack_lock:
            if message.acked:
                return False
            message.acked = True
            self._unacked_messages.discard(message)
        return True


class Transport(stock.Transport):
    """Set as `app.transport`; `shards` says where to read and what there is room for."""

    Consumer = Consumer

    def __init__(self, app: faust.App, shards: Shards, fetch: FetchSettings | None = None) -> None:
        """Connect to the brokers that `app` names, once `app` starts."""
        super().__init__(app.conf.broker_consumer, app)
        self.shards = shards
        self.fetch = fetch or FetchSettings()
