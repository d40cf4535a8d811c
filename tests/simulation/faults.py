"""The faults that a seed may choose: each is one thing that happens to workers or to the store."""

from __future__ import annotations

import random
from typing import Any

import redis

from tests.integration.traffic import PARTITIONS
from tests.simulation.network import Network
from tests.simulation.plan import Plan
from tests.simulation.worker import Surroundings, Worker

MOST_WORKERS = 3
_KEPT = 4
"""Snapshots of the store that a loss of its tail may go back to."""
Snapshot = dict[bytes, bytes]


class Group:
    """The workers of a run, and whom the coordinator believes to own which shards."""

    def __init__(self, world: Surroundings, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._started = 0
        self.workers: list[Worker] = []
        self.forgotten: set[str] = set()

    @property
    def alive(self) -> list[Worker]:
        """Return the workers that have neither been killed nor left."""
        return [worker for worker in self.workers if worker.alive]

    def start(self) -> str:
        """Start one more worker; it joins the group."""
        if len(self.alive) == MOST_WORKERS:
            return "enough of them"
        self._started += 1
        worker = Worker(f"w{self._started}", self._world)
        self.workers.append(worker)
        return f"{worker.name} {self.rebalance()}"

    def rebalance(self) -> str:
        """Give the shards to the members anew; each acts on it in its own time."""
        members = [w for w in self.alive if w.name not in self.forgotten and not w.leaving]
        if not members:
            return "nobody is there"
        shares: dict[Worker, list[int]] = {worker: [] for worker in members}
        for shard in range(PARTITIONS):
            shares[self._chance.choice(members)].append(shard)
        for worker, shards in shares.items():
            worker.told(shards)
        return " ".join(f"{worker.name}:{shards}" for worker, shards in shares.items())

    def forget(self) -> str:
        """Take a worker's shards away and do not tell it: a zombie, until it is found out."""
        worker = self._one(self.alive)
        if worker is None:
            return ""
        if worker.name in self.forgotten:
            self.forgotten.remove(worker.name)
        elif len(self.alive) > 1:
            self.forgotten.add(worker.name)
        return f"{worker.name} {self.rebalance()}"

    def kill(self) -> str:
        """Kill a worker."""
        worker = self._one(self.alive)
        if worker is None:
            return ""
        worker.kill()
        return f"{worker.name} {self.rebalance()}"

    def leave(self) -> str:
        """Tell a worker to drain and end."""
        worker = self._one([w for w in self.alive if not (w.leaving or w.frozen)])
        if worker is None:
            return ""
        worker.leave()
        return f"{worker.name} {self.rebalance()}"

    def freeze(self) -> str:
        """Let a worker stand still, as SIGSTOP does; what it sent is still under way."""
        worker = self._one(self.alive)
        if worker is None:
            return ""
        worker.frozen = not worker.frozen
        return f"{worker.name} {'stands still' if worker.frozen else 'goes on'}"

    def recover(self) -> str:
        """Let everybody go on, at least one worker live, and all be told what is theirs."""
        self.forgotten.clear()
        for worker in self.alive:
            worker.frozen = False
        if not [w for w in self.alive if not w.leaving]:
            return self.start() if len(self.alive) < MOST_WORKERS else self._replaced()
        return self.rebalance()

    def _replaced(self) -> str:
        self.alive[0].kill()
        return self.start()

    def _one(self, workers: list[Worker]) -> Worker | None:
        return self._chance.choice(workers) if workers else None


class Mishaps:
    """What happens to the store."""

    def __init__(
        self, client: redis.Redis, network: Network, chance: random.Random, plan: Plan
    ) -> None:
        self._client = client
        self._network = network
        self._chance = chance
        self._snapshots: list[Snapshot] = [{}]
        self._is_wanted = "lose_tail" in plan.faults

    def keep(self) -> None:
        """Take a snapshot that a loss of the tail may go back to."""
        if not self._is_wanted:
            return
        keys: Any = self._client.keys("*")
        values: Any = self._client.mget(keys) if keys else []
        self._snapshots.append(dict(zip(keys, values, strict=True)))
        del self._snapshots[:-_KEPT]

    def lose_tail(self) -> str:
        """Put the store back to how it was, as a restart after a power failure does."""
        back = self._chance.randrange(len(self._snapshots))
        snapshot = self._snapshots[back]
        del self._snapshots[back + 1 :]
        self._client.flushdb()
        if snapshot:
            self._client.mset(snapshot)
        self._network.crash()
        return f"{len(snapshot)} keys are left"

    def go_away(self) -> str:
        """Let the store be away for a while, or come back."""
        self._network.is_up = not self._network.is_up
        if not self._network.is_up:
            self._network.crash()
        return "is back" if self._network.is_up else "is away"

    def flush_scripts(self) -> str:
        """Make the store forget its scripts."""
        self._client.script_flush()
        return ""
