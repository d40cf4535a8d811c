"""Clients of Kafka for commands and checks: connected for one block, errors said clearly."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from streams.errors import DependencyError
from streams.logs import kafka_client_overheard
from streams.settings import Settings

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.admin import AIOKafkaAdminClient


@asynccontextmanager
async def kafka_admin(settings: Settings) -> "AsyncIterator[AIOKafkaAdminClient]":
    """Connect a client for topics.

    Raises:
        DependencyError: Kafka does not answer or refuses us, at first or within the block.
    """
    from aiokafka.admin import AIOKafkaAdminClient

    async with _explained(settings):
        client = AIOKafkaAdminClient(**settings.kafka.client_options())
        try:
            await client.start()
            yield client
        finally:
            await client.close()


@asynccontextmanager
async def kafka_producer(settings: Settings, **options: Any) -> "AsyncIterator[AIOKafkaProducer]":
    """Connect an idempotent producer; the block's end sends what is still in its buffer.

    Raises:
        DependencyError: As `kafka_admin`.
    """
    from aiokafka import AIOKafkaProducer

    async with _explained(settings):
        client = AIOKafkaProducer(
            **settings.kafka.client_options(), enable_idempotence=True, acks="all", **options
        )
        try:
            await client.start()
            yield client
        finally:
            await client.stop()


@asynccontextmanager
async def kafka_consumer(settings: Settings, **options: Any) -> "AsyncIterator[AIOKafkaConsumer]":
    """Connect a consumer without a group: it is told what to read, and commits nothing.

    Raises:
        DependencyError: As `kafka_admin`.
    """
    from aiokafka import AIOKafkaConsumer

    async with _explained(settings):
        client = AIOKafkaConsumer(
            **settings.kafka.client_options(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **options,
        )
        try:
            await client.start()
            yield client
        finally:
            await client.stop()


@asynccontextmanager
async def _explained(settings: Settings) -> AsyncIterator[None]:
    from aiokafka.errors import KafkaConnectionError, KafkaError

    servers = settings.kafka.bootstrap_servers
    named = settings.origins()["kafka.bootstrap_servers"]
    said: list[str] = []
    try:
        with kafka_client_overheard() as said:
            yield
    except KafkaConnectionError as error:
        reason = " ".join(said[-1].split()) if said else str(error)
        raise DependencyError(
            f"Kafka at {servers} ({named}) does not answer: {reason}; "
            "start it, or name another one by --broker or VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS"
        ) from error
    except KafkaError as error:
        raise DependencyError(f"Kafka at {servers} ({named}) refuses: {error!r}") from error
    except (OSError, TimeoutError) as error:
        raise DependencyError(f"Kafka at {servers} ({named}) cannot be reached: {error}") from error
