"""A raw indicator value becomes a number from 0 to 1 (docs/semantics.md section 5)."""

import math
from typing import Any, Final

from scoring.jit import jit_borrowing
from scoring.tables import NORMALISER_KINDS, Table

LINEAR: Final = NORMALISER_KINDS.index("linear")
LOG: Final = NORMALISER_KINDS.index("log")
PIECEWISE: Final = NORMALISER_KINDS.index("piecewise")
LOGISTIC: Final = NORMALISER_KINDS.index("logistic")


@jit_borrowing
def normalise(term: Any, knots: Table, x: float) -> float:
    """Return the normalised value of a term's indicator; NaN (null) gives its `missing`."""
    if math.isnan(x):
        return float(term.missing)
    x = min(term.most, max(term.least, x))
    kind = term.normaliser
    if kind == LINEAR:
        n = min(1.0, max(0.0, (x - term.low) / (term.high - term.low)))
    elif kind == LOG:
        n = min(1.0, math.log(1.0 + max(0.0, x)) / term.high)
    elif kind == LOGISTIC:
        n = 1.0 / (1.0 + math.exp(-(x - term.low) / term.high))
    elif kind == PIECEWISE:
        n = on_lines(knots, term.first_knot, term.end_knot - 1, x)
    else:
        n = on_steps(knots, term.first_knot, term.end_knot - 1, x)
    return float(1.0 - n if term.less == 1 else n)


@jit_borrowing
def on_lines(knots: Any, first: int, last: int, x: float) -> float:
    """Interpolate between the knots first … last; flat outside them."""
    if x <= knots[first].x:
        return float(knots[first].y)
    for k in range(first, last):
        left, right = knots[k], knots[k + 1]
        if x < right.x:
            return float(left.y + (right.y - left.y) * ((x - left.x) / (right.x - left.x)))
    return float(knots[last].y)


@jit_borrowing
def on_steps(knots: Any, first: int, last: int, x: float) -> float:
    """Return the y of the last knot at or below x; below the first, the first y."""
    for k in range(last, first, -1):
        if knots[k].x <= x:
            return float(knots[k].y)
    return float(knots[first].y)
