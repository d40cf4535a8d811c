"""Figures of one indicator: centre, deviation, fences, quintiles.

Quartiles, quintiles and medians interpolate linearly between the two nearest values (type 7 of
Hyndman and Fan, as numpy and spreadsheets have it). The deviation is that of a sample, ÷ (n − 1).
Sums are exactly rounded and values sorted, so the order of customers makes no difference.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np

from scoring.calibration.customers import Floats
from scoring.calibration.rounding import significant
from scoring.errors import CalibrationError
from scoring.population import Centre, Figures

Outliers = Literal["boxplot", "zscore"]
WHISKER: Final = 1.5
"""Distances between the quartiles from a quartile to its fence: Tukey's boxplot."""
Z: Final = 3.0
"""Deviations from the mean to a fence."""
LARGEST: Final = 1e150
"""Squares of larger values are no numbers any more."""
_FIFTHS: Final = (0.2, 0.4, 0.6, 0.8)


def figures_of(values: Floats, outliers: Outliers = "boxplot") -> Figures:
    """Return the figures of at least one value, unrounded and without quintiles.

    Args:
        values: Sorted, none of them NaN.
        outliers: What the fences are: quartiles ∓ 1.5 × their distance, or mean ∓ 3 deviations
            (one value has no deviation; the fences are then the mean).

    >>> figures = figures_of(np.array([1.0, 2.0, 3.0, 4.0, 10.0]))
    >>> figures.mean, figures.median, figures.low, figures.high
    (4.0, 3.0, -1.0, 7.0)
    """
    centre, deviation = centre_of(values), deviation_of(values)
    if outliers == "boxplot":
        q1, q3 = np.quantile(values, (0.25, 0.75)).tolist()
        low, high = q1 - WHISKER * (q3 - q1), q3 + WHISKER * (q3 - q1)
    else:
        reach = Z * (deviation or 0.0)
        low, high = centre.mean - reach, centre.mean + reach
    return Figures(
        count=values.size,
        mean=centre.mean,
        median=centre.median,
        deviation=deviation,
        low=low,
        high=high,
    )


def centre_of(values: Floats) -> Centre:
    """Return count, mean and median of at least one value, unrounded.

    Raises:
        CalibrationError: A value is too large to be squared.
    """
    largest = float(np.abs(values).max())
    if largest > LARGEST:
        raise CalibrationError(f"holds {largest:g}; no figures come of values so large")
    mean = math.fsum(values) / values.size
    return Centre(count=values.size, mean=mean, median=float(np.median(values)))


def deviation_of(values: Floats) -> float | None:
    """Return the standard deviation of a sample; None of fewer than two values."""
    if values.size < 2:  # noqa: PLR2004  # n - 1 divides
        return None
    mean = math.fsum(values) / values.size
    return math.sqrt(math.fsum((values - mean) ** 2) / (values.size - 1))


def rounded(figures: Figures, quintiles: Sequence[float] | None) -> Figures:
    """Return figures with six significant digits, and with quintiles if there are any."""
    told: dict[str, Any] = {
        name: significant(x) if isinstance(x, float) else x for name, x in figures
    }
    told["quintiles"] = None if quintiles is None else tuple(quintiles)
    return Figures(**told)


def rising_quintiles(values: Floats) -> tuple[float, ...] | None:
    """Return four rising cuts, rounded, that divide values into fifths; None if there are none.

    Where ties make two quintiles equal, those four of the values are taken whose shares of smaller
    values are nearest to 20, 40, 60 and 80 % (the sum of the distances is smallest; of equals, the
    smaller ones). Fewer than four different values have no such cuts.

    >>> rising_quintiles(np.arange(11.0))
    (2.0, 4.0, 6.0, 8.0)
    >>> rising_quintiles(np.array([0.0] * 7 + [1.0, 2.0, 3.0]))
    (0.0, 1.0, 2.0, 3.0)
    >>> rising_quintiles(np.array([0.0] * 7 + [1.0]))
    """
    cuts = [significant(cut) for cut in np.quantile(values, _FIFTHS).tolist()]
    if all(a < b for a, b in pairwise(cuts)):
        return tuple(cuts)
    near = np.array([significant(x) for x in values.tolist()])
    different, first = np.unique(near, return_index=True)
    if different.size < len(_FIFTHS):
        return None
    chosen = _nearest(first / values.size)
    return tuple(different[chosen].tolist())


def _nearest(shares: Floats) -> list[int]:
    """Return four rising positions of rising shares, nearest to the fifths together."""
    best = np.abs(shares - _FIFTHS[0])
    origins = []
    for fifth in _FIFTHS[1:]:
        least = np.minimum.accumulate(best)
        is_new = np.concatenate([[True], best[1:] < least[:-1]])
        origin = np.maximum.accumulate(np.where(is_new, np.arange(best.size), 0))
        origins.append(origin)
        best = np.concatenate([[math.inf], least[:-1] + np.abs(shares[1:] - fifth)])
    chosen = [int(best.argmin())]
    for origin in reversed(origins):
        chosen.append(int(origin[chosen[-1] - 1]))
    return chosen[::-1]
