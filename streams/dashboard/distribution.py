"""How the values of an indicator are distributed."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.dashboard import views
from streams.dashboard.columns import Customers, Rows
from streams.dashboard.selection import values_of

BINS: Final = 30
_FENCE: Final = 3.0
"""Quartile distances from the quartiles; what lies further out is told in one bin at the end."""


def distribution(
    customers: Customers, rows: Rows, indicator: str, as_of: views.AsOf
) -> views.Distribution:
    """Return extremes, mean, quartiles (linear between values) and a histogram of an indicator.

    Raises:
        UnknownNameError: There is no such indicator, and no such score.
    """
    values = values_of(customers, indicator)[rows]
    values = values[~np.isnan(values)]
    missing = rows.size - values.size
    if not values.size:
        return views.Distribution(
            as_of=as_of, indicator=indicator, count=0, missing=missing, min=None, max=None,
            mean=None, quartiles=None, histogram=views.Histogram(edges=[], counts=[]),
        )  # fmt: skip
    low, q1, median, q3, high = np.quantile(values, (0, 0.25, 0.5, 0.75, 1)).tolist()
    edges = _edges(values, low, q1, q3, high)
    return views.Distribution(
        as_of=as_of,
        indicator=indicator,
        count=values.size,
        missing=missing,
        min=low,
        max=high,
        mean=float(values.mean()),
        quartiles=[q1, median, q3],
        histogram=views.Histogram(edges=edges, counts=_counts(values, edges)),
    )


def _edges(
    values: NDArray[np.float64], low: float, q1: float, q3: float, high: float
) -> list[float]:
    """Return edges of at most `BINS` bins of equal width, and of one at each end for outliers.

    Bins of whole numbers have whole edges.
    """
    first = max(low, q1 - _FENCE * (q3 - q1))
    last = min(high, q3 + _FENCE * (q3 - q1))
    if first == last:
        inner = [first]
    elif bool((values == np.floor(values)).all()):
        first, last = math.floor(first), math.ceil(last)
        width = max(1, math.ceil((last - first) / BINS))
        inner = [float(edge) for edge in range(int(first), int(last) + width, width)]
    else:
        inner = np.linspace(first, last, BINS + 1).tolist()
    edges = sorted({low, *(edge for edge in inner if low < edge < high), high})
    return edges if len(edges) > 1 else [low, low]


def _counts(values: NDArray[np.float64], edges: list[float]) -> list[int]:
    """Count values from each edge to below the next; the last bin takes its end, too."""
    bins = len(edges) - 1
    place = np.searchsorted(np.array(edges[1:-1]), values, side="right")
    counts: list[int] = np.bincount(place, minlength=bins).tolist()
    return counts
