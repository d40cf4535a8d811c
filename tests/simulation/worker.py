"""A worker of the simulation: the real shards on the real store, fed by a driver that is played.

What Faust and streams/kafka/driver.py do is played here, as they do it: nothing is read before the
shards said from where, sets wait in a queue, and those of an old placement still come.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import copy_context
from typing import Any, NamedTuple, Protocol

from aiokafka.errors import KafkaTimeoutError
from faust.types import TP

from scoring.model import parse
from scoring.money import Rates
from scoring.scorer import Scorer
from streams.decode import Decoder
from streams.kafka.record_sets import RecordSet
from streams.metrics import Metrics
from streams.output.messages import Wording
from streams.output.publisher import Publisher, Record
from streams.shards.assignment import Assignment
from streams.shards.outbox import Outputs as OutputNames
from streams.shards.shard import Limits, Reading, Shard
from streams.state.store import Store
from streams.tasks import end
from streams.timers import Turns
from tests.integration.traffic import COMMANDS, PARTITIONS, TYPES
from tests.simulation.loop import OWNER, VirtualLoop
from tests.simulation.network import Link, Network
from tests.simulation.topics import Inputs, Outputs, places

PREFIX = "sim"
OUTPUTS = OutputNames(
    "tier_changes",
    "value_alerts",
    "segment_changes",
    COMMANDS,
    "customer_scores",
    "dead_letters",
    "group",
)
STORE_TIMEOUT_S = 5.0
_LEAVE_S = 20.0
Act = Callable[[], str]


class Scoring(NamedTuple):
    """A model, ready: what all workers of all runs share, as it holds no customer."""

    source: Mapping[str, Any]
    scorer: Scorer
    wording: Wording

    @classmethod
    def of(cls, source: Mapping[str, Any], text: str) -> Scoring:
        """Compile a model."""
        scorer = Scorer(parse(text, "simulation.yaml"), "event")
        wording = Wording.of(scorer)
        return cls(source, scorer, wording)

    def decoder(self) -> Decoder:
        """Return a decoder of the model's currencies."""
        model = self.scorer.model
        base = model.currencies.base
        return Decoder(
            timezone=model.timezone,
            base_currency=base,
            rates=Rates(base, model.currencies.rates),
        )


class Surroundings(Protocol):
    """What a worker needs of the world."""

    loop: VirtualLoop
    scoring: Scoring
    inputs: Inputs
    outputs: Outputs
    network: Network
    limits: Limits
    feed_interval_s: float | None

    def later(self, worker: Worker, label: str, act: Act) -> None:
        """Let something happen when the seed says so."""

    def failed(self, worker: Worker, error: BaseException) -> None:
        """Take note of a worker that ended itself."""

    def is_refused(self) -> str:
        """Say what the broker does with records: empty to take them, else what goes wrong."""

    def publishes(self, topic: str, records: Sequence[Record]) -> None:
        """Check what is about to be published."""

    def some(self, most: int) -> int:
        """Choose a number from 0."""


class Queue:
    """Things that happen in their order, one at a time."""

    def __init__(self, worker: Worker, label: str) -> None:
        self._worker = worker
        self._label = label
        self._acts: deque[Act] = deque()

    def put(self, act: Act) -> None:
        """Add what is to happen after all that was put before."""
        self._acts.append(act)
        if len(self._acts) == 1:
            self._worker.later(self._label, self._next)

    def _next(self) -> str:
        detail = self._acts[0]()
        self._acts.popleft()
        if self._acts:
            self._worker.later(self._label, self._next)
        return detail


class MemoryPublisher(Publisher):
    """The real publisher, patience and all; its attempts go to the topics in memory."""

    def __init__(self, worker: Worker) -> None:
        super().__init__({}, lambda troubled: None)
        self._worker = worker
        self._sending: dict[tuple[str, int], Queue] = {}

    async def _attempt(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        worker, place = self._worker, (topic, partition)
        if place not in self._sending:
            self._sending[place] = Queue(worker, f"publish {topic}[{partition}]")
        done = worker.world.loop.create_future()
        batch = sorted(records, key=_key) if topic == OUTPUTS.customer_scores else list(records)
        self._sending[place].put(lambda: self._arrive(topic, partition, batch, done))
        await done

    def _arrive(
        self, topic: str, partition: int, records: list[Record], done: asyncio.Future[None]
    ) -> str:
        """Append what arrives; the acknowledgement may be lost, or all but the first records."""
        world = self._worker.world
        fate = world.is_refused()
        taken = {"": len(records), "no reply": len(records), "in part": world.some(len(records))}
        batch = records[: taken.get(fate, 0)]
        world.publishes(topic, batch)
        if topic == OUTPUTS.commands:
            world.inputs.hand_on(topic, partition, batch)
        else:
            world.outputs.append(topic, partition, batch)
        if not done.done():
            if fate:
                done.set_exception(KafkaTimeoutError(f"{fate}, says the simulation"))
            else:
                done.set_result(None)
        return f"{len(batch)} {fate}".strip()


def _key(record: Record) -> bytes:
    """Customers of a publication of the feed come out of a set: their order means nothing."""
    return record.key or b""


class Reader:
    """The driver's part: where each partition is read, and the sets that are on their way."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._next: dict[TP, int] = {}
        self._placements: dict[TP, int] = {}
        self._placement = 0
        self._rebalances = 0
        self._locating: asyncio.Task[None] | None = None
        self._rebalancing = asyncio.Lock()
        self._stream = Queue(worker, "offer")

    # -- positions, as in driver.Consumer

    async def reassign(self, partitions: set[TP]) -> None:
        """Stop reading, then find out where to read on."""
        async with self._rebalancing:
            await self._forget_positions()
            await self._worker.pause("rejoin")
            await self._forget_positions()
            self._locating = self._worker.spawn(self._locate(partitions))

    async def _forget_positions(self) -> None:
        self._rebalances += 1
        self._next.clear()
        if self._locating is not None:
            await end([self._locating])

    async def _locate(self, partitions: set[TP]) -> None:
        wanted = await self._worker.assignment.positions(partitions)
        await self._place({tp: wanted.get(tp) for tp in sorted(partitions)})

    async def read_from(self, wanted: Mapping[TP, int | None]) -> None:
        """Read on from these offsets, None: the beginning."""
        await self._place({tp: offset for tp, offset in wanted.items() if tp in self._next})

    async def _place(self, wanted: Mapping[TP, int | None]) -> None:
        rebalances = self._rebalances
        for tp in wanted:
            self._next.pop(tp, None)
        await self._worker.pause("bounds")
        inputs = self._worker.world.inputs
        for tp, offset in wanted.items():
            assert (offset or 0) <= inputs.end(tp), f"{tp} is to be read from {offset}, its end"
        await self._worker.pause("seek")
        if rebalances == self._rebalances:
            self._begin({tp: offset or 0 for tp, offset in wanted.items()})

    def _begin(self, offsets: Mapping[TP, int]) -> None:
        self._placement += 1
        self._placements |= dict.fromkeys(offsets, self._placement)
        self._next |= offsets
        self._worker.assignment.placed(offsets, self._placement)

    # -- delivery

    def readable(self) -> list[TP]:
        """Return the partitions that have records which are wanted."""
        inputs, wants = self._worker.world.inputs, self._worker.assignment.wants
        return [tp for tp, n in sorted(self._next.items()) if inputs.end(tp) > n and wants(tp)]

    def fetch(self, partitions: Sequence[TP], most: int) -> str:
        """Fetch at most so many records of each partition; they are on their way then."""
        sets = []
        for tp in partitions:
            taken = self._worker.world.inputs.cut(tp, self._next[tp], most, self._placements[tp])
            self._next[tp] = taken.next_offset
            sets.append(taken)
        self._stream.put(lambda: self._offer(sets))
        return " ".join(map(repr, sets))

    def _offer(self, sets: list[RecordSet]) -> str:
        self._worker.assignment.offer(sets)
        return " ".join(map(repr, sets))


class Worker:
    """One worker; `alive` until it is killed or has left, `frozen` while it stands still."""

    def __init__(self, name: str, world: Surroundings) -> None:
        self.name = name
        self.world = world
        self.alive = True
        self.frozen = False
        self.leaving = False
        self.reader = Reader(self)
        self.store = Store(
            "redis://simulated",
            PREFIX,
            {
                "connection_class": Link, "network": world.network, "sender": self,
                "driver_info": None, "socket_timeout": STORE_TIMEOUT_S,
                "socket_connect_timeout": STORE_TIMEOUT_S,
            },
        )  # fmt: skip
        self.metrics = Metrics()
        self.publisher = MemoryPublisher(self)
        self.assignment = Assignment(
            {event_type: event_type for event_type in TYPES},
            world.scoring.decoder(),
            self._shard,
            self.metrics,
            lambda: None,
            self._failed,
        )
        self._context = copy_context()
        self._context.run(OWNER.set, self)
        self._rebalances = Queue(self, "rebalance")
        self.spawn(Turns(self.assignment, self.store, "event").run())

    def _shard(self, number: int) -> Shard:
        world = self.world
        return Shard(
            number,
            Reading(
                TYPES,
                lambda topic, offset: offset >= world.inputs.end(TP(topic, number)),
                lambda offsets: self.reader.read_from(
                    {TP(topic, number): offsets.get(topic) for topic in TYPES}
                ),
            ),
            world.scoring.scorer,
            world.scoring.wording,
            self.store,
            self.publisher,
            OUTPUTS,
            self.metrics,
            limits=world.limits,
            feed_interval_s=world.feed_interval_s,
            shards=PARTITIONS,
        )

    def later(self, label: str, act: Act) -> None:
        """Let something happen to this worker when the seed says so."""
        self.world.later(self, label, act)

    async def pause(self, label: str) -> None:
        """Go on when the seed says so."""
        passed = self.world.loop.create_future()

        def go_on() -> str:
            if not passed.done():
                passed.set_result(None)
            return ""

        self.later(label, go_on)
        await passed

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task of this worker; what it raises is a failure of the worker."""
        task = self.world.loop.create_task(coroutine, context=self._context)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        if self.alive:
            self.world.failed(self, error)

    # -- its fate

    def told(self, shards: Sequence[int]) -> None:
        """Tell it which shards are its own from now on; it acts on that when the seed says so."""
        partitions = places(shards)

        def act() -> str:
            self.spawn(self.reader.reassign(partitions))
            return f"has {list(shards)}"

        self._rebalances.put(act)

    def leave(self) -> None:
        """Finish what is begun, then end: what SIGTERM does."""
        self.leaving = True
        self.spawn(self._leave())

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(_LEAVE_S):
                await self.assignment.drain()
        except TimeoutError:
            pass
        self.later("left", self.kill)

    def kill(self) -> str:
        """End at once: whatever it owes stays undone."""
        self.alive = False
        self.frozen = False
        for task in self.world.loop.tasks_of(self):
            task.cancel()
        return ""
