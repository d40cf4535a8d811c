"""Shares: numbers of at least 0 that sum to 1, as all weights are that come out."""

from math import fsum

from scoring.errors import WeightsError
from scoring.weights.tables import Floats


def shares(amounts: Floats, what_if_all_0: str, *path: str | int) -> Floats:
    """Return amounts, none below 0, divided by their sum.

    Raises:
        WeightsError: All are 0; `what_if_all_0` tells why and what to do.

    >>> import numpy as np
    >>> shares(np.array([3.0, 1.0]), "all are 0").tolist()
    [0.75, 0.25]
    """
    largest = float(amounts.max())
    if not largest > 0:
        raise WeightsError(what_if_all_0, *path)
    scaled = amounts / largest  # so that no sum is infinite
    result: Floats = scaled / fsum(scaled)
    return result
