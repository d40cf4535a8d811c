"""One shard: batches in order of arrival, each committed whole, its outcomes published after.

`Shard.run` is the only writer of the shard in this process. Whatever fails outside is waited out in
place; a commit that finds another meta drops everything and goes on from where the store stands.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

import numpy as np
import structlog
from aiokafka.errors import MessageSizeTooLargeError

from scoring.calendar import calendar, day_of
from scoring.details import Detail
from scoring.events import Event
from scoring.kernel import MERGE, WALL_CLOCK
from scoring.merging import (
    MOST_MEMBERS,
    Roster,
    Said,
    also_needed,
    is_part,
    score_merging,
)
from scoring.scorer import Scored, Scorer
from scoring.verdicts import APPLIED, NAMES, Refusal, refusals_of
from streams.dead_letters import BATCH_END, headers_of
from streams.decode import Rejected
from streams.errors import SettingsError
from streams.kafka.record_batches import Unreadable, headers, key, value
from streams.kafka.record_sets import RecordSet
from streams.metrics import Metrics
from streams.output.causes import cause_in
from streams.output.messages import Cause, Message, Wording
from streams.output.publisher import Publisher, Record
from streams.shards.arrival import ArrivalOrder, Arrived, Batch
from streams.shards.batch_size import BatchSize
from streams.shards.fault_points import AFTER_COMMIT, BEFORE_COMMIT, passing
from streams.shards.feed import Feed
from streams.shards.handovers import messages_of
from streams.shards.outbox import Outbox, Outputs
from streams.shards.turning import Turning
from streams.state.cache import StateCache
from streams.state.meta import Meta, fingerprint
from streams.state.patience import patiently
from streams.state.store import MOST_KEYS, Store
from streams.tasks import together

LOG: Final = structlog.get_logger(__name__)
Result = TypeVar("Result")
_LOOK_AGAIN_S: Final = 1.0
_SLOT_BITS: Final = 48
_CLOCK_BEHIND_S: Final = 60.0
"""More than clocks differ that are kept right."""


class LayoutMismatchError(SettingsError):
    """The stored states were written for a model whose parts have other positions."""

    def __init__(self, shard: int, found: str, own: str) -> None:
        super().__init__([])
        self.args = (
            f"shard {shard}: the states in Redis were written for a model with other scores, "
            f"tiers, alerts or terms (layout {found}, this model has {own}): start the worker with "
            "the model that wrote them, or with another redis.prefix and kafka.group to rebuild "
            "from the topics",
        )


class GapError(RuntimeError):
    """A record set was lost within the worker: reading on would skip records."""

    def __init__(self, taken: RecordSet, due: int) -> None:
        super().__init__(
            f"{taken!r} was delivered where offset {due} was due: this is a bug, please report it; "
            "nothing was committed behind the gap, restart the worker to go on from there"
        )


class Limits(NamedTuple):
    """How large a batch and the cache may be; bytes are those of its customers unpacked."""

    most_events: int = 20_000
    most_customers: int = 3_500
    cached_customers: int = 100_000
    most_bytes: int = 64 * 2**20


class Reading(NamedTuple):
    """What a shard needs of the reader of its topics.

    `is_drained` tells whether a topic has nothing at or behind an offset; `seek` makes reading go
    on at given offsets by topic, at the beginning of those that have none: `Shard.placed` tells.
    """

    topics: tuple[str, ...]
    is_drained: Callable[[str, int], bool]
    seek: Callable[[Mapping[str, int]], Awaitable[None]]


class Written(NamedTuple):
    """States one behind the other, and their bounds."""

    blobs: np.ndarray[tuple[int], np.dtype[np.uint8]]
    bounds: np.ndarray[tuple[int], np.dtype[np.int64]]

    def of(self, rows: Sequence[int], empty: int) -> "Written":
        """Return some of the states, and behind them so many empty ones."""
        edges = self.bounds.tolist()
        chosen = [self.blobs[edges[n] : edges[n + 1]] for n in rows]
        lengths = [state.size for state in chosen] + [0] * empty
        bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
        return Written(np.concatenate(chosen) if chosen else self.blobs[:0], bounds)


class Changed(NamedTuple):
    """What a batch comes to: states to store, by customer, and what its customers caused.

    The first `speaking` customers are those of the batch, the others parts (scoring/merging.py).
    `clock` is the day after it; `verdicts` (scoring/verdicts.py) are of the events. `refused` are
    those that go to the dead letters; `roster` is None where it stays. The arena is not kept:
    all shards may be waiting for the store at once, and unpacked states are the most of a worker's
    memory.
    """

    clock: int
    verdicts: np.ndarray[tuple[int], np.dtype[np.int8]]
    customers: Sequence[bytes]
    speaking: int
    written: Written
    messages: list[Message]
    refused: Sequence[Refusal] = ()
    roster: Roster | None = None


class Shard:
    """The state of one partition number; see the module's first lines."""

    def __init__(  # noqa: PLR0913  # its caller, the composition root, names every part
        self,
        number: int,
        reading: Reading,
        scorer: Scorer,
        wording: Wording,
        store: Store,
        publisher: Publisher,
        outputs: Outputs,
        metrics: Metrics,
        *,
        limits: Limits,
        feed_interval_s: float | None,
        shards: int = 1,
    ) -> None:
        """Put it together; `feed_interval_s` None turns the CRM feed off.

        `shards` is how many there are in all.
        """
        self.shards = shards
        self.number = number
        self.topics = reading.topics
        self._reading = reading
        self._scorer = scorer
        self._wording = wording
        self._store = store
        self._publisher = publisher
        self._outputs = outputs
        self._limits = limits
        self._size = BatchSize(min(limits.most_customers, MOST_KEYS - 2), limits.most_bytes)
        self._metrics = metrics
        self._calendar = calendar(scorer.model.timezone)
        self._layout = fingerprint(scorer.names.layout)
        self._arrivals = ArrivalOrder(reading.topics)
        self._cache = StateCache(limits.cached_customers)
        self._received: dict[str, int] = {}
        self._begun: dict[str, int] = {}
        self._placements: dict[str, int] = {}
        self._stored = b""
        self._something = asyncio.Event()
        self._turning: Turning | None = None
        self._draining = False
        self._clock_told = False
        self._idle = asyncio.Event()
        self.meta = Meta()
        self._roster = Roster()
        feed = None
        if feed_interval_s is not None:
            feed = Feed(
                feed_interval_s, scorer, wording, self._states_of, self._merged_into, metrics
            )
        self._outbox = Outbox(number, store, publisher, outputs, feed, metrics)

    # -- what arrives

    def placed(self, offsets: Mapping[str, int], placement: int) -> None:
        """Take note from where topics are read now.

        The next commit keeps it, also of a topic that it brings nothing of: else, after Kafka's
        retention, another worker could not know that records are missing.
        """
        self._received |= offsets
        self._begun |= offsets
        self._placements |= dict.fromkeys(offsets, placement)

    def follows(self, taken: RecordSet) -> bool:
        """Return whether a set is the next of its topic; False if it was fetched for another place.

        Raises `GapError` if the sets before it did not come, though they must have.
        """
        topic = taken.partition.topic
        if self._placements.get(topic) != taken.placement:
            return False
        if self._received[topic] != taken.position:
            raise GapError(taken, self._received[topic])
        return True

    def offer(self, arrived: Arrived) -> None:
        """Take a decoded record set that follows."""
        self._received[arrived.topic] = arrived.next_offset
        self._arrivals.add(arrived)
        self._something.set()

    def waiting(self, topic: str) -> int:
        """Return how many events of a topic wait."""
        return self._arrivals.waiting(topic)

    def waiting_sets(self, topic: str) -> int:
        """Return how many sets of a topic wait."""
        return self._arrivals.sets(topic)

    @property
    def is_behind(self) -> bool:
        """Whether some topic has, or may have, records that have not arrived."""
        return any(not self._is_drained(topic) for topic in self.topics)

    def _is_drained(self, topic: str) -> bool:
        received = self._received.get(topic)
        return received is not None and self._reading.is_drained(topic, received)

    @property
    def unpublished(self) -> int:
        """How many commits caused what is not known to be published, snapshots among it."""
        return len(self._outbox.left(self.meta.slots))

    # -- life

    async def open(self) -> Mapping[str, int]:
        """Load where the shard stands; return the next offsets by topic.

        Raises `LayoutMismatchError` for states that this model cannot read.
        """
        self._stored = await self._patiently(lambda: self._store.meta(self.number))
        self.meta = Meta.of(self._stored)
        if self.meta.version and self.meta.layout != self._layout:
            raise LayoutMismatchError(self.number, self.meta.layout, self._layout)
        # Read after the meta: if it is of a later commit, that one refuses ours.
        self._roster = await self._patiently(lambda: self._store.roster(self.number))
        self._arrivals.clear()
        self._cache.clear()
        self._turning = None
        self._received, self._begun, self._placements = {}, {}, {}
        return self.meta.positions

    async def run(self) -> None:
        """Process until cancelled; returns only by an exception."""
        await together(work=self._work(), outbox=self._outbox.run())

    async def drain(self) -> None:
        """Finish the batch at hand, begin no other, and publish what was committed."""
        self._draining = True
        self._something.set()
        await self._idle.wait()
        await self._outbox.drain()

    async def _work(self) -> None:
        await self._outbox.recover(self.meta.slots)
        while not self._draining:
            self._something.clear()
            batch = self._arrivals.take(
                self._cache, self._is_drained, self._limits.most_events, self._most_customers()
            )
            if batch is not None:
                await self._process(batch)
            turned = self._turning is not None and await self._turn_some(self._turning)
            if batch is None and not turned:
                await self._news()
        self._idle.set()

    async def _news(self) -> None:
        """Wait for news, at most a second: that a topic is drained may be news that none brings."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_AGAIN_S):
                await self._something.wait()

    # -- a batch

    def _most_customers(self) -> int:
        """Return how many customers a batch may have: their parts are committed with them."""
        if self._commands_wait:
            each = 2 + MOST_MEMBERS
        else:
            each = 2 + self._roster.most_members if self._roster else 1
        return min(self._size.customers, (MOST_KEYS - 3) // each)

    @property
    def _commands_wait(self) -> bool:
        topic = self._outputs.commands
        return topic in self.topics and self._arrivals.waiting(topic) > 0

    async def _process(self, batch: Batch) -> None:
        clock = self.meta.day
        if self._scorer.mode == WALL_CLOCK:
            clock = max(clock, self.today())
        positions = batch.positions.tolist()
        customers = [self._cache.customers[n] for n in positions]
        if self._roster.concerns(customers, batch.events):
            changed = await self._merged(batch, customers, clock)
        else:
            changed = await self._scored(batch, customers, clock)
        await self._bury(batch, changed.refused)
        is_committed = await self._commit(changed, batch.offsets)
        for part in batch.parts:
            if part.arrived.is_used_up:
                part.arrived.release()
        if not is_committed:
            return
        self._cache.put(positions, *changed.written)
        self._count(batch, changed)
        self._arrivals.done(batch)
        if self._cache.is_full:
            self._cache.clear()

    async def _scored(self, batch: Batch, customers: list[bytes], clock: int) -> Changed:
        states = await self._states_of(customers)
        began = time.perf_counter()
        scored = self._scorer.score(states, batch.events, clock, _details(batch))
        self._observe("score", began)
        messages = list(self._wording.messages(scored.outcomes, customers, _causes(batch)))
        changed = self._changed(scored, customers, messages)
        return changed._replace(refused=self._refused(scored, batch))

    def _refused(self, scored: Scored, batch: Batch) -> list[Refusal]:
        base = self._scorer.model.currencies.base
        return list(refusals_of(scored.arena, scored.verdicts, batch.events, base))

    async def _merged(self, batch: Batch, customers: list[bytes], clock: int) -> Changed:
        """Score a batch that has commands, or customers that are merged."""
        commands = _commands(batch)
        parts = also_needed(self._roster, customers, commands, at_once=False)
        everybody = customers + parts
        states = await self._states_of(everybody)
        began = time.perf_counter()
        merging = score_merging(
            self._scorer, self._roster, everybody, states, batch.events, clock,
            Said(commands, _details(batch)), shards=self.shards,
        )  # fmt: skip  # what is known, what comes
        self._observe("score", began)
        cause, scored = _causes(batch), merging.scored
        told = [
            *self._wording.messages(scored.outcomes, everybody, cause),
            *messages_of(merging, self.number, cause),
        ]
        stored = [everybody[n] for n in merging.written] + merging.dropped
        changed = self._changed(scored, customers, told)
        return changed._replace(
            customers=stored,
            written=changed.written.of(merging.written, empty=len(merging.dropped)),
            refused=[
                *self._refused(scored, batch),
                *(Refusal(event, "RefusedCommand", why) for event, why in merging.refused),
            ],
            roster=merging.roster,
        )

    def _changed(self, scored: Scored, customers: list[bytes], messages: list[Message]) -> Changed:
        written = Written(*self._scorer.write(scored.arena))
        self._size.note(scored.arena)
        return Changed(scored.clock, scored.verdicts, customers, len(customers), written, messages)

    def _merged_into(self, customer: bytes) -> bytes | None:
        """Return the customer that another one is merged into, or None."""
        merged = self._roster.away.get(customer)
        return None if merged is None else merged.into

    async def _states_of(self, customers: Sequence[bytes]) -> list[bytes]:
        """Return committed states, from the cache or the store; empty for a new customer."""
        began = time.perf_counter()
        states = self._cache.find(customers)
        missing = [c for c, state in enumerate(states) if state is None]
        if missing:
            ids = [customers[c] for c in missing]
            loaded = await self._patiently(lambda: self._store.states(self.number, ids))
            for c, state in zip(missing, loaded, strict=True):
                states[c] = state
        self._observe("load", began)
        return [state or b"" for state in states]

    async def _commit(
        self, changed: Changed, offsets: Mapping[str, int], *, turned: int | None = None
    ) -> bool:
        """Commit a batch or a part of a turn; False if the shard was found elsewhere."""
        began = time.perf_counter()
        number = secrets.randbits(_SLOT_BITS)
        speaking = changed.customers[: changed.speaking]
        slot = self._outbox.slot(number, changed.messages, speaking)
        meta = self.meta.next(
            offsets={**self._begun, **self.meta.positions, **offsets},
            day=changed.clock,
            layout=self._layout,
            slots=self._outbox.left(self.meta.slots) + ((number,) if slot else ()),
            turned=self.meta.turned if turned is None else turned,
        )
        text = meta.to_bytes()
        passing(BEFORE_COMMIT)
        found = await self._patiently(
            lambda: self._store.commit(
                self.number, self._stored, text,
                changed.customers, *changed.written, slot, changed.roster,
            )
        )  # fmt: skip  # a line for the comparison, a line for what is written
        self._observe("commit", began)
        if found is not None and found != text:
            await self._restart_from(found)
            return False
        passing(AFTER_COMMIT)
        self.meta, self._stored = meta, text
        if changed.roster is not None:
            self._roster = changed.roster
        if slot is not None:
            await self._outbox.put(number, changed.messages, speaking)
        return True

    async def _restart_from(self, found: bytes) -> None:
        """Another worker committed, or Redis lost its tail: forget all, go on from the store."""
        theirs = Meta.of(found).positions
        ours = self.meta.positions.items()
        if behind := [topic for topic, offset in ours if theirs.get(topic, 0) < offset]:
            self._metrics.rewinds.inc()
            LOG.error("Redis is behind what it confirmed", shard=self.number, topics=behind)
        else:
            self._metrics.fenced.inc()
            LOG.warning("another worker committed this shard", shard=self.number)
        positions = await self.open()
        if behind:  # from 0 where nothing is known any more: the log may have lost its beginning
            positions = dict.fromkeys(self.topics, 0) | dict(positions)
        await self._reading.seek(positions)
        await self._outbox.recover(self.meta.slots)

    async def _bury(self, taken: Batch, refused: Sequence[Refusal]) -> None:
        """Publish the rejected records byte for byte, before the commit passes over them."""
        letters = []
        for part in taken.parts:
            letters += [self._letter(part.arrived, rejected) for rejected in part.rejected]
            letters += [self._letter_of(part.arrived.topic, batch) for batch in part.unreadable]
        for event, error, why in refused:
            part, position = taken.source(event)
            record = int(part.arrived.decoded.record[position])
            if error == "RefusedCommand":
                LOG.warning("a command is refused; its dead letter says why", shard=self.number)
            letters.append(self._letter(part.arrived, Rejected(record, error, why)))
        await self._publish_letters(letters)

    def _letter(self, arrived: Arrived, rejected: Rejected) -> Record:
        n, error, message = rejected
        topic, records = arrived.topic, arrived.records
        own = headers_of(
            topic, self.number, int(records.offset[n]), error, message,
            self._outputs.group, headers(records, n),
        )  # fmt: skip  # where and why, and what it came with
        self._metrics.dead_letters.labels(topic, error).inc()
        return Record(key(records, n), value(records, n), own, int(records.timestamp[n]))

    def _letter_of(self, topic: str, batch: Unreadable) -> Record:
        """Return one letter for a whole record batch, as the broker stores it."""
        own = headers_of(
            topic, self.number, batch.first, batch.error, batch.message, self._outputs.group
        )
        last = (BATCH_END, b"%d" % batch.last)
        self._metrics.dead_letters.labels(topic, batch.error).inc()
        return Record(None, batch.raw, [*own, last], batch.timestamp)

    async def _publish_letters(self, letters: list[Record]) -> None:
        """Publish dead letters; one that is too large goes without its value, which is not lost.

        It still is where its headers say; stopping here would let bad input stop the shard.
        """
        topic = self._outputs.dead_letters
        try:
            await self._publisher.publish(topic, self.number, letters)
        except MessageSizeTooLargeError:
            if len(letters) > 1:
                for letter in letters:
                    await self._publish_letters([letter])
                return
            (letter,) = letters
            size = len(letter.value or b"")
            LOG.warning("dead letter too large, its value stays where it came from", bytes=size)
            note = ("valuepulse.value.omitted", b"%d bytes, more than this topic takes" % size)
            bare = letter._replace(value=b"", headers=[*letter.headers, note])
            await self._publisher.publish(topic, self.number, [bare])

    # -- the turn of the day

    def today(self) -> int:
        """Return the day of the wall clock in the business time zone."""
        return int(day_of(self._calendar, int(time.time() * 1000)))

    @property
    def is_turning(self) -> bool:
        """Whether a turn has begun and not ended."""
        return self._turning is not None

    def begin_turn(self, day: int) -> None:
        """Start bringing customers to a day; they come by `turn_customers`."""
        self._turning = Turning(day)

    def turn_customers(self, customers: Iterable[bytes]) -> None:
        """Add customers to the turn that has begun."""
        if self._turning is not None:
            self._turning.add(customers)
            self._something.set()

    def end_of_turn(self) -> None:
        """Say that all customers have been added."""
        if self._turning is not None:
            self._turning.all_known()
            self._something.set()

    def abandon_turn(self) -> None:
        """End the turn without having brought everybody to the day; it will begin again."""
        self._turning = None

    async def _turn_some(self, turning: Turning) -> bool:
        """Bring a portion of customers to the day; return False if it must wait for more."""
        customers = turning.portion(self._size.customers)
        if not customers and not turning.is_done:
            return False
        away = self._roster.away
        customers = [c for c in customers if not is_part(c) and c not in away]
        states = await self._states_of(customers)
        known = [(c, state) for c, state in zip(customers, states, strict=True) if state]
        customers = [customer for customer, _ in known]
        scored = self._scorer.turn([state for _, state in known], turning.day)
        scored = scored._replace(clock=max(turning.day, self.meta.day))
        messages = list(self._wording.messages(scored.outcomes, customers, _no_cause))
        turned = turning.day if turning.is_done else None
        changed = self._changed(scored, customers, messages)
        del scored  # its arena, see `Changed`
        if await self._commit(changed, {}, turned=turned):
            self._cache.refresh(customers, *changed.written)
            self._metrics.turns.inc(len(customers))
            self._count_messages(messages)
            if turned is not None:
                self._turning = None
        return True

    # -- around

    async def _patiently(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        return await patiently(attempt, shard=self.number, metrics=self._metrics)

    def _observe(self, step: str, began: float) -> None:
        self._metrics.step_seconds.labels(step).observe(time.perf_counter() - began)

    def _count(self, batch: Batch, changed: Changed) -> None:
        counts = np.bincount(changed.verdicts, minlength=len(NAMES)).tolist()
        for name, count in list(zip(NAMES, counts, strict=True))[APPLIED:]:
            self._metrics.events.labels(name).inc(count)
        self._metrics.batches.inc()
        if batch.newest > 0:
            self._observe_age(time.time() - batch.newest / 1000)
        self._count_messages(changed.messages)

    def _observe_age(self, age_s: float) -> None:
        self._metrics.event_age_seconds.observe(max(0.0, age_s))
        self._metrics.clock_behind.set(max(0.0, -age_s))
        is_behind = age_s < -_CLOCK_BEHIND_S
        if is_behind and not self._clock_told:
            LOG.warning(
                "this worker's clock is behind the records', or a producer's is ahead",
                shard=self.number,
                seconds=round(-age_s),
            )
        self._clock_told = is_behind

    def _count_messages(self, messages: list[Message]) -> None:
        for message in messages:
            if message.role == "commands":
                self._metrics.handovers.inc()
            else:
                self._metrics.count(message.value)


def _causes(batch: Batch) -> Callable[[int], Cause]:
    def cause(event: int) -> Cause:
        part, position = batch.source(event)
        return cause_in(part.arrived.decoded, position)

    return cause


def _commands(batch: Batch) -> dict[int, Event]:
    """Return the merges and handovers of a batch, by their positions in it."""
    found = {}
    for event in np.flatnonzero(batch.events.kind >= MERGE).tolist():
        part, position = batch.source(event)
        if (command := part.arrived.decoded.commands.get(position)) is not None:
            found[event] = command
    return found


def _details(batch: Batch) -> dict[int, Detail]:
    """Return what some events of a batch say beyond columns, by their positions in it."""
    found = {}
    for event in np.flatnonzero(batch.events.detail).tolist():
        part, position = batch.source(event)
        found[event] = part.arrived.decoded.details[position]
    return found


def _no_cause(event: int) -> Cause:
    raise AssertionError(f"an outcome of a turn names event {event}")
