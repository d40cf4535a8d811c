"""Publication to Kafka: awaited, in order, until the broker has it.

An own idempotent producer, as Faust's neither waits for delivery nor tells of a failure. Records go
out as batches of one partition, the shard's own, so that outputs are partitioned as the inputs are.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
)

LOG: Final = structlog.get_logger(__name__)
LARGEST_RECORD: Final = 32 * 2**20
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_STOP_S: Final = 5.0
_LATE_S: Final = 3.0
"""A delivery that takes longer is told of: aiokafka tries again in silence for `request_timeout_s`,
and half a minute without Kafka would not show."""
Headers = list[tuple[str, bytes | None]]


class Record(NamedTuple):
    """One record to publish; `timestamp` in epoch milliseconds, None for now."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int | None = None


def cloud_event_headers(identity: str, kind: str, subject: str, time_text: str) -> Headers:
    """Return the headers of a CloudEvent in binary mode, `kind` as in `valuepulse.tier-change`."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", identity.encode()),
        ("ce_source", b"/valuepulse"),
        ("ce_type", f"valuepulse.{kind}".encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", time_text.encode()),
        ("content-type", b"application/json"),
    ]


class Publisher:
    """Publishes records and waits for their delivery; an outage is waited out.

    `connection` are aiokafka's options to reach the brokers; `troubled` is told whether publishing
    stands still, for metrics and readiness.
    """

    def __init__(self, connection: dict[str, Any], troubled: Callable[[bool], None]) -> None:
        self._connection = connection
        self._troubled = troubled
        self._starting: asyncio.Task[AIOKafkaProducer] | None = None

    async def close(self) -> None:
        """Flush and close."""
        producer = await self._taken()
        if producer is not None:
            await producer.stop()

    async def publish(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        """Publish records in order to one partition; return when the broker has all of them.

        Raises `MessageSizeTooLargeError` when a record is larger than the topic takes: waiting
        would not help.
        """
        pause = _FIRST_PAUSE_S
        while records:
            late = asyncio.get_running_loop().call_later(_LATE_S, self._late, topic, partition)
            try:
                await self._attempt(topic, partition, records)
            except MessageSizeTooLargeError:
                raise
            except (KafkaError, OSError, asyncio.TimeoutError) as error:  # noqa: UP041  # 3.10's name, the same since
                self._troubled(True)
                LOG.warning(
                    "cannot publish, trying on", topic=topic, partition=partition, error=repr(error)
                )
                if isinstance(error, (OutOfOrderSequenceNumber, ProducerClosed)):
                    await self._discard()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
            else:
                self._troubled(False)
                return
            finally:
                late.cancel()

    def _late(self, topic: str, partition: int) -> None:
        self._troubled(True)
        LOG.warning("Kafka takes long to take records", topic=topic, partition=partition)

    async def _attempt(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        producer = await self._started()
        deliveries = []
        batch = producer.create_batch()
        for record in records:
            if not _append(batch, record):
                deliveries.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                if not _append(batch, record):
                    raise MessageSizeTooLargeError(
                        f"a record of {len(record.value or b'')} bytes does not fit into {topic}"
                    )
        if batch.record_count():
            deliveries.append(await producer.send_batch(batch, topic, partition=partition))
        for result in await asyncio.gather(*deliveries, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _started(self) -> AIOKafkaProducer:
        """Return the producer. Who is cancelled meanwhile does not end its start.

        aiokafka loses the connection that it was making then, for as long as the broker keeps it.
        """
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        starting = self._starting
        try:
            return await asyncio.shield(starting)
        except (KafkaError, OSError):  # the time-outs among them
            if self._starting is starting:
                self._starting = None
            raise

    async def _start(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._connection,
            enable_idempotence=True,
            acks="all",
            max_request_size=LARGEST_RECORD,
            max_batch_size=2**20,
            linger_ms=0,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def _taken(self) -> AIOKafkaProducer | None:
        """Return the producer, the next attempt's will be another; None if there is none."""
        starting, self._starting = self._starting, None
        if starting is None:
            return None
        try:
            async with asyncio.timeout(_STOP_S):
                return await starting
        except (KafkaError, OSError) as error:
            LOG.info("the producer that is not needed any more did not start", error=repr(error))
            return None

    async def _discard(self) -> None:
        producer = await self._taken()
        if producer is not None:
            try:
                async with asyncio.timeout(_STOP_S):
                    await producer.stop()
            except (KafkaError, TimeoutError) as error:
                LOG.warning("the broken producer did not stop cleanly", error=repr(error))


def _append(batch: Any, record: Record) -> bool:
    timestamp = record.timestamp if record.timestamp is not None else int(time.time() * 1000)
    return (
        batch.append(
            timestamp=timestamp, key=record.key, value=record.value, headers=record.headers
        )
        is not None
    )
