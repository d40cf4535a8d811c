"""Lines of an NDJSON file as records."""

from typing import Final

import numpy as np

from streams.records import Records

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NEWLINE: Final = 0x0A
_RETURN: Final = 0x0D
_WHITE: Final = np.isin(np.arange(256), list(b" \t\r\v\f"))


def records_of_lines(chunk: bytes, first_line: int) -> Records:
    """Return a record for each line of `chunk`, whose first line has number `first_line`.

    Lines of white space are no records but count. `offset` is the line number; there are no keys,
    no headers and no times of arrival (0). A chunk should end with a whole line.
    """
    buffer = np.frombuffer(chunk, np.uint8)
    ends = np.flatnonzero(buffer == _NEWLINE).astype(np.int64)
    if len(buffer) and (not len(ends) or ends[-1] != len(buffer) - 1):
        ends = np.append(ends, len(buffer))
    starts = np.concatenate([np.zeros(min(1, len(ends)), np.int64), ends[:-1] + 1])
    if first_line == 1 and chunk.startswith(_BYTE_ORDER_MARK):
        starts[0] += len(_BYTE_ORDER_MARK)
    stops = ends - ((ends > starts) & (buffer[ends - 1] == _RETURN))
    lines = np.flatnonzero(stops > starts)
    for n in lines[_WHITE[buffer[starts[lines]]]].tolist():
        if not chunk[starts[n] : stops[n]].strip():
            stops[n] = starts[n]
    lines = lines[stops[lines] > starts[lines]]
    count = len(lines)
    return Records(
        buffer=buffer,
        offset=lines + first_line,
        timestamp=np.zeros(count, np.int64),
        key_start=np.zeros(count, np.int64),
        key_length=np.full(count, -1, np.int32),
        value_start=starts[lines],
        value_length=(stops - starts)[lines].astype(np.int32),
        headers_start=np.zeros(count, np.int64),
        headers_count=np.zeros(count, np.int32),
    )
