"""CloudEvents over Kafka, in both modes."""

import json
from typing import Any

import pytest

from tests.decode.builders import Header, a_value, decode_one

BARE = json.dumps({"amount": "5.00"}).encode()
BINARY: list[Header] = [
    ("ce_specversion", b"1.0"),
    ("ce_id", "é7".encode()),
    ("ce_source", b"/shop"),
    ("ce_type", b"com.shop.transaction"),
    ("ce_time", b"2024-01-01T00:00:00.5Z"),
    ("ce_subject", b"c9"),
    ("content-type", b"application/json"),
]
STRUCTURED: list[Header] = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


@pytest.mark.parametrize("event_type", ["transaction", None])
def test_the_headers_give_what_a_binary_event_lacks(event_type: str | None) -> None:
    event = decode_one(BARE, event_type, headers=BINARY)
    assert event["event_id"] == "é7".encode()
    assert event["customer"] == b"c9"
    assert event["at"] == 1_704_067_200_500
    assert event["amount"] == 500


def test_what_the_body_says_wins_over_the_headers() -> None:
    event = decode_one(a_value(type="payment"), None, headers=BINARY)
    assert (event["event_id"], event["customer"], event["kind"]) == (b"e1", b"c1", "payment")


def test_a_structured_event_is_read_from_its_envelope() -> None:
    envelope = {
        "specversion": "1.0",
        "id": "7",
        "source": "/shop",
        "type": "transaction",
        "time": "2024-01-01T00:00:00Z",
        "subject": "c9",
        "data": {"amount": 5},
    }
    event = decode_one(json.dumps(envelope).encode(), None, headers=STRUCTURED)
    assert (event["event_id"], event["customer"], event["amount"]) == (b"7", b"c9", 500)


@pytest.mark.parametrize(
    ("envelope", "content_type", "error", "message"),
    [
        ({}, b"application/cloudevents+json", "MissingField", "`data` of the CloudEvent"),
        ({"data": [1]}, b"application/cloudevents", "WrongType", "`data` is `[1]`"),
        ({"data_base64": "e30="}, b"application/cloudevents", "WrongType", "`data_base64`"),
        ({"data": {}}, b"application/cloudevents-batch+json", "WrongType", "one a record"),
    ],
)
def test_an_envelope_without_an_object_is_rejected(
    envelope: dict[str, Any], content_type: bytes, error: str, message: str
) -> None:
    headers: list[Header] = [("content-type", content_type)]
    found = decode_one(json.dumps(envelope).encode(), headers=headers)
    assert found[0] == error
    assert message in found[1]


def test_a_header_that_is_not_utf_8_refuses_the_event() -> None:
    assert decode_one(BARE, headers=[*BINARY[:1], ("ce_id", b"\xff")])[0] == "InvalidUtf8"


@pytest.mark.parametrize(
    "headers",
    [
        [("trace", b"ce_id"), ("content-type", b"application/json"), ("c", None), ("ce", b"")],
        [("x" * 100, b"y" * 10_000), ("content-type", None)],
    ],
)
def test_other_headers_are_ignored(headers: list[Header]) -> None:
    """A plain event with tracing headers stays on the fast path and loses nothing."""
    assert decode_one(a_value(), headers=headers)["event_id"] == b"e1"
    assert decode_one(BARE, headers=headers)[0] == "MissingField"
