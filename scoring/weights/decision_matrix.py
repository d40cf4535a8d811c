"""The decision matrix: alternatives in rows, criteria in columns, each with a direction."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from scoring.errors import WeightsError
from scoring.weights.tables import Floats, Table, fit, table

Direction = Literal["more", "less"]
"""Which is better: more of a criterion (a benefit) or less of it (a cost)."""

_FEWEST: Final = 2


def decision_matrix(
    matrix: Table, directions: Sequence[Direction], names: Sequence[str] = ()
) -> Floats:
    """Return a decision matrix that was checked.

    Args:
        matrix: Alternatives × criteria, at least two alternatives.
        directions: "more" or "less" for each criterion.
        names: Of the criteria, for messages.

    Raises:
        WeightsError: It is not such a matrix, or directions or names are of another number.
    """
    given = table(matrix, "matrix")
    alternatives, criteria = given.shape
    if alternatives < _FEWEST:
        raise WeightsError("has one alternative; nothing differs among fewer than two", "matrix")
    fit(criteria, names, "matrix")
    if len(directions) != criteria:
        raise WeightsError(
            f"are {len(directions)} for {criteria} columns; write more or less for each",
            "directions",
        )
    for n, direction in enumerate(directions):
        if direction not in ("more", "less"):
            raise WeightsError(f"is {direction!r}; write more or less", "directions", n)
    return given


def varies(column: Floats) -> bool:
    """Whether a criterion tells any alternatives apart."""
    return bool(column.max() > column.min())


def min_max(column: Floats, direction: Direction) -> Floats:
    """Return a criterion that varies from 0, the worst alternative, to 1, the best.

    >>> min_max(np.array([10.0, 20.0, 15.0]), "less").tolist()
    [1.0, 0.0, 0.5]
    """
    scaled = column / np.abs(column).max()  # so that no difference is infinite
    low, high = scaled.min(), scaled.max()
    best = scaled - low if direction == "more" else high - scaled
    result: Floats = best / (high - low)
    return result
