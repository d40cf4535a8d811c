"""A panel's scores: the mean counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from scoring.errors import WeightsError
from scoring.weights.panel import weights
from tests.scoring.weights.figures import is_distribution

panels = arrays(
    np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(0, 100)
).filter(lambda scores: bool(scores.max() > 1e-3))


def test_the_mean_of_the_experts_counts() -> None:
    """Means 6, 3 and 1."""
    assert weights([[8, 2, 1], [4, 4, 1]]).tolist() == pytest.approx([0.6, 0.3, 0.1])


@given(panels)
def test_any_scores_give_a_distribution(scores: NDArray[np.float64]) -> None:
    assert is_distribution(weights(scores))


@given(panels, st.sampled_from([1e-3, 7, 1e306]))
def test_the_scale_and_the_order_of_experts_make_no_difference(
    scores: NDArray[np.float64], factor: float
) -> None:
    assert weights(scores[::-1] * factor) == pytest.approx(weights(scores), abs=1e-9)


@given(panels)
def test_the_order_of_criteria_makes_no_difference(scores: NDArray[np.float64]) -> None:
    assert weights(scores[:, ::-1]) == pytest.approx(weights(scores)[::-1], abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([[0, 0]], "scores: all are 0; give at least one above 0"),
        ([[1, 2], [1, -1]], "scores.1.1: is -1; a score is at least 0"),
        ([[1, 2], [1]], "scores.1: has 1 number, the first row has 2"),
    ],
)
def test_scores_that_cannot_be_averaged_are_refused(
    scores: list[list[float]], message: str
) -> None:
    with pytest.raises(WeightsError) as refused:
        weights(scores)
    assert str(refused.value).startswith(message)
