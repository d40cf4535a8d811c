"""Snapshots as columns: the compiled reader and the plain one agree, on real ones and on any."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.model import Model
from streams.dashboard.catalogue import ATTRIBUTES, Catalogue
from streams.dashboard.scanning import NUMBER, Shape, scan
from streams.dashboard.snapshots import Codes, PlainReader, QuickReader, Snapshots
from streams.decode import records_of_lines
from streams.model_file import load_model
from streams.packaged import PACKAGED
from streams.replay import Options, Replay
from streams.shop.trade import history
from tests.dashboard.model import SMALL, model
from tests.dashboard.shop import Said, customers, snapshots

NOW_MS = 1_795_000_000_000
MODELS: dict[str, Callable[[], Model]] = {
    "default": lambda: load_model(PACKAGED / "scoring.yaml"),
    "small": model,
}


def read(reader: QuickReader, said: list[bytes]) -> Snapshots:
    ends = np.cumsum([0, *map(len, said)])
    keys = [b"%d" % n for n in range(len(said))]
    return reader.read(keys, b"".join(said), ends[:-1], ends[1:])


def both(catalogue: Catalogue, said: list[bytes]) -> tuple[Snapshots, Snapshots, int]:
    """Read in both ways; return also how many the compiled reader left to the plain one."""
    codes = Codes.empty()
    quick = QuickReader(catalogue, codes)
    found = read(quick, said)
    keys = [b"%d" % n for n in range(len(said))]
    plain = PlainReader(catalogue.names, codes).read(zip(keys, said, strict=True))
    return found, plain, quick.plainly_read


def assert_equal(found: Snapshots, expected: Snapshots) -> None:
    columns: Any = zip(Snapshots._fields, found, expected, strict=True)
    for name, mine, theirs in columns:
        if isinstance(theirs, np.ndarray):
            is_real = theirs.dtype.kind == "f"
            assert np.array_equal(mine, theirs, equal_nan=is_real), name
            assert mine.dtype == theirs.dtype, name
        elif name == "profiles":
            assert [orjson.loads(p) for p in mine] == [orjson.loads(p) for p in theirs]
        else:
            assert mine == theirs, name


@lru_cache
def scored(of: str, companies: int) -> list[bytes]:
    """Return the snapshots of a shop by one of `MODELS`, as the product makes them."""
    run = Replay(MODELS[of](), Options(), NOW_MS)
    lines = b"".join(orjson.dumps(event) + b"\n" for event in history(7, NOW_MS, companies))
    records = records_of_lines(lines, 1)
    decoded = run.decoder.decode(records, event_type=None, now_ms=NOW_MS + 10_000, keyed=False)
    assert not decoded.rejected
    list(run.apply(decoded))
    return [orjson.dumps(each) for _, some in run.final() for each in some]


@pytest.mark.parametrize("of", MODELS)
def test_every_snapshot_of_the_product_is_read_compiled_and_as_plainly(of: str) -> None:
    """If the order or form of snapshots changes in `Wording`, the shape must change with it."""
    said = scored(of, 40)
    found, expected, plainly = both(Catalogue.of(MODELS[of]()), said)
    assert (len(said), plainly) == (40, 0)
    assert_equal(found, expected)
    assert not np.isnan(found.scores).any()
    assert (found.tiers >= 0).all()
    assert all(name is not None for name in found.customer_names)


@settings(max_examples=100, deadline=None)
@given(customers())
def test_so_is_any_snapshot(said: list[Said]) -> None:
    found, expected, _ = both(SMALL, [orjson.dumps(each) for each in said])
    assert_equal(found, expected)


@settings(max_examples=100, deadline=None)
@given(snapshots("C1"), st.data())
def test_one_of_another_shape_is_read_plainly(said: Said, data: st.DataObject) -> None:
    """Another version of the model: what it has more is left out, what it has not is missing."""
    spend = said["indicators"]["spend"]
    match data.draw(st.integers(0, 4)):
        case 0:
            said["indicators"]["new"] = 1.0
        case 1:
            del said["indicators"]["nps"]
        case 2:
            del said["scores"]["both"]
        case 3:
            said["scores"]["value"]["tier"] = "highest"
        case _:
            said = dict(reversed(said.items()))
    found, expected, plainly = both(SMALL, [orjson.dumps(said)])
    assert plainly == 1
    assert_equal(found, expected)
    assert found.indicators[0, 0] == spend or spend is None


def test_what_another_model_has_not_is_missing() -> None:
    said = {
        "customer_id": "C", "as_of": "1970-01-02", "model": "other@1", "sequence": 1,
        "scores": {"value": {"score": 1.5, "tier": "unheard", "contributions": {"nps": 1.0}}},
        "indicators": {"orders": 3.0}, "segments": {}, "profile": {},
    }  # fmt: skip
    found, _, _ = both(SMALL, [orjson.dumps(said)])
    assert (found.scores[0, 0], found.tiers[0, 0], found.day[0]) == (1.5, -1, 1)
    assert np.isnan(found.scores[1:]).all()
    assert (found.tiers[1:] == -1).all()
    assert found.indicators[1, 0] == 3.0
    assert np.isnan(found.contributions).all()


@pytest.mark.parametrize(
    "value",
    [b"", b"null", b"[]", b"{}", b'{"as_of":1}', b"not JSON", b'{"profile":{}}', b"\xff"],
)
def test_what_is_no_snapshot_is_refused_without_saying_what_it_holds(value: bytes) -> None:
    with pytest.raises(ValueError, match="it is no snapshot of a customer"):
        both(SMALL, [value])


@settings(max_examples=200, deadline=None)
@given(snapshots("C1").map(orjson.dumps), st.data())
def test_a_damaged_snapshot_is_read_as_json_reads_it_or_refused(
    said: bytes, data: st.DataObject
) -> None:
    """The compiled reader takes nothing for a snapshot that is no JSON."""
    at = data.draw(st.integers(0, len(said) - 1))
    byte = data.draw(st.sampled_from(b'0123456789.-e"\\{}[],:nul \x00\xff'))
    damaged = data.draw(
        st.sampled_from(
            [said[:at], said[:at] + bytes([byte]) + said[at + 1 :], said + bytes([byte])]
        )
    )
    try:
        found, expected, _ = both(SMALL, [damaged])
    except ValueError:
        return
    assert_equal(found, expected)


LONE = Shape(
    np.frombuffer(b"{", np.uint8),
    np.array([(NUMBER, 0, 1, 0, 0)], "i4,i4,i4,i4,i4").view(
        [("kind", "i4"), ("start", "i4"), ("end", "i4"), ("first_word", "i4"), ("end_word", "i4")]
    ),
    np.zeros(1, [("start", "i4"), ("end", "i4")]),
    np.array([(float(10**k), float(10**k - int(float(10**k)))) for k in range(51)]),
)
"""A shape of `{NUMBER}`."""


def number(text: str) -> float | None:
    """Return what the compiled reader makes of a number; None if it leaves it to others."""
    buffer = np.frombuffer(b"{" + text.encode() + b"}", np.uint8)
    found = scan(LONE, buffer, np.array([0]), np.array([buffer.size]))
    return float(found.numbers[0, 0]) if found.read[0] else None


@settings(max_examples=1_000, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_to_the_last_bit_or_left_to_others(value: float) -> None:
    found = number(orjson.dumps(value).decode())
    assert found is None or (found == value and np.signbit(found) == np.signbit(value))


@settings(max_examples=1_000, deadline=None)
@given(st.floats(1e-12, 1e9), st.booleans())
def test_every_usual_float_is_read_to_the_last_bit(value: float, negative: bool) -> None:
    value = -value if negative else value
    assert number(orjson.dumps(value).decode()) == value


@settings(max_examples=1_000, deadline=None)
@given(st.integers(0, 10**18 - 1), st.integers(0, 50))
def test_a_decimal_next_to_the_middle_of_two_floats_is_never_rounded_to_the_wrong_one(
    digits: int, places: int
) -> None:
    text = f"{digits}e-{places}"
    assert number(text) in (None, float(text))


@pytest.mark.parametrize("text", ["", "-", ".", "1.", ".5", "1..2", "1e", "1e+", "e5", "--1", "1-"])
def test_what_is_no_number_is_not_read(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "0.12345678901234567890123", "12345678901234567890.5", "92233720368547758070e-1",
        "9007199254740993.0", "9007199254740992.99999", "0.30000000000000004", "1e-400", "1e400",
        "123456789012345678e-50", "123456789012345678e-51",
    ],
)  # fmt: skip
def test_more_digits_than_fit_are_left_to_others(text: str) -> None:
    assert number(text) in (None, float(text))


@pytest.mark.parametrize(
    "day", ["1970-01-01", "2000-02-29", "2024-02-29", "2026-11-26", "1900-03-01"]
)
def test_a_day_counts_from_1970(day: str) -> None:
    said = orjson.dumps({"as_of": day})
    found, expected, _ = both(SMALL, [snapshot_with(said)])
    assert (
        found.day[0] == expected.day[0] == (np.datetime64(day) - np.datetime64(0, "D")).astype(int)
    )


def snapshot_with(part: bytes) -> bytes:
    said = scored("small", 3)[0]
    return orjson.dumps(orjson.loads(said) | orjson.loads(part))


def test_attributes_that_are_no_text_are_told_as_json_tells_them() -> None:
    said = orjson.dumps({"profile": {"owner": True, "region": 1.0, "industry": 1, "size": ""}})
    codes = Codes.empty()
    found = read(QuickReader(SMALL, codes), [snapshot_with(said)])
    told = [codes.attributes[a].text(found.attributes[a, 0]) for a in range(len(ATTRIBUTES))]
    assert told == ["true", "1", "1", None]
    owners = [snapshot_with(orjson.dumps({"profile": {"owner": each}})) for each in (1, True, 1.0)]
    found = read(QuickReader(SMALL, codes), owners)
    assert [codes.attributes[0].text(code) for code in found.attributes[0]] == ["1", "true", "1"]


def test_an_attribute_that_is_no_plain_value_is_refused() -> None:
    with pytest.raises(ValueError, match="plain values"):
        read(QuickReader(SMALL, Codes.empty()), [snapshot_with(b'{"profile":{"owner":[]}}')])
