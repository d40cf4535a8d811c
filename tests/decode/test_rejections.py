"""Every way to be wrong is named, with the field, its value and the rule (issue 3, bad input)."""

import json
from typing import Any

import numpy as np
import pytest

from tests.decode.builders import SALE, a_decoder, a_value, decode_one, events_of, records_of

OVERRIDE = {"score": "value", "tier": "VIP", "author": "ann", "reason": "创始客户"}
DEEP = b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}"


def raw(field: str, text: str) -> bytes:
    """A sale one of whose fields is written exactly so."""
    return a_value(**{field: "\0"}).replace(b'"\\u0000"', text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (None, "EmptyValue", "no value"),
        (b"", "EmptyValue", "no value"),
        (b" \r\n", "EmptyValue", "white space"),
        (b"sale of 12.50", "NotJson", "at character 0, near `sale of 12.50`"),
        (b'{"event_id":"e1"', "NotJson", "at character 16"),
        (b"[]", "NotJson", "`[]`: must be a JSON object"),
        (a_value() + a_value(), "NotJson", "Extra data"),
        (b"\xef\xbb\xbf" + a_value(), "NotJson", "at character 0"),
        (raw("order_id", '"tab\there"'), "NotJson", "control character"),
        (DEEP, "NotJson", "nested deeper than 64 levels"),
        (b'{"x":"\xe9"}', "InvalidUtf8", "byte 0xe9 at 6"),
        (raw("event_id", r'"\ud800"'), "InvalidUtf8", r"`event_id` is `\ud800`"),
        (a_value().decode().encode("utf-16"), "InvalidUtf8", "byte 0xff at 0"),
        (a_value(note="x" * 65_536), "TooLarge", "at most 65536 are taken"),
        (raw("amount", "NaN"), "NotJson", "`NaN` is no JSON number"),
        (raw("amount", "-Infinity"), "NotJson", "`-Infinity` is no JSON number"),
        (raw("amount", "1e400"), "OutOfRange", "`amount` is `1E+400`: must be at most 10^12"),
        (raw("amount", "1e-400"), "OutOfRange", "at most 30 decimals"),
        (raw("amount", "1e" + "9" * 30), "OutOfRange", "must be a finite number"),
        (raw("amount", "0e999999999"), "OutOfRange", "at most 30 decimals"),
        (raw("amount", "9" * 5_000), "OutOfRange", "`" + "9" * 60 + "…`"),
        (a_value(amount="-5.00"), "OutOfRange", "`amount` is `-5.00`: must be greater than 0"),
        (a_value(amount=0), "OutOfRange", "`amount` is `0`: must be greater than 0"),
        (a_value(amount="1000000000000.01"), "OutOfRange", "at most 10^12"),
        (a_value(amount="12,50"), "WrongType", "`12,50`: must be a decimal string"),
        (a_value(amount="1e3"), "WrongType", "must be a decimal string"),
        (a_value(amount="٣"), "WrongType", "must be a decimal string"),
        (a_value(amount=True), "WrongType", "`amount` is `true`"),
        (a_value(amount=None), "MissingField", "`amount` is missing"),
        (a_value(cost="-0.01"), "OutOfRange", "`cost` is `-0.01`: must be at least 0"),
        (a_value(cost=1, costs={"service": 1}), "Contradiction", "both `cost` and `costs`"),
        (a_value(costs={"tax": 1}), "MissingField", "marketing, after_sales; leave"),
        (a_value(costs={"service": []}), "WrongType", "`costs.service` is `[]`"),
        (a_value(costs="1"), "WrongType", "`costs` is `1`: must be a JSON object"),
        (raw("costs", '{"service":1,"service":2}'), "DuplicateField", "`costs.service` is given"),
        (a_value(currency="EUR"), "UnknownCurrency", "`EUR` has no rate; the model knows CNY"),
        (a_value(currency="USD", occurred_at=0), "UnknownCurrency", "the first is dated 2024-01"),
        (a_value(currency="u$d"), "OutOfRange", "`currency` is `u$d`"),
        (a_value(currency="usd", occurred_at=0), "UnknownCurrency", "the first is dated 2024-01"),
        (a_value(amount="0.005"), "TooSmall", "`amount` is `0.005` CNY and rounds to 0"),
        (
            a_value(amount="0.0004", currency="USD"),
            "TooSmall",
            "converted to CNY of 2024-01-01",
        ),
        (a_value(currency="USD", amount=10**12), "OutOfRange", "10^12 CNY when converted"),
        (
            a_value(kind="gift"),
            "OutOfRange",
            "`gift`: must be 'sale', 'refund', 'void'",
        ),
        (a_value(event_id=""), "OutOfRange", "at least 1 character"),
        (a_value(event_id="e" * 257), "OutOfRange", "at most 256 characters"),
        (a_value(event_id=17), "WrongType", "`event_id` is `17`: must be a string"),
        (a_value(customer_id="é" * 129), "OutOfRange", "at most 128 characters"),
        (a_value(order_id={"a": "é"}), "WrongType", '`order_id` is `{"a": "é"}`'),
        (a_value(occurred_at="2024-01-01T00:00:00"), "WrongType", "with an offset"),
        (a_value(occurred_at="2024-01-01"), "WrongType", "with an offset"),
        (a_value(occurred_at="2023-02-29T00:00:00Z"), "OutOfRange", "that the calendar has"),
        (a_value(occurred_at="2024-01-01T24:00:00Z"), "OutOfRange", "hours up to 23"),
        (a_value(occurred_at="2016-12-31T23:59:61Z"), "OutOfRange", "seconds up to 59"),
        (a_value(kind="void", amount=None), "MissingField", "`order_id` is missing"),
        (a_value(kind="chargeback", severity=6), "OutOfRange", "`severity` is `6`"),
        (a_value(sequence=-1), "OutOfRange", "`sequence` is `-1`: must be from 0"),
        (a_value(sequence="7a"), "WrongType", "or its digits"),
        (
            a_value(occurred_at=1_764_547_200_000_000),
            "OutOfRange",
            "like microseconds (2025-12-01)",
        ),
        (a_value(occurred_at="2024-01-01T00:00:00+24:00"), "OutOfRange", "hours up to 23"),
        (a_value(occurred_at="1970-01-01T00:00:00+00:01"), "OutOfRange", "from 1970 to 9999"),
        (a_value(occurred_at="9999-12-31T23:59:59-00:01"), "OutOfRange", "from 1970 to 9999"),
        (a_value(occurred_at=253_402_300_800_000), "OutOfRange", "from 1970 to 9999"),
        (a_value(occurred_at=1.5), "WrongType", "epoch milliseconds as an integer"),
        (a_value(due_at="1969-12-31"), "OutOfRange", "a date from 1970 to 9999"),
        (a_value(type="payment"), "TypeMismatch", "this topic takes `transaction`"),
        (a_value(type="gift"), "UnknownType", "must be one of transaction, payment"),
        (a_value(type=5), "WrongType", "`type` is `5`: must be a string"),
        (raw("amount", '1,"amount":2'), "DuplicateField", "`amount` is given twice"),
        (b"{}", "MissingField", "`event_id` is missing (and 3 more to mend)"),
    ],
)
def test_a_bad_value_is_rejected_with_field_value_and_rule(
    value: bytes | None, error: str, message: str
) -> None:
    """What the dead-letter topic says must be enough to mend the event."""
    got_error, got_message = decode_one(value)
    assert got_error == error
    assert message in got_message


@pytest.mark.parametrize("field", ["severity", "rating"])
@pytest.mark.parametrize(
    ("level", "error", "message"),
    [
        (0, "OutOfRange", "must be at least 1"),
        (6, "OutOfRange", "must be at most 5"),
        (3.5, "WrongType", "must be a whole number"),
        ("3", "WrongType", "must be a whole number"),
        (True, "WrongType", "must be a whole number"),
    ],
)
def test_a_level_is_a_whole_number_from_1_to_5(
    field: str, level: Any, error: str, message: str
) -> None:
    event_type = {"severity": "complaint", "rating": "praise"}[field]
    found = decode_one(a_value(**{field: level}), event_type)
    assert found[0] == error
    assert f"`{field}`" in found[1]
    assert message in found[1]


@pytest.mark.parametrize(
    ("event_type", "value", "error", "message"),
    [
        ("feedback", a_value(), "MissingField", "`kind` is missing"),
        ("feedback", a_value(kind=None), "MissingField", "`kind` is missing"),
        ("feedback", a_value(kind="sale"), "OutOfRange", "must be 'suggestion', 'nps' or 'csat'"),
        ("feedback", a_value(kind="nps"), "MissingField", "field `value` is missing"),
        ("feedback", a_value(kind="csat", value=None), "MissingField", "field `value` is missing"),
        ("feedback", a_value(kind="nps", value=11), "OutOfRange", "`11`: must be 0 to 10 for nps"),
        ("feedback", a_value(kind="csat", value=0), "OutOfRange", "`0`: must be 1 to 5 for csat"),
        ("feedback", a_value(kind="nps", value=True), "WrongType", "must be a whole number"),
        ("feedback", a_value(kind="nps", value="9"), "WrongType", "must be a whole number"),
        ("feedback", a_value(kind="nps", value=9.5), "WrongType", "must be a whole number"),
        ("engagement", a_value(), "MissingField", "`kind` is missing"),
        ("engagement", a_value(kind="visit"), "OutOfRange", "`visit`: must be 'inquiry', 'task'"),
        ("cost", a_value(), "MissingField", "`kind` is missing"),
        ("cost", a_value(kind="production", amount=0), "OutOfRange", "greater than 0"),
        ("cost", a_value(kind="production", currency="EUR"), "UnknownCurrency", "has no rate"),
        ("override", a_value(), "MissingField", "`score` is missing (and 2 more"),
        ("override", a_value(**OVERRIDE, mode="top"), "OutOfRange", "'pin', 'floor' or 'ceiling'"),
        ("override", a_value(**OVERRIDE, until="soon"), "WrongType", "a date such as `2026-01-31`"),
        ("override", a_value(**OVERRIDE, until=19_000), "WrongType", "a date such as"),
        ("override", a_value(**OVERRIDE, until="1969-12-31"), "OutOfRange", "from 1970 to 9999"),
        ("override", a_value(**OVERRIDE | {"reason": ""}), "OutOfRange", "at least 1 character"),
        ("override", a_value(**OVERRIDE | {"author": None}), "MissingField", "`author` is missing"),
        ("override", a_value(**OVERRIDE | {"score": "a b"}), "OutOfRange", "`score` is `a b`"),
    ],
)
def test_a_bad_event_of_another_type_is_rejected_alike(
    event_type: str, value: bytes, error: str, message: str
) -> None:
    got_error, got_message = decode_one(value, event_type)
    assert got_error == error
    assert message in got_message


def a_profile(**attributes: Any) -> bytes:
    """A profile as JSON, in ASCII so that half a surrogate can stand in it."""
    common = {name: SALE[name] for name in ("event_id", "customer_id", "occurred_at")}
    return json.dumps(common | attributes).encode()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (a_profile(), "MissingField", "the event has no attribute"),
        (a_profile(type="profile"), "MissingField", "the event has no attribute"),
        (a_profile(Region="x"), "OutOfRange", "the attribute `Region`: a name must match ^[a-z]["),
        (a_profile(地区="x"), "OutOfRange", "the attribute `地区`"),
        (a_profile(**{"a" * 65: 1}), "OutOfRange", f"the attribute `{'a' * 64}`"),
        (a_profile(**{"a\n": 1}), "OutOfRange", "a name must match"),
        (a_profile(**{"": 1}), "OutOfRange", "the attribute ``"),
        (a_profile(**{"\ud800": 1}), "InvalidUtf8", "half a surrogate"),
        (a_profile(region="\ud800"), "InvalidUtf8", "half a surrogate"),
        (a_profile(region="é" * 257), "OutOfRange", "must have at most 256 characters"),
        (a_profile(region=["x"]), "WrongType", "text, a number, true, false or null"),
        (a_profile(region={"x": 1}), "WrongType", "text, a number, true, false or null"),
        (a_profile(sales=10**15 + 1), "OutOfRange", "a finite number from -10^15 to 10^15"),
        (a_profile(sales=1).replace(b"1}", b"-1e400}"), "OutOfRange", "a finite number"),
        (a_profile(sales=1).replace(b"1}", b"1e99999999999999999999}"), "OutOfRange", "a finite"),
        (a_profile(sales=1).replace(b"1}", b'1,"sales":2}'), "DuplicateField", "`sales` is given"),
        (a_profile(**{f"a{n}": n for n in range(65)}), "OutOfRange", "65 attributes: at most 64"),
    ],
)
def test_a_bad_attribute_is_rejected_by_name(value: bytes, error: str, message: str) -> None:
    got_error, got_message = decode_one(value, "profile")
    assert got_error == error
    assert message in got_message
    assert got_message.encode("utf-8")


def test_64_attributes_at_their_limits_are_taken() -> None:
    edges = {"a" * 64: "é" * 256, "sales": -(10**15), "tiny": 0.1}
    filled = edges | {f"a{n}": None for n in range(61)}
    assert len(decode_one(a_profile(**filled), "profile")["detail"].attributes) == 64


def test_a_message_can_always_be_sent_on() -> None:
    """A lone surrogate in a message would make the dead letter itself undecodable."""
    _, message = decode_one(raw("kind", r'"\udc80"'))
    assert message.encode("utf-8")


def test_bad_records_do_not_stop_their_neighbours() -> None:
    """Bad input stops nothing (promise 5)."""
    good = [a_value(event_id=f"e{n}") for n in range(3)]
    decoded = a_decoder().decode(
        records_of([good[0], b"not json", good[1], None, DEEP, good[2]]),
        event_type="transaction",
        now_ms=None,
        keyed=False,
    )
    assert [event["event_id"] for event in events_of(decoded)] == [b"e0", b"e1", b"e2"]
    assert decoded.record.tolist() == [0, 2, 5]
    assert [rejected.record for rejected in decoded.rejected] == [1, 3, 4]


def test_without_a_topic_of_one_type_each_event_names_its_own() -> None:
    values = [a_value(type="payment"), a_value(), a_value(type=None), a_value(type="transaction")]
    decoded = a_decoder().decode(records_of(values), event_type=None, now_ms=None, keyed=False)
    assert [event["kind"] for event in events_of(decoded)] == ["payment", "sale"]
    assert {rejected.error for rejected in decoded.rejected} == {"MissingField"}


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (None, "MissingKey", "must be the customer id"),
        (b"", "KeyMismatch", "the key is ``"),
        (b"c2", "KeyMismatch", "the key is `c2`: must be the customer id `c1`"),
        (b"c1 ", "KeyMismatch", "the key is `c1 `"),
        (b"\xff", "KeyMismatch", r"the key is `\xff`"),
    ],
)
@pytest.mark.parametrize("plain", [True, False])
def test_the_key_of_a_record_is_its_customer(
    key: bytes | None, error: str, message: str, plain: bool
) -> None:
    """The key decides the partition: with a wrong one, two workers would score one customer."""
    value = a_value() if plain else json.dumps(json.loads(a_value(costs={"service": 1}))).encode()
    decoded = a_decoder().decode(
        records_of([value, value], keys=[key, b"c1"]), event_type="transaction", now_ms=None
    )
    assert decoded.record.tolist() == [1]
    assert decoded.rejected[0].error == error
    assert message in decoded.rejected[0].message


@pytest.mark.parametrize("plain", [True, False])
def test_each_event_is_judged_by_the_time_of_its_own_record(plain: bool) -> None:
    """Whoever reads the log, and whenever, refuses the same (ADR 0008)."""
    extra = {} if plain else {"costs": {"service": 1}}
    at = 1_704_067_200_000
    values = [a_value(occurred_at=at, **extra)] * 3
    arrived = np.array([at - 300_001, at - 300_000, at], np.int64)
    decoded = a_decoder().decode(
        records_of(values), event_type="transaction", now_ms=arrived, keyed=False
    )
    assert decoded.record.tolist() == [1, 2]
    assert [rejected.error for rejected in decoded.rejected] == ["InTheFuture"]


@pytest.mark.parametrize("plain", [True, False])
def test_an_event_more_than_five_minutes_ahead_is_in_the_future(plain: bool) -> None:
    """One wrong clock must not move the day of a whole shard."""
    extra = {} if plain else {"costs": {"service": 1}}
    now = 1_704_067_200_000
    values = [a_value(occurred_at=now + ahead, **extra) for ahead in (300_000, 300_001)]
    decoded = a_decoder().decode(
        records_of(values), event_type="transaction", now_ms=now, keyed=False
    )
    assert decoded.record.tolist() == [0]
    assert decoded.rejected[0].error == "InTheFuture"
    assert "must be at most 2024-01-01T00:05:00" in decoded.rejected[0].message
