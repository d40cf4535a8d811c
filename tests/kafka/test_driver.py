"""The Faust driver on a real Kafka: every record once, in order, from positions kept elsewhere."""

import asyncio
import os
import random
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import aiokafka
import pytest
from aiokafka.consumer import fetcher as aiokafka_fetcher
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from faust.types import TP

from streams.kafka.fetching import FetchSettings, keep_raw_records
from tests.conftest import Topics
from tests.kafka.reading import Log, reading
from tests.servers import BROKER_VARIABLE, Kafka, create_topics, start_kafka, wait_until_async

NAMES = ("transactions", "payments", "complaints", "praise")
own_broker = pytest.mark.skipif(
    BROKER_VARIABLE in os.environ, reason=f"{BROKER_VARIABLE} is not ours to stop"
)


def publish(bootstrap: str, records: Iterable[tuple[str, int, bytes]], **options: object) -> None:
    """Produce (topic, partition, value), in this order for each partition."""
    ordered = {"enable.idempotence": True, "queue.buffering.max.messages": 1_000_000}
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, **ordered, **options})
    for topic, partition, value in records:
        producer.produce(topic, value=value, key=b"k", partition=partition)
    assert producer.flush(60) == 0


def commit(bootstrap: str, group: str, tp: TP, offset: int) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    consumer.commit(offsets=[TopicPartition(*tp, offset)], asynchronous=False)
    consumer.close()


def spread(topics: list[str], n: int, partitions: int = 4) -> list[tuple[str, int, bytes]]:
    """Return n records at random over the partitions of the topics; values count up in each."""
    chance, counts, records = random.Random(7), dict[TP, int](), []
    for _ in range(n):
        tp = TP(chance.choice(topics), chance.randrange(partitions))
        counts[tp] = counts.get(tp, -1) + 1
        records.append((*tp, b"%d" % counts[tp]))
    return records


def reached(log: Log, tp: TP, offset: int) -> bool:
    return log.next.get(tp, 0) >= offset


def assert_once_and_in_order(log: Log, records: list[tuple[str, int, bytes]]) -> None:
    for tp in {TP(topic, partition) for topic, partition, _ in records}:
        expected = [v for topic, partition, v in records if (topic, partition) == tp]
        assert log.offsets(tp) == list(range(len(expected)))
        assert log.values(tp) == expected


async def test_200_000_records_arrive_once_and_in_order_across_a_restart(
    kafka: Kafka, topics: Topics
) -> None:
    topics.create(dict.fromkeys(NAMES, 4))
    names = [topics(name) for name in NAMES]
    records = spread(names, 200_000)
    publish(kafka.bootstrap, records, **{"compression.type": "lz4"})
    log = Log()
    small = FetchSettings(partition_bytes=65_536)
    async with reading(kafka.bootstrap, names, log, fetch=small):
        await wait_until_async(lambda: len(log) > 50_000, "a quarter of the records")
    assert len(log) < 200_000
    async with reading(kafka.bootstrap, names, log, fetch=small):
        await wait_until_async(lambda: len(log) >= 200_000, "all records", 30)
    assert_once_and_in_order(log, records)
    assert log.stale == 0


async def test_a_full_partition_waits_and_holds_back_no_other(kafka: Kafka, topics: Topics) -> None:
    topics.create({"a": 2})
    name = topics("a")
    full, free = TP(name, 0), TP(name, 1)
    publish(kafka.bootstrap, spread([name], 2_000, 2))
    log = Log()
    async with reading(kafka.bootstrap, [name], log, full=[full]) as app:
        await wait_until_async(lambda: log.next.get(free, 0) > 900, "the free partition")
        for i in range(5):
            due = log.next[free] + 1
            publish(kafka.bootstrap, [(name, 1, b"%d" % i)])
            await wait_until_async(partial(reached, log, free, due), "the next record", 1)
        assert log.next[full] == 0
        assert app.looks < 200, "the driver polls while a partition is full"
        app.full.clear()
        app.consumer.room_made()
        await wait_until_async(lambda: log.next[full] > 900, "the partition with room", 0.5)


async def test_seeking_back_reads_again_from_there(kafka: Kafka, topics: Topics) -> None:
    topics.create({"a": 1})
    tp = TP(topics("a"), 0)
    records = spread([tp.topic], 20_000, 1)
    publish(kafka.bootstrap, records)
    log = Log()
    small = FetchSettings(partition_bytes=16_384)
    async with reading(kafka.bootstrap, [tp.topic], log, fetch=small) as app:
        chance = random.Random(3)
        for lost in [chance.randrange(100, 6_000) for _ in range(10)]:
            await wait_until_async(partial(reached, log, tp, lost), f"{lost} records")
            log.next[tp] = 0  # as a Redis that lost everything
            log.sets.clear()
            await app.consumer.read_from({tp: None})
        await wait_until_async(lambda: log.next[tp] == 20_000, "all records")
        assert not app.consumer.out_of_place, "a set fetched before a seek was delivered after it"
    assert_once_and_in_order(log, records)


async def test_a_position_that_retention_has_passed_is_refused_and_the_others_go_on(
    kafka: Kafka, topics: Topics
) -> None:
    topics.create({"a": 2})
    name = topics("a")
    publish(kafka.bootstrap, spread([name], 200, 2))
    client = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for deleted in client.delete_records([TopicPartition(name, 0, 60)]).values():
        deleted.result()
    log = Log(next={TP(name, 0): 10, TP(name, 1): 10})
    async with reading(kafka.bootstrap, [name], log) as app:
        await wait_until_async(lambda: log.next[TP(name, 1)] > 90, "the other partition")
        assert log.next[TP(name, 0)] == 10
        (error,) = app.refusals
        assert error.partition == TP(name, 0)
        assert "log starts at 60, 50 records were deleted" in str(error)


async def test_a_log_that_lost_its_beginning_is_read_from_what_is_left_unless_it_was_applied_before(
    kafka: Kafka, topics: Topics
) -> None:
    """The group told offsets of it and the store knows none: the store has lost its state."""
    topics.create({"a": 2})
    name, group = topics("a"), topics("group")
    publish(kafka.bootstrap, spread([name], 200, 2))
    client = AdminClient({"bootstrap.servers": kafka.bootstrap})
    gone = [TopicPartition(name, number, 60) for number in (0, 1)]
    for deleted in client.delete_records(gone).values():
        deleted.result()
    commit(kafka.bootstrap, group, TP(name, 0), 80)
    log = Log()
    async with reading(kafka.bootstrap, [name], log, group=group) as app:
        await wait_until_async(lambda: log.next.get(TP(name, 1), 0) > 90, "the other partition")
        assert log.offsets(TP(name, 1))[0] == 60
        (error,) = app.refusals
        assert error.partition == TP(name, 0)
        assert "log starts at 60, 60 records were deleted" in str(error)


async def test_a_log_that_is_read_from_its_beginning_though_it_was_applied_is_told_of(
    kafka: Kafka, topics: Topics
) -> None:
    """The store has lost everything; in a new installation the group has told nothing."""
    topics.create({"a": 3})
    name, group = topics("a"), topics("group")
    publish(kafka.bootstrap, spread([name], 300, 3))
    commit(kafka.bootstrap, group, TP(name, 0), 80)
    commit(kafka.bootstrap, group, TP(name, 2), 80)
    log = Log(next={TP(name, 2): 80})
    async with reading(kafka.bootstrap, [name], log, group=group) as app:
        await wait_until_async(lambda: len({s.partition for s in log.sets}) == 3, "all partitions")
        assert app.lost == {TP(name, 0)}
        assert app.refusals == []
        assert log.offsets(TP(name, 0))[0] == 0


async def test_a_position_that_the_log_does_not_have_is_refused(
    kafka: Kafka, topics: Topics
) -> None:
    topics.create({"a": 2})
    at_start, by_seek = TP(topics("a"), 0), TP(topics("a"), 1)
    publish(kafka.bootstrap, [(topics("a"), n % 2, b"%d" % n) for n in range(100)])
    log = Log(next={at_start: 51, by_seek: 49})
    async with reading(kafka.bootstrap, [topics("a")], log) as app:
        await wait_until_async(lambda: log.next[by_seek] == 50, "the last record")
        assert "[0] at offset 51: Kafka's log ends at 50" in str(app.refusals.pop())
        await app.consumer.read_from({by_seek: 70})
        assert "[1] at offset 70: Kafka's log ends at 50" in str(app.refusals.pop())


async def test_what_was_delivered_before_a_seek_is_void_though_it_begins_at_the_same_offset(
    kafka: Kafka, topics: Topics
) -> None:
    """It was taken for what is read after the seek; what was read after it did not follow it."""
    topics.create({"a": 1})
    tp = TP(topics("a"), 0)
    publish(kafka.bootstrap, spread([tp.topic], 50, 1))
    log = Log()
    async with reading(kafka.bootstrap, [tp.topic], log) as app:
        await wait_until_async(lambda: log.next.get(tp) == 50, "all records")
        (first, *_) = log.sets
        assert app.is_valid(first)
        await app.consumer.read_from({tp: None})
        assert not app.is_valid(first)
        assert log.next[tp] == first.position


async def test_a_set_whose_taker_was_gone_is_fetched_again_though_no_other_follows(
    kafka: Kafka, topics: Topics
) -> None:
    """As when a rebalance ends while the sets of the one before are on their way to the loop."""
    topics.create({"payments": 1})
    tp = TP(topics("payments"), 0)
    async with reading(kafka.bootstrap, [tp.topic], Log()) as run:
        await wait_until_async(lambda: tp in run.placements, "the place to read from")
        run.full.add(tp)
        publish(kafka.bootstrap, [(*tp, b"%d" % n) for n in range(10)])
        assert await run.consumer._thread.take({tp: 0}, 10)
        run.full.clear()
        run.consumer.room_made()
        await wait_until_async(lambda: run.log.offsets(tp) == list(range(10)), "the ten records")


async def test_an_empty_topic_is_told_to_be_drained(kafka: Kafka, topics: Topics) -> None:
    topics.create({"empty": 1, "busy": 1})
    empty, busy = TP(topics("empty"), 0), TP(topics("busy"), 0)
    publish(kafka.bootstrap, spread([busy.topic], 10, 1))
    log = Log()
    async with reading(kafka.bootstrap, [empty.topic, busy.topic], log) as app:
        await wait_until_async(lambda: len({s.partition for s in log.sets}) == 2, "sets of both")
        told = next(s for s in log.sets if s.partition == empty)
        assert (len(told), told.drained) == (0, True)
        drained_at = app.consumer.drained_at(empty, 0)
        assert drained_at == pytest.approx(time.time() * 1000, abs=10_000)
        await wait_until_async(lambda: log.next[busy] == 10, "all of the busy one")
        assert app.consumer.drained_at(busy, 9) is None
        assert app.consumer.drained_at(busy, 10) is not None
        assert log.sets[-1].drained


async def test_an_aborted_transaction_is_not_read(kafka: Kafka, topics: Topics) -> None:
    topics.create({"a": 1})
    tp = TP(topics("a"), 0)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": topics("id")})
    producer.init_transactions(60)
    for name, end in (
        ("kept", producer.commit_transaction),
        ("dropped", producer.abort_transaction),
        ("kept too", producer.commit_transaction),
    ):
        producer.begin_transaction()
        producer.produce(tp.topic, value=name.encode(), partition=0)
        producer.flush(60)
        end(60)
    log = Log()
    async with reading(kafka.bootstrap, [tp.topic], log) as app:
        await wait_until_async(partial(reached, log, tp, 6), "3 records and 3 markers")
        assert app.consumer.drained_at(tp, 6) is not None
    assert log.values(tp) == [b"kept", b"kept too"]


async def test_two_workers_that_come_and_go_read_every_record_once(
    kafka: Kafka, topics: Topics
) -> None:
    topics.create(dict.fromkeys(NAMES, 4))
    names = [topics(name) for name in NAMES]
    records = spread(names, 60_000)
    publish(kafka.bootstrap, records[:20_000])
    group, log = topics("group"), Log()
    small = FetchSettings(partition_bytes=4_096)
    async with reading(kafka.bootstrap, names, log, group=group, fetch=small) as first:
        await wait_until_async(lambda: len(log) > 5_000, "the first worker to read")
        async with reading(kafka.bootstrap, names, log, group=group, fetch=small) as second:
            await wait_until_async(
                lambda: len(first.consumer.assignment()) == len(second.consumer.assignment()) == 8,
                "an even share",
                30,
            )
            publish(kafka.bootstrap, records[20_000:40_000])
            await wait_until_async(lambda: len(log) > 30_000, "both to read", 30)
            shared = {tp.partition for tp in first.consumer.assignment()}
            assert len(shared) == 2, "one customer's topics must be with one worker"
        publish(kafka.bootstrap, records[40_000:])
        await wait_until_async(lambda: len(log) >= 60_000, "the first to read all", 30)
    assert_once_and_in_order(log, records)


async def test_nothing_is_read_until_the_store_tells_the_positions(
    kafka: Kafka, topics: Topics
) -> None:
    topics.create({"a": 1})
    tp, group = TP(topics("a"), 0), topics("group")
    publish(kafka.bootstrap, spread([tp.topic], 50, 1))
    commit(kafka.bootstrap, group, tp, 5)  # Kafka's own idea, from which aiokafka prefetches
    log = Log(next={tp: 20})
    async with reading(kafka.bootstrap, [tp.topic], log, group=group, store_answers=False) as app:
        await wait_until_async(lambda: app.consumer.drained_at(tp, 50), "the prefetch")
        assert not log.sets
        app.store_answers.set()
        await wait_until_async(lambda: log.next[tp] == 50, "the records from 20 on")
    assert log.offsets(tp) == list(range(20, 50))


async def test_an_app_stops_while_the_store_is_away(kafka: Kafka, topics: Topics) -> None:
    topics.create({"a": 1})
    log = Log()
    async with asyncio.timeout(15):
        async with reading(kafka.bootstrap, [topics("a")], log, store_answers=False) as app:
            await wait_until_async(app.consumer.assignment, "an assignment")
    assert not log.sets


async def test_committed_offsets_are_there_for_lag_tools(kafka: Kafka, topics: Topics) -> None:
    topics.create({"a": 1})
    tp, group = TP(topics("a"), 0), topics("group")
    publish(kafka.bootstrap, spread([tp.topic], 50, 1))
    log = Log()
    async with reading(kafka.bootstrap, [tp.topic], log, group=group) as app:
        await wait_until_async(lambda: log.next.get(tp) == 50, "the records")
        assert await app.consumer.end_offsets([tp]) == {tp: 50}
        assert await app.consumer.commit_offsets({tp: 30, TP("not-ours", 3): 9})
    async with aiokafka.AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap, group_id=group, enable_auto_commit=False
    ) as other:
        assert await other.committed(aiokafka.TopicPartition(*tp)) == 30


async def test_other_consumers_of_the_process_read_as_before(kafka: Kafka, topics: Topics) -> None:
    keep_raw_records()
    topics.create({"a": 1})
    publish(kafka.bootstrap, [(topics("a"), 0, b"%d" % i) for i in range(30)])
    async with aiokafka.AIOKafkaConsumer(
        topics("a"), bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest"
    ) as other:
        found = [(await other.getone()).value for _ in range(30)]
    assert found == [b"%d" % i for i in range(30)]


def test_an_aiokafka_of_another_shape_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiokafka_fetcher, "MemoryRecords", object)
    with pytest.raises(RuntimeError, match=r"aiokafka .* has no MemoryRecords with has_next"):
        keep_raw_records()


@own_broker
@pytest.mark.slow
async def test_an_outage_of_the_broker_is_waited_out(tmp_path: Path) -> None:
    with start_kafka(tmp_path) as broker:
        create_topics(broker.bootstrap, {"a": 1})
        tp, log = TP("a", 0), Log()
        records = spread(["a"], 200, 1)
        publish(broker.bootstrap, records[:100])
        async with reading(broker.bootstrap, ["a"], log) as app:
            await wait_until_async(lambda: log.next.get(tp) == 100, "the first records")
            broker.kill()
            assert not await app.consumer.commit_offsets({tp: 100})
            broker.restart()
            publish(broker.bootstrap, records[100:])
            await wait_until_async(lambda: log.next[tp] == 200, "the later records", 60)
            assert await app.consumer.commit_offsets({tp: 200})
        assert_once_and_in_order(log, records)
