"""`valuepulse erase`: forget a customer, as its right is."""

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.options import AsJson, Broker, ConfigFile, Store, settings_of
from streams.cli.states import states

if TYPE_CHECKING:
    from streams.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("erase")(erase)


def erase(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id.")],
    reason: Annotated[str, typer.Option(help="Why; stays in the topic, for audits.")],
    author: Annotated[str | None, typer.Option(help="Who decided it.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    broker: Broker = None,
    redis: Store = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Forget a customer: its state goes, and the CRM feed gets a tombstone.

    Whatever happened up to now never counts again, also when it is sent or read once more. Exit
    code 2 if Redis does not know the customer.
    """
    from streams.cli.output import print_json

    settings = settings_of(config, broker=broker, redis=redis)
    event = {
        "type": "erasure",
        "event_id": str(uuid.uuid4()),
        "customer_id": customer,
        "occurred_at": int(time.time() * 1000),
        "author": author,
        "reason": reason,
    }
    if not yes:
        typer.confirm(f"Forget {customer!r} for ever?", abort=True, err=True)
    topic = settings.topics.prefix + settings.topics.erasure
    partition = asyncio.run(_send(settings, topic, event))
    if json:
        print_json({"topic": topic, "partition": partition, "event": event})
    else:
        typer.echo(f"{customer} will be forgotten as soon as a worker reads topic {topic}")


async def _send(settings: "Settings", topic: str, event: dict[str, Any]) -> int:
    """Put the erasure where the customer's state is, however its producers partition."""
    import orjson

    from streams.clients import kafka_producer
    from streams.topics import require_equal_partitions

    customer = event["customer_id"].encode()
    partition = await _shard(settings, customer, await require_equal_partitions(settings))
    async with kafka_producer(settings) as producer:
        value = orjson.dumps(event)
        await producer.send_and_wait(topic, value, key=customer, partition=partition)
    return partition


async def _shard(settings: "Settings", customer: bytes, shards: int) -> int:
    from streams.errors import UsageError

    async with states(settings) as store:
        found = await store.find(customer, shards)
    if found is None:
        raise UsageError(
            f"there is no customer {customer.decode()!r} under the prefix "
            f"{settings.redis.prefix!r} in Redis: nothing to forget"
        )
    return found[0]
