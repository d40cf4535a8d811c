"""Several weight vectors made one, as of experts' judgements and of figures.

Linear (additive) and multiplicative synthesis: Wang, J., Jing, Y., Zhang, C., Zhao, J. (2009):
Review on multi-criteria decision analysis aid in sustainable energy decision-making, Renewable and
Sustainable Energy Reviews 13 (9), 2263–2278.
"""

from collections.abc import Sequence

import numpy as np

from scoring.errors import WeightsError
from scoring.weights.shares import shares
from scoring.weights.tables import Floats, Row, Table, fit, require, table

ALL_0 = "all are 0; give at least one above 0"


def linear(vectors: Table, portions: Row | None = None, names: Sequence[str] = ()) -> Floats:
    """Return w_j = Σ_k α_k w_kj: each vector counts with its portion.

    Args:
        vectors: Weights, one row a method, one column a criterion; each row counts by its sum.
        portions: α, one number for each vector, none below 0; they count by their sum. By default
            all are equal.
        names: Of the criteria, for messages.

    Raises:
        WeightsError: It is not such a table, there is another number of portions or of names, or a
            vector or the portions are all 0.

    >>> linear([[0.5, 0.5], [0.9, 0.1]], [0.75, 0.25]).round(4).tolist()
    [0.6, 0.4]
    """
    rows = _shares_of(vectors, names)
    if portions is None:
        portions = [1.0] * len(rows)
    if len(portions) != len(rows):
        raise WeightsError(
            f"are {len(portions)} for {len(rows)} vectors of weights; give one for each", "shares"
        )
    alphas = np.array(portions, np.float64)
    counting = np.isfinite(alphas) & (alphas >= 0)
    require(alphas, counting, "a share is a finite number of at least 0", "shares")
    return shares(shares(alphas, ALL_0, "shares") @ rows, ALL_0, "weights")


def multiplicative(vectors: Table, names: Sequence[str] = ()) -> Floats:
    """Return w_j = Π_k w_kj ÷ Σ_j Π_k w_kj: what all vectors find important, is.

    Args:
        vectors: Weights, one row a method, one column a criterion.
        names: Of the criteria, for messages.

    Raises:
        WeightsError: It is not such a table, there is another number of names, a vector is all 0,
            or no criterion has a weight above 0 in every vector.

    >>> multiplicative([[0.5, 0.5], [0.9, 0.1]]).round(4).tolist()
    [0.9, 0.1]
    """
    return shares(
        _shares_of(vectors, names).prod(axis=0),
        "no criterion has a weight above 0 in every vector; combine them linearly",
        "weights",
    )


def _shares_of(vectors: Table, names: Sequence[str]) -> Floats:
    given = table(vectors, "weights")
    fit(given.shape[1], names, "weights")
    require(given, given >= 0, "a weight is at least 0", "weights")
    return np.array([shares(row, ALL_0, "weights", n) for n, row in enumerate(given)])
