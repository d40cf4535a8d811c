"""The entropy weight method: a criterion weighs the more, the more it tells alternatives apart.

Hwang, C.-L., Yoon, K. (1981): Multiple Attribute Decision Making, Springer, after
Shannon (1948). For m alternatives, with p_ij the share of alternative i in criterion j:
e_j = −Σ_i p_ij ln p_ij ÷ ln m (where 0 ln 0 = 0), d_j = 1 − e_j, w_j = d_j ÷ Σ d.

The shares are those of sum normalisation, p_ij = y_ij ÷ Σ_i y_ij, with y = x where more is better,
y = 1 ÷ x where less is. A criterion that has none (a value below 0, or a 0 where less is better) is
brought to 0…1 first: y = (x − min) ÷ (max − min), or (max − x) ÷ (max − min) where less is better.
"""

from collections.abc import Sequence
from math import log

import numpy as np

from scoring.weights.decision_matrix import Direction, decision_matrix, min_max, varies
from scoring.weights.shares import shares
from scoring.weights.tables import Floats, Table


def weights(matrix: Table, directions: Sequence[Direction], names: Sequence[str] = ()) -> Floats:
    """Return the criteria's weights by the entropy of their values; a constant one weighs 0.

    Args:
        matrix: Alternatives × criteria, at least two alternatives.
        directions: "more" or "less" for each criterion.
        names: Of the criteria, for messages.

    Raises:
        WeightsError: It is not such a matrix, or all criteria are constant.

    >>> weights([[1, 10, 5], [2, 11, 5], [4, 12, 5]], ["more", "less", "more"]).round(4).tolist()
    [0.981, 0.019, 0.0]
    """
    given = decision_matrix(matrix, directions, names)
    columns = zip(given.T, directions, strict=True)
    return shares(
        np.array([_divergence(column, direction) for column, direction in columns]),
        "all criteria have the same value in every alternative; entropy cannot weigh them",
        "matrix",
    )


def _divergence(column: Floats, direction: Direction) -> float:
    if not varies(column):
        return 0.0
    amounts = _amounts(column, direction)
    present = amounts[amounts > 0]
    portions = present / present.sum()
    entropy = -float(np.sum(portions * np.log(portions))) / log(len(column))
    return max(0.0, 1.0 - entropy)


def _amounts(column: Floats, direction: Direction) -> Floats:
    """Return a criterion's values, at least 0, with more as the better ones."""
    low = float(column.min())
    if low <= 0:  # of a 0 where more is better, the shares are those of sum normalisation still
        return min_max(column, direction)
    amounts: Floats = column / float(column.max()) if direction == "more" else low / column
    return amounts
