"""The thread in which aiokafka fetches and record sets are parsed, beside Faust's event loop."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, cast

from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as stock
from faust.types import TP

from streams.kafka.fetching import FetchSettings, SetReader, keep_raw_records, tune
from streams.kafka.record_sets import PositionLostError, RecordSet

COMMIT_TIMEOUT_S = 5.0


class ConsumerThread(stock.AIOKafkaConsumerThread):
    """The thread in which aiokafka fetches and record sets are parsed."""

    _reader: SetReader | None = None

    def __init__(self, consumer: Any, fetch: FetchSettings, **options: Any) -> None:
        """Fetch for the Faust `consumer`; `options` are those of Faust's thread."""
        self._fetch = fetch
        super().__init__(consumer, **options)

    async def on_start(self) -> None:
        """Start the aiokafka consumer, then read record sets from it."""
        keep_raw_records()
        await super().on_start()
        self._reader = SetReader(self._ensure_consumer(), self._fetch)

    def _create_worker_consumer(self, transport: stock.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        tune(consumer, self._fetch)
        return consumer

    async def take(
        self, wanted: Mapping[TP, int], patience: float
    ) -> list[RecordSet | PositionLostError]:
        """Take fetched sets of `wanted`, from these offsets, waiting up to `patience` seconds."""
        taken = await self.call_thread(self.reader.take, wanted, patience)
        return cast("list[RecordSet | PositionLostError]", taken)

    async def seek_to(self, offsets: Mapping[TP, int]) -> None:
        """Fetch each partition from its offset next; those not assigned are passed over."""
        await self.call_thread(self._seek_to, offsets)

    async def _seek_to(self, offsets: Mapping[TP, int]) -> None:
        for tp, offset in offsets.items():
            self.reader.seek(tp, offset)

    def wake(self) -> None:
        """Make a waiting `take` return; called from Faust's thread."""
        if self._reader is not None and not self.should_stop:
            self.thread_loop.call_soon_threadsafe(self._reader.wake)

    async def bounds(self, partitions: Collection[TP]) -> Mapping[TP, tuple[int, int]]:
        """First offset and end of each partition's log."""
        return cast(
            "Mapping[TP, tuple[int, int]]", await self.call_thread(self._bounds, partitions)
        )

    async def _bounds(self, partitions: Collection[TP]) -> Mapping[TP, tuple[int, int]]:
        consumer = self._ensure_consumer()
        first = await consumer.beginning_offsets(partitions)
        end = await consumer.end_offsets(partitions)
        return {tp: (first[tp], end[tp]) for tp in partitions}

    async def told_offset(self, partition: TP) -> int | None:
        """What the group has told Kafka of a partition by `commit_offsets`; None if nothing."""
        return cast("int | None", await self.call_thread(self._told_offset, partition))

    async def _told_offset(self, partition: TP) -> int | None:
        told: int | None = await self._ensure_consumer().committed(TopicPartition(*partition))
        return told

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> None:
        """Commit offsets of the group; raises KafkaError, or TimeoutError after 5 s."""
        await self.call_thread(self._commit_offsets, offsets)

    async def _commit_offsets(self, offsets: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        kept = {
            TopicPartition(*tp): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if tp in consumer.assignment()
        }
        if kept:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await consumer.commit(kept)

    @property
    def reader(self) -> SetReader:
        """The reader of the started consumer."""
        if self._reader is None:
            raise RuntimeError("the Kafka consumer has not been started: start the app first")
        return self._reader
