"""Reads Kafka's outputs into the board: all that there is, then what comes.

No consumer group and no stored position: what is in memory is gone at the end, and is read again.
"""

import asyncio
import gc
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import structlog
from aiokafka.errors import KafkaError
from faust.types import TP
from pydantic import ValidationError

from streams.clients import kafka_admin, kafka_consumer, kafka_producer
from streams.dashboard import views
from streams.dashboard.background import Background
from streams.dashboard.board import Board, Progress
from streams.dashboard.outcomes import Outcome, outcome_of
from streams.dashboard.snapshots import QuickReader
from streams.errors import CheckError, DependencyError
from streams.kafka.fetching import FetchSettings, SetReader, keep_raw_records
from streams.kafka.record_sets import PositionLostError, RecordSet
from streams.records import Records
from streams.settings import Settings
from streams.topics import Topics

LOG: Final = structlog.get_logger(__name__)
ROLES: Final = (
    "customer_scores", "tier_changes", "value_alerts", "segment_changes", "alert_actions",
)  # fmt: skip
_AT_ONCE: Final = 500
"""Records that are applied under one lock: some milliseconds."""
_PATIENCE_S: Final = 0.5
_SILENT_S: Final = 5.0
"""After so long without an answer Kafka is said not to answer."""
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0
_ORDER_S: Final = 300.0
"""How often names are put in order where there are many."""
_TOLD: Final = 10
"""Records that cannot be used are told of one by one up to so many, then each `_TOLD_EACH`th."""
_TOLD_EACH: Final = 10_000
_FETCH: Final = FetchSettings(partition_bytes=4 << 20, response_bytes=32 << 20)


class Feed:
    """Keeps a board up to date, in a thread of its own, from `start` to `stop`.

    An outage of Kafka is waited out; the board says so meanwhile. Where Kafka has deleted what was
    not read yet, reading goes on at the first record that is left.
    """

    def __init__(self, settings: Settings, board: Board) -> None:
        self._settings, self._board = settings, board
        topics = Topics.of(settings)
        self._roles = {topics.name(role): role for role in ROLES}
        self._reader = QuickReader(board.catalogue, board.customers.codes)
        self._background = Background("dashboard-feed", self._read_for_ever, self._failed)
        self._next: dict[TP, int] = {}
        self._ends: dict[TP, int] = {}
        self._goal: dict[TP, int] = {}
        """Where the topics ended at the start: what was read so far is loaded."""
        self._began = time.monotonic()
        self._ordered = -math.inf
        self._unusable = 0

    def start(self) -> None:
        """Begin to read."""
        self._began = time.monotonic()
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self._board.progress = self._board.progress._replace(started_at=at)
        self._background.start()

    def stop(self) -> None:
        """Stop reading; what was read stays."""
        self._background.stop()

    @property
    def plainly_read(self) -> int:
        """How many snapshots had another shape than those of the model: they take longer."""
        return self._reader.plainly_read

    async def act(self, action: views.AlertAction) -> None:
        """Write what somebody did about an alert; return when Kafka has it.

        It shows once it has come back. May be awaited in any event loop.

        Raises:
            DependencyError: Kafka does not take it.
        """
        topic = Topics.of(self._settings).name("alert_actions")
        async with kafka_producer(self._settings) as producer:
            value = action.model_dump_json().encode()
            await producer.send_and_wait(topic, value, action.alert.encode())

    # ------------------------------------------------------------------------------------- reading

    async def _read_for_ever(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            try:
                await self._read()
            except (
                KafkaError, PositionLostError, DependencyError, CheckError, OSError, TimeoutError,
            ) as error:  # fmt: skip
                self._troubled(str(error) or repr(error))
            if time.monotonic() - began > _SILENT_S:
                pause = _FIRST_PAUSE_S
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _read(self) -> None:
        """Read until Kafka fails."""
        places = await self._places()
        keep_raw_records()
        async with kafka_consumer(
            self._settings,
            isolation_level="read_committed",
            max_partition_fetch_bytes=_FETCH.partition_bytes,
            fetch_max_bytes=_FETCH.response_bytes,
            fetch_max_wait_ms=_FETCH.max_wait_ms,
        ) as consumer:
            consumer.assign(places)
            firsts = await consumer.beginning_offsets(places)
            self._ends = await consumer.end_offsets(places)
            self._goal = self._goal or dict(self._ends)
            reader = SetReader(consumer, _FETCH)
            for place in places:
                reader.seek(place, self._begin(place, firsts[place]))
            await self._follow(reader, places)

    async def _follow(self, reader: SetReader, places: Sequence[TP]) -> None:
        """Apply what comes; sets are applied in another thread while the next ones are fetched."""
        answered = dict.fromkeys(places, time.time() * 1000)
        due = {place: self._next[place] for place in places}
        applying = asyncio.ensure_future(asyncio.sleep(0))
        try:
            while True:
                taken = await reader.take(due, _PATIENCE_S)
                await applying
                for each in taken:
                    if isinstance(each, PositionLostError):
                        raise each
                    answered[each.partition] = each.answered_at
                    due[each.partition] = each.next_offset
                for place in places:
                    drained = reader.drained_at(place, self._next[place])
                    answered[place] = max(answered[place], drained or 0)
                applying = asyncio.ensure_future(
                    asyncio.to_thread(self._apply_all, taken, min(answered.values()))
                )
        finally:
            await applying

    def _begin(self, place: TP, first: int) -> int:
        """Return where to go on: where we were, or at the beginning of what is left."""
        at = self._next.get(place, first)
        if not first <= at <= self._ends[place]:
            LOG.warning(
                "records are gone that were not read; reading from the first that is left",
                topic=place.topic, partition=place.partition, position=at, first=first,
                end=self._ends[place],
            )  # fmt: skip
            at = first
        self._next[place] = at
        return at

    async def _places(self) -> list[TP]:
        """Return the partitions to read.

        Raises:
            CheckError: A topic is missing.
            DependencyError: Kafka does not answer.
        """
        async with kafka_admin(self._settings) as admin:
            described = {topic["topic"]: topic for topic in await admin.describe_topics()}
        if missing := [name for name in self._roles if name not in described]:
            raise CheckError(
                f"missing topics: {', '.join(missing)}; `valuepulse topics ensure` makes them"
            )
        return [
            TP(name, partition["partition"])
            for name in self._roles
            for partition in described[name]["partitions"]
        ]

    # ------------------------------------------------------------------------------------ applying

    def _apply_all(self, taken: Sequence[Any], answered_ms: float) -> None:
        """Apply record sets; tell the board how far that is. Kafka answered at `answered_ms`."""
        for each in taken:
            self._apply(each)
        self._note(answered_ms)

    def _apply(self, taken: RecordSet) -> None:
        """Apply a record set to the board, some records at a time."""
        place = taken.partition
        if taken.position > self._next[place]:
            LOG.warning(
                "records are gone that were not read", topic=place.topic,
                partition=place.partition, position=self._next[place], first=taken.position,
            )  # fmt: skip
        for batch in taken.unreadable:
            self._cannot_use(place, batch.first, batch.message)
        role = self._roles[place.topic]
        if role == "customer_scores":
            self._take_snapshots(place, taken.records)
        elif role == "alert_actions":
            self._take_actions(place, taken.records)
        else:
            take = self._takers[role]
            for part in _parts(list(_records(taken.records))):
                take(list(self._outcomes(role, place, part)))
        self._next[place] = taken.next_offset
        self._ends[place] = taken.high_watermark

    @property
    def _takers(self) -> Mapping[str, Callable[[Sequence[Outcome]], None]]:
        board = self._board
        return {
            "tier_changes": board.take_changes,
            "value_alerts": board.take_alerts,
            "segment_changes": board.take_classes,
        }

    def _take_snapshots(self, place: TP, records: Records) -> None:
        """Take snapshots; of a customer that has several here the last one only."""
        buffer = records.buffer.tobytes()
        newest = {key: n for n, key in enumerate(_keys(buffer, records)) if key}
        is_gone = records.value_length < 0
        gone = [(key, int(records.timestamp[n])) for key, n in newest.items() if is_gone[n]]
        kept = [(key, n) for key, n in newest.items() if not is_gone[n]]
        for erased in _parts(gone):
            self._board.erase(erased)
        for part in _parts(kept):
            try:
                self._take_part(buffer, records, part)
            except ValueError:
                self._take_one_by_one(place, buffer, records, part)

    def _take_part(
        self, buffer: bytes, records: Records, part: Sequence[tuple[bytes, int]]
    ) -> None:
        rows = np.array([n for _, n in part], np.int64)
        start = records.value_start[rows]
        end = start + records.value_length[rows]
        snapshots = self._reader.read([key for key, _ in part], buffer, start, end)
        self._board.take(snapshots, int(records.timestamp[rows].max()))

    def _take_one_by_one(
        self, place: TP, buffer: bytes, records: Records, part: Sequence[tuple[bytes, int]]
    ) -> None:
        """Take those snapshots that are some, and tell of the others."""
        for key, n in part:
            try:
                self._take_part(buffer, records, [(key, n)])
            except ValueError as error:
                self._cannot_use(place, int(records.offset[n]), str(error))

    def _take_actions(self, place: TP, records: Records) -> None:
        for offset, at, _, value in _records(records):
            if value is None:
                continue  # somebody deleted it
            try:
                action = views.AlertAction.model_validate_json(value)
            except ValidationError as error:
                wrong = ", ".join(str(each["loc"]) for each in error.errors(include_input=False))
                self._cannot_use(place, offset, f"it is no action about an alert: {wrong}")
            else:
                self._board.take_action(action, at)

    def _outcomes(self, role: str, place: TP, records: Iterable[Any]) -> Iterator[Outcome]:
        for offset, at, key, value in records:
            try:
                yield outcome_of(role, key, value, at)
            except ValueError as error:
                self._cannot_use(place, offset, str(error))

    def _cannot_use(self, place: TP, offset: int, problem: str) -> None:
        self._unusable += 1
        if self._unusable <= _TOLD or self._unusable % _TOLD_EACH == 0:
            LOG.warning(
                "a record cannot be used and is left out; is something else writing there?",
                topic=place.topic, partition=place.partition, offset=offset, problem=problem,
                so_far=self._unusable,
            )  # fmt: skip

    # ------------------------------------------------------------------------------------ progress

    def _note(self, answered_ms: float) -> None:
        """Tell the board how far reading is; Kafka last answered at `answered_ms`."""
        before, now = self._board.progress, time.monotonic()
        behind = sum(max(0, self._ends[place] - at) for place, at in self._next.items())
        silent = time.time() - answered_ms / 1000
        trouble = f"Kafka has not answered for {silent:.0f} s" if silent > _SILENT_S else None
        progress = before._replace(
            behind=behind,
            behind_since=(before.behind_since or now) if behind else None,
            trouble=trouble,
        )
        if before.is_loading and all(self._next[place] >= end for place, end in self._goal.items()):
            progress = self._loaded(progress._replace(is_loading=False))
        elif now - self._ordered > _ORDER_S:
            self._put_in_order()
        self._board.progress = progress

    def _loaded(self, progress: Progress) -> Progress:
        gc.freeze()  # what was loaded stays: the collector of cycles need not look at it again
        seconds = round(time.monotonic() - self._began, 3)
        customers, changes, alerts = self._board.held()
        LOG.info(
            "the dashboard has read what there was", seconds=seconds, customers=customers,
            tier_changes=changes, alerts=alerts, plainly_read=self.plainly_read,
        )  # fmt: skip
        return progress._replace(loaded_after_s=seconds)

    def _put_in_order(self) -> None:
        self._ordered = time.monotonic()
        self._board.put_in_order()

    def _troubled(self, problem: str) -> None:
        before = self._board.progress
        if before.trouble != problem:
            LOG.warning("the dashboard cannot read Kafka, trying on", problem=problem)
        since = before.behind_since or time.monotonic()
        self._board.progress = before._replace(trouble=problem, behind_since=since)

    def _failed(self, error: Exception) -> None:
        self._troubled(f"the dashboard's reader ended by a bug: {error!r}; restart the dashboard")


def _keys(buffer: bytes, records: Records) -> Iterator[bytes]:
    """Yield the key of each record, nothing for none."""
    ends = (records.key_start + records.key_length.clip(0)).tolist()
    for start, end in zip(records.key_start.tolist(), ends, strict=True):
        yield buffer[start:end]


def _records(records: Records) -> Iterator[tuple[int, int, bytes | None, bytes | None]]:
    """Yield offset, time (epoch ms), key and value of each record."""
    buffer = records.buffer.tobytes()
    spans = zip(
        records.offset.tolist(),
        records.timestamp.tolist(),
        records.key_start.tolist(),
        records.key_length.tolist(),
        records.value_start.tolist(),
        records.value_length.tolist(),
        strict=True,
    )
    for offset, at, key, key_length, value, value_length in spans:
        yield (
            offset,
            at,
            None if key_length < 0 else buffer[key : key + key_length],
            None if value_length < 0 else buffer[value : value + value_length],
        )


def _parts(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(records), _AT_ONCE):
        yield records[first : first + _AT_ONCE]
