"""Compiled part of the record batch parser: sections of records → columns of spans.

A record is varints and bytes: length, attributes, timestamp delta, offset delta, key, value,
headers (https://kafka.apache.org/documentation/#record).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit
from streams.records import Records

FAILED: Final = -1
"""Position behind what does not fit where it should be."""
NOTHING_LEFT: Final = 2**63 - 1
"""In place of the offset of the first record that there was no room for."""

MORE: Final = 0x80  # bit of a varint's byte: another byte follows
LONGEST_VARINT: Final = 64  # bits
MAX_INT64: Final = 2**63 - 1


class Sections(NamedTuple):
    """The record sections of a set's batches, one array a field.

    `start` and `end` are positions in the buffer, `promised` the number of records by the header.
    Times are epoch milliseconds; `delta_scale` is 0 where the broker stamped the whole batch
    (LogAppendTime) and 1 where every record has a delta of its own (CreateTime).
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    promised: NDArray[np.int64]
    base_offset: NDArray[np.int64]
    base_timestamp: NDArray[np.int64]
    delta_scale: NDArray[np.int64]


def empty_records(buffer: NDArray[np.uint8], count: int) -> Records:
    """Make room for `count` records over `buffer`; the columns are not filled."""
    long, short = np.int64, np.int32
    columns = (long, long, long, short, long, short, long, short)
    return Records._make([buffer, *(np.empty(count, dtype) for dtype in columns)])


@jit
def read_varint(buffer: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Read a zigzag varint: its value and the position behind it.

    A failed position stays failed through every later read, so that a record is tested once.
    """
    bits = 0
    shift = 0
    while FAILED < at < end and shift < LONGEST_VARINT:
        byte = int(buffer[at])
        bits |= (byte & 0x7F) << shift
        at += 1
        if byte < MORE:
            return ((bits >> 1) & MAX_INT64) ^ -(bits & 1), at
        shift += 7
    return 0, FAILED


@jit
def read_span(buffer: NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int]:
    """Read length-prefixed bytes: start, length (-1 = null) and the position behind them."""
    length, start = read_varint(buffer, at, end)
    if start == FAILED or length < -1 or length > end - start:
        return 0, -1, FAILED
    return start, length, start + max(length, 0)


@jit
def skip_headers(buffer: NDArray[np.uint8], at: int, end: int, count: int) -> int:
    """Walk over `count` headers; the position behind them."""
    if count < 0:
        return FAILED
    for _ in range(count):
        _, name_length, at = read_span(buffer, at, end)
        if name_length < 0:
            return FAILED
        _, _, at = read_span(buffer, at, end)
        if at == FAILED:
            return FAILED
    return at


@jit
def read_record(buffer: NDArray[np.uint8], at: int, end: int) -> tuple[int, ...]:
    """Read one record, as scalars: handing all columns to a call an event would cost more.

    Returns the position behind it, its deltas of time and offset, start and length of the key and
    of the value, start and count of the headers.
    """
    length, at = read_varint(buffer, at, end)
    end = at + length if 0 < length <= end - at else at
    time_delta, at = read_varint(buffer, at + 1, end)  # + 1: attributes, unused in the format
    offset_delta, at = read_varint(buffer, at, end)
    key_start, key_length, at = read_span(buffer, at, end)
    value_start, value_length, at = read_span(buffer, at, end)
    headers, at = read_varint(buffer, at, end)
    after = end if skip_headers(buffer, at, end, headers) == end else FAILED
    span = (key_start, key_length, value_start, value_length)
    return after, time_delta, offset_delta, *span, at, headers


@jit
def read_sections(
    records: Records, sections: Sections, position: int, broken: NDArray[np.bool_]
) -> tuple[int, int]:
    """Fill `records` with the records at or after offset `position`.

    A section must hold exactly the records that its header promises; of one that does not, none is
    taken, and `broken` tells it. Returns how many records there are, and the offset of the first
    one that there was no room for.
    """
    n = 0
    for s in range(len(sections.start)):
        before = n
        n, left_from = read_section(records, sections, s, position, n)
        if left_from == FAILED:
            broken[s] = True
            n = before
        elif left_from != NOTHING_LEFT:
            return n, left_from
    return n, NOTHING_LEFT


@jit
def read_section(
    records: Records, sections: Sections, s: int, position: int, n: int
) -> tuple[int, int]:
    """Fill `records` from row `n` on with those of one section, which is read to its end.

    Returns the next row, and the offset of the first record that there was no room for, or `FAILED`
    for a section that breaks the format.
    """
    at, end = sections.start[s], sections.end[s]
    delta = -1
    left_from = NOTHING_LEFT
    for _ in range(sections.promised[s]):
        row = read_record(records.buffer, at, end)
        at = row[0]
        if at == FAILED or row[2] <= delta:  # offsets rise, else reading on might never end
            return n, FAILED
        delta = row[2]
        offset = sections.base_offset[s] + row[2]
        if offset < position or left_from != NOTHING_LEFT:
            continue
        if n == len(records.offset):
            left_from = offset
            continue
        records.offset[n] = offset
        records.timestamp[n] = sections.base_timestamp[s] + sections.delta_scale[s] * row[1]
        records.key_start[n] = row[3]
        records.key_length[n] = row[4]
        records.value_start[n] = row[5]
        records.value_length[n] = row[6]
        records.headers_start[n] = row[7]
        records.headers_count[n] = row[8]
        n += 1
    return n, left_from if at == end else FAILED
