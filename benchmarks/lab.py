"""What a run stands on: a real broker, a real store, and a directory; and P1's events in them."""

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import redis
from confluent_kafka import KafkaError, Producer

from benchmarks import truth, workload
from benchmarks.machine import REPOSITORY
from benchmarks.truth import Change, Truth
from benchmarks.workload import TOPICS, TYPES, Shape
from streams.settings import Settings
from streams.topics import Topics
from tests.servers import Kafka, Valkey, create_topics, start_kafka, start_valkey, wait_until

PARTITIONS: Final = 4
INPUT_PREFIX: Final = "p1."
KEPT: Final = REPOSITORY / ".cache" / "benchmarks"
FLUSH_S: Final = 120.0
MOST_WAITING: Final = 500_000
"""Events that may wait in the producer; its queue takes a million."""


class Lab(NamedTuple):
    """The servers, and where files of this run go."""

    kafka: Kafka
    valkey: Valkey
    directory: Path

    def store(self) -> redis.Redis:
        """Return a client of the store; values are bytes."""
        return redis.Redis.from_url(self.valkey.url, protocol=2)


def say(text: str) -> None:
    """Tell about progress, on stderr: stdout is for the results."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@contextmanager
def open_lab() -> Iterator[Lab]:
    """Start both servers with what they have by default in production: JIT and GC, AOF on."""
    with tempfile.TemporaryDirectory(prefix="valuepulse-bench-") as name:
        directory = Path(name)
        with (
            start_kafka(
                directory / "kafka", java=(), heap="1g", partitions_default=PARTITIONS
            ) as k,
            start_valkey(directory / "valkey", appendonly=True) as v,
        ):
            yield Lab(k, v, directory)


def create_inputs(lab: Lab, prefix: str) -> None:
    """Create P1's four topics, or the same under another prefix, and the other inputs, empty."""
    names = {input_topic(prefix, kind) for kind in TYPES}
    names |= {f"{prefix}{topic.name}" for topic in Topics.of(Settings()).inputs}
    create_topics(lab.kafka.bootstrap, dict.fromkeys(sorted(names), PARTITIONS))


def input_topic(prefix: str, kind: str) -> str:
    """Return the topic of a type of event."""
    return prefix + TOPICS[kind].removeprefix(INPUT_PREFIX)


def producer(lab: Lab, **options: object) -> Producer:
    """Return a producer that sends a key to the partition that Kafka's own clients choose."""
    common = {
        "bootstrap.servers": lab.kafka.bootstrap,
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
        "log_level": 3,
        "queue.buffering.max.messages": 1_000_000,
    }
    return Producer(common | options)


def preload(lab: Lab, prefix: str, events: Iterable[tuple[str, str, bytes]], count: int) -> None:
    """Put events, each with type, customer and JSON, into Kafka.

    Each has a record timestamp of its own, a millisecond after the one before it, up to now: so the
    order of arrival is that of the workload, and no tie of times leaves it open.
    """
    create_inputs(lab, prefix)
    failures: list[KafkaError] = []
    sender = producer(
        lab,
        **{"linger.ms": 50, "batch.size": 500_000, "delivery.report.only.error": True},
        on_delivery=lambda error, _: failures.append(error),
    )

    def has_room() -> bool:
        sender.poll(0)
        return len(sender) < MOST_WAITING or bool(failures)

    first = int(time.time() * 1000) - count
    topics = {kind: input_topic(prefix, kind) for kind in TYPES}
    for i, (kind, customer, value) in enumerate(events):
        if i % 5_000 == 0:
            wait_until(has_room, "the broker to take events", FLUSH_S)
        sender.produce(topics[kind], value, key=customer, timestamp=first + i)
    left = sender.flush(FLUSH_S)
    if left or failures:
        raise RuntimeError(
            f"Kafka did not take all of {count} events: {left} not acknowledged in {FLUSH_S:g} s, "
            f"{len(failures)} refused{f', as {failures[0]}' if failures else ''}"
        )


def written(
    events: Iterable[tuple[str, str, bytes]], path: Path
) -> Iterator[tuple[str, str, bytes]]:
    """Pass events on, and write them to a file as lines with their `type`."""
    with path.open("wb") as file:
        for kind, customer, value in events:
            file.write(workload.line(kind, value))
            yield kind, customer, value


def known_truth(shape: Shape, lines: Path) -> Truth:
    """Return what a workload must lead to; worked out once for each version of its sources."""
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in (workload, truth))
    version = hashlib.sha256(sources).hexdigest()[:12]
    kept = KEPT / f"truth-{shape.events}-{shape.customers}-{shape.seed}-{version}.json"
    if not kept.exists():
        say(f"working out the truth of {shape.events:,} events the plain way (once)")
        with lines.open("rb") as file:
            found = truth.truth_of(file)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found._asdict()), "utf-8")
        return found
    fields = json.loads(kept.read_text("utf-8"))
    return Truth(**fields | {"changes": [Change(*change) for change in fields["changes"]]})
