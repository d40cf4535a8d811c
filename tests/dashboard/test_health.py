"""Health as Kafka alone tells it: events, lag, dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from streams.clients import kafka_producer
from streams.dashboard.board import Board
from streams.dashboard.health import HealthWatch
from streams.dead_letters import headers_of
from streams.settings import Settings
from tests.conftest import Topics
from tests.dashboard.kafka_shop import Written
from tests.dashboard.model import SMALL
from tests.dashboard.shop import change
from tests.dashboard.test_movements import known
from tests.servers import free_port, wait_until


@pytest.fixture
def written(topics: Topics) -> Written:
    """Empty topics."""
    return Written(topics.bootstrap, topics.prefix)


@contextmanager
def watching(settings: Settings, board: Board | None = None) -> Iterator[HealthWatch]:
    """Watch, from the first look on."""
    watch = HealthWatch(settings, board or Board(SMALL))
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


async def commit(written: Written, role: str, offsets: dict[int, int]) -> None:
    """Tell Kafka how far the workers are, as they do."""
    topic = written.topics.name(role)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=written.settings.kafka.bootstrap_servers,
        group_id=written.settings.kafka.group, enable_auto_commit=False,
    )  # fmt: skip
    await consumer.start()
    try:
        places = {TopicPartition(topic, n): OffsetAndMetadata(at, "") for n, at in offsets.items()}
        consumer.assign(list(places))
        await consumer.commit(places)
    finally:
        await consumer.stop()


async def bury(written: Written, count: int) -> None:
    """Write dead letters."""
    topic = written.topics.name("dead_letters")
    async with kafka_producer(written.settings) as producer:
        for n in range(count):
            headers = headers_of("transactions", 0, n, "MissingField", "no amount", "g")
            await producer.send_and_wait(
                topic, b"{}", b"k", partition=n % 2, timestamp_ms=1_000 * n, headers=headers
            )


def test_events_and_ends_are_those_of_the_topics(written: Written) -> None:
    with watching(written.settings) as watch:
        wait_until(lambda: watch.latest().kafka == "ok", "the first look", 30)
        before = watch.latest()
        assert (before.events_per_s, before.lag.total, before.dead_letters.total) == (0.0, None, 0)
        for n in range(7):
            written.put_raw("transaction", b"C%d" % n, b"{}")
        written.put("tier_changes", change(0, "C1", "value", "low", "high"))
        wait_until(lambda: watch.events_per_s > 0, "events to be noticed", 30)
        after = watch.latest()
        ends = {each.topic: each.end for each in after.topics}
        assert ends[written.topics.name("transaction")] == 7
        assert len(ends) == len(written.topics.all())
        rates = {each.topic: each.events_per_s for each in after.topics}
        assert rates[written.topics.name("transaction")] == pytest.approx(
            after.events_per_s, abs=0.2
        )
        assert rates[written.topics.name("payment")] == 0.0


def test_the_lag_is_what_workers_have_not_told_to_be_applied(written: Written) -> None:
    for n in range(20):
        written.put_raw("payment", b"C%d" % n, b"{}")
    asyncio.run(commit(written, "payment", {0: 2, 1: 3}))
    with watching(written.settings) as watch:
        wait_until(lambda: watch.latest().lag.total is not None, "the lag", 30)
        lag = watch.latest().lag
        assert lag.total == 15
        assert {each.topic for each in lag.partitions} == {written.topics.name("payment")}
        asyncio.run(commit(written, "payment", {each.partition: each.lag + 2 + each.partition
                                                for each in lag.partitions}))  # fmt: skip
        wait_until(lambda: watch.latest().lag.total == 0, "the workers to have caught up", 30)


def test_dead_letters_are_counted_and_the_newest_are_shown(written: Written) -> None:
    asyncio.run(bury(written, 30))
    with watching(written.settings) as watch:
        wait_until(lambda: watch.latest().dead_letters.total == 30, "dead letters", 30)
        recent = watch.latest().dead_letters.recent
        assert [each.at for each in recent] == [
            f"1970-01-01T00:00:{n:02d}.000Z" for n in range(29, 9, -1)
        ]
        first = recent[0]
        assert (first.topic, first.error) == ("transactions", "MissingField")
        assert (first.partition, first.offset) == (1, 14)


def test_the_feed_says_what_it_holds(written: Written) -> None:
    written.put("customer_scores", *known("C1", "C2"))
    with written.feeding() as (board, _), watching(written.settings, board) as watch:
        wait_until(lambda: watch.latest().kafka == "ok", "the first look", 30)
        feed = watch.latest().feed
        assert (feed.customers, feed.changes, feed.alerts, feed.behind) == (2, 0, 0, 0)
        assert feed.started_at is not None
        assert feed.loaded_after_s is not None
        assert feed.memory_mib > 10


def test_without_kafka_health_says_so_and_why() -> None:
    settings = Settings.load(None, {"kafka.bootstrap_servers": f"127.0.0.1:{free_port()}"})
    with watching(settings) as watch:
        wait_until(lambda: "does not answer" in watch.latest().kafka, "Kafka's absence", 20)
        assert watch.latest().topics == []
        assert watch.events_per_s == 0.0
