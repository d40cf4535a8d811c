"""CRITIC: criteria importance through intercriteria correlation.

Diakoulaki, D., Mavrotas, G., Papayannakis, L. (1995): Determining objective weights in multiple
criteria problems: the CRITIC method, Computers & Operations Research 22 (7), 763–770. With values
brought to 0…1 from the worst alternative to the best, σ_j their standard deviation and r_jk
Pearson's correlation: C_j = σ_j × Σ_k (1 − r_jk), w_j = C_j ÷ Σ C.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from scoring.weights.decision_matrix import Direction, decision_matrix, min_max, varies
from scoring.weights.shares import shares
from scoring.weights.tables import Floats, Table

_ROUNDING: Final = 1e-12
"""A conflict below it is the rounding error of a correlation of 1."""


def weights(matrix: Table, directions: Sequence[Direction], names: Sequence[str] = ()) -> Floats:
    """Return the criteria's weights by contrast and conflict.

    A constant criterion weighs 0 and conflicts with none: its correlations do not exist. One that
    varies alone weighs all.

    Args:
        matrix: Alternatives × criteria, at least two alternatives.
        directions: "more" or "less" for each criterion.
        names: Of the criteria, for messages.

    Raises:
        WeightsError: It is not such a matrix, all criteria are constant, or none that vary conflict
            (all correlations are 1), so that CRITIC gives 0 ÷ 0.

    >>> weights([[1, 9, 2], [2, 7, 9], [3, 8, 4]], ["more", "less", "more"]).round(4).tolist()
    [0.4839, 0.2095, 0.3066]
    """
    given = decision_matrix(matrix, directions, names)
    telling = [n for n, column in enumerate(given.T) if varies(column)]
    information = np.zeros(given.shape[1])
    if len(telling) == 1:
        information[telling] = 1.0
    elif telling:
        scaled = np.array([min_max(given[:, n], directions[n]) for n in telling])
        conflicts = (1 - np.corrcoef(scaled)).sum(axis=1)
        information[telling] = scaled.std(axis=1) * np.where(conflicts > _ROUNDING, conflicts, 0)
    return shares(
        information,
        "all criteria are constant; CRITIC cannot weigh them"
        if not telling
        else "no two criteria conflict, all that vary have correlation 1; "
        "CRITIC cannot weigh them: leave out those that say the same",
        "matrix",
    )
