"""A tier holds at most its share: whatever the scores, ties and other tiers are."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scoring.calibration.rounding import significant
from scoring.calibration.tier_bounds import bounds_of, entrance
from scoring.errors import CalibrationError
from scoring.model import Score
from scoring.population import Bounds

scores = st.lists(
    st.floats(0, 100) | st.integers(0, 100).map(float) | st.sampled_from([50.0, 50.00001]),
    min_size=1,
    max_size=60,
)
shares = st.floats(0, 1) | st.sampled_from([0.0, 0.05, 0.2, 0.29, 0.8, 1.0])


@settings(deadline=None)
@given(scores, shares)
@example([50.0] * 10, 0.2)
@example([99.999951, 99.99996], 0.5)
def test_at_most_the_share_is_at_or_above_the_bound(given: list[float], share: float) -> None:
    bound = entrance(np.array(given), share)
    reached = sum(score >= bound for score in given)
    assert reached <= share * len(given) + 1e-9
    assert bound == significant(bound)


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6).map(lambda n: n / 10**4), min_size=1, unique=True), shares)
def test_without_ties_the_share_is_used_up(given: list[float], share: float) -> None:
    """Scores of six digits can be told apart by a bound: one customer more would be too many."""
    bound = entrance(np.array(given), share)
    reached = sum(score >= bound for score in given)
    assert reached == math.floor(share * len(given) + 1e-9)


def test_the_bound_is_the_score_at_the_share() -> None:
    hundred = np.arange(1.0, 101.0)
    assert entrance(hundred, 0.05) == 96
    assert entrance(hundred, 0.2) == 81
    assert entrance(hundred, 0.29) == 72  # 0.29 × 100 is 28.999… in floats
    assert entrance(hundred, 1) == 1
    assert entrance(hundred, 0) == 100.001


def test_ties_go_up() -> None:
    assert entrance(np.array([10.0, 60.0, 60.0, 60.0, 70.0]), 0.5) == 70
    assert entrance(np.array([10.0, 60.0, 60.0, 60.0]), 0.5) == 60.0001


def test_scores_whose_sums_were_added_in_another_order_are_tied() -> None:
    assert entrance(np.array([10.0, 60.0 - 1e-13, 60.0 + 1e-13]), 0.34) == 60.0001


def test_a_bound_above_another_is_the_next_score() -> None:
    assert entrance(np.array([10.0, 20.0, 30.0]), 1, above=10) == 20
    assert entrance(np.array([10.0, 20.0, 30.0]), 1, above=30) == 30.0001


def score_of(*tiers: dict[str, Any]) -> Score:
    return Score.model_validate(
        {"join": {"scores": ["a", "b"], "by": "c"}, "tiers": [{"name": "ordinary"}, *tiers]}
    )


def share(name: str, top_share: float | None) -> dict[str, Any]:
    return {"name": name, "enter_at": "population", "top_share": top_share}


@settings(deadline=None)
@given(scores, st.lists(st.integers(1, 99), min_size=2, max_size=4, unique=True))
def test_bounds_rise_from_tier_to_tier_also_where_all_scores_are_tied(
    given: list[float], percents: list[int]
) -> None:
    falling = sorted(percents, reverse=True)
    score = score_of(*(share(f"t{n}", percent / 100) for n, percent in enumerate(falling)))
    found = list(bounds_of("value", score, np.array(given), {}, 2).values())
    assert all(a.enter_at < b.enter_at for a, b in pairwise(found))
    for bounds, percent in zip(found, falling, strict=True):
        assert sum(s >= bounds.enter_at for s in given) <= percent / 100 * len(given) + 1e-9
        assert bounds.leave_below == significant(bounds.enter_at - 2)


def test_a_tier_without_share_keeps_its_bounds_and_one_with_a_number_its_number() -> None:
    hundred = np.arange(1.0, 101.0)
    number = {"name": "good", "enter_at": 30, "leave_below": 20}
    score = score_of(number, share("better", None), share("best", 0.05))
    known = {"better": Bounds(enter_at=50, leave_below=40)}
    assert bounds_of("value", score, hundred, known, 0) == known | {
        "best": Bounds(enter_at=96, leave_below=96)
    }


def test_tiers_with_numbers_and_shares_get_bounds_by_their_shares() -> None:
    hundred = np.arange(1.0, 101.0)
    numbers = [
        {"name": "a", "enter_at": 60, "leave_below": 58, "top_share": 0.2},
        {"name": "b", "enter_at": 80, "leave_below": 78, "top_share": 0.05},
    ]
    found = bounds_of("value", score_of(*numbers), hundred, {}, 2)
    assert {tier: bounds.enter_at for tier, bounds in found.items()} == {"a": 81, "b": 96}
    mixed = score_of(numbers[0], share("b", 0.05))
    assert bounds_of("value", mixed, hundred, {}, 2) == found


@pytest.mark.parametrize(
    ("tiers", "words"),
    [
        ([share("VIP", None)], "takes its bounds from the population, but has no top_share"),
        ([share("a", 0.05), share("b", 0.2)], "'b' of 'value' has the top_share 0.2, the tier bef"),
        ([share("a", 0.1), share("b", 0.1)], "it falls from tier to tier"),
        (
            [share("a", 0.1), {"name": "b", "enter_at": 80, "leave_below": 70}],
            "is entered at 80, but the tier before it at 91 by its share",
        ),
    ],
)
def test_tiers_that_cannot_be_bounded_are_refused(tiers: list[Any], words: str) -> None:
    with pytest.raises(CalibrationError, match=words):
        bounds_of("value", score_of(*tiers), np.arange(1.0, 101.0), {}, 2)
