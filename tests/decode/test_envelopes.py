"""Envelopes on topics: prefixes also before plain events, and the tombstones behind deletes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.decode import Decoded, Decoder
from streams.decode.exact.envelopes import Envelopes
from tests.decode.builders import a_decoder, a_value, events_of, records_of

KEY = b"c1"


def decoded(decoder: Decoder, values: list[bytes | None]) -> Decoded:
    records = records_of(values, keys=[KEY] * len(values))
    return decoder.decode(records, event_type="transaction", now_ms=None)


@settings(deadline=None)
@given(schemas=st.lists(st.integers(0, 2**32 - 1) | st.none(), min_size=1, max_size=6))
def test_what_stands_behind_a_prefix_is_read_as_if_it_were_not_there(
    schemas: list[int | None],
) -> None:
    values = [a_value(event_id=f"e{n}") for n in range(len(schemas))]
    prefixed = [
        value if schema is None else b"\0" + schema.to_bytes(4, "big") + value
        for schema, value in zip(schemas, values, strict=True)
    ]
    plain = decoded(a_decoder(), [*values])
    found = decoded(a_decoder(envelopes=Envelopes(registry_prefix=True)), [*prefixed])
    assert events_of(found) == events_of(plain)
    assert found.by_model == 0, "the fast reader takes them, too"


def test_values_too_short_for_a_prefix_are_judged_as_they_are() -> None:
    values: list[bytes | None] = [None, b"", b"\0", b"\0\0\0\0\1", b"\0\0\0\0\1{", a_value()]
    found = decoded(a_decoder(envelopes=Envelopes(registry_prefix=True)), values)
    assert found.record.tolist() == [5]
    assert [each.error for each in found.rejected] == [
        "EmptyValue", "EmptyValue", "NotJson", "NotJson", "NotJson",
    ]  # fmt: skip


def test_tombstones_are_told_but_those_of_debezium_are_passed_over() -> None:
    values: list[bytes | None] = [a_value(), None]
    (told,) = decoded(a_decoder(), values).rejected
    assert (told.record, told.error) == (1, "EmptyValue")
    assert "to clear attributes send them as null" in told.message
    found = decoded(a_decoder(envelopes=Envelopes(debezium=True)), values)
    assert (found.record.tolist(), found.rejected) == ([0], [])
