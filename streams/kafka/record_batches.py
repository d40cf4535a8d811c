"""Record batches of a fetch response (message format v2) → `Records`, no Python object a record.

A batch is a header of 61 bytes and a section of records, compressed or not. Headers are read here,
one step a batch, records in `record_sections`, one compiled pass over all sections. Format:
https://kafka.apache.org/documentation/#recordbatch
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from aiokafka.record.util import calc_crc32c

from streams.kafka.decompression import CODECS, TooLargeError
from streams.kafka.record_sections import (
    NOTHING_LEFT,
    Sections,
    empty_records,
    read_sections,
    read_span,
)
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

BATCH_BYTES: Final = 32 * 2**20
"""What one batch may unpack to, unless a setting says otherwise."""
SET_BYTES: Final = 8 * 2**20
SET_RECORDS: Final = 100_000
"""After so much a set ends, and what follows is fetched again: a fetch can unpack to many times its
size. Larger fetches may bring more in proportion."""

TOO_LARGE: Final = "BatchTooLarge"
CORRUPT: Final = "CorruptBatch"


class CorruptBatchError(Exception):
    """Not what its producer sent: checksum or message format are wrong. A replica may have it."""

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


class Unreadable(NamedTuple):
    """A batch as its producer sent it, of which no record can be read: bad input.

    `raw` is the batch as it is stored; `first` and `last` are the offsets of its records.
    """

    first: int
    last: int
    timestamp: int
    error: str
    message: str
    raw: bytes


class Parsed(NamedTuple):
    """What a fetch response holds, and the offset at which to fetch next."""

    records: Records
    next_offset: int
    unreadable: tuple[Unreadable, ...] = ()


def parse(
    raw: bytes,
    position: int,
    aborted: Sequence[tuple[int, int]] = (),
    most_bytes: int = BATCH_BYTES,
) -> Parsed:
    """Read the records at or after offset `position` out of a fetch response.

    `aborted` lists (producer id, first offset) of aborted transactions, sorted by offset; their
    records are left out, as are control batches and a batch that the fetch size cut off at the end.
    No record is read of a batch that unpacks to more than `most_bytes`.

    The next offset is behind the last whole batch, also when compaction or a transaction left no
    record in it, or in front of what made the set too large.

    Raises:
        CorruptBatchError: a batch does not fit its checksum or the format.

    """
    batches = list(_batches(raw))
    wanted = [b for b in _committed(batches, aborted) if b.next_offset > position]
    unpacked = _unpacked(raw, wanted, most_bytes)
    records, broken, left_from = _read(unpacked, position, max(SET_RECORDS, len(raw) // 50))
    end = batches[-1].next_offset if batches else position
    next_offset = max(position, min(end, left_from, unpacked.left_from))
    unreadable = [
        *unpacked.unreadable,
        *(_unreadable(raw, b, CORRUPT, "its records do not fit their section") for b in broken),
    ]
    passed = sorted(found for found in unreadable if found.first < next_offset)
    return Parsed(records, next_offset, tuple(passed))


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


class Unpacked(NamedTuple):
    """The sections of `batches` in one buffer, and where; what is left begins at `left_from`."""

    buffer: bytes
    batches: Sequence[Batch]
    spans: list[tuple[int, int]]
    unreadable: Sequence[Unreadable] = ()
    left_from: int = NOTHING_LEFT


class _UnreadableError(Exception):
    """A batch cannot be unpacked; `error` is the kind of failure in one word."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


def _unpacked(raw: bytes, batches: Sequence[Batch], most_bytes: int) -> Unpacked:
    """One buffer that holds every section: `raw` itself when nothing is compressed."""
    if not any(b.attributes & CODEC for b in batches):
        return Unpacked(raw, batches, [(b.start, b.end) for b in batches])
    parts, kept, unreadable, size = list[bytes](), list[Batch](), list[Unreadable](), 0
    left_from = NOTHING_LEFT
    for batch in batches:
        if size > max(SET_BYTES, 8 * len(raw)):
            left_from = batch.base_offset
            break
        try:
            parts.append(_decompressed(raw, batch, most_bytes))
        except _UnreadableError as error:
            unreadable.append(_unreadable(raw, batch, error.error, str(error)))
            size += most_bytes  # it took as long
        else:
            kept.append(batch)
            size += len(parts[-1])
    ends = np.cumsum([len(part) for part in parts]).tolist()
    spans = list(zip([0, *ends[:-1]], ends, strict=True)) if parts else []
    return Unpacked(b"".join(parts), kept, spans, unreadable, left_from)


def _decompressed(raw: bytes, batch: Batch, most_bytes: int) -> bytes:
    section, kind = raw[batch.start : batch.end], batch.attributes & CODEC
    if kind == 0:
        return section
    if kind not in CODECS:
        raise _UnreadableError(CORRUPT, f"unknown compression codec {kind}")
    name, unpack = CODECS[kind]
    try:
        return unpack(section, most_bytes)
    except TooLargeError as error:
        problem = f"{name} batch unpacks to more than kafka.batch_bytes, {most_bytes} bytes"
        raise _UnreadableError(TOO_LARGE, problem) from error
    except Exception as error:  # each codec library has errors of its own; none is an outage
        raise _UnreadableError(CORRUPT, f"{name} does not decode: {error}") from error


def _unreadable(raw: bytes, batch: Batch, error: str, problem: str) -> Unreadable:
    first, last = batch.base_offset, batch.next_offset - 1
    message = f"record batch of offsets {first} to {last}: {problem}"
    whole = raw[batch.start - HEADER.size : batch.end]
    return Unreadable(first, last, batch.base_timestamp, error, message, whole)


def _read(unpacked: Unpacked, position: int, most_records: int) -> tuple[Records, list[Batch], int]:
    """Read the sections; returns also the batches that do not fit theirs, and what is left."""
    columns = np.array(
        [
            (*span, b.promised, b.base_offset, b.base_timestamp, not b.attributes & LOG_APPEND_TIME)
            for b, span in zip(unpacked.batches, unpacked.spans, strict=True)
        ],
        dtype=np.int64,
    ).reshape(-1, len(Sections._fields))
    sections = Sections(*(column.copy() for column in columns.T))
    # A record takes at least 7 bytes: a forged count asks for no more room than the buffer allows.
    promised = int(sections.promised.clip(0).sum())
    room = min(promised, len(unpacked.buffer) // 7 + 1, most_records)
    records = empty_records(np.frombuffer(unpacked.buffer, np.uint8), room)
    broken = np.zeros(len(unpacked.batches), np.bool_)
    n, left_from = read_sections(records, sections, position, broken)
    found = Records._make([records.buffer, *(column[:n] for column in records[1:])])
    return found, [unpacked.batches[s] for s in np.flatnonzero(broken).tolist()], left_from
