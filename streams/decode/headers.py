"""Headers of records: looked at only to see whether a CloudEvent comes in."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing
from streams.decode.lexing import same_bytes
from streams.records import Records

_LAST: Final = 0x7F
_PREFIX: Final = np.frombuffer(b"ce_", np.uint8)
_CONTENT_TYPE: Final = np.frombuffer(b"content-type", np.uint8)
_CLOUD_EVENTS: Final = np.frombuffer(b"application/cloudevents", np.uint8)


@jit_borrowing
def is_cloud_event(buffer: NDArray[np.uint8], start: int, count: int) -> bool:
    """Tell whether one of `count` raw headers from `start` on marks a CloudEvent."""
    at = start
    for _ in range(count):
        key, key_length, value, value_length = _header(buffer, at)
        if _starts(buffer, key, key_length, _PREFIX):
            return True
        if (
            key_length == len(_CONTENT_TYPE)
            and _starts(buffer, key, key_length, _CONTENT_TYPE)
            and _starts(buffer, value, value_length, _CLOUD_EVENTS)
        ):
            return True
        at = value + max(value_length, 0)
    return False


def headers(records: Records, record: int) -> dict[str, bytes]:
    """Return the headers of a record that have a value; of equal names the last."""
    found: dict[str, bytes] = {}
    at = int(records.headers_start[record])
    for _ in range(int(records.headers_count[record])):
        key, key_length, value, value_length = _header(records.buffer, at)
        name = records.buffer[key : key + key_length].tobytes().decode("utf-8", "replace")
        if value_length >= 0:
            found[name] = records.buffer[value : value + value_length].tobytes()
        at = value + max(value_length, 0)
    return found


@jit_borrowing
def _header(buffer: NDArray[np.uint8], at: int) -> tuple[int, int, int, int]:
    """Return start and length of the key and of the value (-1: null) of the header at `at`."""
    key_length, key = _varint(buffer, at)
    value_length, value = _varint(buffer, key + key_length)
    return key, key_length, value, value_length


@jit_borrowing
def _varint(buffer: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """Return a zigzag varint (message format v2) and the position after it."""
    number, shift = np.int64(0), 0
    while True:
        byte = np.int64(buffer[at])
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte <= _LAST:
            return int((number >> 1) ^ -(number & 1)), at


@jit_borrowing
def _starts(buffer: NDArray[np.uint8], at: int, length: int, prefix: NDArray[np.uint8]) -> bool:
    size = len(prefix)
    return length >= size and same_bytes(buffer, at, at + size, prefix, 0, size)
