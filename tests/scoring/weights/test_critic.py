"""CRITIC: a published example, pymcdm's numbers, what always holds, refusals."""

from __future__ import annotations

import numpy as np
import pymcdm.weights as pymcdm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.errors import WeightsError
from scoring.weights.critic import weights
from scoring.weights.decision_matrix import Direction
from tests.scoring.weights.figures import SEED, Decision, decisions, is_distribution

# Tuş, A., Aytaç Adalı, E. (2019): The new combination with CRITIC and WASPAS methods for the time
# and attendance software selection problem, Opsearch 56 (2), 528–538. All taken as benefits.
SOFTWARE = [
    [5000, 3, 3, 4, 3, 2],
    [680, 5, 3, 2, 2, 1],
    [2000, 3, 2, 3, 4, 3],
    [600, 4, 3, 1, 2, 2],
    [800, 2, 4, 3, 3, 4],
]


def test_a_published_example_comes_out_as_printed() -> None:
    printed = [0.157, 0.249, 0.168, 0.121, 0.154, 0.151]
    assert weights(SOFTWARE, ["more"] * 6) == pytest.approx(printed, abs=0.0006)


def test_random_figures_weigh_what_pymcdm_says() -> None:
    """To twelve digits. pymcdm knows no directions here: it gets −x where less is better."""
    chance = np.random.default_rng(SEED)
    for alternatives in range(3, 12):
        for criteria in range(2, 9):
            matrix = chance.normal(10, 20, (alternatives, criteria))
            less = chance.random(criteria) < 0.5
            directions: list[Direction] = ["less" if cost else "more" for cost in less]
            theirs = pymcdm.critic_weights(np.where(less, -matrix, matrix))
            assert weights(matrix, directions) == pytest.approx(theirs, abs=1e-12)


def test_the_direction_counts_by_the_conflict() -> None:
    """Price and quality that rise together conflict, as the better price is the lower one."""
    figures = [[1, 1, 1], [2, 2, 3], [4, 4, 2]]
    agreeing = weights(figures, ["more", "more", "more"])
    conflicting = weights(figures, ["more", "less", "more"])
    assert agreeing[2] > agreeing[0] == pytest.approx(agreeing[1])
    assert conflicting[1] > agreeing[1]


def test_a_constant_criterion_weighs_nothing_and_changes_nothing() -> None:
    figures = np.array([[1, 4, 2], [2, 1, 3], [4, 2, 2.5]])
    alone = weights(figures, ["more", "less", "more"])
    with_constant = np.insert(figures, 1, 7.0, axis=1)
    found = weights(with_constant, ["more", "less", "less", "more"])
    assert found.tolist() == pytest.approx([alone[0], 0, alone[1], alone[2]])


def test_figures_as_far_apart_as_floats_go_are_weighed() -> None:
    """The difference of 1.5e308 and −1.5e308 is infinite; brought to 0…1 they are 1 and 0."""
    far = weights([[1.5e308, 1], [-1.5e308, 3], [0, 2.5]], ["more", "more"])
    assert far == pytest.approx(weights([[1, 1], [0, 3], [0.5, 2.5]], ["more", "more"]))


def test_a_criterion_that_varies_alone_weighs_all() -> None:
    assert weights([[1], [2]], ["less"]).tolist() == [1]
    assert weights([[5, 1], [5, 2]], ["more", "more"]).tolist() == [0, 1]


def _conflicting(decision: Decision) -> bool:
    """Whether what decides the weights is far from rounding errors."""
    signs = [1 if direction == "more" else -1 for direction in decision.directions]
    return bool((1 - np.corrcoef(decision.matrix * signs, rowvar=False)).sum() > 1e-3)


@given(decisions(lowest=-50, criteria=3).filter(_conflicting))
def test_any_figures_that_conflict_give_a_distribution(decision: Decision) -> None:
    assert is_distribution(weights(*decision))


@given(
    decisions(criteria=3).filter(_conflicting),
    st.sampled_from([1e-6, 0.1, 3, 1e300]),
    st.sampled_from([0, -2_000, 5]),
)
def test_unit_and_zero_point_of_a_criterion_make_no_difference(
    decision: Decision, factor: float, shift: float
) -> None:
    scaled = decision.matrix.copy()
    scaled[:, 0] = (scaled[:, 0] + shift) * factor
    assert weights(scaled, decision.directions) == pytest.approx(weights(*decision), abs=1e-9)


@given(decisions(criteria=3).filter(_conflicting), st.randoms(use_true_random=False))
def test_the_order_of_criteria_and_of_alternatives_makes_no_difference(
    decision: Decision, chance: object
) -> None:
    order = list(range(len(decision.directions)))
    chance.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    permuted = decision.permuted(order)
    assert weights(*permuted) == pytest.approx(weights(*decision)[order], abs=1e-9)
    turned = weights(decision.matrix[::-1], decision.directions)
    assert turned == pytest.approx(weights(*decision), abs=1e-9)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 2], [1, 2]], "matrix: all criteria are constant"),
        ([[1, 10], [2, 20], [4, 40]], "matrix: no two criteria conflict"),
        ([[1, 2]], "matrix: has one alternative"),
    ],
)
def test_figures_that_cannot_be_weighed_are_refused(
    matrix: list[list[float]], message: str
) -> None:
    with pytest.raises(WeightsError) as refused:
        weights(matrix, ["more", "more"])
    assert str(refused.value).startswith(message)
