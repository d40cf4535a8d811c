"""What the decoder makes of good events."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from scoring.details import Detail, Value
from scoring.events import TYPES
from scoring.hashing import hash64, name_hash, type_seed
from scoring.money import Rates, currency_number
from streams.decode import Decoder, records_of_lines
from streams.decode.contract import SLOTS, compile_contract
from streams.decode.exact.instants import Instants
from streams.decode.grouping import group
from streams.decode.scan import scan
from tests.decode.builders import (
    BY_MODEL,
    SALE,
    Header,
    a_decoder,
    a_value,
    decode_one,
    events_of,
    records_of,
)


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
        "own": 1250,
        "cost": 730,  # half to even
        "due": 1_706_716_799_999,  # the last millisecond of that day in Shanghai
        "level": None,
        "sequence": None,
        "due_day": 19_753,
        "category": 0,
        "invoice": 0,
        "order": 0,
        "currency": 0,
        "content": event["content"],
        "detail": None,
    }


OVERRIDE = {"score": "value", "tier": "VIP", "author": "ann", "reason": "创始客户"}


@pytest.mark.parametrize(
    ("event_type", "changes", "kind", "level"),
    [
        ("transaction", {"kind": "refund"}, "refund", None),
        ("transaction", {"kind": None, "severity": 9}, "sale", None),
        ("payment", {"kind": "refund"}, "payment", None),
        ("complaint", {"severity": 4}, "complaint", 4),
        ("complaint", {}, "complaint", None),
        ("praise", {"rating": 5, "type": "praise"}, "praise", 5),
        ("feedback", {"kind": "nps", "value": 0}, "nps", 0),
        ("feedback", {"kind": "nps", "value": 10}, "nps", 10),
        ("feedback", {"kind": "csat", "value": 5}, "csat", 5),
        ("feedback", {"kind": "suggestion", "value": 99}, "suggestion", None),
        ("feedback", {"kind": "suggestion", "value": ["?"]}, "suggestion", None),
        ("engagement", {"kind": "renewal"}, "renewal", None),
        ("cost", {"kind": "after_sales"}, "after_sales", None),
        ("profile", {"region": "华东"}, "profile", None),
        ("override", OVERRIDE, "override", None),
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
        ("CNY", "0.006", 1),
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


@pytest.mark.parametrize(
    ("due", "day"),
    [
        ("2024-01-31", 19_753),
        ("2024-01-31T23:59:59+08:00", 19_753),
        ("2024-01-31T16:00:00Z", 19_754),
        (0, 0),
        (None, -1),
    ],
)
def test_an_instant_is_due_on_its_business_day(due: Any, day: int) -> None:
    assert decode_one(a_value(due_at=due), "payment")["due_day"] == day


def test_what_was_due_before_1970_in_the_business_time_zone_cannot_be() -> None:
    error, message = decode_one(a_value(due_at=0), timezone="America/New_York")
    assert error == "Implausible"
    assert "`due_at` is `0`, which is 1969-12-31: must be on or after 1970-01-01" in message


def test_invoices_and_product_lines_are_hashes_that_types_share() -> None:
    """A payment must meet the sale that its invoice billed; a text in the other field must not."""
    sale = decode_one(a_value(invoice_id="7", category="7"))
    payment = decode_one(a_value(invoice_id="7"), "payment")
    complaint = decode_one(a_value(category="7"), "complaint")
    seven = np.frombuffer(b"7", np.uint8)
    expected = {
        name: int(hash64(seven, 0, 1, np.uint64(type_seed(name))))
        for name in ("invoice", "category")
    }  # part of stored state: never to change
    assert (sale["invoice"], sale["category"]) == (expected["invoice"], expected["category"])
    assert (payment["invoice"], payment["category"]) == (expected["invoice"], 0)
    assert complaint["category"] == 0
    assert sale["invoice"] != sale["category"]


def test_the_hash_of_a_name_is_never_the_one_that_stands_for_none() -> None:
    """An empty text of seed 0 has hash 0; any text might."""
    nothing = np.zeros(0, np.uint8)
    assert hash64(nothing, 0, 0, np.uint64(0)) == 0
    assert name_hash(nothing, 0, 0, np.uint64(0)) == 1


def a_text(event: dict[str, Any]) -> bytes:
    """JSON without escapes: all that keeps it from the scanner is what it says."""
    return json.dumps(event, ensure_ascii=False).encode()


def test_a_profile_sets_attributes_numbers_as_floats() -> None:
    """Everything but the common fields; what an envelope gives is not of the customer either."""
    event = {name: SALE[name] for name in ("event_id", "customer_id", "occurred_at")}
    profile: dict[str, Value] = {"region": "华东", "staff": 40, "sales": 1.5, "listed": True}
    profile["owner"] = None
    expected = tuple(profile.items())
    plain = decode_one(a_text(event | profile | {"type": "profile"}), "profile")
    assert plain["detail"] == Detail(attributes=expected)
    assert [type(value) for _, value in plain["detail"].attributes] == [
        str, float, float, bool, type(None),
    ]  # fmt: skip
    binary: list[Header] = [("ce_id", b"e9"), ("ce_type", b"shop.profile"), ("ce_source", b"crm")]
    del event["event_id"]
    assert decode_one(json.dumps(event | profile).encode(), None, headers=binary)[
        "detail"
    ] == Detail(attributes=expected)
    envelope = {"id": "e9", "source": "crm", "specversion": "1.0", "data": event | profile}
    structured: list[Header] = [("content-type", b"application/cloudevents+json")]
    assert decode_one(json.dumps(envelope).encode(), "profile", headers=structured)[
        "detail"
    ] == Detail(attributes=expected)


@pytest.mark.parametrize(
    ("said", "tier", "mode", "until"),
    [
        ({}, "VIP", "pin", None),
        ({"mode": None, "until": None}, "VIP", "pin", None),
        ({"mode": "floor", "until": "1970-02-01"}, "VIP", "floor", 31.0),
        ({"tier": None}, None, "pin", None),
    ],
)
def test_an_override_is_attributes_of_its_score(
    said: dict[str, Any], tier: str | None, mode: str, until: float | None
) -> None:
    detail = decode_one(a_value(**OVERRIDE | said), "override")["detail"]
    assert dict(detail.attributes) == {
        "override:value:tier": tier,
        "override:value:mode": mode,
        "override:value:until": until,
        "override:value:author": "ann",
        "override:value:reason": "创始客户",
    }


@pytest.mark.parametrize(("kind", "sign"), [("sale", 1), ("refund", -1)])
def test_costs_are_told_part_by_part_a_refunds_negative(kind: str, sign: int) -> None:
    event = decode_one(
        a_value(kind=kind, costs={"production": "3.20", "logistics": None, "after_sales": 1})
    )
    assert event["cost"] == 420
    assert event["detail"].costs == (
        ("production_costs", sign * 320),
        ("after_sales_costs", sign * 100),
    )


def test_details_stand_at_their_events_among_the_accepted() -> None:
    values = [
        a_value(),
        b"?",
        a_value(costs={"service": 1}),
        a_value(),
        a_value(costs={"service": 2}),
    ]
    decoded = a_decoder().decode(
        records_of(values), event_type="transaction", now_ms=None, keyed=False
    )
    assert decoded.events.detail.tolist() == [0, 1, 0, 1]
    assert {position: detail.costs for position, detail in decoded.details.items()} == {
        1: (("service_costs", 100),),
        3: (("service_costs", 200),),
    }


def test_the_table_of_names_has_room() -> None:
    """A fuller one makes every unknown name a long search, a full one an endless one."""
    assert 2 * len(compile_contract(TYPES, "CNY").names) <= SLOTS


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


def test_an_amount_is_kept_in_its_own_currency_too() -> None:
    event = decode_one(a_value(amount="1000", currency="usd", order_id="o", sequence="0042"))
    assert (event["amount"], event["own"], event["sequence"]) == (710_000, 100_000, 42)
    assert event["currency"] == currency_number("USD") != 0
    assert decode_one(a_value(currency="cny"))["currency"] == 0


def test_a_void_needs_no_amount_and_a_chargeback_has_a_severity() -> None:
    void = decode_one(a_value(kind="void", amount=None, order_id="o", severity="?"))
    assert (void["kind"], void["amount"], void["level"]) == ("void", None, None)
    with_amount = decode_one(a_value(kind="void", order_id="o"))
    assert with_amount["content"] == void["content"]
    chargeback = decode_one(a_value(kind="chargeback", severity=4.0))
    assert (chargeback["kind"], chargeback["amount"], chargeback["level"]) == (
        "chargeback",
        1250,
        4,
    )


SAME = [
    a_value(),
    json.dumps(SALE | {"amount": 12.5, "note": "x", "currency": "CNY"}, indent=1).encode(),
    a_value(amount="12.500", kind="sale", occurred_at="2024-01-01T08:00:00+0800"),
]
OTHERS = [
    {"amount": "12.51"},
    {"kind": "refund"},
    {"occurred_at": SALE["occurred_at"] + 1},
    {"currency": "USD"},
    {"cost": 1},
    {"costs": {"service": 1}},
    {"costs": {"logistics": 1}},
    {"due_at": "2024-02-01"},
    {"invoice_id": "i"},
    {"order_id": "i"},
    {"category": "i"},
    {"sequence": 1},
    {"kind": "chargeback"},
    {"kind": "chargeback", "severity": 2},
]


def test_the_content_is_what_counts_and_not_how_it_is_written() -> None:
    """In the envelope too; and each thing that counts makes another."""
    same = {decode_one(value)["content"] for value in SAME}
    same |= {decode_one(value, headers=BY_MODEL)["content"] for value in SAME}
    assert len(same) == 1
    others = {decode_one(a_value(**changes))["content"] for changes in OTHERS}
    assert len(others | same) == len(OTHERS) + 1
    profiles = [{"region": "a"}, {"region": "b"}, {"sector": "a"}, {"region": "a", "sector": "a"}]
    common = {name: SALE[name] for name in ("event_id", "customer_id", "occurred_at")}
    contents = {decode_one(json.dumps(common | p).encode(), "profile")["content"] for p in profiles}
    assert len(contents) == len(profiles)


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("2016-12-31T23:59:60Z", 1_483_228_799_999),
        ("2024-01-01T08:00:00+0800", 1_704_067_200_000),
        ("2024-01-01T08:00:00+08", 1_704_067_200_000),
        (1_704_067_200_000.0, 1_704_067_200_000),
    ],
)
def test_an_instant_may_be_written_in_these_ways(written: Any, milliseconds: int) -> None:
    """A leap second is the end of its minute: the business day has no such second."""
    assert decode_one(a_value(occurred_at=written))["at"] == milliseconds


@pytest.mark.parametrize(
    ("field", "written", "hint"),
    [
        ("occurred_at", 1_764_547_200, "1970-01-21: must be on or after 1980-01-01 (setting"),
        ("occurred_at", 1_764_547_200, "looks like seconds (2025-12-01): milliseconds are"),
        ("due_at", 20_788, "looks like days since 1970 (2026-12-01)"),
        ("occurred_at", 20_251_201, 'looks like a date: write "2025-12-01T00:00:00Z"'),
        ("occurred_at", 0, "which is 1970-01-01: must be on or after 1980-01-01"),
        ("occurred_at", "1979-12-31T00:00:00Z", "which is 1979-12-31"),
        ("due_at", "1979-12-31", "which is 1979-12-31"),
    ],
)
def test_an_implausible_instant_is_refused_with_what_it_looks_like(
    field: str, written: Any, hint: str
) -> None:
    instants = Instants.of(date(1980, 1, 1), None)
    error, message = decode_one(a_value(**{field: written}), instants=instants)
    assert error == "Implausible"
    assert f"field `{field}` is `{written}`" in message
    assert hint in message


def test_a_time_without_offset_takes_the_zone_of_the_settings() -> None:
    berlin = Instants.of(date(1970, 1, 1), "Europe/Berlin")
    event = decode_one(a_value(occurred_at="2024-07-01 09:30:00"), instants=berlin)
    assert event["at"] == decode_one(a_value(occurred_at="2024-07-01T09:30:00+02:00"))["at"]
    error, message = decode_one(a_value(occurred_at="2024-07-01T09:30:00"))
    assert error == "WrongType"
    assert "has no offset from UTC" in message
    assert "`bare_times`" in message


@pytest.mark.parametrize("claimed", [2**63 - 1, 2**62, -(2**63), -1, 0])
def test_a_record_may_claim_to_be_of_any_time(claimed: int) -> None:
    """Its time plus the future limit wrapped around, and the shard stopped for ever."""
    decoded = a_decoder().decode(
        records_of_lines(a_value(type="transaction"), 1),
        event_type=None,
        now_ms=np.array([claimed]),
        keyed=False,
    )
    assert [each.error for each in decoded.rejected] == ([] if claimed > 0 else ["InTheFuture"])
