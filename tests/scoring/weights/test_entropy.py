"""Entropy weights: Hwang and Yoon's example, pymcdm's numbers, what always holds, refusals."""

from __future__ import annotations

import numpy as np
import pymcdm.weights as pymcdm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.errors import WeightsError
from scoring.weights.decision_matrix import Direction
from scoring.weights.entropy import weights
from scoring.weights.tables import Table
from tests.scoring.weights.figures import SEED, Decision, decisions, is_distribution

# Hwang and Yoon (1981), the choice of a fighter aircraft; the fourth criterion is the price, which
# they take as it is.
AIRCRAFT = [
    [2.0, 1500, 20000, 5.5, 5, 9],
    [2.5, 2700, 18000, 6.5, 3, 5],
    [1.8, 2000, 21000, 4.5, 7, 7],
    [2.2, 1800, 20000, 5.0, 5, 5],
]


def test_hwang_and_yoons_example_comes_out_as_they_printed_it() -> None:
    """They went on with entropies of four digits, which moves a weight by up to 0.0012 and more."""
    printed = [0.0649, 0.2055, 0.0133, 0.0829, 0.3570, 0.2764]
    assert weights(AIRCRAFT, ["more"] * 6) == pytest.approx(printed, abs=0.002)


def test_random_benefits_weigh_what_pymcdm_says() -> None:
    """To twelve digits. Costs: pymcdm has no directions here, it gets 1 ÷ x."""
    chance = np.random.default_rng(SEED)
    for alternatives in range(2, 12):
        for criteria in range(1, 9):
            matrix = chance.uniform(0.1, 100, (alternatives, criteria))
            less = chance.random(criteria) < 0.5
            directions: list[Direction] = ["less" if cost else "more" for cost in less]
            benefits = np.where(less, 1 / matrix, matrix)
            theirs = pymcdm.entropy_weights(benefits)
            assert weights(matrix, directions) == pytest.approx(theirs, abs=1e-12)


def test_a_0_counts_as_the_limit_0_ln_0_is_0() -> None:
    """Of 0, ⅓ and ⅔, e = (⅓ ln 3 + ⅔ ln 1.5) ÷ ln 3; pymcdm 1.4 takes 0 for such a column."""
    with_0 = 1 - (np.log(3) / 3 + 2 * np.log(1.5) / 3) / np.log(3)
    without = 1 + sum(p * np.log(p) for p in (1 / 7, 2 / 7, 4 / 7)) / np.log(3)
    found = weights([[0, 1], [1, 2], [2, 4]], ["more", "more"])
    assert found.tolist() == pytest.approx(
        [with_0 / (with_0 + without), without / (with_0 + without)]
    )


def test_what_has_no_shares_is_brought_to_0_to_1_first() -> None:
    """Below 0: (x − min) ÷ range. A 0 where less is better: (max − x) ÷ range."""
    scaled = weights([[0, 4], [0.25, 2], [1, 1]], ["more", "more"])
    assert weights([[-3, 4], [-2, 2], [1, 1]], ["more", "more"]) == pytest.approx(scaled)
    assert weights([[4, 4], [3, 2], [0, 1]], ["less", "more"]) == pytest.approx(scaled)


def test_a_constant_criterion_weighs_nothing() -> None:
    assert weights([[5, 1], [5, 2]], ["more", "less"]).tolist() == [0, 1]
    assert weights([[0, 1, -1], [0, 2, -1]], ["less", "more", "more"]).tolist() == [0, 1, 0]


@given(decisions(lowest=-50))
def test_any_figures_give_a_distribution(decision: Decision) -> None:
    assert is_distribution(weights(*decision))


@given(decisions(), st.sampled_from([1e-6, 0.1, 3, 1e300]))
def test_the_unit_of_a_criterion_makes_no_difference(decision: Decision, factor: float) -> None:
    scaled = decision.matrix.copy()
    scaled[:, 0] *= factor
    assert weights(scaled, decision.directions) == pytest.approx(weights(*decision), abs=1e-9)


@given(decisions(), st.randoms(use_true_random=False))
def test_the_order_of_criteria_and_of_alternatives_makes_no_difference(
    decision: Decision, chance: object
) -> None:
    order = list(range(len(decision.directions)))
    chance.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    permuted = decision.permuted(order)
    assert weights(*permuted) == pytest.approx(weights(*decision)[order], abs=1e-9)
    turned = weights(decision.matrix[::-1], decision.directions)
    assert turned == pytest.approx(weights(*decision), abs=1e-9)


REFUSED = [
    ([], ["more"], "matrix: holds no numbers"),
    ([[1, 2]], ["more", "more"], "matrix: has one alternative"),
    ([[1, 2], [3]], ["more", "more"], "matrix.1: has 1 number, the first row has 2"),
    ([[1, 2], [3, float("inf")]], ["more", "more"], "matrix.1.1: is inf; give a finite number"),
    ([[1, 2], [3, 4]], ["more"], "directions: are 1 for 2 columns; write more or less for each"),
    ([[1, 2], [3, 4]], ["more", "up"], "directions.1: is 'up'; write more or less"),
    ([[1, 2], [1, 2]], ["more", "less"], "matrix: all criteria have the same value"),
]


@pytest.mark.parametrize(("matrix", "directions", "message"), REFUSED)
def test_figures_that_cannot_be_weighed_are_refused_with_place_and_advice(
    matrix: Table, directions: list[Direction], message: str
) -> None:
    with pytest.raises(WeightsError) as refused:
        weights(matrix, directions)
    assert str(refused.value).startswith(message)


def test_names_of_another_number_are_refused() -> None:
    with pytest.raises(WeightsError, match="is for 1 criterion, but there are 2: spend, orders"):
        weights([[1], [2]], ["more"], ["spend", "orders"])
