"""What the decoder makes of good events."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from scoring.money import Rates
from streams.decode import Decoder, records_of_lines
from streams.decode.grouping import group
from scoring.hashing import hash64, type_seed
from streams.decode.scan import scan
from tests.decode.builders import a_decoder, a_value, decode_one, events_of, records_of


def test_a_sale_becomes_its_columns() -> None:
    event = decode_one(
        a_value(occurred_at="2024-01-01T07:59:59.9999+08:00", cost="7.305", due_at="2024-01-31")
    )
    assert event == {
        "record": 0,
        "kind": "sale",
        "customer": b"c1",
        "event_id": b"e1",
        "identity": 6_133_190_049_984_027_855,  # part of stored state: never to change
        "at": 1_704_067_199_999,
        "day": 19_723,
        "amount": 1250,
        "cost": 730,  # half to even
        "due": 1_706_716_799_999,  # the last millisecond of that day in Shanghai
        "level": None,
    }


@pytest.mark.parametrize(
    ("event_type", "changes", "kind", "level"),
    [
        ("transaction", {"kind": "refund"}, "refund", None),
        ("transaction", {"kind": None, "severity": 9}, "sale", None),
        ("payment", {"kind": "refund"}, "payment", None),
        ("complaint", {"severity": 4}, "complaint", 4),
        ("complaint", {}, "complaint", None),
        ("praise", {"rating": 5, "type": "praise"}, "praise", 5),
    ],
)
def test_type_and_kind_decide_the_columns(
    event_type: str, changes: dict[str, Any], kind: str, level: int | None
) -> None:
    """A field of another type is an unknown field, and those are ignored."""
    event = decode_one(a_value(**changes), event_type)
    assert (event["kind"], event["level"]) == (kind, level)


@pytest.mark.parametrize(
    ("base", "amount", "minor"),
    [
        ("CNY", "0.005", 0),
        ("CNY", "0.015", 2),
        ("CNY", "0.025", 2),
        ("CNY", "0.0250000000000001", 3),
        ("CNY", 0.1 + 0.2, 30),
        ("CNY", "1000000000000", 100_000_000_000_000),
        ("CNY", "0000000000000000000012.5", 1250),
        ("JPY", "2.5", 2),
        ("JPY", "3.5", 4),
        ("KWD", "1.2345", 1234),
        ("KWD", 7, 7000),
    ],
)
def test_an_amount_is_rounded_once_half_to_even(base: str, amount: Any, minor: int) -> None:
    assert decode_one(a_value(amount=amount), base=base)["amount"] == minor


def test_each_part_of_the_costs_is_converted_by_itself() -> None:
    """Two halves of a cent are rounded to nothing each, not to one cent together."""
    event = decode_one(a_value(costs={"production": "0.005", "service": "0.005", "tax": 9}))
    assert event["cost"] == 0


@pytest.mark.parametrize(("day", "minor"), [("2024-06-30", 710), ("2024-07-01", 706)])
def test_another_currency_counts_at_the_rate_of_the_events_day(day: str, minor: int) -> None:
    """The day in the business time zone: the producer's offset does not matter."""
    at = f"{day}T00:30:00+08:00"
    assert decode_one(a_value(amount=1, currency="USD", occurred_at=at))["amount"] == minor


def test_equal_customers_are_grouped_in_order_of_first_appearance() -> None:
    """Also when one of them came through the models, from another buffer."""
    ids = ["b", "a", "b", "客户", "a", "ab", "客户"]
    values = [a_value(customer_id=name) for name in ids]
    values[2] = a_value(customer_id="b", costs={"service": 1})
    values[6] = json.dumps({"type": "x"} | json.loads(values[6]) | {"type": None}).encode()
    keys = [name.encode() for name in ids]
    decoded = a_decoder().decode(
        records_of(values, keys=keys), event_type="transaction", now_ms=None
    )
    assert decoded.customers == [b"b", b"a", "客户".encode(), b"ab"]
    assert decoded.events.customer.tolist() == [0, 1, 0, 2, 1, 3, 2]
    assert decoded.by_model == 2


def test_thousands_of_customers_are_told_apart() -> None:
    ids = [f"c{n % 3_000:04d}" for n in range(10_000)]
    decoded = a_decoder().decode(
        records_of([a_value(customer_id=name) for name in ids]),
        event_type="transaction",
        now_ms=None,
        keyed=False,
    )
    assert decoded.customers == [name.encode() for name in ids[:3_000]]
    assert [decoded.customers[c].decode() for c in decoded.events.customer] == ids


def test_no_records_give_no_events() -> None:
    decoded = a_decoder().decode(records_of([]), event_type="payment", now_ms=None)
    assert len(decoded.record) == 0
    assert decoded.customers == []


def test_one_compilation_serves_topics_and_files() -> None:
    """Each more would cost seconds at the start of a worker."""
    in_topic = records_of([a_value(type="transaction")])
    writable = in_topic._replace(buffer=in_topic.buffer.copy())
    in_file = records_of_lines(a_value(type="transaction"), 1)
    for records, event_type, now in [
        (in_topic, "transaction", None),
        (writable, "transaction", 2**50),
        (in_file, None, 2**50),
    ]:
        a_decoder().decode(records, event_type=event_type, now_ms=now, keyed=False)
    for compiled in (scan, group):
        assert isinstance(compiled, Dispatcher)
        assert len(compiled.signatures) == 1


def test_identities_differ_by_type_and_by_every_byte() -> None:
    ids = [b"", b"e", b"e1", b"e2", b"1e", b"12345678", b"123456789", b"12345678\0"]
    identities = {
        int(hash64(np.frombuffer(text, np.uint8), 0, len(text), np.uint64(type_seed(name))))
        for text in ids
        for name in ("payment", "praise")
    }
    assert len(identities) == 2 * len(ids)


def test_hash64_is_murmurhash64a() -> None:
    """Written out in plain integers, as its author's code has it."""
    mask, multiplier = 2**64 - 1, 0xC6A4A7935BD1E995
    for length in range(20):
        text = bytes(range(200, 200 + length))
        state = 7 ^ (length * multiplier & mask)
        for start in range(0, length - length % 8, 8):
            word = int.from_bytes(text[start : start + 8], "little") * multiplier & mask
            state = (state ^ (word ^ word >> 47) * multiplier & mask) * multiplier & mask
        if length % 8:
            rest = int.from_bytes(text[length - length % 8 :], "little")
            state = (state ^ rest) * multiplier & mask
        state = (state ^ state >> 47) * multiplier & mask
        state ^= state >> 47
        assert int(hash64(np.frombuffer(text, np.uint8), 0, length, np.uint64(7))) == state


def test_rates_of_another_base_are_refused() -> None:
    with pytest.raises(ValueError, match="the rates are for base `USD`, the base currency is"):
        Decoder(timezone="UTC", base_currency="CNY", rates=Rates("USD"))


def test_real_events_are_all_plain_and_all_accepted() -> None:
    """The file's rows, read by plain Python, are the columns."""
    file = Path(__file__).parents[1] / "data" / "online_retail.ndjson.gz"
    content = gzip.decompress(file.read_bytes())
    rows = [json.loads(line) for line in content.splitlines()]
    decoded = a_decoder("UTC", base=rows[0]["currency"]).decode(
        records_of_lines(content, 1), event_type=None, now_ms=None, keyed=False
    )
    assert decoded.by_model == 0
    assert [
        (event["event_id"], event["customer"], event["amount"]) for event in events_of(decoded)
    ] == [
        (
            row["event_id"].encode(),
            row["customer_id"].encode(),
            int(row["amount"].replace(".", "")),
        )
        for row in rows
    ]
