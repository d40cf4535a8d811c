"""Dead letters: records that could not be used, byte for byte, with the reason and the origin.

Key, value, headers and timestamp stay what they were; what is known about the failure stands in
further headers, named as Kafka Connect and Spring name theirs, so that their tools understand it.
"""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

ERROR: Final = "__connect.errors."
ORIGINAL_TOPIC: Final = "kafka_dlt-original-topic"
GROUP: Final = "kafka_dlt-original-consumer-group"
IDENTITY: Final = "valuepulse.id"
BATCH_END: Final = "valuepulse.batch.last_offset"
"""Of a letter that holds a whole record batch, because no record of it can be read."""
_SPRING: Final = "kafka_dlt-"
_TRACE: Final = ("traceparent", "tracestate")  # of the attempt that failed
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Headers = list[tuple[str, bytes | None]]


def identity(topic: str, partition: int, offset: int) -> str:
    """Return the id of a dead letter: the place of the record that it was."""
    return f"{topic}:{partition}:{offset}"


def headers_of(
    topic: str,
    partition: int,
    offset: int,
    error: str,
    message: str,
    group: str,
    original_headers: Iterable[tuple[str, bytes | None]] = (),
) -> Headers:
    """Return the headers of a dead letter: those of the record, then what is known of the failure.

    Args:
        topic: Where the record was read; with `partition` and `offset`.
        partition: See `topic`.
        offset: See `topic`.
        error: The kind of failure in one word, like `MissingField`.
        message: What is wrong, for people.
        group: Consumer group that could not use it.
        original_headers: Of the record. What an earlier failure added to them is left out.
    """
    facts = {
        f"{ERROR}topic": topic,
        f"{ERROR}partition": str(partition),
        f"{ERROR}offset": str(offset),
        f"{ERROR}exception.class.name": error,
        f"{ERROR}exception.message": message,
        ORIGINAL_TOPIC: topic,
        GROUP: group,
        IDENTITY: identity(topic, partition, offset),
    }
    kept = [(name, value) for name, value in original_headers if not _is_of_failure(name)]
    return kept + [(name, text.encode("utf-8", "backslashreplace")) for name, text in facts.items()]


def mended_headers(headers: Iterable[tuple[str, bytes | None]]) -> Headers:
    """Return the headers of a record on its way back: nothing of the failure, no old trace."""
    return [(n, v) for n, v in headers if not _is_of_failure(n) and n not in _TRACE]


def _is_of_failure(name: str) -> bool:
    return name.startswith((ERROR, _SPRING)) or name in (IDENTITY, BATCH_END)


class DeadLetter(NamedTuple):
    """One dead letter as it is read back.

    `partition` and `offset` are its place among the dead letters; `topic` is where it came from,
    empty for a record that somebody else put there. `timestamp` in epoch milliseconds. `is_batch`:
    the value is a record batch as brokers store it, of which no record could be read.
    """

    partition: int
    offset: int
    timestamp: int
    topic: str
    id: str
    error: str
    message: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    is_batch: bool = False

    @property
    def at(self) -> str:
        """Return its place among the dead letters, as commands take it."""
        return f"{self.partition}:{self.offset}"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON takes it; bytes that are no UTF-8 stand as base64 in `value_base64`."""
        when = _EPOCH + timedelta(milliseconds=self.timestamp)
        return {
            "at": self.at,
            "id": self.id,
            "topic": self.topic,
            "error": self.error,
            "message": self.message,
            "arrived_at": when.isoformat(timespec="milliseconds"),
            **_text("key", self.key),
            **_text("value", self.value),
            "headers": {n: (v or b"").decode("utf-8", "replace") for n, v in self.headers},
        }


def letter_of(record: Any) -> DeadLetter:
    """Read a dead letter from a record as aiokafka's consumer gives it."""
    headers = list(record.headers)
    facts = {name: (value or b"").decode("utf-8", "replace") for name, value in headers}
    return DeadLetter(
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        topic=facts.get(f"{ERROR}topic", ""),
        id=facts.get(IDENTITY, ""),
        error=facts.get(f"{ERROR}exception.class.name", ""),
        message=facts.get(f"{ERROR}exception.message", ""),
        key=record.key,
        value=record.value,
        headers=mended_headers(headers),
        is_batch=BATCH_END in facts,
    )


def _text(name: str, content: bytes | None) -> dict[str, str | None]:
    if content is None:
        return {name: None}
    try:
        return {name: content.decode("utf-8")}
    except UnicodeDecodeError:
        return {name: None, f"{name}_base64": base64.b64encode(content).decode("ascii")}
