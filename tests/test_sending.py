"""What is said of a line before it is sent: its topic and its time; the rest is the worker's."""

from __future__ import annotations

import pytest

from streams.sending import UnusableEventError, addressed

TYPES = frozenset({"praise"})
LINE = b'{"type":"praise","customer_id":"c","occurred_at":%s,"note":"%s"}'


@pytest.mark.parametrize(
    "line", [b'{"x":' + b"[" * 100_000, b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"]
)
def test_a_line_that_is_nested_without_end_is_left_out_and_stops_nothing(line: bytes) -> None:
    with pytest.raises(UnusableEventError, match="is not JSON"):
        addressed(line, TYPES)


def test_half_a_surrogate_is_for_the_worker_to_judge() -> None:
    line = LINE % (b"7000", rb"\ud800")
    assert addressed(line, TYPES).value == line


@pytest.mark.parametrize(
    ("written", "at_ms"),
    [
        (b"7000", 7000),
        (b"7000.0", 7000),
        (b'"1970-01-01T00:00:07Z"', 7000),
        (b'"1970-01-01T00:00:07"', None),
        (b'"soon"', None),
        (b"true", None),
    ],
)
def test_when_it_happened_is_read_where_it_can_be(written: bytes, at_ms: int | None) -> None:
    assert addressed(LINE % (written, b""), TYPES).at_ms == at_ms
