"""A rebalance may interrupt a shard anywhere; what it had committed counts, and counts once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from faust.types import TP

from streams.decode import records_of_lines
from streams.kafka.record_sets import RecordSet, past_retention
from streams.metrics import Metrics
from streams.output.publisher import Publisher
from streams.shards.arrival import Arrived
from streams.shards.assignment import Assignment
from streams.shards.outbox import Outputs
from streams.shards.shard import GapError, Limits, Reading, Shard
from streams.state.meta import Meta, fingerprint
from streams.state.store import Store
from tests.decode.builders import a_decoder
from tests.integration.installation import OUTPUTS, Installation
from tests.integration.traffic import FACTS, PARTITIONS
from tests.servers import Kafka, Valkey, create_topics, delete_topics
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until_async

DECODER = a_decoder()
COUNT = 100
CUSTOMERS = ("ada", "bob", "eve")
MOST_AHEAD = 66
"""One commit at the publisher, 64 behind it, and one that waits to be put behind them."""


def a_set(event_type: str, start: int) -> Arrived:
    """The records of a topic from an offset on; the topics take turns in time of arrival."""
    lines = [
        json.dumps(
            {
                "event_id": f"{event_type}-{n}",
                "customer_id": CUSTOMERS[n % len(CUSTOMERS)],
                "occurred_at": "2024-05-01T00:00:00Z",
                **({"amount": "190000.00"} if event_type in ("transaction", "payment") else {}),
            }
        )
        for n in range(start, COUNT)
    ]
    records = records_of_lines("\n".join(lines).encode(), start)
    times = records.offset * len(FACTS) + FACTS.index(event_type)
    records = records._replace(timestamp=times)
    decoded = DECODER.decode(records, event_type=event_type, now_ms=None, keyed=False)
    return Arrived(event_type, records, decoded, COUNT, lambda: None)


def _is_past(shard: Shard, version: int) -> bool:
    return shard.meta.version > version


class Bench(NamedTuple):
    """One shard's surroundings, all real but for the reader of its topics: the test reads.

    `sought` are the offsets that the shard asked to be read from, once it lost its place.
    """

    run: Installation
    assignment: Assignment
    store: Store
    failures: list[BaseException]
    sought: list[Mapping[str, int]]

    async def read_on(self, placement: int) -> Shard:
        """Open shard 0 anew, as a rebalance does, and place it."""
        found = await self.assignment.positions({TP(topic, 0) for topic in FACTS})
        self.assignment.placed({tp: found[tp] or 0 for tp in found}, placement)
        return self.assignment.shards[0]


@asynccontextmanager
async def a_bench(
    kafka: Kafka,
    valkey: Valkey,
    directory: Path,
    limits: Limits = Limits(most_events=1),  # noqa: B008  # a constant
) -> AsyncIterator[Bench]:
    """Put a shard's surroundings together; no topic takes outcomes until the test makes them."""
    inputs = {event_type: event_type for event_type in FACTS}
    run = Installation(directory, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL, {})
    metrics, failures, sought = Metrics(), list[BaseException](), list[Mapping[str, int]]()
    store = Store(valkey.url, run.name)
    publisher = Publisher(run.settings.kafka.client_options(), lambda _: None)

    async def seek(offsets: Mapping[str, int]) -> None:
        sought.append(offsets)

    def a_shard(number: int) -> Shard:
        return Shard(
            number,
            Reading(FACTS, lambda topic, offset: False, seek),
            run.scorer,
            run.wording,
            store,
            publisher,
            Outputs(**{role: f"{run.name}-{role}" for role in Outputs._fields}),
            metrics,
            limits=limits,
            feed_interval_s=1.0,
        )

    assignment = Assignment(inputs, DECODER, a_shard, metrics, lambda: None, failures.append)
    try:
        yield Bench(run, assignment, store, failures, sought)
    finally:
        await assignment.positions(set())  # a shard that ran on would start the publisher again
        await publisher.close()
        await store.close()
        delete_topics(kafka.bootstrap, run.name)


async def test_a_rebalance_amid_commits_that_cannot_be_published_loses_no_event(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """No topic takes outcomes yet, so that the shard stands between a commit and what follows."""
    async with a_bench(kafka, valkey, tmp_path) as bench:
        run = bench.run

        async def read_on() -> Shard:
            shard = await bench.read_on(placement=1)
            for event_type in FACTS:
                shard.offer(a_set(event_type, shard.meta.positions.get(event_type, 0)))
            return shard

        shard = await read_on()
        await wait_until_async(
            lambda: shard.meta.version >= MOST_AHEAD, "the outbox to be full", 60
        )
        shard = await read_on()
        create_topics(kafka.bootstrap, {f"{run.name}-{role}": PARTITIONS for role in OUTPUTS})
        await wait_until_async(
            lambda: shard.meta.positions.get("transaction") == COUNT, "all sales to be applied", 60
        )
        customers = run.scorer.read(list(run.states().values())).customers
        # Behind the last sale wait one record of each other topic: more sales might come before.
        assert customers["applied"].sum() == COUNT * len(FACTS) - 3
        async with asyncio.timeout(10):
            await bench.assignment.drain()
        assert bench.failures == []


def fetched(event_type: str, position: int, placement: int) -> RecordSet:
    """A set of one record that the driver delivered."""
    records = records_of_lines(b"{}\n", position)
    return RecordSet(TP(event_type, 0), records, position, position + 1, 1_000, 0, placement)


async def test_what_is_on_its_way_when_another_worker_is_found_to_have_committed_is_void(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """The other had applied no payment: whichever set came first was taken for the first there is.

    All before it were lost.
    """
    async with a_bench(kafka, valkey, tmp_path) as bench:
        shard = await bench.read_on(placement=1)
        layout = fingerprint(bench.run.scorer.names.layout)
        others = Meta().next(offsets={"transaction": 5}, layout=layout)
        nothing = np.zeros(0, np.uint8), np.zeros(1, np.int64)
        assert await bench.store.commit(0, b"", others.to_bytes(), [], *nothing) is None
        for event_type in FACTS:
            shard.offer(a_set(event_type, 0))
        await wait_until_async(
            lambda: bench.sought or bench.failures, "the shard to find the other's commit", 60
        )
        assert bench.sought == [{"transaction": 5}]
        assert not any(shard.follows(fetched("payment", n, 1)) for n in (0, 7))
        bench.assignment.placed({TP(t, 0): shard.meta.positions.get(t, 3) for t in FACTS}, 2)
        assert not shard.follows(fetched("payment", 3, 1))
        assert shard.follows(fetched("payment", 3, 2))
        assert shard.follows(fetched("transaction", 5, 2))
        with pytest.raises(GapError, match=r"payment\[0\] 4\.\.5 n=1> was .* offset 3 was due"):
            shard.follows(fetched("payment", 4, 2))
        assert bench.failures == []


async def test_a_commit_keeps_where_reading_began_also_of_topics_that_it_brings_nothing_of(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Retention may pass there: the next worker must know that records are missing."""
    async with a_bench(kafka, valkey, tmp_path) as bench:
        shard = await bench.read_on(placement=1)
        bench.assignment.placed({TP("payment", 0): 40}, 2)
        shard.offer(a_set("transaction", 0))
        shard.offer(a_set("praise", COUNT))
        await wait_until_async(lambda: shard.meta.version > 0, "a commit", 60)
        assert shard.meta.positions["payment"] == 40


async def test_a_shard_ends_when_news_comes_in_the_instant_of_a_rebalance(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """It did not, on Python 3.11: its worker stood still for ever, and told nobody."""
    async with a_bench(kafka, valkey, tmp_path) as bench:
        create_topics(kafka.bootstrap, {f"{bench.run.name}-{role}": PARTITIONS for role in OUTPUTS})
        for steps in range(12):
            shard = await bench.read_on(placement=steps)
            shard.offer(a_set("praise", COUNT))
            await wait_until_async(partial(_is_past, shard, shard.meta.version), "a commit")
            shard.offer(a_set("praise", COUNT))
            for _ in range(steps):
                await asyncio.sleep(0)
        await bench.read_on(placement=12)
        assert bench.failures == []


async def test_a_commit_in_the_place_of_one_that_redis_lost_has_a_slot_of_its_own(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """What the lost one caused may still be under way to Kafka: its slot is trimmed after that."""
    async with a_bench(kafka, valkey, tmp_path) as bench:
        shard = await bench.read_on(placement=1)
        seen = []
        for placement in (2, 3):
            bench.assignment.placed({TP(event_type, 0): 0 for event_type in FACTS}, placement)
            for event_type in FACTS:
                shard.offer(a_set(event_type, 0))
            await wait_until_async(lambda: shard.meta.version > 2, "some commits", 60)
            seen.append(set(shard.meta.slots))
            valkey.flush()
            await wait_until_async(partial(len_is, bench.sought, placement - 1), "the loss", 60)
        assert seen[0]
        assert seen[1]
        assert seen[0].isdisjoint(seen[1])
        assert bench.failures == []


def len_is(found: list[Mapping[str, int]], count: int) -> bool:
    return len(found) == count


async def test_a_store_that_lost_everything_is_built_again_from_the_first_offset_or_not_at_all(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Where retention has passed it, reading must not begin at what is left: nobody would know."""
    async with a_bench(kafka, valkey, tmp_path) as bench:
        create_topics(kafka.bootstrap, {f"{bench.run.name}-{role}": PARTITIONS for role in OUTPUTS})
        shard = await bench.read_on(placement=1)
        shard.offer(a_set("praise", COUNT))
        await wait_until_async(lambda: shard.meta.version > 0, "a commit", 60)
        valkey.flush()
        shard.offer(a_set("transaction", COUNT))
        await wait_until_async(lambda: bench.sought or bench.failures, "the loss to be found", 60)
        assert bench.sought == [dict.fromkeys(FACTS, 0)]


async def test_a_rebalance_ends_what_the_metrics_say_of_stopped_shards(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """It is tried again then; an alarm that stays would be believed no more."""
    async with a_bench(kafka, valkey, tmp_path) as bench:
        await bench.read_on(placement=1)
        stopped = bench.assignment._metrics.shards_stopped._value
        bench.assignment.refused(past_retention(TP("praise", 0), 3, 7))
        assert stopped.get() == 1
        await bench.read_on(placement=2)
        assert stopped.get() == 0
