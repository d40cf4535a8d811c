"""Clients of Kafka for commands and checks: connected for one block, errors said clearly."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from streams.errors import DependencyError
from streams.logs import Overheard, kafka_client_overheard
from streams.settings import Kafka, Settings

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.admin import AIOKafkaAdminClient


@asynccontextmanager
async def kafka_admin(settings: Settings) -> "AsyncIterator[AIOKafkaAdminClient]":
    """Connect a client for topics.

    Raises:
        DependencyError: Kafka does not answer or refuses us, at first or within the block.
        SettingsError: A file of certificates cannot be used.
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

    from streams.partitioning import KeyedPartitions

    async with _explained(settings):
        client = AIOKafkaProducer(
            **settings.kafka.client_options(), enable_idempotence=True, acks="all",
            partitioner=KeyedPartitions(settings.topics.partitioner), **options,
        )  # fmt: skip  # a call
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

    named = settings.origins()["kafka.bootstrap_servers"]
    where = f"Kafka at {settings.kafka.bootstrap_servers} ({named})"
    said: list[Overheard] = []
    try:
        with kafka_client_overheard() as said:
            yield
    except KafkaConnectionError as error:
        last = said[-1] if said else Overheard(str(error), error)
        raise DependencyError(f"{where} {_no_connection(last, settings.kafka)}") from error
    except KafkaError as error:
        raise DependencyError(f"{where} refuses: {error!r}") from error
    except (OSError, TimeoutError) as error:
        raise DependencyError(f"{where} cannot be reached: {error}") from error


def _no_connection(said: Overheard, kafka: Kafka) -> str:
    """Say why there is no connection, and which setting would give one."""
    from aiokafka.errors import (
        IllegalSaslStateError,
        KafkaConnectionError,
        SaslAuthenticationFailed,
        UnsupportedSaslMechanismError,
    )

    protocol = f"kafka.security_protocol {kafka.security_protocol}"
    for error in _causes(said.error):
        match error:
            case SaslAuthenticationFailed():
                return (
                    f"refuses the user {kafka.sasl_username!r}; check kafka.sasl_username and "
                    "kafka.sasl_password"
                )
            case UnsupportedSaslMechanismError() | IllegalSaslStateError():
                return f"takes no {kafka.sasl_mechanism}; check kafka.sasl_mechanism"
            case ssl.SSLCertVerificationError():
                return (
                    f"has a certificate that is not trusted: {error.verify_message}; "
                    "kafka.ssl_cafile must name the authority that signed it"
                )
            case ssl.SSLError():
                return (
                    f"does not agree on TLS ({error.reason}); check {protocol}, and "
                    "kafka.ssl_certfile if brokers ask for our certificate"
                )
    if isinstance(said.error, KafkaConnectionError):  # it listens, and does not let us in
        return (
            f"closes the connection; check {protocol}, and kafka.ssl_certfile if brokers ask for "
            "our certificate"
        )
    return (
        f"does not answer: {' '.join(said.text.split())}; "
        "start it, or name another one by --broker or VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
