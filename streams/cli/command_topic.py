"""Commands about a customer, put where its state is, however its producers partition."""

import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from scoring.merging import Roster
    from streams.settings import Settings


class Place(NamedTuple):
    """Where a customer's state is, and the merges that its shard knows of."""

    shard: int
    roster: "Roster"


def command(kind: str, customer: str, **fields: Any) -> dict[str, Any]:
    """Return a command of now, with an id of its own."""
    return {
        "type": kind,
        "event_id": str(uuid.uuid4()),
        "customer_id": customer,
        "occurred_at": int(time.time() * 1000),
    } | fields


async def places(settings: "Settings", *customers: str) -> list[Place]:
    """Return where customers are.

    Raises:
        UsageError: Redis does not know one of them.
        DependencyError: Kafka or Redis does not answer.
    """
    from streams.cli.states import states
    from streams.errors import UsageError
    from streams.topics import require_equal_partitions

    shards = await require_equal_partitions(settings)
    found = []
    async with states(settings) as store:
        for customer in customers:
            known = await store.find(customer.encode(), shards)
            if known is None:
                raise UsageError(
                    f"there is no customer {customer!r} under the prefix "
                    f"{settings.redis.prefix!r} in Redis"
                )
            found.append(Place(known[0], await store.roster(known[0])))
    return found


async def send(settings: "Settings", shard: int, event: dict[str, Any]) -> None:
    """Put a command into the topic's partition of a shard; return when Kafka has it."""
    import orjson

    from streams.clients import kafka_producer

    topic = settings.topics.prefix + settings.topics.commands
    async with kafka_producer(settings) as producer:
        key = event["customer_id"].encode()
        await producer.send_and_wait(topic, orjson.dumps(event), key=key, partition=shard)


def tell(settings: "Settings", shard: int, event: dict[str, Any], said: str, json: bool) -> None:
    """Print what was sent, as JSON or in words."""
    import typer

    from streams.cli.output import print_json

    topic = settings.topics.prefix + settings.topics.commands
    if json:
        print_json({"topic": topic, "partition": shard, "event": event})
    else:
        typer.echo(f"{said} as soon as a worker reads topic {topic}")
