"""The scanner and the models are two readers of one contract: they must never differ."""

import json
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.events import SENT_TYPES, TYPES
from scoring.measures import KINDS, KINDS_OF_TYPES
from tests.decode.builders import BY_MODEL, SALE, a_decoder, a_value, events_of, records_of
from tests.strategies import streams

DECODERS = {
    "Asia/Shanghai": a_decoder(),
    "Pacific/Apia": a_decoder("Pacific/Apia"),
    "America/Sao_Paulo": a_decoder("America/Sao_Paulo", base="JPY"),
    "Europe/London": a_decoder("Europe/London", base="KWD"),
}
zones = st.sampled_from(sorted(DECODERS))
quick = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
thorough = settings(quick, max_examples=400)


def both(
    values: list[bytes], zone: str = "Asia/Shanghai", event_type: str | None = None
) -> tuple[list[Any], list[Any], int]:
    """What the usual way makes of the values, what the models make of them, how many were plain."""
    decoder = DECODERS[zone]
    results = []
    for headers in ((), BY_MODEL):
        records = records_of(values, headers=headers)
        decoded = decoder.decode(records, event_type=event_type, now_ms=None, keyed=False)
        results.append((events_of(decoded), decoded.rejected, decoded.by_model))
    (usual, usual_rejected, left), (models, models_rejected, _) = results
    return [usual, usual_rejected], [models, models_rejected], len(values) - left


@given(streams(currencies=["CNY", "USD"]), zones)
@quick
def test_both_read_the_same_of_every_event_that_producers_send(
    stream: list[dict[str, Any]], zone: str
) -> None:
    """A batch where one event is not plain must give what a batch of plain events gives."""
    values = [json.dumps(event, ensure_ascii=False).encode() for event in stream]
    usual, models, _ = both(values, zone)
    assert usual == models


@given(
    streams(currencies=["CNY"], repeats=False), st.sampled_from(["Asia/Shanghai", "Pacific/Apia"])
)
@quick
def test_plain_events_in_the_base_currency_never_reach_the_models(
    stream: list[dict[str, Any]], zone: str
) -> None:
    """Otherwise the agreement of the two would be true of nothing."""
    plain = [
        event
        for event in stream
        if event["type"] not in {"profile", "override"}  # the models' by design, as are
        and event.get("kind") != "void"
        and "costs" not in event
        and float(event.get("amount", 1)) > 0.005  # that rounds to nothing
    ]
    values = [json.dumps(event, ensure_ascii=False).encode() for event in plain]
    _, _, read_by_scanner = both(values, zone)
    assert read_by_scanner == len(values)


texts = st.text(st.characters(codec="utf-8"), max_size=140) | st.sampled_from(
    ["", "sale", "refund", "CNY", "USD", "JPY", "transaction", "payment", "x" * 128, "é" * 128]
)
times = st.one_of(
    st.integers(-5, 10**16),
    st.datetimes().map(lambda at: at.isoformat() + "Z"),
    st.from_regex(
        r"(1969|1970|2024|2100|9999)-(0[12]|12|13)-(0[01]|28|29|3[012])"
        r"[Tt ](0[09]|2[34]):(00|59|60):(00|59|60)(\.[0-9]{0,10})?"
        r"(Z|z|[+-](00|14|23|24):(00|59|60))?",
        fullmatch=True,
    ),
    st.from_regex(r"(1969|1970|2000|2011|2100)-(02|06|12)-(00|01|28|29|30|31)", fullmatch=True),
)
decimals = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.decimals(min_value=0, max_value=10**12, places=3).map(str),
    st.from_regex(r"-?[0-9]{0,20}\.?[0-9]{0,19}", fullmatch=True),
    st.integers(-2, 10**20),
    st.floats(),
)
anything = st.one_of(
    texts,
    times,
    decimals,
    st.none(),
    st.booleans(),
    st.integers(-1, 11),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["production", "tax", "after_sales"]), decimals, max_size=2),
)
names = st.sampled_from(sorted({name for model in TYPES.values() for name in model.model_fields}))


@given(
    st.sampled_from([*SENT_TYPES, None]),
    st.dictionaries(names | texts, anything, max_size=4),
    st.sampled_from([None, *KINDS]),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r")]),
    st.booleans(),
)
@thorough
def test_both_decide_alike_on_any_fields(
    event_type: str | None,
    changes: dict[str, Any],
    kind: str | None,
    separators: tuple[str, str],
    escaped: bool,
) -> None:
    """Valid or not: a value is accepted by both with the same columns, or refused by both."""
    event = SALE | {"type": event_type or "payment"} | ({"kind": kind} if kind else {}) | changes
    value = json.dumps(event, ensure_ascii=escaped, separators=separators).encode()
    usual, models, _ = both([value], event_type=event_type)
    assert usual == models


def kinds_of(event_type: str) -> st.SearchStrategy[dict[str, Any]]:
    """A type of event that names its kind, with a number that may answer."""
    kind = st.sampled_from(KINDS_OF_TYPES[event_type])
    value = st.integers(-1, 11) | st.sampled_from([None, 5.0, "5", True])
    return st.fixed_dictionaries(
        {"type": st.just(event_type), "kind": kind}, optional={"value": value}
    )


@given(st.sampled_from(["feedback", "engagement", "cost"]).flatmap(kinds_of))
@thorough
def test_both_judge_answers_and_kinds_alike(changes: dict[str, Any]) -> None:
    usual, models, plain = both([a_value(**changes)], event_type=changes["type"])
    assert usual == models
    accepted, _ = usual
    if accepted and changes["kind"] != "suggestion" and not isinstance(changes.get("value"), float):
        assert plain == 1, "what is accepted needs no model"


PLAIN = [
    a_value(kind="refund", cost="3.10", currency="CNY", category="茶", type="transaction"),
    a_value(due_at="2024-02-29", invoice_id="i", unknown=-1.5, other=None, flag=True, costs=None),
    a_value(occurred_at="2024-02-29T23:59:59.999+08:00", amount=12.5, due_at=1_704_067_200_000),
]
TELLING = b'"\\{}[]:,.-+0159eETZ \x00\x1f\x7f\x80\xc3\xe9\xed\xf4'


def mutated(value: bytes, chance: Random) -> bytes:
    """The value with one to three bytes replaced, inserted or left out, or its end cut off."""
    out = bytearray(value)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(out) + 1)
        byte = chance.choice(TELLING) if chance.random() < 0.8 else chance.randrange(256)
        match chance.randrange(12):
            case 0:
                del out[at:]
            case 1 | 2 | 3:
                del out[at : at + 1]
            case 4 | 5 | 6:
                out.insert(at, byte)
            case _:
                out[at : at + 1] = bytes([byte])
    return bytes(out)


@pytest.mark.parametrize("seed", range(3))
def test_both_decide_alike_on_mutated_bytes(seed: int) -> None:
    """The scanner never accepts what the models refuse, whatever the bytes."""
    chance = Random(seed)
    values = [mutated(chance.choice(PLAIN), chance) for _ in range(10_000)]
    (usual, usual_rejected), (models, models_rejected), plain = both(
        values, event_type="transaction"
    )
    assert usual == models
    assert usual_rejected == models_rejected
    assert 500 < plain < len(models) < 9_500, "the mutations must leave some of every sort"


def test_both_take_the_same_bytes_for_utf_8() -> None:
    """Every lead byte with every edge of what may follow it: overlong, surrogate, too high, cut."""
    edges = (0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0)
    tails = [bytes(tail) for n in range(3) for tail in product((0x22, 0x80, 0xBF, 0xC0), repeat=n)]
    sequences = [
        bytes([lead, second]) + tail
        for lead in range(0x80, 0x100)
        for second in edges
        for tail in tails
    ]
    values = [a_value(order_id="~").replace(b"~", sequence) for sequence in sequences]
    (usual, usual_rejected), (models, models_rejected), plain = both(
        values, event_type="transaction"
    )
    assert usual == models
    assert usual_rejected == models_rejected
    assert plain == len(models) > 400
