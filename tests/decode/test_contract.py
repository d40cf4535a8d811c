"""The published schemas and the decoder agree, in both directions, for every type of event.

Every field of every type is given values at, above and below whatever its schema says, and of all
kinds that JSON has; then several at once. What only the decoder can know is named: rates of
currencies, and amounts of which nothing is left in minor units; and which days the calendar has.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.events import ANSWERS, COMMANDS, COMMANDS_TOPIC, SENT_TYPES, TYPES, schemas
from streams.decode import records_of_lines
from tests.decode.builders import a_decoder

Event = dict[str, Any]
SCHEMAS = schemas()
COMMON: Event = {"event_id": "e1", "customer_id": "c1", "occurred_at": 1_704_067_200_000}
WHOLE: dict[str, list[Event]] = {
    "transaction": [
        {"amount": "12.50"},
        {"kind": "void", "order_id": "o"},
        {"kind": "chargeback", "amount": 3, "severity": 2},
        {"kind": "refund", "amount": 3, "costs": {"service": "1.00"}},
    ],
    "payment": [{"amount": "12.50"}],
    "complaint": [{"severity": 3}],
    "praise": [{"rating": 3}],
    "feedback": [{"kind": "suggestion"}, *({"kind": kind, "value": 1} for kind in ANSWERS)],
    "engagement": [{"kind": "task"}],
    "cost": [{"kind": "service", "amount": 1}],
    "profile": [{"region": "east"}],
    "override": [{"score": "value", "tier": "VIP", "author": "ann", "reason": "r"}],
    "erasure": [{}],
    "merge": [{"into": "c2", "into_shard": 1}],
    "unmerge": [{}],
    "handover": [
        {
            "member": "m", "member_shard": 0, "merge_id": "e", "version": 1, "released": False,
            "because_type": "payment", "because_id": "p",
        }
    ],
}  # fmt: skip  # the least of each type, and what its kinds need
ONLY_THE_DECODER_KNOWS = {"UnknownCurrency", "TooSmall"}
BEYOND_ANY_FIELD: list[Any] = [
    None, True, False, 0, 1, -1, 2.0, 3.0, 2.5, -0.0, 1e300, 10**13, 10**30, "", " ", "x", "0", "1",
    "-1", "1.0", "é" * 128, "é" * 129, [], [1], {}, {"a": 1},
]  # fmt: skip
MONEY: list[Any] = [
    "0", "0.00", "00", "-0", "-0.00", "-1", "0.1", "000012.50", "1000000000000", "1000000000000.00",
    "1000000000000.01", "1000000000001", "9999999999999", "0" * 40, "0" * 39 + "1", "0" * 40 + "1",
    "1." + "0" * 30, "1." + "0" * 31, "1e3", "+1", ".5", "5.", "1,000", "１", " 1", 10**12, 1e12,
    10**12 + 1, 0.5, 12.345, 0, 0.0,
]  # fmt: skip
TIMES: list[Any] = [
    "2026-01-31T09:30:00Z", "2026-01-31t09:30:00z", "2026-01-31 09:30:00+08:00",
    "2026-01-31T09:30:00+0800", "2026-01-31T09:30:00+08", "2026-01-31T09:30:00.123456789Z",
    "2026-01-31T09:30:00.1234567890Z", "2026-01-31T09:30:00.Z", "2026-01-31T09:30:00",
    "2026-01-31T09:30Z", "2026-01-31", "2026-1-31", "2026-13-01", "2026-00-10", "2026-01-32",
    "2026-01-00", "1969-12-31", "1969-12-31T23:59:59Z", "1970-01-02T00:00:00+23:59", "10000-01-01",
    "2026-01-31T24:00:00Z", "2026-01-31T23:60:00Z", "2026-01-31T23:59:60Z", "2026-01-31T23:59:61Z",
    "2026-01-31T23:59:59+24:00", "2026-01-31T23:59:59+23:60", "2026-01-31T23:59:59-23:59",
    "20260131",
    "2026-01-31T09:30:00Z ", "２026-01-31T09:30:00Z", 0, 253_402_300_799_999, 253_402_300_800_000,
    1_704_067_200_000.0, 1_704_067_200_000.5,
]  # fmt: skip


def pieces(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield all that a schema says of one value, also in its parts."""
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from pieces(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from pieces(part)


def probes(schema: Any) -> list[Any]:
    """Return values at the edges of what a field's schema says, and of all kinds."""
    found = [*BEYOND_ANY_FIELD, *MONEY, *TIMES, "CNY", "usd", "XAU", "¥¥¥", "abc1"]
    for piece in pieces(schema):
        for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
            if isinstance(edge := piece.get(key), int):
                found += [edge - 1, edge, edge + 1, float(edge), str(edge)]
        for key in ("minLength", "maxLength"):
            if isinstance(edge := piece.get(key), int):
                found += ["x" * length for length in (edge - 1, edge, edge + 1)]
        found += [piece["const"]] if "const" in piece else []
        found += piece.get("enum", [])
    return found


def fields_of(name: str) -> dict[str, list[Any]]:
    """Return the fields of a type with what they are given."""
    fields = {field: probes(schema) for field, schema in SCHEMAS[name]["properties"].items()}
    if name == "profile":
        fields |= dict.fromkeys(["size", "a" * 64], probes(SCHEMAS[name]["additionalProperties"]))
        fields |= {key: ["x", None] for key in ("Size", "1a", "a" * 65, "a-b", "名")}
    if name == "transaction":
        part = probes(SCHEMAS[name]["$defs"]["Costs"]["properties"]["service"])
        fields["costs"] = [*fields["costs"], *({"service": each} for each in part)]
        fields["costs"] += [{"service": None}, {"else": 1}, {"service": 1, "marketing": 2}]
    return fields


def judged(name: str, events: list[Event], in_file: bool) -> list[str]:
    """Return what the decoder says of each event: the kind of error, empty where it takes it."""
    lines = "".join(json.dumps(event) + "\n" for event in events).encode()
    topic = COMMANDS_TOPIC if name in COMMANDS else name
    decoded = a_decoder().decode(
        records_of_lines(lines, 1),
        event_type=None if in_file else topic,
        now_ms=None,
        keyed=False,
    )
    found = [""] * len(events)
    for rejected in decoded.rejected:
        found[rejected.record] = f"{rejected.error}: {rejected.message}"
    assert sum(not each or each.startswith("AttributeIgnored") for each in found) == len(
        decoded.record
    )
    return found


def assert_agree(name: str, events: list[Event]) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS[name])
    named = [event | {"type": name} for event in events]
    valid = [validator.is_valid(json.loads(json.dumps(event))) for event in events]
    assert [validator.is_valid(json.loads(json.dumps(event))) for event in named] == valid
    ways = [(named, False)]
    ways += [] if name in COMMANDS else [(events, False)]
    ways += [(named, True)] if name in SENT_TYPES else []
    differences = []
    for given_, in_file in ways:
        for event, is_valid, error in zip(
            given_, valid, judged(name, given_, in_file), strict=True
        ):
            excused = error.partition(":")[0] in ONLY_THE_DECODER_KNOWS
            if is_valid == bool(error) and not excused:
                differences.append((event, is_valid, error, in_file))
    assert not differences, f"{len(differences)}: {differences[:5]}"


@pytest.mark.parametrize("name", TYPES)
def test_schema_and_decoder_agree_on_each_field(name: str) -> None:
    events = [COMMON | whole for whole in WHOLE[name]]
    assert judged(name, [event | {"type": name} for event in events], in_file=False) == [""] * len(
        events
    )
    for event in list(events):
        for field, values in fields_of(name).items():
            if field != "type":
                events += [event | {field: value} for value in values]
                events.append({key: value for key, value in event.items() if key != field})
    assert_agree(name, events)


@pytest.mark.parametrize("name", [name for name in TYPES if name != "handover"])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_schema_and_decoder_agree_on_several_fields_at_once(name: str, data: st.DataObject) -> None:
    fields = {field: st.sampled_from(values) for field, values in fields_of(name).items()}
    fields.pop("type")
    changes = st.fixed_dictionaries({}, optional=fields)
    whole = st.sampled_from(WHOLE[name])
    drawn = data.draw(st.lists(st.tuples(whole, changes), min_size=8, max_size=8))
    assert_agree(name, [COMMON | start | change for start, change in drawn])


@pytest.mark.parametrize("name", SENT_TYPES)
def test_a_type_may_be_left_out_or_null_on_its_topic(name: str) -> None:
    event = COMMON | WHOLE[name][0]
    validator = jsonschema.Draft202012Validator(SCHEMAS[name])
    for type_ in ({}, {"type": None}):
        assert validator.is_valid(event | type_)
        if name not in COMMANDS:
            assert judged(name, [event | type_], in_file=False) == [""]
    for wrong in ("nothing", 1, name.upper(), ""):
        assert not validator.is_valid(event | {"type": wrong})
        assert judged(name, [event | {"type": wrong}], in_file=False) != [""]


@pytest.mark.parametrize("count", [63, 64, 65, 66])
@pytest.mark.parametrize("more", [{}, {"type": "profile"}, {"type": "profile", "sequence": 1}])
def test_a_profile_has_at_most_64_attributes(count: int, more: Event) -> None:
    event = COMMON | more | {f"a{n}": n for n in range(count)}
    is_valid = jsonschema.Draft202012Validator(SCHEMAS["profile"]).is_valid(event)
    taken = judged("profile", [event], in_file=False) == [""]
    assert is_valid == taken == (count <= 64)
