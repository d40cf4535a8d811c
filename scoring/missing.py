"""What a term takes when its indicator has no value (docs/semantics.md section 5)."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.indicators import listed, text_of
from scoring.jit import jit_borrowing
from scoring.tables import FILLS

PEERS: Final = FILLS.index("peers")
REGRESSION: Final = FILLS.index("regression")
SHARE: Final = FILLS.index("share")
LEAVE_OUT: Final = FILLS.index("leave_out")


@jit_borrowing
def filled(
    term: Any, listed_values: Any, coefficients: Any,
    customer: Any, columns: NDArray[np.int32], attributes: Any, values: NDArray[np.float64],
) -> float:  # fmt: skip  # a line for the model, a line for the customer
    """Return the raw value that stands for a missing one; NaN if a share does, or nothing."""
    if term.fill in (SHARE, LEAVE_OUT):
        return math.nan
    if term.fill == PEERS:
        group = text_of(customer, columns, attributes, term.column)
        of_peers = listed(listed_values, term.first_fill, term.end_fill, group)
        return float(term.missing) if math.isnan(of_peers) else of_peers
    if term.fill == REGRESSION:
        estimate = coefficients[term.first_fill].factor
        for n in range(term.first_fill + 1, term.end_fill):
            estimate += coefficients[n].factor * values[coefficients[n].indicator]
        return float(term.missing) if math.isnan(estimate) else float(estimate)
    return float(term.missing)
