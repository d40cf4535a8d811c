"""How many customers a batch may have follows what those of the last one took."""

from __future__ import annotations

from datetime import date, timedelta

from scoring.arena import Arena
from streams.shards.batch_size import BatchSize
from tests.output.test_explanation import buys, shard_after


def customers_of(days: int, count: int) -> Arena:
    """Customers who bought on so many days each."""
    first = date(2026, 1, 1)
    shard = shard_after(*(buys(str(first + timedelta(n)), 10) for n in range(days)))
    return shard.scorer.read([shard.states[b"ada"]] * count)


def bytes_of(arena: Arena) -> int:
    return sum(column.nbytes for column in arena)


def test_nothing_is_known_at_first_and_the_number_of_customers_bounds() -> None:
    assert BatchSize(3_500, 1).customers == 3_500


def test_customers_who_take_more_are_fewer_at_once() -> None:
    light, heavy = customers_of(2, 100), customers_of(60, 100)
    size = BatchSize(3_500, 20 * bytes_of(heavy))
    size.note(heavy)
    assert size.customers == 2_000
    size.note(light)
    assert 2_000 < size.customers <= 3_500


def test_their_bytes_are_the_bound_whatever_the_size_of_the_batch_that_told() -> None:
    size = BatchSize(3_500, 10 * bytes_of(customers_of(60, 100)))
    for told in (1, 10, 1_000):
        size.note(customers_of(60, told))
        assert abs(size.customers - 1_000) <= 10


def test_a_few_may_always_come_and_an_empty_batch_tells_nothing() -> None:
    size = BatchSize(3_500, 1)
    size.note(customers_of(1, 0))
    assert size.customers == 3_500
    size.note(customers_of(1, 5))
    assert size.customers == 16
    few = BatchSize(3, 1)
    few.note(customers_of(1, 5))
    assert few.customers == 3
