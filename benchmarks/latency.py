"""From an event's production to when its tier change can be read, at a steady rate."""

import threading
import time
from typing import Any, Final, NamedTuple

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from benchmarks import workload
from benchmarks.lab import PARTITIONS, Lab, create_inputs, input_topic, producer
from benchmarks.machine import Usage
from benchmarks.throughput import own_outputs
from benchmarks.worker import Watched, working
from benchmarks.workload import TYPES, Shape
from tests.servers import wait_until

EVENTS_PER_S: Final = 5_000
WARM_UP_S: Final = 5.0
CUSTOMERS: Final = 5_000
"""So few that many of them rise within a minute."""
LINGER_MS: Final = 5
"""Of the producer of events: what Java's client does by default since Kafka 4."""
_TICK_S: Final = 0.002


class Latency(NamedTuple):
    """Milliseconds over the tier changes after the warm-up; `most_behind_ms` of the pace."""

    p50_ms: float
    p99_ms: float
    most_ms: float
    changes: int
    events_per_s: float
    most_behind_ms: float
    worker_cores: float
    others_cores: float

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return self._asdict()


def run_latency(lab: Lab, run: str, seconds: float) -> Latency:
    """Produce at a steady rate, read the tier changes, and set their causes' times against it."""
    prefix = f"{run}."
    create_inputs(lab, prefix)
    options = {"topics.prefix": prefix, **own_outputs(run)}
    produced: dict[str, float] = {}
    with working(lab, run, options) as worker:
        reading = _Reading(lab, f"{prefix}{run}-tier-changes")
        reading.start()
        _wait_until_at_work(lab, worker, prefix)
        usage = Usage({"worker": worker.pid})
        began = time.time()
        behind = _produce(lab, prefix, seconds + WARM_UP_S, produced)
        used = usage.until_now()
        wait_until(lambda: worker.progress().applied > len(produced), "the last event", 60.0)
        wait_until(lambda: worker.is_published(worker.progress()), "the last outcome", 60.0)
        worker.stop()
    reading.finish()
    with lab.store() as store:
        store.execute_command("FLUSHDB", "SYNC")
    waits = sorted(
        (received - produced[event_id]) * 1000
        for event_id, received in reading.received.items()
        if produced.get(event_id, 0.0) >= began + WARM_UP_S
    )
    return Latency(
        p50_ms=_quantile(waits, 0.50),
        p99_ms=_quantile(waits, 0.99),
        most_ms=waits[-1],
        changes=len(waits),
        events_per_s=len(produced) / used.seconds,
        most_behind_ms=behind * 1000,
        worker_cores=used.cpu["worker"] / used.seconds,
        others_cores=used.others_cores,
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _wait_until_at_work(lab: Lab, worker: Watched, prefix: str) -> None:
    """Let one event through: the group is joined, the kernel loaded."""
    sender = producer(lab)
    now = int(time.time() * 1000)
    value = {"event_id": "first", "customer_id": "first", "occurred_at": now, "rating": 5}
    sender.produce(input_topic(prefix, "praise"), orjson.dumps(value), key="first")
    sender.flush(60.0)
    wait_until(lambda: worker.progress().applied == 1, "the worker to score its first event", 180.0)


def _produce(lab: Lab, prefix: str, seconds: float, produced: dict[str, float]) -> float:
    """Produce events of now at the rate, and note when; return by how much it was ever late."""
    sender: Producer = producer(lab, **{"linger.ms": LINGER_MS})
    topics = {kind: input_topic(prefix, kind) for kind in TYPES}
    count = int(seconds * EVENTS_PER_S)
    most_behind = 0.0
    began = time.time()
    for i, (kind, fields) in enumerate(workload.events(Shape(count, CUSTOMERS))):
        due = began + i / EVENTS_PER_S
        while (now := time.time()) < due:
            sender.poll(0)
            time.sleep(_TICK_S)
        most_behind = max(most_behind, now - due)
        value = fields | _moved_to(int(now * 1000), fields)
        sender.produce(topics[kind], orjson.dumps(value), key=fields["customer_id"])
        produced[fields["event_id"]] = now
    sender.flush(60.0)
    return most_behind


def _moved_to(now: int, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the event's times as if it happened now."""
    moved = {"occurred_at": now}
    if "due_at" in fields:
        moved["due_at"] = now + fields["due_at"] - fields["occurred_at"]
    return moved


class _Reading(threading.Thread):
    """A consumer of tier changes: notes when each came, by the event that caused it."""

    def __init__(self, lab: Lab, topic: str) -> None:
        super().__init__(name="tier-changes", daemon=True)
        self.received: dict[str, float] = {}
        self._ended = threading.Event()
        self._topic = topic
        self._consumer = Consumer(
            {
                "bootstrap.servers": lab.kafka.bootstrap,
                "group.id": "benchmark-latency",
                "enable.auto.commit": False,
            }
        )

    def run(self) -> None:
        """Read until `finish`."""
        self._consumer.assign([TopicPartition(self._topic, p, 0) for p in range(PARTITIONS)])
        while not self._ended.is_set():
            message = self._consumer.poll(0.2)
            if message is not None and not message.error():
                now = time.time()
                cause = orjson.loads(message.value() or b"{}").get("cause", {})
                if "event_id" in cause:
                    self.received.setdefault(cause["event_id"], now)
        self._consumer.close()

    def finish(self) -> None:
        """End the reading."""
        self._ended.set()
        self.join()
