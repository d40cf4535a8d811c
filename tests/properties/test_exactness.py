"""Design promises P1 and P3: what a shard computes is what the oracle computes, to the last bit."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.model_strategies import CURRENCIES, models
from tests.properties.comparison import (
    expected,
    expected_standings,
    numbers,
    said,
    standing,
)
from tests.properties.shard import Shard
from tests.reference import Clock, Fold, Model, parse
from tests.strategies import JsonObject, lines, streams

patient = settings(
    deadline=None,  # the first example may compile the kernel
    max_examples=60,
    derandomize=True,  # the same examples in every run; take it away to look for new ones
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

event_streams = streams(currencies=CURRENCIES)
sales_and_other_facts = streams(currencies=CURRENCIES, repeats=False, erasures=False)
LARGEST_ERASED = 60
"""Bytes of the state of who was erased: counters, when it was, the last identity, no facts."""
MEBIBYTE = 2**20
positions = st.lists(st.integers(1, 39), max_size=5)
turns_after = st.dictionaries(st.integers(0, 39), st.integers(0, 400), max_size=4)
"""Behind which events a day turns, and how many days later it is then."""


def folded(source: dict[str, Any], stream: list[JsonObject], clock: Clock) -> Fold:
    """The oracle after the stream."""
    fold = Fold(Model(source), clock)
    for event in stream:
        fold.apply(parse(json.dumps(event), fold.model))
    return fold


def batched(
    source: dict[str, Any], stream: list[JsonObject], clock: Clock, cuts: list[int]
) -> Shard:
    """The shard after the stream, cut into batches behind each of the positions."""
    shard = Shard(source, clock)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for start, end in pairwise(edges):
        shard.apply(lines(stream[start:end]))
    return shard


def assert_equal(shard: Shard, fold: Fold) -> None:
    """Every number and every outcome of every customer is the same, to the last bit."""
    snapshots = {name: standing(snapshot) for name, snapshot in shard.snapshots().items()}
    assert snapshots == expected_standings(fold.customers)
    outcomes = {name: [expected(o) for o in each] for name, each in fold.outcomes.items()}
    assert {name: [said(o) for o in shard.told.get(name, [])] for name in outcomes} == outcomes


@pytest.mark.parametrize("clock", ["event", "customer"])
@patient
@given(source=models(), stream=event_streams, cuts=positions)
def test_any_batches_give_what_the_oracle_gives_one_event_at_a_time(
    clock: Clock, source: dict[str, Any], stream: list[JsonObject], cuts: list[int]
) -> None:
    assert_equal(batched(source, stream, clock, cuts), folded(source, stream, clock))


@patient
@given(source=models(), stream=event_streams, cuts=positions)
def test_what_the_memory_of_an_arena_held_before_does_not_count(
    source: dict[str, Any], stream: list[JsonObject], cuts: list[int]
) -> None:
    shard = Shard(source, "event")
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for start, end in pairwise(edges):
        shard.scorer.memory.claim(MEBIBYTE).fill(0xA5)
        shard.apply(lines(stream[start:end]))
    assert_equal(shard, folded(source, stream, "event"))


@patient
@given(source=models(), stream=event_streams, turns=turns_after)
def test_days_that_turn_between_events_count_with_cause_time(
    source: dict[str, Any], stream: list[JsonObject], turns: dict[int, int]
) -> None:
    fold, shard = Fold(Model(source)), Shard(source, "event")
    for number, event in enumerate(stream):
        fold.apply(parse(json.dumps(event), fold.model))
        shard.apply(lines([event]))
        if number in turns and fold.day is not None:
            day = fold.day + turns[number]
            who = [name for n, name in enumerate(fold.customers) if (n + number) % 3]
            fold.turn(day, who)
            shard.turn(day, who)
    assert_equal(shard, fold)


@patient
@given(source=models(), stream=sales_and_other_facts, data=st.data())
def test_any_order_and_any_repeats_give_the_same_numbers(
    source: dict[str, Any], stream: list[JsonObject], data: st.DataObject
) -> None:
    """Tiers and alerts remember an order; indicators, points and scores do not."""
    source = source | {"dedup": {"ids": 1024}}
    repeats = data.draw(st.lists(st.sampled_from(stream), max_size=3))
    shuffled = data.draw(st.permutations(stream + repeats))
    one, other = batched(source, stream, "event", []), batched(source, shuffled, "event", [7, 20])
    standings = []
    for shard in (one, other):
        shard.turn(one.clock)
        standings.append({name: numbers(s) for name, s in shard.snapshots().items()})
    assert standings[0] == standings[1]


@patient
@given(source=models(), stream=event_streams, data=st.data())
def test_what_was_erased_does_not_come_back_when_it_is_sent_again(
    source: dict[str, Any], stream: list[JsonObject], data: st.DataObject
) -> None:
    """Also where the identities that a customer remembers are too few to tell."""
    known = source | {"dedup": {"ids": 1}}
    customer = stream[-1]["customer_id"]
    latest = max(parse(json.dumps(event), Model(known)).at for event in stream)
    erasure = {"type": "erasure", "event_id": "x", "customer_id": customer, "occurred_at": latest}
    shard = batched(known, [*stream, erasure], "event", [])
    of_others = {name: s for name, s in shard.snapshots().items() if name != customer}
    again = data.draw(st.permutations([e for e in stream if e["customer_id"] == customer]))
    assert not any(shard.apply(lines(again)))
    shard.turn(shard.clock + 1)
    assert customer not in shard.snapshots()
    assert shard.snapshots().keys() == of_others.keys()
    assert len(shard.states[customer.encode()]) < LARGEST_ERASED
