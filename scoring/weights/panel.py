"""Weights from a panel: each expert scores each criterion, the mean counts.

Known as direct rating with averaging, and as the last round of a Delphi survey: Hwang, C.-L.,
Lin, M.-J. (1987): Group Decision Making under Multiple Criteria, Springer.
"""

from collections.abc import Sequence

from scoring.weights.shares import shares
from scoring.weights.tables import Floats, Table, fit, require, table


def weights(scores: Table, names: Sequence[str] = ()) -> Floats:
    """Return each criterion's mean score, divided by the sum of all.

    Args:
        scores: Experts × criteria, none below 0, all experts on the same scale.
        names: Of the criteria, for messages.

    Raises:
        WeightsError: It is not such a table, all scores are 0, or there is another number of names.

    >>> weights([[8, 4, 4], [6, 2, 0]]).round(4).tolist()
    [0.5833, 0.25, 0.1667]
    """
    given = table(scores, "scores")
    fit(given.shape[1], names, "scores")
    require(given, given >= 0, "a score is at least 0", "scores")
    scaled = given / (given.max() or 1.0)
    return shares(scaled.mean(axis=0), "all are 0; give at least one above 0", "scores")
