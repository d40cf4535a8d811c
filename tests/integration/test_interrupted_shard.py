"""A rebalance may interrupt a shard anywhere; what it had committed counts, and counts once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from faust.types import TP

from streams.decode import Decoder, records_of_lines
from streams.metrics import Metrics
from streams.output.publisher import Publisher
from streams.settings import PACKAGED
from streams.shards.arrival import Arrived
from streams.shards.assignment import Assignment
from streams.shards.outbox import Outputs
from streams.shards.shard import Limits, Reading, Shard
from streams.state.store import Store
from tests.decode.builders import a_decoder
from tests.integration.installation import OUTPUTS, Installation
from tests.integration.traffic import PARTITIONS, TYPES
from tests.servers import Kafka, Valkey, create_topics, delete_topics
from tests.waiting import wait_until_async

COUNT = 100
CUSTOMERS = ("ada", "bob", "eve")
MOST_AHEAD = 66
"""One commit at the publisher, 64 behind it, and one that waits to be put behind them."""


def a_set(decoder: Decoder, event_type: str, start: int) -> Arrived:
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
    times = records.offset * len(TYPES) + TYPES.index(event_type)
    records = records._replace(timestamp=times)
    decoded = decoder.decode(records, event_type=event_type, now_ms=None, keyed=False)
    return Arrived(event_type, records, decoded, COUNT, lambda: None)


async def nobody_reads(_: object) -> None:
    """There is no reader whose position could be moved: the test itself hands over the records."""


async def test_a_rebalance_amid_commits_that_cannot_be_published_loses_no_event(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """No topic takes outcomes yet, so that the shard stands between a commit and what follows."""
    inputs = {event_type: event_type for event_type in TYPES}
    model = PACKAGED / "scoring.yaml"
    run = Installation(tmp_path, kafka.bootstrap, valkey.url, inputs, model, {})
    metrics, decoder = Metrics(), a_decoder()
    store = Store(valkey.url, run.name)
    publisher = Publisher(run.settings.kafka.client_options(), lambda _: None)

    def a_shard(number: int) -> Shard:
        return Shard(
            number,
            Reading(TYPES, lambda topic, offset: False, nobody_reads),
            run.scorer,
            run.wording,
            store,
            publisher,
            Outputs(*(f"{run.name}-{role}" for role in (*OUTPUTS, "group"))),
            metrics,
            limits=Limits(most_events=1),
            feed_interval_s=1.0,
        )

    failures: list[BaseException] = []
    assignment = Assignment(inputs, decoder, a_shard, metrics, failures.append)

    async def read_on() -> Shard:
        found = await assignment.positions({TP(topic, 0) for topic in inputs})
        for event_type in TYPES:
            start = found.get(TP(event_type, 0)) or 0
            assignment.shards[0].offer(a_set(decoder, event_type, start))
        return assignment.shards[0]

    try:
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
        assert customers["applied"].sum() == COUNT * len(TYPES) - 3
        await asyncio.wait_for(assignment.drain(), 10)
        assert failures == []
    finally:
        await publisher.close()
        await store.close()
        delete_topics(kafka.bootstrap, run.name)
