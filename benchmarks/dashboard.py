"""`python -m benchmarks.dashboard`: how fast the dashboard starts and answers with many customers.

Snapshots and tier changes are those of the synthetic shop, scored by the product, each given to
many customers; a real Kafka holds them. Times are this process's, which is all feed and board, and
the machine's clock; whatever else runs on the machine counts in the latter.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson
import structlog
from confluent_kafka import Producer

from benchmarks.lab import say
from benchmarks.machine import cpu_seconds, memory_mb
from streams.dashboard.board import Board
from streams.dashboard.catalogue import ATTRIBUTES, Catalogue
from streams.dashboard.feed import Feed
from streams.dashboard.filters import Between, Filter, Moved
from streams.merged_files import MergedFiles
from streams.model_file import load_model
from streams.packaged import PACKAGED
from streams.replay import Options, Replay
from streams.settings import Settings
from streams.shop.trade import history
from streams.topics import Topics, ensure
from tests.servers import Kafka, start_kafka, wait_until

MODEL: Final = PACKAGED / "scoring.yaml"
START_AT_MOST_S: Final = 30.0
ANSWER_AT_MOST_MS: Final = 200.0
_LOAD_S: Final = 600.0


def main() -> int:
    """Run; return 0, or 4 when a figure is worse than what is promised."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000, help="(1,000,000)")
    parser.add_argument("--changes", type=int, default=500_000, help="of tiers (500,000)")
    parser.add_argument("--companies", type=int, default=2_000, help="that are scored (2,000)")
    parser.add_argument("--queries", type=int, default=1_000, help="(1,000)")
    parser.add_argument("--compression", default="none", help="of records, as lz4 (none)")
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    say(f"scoring {options.companies:,} companies")
    snapshots, changes = scored(options.companies)
    with tempfile.TemporaryDirectory() as folder, start_kafka(Path(folder), java=()) as kafka:
        settings = Settings.load(None, {"kafka.bootstrap_servers": kafka.bootstrap})
        asyncio.run(ensure(settings))
        topics = Topics.of(settings)
        say(f"filling {options.customers:,} snapshots and {options.changes:,} tier changes")
        codec = options.compression
        fill(kafka, topics.name("customer_scores"), many(snapshots, options.customers), codec)
        fill(kafka, topics.name("tier_changes"), many(changes, options.changes), codec)
        found = measured(kafka, settings, options.customers, options.queries)
    print(json.dumps(found, indent=2))
    is_slow = found["start"]["seconds"] > START_AT_MOST_S
    return 4 if is_slow or found["answers"]["all"]["p99_ms"] > ANSWER_AT_MOST_MS else 0


def scored(companies: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the snapshots of a shop with so many companies, and its tier changes."""
    now_ms = int(time.time() * 1000)
    run = Replay(load_model(MODEL), Options(), now_ms)
    lines = b"".join(orjson.dumps(event) + b"\n" for event in history(7, now_ms, companies))
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        file.write(lines)
        file.flush()
        changes = []
        for merged in MergedFiles([Path(file.name)], run.decoder, now_ms):
            told = run.apply(merged.decoded)
            changes += [each.value for each in told if each.role == "tier_changes"]
    snapshots = [snapshot for _, some in run.final() for snapshot in some]
    return snapshots, changes


def many(messages: list[dict[str, Any]], count: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield so many messages with their keys: each of the given ones for many customers."""
    made = 0
    for copy in range(count):
        for said in messages:
            if made == count:
                return
            customer = f"{said['customer_id']}-{copy}"
            told = said | {"customer_id": customer}
            if "profile" in told:
                told["profile"] = told["profile"] | {"name": f"{told['profile']['name']}{copy}"}
            if "id" in told:
                told["id"] = f"{(int(said['id'], 16) + copy * 2**65) % 2**128:032x}"
            yield customer.encode(), orjson.dumps(told)
            made += 1


def fill(
    kafka: Kafka, topic: str, messages: Iterator[tuple[bytes, bytes]], codec: str = "none"
) -> None:
    """Send all and wait until the broker has them."""
    producer = Producer({
        "bootstrap.servers": kafka.bootstrap, "linger.ms": 50, "batch.size": 1_000_000,
        "queue.buffering.max.messages": 100_000, "partitioner": "murmur2_random",
        "compression.type": codec,
    })  # fmt: skip
    for key, value in messages:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.1)
    if left := producer.flush(_LOAD_S):
        raise RuntimeError(f"{left} records were not delivered to {topic}")


def measured(kafka: Kafka, settings: Settings, customers: int, queries: int) -> dict[str, Any]:
    """Start a feed; return what the start took, and how long answers take then."""
    board = Board(Catalogue.of(load_model(MODEL)))
    feed = Feed(settings, board)
    began, cpu, theirs = time.monotonic(), time.process_time(), cpu_seconds(kafka.pid)
    feed.start()
    wait_until(lambda: not board.as_of().loading, "the start", _LOAD_S)
    start = {
        "seconds": round(time.monotonic() - began, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "broker_cpu_s": round(cpu_seconds(kafka.pid) - theirs, 2),
    }
    held, memory = board.held(), round(memory_mb(_own_pid(), "VmRSS"))
    say(f"started in {start['seconds']} s, {start['cpu_s']} CPU seconds, {memory} MiB")
    if held[0] != customers:
        raise RuntimeError(f"{held[0]:,} of {customers:,} customers were read")
    answers = answered(board, queries)
    feed.stop()
    return {
        "customers": held[0], "changes": held[1], "start": start, "rss_mib": memory,
        "answers": answers,
    }  # fmt: skip


def answered(board: Board, queries: int) -> dict[str, dict[str, float]]:
    """Ask at random; return milliseconds by kind of question, of the clock and of a processor."""
    random = Random(1)
    asks = _questions(board, random)
    took: dict[str, list[tuple[float, float]]] = {"all": []}
    for _ in range(queries):
        name = random.choice(list(asks))
        wanted = some_filter(board, random)
        owner = random.choice([None, None, "王芳"])
        began, cpu = time.perf_counter(), time.thread_time()
        asks[name](wanted, owner)
        spent = time.perf_counter() - began, time.thread_time() - cpu
        took.setdefault(name, []).append(spent)
        took["all"].append(took[name][-1])
    return {name: _told(seconds) for name, seconds in sorted(took.items())}


def _questions(board: Board, random: Random) -> Mapping[str, Callable[[Filter, str | None], Any]]:
    names = board.catalogue.names
    sorts = ("score", "-score", "name", "-name", "customer_id", *names.indicators, "-spend_365d")
    groups = (*ATTRIBUTES, *(f"segment:{name}" for name in names.segments), "tier:credit")
    return {
        "pyramid": board.pyramid,
        "page": lambda f, o: board.page(f, o, random.choice(sorts), random.choice([1, 1, 2, 40])),
        "distribution": lambda f, o: board.distribution(f, o, random.choice(names.indicators)),
        "composition": lambda f, o: board.composition(f, o, random.choice(groups)),
        "movements": lambda f, o: board.movements(f, o, random.choice([1, 7, 30])),
        "recent changes": board.recent_changes,
        "alerts": board.alerts,
        "rfm": board.rfm,
    }


def some_filter(board: Board, random: Random) -> Filter:
    """Return a filter as people make them: nothing, or up to three conditions."""
    names, given = board.catalogue.names, dict[str, Any]()
    s = random.randrange(len(names.scores))
    given["score"] = names.scores[s]
    for _ in range(random.choice([0, 0, 1, 1, 2, 3])):
        match random.randrange(6):
            case 0:
                given["tier"] = random.choice(names.tiers[s])
            case 1:
                given["region"] = random.choice(["华东", "华南", ""])
            case 2:
                g = random.randrange(len(names.segments))
                given["segments"] = ((names.segments[g], random.choice(names.classes[g])),)
            case 3:
                indicator, low = random.choice(names.indicators), random.choice([0.0, 1.0, 100.0])
                given["where"] = (Between(indicator=indicator, low=low),)
            case 4:
                given["q"] = random.choice(["有限公司", "c0001", "鼎", "-77", "nobody at all"])
            case 5:
                then, now = random.choices(names.tiers[s], k=2)
                given["moved"] = Moved(from_=then, to=now, days=random.choice([1, 7, 30]))
    return Filter(**given)


def _told(spent: list[tuple[float, float]]) -> dict[str, float]:
    told: dict[str, float] = {"count": len(spent)}
    for kind, seconds in zip(("ms", "cpu_ms"), zip(*spent, strict=True), strict=True):
        ordered = sorted(seconds)
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            told[f"{name}_{kind}"] = round(ordered[round((len(ordered) - 1) * share)] * 1000, 1)
    return told


def _own_pid() -> int:
    return int(Path("/proc/self").resolve().name)


if __name__ == "__main__":
    sys.exit(main())
