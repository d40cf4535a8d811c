"""Strategies and matrices that the tests of several methods share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from scoring.weights.decision_matrix import Direction

Floats = NDArray[np.float64]
SEED = 20260911


class Decision(NamedTuple):
    """A decision matrix in which every criterion varies, with its directions."""

    matrix: Floats
    directions: list[Direction]

    def permuted(self, order: list[int]) -> Decision:
        """Return it with its criteria in another order."""
        return Decision(self.matrix[:, order], [self.directions[n] for n in order])


def _decision(given: tuple[list[list[int]], list[Direction]]) -> Decision:
    columns, directions = given
    return Decision(np.array(columns, np.float64).T, directions)


def decisions(lowest: int = 1, criteria: int = 2) -> st.SearchStrategy[Decision]:
    """Matrices of 3 to 7 alternatives; numbers from `lowest` on, at least so many criteria."""

    def columns(size: tuple[int, int]) -> st.SearchStrategy[Any]:
        alternatives, width = size
        numbers = st.integers(lowest, 1_000)
        column = st.lists(numbers, min_size=alternatives, max_size=alternatives)
        varying = column.filter(lambda values: min(values) < max(values))
        directions = st.sampled_from(["more", "less"])
        return st.tuples(
            st.lists(varying, min_size=width, max_size=width),
            st.lists(directions, min_size=width, max_size=width),
        )

    return st.tuples(st.integers(3, 7), st.integers(criteria, 6)).flatmap(columns).map(_decision)


def is_distribution(weights: Floats) -> bool:
    """Whether numbers are at least 0 and sum to 1."""
    return bool((weights >= 0).all()) and abs(float(weights.sum()) - 1) < 1e-12
