"""NDJSON as records."""

import pytest

from streams.decode import records_of_lines
from tests.decode.builders import a_decoder, a_value, events_of


def lines_of(chunk: bytes, first_line: int = 1) -> list[tuple[int, bytes]]:
    """The lines as (number, bytes)."""
    records = records_of_lines(chunk, first_line)
    spans = zip(records.offset, records.value_start, records.value_length, strict=True)
    return [(int(n), chunk[start : start + length]) for n, start, length in spans]


@pytest.mark.parametrize(
    ("chunk", "lines"),
    [
        (b"", []),
        (b"\n", []),
        (b"a", [(1, b"a")]),
        (b"a\n", [(1, b"a")]),
        (b"a\n\nb", [(1, b"a"), (3, b"b")]),
        (b"\n\r\na\r\n b\r\n", [(3, b"a"), (4, b" b")]),
        (b"\xef\xbb\xbfa\nb\n", [(1, b"a"), (2, b"b")]),
        (b"\xef\xbb\xbf\nb\n", [(2, b"b")]),
    ],
)
def test_each_line_that_holds_something_is_a_record(
    chunk: bytes, lines: list[tuple[int, bytes]]
) -> None:
    assert lines_of(chunk) == lines


def test_line_numbers_go_on_from_chunk_to_chunk() -> None:
    """And a byte-order mark is one only at the start of the file."""
    assert lines_of(b"\xef\xbb\xbfx\ny\n", 41) == [(41, b"\xef\xbb\xbfx"), (42, b"y")]


def test_a_file_of_events_is_decoded_without_keys() -> None:
    chunk = a_value(type="payment") + b"\r\n\n" + a_value(type="transaction")
    records = records_of_lines(chunk, 1)
    decoded = a_decoder().decode(records, event_type=None, now_ms=None, keyed=False)
    assert [event["kind"] for event in events_of(decoded)] == ["payment", "sale"]
    assert records.offset[decoded.record].tolist() == [1, 3]
    assert decoded.by_model == 0
