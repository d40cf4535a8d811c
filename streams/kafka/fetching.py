"""Whole record sets off an aiokafka consumer, in place of one object a record.

aiokafka keeps what it fetched in `Fetcher._records`, one result a partition, and fetches a
partition again once its result is taken. Results of partitions that are not wanted stay there: this
is the flow control, and the next set is fetched while the last one is processed. The bytes are
hidden in aiokafka's compiled `MemoryRecords`; `KeptRecords` keeps them and is otherwise the same.
Everything here runs in the thread and event loop of the consumer.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiokafka
from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.errors import ConsumerStoppedError, NoOffsetForPartitionError, OffsetOutOfRangeError
from faust.types import TP

from streams.kafka.record_batches import BATCH_BYTES, CorruptBatchError, parse
from streams.kafka.record_sets import PositionLostError, RecordSet

SOON_S = 0.02
"""Time to the next look when an answer without records matters: aiokafka wakes nobody for it."""

BEHIND_WAIT_MS = 10
"""How long the broker may hold a fetch while some partition has a backlog.

One fetch a broker is under way at a time, so a fetch of drained partitions would otherwise keep
those with a backlog waiting for the whole of `max_wait_ms`. Measured with full inboxes: 196,000
events/s instead of 69,000.
"""

LINGER_BYTES = 65_536
"""What ends the lingering of `FetchSettings.linger_ms` early."""


class FetchSettings(NamedTuple):
    """What one fetch may bring, and how long the broker may hold it.

    Sizes are bytes, of one partition and of all. An idle fetch is answered by the first record, or
    after `max_wait_ms`. A fetch after one that brought records collects for `linger_ms`: a fetch
    costs about a millisecond of processor time whatever it brings. `batch_bytes` is what a batch
    may unpack to.
    """

    partition_bytes: int = 1 << 20
    response_bytes: int = 32 << 20
    max_wait_ms: int = 500
    linger_ms: int = 20
    batch_bytes: int = BATCH_BYTES


class KeptRecords:
    """aiokafka's `MemoryRecords` that keeps its bytes in `raw`."""

    __slots__ = ("_inner", "raw")
    inner_type: Any = None

    def __init__(self, raw: bytes) -> None:
        """Keep the bytes and give them to aiokafka's own class."""
        self.raw = raw
        self._inner = self.inner_type(raw)

    def has_next(self) -> bool:
        """Return whether a whole batch is left."""
        return bool(self._inner.has_next())

    def next_batch(self) -> Any:
        """Take the next batch, None when there is none."""
        return self._inner.next_batch()

    def size_in_bytes(self) -> int:
        """Return the size of all the bytes, also of a batch that was cut off."""
        return int(self._inner.size_in_bytes())


def keep_raw_records() -> None:
    """Make aiokafka keep the bytes of fetched record sets; other consumers notice nothing.

    Raises:
        RuntimeError: this version of aiokafka is not built the way that is relied on.

    """
    if aiokafka_fetcher.MemoryRecords is KeptRecords:
        return
    original = getattr(aiokafka_fetcher, "MemoryRecords", None)
    wanted = ("has_next", "next_batch", "size_in_bytes")
    if original is None or not all(hasattr(original, name) for name in wanted):
        raise RuntimeError(
            f"aiokafka {aiokafka.__version__} has no MemoryRecords with {', '.join(wanted)} in its "
            "fetcher: install the version named in requirements.lock"
        )
    KeptRecords.inner_type = original
    aiokafka_fetcher.MemoryRecords = KeptRecords


def tune(consumer: aiokafka.AIOKafkaConsumer, settings: FetchSettings) -> None:
    """Set what Faust hard-codes, on a consumer that has not started.

    Records of aborted transactions are not read, and a position that Kafka does not have is an
    error: resetting it would lose or repeat records in silence.
    """
    _set(consumer, "_auto_offset_reset", "none")
    _set(consumer, "_isolation_level", "read_committed")
    _set(consumer, "_fetch_min_bytes", 1)
    _set(consumer, "_fetch_max_bytes", settings.response_bytes)
    _set(consumer, "_max_partition_fetch_bytes", settings.partition_bytes)
    _set(consumer, "_fetch_max_wait_ms", settings.max_wait_ms)


def _set(owner: object, name: str, value: object) -> None:
    if not hasattr(owner, name):
        raise RuntimeError(
            f"aiokafka {aiokafka.__version__}: {type(owner).__name__} has no {name}: install the "
            "version named in requirements.lock"
        )
    setattr(owner, name, value)


class SetReader:
    """Takes whole record sets off a started aiokafka consumer."""

    def __init__(self, consumer: aiokafka.AIOKafkaConsumer, settings: FetchSettings) -> None:
        """Read from `consumer`, whose settings `tune` has set."""
        self._consumer = consumer
        self._settings = settings
        self._fetcher = consumer._fetcher
        self._woken = asyncio.Event()
        self._unanswered: set[TP] = set()
        self._lingering = False

    def wake(self) -> None:
        """Make `take` return early, because other partitions are wanted now."""
        self._woken.set()

    def seek(self, partition: TP, offset: int) -> None:
        """Fetch `partition` from `offset` next; does nothing if it is not assigned."""
        if self._state(partition) is not None:
            self._consumer.seek(partition, offset)
            self._unanswered.add(partition)

    def drained_at(self, partition: TP, position: int) -> int | None:
        """When (epoch ms) the broker last said that nothing lies at or behind `position`.

        None if something does, or if it has not answered yet. May be called from another thread:
        the time is read first, so that a new answer can only make the result too old.
        """
        state = self._state(partition)
        if state is None:
            return None
        answered_at: int | None = state.timestamp
        return answered_at if state.lso is not None and position >= state.lso else None

    async def take(
        self, wanted: Mapping[TP, int], patience: float
    ) -> list[RecordSet | PositionLostError]:
        """Take what was fetched of the `wanted` partitions, waiting up to `patience` seconds.

        `wanted` says at which offset the next set of each begins. One that is read elsewhere is
        sought there: a set may have been taken by a call whose taker a rebalance ended.

        Raises:
            KafkaError: what aiokafka reports and cannot retry, such as a missing permission.

        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience
        for tp, due in wanted.items():  # once: later on a seek may have made them old
            self._align(tp, due)
        while True:
            if self._consumer._closed or self._fetcher._closed:
                raise ConsumerStoppedError
            with self._fetcher._subscriptions.fetch_context():
                found = self._take_ready(wanted)
                left = deadline - loop.time()
                if found or left <= 0 or self._woken.is_set():
                    self._woken.clear()
                    return found
                soon = self._lingering or not self._unanswered.isdisjoint(wanted)
                await self._news(min(left, SOON_S) if soon else left)

    async def _news(self, patience: float) -> None:
        """Wait for a fetch that brought something, a wake-up, or `patience` seconds."""
        fetched = self._fetcher._create_fetch_waiter()
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait(
                (fetched, woken), timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            if fetched.done():
                fetched.result()  # the group coordinator reports its errors here
        finally:
            woken.cancel()
            fetched.cancel()

    def _take_ready(self, wanted: Mapping[TP, int]) -> list[RecordSet | PositionLostError]:
        if self._fetcher._subscriptions.reassignment_in_progress:
            return []
        found = [taken for tp in wanted if (taken := self._take_one(tp)) is not None]
        unwanted = [result for result in self._fetcher._records.values() if result._backoff]
        for result in unwanted:
            result._backoff = 0  # else it holds back its broker's other partitions
        self._pace(bool(found))
        if found or unwanted:
            self._fetcher._notify(self._fetcher._wait_consume_future)
        return found

    def _pace(self, found: bool) -> None:
        """Set how long the broker may hold the next fetch, and for how many bytes."""
        wait_ms, linger_ms = self._settings.max_wait_ms, self._settings.linger_ms
        behind = self._behind()
        self._lingering = found and not behind
        if behind:
            wait_ms = min(BEHIND_WAIT_MS, wait_ms)
        elif found:
            wait_ms = linger_ms
        self._fetcher._fetch_max_wait_ms = wait_ms
        self._fetcher._fetch_min_bytes = LINGER_BYTES if self._lingering else 1

    def _behind(self) -> bool:
        """Whether some partition has a backlog, as of its last answer."""
        subscription = self._fetcher._subscriptions.subscription
        if subscription is None or subscription.assignment is None:
            return False
        states = map(subscription.assignment.state_value, subscription.assignment.tps)
        return any(s.has_valid_position and s.position < (s.lso or 0) for s in states)

    def _align(self, tp: TP, due: int) -> None:
        state = self._state(tp)
        if state is not None and state.has_valid_position and state.position != due:
            self.seek(tp, due)

    def _take_one(self, tp: TP) -> RecordSet | PositionLostError | None:
        result = self._fetcher._records.get(tp)
        if result is None:
            return self._first_answer(tp)
        if isinstance(result, aiokafka_fetcher.FetchError):
            return self._lost(tp, result)
        if not result.check_assignment(tp):
            del self._fetcher._records[tp]  # fetched before a seek or a rebalance
            return None
        return self._record_set(tp, result._partition_records)

    def _record_set(self, tp: TP, fetched: Any) -> RecordSet | PositionLostError:
        position = fetched.next_fetch_offset
        try:
            parsed = parse(
                fetched._records.raw,
                position,
                fetched._aborted_transactions,
                self._settings.batch_bytes,
            )
        except CorruptBatchError as error:
            return PositionLostError(
                tp, position, str(error), "restore the partition from a replica, or restart"
            )
        state = self._state(tp)
        state.consumed_to(parsed.next_offset)
        del self._fetcher._records[tp]
        self._unanswered.discard(tp)
        return RecordSet(
            tp,
            parsed.records,
            position,
            parsed.next_offset,
            state.lso,
            state.timestamp,
            unreadable=parsed.unreadable,
        )

    def _first_answer(self, tp: TP) -> RecordSet | None:
        """An empty set when the first answer after a seek says that `tp` is drained."""
        state = self._state(tp) if tp in self._unanswered else None
        if state is None or state.lso is None or state.position < state.lso:
            return None
        self._unanswered.discard(tp)
        records, position, _ = parse(b"", state.position)
        return RecordSet(tp, records, position, position, state.lso, state.timestamp)

    def _lost(self, tp: TP, failure: Any) -> PositionLostError | None:
        """A position that Kafka does not have; left in place, so that it is not fetched again."""
        try:
            failure.check_raise()
        except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
            return PositionLostError(
                tp,
                self._state(tp)._position,
                f"Kafka does not have this offset ({type(error).__name__})",
                "retention deleted it or the topic was recreated: restore a newer state, or reset "
                "this shard and replay from an archive",
            )
        return None

    def _state(self, tp: TP) -> Any:
        """State that aiokafka keeps of an assigned partition, else None."""
        subscription = self._fetcher._subscriptions.subscription
        if subscription is None or subscription.assignment is None:
            return None
        return subscription.assignment.state_value(tp)
