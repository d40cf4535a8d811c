"""Repeats, edited events and sums at the edge of what is exact: the shard judges as the oracle."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scoring.verdicts import DIFFERENT, OVERFLOWS
from tests.model_strategies import CURRENCIES, models
from tests.properties.shard import Shard
from tests.properties.test_exactness import assert_equal, patient, positions
from tests.reference import Fold, Model, parse
from tests.strategies import JsonObject, lines, streams

LARGEST = "1000000000000"
large = st.fixed_dictionaries(
    {
        "type": st.just("transaction"),
        "customer_id": st.sampled_from(["c1", "c2"]),
        "occurred_at": st.integers(1_600_000_000_000, 1_600_900_000_000),
        "kind": st.sampled_from(["sale", "sale", "refund"]),
        "amount": st.sampled_from([LARGEST, "900000000000.5", "1"]),
        "costs": st.sampled_from(
            [{"production": LARGEST, "service": LARGEST, "marketing": LARGEST}, {"service": 1}]
        ),
    }
)


names = st.sampled_from(["c1", "c2", "c3"])
instants = st.integers(1_600_000_000_000, 1_600_900_000_000)
commands = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("merge"),
            "customer_id": names,
            "occurred_at": instants,
            "into": names,
            "into_shard": st.just(0),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["unmerge", "erasure"]),
            "customer_id": names,
            "occurred_at": instants,
        }
    ),
)


def judged(source: dict[str, Any], stream: list[JsonObject], cuts: list[int]) -> None:
    """Apply a stream in pieces to a shard and to the oracle, and compare what is refused."""
    shard, fold = Shard(source, "event"), Fold(Model(source))
    for event in stream:
        fold.apply(parse(json.dumps(event), fold.model))
    edges = [0, *sorted({cut for cut in cuts if cut < len(stream)}), len(stream)]
    for first, end in pairwise(edges):
        shard.apply(lines(stream[first:end]))
    found = {verdict: shard.judged.get(verdict, []) for verdict in (DIFFERENT, OVERFLOWS)}
    assert found[DIFFERENT] == [event.event_id for event in fold.differing]
    assert found[OVERFLOWS] == [event.event_id for event in fold.too_large]
    assert shard.refused == [event.event_id for event in fold.refused]
    assert_equal(shard, fold)


@patient
@given(source=models(), stream=streams(currencies=CURRENCIES, merges=True), cuts=positions)
def test_what_comes_again_is_a_repeat_or_is_told(
    source: dict[str, Any], stream: list[JsonObject], cuts: list[int]
) -> None:
    judged(source, stream, cuts)


@patient
@given(source=models(), stream=st.lists(large, min_size=12, max_size=40), cuts=positions)
def test_no_sum_is_wrong_at_the_edge_of_what_is_exact(
    source: dict[str, Any], stream: list[JsonObject], cuts: list[int]
) -> None:
    """Unidad de Fomento has four decimals: a dozen of the largest events is as much as fits."""
    source = source | {"currencies": {"base": "CLF", "rates": {}}}
    judged(source, [event | {"event_id": f"e{n}"} for n, event in enumerate(stream)], cuts)


@patient
@given(
    source=models(),
    stream=st.lists(large | large | commands, min_size=12, max_size=40),
    cuts=positions,
)
def test_no_sum_is_wrong_whoever_is_merged_with_whom(
    source: dict[str, Any], stream: list[JsonObject], cuts: list[int]
) -> None:
    """Chains, circles, unmerges and erasures among events of which a dozen fit."""
    source = source | {"currencies": {"base": "CLF", "rates": {}}}
    judged(source, [event | {"event_id": f"e{n}"} for n, event in enumerate(stream)], cuts)
