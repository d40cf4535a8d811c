"""Weight vectors combined: linear with portions, or as a product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from scoring.errors import WeightsError
from scoring.weights.combined import linear, multiplicative
from tests.scoring.weights.figures import is_distribution

vectors = arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.floats(0.01, 100)
)


def test_a_linear_combination_counts_each_vector_with_its_portion() -> None:
    """0.75 × (0.5, 0.3, 0.2) + 0.25 × (0.1, 0.1, 0.8)."""
    found = linear([[50, 30, 20], [0.1, 0.1, 0.8]], [3, 1])
    assert found.tolist() == pytest.approx([0.4, 0.25, 0.35])


def test_without_portions_all_vectors_count_alike() -> None:
    assert linear([[1, 0], [0.5, 0.5]]).tolist() == pytest.approx([0.75, 0.25])


def test_a_multiplicative_combination_is_the_product_made_to_sum_to_1() -> None:
    """0.5 × 0.2, 0.3 × 0.2, 0.2 × 0.6 = 0.10, 0.06, 0.12."""
    found = multiplicative([[0.5, 0.3, 0.2], [20, 20, 60]])
    assert found.tolist() == pytest.approx([10 / 28, 6 / 28, 12 / 28])


@given(vectors)
def test_any_vectors_give_a_distribution(given_vectors: NDArray[np.float64]) -> None:
    assert is_distribution(linear(given_vectors))
    assert is_distribution(multiplicative(given_vectors))


@given(vectors, st.floats(0.01, 100))
def test_the_sum_of_a_vector_and_the_order_of_criteria_make_no_difference(
    given_vectors: NDArray[np.float64], factor: float
) -> None:
    changed = given_vectors.copy()
    changed[0] *= factor
    for combine in (linear, multiplicative):
        expected = combine(given_vectors)
        assert combine(changed) == pytest.approx(expected, abs=1e-12)
        assert combine(given_vectors[:, ::-1]) == pytest.approx(expected[::-1], abs=1e-12)


@given(vectors)
def test_one_vector_with_all_of_the_portions_is_itself(given_vectors: NDArray[np.float64]) -> None:
    portions = [1.0] + [0.0] * (len(given_vectors) - 1)
    first = given_vectors[0] / given_vectors[0].sum()
    assert linear(given_vectors, portions) == pytest.approx(first, abs=1e-12)


def test_vectors_that_cannot_be_combined_are_refused_with_place_and_advice() -> None:
    with pytest.raises(WeightsError, match=r"^shares: are 1 for 2 vectors"):
        linear([[1, 2], [3, 4]], [1])
    with pytest.raises(WeightsError, match=r"^shares\.1: is -1; a share is a finite number"):
        linear([[1, 2], [3, 4]], [1, -1])
    with pytest.raises(WeightsError, match=r"^shares: all are 0"):
        linear([[1, 2], [3, 4]], [0, 0])
    with pytest.raises(WeightsError, match=r"^weights\.1: all are 0"):
        linear([[1, 2], [0, 0]])
    with pytest.raises(WeightsError, match=r"^weights\.0\.1: is -2; a weight is at least 0"):
        multiplicative([[1, -2], [3, 4]])
    with pytest.raises(WeightsError, match=r"^weights: no criterion has a weight above 0 in every"):
        multiplicative([[1, 0], [0, 1]])
    with pytest.raises(WeightsError, match=r"^weights: is for 2 criteria, but there is 1: spend"):
        multiplicative([[1, 2]], ["spend"])
