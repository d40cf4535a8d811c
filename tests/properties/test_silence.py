"""Years of silence: leaping over days gives what walking through each gives, byte for byte."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.model_strategies import CURRENCIES, models
from tests.properties.shard import Shard
from tests.properties.test_exactness import patient
from tests.properties.test_long_streams import DEFAULT_MODEL, a_stream
from tests.strategies import JsonObject, lines, streams

gaps = st.lists(st.integers(1, 3000) | st.sampled_from([60, 400, 730]), min_size=1, max_size=3)


def without_leaps(shard: Shard) -> Shard:
    """Make a shard walk through every day."""
    program = shard.scorer.program
    limits = program.limits.copy()
    limits["leaps"] = 0
    shard.scorer.program = program._replace(limits=limits)
    return shard


def shards(source: dict[str, Any]) -> tuple[Shard, Shard]:
    return Shard(source, "event"), without_leaps(Shard(source, "event"))


@patient
@given(source=models(), stream=streams(currencies=CURRENCIES, max_events=12), gaps=gaps)
def test_turns_over_years_are_those_of_each_day(
    source: dict[str, Any], stream: list[JsonObject], gaps: list[int]
) -> None:
    one, other = shards(source)
    for shard in (one, other):
        shard.apply(lines(stream))
        for gap in gaps:
            shard.turn(shard.clock + gap)
    assert one.told == other.told
    assert one.states == other.states


@pytest.mark.parametrize("seed", range(4))
def test_with_the_shipped_model_events_after_years_find_what_each_day_would_have_left(
    seed: int,
) -> None:
    source = YAML(typ="safe").load(DEFAULT_MODEL)
    one, other = shards(source)
    stream = a_stream(400, seed)
    for shard in (one, other):
        shard.apply(b"".join(stream[:200]))
        for gap in (90, 1, 500, 1500, 37):  # the last events come late: states go back in time
            shard.turn(shard.clock + gap)
        shard.apply(b"".join(stream[200:]))
        shard.turn(shard.clock + 2000)
    assert one.told == other.told
    assert one.states == other.states


def test_twenty_years_cost_little_more_than_one() -> None:
    shard = Shard(YAML(typ="safe").load(Path(DEFAULT_MODEL)), "event")
    shard.apply(b"".join(a_stream(300, 9)))
    states = list(shard.states.values()) * 40
    took = []
    for years in (1, 1, 20):  # the first compiles
        began = time.perf_counter()
        shard.scorer.turn(states, shard.clock + 366 * years)
        took.append(time.perf_counter() - began)
    assert took[2] < 4 * took[1]
