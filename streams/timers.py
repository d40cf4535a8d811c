"""What happens by the clock: the turn of the day, offsets for lag tools, the watchdog."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog
from faust.types import TP

from scoring.arena import NEVER
from scoring.kernel import CLOCKS
from streams.allocator import give_back
from streams.metrics import Metrics
from streams.shards.assignment import Assignment
from streams.shards.shard import Shard
from streams.state.store import Store, StoreUnavailableError
from streams.tasks import whereabouts

LOG: Final = structlog.get_logger(__name__)
TICK_S: Final = 1.0
BACKFILL_PATIENCE_S: Final = 30.0
"""While an event clock runs through a backlog, days turn by themselves: walk all customers only
so often, and when it is done."""
STALLED_EXIT_CODE: Final = 71
GIVE_BACK_S: Final = 10.0


class Reader(Protocol):
    """What the timers need of the Kafka consumer."""

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> bool:
        """Tell Kafka the next offsets."""

    async def end_offsets(self, partitions: set[TP]) -> dict[TP, int]:
        """Return the ends of the logs."""


class Turns:
    """Brings all customers of the worker's shards to a new day (ADR 0002)."""

    def __init__(self, assignment: Assignment, store: Store, clock: str) -> None:
        self._assignment = assignment
        self._store = store
        self._clock = clock
        self._last = 0.0

    def _target(self, shard: Shard) -> int:
        if self._clock == "wall":
            return max(shard.meta.day, shard.today())
        return shard.meta.day

    def _due(self) -> dict[Shard, int]:
        due = {}
        for shard in self._assignment.shards.values():
            target = self._target(shard)
            behind = shard.meta.turned < target
            if target != NEVER and shard.meta.version and behind and not shard.is_turning:
                due[shard] = target
        if self._clock == "event" and time.monotonic() - self._last < BACKFILL_PATIENCE_S:
            due = {shard: day for shard, day in due.items() if not shard.is_behind}
        return due

    async def run(self) -> None:
        """Look every second whether a day has turned; never returns."""
        if self._clock == CLOCKS[2]:
            return
        while True:
            await asyncio.sleep(TICK_S)
            if due := self._due():
                await self._turn(due)

    async def _turn(self, due: dict[Shard, int]) -> None:
        LOG.info("the day turns", shards=[shard.number for shard in due])
        self._last = time.monotonic()
        by_number = {shard.number: shard for shard in due}
        for shard, day in due.items():
            shard.begin_turn(day)
        try:
            async for number, found in self._store.walk(list(by_number)):
                by_number[number].turn_customers(found.customers)
                await self._sweep(number, found.slots)
        except StoreUnavailableError as error:
            LOG.warning("the turn of the day will be tried again", error=str(error))
            for shard in due:
                shard.abandon_turn()
            return
        for shard in due:
            shard.end_of_turn()

    async def _sweep(self, shard: int, slots: Sequence[int]) -> None:
        """Remove outbox slots that no meta names; the walk of the turn comes by them anyhow."""
        if removed := await self._store.sweep(shard, slots):
            LOG.info("outbox slots removed that Redis had brought back", shard=shard, slots=removed)


class Offsets:
    """Tells Kafka how far the shards have come, and the metrics how far they lag behind."""

    def __init__(
        self,
        assignment: Assignment,
        reader: Callable[[], Reader | None],
        metrics: Metrics,
        stall_s: float,
    ) -> None:
        self._assignment = assignment
        self._reader = reader
        self._metrics = metrics
        self._stall_s = stall_s
        self.lag = 0
        self.moved_at = time.monotonic()
        self._before: dict[TP, int] = {}
        self._told: dict[TP, int] = {}

    def positions(self) -> dict[TP, int]:
        """Return the next offset of every partition of this worker's shards."""
        return {
            TP(topic, number): offset
            for number, shard in self._assignment.shards.items()
            for topic, offset in shard.meta.positions.items()
        }

    async def run(self) -> None:
        """Report every second; ends the process when there is lag and nothing moves."""
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            ticks += 1
            reader = self._reader()
            if reader is None or not self._assignment.assigned:
                self.moved_at = time.monotonic()
                continue
            positions = self.positions()
            await self._measure(reader, positions)
            if positions != self._before or self.lag == 0 or self._metrics.trouble():
                self.moved_at = time.monotonic()
            if ticks % 3 == 0 and positions and positions != self._told:
                await reader.commit_offsets(positions)
                self._told = positions
            self._before = positions
            if time.monotonic() - self.moved_at > self._stall_s:
                LOG.critical(
                    "lag without progress: ending the process",
                    lag=self.lag, seconds=self._stall_s, tasks=whereabouts(),
                )  # fmt: skip
                os._exit(STALLED_EXIT_CODE)

    async def _measure(self, reader: Reader, positions: Mapping[TP, int]) -> None:
        wanted = {
            TP(t, n)
            for n, shard in self._assignment.shards.items()
            for t in shard.topics
            if n not in self._assignment.stopped
        }
        try:
            ends = await reader.end_offsets(wanted)
        except Exception as error:  # a figure for people; the next second brings another
            LOG.info("lag not known", error=repr(error))
            return
        lags = {tp: max(0, end - positions.get(tp, 0)) for tp, end in ends.items()}
        for tp, lag in lags.items():
            self._metrics.lag.labels(tp.topic, tp.partition).set(lag)
        self.lag = sum(lags.values())


async def give_memory_back() -> None:
    """Every ten seconds, give back what lies free between blocks in use; never returns."""
    while True:
        await asyncio.sleep(GIVE_BACK_S)
        await asyncio.to_thread(give_back)  # some milliseconds
