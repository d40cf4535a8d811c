"""Rows of numbers, as judgements and figures come in."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.errors import WeightsError

Row = Sequence[float] | NDArray[np.float64]
Table = Sequence[Row] | NDArray[np.float64]
Floats = NDArray[np.float64]


def table(rows: Table, *path: str | int) -> Floats:
    """Return rows of equal length as a matrix of its own; `path` names the rows in errors.

    Raises:
        WeightsError: There is no row or no column, the rows differ in length, or a number is
            infinite or not a number.

    >>> table([[1, 2], [3]], "matrix")
    Traceback (most recent call last):
        ...
    scoring.errors.WeightsError: matrix.1: has 1 number, the first row has 2; make all rows equal
    """
    width = len(rows[0]) if len(rows) else 0
    if not width:
        raise WeightsError("holds no numbers; give at least one row with one number", *path)
    for n, row in enumerate(rows):
        if len(row) != width:
            raise WeightsError(
                f"has {len(row)} number{'' if len(row) == 1 else 's'}, the first row has {width}; "
                "make all rows equal",
                *path,
                n,
            )
    values = np.array(rows, np.float64)
    require(values, np.isfinite(values), "give a finite number", *path)
    return values


def require(values: Floats, good: NDArray[np.bool_], advice: str, *path: str | int) -> None:
    """Refuse the first value that is not good.

    Raises:
        WeightsError: It names value and place, with the advice.
    """
    for place in np.argwhere(~good)[:1].tolist():
        raise WeightsError(f"is {values[tuple(place)]:g}; {advice}", *path, *place)


def fit(count: int, names: Sequence[str], *path: str | int) -> None:
    """Refuse another number of criteria than of their names, where these are known.

    Raises:
        WeightsError: It names the criteria.
    """
    if names and len(names) != count:
        raise WeightsError(
            f"is for {count} criteri{'on' if count == 1 else 'a'}, but there "
            f"{'is' if len(names) == 1 else 'are'} {len(names)}: {', '.join(names)}; "
            "make them agree",
            *path,
        )
