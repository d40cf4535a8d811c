"""The shards of this worker: made and ended as Kafka assigns partitions.

Implements what the Kafka driver asks (`streams.kafka.driver.Shards`). A shard is one partition
number of all input topics; Faust's assignor gives them to one worker together.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import numpy as np
import structlog
from faust.types import TP
from numpy.typing import NDArray

from scoring.events import COMMANDS_TOPIC
from streams.decode import Decoded, Decoder, Rejected
from streams.kafka.record_sets import PositionLostError, RecordSet
from streams.metrics import Metrics
from streams.partitioning import Partitioning
from streams.records import Records
from streams.settings import Partitioner
from streams.shards.arrival import Arrived
from streams.shards.shard import Shard
from streams.tasks import end

LOG: Final = structlog.get_logger(__name__)
_MOST_SETS: Final = 64
_MOST_WAITING: Final = 10_000
"""Events of one topic that may wait in a shard while others are behind."""


def _arrivals(records: Records) -> NDArray[np.int64]:
    """Return when each record arrived, by its own time: whoever reads it judges alike (ADR 0008).

    One without a time, which old clients can send, is judged by our clock: there is no other.
    """
    return np.where(records.timestamp >= 0, records.timestamp, int(time.time() * 1000))


class Assignment:
    """The shards that this worker runs now."""

    def __init__(
        self,
        types: Mapping[str, str],
        decoder: Decoder,
        new_shard: Callable[[int], Shard],
        metrics: Metrics,
        room_made: Callable[[], None],
        failed: Callable[[BaseException], None],
        partitioner: Partitioner = "any",
    ) -> None:
        """`types` is the event type of each input topic; `partitioner` that of its producers.

        `room_made` is called when `wants` may say otherwise; `failed` is told of a bug in a shard.
        """
        self._types = dict(types)
        self._decoder = decoder
        self._new_shard = new_shard
        self._metrics = metrics
        self._room_made = room_made
        self._failed = failed
        self._partitioner = partitioner
        self._misplaced_told: set[str] = set()
        self._running: dict[int, asyncio.Task[None]] = {}
        self.shards: dict[int, Shard] = {}
        self.stopped: dict[int, str] = {}
        self.assigned = False

    # -- asked by the driver

    async def positions(self, partitions: set[TP]) -> Mapping[TP, int | None]:
        """End the shards that were, open those that are ours; return where each must be read."""
        try:
            return await self._opened(partitions)
        except Exception as error:  # told to the one who ends the process: nothing would be read
            self._failed(error)
            raise

    async def _opened(self, partitions: set[TP]) -> Mapping[TP, int | None]:
        self.assigned = False
        await self._end_all()
        numbers = sorted({partition for _, partition in partitions})
        # All begin anew, also those that were ours: a task may have been cancelled between a commit
        # and what follows from it, in the cache and the outbox.
        self.shards = {number: self._new_shard(number) for number in numbers}
        self.stopped = {}
        self._metrics.shards_stopped.set(0)
        found: dict[TP, int | None] = {}
        for number, shard in self.shards.items():
            offsets = await shard.open()
            found |= {TP(topic, number): offsets.get(topic) for topic in shard.topics}
        return {tp: offset for tp, offset in found.items() if tp in partitions}

    def placed(self, offsets: Mapping[TP, int], placement: int) -> None:
        """Tell the shards from where their topics are read; start those that are new."""
        for number, shard in self.shards.items():
            shard.placed({t: o for (t, n), o in offsets.items() if n == number}, placement)
            if number not in self._running and number not in self.stopped:
                self._start(number, shard)
        if not self.assigned:
            self.assigned = True
            LOG.info("shards assigned", shards=list(self.shards))

    def forgotten(self, partitions: Collection[TP]) -> None:
        """Tell that Redis has nothing of shards that the group has told Kafka to have applied."""
        for number in sorted({tp.partition for tp in partitions}):
            self._metrics.rewinds.inc()
            LOG.error(
                "Redis has no state of a shard that was scored before: it is built again from all "
                "that Kafka has. Was Redis emptied, or is redis.prefix another one?",
                shard=number,
                topics=[tp.topic for tp in partitions if tp.partition == number],
            )

    def wants(self, partition: TP) -> bool:
        """Say whether a topic's next set has room in its shard."""
        shard = self.shards.get(partition.partition)
        if shard is None or partition.partition in self.stopped:
            return False
        return (
            shard.waiting(partition.topic) < _MOST_WAITING
            and shard.waiting_sets(partition.topic) < _MOST_SETS
        )

    def refused(self, error: PositionLostError) -> None:
        """Stop a shard that cannot be read on; the others go on."""
        number = error.partition.partition
        self.stopped[number] = str(error)
        self._metrics.shards_stopped.set(len(self.stopped))
        LOG.error("shard stopped", shard=number, error=str(error))
        task = self._running.pop(number, None)
        if task is not None:
            task.cancel()

    # -- fed by the agent

    def offer(self, fetched: Sequence[RecordSet]) -> None:
        """Take record sets; a bug ends the worker: Faust's restarted agent would lose them."""
        try:
            for taken in fetched:
                self._offer(taken)
        except Exception as error:  # told to the one who ends the process
            self._failed(error)

    def _offer(self, taken: RecordSet) -> None:
        """Decode a record set and hand it to its shard."""
        topic, number = taken.partition
        shard = self.shards.get(number)
        if shard is None or number in self.stopped or not shard.follows(taken):
            return  # fetched before a rebalance or a seek
        began = time.perf_counter()
        decoded = self._decoder.decode(
            taken.records, event_type=self._types[topic], now_ms=_arrivals(taken.records)
        )
        if self._types[topic] != COMMANDS_TOPIC:  # those are put where the customer's state is
            decoded = self._placed_right(decoded, taken.partition, shard.shards)
        self._metrics.step_seconds.labels("decode").observe(time.perf_counter() - began)
        shard.offer(
            Arrived(
                topic,
                taken.records,
                decoded,
                taken.next_offset,
                self._room_made,
                taken.unreadable,
            )
        )

    def _placed_right(self, decoded: Decoded, place: TP, shards: int) -> Decoded:
        """Reject the events of customers that belong to another shard: each would be two."""
        partitioning = Partitioning(self._partitioner, shards)
        misplaced = partitioning.misplaced(decoded.customers, place.partition)
        if not misplaced.any():
            return decoded

        def why(customer: bytes) -> Rejected:
            return Rejected(0, "WrongPartition", partitioning.why(customer, place.partition))

        if place.topic not in self._misplaced_told:  # once: every record is a dead letter
            self._misplaced_told.add(place.topic)
            first = decoded.customers[int(np.flatnonzero(misplaced)[0])]
            LOG.error(
                "records are in partitions that their keys do not belong to",
                topic=place.topic,
                partition=place.partition,
                why=partitioning.why(first, place.partition),
            )
        return decoded.without(misplaced, why)

    # -- for the worker

    async def drain(self) -> None:
        """Wait until what was committed is published, then end all shards."""
        await asyncio.gather(
            *(shard.drain() for number, shard in self.shards.items() if number in self._running)
        )
        await self._end_all()

    def _start(self, number: int, shard: Shard) -> None:
        task = asyncio.create_task(shard.run(), name=f"shard-{number}")
        task.add_done_callback(self._ended)
        self._running[number] = task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    async def _end_all(self) -> None:
        await end(self._running.values())
        self._running.clear()
