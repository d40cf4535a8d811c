"""Topics as logs: records written with their time of arrival, and read back to the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec  # which admin does not export for types

from tests.integration.traffic import Sent
from tests.servers.topics import admin
from tests.waiting import wait_until

LARGEST = 32 * 2**20
Headers = list[tuple[str, bytes]]


class Record(NamedTuple):
    """A record as a consumer sees it; `timestamp` in epoch milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def send(bootstrap: str, topics: Mapping[str, str], sent: Iterable[Sent]) -> None:
    """Write records to the topics of their types; returns when the broker has all of them."""
    sending = producer(bootstrap)
    for record in sent:
        sending.produce(
            topics[record.event_type],
            key=record.key,
            value=record.value,
            partition=record.partition,
            timestamp=record.arrived_ms,
            headers=list(record.headers),
            on_delivery=_delivered,
        )
        sending.poll(0)
    assert sending.flush(60) == 0


def producer(bootstrap: str) -> Producer:
    """Return a producer that neither loses nor repeats a record, however large."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "message.max.bytes": LARGEST,
            "queue.buffering.max.messages": 1_000_000,
            "linger.ms": 5,
            "log_level": 0,
        }
    )


def _delivered(error: KafkaError | None, message: Message) -> None:
    assert error is None, f"{message.topic()} did not take a record: {error}"


def ends(bootstrap: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """Return the end of the log of each partition; none may have lost its beginning."""
    client = admin(bootstrap)
    places = [
        TopicPartition(topic, partition)
        for topic in topics
        for partition in client.list_topics(topic).topics[topic].partitions
    ]
    for (topic, partition), first in _offsets(client, places, _EARLIEST).items():
        assert first == 0, f"{topic}[{partition}] begins at {first}: retention deleted records"
    return _offsets(client, places, _LATEST)


_EARLIEST = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # it has no types
_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # as above
_JUST_BACK = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._TRANSPORT,
)


def _offsets(
    client: AdminClient, places: list[TopicPartition], wanted: OffsetSpec
) -> dict[tuple[str, int], int]:
    """Return an offset of each partition; a broker that has just come back may not lead it yet.

    A consumer's watermarks come of two questions whose answers it tells apart by their size: of one
    that was asked again it made the end a beginning, as if retention had deleted everything.
    """

    def asked() -> dict[tuple[str, int], int] | None:
        try:
            answers = client.list_offsets(dict.fromkeys(places, wanted))
            return {
                (place.topic, place.partition): answer.result(30).offset
                for place, answer in answers.items()
            }
        except KafkaException as error:
            if error.args[0].code() in _JUST_BACK:
                return None
            raise

    found = wait_until(asked, "leaders of all partitions", 30)
    assert found is not None
    return found


def committed(bootstrap: str, group: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
    """Return the offsets that a group has committed, where it has."""
    consumer = _consumer(bootstrap, group)
    try:
        places = [TopicPartition(*place) for place in ends(bootstrap, topics)]
        found = consumer.committed(places, timeout=30)
        return {(each.topic, each.partition): each.offset for each in found if each.offset >= 0}
    finally:
        consumer.close()


def read(bootstrap: str, *topics: str) -> list[Record]:
    """Return all records that topics hold now, each partition's in order."""
    left = {place: end for place, end in ends(bootstrap, topics).items() if end > 0}
    consumer = _consumer(bootstrap)
    found: list[Record] = []
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in left])
        while left:
            for message in consumer.consume(10_000, timeout=0.2):
                error = message.error()
                if error is not None:
                    # The marker of a partition's end stands behind all that can be read of it.
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    # Twice, if somebody appends meanwhile.
                    left.pop((message.topic() or "", message.partition() or 0), None)
                    continue
                found.append(_record(message))
    finally:
        consumer.close()
    return found


def _record(message: Message) -> Record:
    headers: Any = message.headers() or []  # always a list of pairs where it was read
    return Record(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp=message.timestamp()[1],
        key=message.key(),
        value=message.value(),
        headers=headers,
    )


def _consumer(bootstrap: str, group: str = "reads-without-committing") -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.message.max.bytes": LARGEST,
            "log_level": 0,
        }
    )
