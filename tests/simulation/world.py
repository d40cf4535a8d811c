"""One run of the simulation: everything in it follows from its seed."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
import pytest
import redis
import structlog
from faust.types import TP

from streams.output.publisher import Record
from streams.shards.shard import Limits
from streams.state.meta import Meta
from tests.integration.traffic import PARTITIONS, TYPES, traffic
from tests.simulation.faults import Group, Mishaps
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import Line, Network
from tests.simulation.plan import Plan
from tests.simulation.topics import EPOCH_MS, Inputs, Outputs
from tests.simulation.worker import OUTPUTS, PREFIX, Act, Scoring, Worker

MOST_STEPS = 6_000
"""After which a run that has not caught up, with all faults over, stands still."""
_KEEP_EVERY = 20
_USUAL_WEIGHT = 3.0
_CLOCKED = ("shards.feed", "shards.shard", "shards.assignment", "tasks", "timers")


class RunFailedError(AssertionError):
    """What the simulated workers did is not what they promise."""


class Pending(NamedTuple):
    """What may happen next, to whom."""

    worker: Worker
    label: str
    act: Act


class Clock:
    """Stands for the module `time`: virtual time, beginning at a fixed moment."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.monotonic = self.perf_counter = loop.time
        self._loop = loop

    def time(self) -> float:
        """Return epoch seconds."""
        return EPOCH_MS / 1000 + self._loop.time()


class Nonces:
    """Stands for the module `secrets`: what it draws differs within a run, not between runs."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def token_hex(self, size: int) -> str:
        """Return so many bytes as text."""
        return self._chance.randbytes(size).hex()

    def randbits(self, bits: int) -> int:
        """Return so many bits as a number."""
        return self._chance.getrandbits(bits)


class World:
    """The store, the topics, the workers, and what may happen to them."""

    def __init__(self, seed: int, url: str, scoring: Scoring) -> None:
        """Lay out what the seed stands for; `run` lets it happen."""
        self.seed = seed
        self._chance = random.Random(seed)
        self.plan = plan = Plan.of(self._chance)
        self.scoring = scoring
        self.limits = Limits(plan.most_events, plan.most_customers, plan.cached_customers)
        self.feed_interval_s = plan.feed_interval_s
        self.loop = VirtualLoop(self._step)
        sent = traffic(
            seed, customers=plan.customers, events=plan.events, days=plan.days, merge_every=30
        )
        self.bad_values = {record.value for record in sent if not record.is_good}
        self.inputs = Inputs(sent, self._chance)
        self.outputs = Outputs()
        self.client = redis.Redis.from_url(url)
        self._line = Line(url)
        self.network = Network(self._line, self._chance, self._later, self._committed)
        self.network.trouble = plan.store_trouble
        self.group = Group(self, self._chance)
        self.mishaps = Mishaps(self.client, self.network, self._chance, plan)
        self.trace: list[str] = []
        self.counts: Counter[str] = Counter()
        self._pending: list[Pending] = []
        self._durable: set[str] = set()
        self._steps = 0
        self._is_calm = False
        self._finished = self.loop.create_future()

    # -- a run

    def run(self) -> None:
        """Let everything happen until all has been applied and published.

        Raises `RunFailedError` when a worker fails, publishes too early, or nothing moves on.
        """
        self.client.flushdb()
        self.client.script_flush()
        with self._surroundings():
            try:
                if self.plan.produce == 0:
                    self.inputs.append(1 << 30)
                self.loop.call_soon(self.group.start)
                self.loop.call_soon(self.group.start)
                self.loop.run_until_complete(self._finished)
            finally:
                self._end()

    @property
    def fingerprint(self) -> str:
        """Return a hash of all that happened and of what is left in the store."""
        hashed = sha256("\n".join(self.trace).encode())
        keys: Any = self.client.keys("*")
        for key in sorted(keys):
            value: Any = self.client.get(key)
            hashed.update(key + b"=" + value)
        return hashed.hexdigest()[:16]

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """Put virtual time and seeded chance in the place of the machine's; note what is logged."""
        clock, nonces = Clock(self.loop), Nonces(random.Random(self.seed + 1))
        configuration = structlog.get_config()
        structlog.configure(processors=[self._logged], cache_logger_on_first_use=False)
        with pytest.MonkeyPatch.context() as patch:
            for module in _CLOCKED:
                patch.setattr(f"streams.{module}.time", clock)
            for module in ("state.meta", "shards.shard"):
                patch.setattr(f"streams.{module}.secrets", nonces)
            try:
                yield
            finally:
                structlog.configure(**configuration)

    def _logged(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
        self.note(f"log {event['event']} {event.get('shard', '')}")
        self.counts[f"log: {event['event']}"] += 1
        raise structlog.DropEvent

    def _end(self) -> None:
        """End all tasks and connections of the run."""
        self._step_aside()
        while tasks := asyncio.all_tasks(self.loop):
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.wait(tasks, timeout=1))
        for worker in self.group.workers:
            self.loop.run_until_complete(worker.store.close())
        self.loop.run_until_complete(asyncio.sleep(0.1))
        self.loop.close()
        self._line.close()

    def _step_aside(self) -> None:
        for worker in self.group.workers:
            worker.alive = False
        self._finished.cancel()
        self._pending.clear()

    # -- asked by the workers

    def later(self, worker: Worker, label: str, act: Act) -> None:
        """Let something happen when the seed says so."""
        self._pending.append(Pending(worker, label, act))

    def _later(self, sender: Any, label: str, act: Act) -> None:
        self.later(sender, label, act)

    def failed(self, worker: Worker, error: BaseException) -> None:
        """Take note of a worker that ended itself: nothing that happens here may be a reason."""
        self._fail(RunFailedError(f"{worker.name} failed: {error!r}"), error)

    def _fail(self, failure: RunFailedError, cause: BaseException | None = None) -> None:
        if not self._finished.done():
            failure.__cause__ = cause
            self._finished.set_exception(failure)

    def is_refused(self) -> str:
        """Say what the broker does with records: empty to take them, else what goes wrong."""
        if self._is_calm or self._chance.random() >= self.plan.publisher_trouble:
            return ""
        fate = self._chance.choice(("not taken", "no reply", "in part"))
        self.counts[f"publication {fate}"] += 1
        return fate

    def publishes(self, topic: str, records: Sequence[Record]) -> None:
        """Fail if an outcome goes out that no commit holds."""
        told = (OUTPUTS.tier_changes, OUTPUTS.value_alerts, OUTPUTS.segment_changes)
        names = dict.fromkeys(told, "id") | {OUTPUTS.commands: "event_id"}
        if topic not in names:
            return
        for record in records:
            identity = json.loads(record.value or b"")[names[topic]]
            if identity not in self._durable:
                self._fail(RunFailedError(f"{identity} was published before its commit"))

    def some(self, most: int) -> int:
        """Choose a number from 0."""
        return self._chance.randint(0, most)

    def _committed(self, packed: bytes) -> None:
        self.counts["commits"] += 1
        start = packed.find(b'{"customers":')
        start = packed.find(b'{"messages":') if start < 0 else start
        if start >= 0:
            slot = orjson.loads(packed[start : packed.index(b"\r\n", start)])
            self._durable.update(message[1] for message in slot["messages"])

    # -- what happens next

    def note(self, line: str) -> None:
        """Add a line to the trace."""
        self.trace.append(f"{self._steps} {self.loop.time():.3f} {line}")

    def _step(self, timeout: float | None) -> None:
        """Choose what happens next; called when nothing else is left to do."""
        if self._finished.done():
            self.loop.advance(timeout or 0.0)
            return
        self._steps += 1
        if not self._is_calm:
            self._disturb()
        elif self._steps > self.plan.steps + MOST_STEPS:
            raise RunFailedError(f"stands still after {self._steps} steps: {self.standstill()}")
        self._drop_what_is_dead()
        moves = self._moves(timeout)
        if not moves and not self._is_calm:
            self._calm()  # all workers are dead, or stand still
            return
        if not moves:
            raise RunFailedError(f"nothing can happen any more: {self.standstill()}")
        weights = [weight for weight, _, _ in moves]
        _, label, act = self._chance.choices(moves, weights)[0]
        detail = act()
        self.note(f"{label} {detail}")
        self.counts[label.split(" ", 1)[0]] += 1

    def _moves(self, timeout: float | None) -> list[tuple[float, str, Act]]:
        moves: list[tuple[float, str, Act]] = []
        for pending in self._pending:
            worker, label, _ = pending
            if not worker.frozen or label.startswith("store"):
                weight = self._weight(label)
                moves.append((weight, f"{label} {worker.name}", self._taken(pending)))
        if not self.inputs.is_complete:
            moves.append((self.plan.produce, "produce", self._produce))
        for worker in self.group.alive:
            if not worker.frozen and (readable := worker.reader.readable()):
                moves.append((1.5, f"fetch {worker.name}", self._fetch(worker, readable)))
        if timeout is not None:
            moves.append((self.plan.passage_of_time, "time", lambda: self._pass(timeout)))
        return moves

    def _weight(self, label: str) -> float:
        if self._is_calm:
            return _USUAL_WEIGHT
        weights = {"offer": self.plan.delivery, "publish": self.plan.publishing}
        return weights.get(label.split(" ", 1)[0], _USUAL_WEIGHT)

    def _taken(self, pending: Pending) -> Act:
        def act() -> str:
            self._pending.remove(pending)
            return pending.act()

        return act

    def _produce(self) -> str:
        return str(self.inputs.append(self._chance.randint(1, 8)))

    def _fetch(self, worker: Worker, readable: list[Any]) -> Act:
        def act() -> str:
            some = self._chance.sample(readable, self._chance.randint(1, len(readable)))
            return worker.reader.fetch(some, self._chance.randint(1, self.plan.most_fetched))

        return act

    def _pass(self, timeout: float) -> str:
        self.loop.advance(timeout)
        if self._is_calm and self._is_caught_up():
            self.counts["slots left without a meta"] += self.orphans()
            self._finished.set_result(None)
        return ""

    # -- faults

    def _disturb(self) -> None:
        if self._steps % _KEEP_EVERY == 0:
            self.mishaps.keep()
        if self._steps > self.plan.steps:
            self._calm()
        elif self._chance.random() < self.plan.fault_rate:
            fault = self._chance.choice(self.plan.faults)
            self.counts[f"fault: {fault}"] += 1
            self.note(f"FAULT {fault} {self._fault(fault)()}")

    def _fault(self, name: str) -> Callable[[], str]:
        source = self.group if hasattr(self.group, name) else self.mishaps
        fault: Callable[[], str] = getattr(source, name)
        return fault

    def _calm(self) -> None:
        """End all faults; what is to come is work."""
        self._is_calm = True
        self.network.trouble = 0.0
        self.network.is_up = True
        self.note(f"CALM {self.group.recover()}")

    def _drop_what_is_dead(self) -> None:
        """Of what dead workers had sent, half the commands and publications still arrive."""
        if all(pending.worker.alive for pending in self._pending):
            return
        self._pending = [each for each in self._pending if each.worker.alive or self._arrives(each)]

    def _arrives(self, pending: Pending) -> bool:
        is_sent = pending.label.startswith(("store", "publish"))
        return is_sent and self._chance.random() < 0.5

    # -- the end

    def _is_caught_up(self) -> bool:
        return not self._pending and self.inputs.is_complete and not self.standstill()

    def standstill(self) -> str:
        """Say what is left to be applied, turned or published; empty if nothing."""
        left: list[str] = []
        for shard in range(PARTITIONS):
            stored: Any = self.client.get(f"{PREFIX}:{{{shard}}}:meta")
            meta = Meta.of(stored or b"")
            left += [
                f"{topic}[{shard}] {offset} of {end}"
                for topic in TYPES
                if (offset := meta.positions.get(topic, 0))
                < (end := self.inputs.end(TP(topic, shard)))
            ]
            left += [f"shard {shard} not turned to its day"] if meta.turned < meta.day else []
            left += [f"slot {key!r}" for key in self._slots(shard, meta) if self.client.exists(key)]
        return ", ".join(left)

    def orphans(self) -> int:
        """Count the outbox slots that no meta names: the store lost the tail that removed them."""
        keys: Any = self.client.keys(f"{PREFIX}:*:out:*")
        return len(keys)

    @staticmethod
    def _slots(shard: int, meta: Meta) -> list[str]:
        return [f"{PREFIX}:{{{shard}}}:out:{number}" for number in meta.slots]
