"""Record batches of a fetch response (message format v2) → `Records`, no Python object a record.

A batch is a header of 61 bytes and a section of records, compressed or not. Headers are read here,
one step a batch, records in `record_sections`, one compiled pass over all sections. Format:
https://kafka.apache.org/documentation/#recordbatch
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from aiokafka import codec
from aiokafka.record.util import calc_crc32c

from streams.kafka.record_sections import Sections, empty_records, read_sections, read_span
from streams.records import Records

HEADER: Final = struct.Struct(">q4x4xxIhiqqq2x4xi")  # without length, epochs, sequence
LENGTH: Final = struct.Struct(">qi")  # what precedes the bytes that `length` counts
CHECKED: Final = 21  # the CRC covers the batch from here: attributes to the end
MAGIC: Final = 16  # where the version of the message format stands
FORMAT: Final = 2

CODEC: Final = 0x07
LOG_APPEND_TIME: Final = 0x08
TRANSACTIONAL: Final = 0x10
CONTROL: Final = 0x20

CODECS: Final[Mapping[int, tuple[str, Callable[[bytes], bytes]]]] = {
    1: ("gzip", codec.gzip_decode),
    2: ("snappy", codec.snappy_decode),
    3: ("lz4", codec.lz4_decode),
    4: ("zstd", codec.zstd_decode),
}


class CorruptBatchError(Exception):
    """A batch that cannot be read: checksum, message format, codec or records are wrong."""

    def __init__(self, base_offset: int, problem: str) -> None:
        """Name the batch by the offset of its first record."""
        super().__init__(f"record batch at offset {base_offset}: {problem}")


class Batch(NamedTuple):
    """One batch header; `start` and `end` are where its section lies in the bytes of the fetch."""

    base_offset: int
    next_offset: int
    attributes: int
    base_timestamp: int
    producer: int
    promised: int
    start: int
    end: int


def parse(
    raw: bytes, position: int, aborted: Sequence[tuple[int, int]] = ()
) -> tuple[Records, int]:
    """Read the records at or after offset `position` out of a fetch response.

    `aborted` lists (producer id, first offset) of aborted transactions, sorted by offset; their
    records are left out, as are control batches and a batch that the fetch size cut off at the end.

    Returns the records and the offset at which to fetch next: behind the last whole batch, also
    when compaction or a transaction left no record in it.

    Raises:
        CorruptBatchError: a batch does not fit its checksum or the format.

    """
    batches = list(_batches(raw))
    readable = [b for b in _committed(batches, aborted) if b.next_offset > position]
    buffer, spans = _sections(raw, readable)
    records, failed = _read(buffer, readable, spans, position)
    if failed >= 0:
        raise CorruptBatchError(readable[failed].base_offset, "records do not fit their section")
    return records, max(position, batches[-1].next_offset) if batches else position


def key(records: Records, i: int) -> bytes | None:
    """Key of record `i`, or None."""
    return _bytes(records, int(records.key_start[i]), int(records.key_length[i]))


def value(records: Records, i: int) -> bytes | None:
    """Value of record `i`, or None for a tombstone."""
    return _bytes(records, int(records.value_start[i]), int(records.value_length[i]))


def headers(records: Records, i: int) -> list[tuple[str, bytes | None]]:
    """Headers of record `i`, in order; bytes of a name that are not UTF-8 are replaced."""
    at, end = int(records.headers_start[i]), len(records.buffer)
    pairs: list[tuple[str, bytes | None]] = []
    for _ in range(int(records.headers_count[i])):
        start, length, at = read_span(records.buffer, at, end)
        name = _bytes(records, start, length) or b""
        start, length, at = read_span(records.buffer, at, end)
        pairs.append((name.decode(errors="replace"), _bytes(records, start, length)))
    return pairs


def _bytes(records: Records, start: int, length: int) -> bytes | None:
    return None if length < 0 else records.buffer[start : start + length].tobytes()


def _batches(raw: bytes) -> Iterator[Batch]:
    """Every whole batch, checksum tested; stops before one that is cut off."""
    view, at = memoryview(raw), 0
    while len(raw) - at >= LENGTH.size:
        base_offset, length = LENGTH.unpack_from(raw, at)
        start, end = at, at + LENGTH.size + length
        if end > len(raw):
            return
        if length < HEADER.size - LENGTH.size:
            raise CorruptBatchError(base_offset, f"{length} bytes long, less than a batch header")
        if raw[start + MAGIC] != FORMAT:
            raise CorruptBatchError(
                base_offset,
                f"message format v{raw[start + MAGIC]}; ValuePulse reads v2 (Kafka 0.11 and newer)",
            )
        yield _batch(raw, start, end, calc_crc32c(view[start + CHECKED : end]))
        at = end


def _batch(raw: bytes, start: int, end: int, checksum: int) -> Batch:
    header = HEADER.unpack_from(raw, start)
    base_offset, crc, attributes, last, first_time, max_time, producer, promised = header
    if crc != checksum:
        raise CorruptBatchError(
            base_offset, f"checksum {checksum:#010x}, its header says {crc:#010x}"
        )
    stamped = attributes & LOG_APPEND_TIME
    return Batch(
        base_offset=base_offset,
        next_offset=base_offset + last + 1,
        attributes=attributes,
        base_timestamp=max_time if stamped else first_time,
        producer=producer,
        promised=promised,
        start=start + HEADER.size,
        end=end,
    )


def _committed(batches: Sequence[Batch], aborted: Sequence[tuple[int, int]]) -> Iterator[Batch]:
    """Leave out control batches and batches of aborted transactions."""
    waiting, active = list(aborted), set[int]()
    for batch in batches:
        while waiting and waiting[0][1] <= batch.base_offset:
            active.add(waiting.pop(0)[0])
        if batch.attributes & CONTROL:
            active.discard(batch.producer)  # a marker ends the producer's transaction
        elif not (batch.attributes & TRANSACTIONAL and batch.producer in active):
            yield batch


def _sections(raw: bytes, batches: Sequence[Batch]) -> tuple[bytes, list[tuple[int, int]]]:
    """One buffer that holds every section, and where: `raw` itself when nothing is compressed."""
    if not any(b.attributes & CODEC for b in batches):
        return raw, [(b.start, b.end) for b in batches]
    parts = [_decompressed(raw, batch) for batch in batches]
    ends = np.cumsum([len(part) for part in parts]).tolist()
    return b"".join(parts), list(zip([0, *ends[:-1]], ends, strict=True))


def _decompressed(raw: bytes, batch: Batch) -> bytes:
    section, kind = raw[batch.start : batch.end], batch.attributes & CODEC
    if kind == 0:
        return section
    if kind not in CODECS:
        raise CorruptBatchError(batch.base_offset, f"unknown compression codec {kind}")
    name, decompress = CODECS[kind]
    try:
        return decompress(section)
    except Exception as error:  # each codec library has errors of its own; none is an outage
        raise CorruptBatchError(batch.base_offset, f"{name} does not decode: {error}") from error


def _read(
    buffer: bytes, batches: Sequence[Batch], spans: Sequence[tuple[int, int]], position: int
) -> tuple[Records, int]:
    columns = np.array(
        [
            (*span, b.promised, b.base_offset, b.base_timestamp, not b.attributes & LOG_APPEND_TIME)
            for b, span in zip(batches, spans, strict=True)
        ],
        dtype=np.int64,
    ).reshape(-1, len(Sections._fields))
    sections = Sections(*(column.copy() for column in columns.T))
    # A record takes at least 7 bytes: a forged count asks for no more room than the buffer allows.
    room = min(int(sections.promised.clip(0).sum()), len(buffer) // 7) + 1
    records = empty_records(np.frombuffer(buffer, np.uint8), room)
    n, failed = read_sections(records, sections, position)
    return Records._make([records.buffer, *(column[:n] for column in records[1:])]), failed
