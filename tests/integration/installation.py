"""One installation of ValuePulse in a test: topics, keys and workers that nobody else has."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import redis

from scoring.merging import is_part
from scoring.scorer import Scorer
from streams import topics
from streams.errors import DependencyError
from streams.model_file import load_model
from streams.output.messages import Wording
from streams.settings import Settings
from streams.state.rosters import roster_of
from tests.integration import topic_logs
from tests.integration.processes import WORKER, Process
from tests.integration.topic_logs import Record
from tests.integration.traffic import INPUTS, PARTITIONS
from tests.servers import create_topics, delete_topics
from tests.waiting import wait_until

OUTPUTS = (
    "tier_changes", "value_alerts", "segment_changes", "customer_scores", "alert_actions",
    "dead_letters",
)  # fmt: skip


class Installation:
    """Settings, workers, and what they left in Redis and Kafka."""

    def __init__(
        self,
        directory: Path,
        bootstrap: str,
        redis_url: str,
        inputs: Mapping[str, str],
        model: Path,
        options: Mapping[str, Any],
    ) -> None:
        """Name the parts; `inputs` are the topics by event type, `options` further settings."""
        self.name = f"test-{uuid.uuid4().hex[:8]}"
        self.directory = directory / self.name
        self.bootstrap = bootstrap
        self.inputs = dict(inputs)
        self.options: dict[str, Any] = {
            "kafka.bootstrap_servers": bootstrap,
            "kafka.group": self.name,
            "kafka.session_timeout_s": 6,
            "redis.url": redis_url,
            "redis.prefix": self.name,
            "redis.timeout_s": 2,
            "model": model,
            "clock": "event",
            "http_port": 0,
            "topics.partitioner": "crc32",  # as `shard_of` has it
            **{f"topics.{event_type}": topic for event_type, topic in inputs.items()},
            **{f"topics.{role}": f"{self.name}-{role}" for role in OUTPUTS},
            **options,
        }
        self.settings = Settings.load(None, self.options)
        self.redis = redis.Redis.from_url(redis_url)
        self.workers: list[Process] = []
        self.is_supervised = False
        """Whether a worker that met no Kafka or Redis at its start is started again."""

    @property
    def environment(self) -> dict[str, str]:
        """The settings as a worker's environment."""
        return {
            f"VALUEPULSE_{name.upper().replace('.', '__')}": str(value)
            for name, value in self.options.items()
        }

    # -- workers

    def worker(self, **environment: str) -> Process:
        """Start one more worker."""
        directory = self.directory / f"worker-{len(self.workers)}"
        process = Process(directory, WORKER, self.environment)
        self.workers.append(process)
        process.start_with(**environment)
        return process

    def wait_until_settled(self, seconds: float = 90.0) -> None:
        """Wait until also what shards tell each other is applied: a merge, its undoing, a release.

        Each of them is a record that the one before it causes.
        """
        for _ in range(4):
            self.wait_until_caught_up(seconds)

    def look_after_workers(self) -> None:
        """Raise `ServerError` if a worker has ended unasked."""
        for worker in self.workers:
            if self.is_supervised:
                worker.restart_after(DependencyError.exit_code)
            worker.must_run()

    # -- Redis

    def metas(self) -> list[dict[str, Any]]:
        """What each shard says of itself, empty where nothing is committed."""
        keys = [f"{self.name}:{{{shard}}}:meta" for shard in range(PARTITIONS)]
        found: Any = self.redis.mget(keys)
        return [json.loads(meta) if meta else {} for meta in found]

    def applied(self) -> int:
        """How many records lie before the shards' offsets; 0 while Redis is away."""
        try:
            metas = self.metas()
        except redis.ConnectionError:
            return 0
        return sum(sum(meta["offsets"].values()) for meta in metas if meta)

    def committed(self) -> dict[tuple[str, int], int]:
        """The offsets that the group has told Kafka, for tools that show lag."""
        return topic_logs.committed(self.bootstrap, self.name, self.inputs.values())

    def wait_for(self, records: int, seconds: float = 60.0) -> None:
        """Wait until so many records have been applied."""
        wait_until(lambda: self._has_applied(records), f"{records} records applied", seconds)

    def _has_applied(self, records: int) -> bool:
        if self.is_supervised:
            self.look_after_workers()
        return self.applied() >= records

    def wait_until_caught_up(self, seconds: float = 90.0) -> None:
        """Wait until all is applied, turned to the shard's day, and published."""
        goal = topic_logs.ends(self.bootstrap, self.inputs.values())
        reason = f"the shards of {self.directory} to catch up"
        wait_until(lambda: self._is_caught_up(goal), reason, seconds)

    def _is_caught_up(self, goal: Mapping[tuple[str, int], int]) -> bool:
        self.look_after_workers()
        try:
            metas = self.metas()
            for (topic, shard), end in goal.items():
                meta = metas[shard]
                if end and meta.get("offsets", {}).get(topic, 0) < end:
                    return False
            if self.settings.clock != "customer" and any(
                m and m["turned"] < m["day"] for m in metas
            ):
                return False
            return not self._unpublished(metas)
        except redis.ConnectionError:
            return False

    def _unpublished(self, metas: Sequence[Mapping[str, Any]]) -> int:
        """How many outbox slots hold what is still to be published.

        One that no meta names was: Redis lost its removal, and the next turn of the day removes it.
        """
        slots = [
            f"{self.name}:{{{shard}}}:out:{number}"
            for shard, meta in enumerate(metas)
            for number in meta.get("slots", [])
        ]
        found: Any = self.redis.exists(*slots) if slots else 0
        return int(found)

    def states(self) -> dict[bytes, bytes]:
        """Every customer's state as it is stored."""
        keys = list(self.redis.scan_iter(f"{self.name}:*:c:*", 1000))
        values: Any = self.redis.mget(keys)
        states = {key.split(b":c:", 1)[1]: value for key, value in zip(keys, values, strict=True)}
        return {customer: state for customer, state in states.items() if not is_part(customer)}

    def away(self) -> set[bytes]:
        """The customers that are merged into others."""
        keys = list(self.redis.scan_iter(f"{self.name}:*:merges", 1000))
        rosters: Any = self.redis.mget(keys) if keys else []
        return {customer for roster in rosters for customer in roster_of(roster).away}

    def applied_by_customer(self) -> dict[str, int]:
        """How many events each customer's state holds, repeats not counted."""
        states = self.states()
        counts = self.scorer.read(list(states.values())).customers["applied"].tolist()
        return dict(zip((name.decode() for name in states), counts, strict=True))

    def snapshots(self, as_of: int | None = None) -> dict[str, dict[str, Any]]:
        """How each customer stands, from its state alone; with `as_of` brought to that day."""
        away = self.away()
        states = {name: state for name, state in self.states().items() if name not in away}
        names, blobs = list(states), list(states.values())
        arena = self.scorer.read(blobs)
        if as_of is not None:
            arena = self.scorer.complete(self.scorer.turn(blobs, as_of).arena)
        return {s["customer_id"]: s for s in self.wording.snapshots(arena, names)}

    @cached_property
    def scorer(self) -> Scorer:
        """The model of the installation, ready to read states."""
        return Scorer(load_model(self.settings.model), self.settings.clock)

    @cached_property
    def wording(self) -> Wording:
        """The words of the installation's model."""
        return Wording.of(self.scorer)

    # -- Kafka

    def read_inputs(self) -> list[Record]:
        """All records of the input topics."""
        return topic_logs.read(self.bootstrap, *self.inputs.values())

    def read_output(self, role: str) -> list[Record]:
        """All records of an output topic."""
        return topic_logs.read(self.bootstrap, f"{self.name}-{role}")


@contextmanager
def installation(
    directory: Path,
    bootstrap: str,
    redis_url: str,
    inputs: Mapping[str, str],
    model: Path,
    **options: Any,
) -> Iterator[Installation]:
    """Make the output topics; the block's end kills what still runs and removes topics and keys.

    In `options` two underscores stand for the dot of a setting's path.
    """
    dotted = {name.replace("__", "."): value for name, value in options.items()}
    made = Installation(directory, bootstrap, redis_url, inputs, model, dotted)
    asyncio.run(topics.ensure(made.settings))
    try:
        yield made
    finally:
        for worker in made.workers:
            worker.kill()
        delete_topics(bootstrap, made.name)
        made.redis.close()


@contextmanager
def input_topics(
    bootstrap: str, partitions: Mapping[str, int] | None = None, **config: str
) -> Iterator[dict[str, str]]:
    """Make the input topics, empty; yields their names by event type."""
    prefix = f"test-{uuid.uuid4().hex[:8]}"
    named = {event_type: f"{prefix}-{event_type}" for event_type in INPUTS}
    counts = dict.fromkeys(INPUTS, PARTITIONS) | dict(partitions or {})
    configuration = {name.replace("_", "."): value for name, value in config.items()}
    create_topics(bootstrap, {named[each]: counts[each] for each in INPUTS}, configuration)
    try:
        yield named
    finally:
        delete_topics(bootstrap, prefix)
