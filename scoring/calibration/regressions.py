"""A linear estimate of an indicator from others, by least squares."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from scoring.calibration.customers import Customers, Floats
from scoring.calibration.rounding import significant
from scoring.errors import CalibrationError
from scoring.population import Regression

_COLLINEAR: Final = 1e-8
"""A column is taken to follow from others if less of it than this share of its length does not."""


def regression_of(customers: Customers, name: str, on: Sequence[str]) -> Regression:
    """Return intercept and coefficients, rounded, over the customers that have all values.

    Raises:
        CalibrationError: They are fewer than the numbers to be found and one more, or one of the
            indicators is constant or follows from others, so that no single estimate is the best.

    >>> from datetime import date
    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> few = Customers(date(2026, 11, 25), 4, {"x": x, "y": 2 * x + 5}, {})
    >>> regression_of(few, "y", ["x"])
    Regression(intercept=5.0, coefficients={'x': 2.0})
    """
    table = np.stack([customers.values[each] for each in (*on, name)], axis=1)
    table = table[~np.isnan(table).any(axis=1)]
    table = table[np.lexsort(table.T)]  # the order of customers makes no difference
    if len(table) < len(on) + 2:
        raise CalibrationError(
            f"regression of {name!r}: only {len(table)} customers have values of it and of "
            f"{', '.join(on)}; it takes {len(on) + 2}"
        )
    middle = table.mean(axis=0)
    centred = table - middle
    scale = np.linalg.norm(centred[:, :-1], axis=0)
    _refuse_collinear(name, on, table, centred, scale)
    slopes = np.linalg.lstsq(centred[:, :-1] / scale, centred[:, -1], rcond=None)[0] / scale
    intercept = float(middle[-1] - middle[:-1] @ slopes)
    coefficients = zip(on, slopes.tolist(), strict=True)
    return Regression(
        intercept=significant(intercept),
        coefficients={each: significant(slope) for each, slope in coefficients},
    )


def _refuse_collinear(
    name: str, on: Sequence[str], table: Floats, centred: Floats, scale: Floats
) -> None:
    for n, each in enumerate(on):
        if np.ptp(table[:, n]) == 0:
            raise CalibrationError(
                f"regression of {name!r}: {each!r} has the same value of all customers that count; "
                "take it out of `on`"
            )
    rest = np.abs(np.diagonal(np.linalg.qr(centred[:, :-1] / scale, mode="r")))
    for n in np.flatnonzero(rest < _COLLINEAR)[:1].tolist():
        raise CalibrationError(
            f"regression of {name!r}: {on[n]!r} follows from {', '.join(on[:n])} (collinear), so "
            "no single estimate is the best; take it out of `on`"
        )
