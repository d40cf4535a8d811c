"""Where a key belongs, as the clients that most producers use have it."""

from __future__ import annotations

import zlib

import pytest
from aiokafka.partitioner import murmur2
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.partitioning import KeyedPartitions, Partitioning
from streams.settings import Partitioner


@settings(deadline=None)  # the first call compiles
@given(keys=st.lists(st.binary(max_size=40), max_size=9), partitions=st.integers(1, 10_000))
def test_murmur2_is_that_of_kafka_s_clients(keys: list[bytes], partitions: int) -> None:
    placed = Partitioning("murmur2", partitions)
    right = [(murmur2(key) & 0x7FFFFFFF) % partitions for key in keys]
    assert [placed.of(key) for key in keys] == right
    for partition in {0, *right}:
        expected = [each != partition for each in right]
        assert placed.misplaced(keys, partition).tolist() == expected


@given(key=st.binary(max_size=40), partitions=st.integers(1, 10_000))
def test_crc32_is_librdkafka_s_consistent_partitioner(key: bytes, partitions: int) -> None:
    assert Partitioning("crc32", partitions).of(key) == zlib.crc32(key) % partitions


def test_where_any_partition_will_do_nothing_is_misplaced() -> None:
    keys = [b"%d" % n for n in range(50)]
    assert not Partitioning("any", 8).misplaced(keys, 3).any()
    assert Partitioning("murmur2", 8).misplaced(keys, 3).any()


@pytest.mark.parametrize("partitioner", ["murmur2", "crc32", "any"])
def test_a_producer_puts_a_key_where_it_belongs(partitioner: Partitioner) -> None:
    choose = KeyedPartitions(partitioner)
    for key in (b"customer-17", "客户-3".encode(), b""):
        assert choose(key, [3, 1, 0, 2], [1]) == Partitioning(partitioner, 4).of(key)
    assert choose(None, [0, 1, 2, 3], [2]) == 2
