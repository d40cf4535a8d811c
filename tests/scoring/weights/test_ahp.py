"""AHP: Saaty's own examples, ahpy's numbers, what holds of any comparisons, and refusals."""

from __future__ import annotations

import re
from itertools import combinations

import ahpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scoring.errors import InconsistentError, WeightsError
from scoring.weights.ahp import aggregated, priorities
from scoring.weights.tables import Table
from tests.scoring.weights.figures import SEED, is_distribution

Floats = NDArray[np.float64]

# Saaty (1980): the wealth of seven nations. The text gives weights to 2 or 3 digits.
NATIONS: Table = [
    [1, 4, 9, 6, 6, 5, 5],
    [1 / 4, 1, 7, 5, 5, 3, 4],
    [1 / 9, 1 / 7, 1, 1 / 5, 1 / 5, 1 / 7, 1 / 5],
    [1 / 6, 1 / 5, 5, 1, 1, 1 / 3, 1 / 3],
    [1 / 6, 1 / 5, 5, 1, 1, 1 / 3, 1 / 3],
    [1 / 5, 1 / 3, 7, 3, 3, 1, 2],
    [1 / 5, 1 / 4, 5, 3, 3, 1 / 2, 1],
]
# Six criteria of a school, which contradict each other.
SCHOOL: Table = [
    [1, 4, 3, 1, 3, 4],
    [1 / 4, 1, 7, 3, 1 / 5, 1],
    [1 / 3, 1 / 7, 1, 1 / 5, 1 / 5, 1 / 6],
    [1, 1 / 3, 5, 1, 1, 1 / 3],
    [1 / 3, 5, 5, 1, 1, 3],
    [1 / 4, 1, 6, 3, 1 / 3, 1],
]
# Saaty (1990), How to make a decision, European Journal of Operational Research 48: a house.
HOUSE: Table = [
    [1, 5, 3, 7, 6, 6, 1 / 3, 1 / 4],
    [1 / 5, 1, 1 / 3, 5, 3, 3, 1 / 5, 1 / 7],
    [1 / 3, 3, 1, 6, 3, 4, 6, 1 / 5],
    [1 / 7, 1 / 5, 1 / 6, 1, 1 / 3, 1 / 4, 1 / 7, 1 / 8],
    [1 / 6, 1 / 3, 1 / 3, 3, 1, 1 / 2, 1 / 5, 1 / 6],
    [1 / 6, 1 / 3, 1 / 4, 4, 2, 1, 1 / 5, 1 / 6],
    [3, 5, 1 / 6, 7, 5, 5, 1, 1 / 2],
    [4, 7, 5, 8, 6, 6, 2, 1],
]
PUBLISHED: dict[str, tuple[Table, list[float], float, float]] = {
    "nations": (NATIONS, [0.429, 0.231, 0.021, 0.053, 0.053, 0.119, 0.095], 7.61, 0.08),
    "house": (HOUSE, [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333], 9.669, 0.169),
}


@pytest.mark.parametrize("example", PUBLISHED)
def test_saatys_examples_come_out_as_he_printed_them(example: str) -> None:
    matrix, weights, lambda_max, cr = PUBLISHED[example]
    found = priorities(matrix, reason="as printed")
    assert found.weights == pytest.approx(weights, abs=0.0055)  # printed with two or three digits
    assert found.lambda_max == pytest.approx(lambda_max, abs=0.01)
    assert found.cr == pytest.approx(cr, abs=0.0055)


# Saaty (1980): random indices for 3 to 15 criteria. Later tables of his differ.
SAATY_1980 = [0.58, 0.9, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59]


@pytest.mark.parametrize(("size", "index"), list(enumerate(SAATY_1980, 3)))
def test_the_consistency_ratio_is_ci_against_saatys_random_index(size: int, index: float) -> None:
    chance = np.random.default_rng(SEED)
    found = priorities(random_comparisons(chance, size), reason="random")
    assert found.ci == pytest.approx((found.lambda_max - size) / (size - 1))
    assert found.cr == pytest.approx(found.ci / index)


def random_comparisons(chance: np.random.Generator, size: int) -> Floats:
    """A reciprocal matrix on Saaty's scale: consistent, but for a disturbance of up to 3 times."""
    generating = chance.uniform(0.5, 4.5, size)
    matrix = np.ones((size, size))
    for i, j in combinations(range(size), 2):
        disturbed = generating[i] / generating[j] * chance.uniform(1 / 3, 3)
        matrix[i, j] = np.clip(disturbed, 1 / 9, 9)
        matrix[j, i] = 1 / matrix[i, j]
    return matrix


# ahpy's table `saaty` is that of Saaty (2005), ours that of Saaty (1980): between 3 and 15 criteria
# they differ by up to 12 %. So CR is compared as CI, by multiplying with ahpy's random index.
AHPY_INDICES = {3: 0.52, 4: 0.89, 5: 1.11, 6: 1.25, 7: 1.35, 8: 1.40, 9: 1.45, 10: 1.49}
AHPY_INDICES |= {11: 1.52, 12: 1.54, 13: 1.56, 14: 1.58, 15: 1.59}


@pytest.mark.parametrize("size", range(3, 16))
def test_weights_and_consistency_are_those_of_ahpy(size: int) -> None:
    """To nine digits, which is the precision that ahpy is asked for."""
    chance = np.random.default_rng(SEED + size)
    for _ in range(5):
        matrix = random_comparisons(chance, size)
        judged = {(i, j): float(matrix[i, j]) for i, j in combinations(range(size), 2)}
        theirs = ahpy.Compare("value", judged, precision=9, random_index="saaty")
        ours = priorities(matrix, reason="random")
        assert ours.weights == pytest.approx(
            [theirs.local_weights[n] for n in range(size)], abs=2e-9
        )
        ci = float(theirs.consistency_ratio) * AHPY_INDICES[size]
        assert ours.ci == pytest.approx(ci, abs=2e-9)


generating_weights = st.lists(st.floats(0.01, 10), min_size=1, max_size=15)
judgements = st.sampled_from([1 / n for n in range(2, 10)] + list(range(1, 10)))


@st.composite
def reciprocal(draw: st.DrawFn) -> Floats:
    """Any comparisons on Saaty's scale."""
    size = draw(st.integers(1, 9))
    matrix = np.ones((size, size))
    for i, j in combinations(range(size), 2):
        matrix[i, j] = draw(judgements)
        matrix[j, i] = 1 / matrix[i, j]
    return matrix


@given(generating_weights)
def test_consistent_comparisons_give_the_weights_that_they_were_made_from(
    weights: list[float],
) -> None:
    made = np.array(weights)
    found = priorities(np.divide.outer(made, made))
    assert found.weights == pytest.approx(made / made.sum(), abs=1e-9)
    assert found.lambda_max == pytest.approx(len(weights), abs=1e-9)
    assert found.cr == pytest.approx(0, abs=1e-9)


@given(reciprocal())
def test_whatever_is_judged_gives_a_distribution_and_indices_of_at_least_0(matrix: Floats) -> None:
    found = priorities(matrix, reason="any")
    assert is_distribution(found.weights)
    assert (found.weights > 0).all()
    assert found.lambda_max >= len(matrix)
    assert found.ci >= 0
    assert found.cr >= 0
    assert matrix @ found.weights == pytest.approx(found.lambda_max * found.weights, rel=1e-6)


@given(reciprocal(), st.randoms(use_true_random=False))
def test_the_order_of_criteria_makes_no_difference(matrix: Floats, chance: object) -> None:
    order = list(range(len(matrix)))
    chance.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    here = priorities(matrix, reason="any")
    there = priorities(matrix[np.ix_(order, order)], reason="any")
    assert there.weights == pytest.approx(here.weights[order], abs=1e-9)
    assert there.cr == pytest.approx(here.cr, abs=1e-9)


@pytest.mark.parametrize("matrix", [[[1]], [[1, 9], [1 / 9, 1]]])
def test_one_or_two_criteria_are_always_consistent(matrix: Table) -> None:
    found = priorities(matrix)
    assert found.ci == pytest.approx(0, abs=1e-12)
    assert found.cr == 0


def test_several_experts_count_by_the_geometric_mean() -> None:
    """4 of 1/2, 4 and 32; the mean of reciprocals is the reciprocal of the mean."""
    common = aggregated([[[1, a], [1 / a, 1]] for a in (0.5, 4, 32)])
    assert common == pytest.approx(np.array([[1, 4], [1 / 4, 1]]))
    assert priorities(common).weights == pytest.approx([0.8, 0.2])


def test_a_reciprocal_rounded_to_two_digits_counts_by_the_mean_of_both_ways() -> None:
    """8 and 0.13: √(8 ÷ 0.13) = 7.845; so no comparisons look better than consistent."""
    assert priorities([[1, 8], [0.13, 1]]).weights[0] == pytest.approx(7.845 / 8.845, abs=1e-4)
    rounded: Table = [[1, 3, 6], [0.33, 1, 2], [0.17, 0.5, 1]]
    assert priorities(rounded).lambda_max >= 3


CONTRADICTING: Table = [[1, 9, 1 / 5], [1 / 9, 1, 5], [5, 1 / 5, 1]]


def test_comparisons_that_contradict_each_other_are_refused_with_the_worst_pair() -> None:
    with pytest.raises(InconsistentError) as refused:
        priorities(SCHOOL, ["learning", "friends", "life", "vocation", "college", "music"])
    assert str(refused.value) == (
        "matrix: the comparisons contradict each other: CR 0.229 is above 0.1; "
        "'friends' against 'college' (row 1, column 4) does most of it: 0.2 is given, "
        "the others make it 1.01, which would leave CR 0.18; revise it, or give a reason"
    )


@given(st.lists(st.floats(0.5, 2), min_size=4, max_size=9), st.data())
def test_the_pair_named_is_the_one_that_was_judged_wrong(
    weights: list[float], data: st.DataObject
) -> None:
    pairs = list(combinations(range(len(weights)), 2))
    i, j = data.draw(st.sampled_from(pairs))
    matrix = np.divide.outer(np.array(weights), np.array(weights))
    matrix[i, j] *= 50
    matrix[j, i] /= 50
    with pytest.raises(InconsistentError, match=rf"\(row {i}, column {j}\)"):
        priorities(matrix)


@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6))
def test_the_revision_that_is_told_leaves_the_cr_that_is_told_and_none_leaves_less(
    logs: list[float],
) -> None:
    """Every other single comparison, changed to what the others make it, leaves as much or more."""
    matrix = np.eye(4)
    for (i, j), value in zip(combinations(range(4), 2), logs, strict=True):
        matrix[i, j], matrix[j, i] = np.exp(value), np.exp(-value)
    before = priorities(matrix, reason="to know it").cr
    if before <= 0.1:
        return
    with pytest.raises(InconsistentError) as refused:
        priorities(matrix)
    told = re.search(
        r"row (\d), column (\d)\).* make it ([0-9.e+-]+), .* CR ([0-9.e-]+);", str(refused.value)
    )
    assert told
    i, j = int(told[1]), int(told[2])
    left = []
    for a, b in combinations(range(4), 2):
        indirect = [matrix[a, k] * matrix[k, b] for k in range(4) if k not in (a, b)]
        revised = matrix.copy()
        revised[a, b] = np.prod(indirect) ** (1 / len(indirect))
        revised[b, a] = 1 / revised[a, b]
        left.append(priorities(revised, reason="to know it").cr)
        if (a, b) == (i, j):
            assert left[-1] == pytest.approx(float(told[4]), rel=0.06, abs=1e-5)
            assert float(told[3]) == pytest.approx(revised[a, b], rel=0.01)
    assert min(left) == pytest.approx(float(told[4]), rel=0.06, abs=1e-5)
    assert min(left) < before


def test_a_reason_takes_comparisons_that_contradict_each_other() -> None:
    with pytest.raises(InconsistentError, match="criterion 0 against criterion 1"):
        priorities(CONTRADICTING, reason="")
    assert priorities(CONTRADICTING, reason="the board decided so").cr > 0.1


def test_the_limit_lies_between_a_consistency_ratio_below_and_one_above() -> None:
    def matrix(a: float) -> Table:
        return [[1, 2, a], [1 / 2, 1, 2], [1 / a, 1 / 2, 1]]

    def ratio(a: float) -> float:
        return priorities(matrix(a), reason="measured").cr

    edge = next(a / 100 for a in range(400, 2000) if ratio(a / 100) > 0.1)
    assert ratio(edge - 0.01) <= 0.1
    priorities(matrix(edge - 0.01))
    with pytest.raises(InconsistentError):
        priorities(matrix(edge))


REFUSED = [
    ([], "matrix: holds no numbers; give at least one row"),
    ([[]], "matrix: holds no numbers"),
    ([[1, 2]], "matrix: is 1 × 2, not square"),
    ([[1, 2], [0.5]], "matrix.1: has 1 number, the first row has 2"),
    ([[1, float("nan")], [1, 1]], "matrix.0.1: is nan; give a finite number"),
    ([[1, 0], [1, 1]], "matrix.0.1: is 0; a comparison is a number from 1/1e+06 to 1e+06"),
    ([[1, -2], [-0.5, 1]], "matrix.0.1: is -2; a comparison"),
    ([[1, 1e7], [1e-7, 1]], "matrix.0.1: is 1e+07; a comparison"),
    ([[1, 2], [0.5, 2]], "matrix.1.1: is 2; a criterion compares with itself as 1"),
    (
        [[1, 3], [3, 1]],
        "matrix.1.0: is 3, but the comparison the other way round is 3; write 0.3333",
    ),
    ([[1, 2], [0.45, 1]], "matrix.1.0: is 0.45, but the comparison the other way round is 2"),
    (np.ones((16, 16)), "matrix: compares 16 criteria; random indices are known for up to 15"),
]


@pytest.mark.parametrize(("matrix", "message"), REFUSED, ids=lambda v: str(v)[:30])
def test_what_is_no_matrix_of_comparisons_is_refused_with_place_and_advice(
    matrix: Table, message: str
) -> None:
    with pytest.raises(WeightsError) as refused:
        priorities(matrix)
    assert str(refused.value).startswith(message)


def test_an_expert_who_is_wrong_is_named() -> None:
    with pytest.raises(WeightsError, match=r"^matrices\.1\.0\.1: is 0;"):
        aggregated([[[1, 2], [0.5, 1]], [[1, 0], [1, 1]]])
    with pytest.raises(
        WeightsError, match=r"^matrices\.1: compares 1 criteria, the first expert 2"
    ):
        aggregated([[[1, 2], [0.5, 1]], [[1]]])
    with pytest.raises(WeightsError, match=r"^matrices: holds no matrix"):
        aggregated([])


def test_names_of_another_number_are_refused() -> None:
    with pytest.raises(WeightsError, match="is for 2 criteria, but there is 1: spend"):
        priorities([[1, 2], [0.5, 1]], ["spend"])
