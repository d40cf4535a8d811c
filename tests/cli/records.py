"""Reading and writing topics by another client than the one that is tested."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from tests.conftest import Topics
from tests.servers import wait_until

ANSWER_S = 30.0


def records(topics: Topics, name: str) -> list[Message]:
    """Return all records of a topic, partition after partition."""
    options = {"bootstrap.servers": topics.bootstrap, "group.id": "reading", "log_level": 0}
    consumer = Consumer(options)
    try:
        topic = topics(name)
        known = consumer.list_topics(topic, ANSWER_S).topics[topic].partitions
        places = [TopicPartition(topic, partition, 0) for partition in sorted(known)]
        ends = [consumer.get_watermark_offsets(place, ANSWER_S)[1] for place in places]
        consumer.assign(places)
        found: list[Message] = []

        def complete() -> bool:
            found.extend(consumer.consume(1000, 0.1))
            return len(found) >= sum(ends)

        wait_until(complete, f"{sum(ends)} records of {topic}", ANSWER_S)
        return sorted(found, key=lambda record: (record.partition(), record.offset()))
    finally:
        consumer.close()


def content(record: Message) -> Any:
    """Return the value of a record, which must be JSON."""
    return json.loads(record.value() or b"")


def write(
    topics: Topics,
    name: str,
    value: bytes | None,
    *,
    key: bytes | None = None,
    headers: Sequence[tuple[str, bytes | None]] = (),
    partition: int = 0,
) -> None:
    """Append a record to a topic."""
    producer = Producer({"bootstrap.servers": topics.bootstrap, "log_level": 0})
    producer.produce(topics(name), value, key, partition=partition, headers=list(headers))
    assert producer.flush(ANSWER_S) == 0
