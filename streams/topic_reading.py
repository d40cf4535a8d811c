"""Reading a topic once, up to where it ends now."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Final

from streams.clients import kafka_admin, kafka_consumer
from streams.errors import CheckError
from streams.settings import Settings

_WAIT_MS: Final = 1_000


async def read_to_end(
    settings: Settings, topic: str, starts: Mapping[int, int] | None = None
) -> AsyncGenerator[Any, None]:
    """Yield the records of a topic that it has when asked, in order within each partition.

    Args:
        settings: Where Kafka is.
        topic: Its full name.
        starts: Partition → first offset; only these partitions are read. None: all, from the
            first record that is kept.

    Raises:
        CheckError: There is no such topic or partition.
        DependencyError: Kafka does not answer.
    """
    from aiokafka import TopicPartition

    partitions = await _partitions(settings, topic)
    wanted = partitions if starts is None else starts.keys()
    if unknown := sorted(wanted - partitions):
        raise CheckError(f"{topic!r} has partitions 0 to {max(partitions)}, not {unknown[0]}")
    async with kafka_consumer(settings) as consumer:
        places = [TopicPartition(topic, partition) for partition in sorted(wanted)]
        asked = {place: 0 if starts is None else starts[place.partition] for place in places}
        ends = await _place(consumer, places, lambda place, _: asked[place])
        async for record in _until(consumer, ends):
            yield record


async def read_newest(
    settings: Settings, partitions: Mapping[str, int], each: int
) -> AsyncGenerator[Any, None]:
    """Yield the newest records of topics, at most so many of `each` partition.

    `partitions` is how many each topic has. Raises `DependencyError`.
    """
    from aiokafka import TopicPartition

    async with kafka_consumer(settings) as consumer:
        places = [TopicPartition(t, p) for t, count in partitions.items() for p in range(count)]
        ends = await _place(consumer, places, lambda _, end: end - each)
        async for record in _until(consumer, ends):
            yield record


async def _place(
    consumer: Any, places: Sequence[Any], start: Callable[[Any, int], int]
) -> Mapping[Any, int]:
    """Make it read partitions from `start(place, end)`, or their first record; return the ends."""
    consumer.assign(places)
    firsts = await consumer.beginning_offsets(places)
    ends: Mapping[Any, int] = await consumer.end_offsets(places)
    for place in places:
        consumer.seek(place, min(max(start(place, ends[place]), firsts[place]), ends[place]))
    return ends


async def _until(consumer: Any, ends: Mapping[Any, int]) -> AsyncGenerator[Any, None]:
    while unread := [place for place in ends if await consumer.position(place) < ends[place]]:
        fetched = await consumer.getmany(*unread, timeout_ms=_WAIT_MS)
        for place, records in fetched.items():
            for record in records:
                if record.offset < ends[place]:
                    yield record


async def _partitions(settings: Settings, topic: str) -> set[int]:
    async with kafka_admin(settings) as admin:
        described = await admin.describe_topics()  # all: asking for a missing one can create it
    for found in described:
        if found["topic"] == topic:
            return {partition["partition"] for partition in found["partitions"]}
    raise CheckError(f"there is no topic {topic!r}; `valuepulse topics ensure` makes it")
