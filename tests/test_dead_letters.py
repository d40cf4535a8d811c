"""Dead letters: what is added to a record, what is taken away again, how it is read back."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from streams.dead_letters import DeadLetter, headers_of, letter_of, mended_headers

FAILURE = ("transactions", 2, 17, "OutOfRange", "amount -5 must be > 0", "valuepulse")
NAMES = st.text(min_size=1, max_size=20)
HEADERS = st.lists(st.tuples(NAMES, st.none() | st.binary(max_size=20)), max_size=5)


def letter(headers: list[tuple[str, bytes | None]], value: bytes | None = b"{}") -> DeadLetter:
    record = SimpleNamespace(
        partition=1, offset=5, timestamp=1_700_000_000_123, key=b"C1", value=value, headers=headers
    )
    return letter_of(record)


def test_the_headers_tell_reason_and_origin_in_the_words_of_connect_and_spring() -> None:
    assert dict(headers_of(*FAILURE)) == {
        "__connect.errors.topic": b"transactions",
        "__connect.errors.partition": b"2",
        "__connect.errors.offset": b"17",
        "__connect.errors.exception.class.name": b"OutOfRange",
        "__connect.errors.exception.message": b"amount -5 must be > 0",
        "kafka_dlt-original-topic": b"transactions",
        "kafka_dlt-original-consumer-group": b"valuepulse",
        "valuepulse.id": b"transactions:2:17",
    }


@given(HEADERS)
def test_the_headers_of_the_record_stay_and_come_back(
    headers: list[tuple[str, bytes | None]],
) -> None:
    dead = headers_of(*FAILURE, original_headers=headers)
    assert dead[: len(headers)] == headers
    assert mended_headers(dead) == headers


def test_a_second_failure_takes_the_place_of_the_first() -> None:
    first = headers_of(*FAILURE, original_headers=[("source", b"shop")])
    second = headers_of("transactions", 0, 99, "NotJson", "cut off", "valuepulse", first)
    read = letter(second)
    assert (read.id, read.error, read.message) == ("transactions:0:99", "NotJson", "cut off")
    assert len(second) == len(first)


def test_a_trace_of_the_attempt_that_failed_does_not_come_back() -> None:
    assert mended_headers([("traceparent", b"00-1"), ("a", b"1")]) == [("a", b"1")]


def test_a_letter_is_read_with_its_place_reason_and_origin() -> None:
    read = letter(headers_of(*FAILURE, original_headers=[("source", b"shop")]))
    assert (read.at, read.topic, read.id) == ("1:5", "transactions", "transactions:2:17")
    assert (read.error, read.message) == ("OutOfRange", "amount -5 must be > 0")
    assert read.headers == [("source", b"shop")]


def test_what_somebody_else_put_there_has_no_origin() -> None:
    assert letter([]).topic == ""


def test_bytes_that_are_no_text_become_base64_in_json() -> None:
    assert letter([], b'{"a":1}').as_json()["value"] == '{"a":1}'
    assert letter([], None).as_json()["value"] is None
    broken = letter([], b"\xff\xfe").as_json()
    assert (broken["value"], broken["value_base64"]) == (None, "//4=")
    assert broken["arrived_at"] == "2023-11-14T22:13:20.123+00:00"


def test_a_message_with_half_a_character_can_be_told() -> None:
    (message,) = [
        v for n, v in headers_of(*FAILURE[:4], "bad \ud83d", "g") if n.endswith("message")
    ]
    assert message == b"bad \\ud83d"
