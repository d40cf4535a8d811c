"""What single events say beyond columns reaches the scorer at their places in a batch."""

import json

import numpy as np

from scoring.details import Detail
from streams.shards.arrival import ArrivalOrder, Arrived
from streams.shards.shard import _details
from streams.state.cache import StateCache
from tests.decode.builders import a_decoder, records_of

DECODER = a_decoder("UTC")
COMMON = {"customer_id": "ada", "occurred_at": 1_704_067_200_000}


def profiles(topic: str, times: list[int], bad: int) -> Arrived:
    """Profiles that say when their records came; one record cannot be decoded."""
    values = [
        json.dumps({"event_id": f"{topic}{t}", "seen": t} | COMMON).encode() if n != bad else b"?"
        for n, t in enumerate(times)
    ]
    records = records_of(values)._replace(timestamp=np.array(times, np.int64))
    decoded = DECODER.decode(records, event_type="profile", now_ms=None, keyed=False)
    return Arrived(topic, records, decoded, 1_000 + len(times), lambda: None)


def sales(topic: str, times: list[int]) -> Arrived:
    """Sales, of which columns hold all."""
    values = [json.dumps({"event_id": f"{topic}{t}", "amount": 1} | COMMON).encode() for t in times]
    records = records_of(values)._replace(timestamp=np.array(times, np.int64))
    decoded = DECODER.decode(records, event_type="transaction", now_ms=None, keyed=False)
    return Arrived(topic, records, decoded, 1_000 + len(times), lambda: None)


def test_details_are_found_at_the_places_of_their_events() -> None:
    """Across topics, sets, a record that was refused, and the bounds of batches."""
    order, cache = ArrivalOrder(["profiles", "sales"]), StateCache(10)
    order.add(profiles("profiles", [1, 2, 5], bad=0))
    order.add(profiles("profiles", [6, 9], bad=5))
    order.add(sales("sales", [3, 4, 7, 8]))
    found = []
    for _ in range(2):
        batch = order.take(cache, lambda topic: True, 4, 10)
        assert batch is not None
        found.append(_details(batch))
        order.done(batch)

    def seen(time: int) -> Detail:
        return Detail(attributes=(("seen", float(time)),))

    assert found == [{0: seen(2), 3: seen(5)}, {0: seen(6), 3: seen(9)}]


def test_a_batch_without_details_has_none() -> None:
    order = ArrivalOrder(["sales"])
    order.add(sales("sales", [1, 2]))
    batch = order.take(StateCache(10), lambda topic: True, 10, 10)
    assert batch is not None
    assert _details(batch) == {}
