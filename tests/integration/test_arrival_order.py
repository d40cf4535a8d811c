"""What arrives while a batch is committed is not taken for a part of it."""

from __future__ import annotations

from scoring.money import Rates
from streams.decode import Decoder, records_of_lines
from streams.shards.arrival import ArrivalOrder, Arrived
from streams.state.cache import StateCache

GOOD = b'{"event_id":"e","customer_id":"c","occurred_at":"2024-05-01T00:00:00Z","amount":"1"}\n'


def a_set(lines: bytes, first: int) -> Arrived:
    """A record set of the topic `sales` from an offset on."""
    records = records_of_lines(lines, first)
    decoder = Decoder(timezone="UTC", base_currency="CNY", rates=Rates("CNY", {}))
    decoded = decoder.decode(records, event_type="transaction", now_ms=None, keyed=False)
    return Arrived("sales", records, decoded, first + lines.count(b"\n"), lambda: None)


def test_a_set_of_rejected_records_alone_is_not_dropped_with_the_batch_before_it() -> None:
    """It was: its dead letters were lost, and no other record of its topic need ever follow."""
    order, cache = ArrivalOrder(["sales"]), StateCache(10)
    order.add(a_set(GOOD, 1))
    batch = order.take(cache, lambda _: True, 10, 10)
    assert batch is not None
    assert batch.offsets == {"sales": 2}
    order.add(a_set(b"not JSON\n", 2))
    order.done(batch)
    following = order.take(cache, lambda _: True, 10, 10)
    assert following is not None
    assert [rejected.error for part in following.parts for rejected in part.rejected] == ["NotJson"]
    assert following.offsets == {"sales": 3}
