"""Order of arrival: the topics of a shard advance together.

Records are applied by Kafka's record timestamp, then topic, offsets of a topic always in order, as
Kafka Streams' tasks do. A topic ahead waits for one that has records on their way, so that a
backlog gives the tier changes that live processing would have given (design promise P1).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.columns import Events
from scoring.jit import jit_borrowing
from streams.decode import Decoded, Rejected
from streams.kafka.record_batches import Unreadable
from streams.records import Records
from streams.state.cache import StateCache


@dataclass(slots=True)
class Arrived:
    """A decoded record set of one topic; events before `cursor` have been taken.

    `release` is called once all of it is committed; `unreadable` are batches among the records.
    """

    topic: str
    records: Records
    decoded: Decoded
    next_offset: int
    release: Callable[[], None]
    unreadable: tuple[Unreadable, ...] = ()
    cursor: int = 0
    rejected_from: int = 0
    generation: int = -1
    positions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def times(self) -> NDArray[np.int64]:
        """Arrival times of the events that are left."""
        return self.records.timestamp[self.decoded.record[self.cursor :]]

    @property
    def left(self) -> int:
        """How many events have not been taken."""
        return self.decoded.record.size - self.cursor

    @property
    def is_used_up(self) -> bool:
        """Whether all events have been taken."""
        return self.cursor == self.decoded.record.size

    @property
    def offset(self) -> int:
        """The next offset when everything before the cursor is applied."""
        if self.is_used_up:
            return self.next_offset
        return int(self.records.offset[self.decoded.record[self.cursor]])

    def resolve(self, cache: StateCache) -> NDArray[np.int64]:
        """Return the cache's position of the customer of each event that is left."""
        if self.generation != cache.generation:
            self.generation = cache.generation
            self.positions = cache.positions(self.decoded.customers)
        return self.positions[self.decoded.events.customer[self.cursor :]]

    def take_rejected(self) -> list[Rejected]:
        """Return the rejected records before the cursor that were not returned yet."""
        decoded, first = self.decoded, self.rejected_from
        whole = self.is_used_up
        end = first
        while end < len(decoded.rejected) and (
            whole or decoded.rejected[end].record < decoded.record[self.cursor]
        ):
            end += 1
        self.rejected_from = end
        return decoded.rejected[first:end]

    def take_unreadable(self) -> list[Unreadable]:
        """Return the unreadable batches before the cursor that were not returned yet."""
        passed = [batch for batch in self.unreadable if batch.first < self.offset]
        self.unreadable = self.unreadable[len(passed) :]
        return passed


class Part(NamedTuple):
    """What a batch took of one set: events [first, first + taken), and what could not be used."""

    arrived: Arrived
    first: int
    taken: int
    rejected: list[Rejected]
    unreadable: list[Unreadable]


class Batch(NamedTuple):
    """Events of a shard in order of arrival.

    `positions` are the customers' in the cache, `events.customer` counts in them. `order` gives
    for each event its place among the parts' events, one part behind the other. `offsets` are the
    next offsets by topic. `newest` is the latest time of arrival, 0 for none.
    """

    events: Events
    positions: NDArray[np.int64]
    order: NDArray[np.int64]
    parts: list[Part]
    offsets: dict[str, int]
    newest: int

    def source(self, event: int) -> tuple[Part, int]:
        """Return the part that an event came from, and its position among the part's decoded."""
        place = int(self.order[event])
        for part in self.parts:
            if place < part.taken:
                return part, part.first + place
            place -= part.taken
        raise IndexError(f"event {event} is in no part of the batch")


class Run(NamedTuple):
    """Sets of one topic that follow each other; `holds`: others wait when they are used up."""

    sets: list[Arrived]
    holds: bool


class ArrivalOrder:
    """Holds what arrived of each topic of a shard, and cuts batches in order of arrival."""

    def __init__(self, topics: Sequence[str]) -> None:
        """`topics` in the order that decides between equal times."""
        self._queues: dict[str, deque[Arrived]] = {topic: deque() for topic in topics}

    def add(self, arrived: Arrived) -> None:
        """Take a set; sets of a topic come in order."""
        self._queues[arrived.topic].append(arrived)

    def waiting(self, topic: str) -> int:
        """Return how many events of a topic wait."""
        return sum(arrived.left for arrived in self._queues[topic])

    def sets(self, topic: str) -> int:
        """Return how many sets of a topic wait."""
        return len(self._queues[topic])

    def clear(self) -> None:
        """Forget and release everything that waits."""
        for queue in self._queues.values():
            for arrived in queue:
                arrived.release()
            queue.clear()

    def take(
        self,
        cache: StateCache,
        is_drained: Callable[[str], bool],
        most_events: int,
        most_customers: int,
    ) -> Batch | None:
        """Cut the next batch, or return None when a topic must be waited for (or nothing waits)."""
        parts = self._empty_sets()
        waiting = [topic for topic, queue in self._queues.items() if queue]
        missing = [
            topic for topic, queue in self._queues.items() if not queue and not is_drained(topic)
        ]
        if missing or not waiting:
            return _without_events(parts) if parts else None
        runs = [self._run(topic, is_drained, most_events) for topic in waiting]
        return _merged(runs, parts, cache, most_events, most_customers)

    def _run(self, topic: str, is_drained: Callable[[str], bool], most_events: int) -> Run:
        """Return the sets at the head of a topic: as many as a batch can take, at least one."""
        sets, events = [], 0
        for arrived in self._queues[topic]:
            sets.append(arrived)
            events += arrived.left
            if events >= most_events:
                break
        holds = len(sets) < len(self._queues[topic]) or not is_drained(topic)
        return Run(sets, holds)

    def done(self, batch: Batch) -> None:
        """Drop the sets that a batch used up; the caller has committed and released them.

        No others: one that came meanwhile may hold nothing but rejected records, and those are
        still to be buried.
        """
        for part in batch.parts:
            queue = self._queues[part.arrived.topic]
            if queue and queue[0] is part.arrived and part.arrived.is_used_up:
                queue.popleft()

    def _empty_sets(self) -> list[Part]:
        """Take off the sets at the heads that hold no accepted event; they hold nothing back."""
        parts = []
        for queue in self._queues.values():
            while queue and queue[0].is_used_up:
                arrived = queue.popleft()
                parts.append(_part(arrived, 0))
        return parts


def _without_events(parts: list[Part]) -> Batch:
    nothing = np.zeros(0, np.int64)
    events = parts[0].arrived.decoded.events.select(slice(0))
    return Batch(events, nothing, nothing, parts, _offsets(parts), 0)


def _offsets(parts: list[Part]) -> dict[str, int]:
    return {part.arrived.topic: part.arrived.offset for part in parts}


def _merged(
    runs: list[Run],
    empty: list[Part],
    cache: StateCache,
    most_events: int,
    most_customers: int,
) -> Batch:
    times = np.concatenate([arrived.times for run in runs for arrived in run.sets])
    customers = np.concatenate([arrived.resolve(cache) for run in runs for arrived in run.sets])
    starts = np.zeros(len(runs) + 1, np.int64)
    np.cumsum([sum(arrived.left for arrived in run.sets) for run in runs], out=starts[1:])
    order = np.empty(min(most_events, int(starts[-1])), np.int64)
    local = np.empty(order.size, np.int32)
    positions = np.empty(min(most_customers, order.size), np.int64)
    taken = np.zeros(len(runs), np.int64)
    seen = np.full(len(cache), -1, np.int32)
    holds = np.array([run.holds for run in runs])
    count, distinct = merge(times, starts, holds, customers, seen, order, local, positions, taken)
    order, local = order[:count], local[:count]
    newest = int(times[order].max()) if count else 0
    # `order` counts in all that waits; from here on in what was taken, one part behind the other.
    shift = np.zeros(len(runs), np.int64)
    shift[1:] = np.cumsum(taken)[:-1]
    run_of = np.searchsorted(starts, order, side="right") - 1
    order = order - starts[run_of] + shift[run_of]
    parts = list(empty)
    for run, run_taken in zip(runs, taken.tolist(), strict=True):
        parts += _taken_of(run, run_taken)
    columns = [
        part.arrived.decoded.events.select(slice(part.first, part.first + part.taken))
        for part in parts[len(empty) :]
    ]
    events = Events.join(columns).select(order)._replace(customer=local)
    return Batch(events, positions[:distinct], order, parts, _offsets(parts), newest)


def _taken_of(run: Run, events: int) -> list[Part]:
    """Move the cursors of a run's sets over so many events; sets without any do not end it."""
    parts = []
    for arrived in run.sets:
        count = min(events, arrived.left)
        if count == 0 and not arrived.is_used_up:
            break
        events -= count
        parts.append(_part(arrived, count))
        if not arrived.is_used_up:
            break
    return parts


def _part(arrived: Arrived, taken: int) -> Part:
    """Move the cursor of a set over so many events."""
    first = arrived.cursor
    arrived.cursor += taken
    return Part(arrived, first, taken, arrived.take_rejected(), arrived.take_unreadable())


@jit_borrowing
def merge(
    times: NDArray[np.int64],
    starts: NDArray[np.int64],
    holds: NDArray[np.bool_],
    customers: NDArray[np.int64],
    seen: NDArray[np.int32],
    order: NDArray[np.int64],
    local: NDArray[np.int32],
    positions: NDArray[np.int64],
    taken: NDArray[np.int64],
) -> tuple[int, int]:
    """Merge the runs by time until one that holds is used up, or `order` or `positions` is full.

    Run r is times[starts[r]:starts[r+1]]. Returns how many events and customers were taken;
    `order` gets their places, `local` their customers' places in `positions`.
    """
    count = 0
    distinct = 0
    runs = starts.size - 1
    while count < order.size:
        best = -1
        for r in range(runs):
            at = starts[r] + taken[r]
            if at == starts[r + 1]:
                if holds[r]:
                    return count, distinct
            elif best < 0 or times[at] < times[starts[best] + taken[best]]:
                best = r
        if best < 0:
            return count, distinct
        at = starts[best] + taken[best]
        customer = customers[at]
        if seen[customer] < 0:
            if distinct == positions.size:
                return count, distinct
            seen[customer] = distinct
            positions[distinct] = customer
            distinct += 1
        order[count] = at
        local[count] = seen[customer]
        taken[best] += 1
        count += 1
    return count, distinct
