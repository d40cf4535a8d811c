"""Rank correlation."""

import numpy as np

from scoring.calibration.customers import Floats


def spearman(a: Floats, b: Floats) -> float | None:
    """Return Spearman's rho of two columns; None if one is constant.

    Ties share the mean of their ranks.

    >>> spearman(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 8.0, 27.0, 16.0]))
    0.8
    >>> spearman(np.array([1.0, 2.0]), np.array([5.0, 5.0]))
    """
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return round(float(np.corrcoef(_ranks(a), _ranks(b))[0, 1]), 12)


def _ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = counts.cumsum()
    middle: Floats = ends - (counts - 1) / 2
    return middle[place]
