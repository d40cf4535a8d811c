"""A merge is exact, and so is what an unmerge leaves: the oracle adds up all events anew."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_strategies import CURRENCIES, models
from tests.properties.comparison import numbers
from tests.properties.shard import Shard
from tests.properties.test_exactness import (
    assert_equal,
    batched,
    folded,
    patient,
    positions,
    turns_after,
)
from tests.reference import Clock, Fold, Model, parse
from tests.strategies import JsonObject, lines, streams

with_merges = streams(currencies=CURRENCIES, merges=True)
without = streams(currencies=CURRENCIES, repeats=False, erasures=False)
DAY_MS = 86_400_000


@pytest.mark.parametrize("clock", ["event", pytest.param("customer", marks=pytest.mark.long)])
@patient
@given(source=models(), stream=with_merges, cuts=positions)
def test_any_batches_with_merges_give_what_the_oracle_gives_one_event_at_a_time(
    clock: Clock, source: dict[str, Any], stream: list[JsonObject], cuts: list[int]
) -> None:
    shard, fold = batched(source, stream, clock, cuts), folded(source, stream, clock)
    assert_equal(shard, fold)
    assert shard.refused == [event.event_id for event in fold.refused]


@pytest.mark.long
@patient
@given(source=models(), stream=with_merges, turns=turns_after)
def test_days_turn_for_all_but_those_that_are_merged(
    source: dict[str, Any], stream: list[JsonObject], turns: dict[int, int]
) -> None:
    fold, shard = Fold(Model(source)), Shard(source, "event")
    for number, event in enumerate(stream):
        fold.apply(parse(json.dumps(event), fold.model))
        shard.apply(lines([event]))
        if number in turns and fold.day is not None:
            fold.turn(fold.day + turns[number])
            shard.turn(fold.day)
    assert_equal(shard, fold)


def a_command(event_type: str, at: int, **fields: Any) -> JsonObject:
    command = {"type": event_type, "event_id": event_type, "customer_id": "c2"}
    return command | {"occurred_at": at} | fields


@patient
@given(source=models(), stream=without, data=st.data())
def test_a_merge_that_is_undone_leaves_both_as_if_it_had_never_been(
    source: dict[str, Any], stream: list[JsonObject], data: st.DataObject
) -> None:
    source = source | {"dedup": {"ids": 1024}}
    at = parse(json.dumps(stream[-1]), Model(source)).at
    first = data.draw(st.integers(0, len(stream)))
    then = data.draw(st.integers(first, len(stream)))
    merge = a_command("merge", at, into="c1", into_shard=0)
    unmerge = a_command("unmerge", at + 30 * DAY_MS)
    with_it = [*stream[:first], merge, *stream[first:then], unmerge, *stream[then:]]
    one, other = batched(source, with_it, "event", [3, 9]), batched(source, stream, "event", [])
    standings = []
    for shard in (one, other):
        shard.turn(one.clock)
        standings.append({name: numbers(s) for name, s in shard.snapshots().items()})
    assert standings[0] == standings[1]
    assert not one.refused
    assert not any(b"\xff" in name for name in one.states)


@patient
@given(source=models(), stream=without, data=st.data())
def test_a_merged_customer_has_the_numbers_of_one_that_did_it_all(
    source: dict[str, Any], stream: list[JsonObject], data: st.DataObject
) -> None:
    """Wherever the merge stands among the events."""
    source = source | {"dedup": {"ids": 1024}}
    at = parse(json.dumps(stream[-1]), Model(source)).at
    place = data.draw(st.integers(0, len(stream)))
    merge = a_command("merge", at, into="c1", into_shard=0)
    merged = batched(source, [*stream[:place], merge, *stream[place:]], "event", [5, 11])
    renamed = [e | {"customer_id": "c1"} if e["customer_id"] == "c2" else e for e in stream]
    alone = batched(source, renamed, "event", [])
    standings = []
    for shard in (merged, alone):
        shard.turn(max(merged.clock, alone.clock))
        standings.append({name: numbers(s) for name, s in shard.snapshots().items()})
    assert standings[0] == standings[1]
