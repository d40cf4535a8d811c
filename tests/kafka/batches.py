"""Record batches for tests, made by aiokafka's own builder."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

ATTRIBUTES = 21
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


class Sent(NamedTuple):
    """One record as its producer gave it; the offset comes from its place in the log."""

    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def batch(
    records: Sequence[Sent], *, base_offset: int = 0, codec: str = "none", producer: int = -1
) -> bytes:
    """Return one batch whose first record lies at `base_offset`; `producer` of a transaction."""
    transactional = producer >= 0
    builder = DefaultRecordBatchBuilder(
        2, CODECS[codec], transactional, producer, 0, 0 if transactional else -1, 2**30
    )
    for i, sent in enumerate(records):
        added = builder.append(i, sent.timestamp, sent.key, sent.value, sent.headers)
        assert added is not None
    return rewritten(bytes(builder.build()), base_offset=base_offset)


def rewritten(
    raw: bytes,
    *,
    base_offset: int | None = None,
    set_attributes: int = 0,
    last_delta: int | None = None,
    max_timestamp: int | None = None,
    promised: int | None = None,
) -> bytes:
    """Return the batch with parts of its header replaced and its checksum right again."""
    changed = bytearray(raw)
    if base_offset is not None:
        struct.pack_into(">q", changed, 0, base_offset)
    (attributes,) = struct.unpack_from(">h", changed, ATTRIBUTES)
    struct.pack_into(">h", changed, ATTRIBUTES, attributes | set_attributes)
    if last_delta is not None:
        struct.pack_into(">i", changed, 23, last_delta)
    if max_timestamp is not None:
        struct.pack_into(">q", changed, 35, max_timestamp)
    if promised is not None:
        struct.pack_into(">i", changed, 57, promised)
    return checked(bytes(changed))


def checked(raw: bytes) -> bytes:
    """Return the batch with the checksum that its bytes have."""
    return raw[:17] + struct.pack(">I", calc_crc32c(raw[ATTRIBUTES:])) + raw[ATTRIBUTES:]
