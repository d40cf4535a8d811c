"""What a worker has in memory while the store is asked does not grow with what customers do."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest

from scoring.arena import Arena
from streams.decode import records_of_lines
from streams.shards.arrival import Arrived
from streams.shards.shard import Limits
from tests.integration.test_interrupted_shard import COUNT, DECODER, Bench, a_bench, a_set
from tests.integration.traffic import FACTS
from tests.servers import Kafka, Valkey
from tests.waiting import wait_until_async

CUSTOMERS = 60


def sales() -> Arrived:
    """One sale of each of many customers, twice."""
    lines = [
        json.dumps(
            {
                "event_id": f"s{n}", "customer_id": f"c{n % CUSTOMERS}", "amount": "5.00",
                "occurred_at": f"2024-05-0{1 + n // CUSTOMERS}T00:00:00Z",
            }
        )
        for n in range(2 * CUSTOMERS)
    ]  # fmt: skip  # what an event is
    records = records_of_lines("\n".join(lines).encode(), 0)
    records = records._replace(timestamp=records.offset)
    decoded = DECODER.decode(records, event_type="transaction", now_ms=None, keyed=False)
    return Arrived("transaction", records, decoded, 2 * CUSTOMERS, lambda: None)


async def committed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> tuple[list[int], list[int]]:
    """Apply the sales; return each commit's customers, and the arenas that there were meanwhile.

    One record of each other topic stands behind the sales, so that none of these has to wait.
    """
    commit, customers, arenas = bench.store.commit, list[int](), list[int]()

    async def watched(shard: int, stored: bytes, meta: bytes, ids: Any, *rest: Any) -> Any:
        gc.collect()
        arenas.append(sum(type(each) is Arena for each in gc.get_objects()))
        customers.append(len(ids))
        return await commit(shard, stored, meta, ids, *rest)

    monkeypatch.setattr(bench.store, "commit", watched)
    shard = await bench.read_on(placement=1)
    for event_type in FACTS:
        shard.offer(sales() if event_type == "transaction" else a_set(event_type, COUNT - 1))
    await wait_until_async(lambda: sum(customers) >= 2 * CUSTOMERS, "all sales", 60)
    return customers, arenas


async def test_unpacked_states_are_gone_when_the_store_is_asked_to_keep_them(
    kafka: Kafka, valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each shard of a worker may be waiting there: their arenas were most of its memory."""
    async with a_bench(kafka, valkey, tmp_path, Limits(most_events=50)) as bench:
        _, arenas = await committed(bench, monkeypatch)
        assert len(arenas) > 1
        assert set(arenas) == {0}


async def test_a_batch_has_fewer_customers_where_they_take_more(
    kafka: Kafka, valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(most_customers=40, most_bytes=1)
    async with a_bench(kafka, valkey, tmp_path, limits) as bench:
        customers, _ = await committed(bench, monkeypatch)
        assert customers[0] == 40
        assert max(customers[1:]) == 16
