"""Segments: classes of customers by conditions, some with memory (docs/semantics.md section 12)."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing
from scoring.tables import CONDITIONS

INDICATOR: Final = CONDITIONS.index("indicator")
SCORE: Final = CONDITIONS.index("score")
SEGMENT: Final = CONDITIONS.index("segment")


@jit_borrowing
def raw_class(
    segment: Any, classes: Any, conditions: Any,
    values: NDArray[np.float64], scores: NDArray[np.float64], raw: NDArray[np.int32],
) -> int:  # fmt: skip  # a line for the model, a line for the customer
    """Return the first class of a segment that a customer enters, counted from the first."""
    for k in range(segment.first, segment.end - 1):
        if all_hold(conditions, classes[k].first, classes[k].stay, values, scores, raw):
            return int(k - segment.first)
    return int(segment.end - 1 - segment.first)


@jit_borrowing
def next_class(
    segment: Any, classes: Any, conditions: Any, before: int,
    values: NDArray[np.float64], scores: NDArray[np.float64], raw: NDArray[np.int32], now: int,
) -> int:  # fmt: skip  # a line for the model, a line for the customer
    """Return the class after an evaluation whose raw class is `now`; `before` is −1 at first."""
    if before < 0 or before == now:
        return now
    row = classes[segment.first + before]
    stays = row.stay < row.end and all_hold(conditions, row.stay, row.end, values, scores, raw)
    return before if stays else now


@jit_borrowing
def all_hold(
    conditions: Any, first: int, end: int,
    values: NDArray[np.float64], scores: NDArray[np.float64], raw: NDArray[np.int32],
) -> bool:  # fmt: skip  # a line for the model, a line for the customer
    """Return whether the conditions [first, end) hold; NaN lies between no bounds."""
    for n in range(first, end):
        condition = conditions[n]
        if condition.kind == INDICATOR:
            is_met = condition.low <= values[condition.of] < condition.high
        elif condition.kind == SCORE:
            is_met = condition.low <= scores[condition.of] < condition.high
        elif condition.kind == SEGMENT:
            is_met = raw[condition.of] == condition.is_class
        else:
            is_met = math.isnan(values[condition.of])
        if not is_met:
            return False
    return True
