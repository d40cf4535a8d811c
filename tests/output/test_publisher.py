"""Publishing to a real Kafka: all of it, in order, or it is said why not."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from streams.output.publisher import Publisher, Record, cloud_event_headers
from tests.conftest import Topics
from tests.integration.topic_logs import read
from tests.servers import BROKER_VARIABLE, Kafka, wait_until_async


class Press:
    """A publisher, and what it told of its troubles."""

    def __init__(self, topics: Topics) -> None:
        self.topics = topics
        self.troubles: list[bool] = []
        self.publisher = Publisher({"bootstrap_servers": topics.bootstrap}, self.troubles.append)

    async def publish(self, name: str, *records: Record, partition: int = 0) -> None:
        """Publish; an answer must come in time."""
        async with asyncio.timeout(30):
            await self.publisher.publish(self.topics(name), partition, records)

    def values(self, name: str) -> list[bytes | None]:
        """What is in a topic."""
        return [record.value for record in read(self.topics.bootstrap, self.topics(name))]


@pytest.fixture
async def press(topics: Topics) -> AsyncIterator[Press]:
    made = Press(topics)
    yield made
    await made.publisher.close()


def record(value: bytes) -> Record:
    return Record(b"k", value, [])


async def test_a_record_arrives_with_all_it_has_in_the_partition_that_was_named(
    press: Press, topics: Topics
) -> None:
    topics.create({"out": 3})
    headers = cloud_event_headers("i1", "tier-change", "客户", "2026-01-01T00:00:00.000Z")
    letter = Record(b"k", b"v", [*headers, ("empty", b""), ("null", None)], 1_700_000_000_123)
    await press.publish("out", letter, Record(None, None, []), partition=2)
    first, second = read(topics.bootstrap, topics("out"))
    assert (first.partition, first.key, first.value) == (2, b"k", b"v")
    assert first.timestamp == 1_700_000_000_123
    assert dict(first.headers) == dict(letter.headers)
    assert dict(first.headers)["ce_type"] == b"valuepulse.tier-change"
    assert (second.key, second.value, second.headers) == (None, None, [])
    assert second.timestamp > first.timestamp


async def test_more_than_one_batch_holds_arrives_in_order(press: Press, topics: Topics) -> None:
    """5 MB in records of 1 to 3 KB; a batch is at most 1 MB."""
    topics.create({"out": 1})
    values = [b"%06d" % n + b"x" * (1000 + n % 2000) for n in range(2500)]
    await press.publish("out", *map(record, values[:2000]))
    await press.publish("out", *map(record, values[2000:]))
    assert press.values("out") == values
    assert press.troubles == [False, False]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_compressed_batches_are_small_and_bring_the_same_records(
    press: Press, topics: Topics, codec: str
) -> None:
    """As `kafka.compression` asks for: batches of 1 MB go into a topic that takes a fifth of it."""
    topics.create({"out": 1}, {"max.message.bytes": str(2**20 // 5)})
    values = [b"%06d" % n + b"x" * 2000 for n in range(2000)]
    connection = {"bootstrap_servers": topics.bootstrap, "compression_type": codec}
    press.publisher = Publisher(connection, press.troubles.append)
    await press.publish("out", *map(record, values))
    assert press.values("out") == values


async def test_a_record_larger_than_a_batch_goes_alone(press: Press, topics: Topics) -> None:
    topics.create({"out": 1}, {"max.message.bytes": str(8 * 2**20)})
    values = [b"small", b"L" * (3 * 2**20), b"after"]
    await press.publish("out", *map(record, values))
    assert press.values("out") == values


async def test_a_record_larger_than_the_topic_takes_is_an_error_and_not_a_wait(
    press: Press, topics: Topics
) -> None:
    topics.create({"narrow": 1}, {"max.message.bytes": "20000"})
    with pytest.raises(MessageSizeTooLargeError):
        await press.publish("narrow", record(b"x" * 30_000))
    await press.publish("narrow", record(b"fits"))
    assert press.values("narrow") == [b"fits"]


async def test_a_producer_that_was_closed_is_replaced(press: Press, topics: Topics) -> None:
    topics.create({"out": 1})
    await press.publish("out", record(b"before"))
    await (await press.publisher._started()).stop()
    await press.publish("out", record(b"after"))
    assert press.values("out") == [b"before", b"after"]
    assert press.troubles == [False, True, False]


async def test_what_cannot_be_published_now_waits_in_order(press: Press, topics: Topics) -> None:
    """No topic, no leader, no broker: all the same to the one who publishes."""
    impatient = {"bootstrap_servers": topics.bootstrap, "request_timeout_ms": 500}
    press.publisher = Publisher(impatient, press.troubles.append)
    waiting = asyncio.create_task(press.publish("late", record(b"1"), record(b"2")))
    await wait_until_async(lambda: True in press.troubles, "the trouble to be told")
    topics.create({"late": 1})
    await waiting
    assert press.values("late") == [b"1", b"2"]
    assert press.troubles[-1] is False


async def test_a_closed_publisher_starts_again_when_it_is_used(
    press: Press, topics: Topics
) -> None:
    topics.create({"out": 1})
    await press.publish("out", record(b"1"))
    await press.publisher.close()
    await press.publisher.close()
    await press.publish("out", record(b"2"))
    assert press.values("out") == [b"1", b"2"]


@pytest.mark.skipif(BROKER_VARIABLE in os.environ, reason=f"{BROKER_VARIABLE} is not ours to stop")
async def test_a_broker_that_keeps_silent_is_told_of_before_a_request_has_failed(
    press: Press, topics: Topics, kafka: Kafka
) -> None:
    """It was not for `request_timeout_s`, half a minute: nobody saw that nothing went out."""
    topics.create({"out": 1})
    await press.publish("out", record(b"before"))
    os.kill(kafka.pid, signal.SIGSTOP)
    try:
        publishing = asyncio.create_task(press.publish("out", record(b"after")))
        await wait_until_async(lambda: press.troubles[-1], "the trouble to be told of", 10)
    finally:
        os.kill(kafka.pid, signal.SIGCONT)
    await publishing
    assert press.troubles[-1] is False
    assert press.values("out") == [b"before", b"after"]


async def test_who_stops_waiting_while_the_producer_starts_leaves_no_connection(
    press: Press, topics: Topics
) -> None:
    """As a shard does that goes to another worker. A connection that is lost warns when it goes."""
    topics.create({"out": 1})
    for steps in range(1, 60):
        publishing = asyncio.create_task(press.publish("out", record(b"v")))
        for _ in range(steps):
            await asyncio.sleep(0)
        publishing.cancel()
        with suppress(asyncio.CancelledError):
            await publishing
        await press.publisher.close()
    gc.collect()
