"""Indicators from running sums and marks (docs/semantics.md section 4)."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.arena import NEVER
from scoring.jit import jit_borrowing
from scoring.program import INDICATOR_KINDS

SUM: Final = INDICATOR_KINDS.index("sum")
RATIO: Final = INDICATOR_KINDS.index("ratio")
GROWTH: Final = INDICATOR_KINDS.index("growth")
DAYS_SINCE: Final = INDICATOR_KINDS.index("days_since")


@jit_borrowing
def combination(members: Any, first: int, end: int, sums: NDArray[np.int64]) -> int:
    """Return Σ sign × operand of the members [first, end), an exact integer."""
    total = 0
    for n in range(first, end):
        member = members[n]
        total += member.sign * sums[member.operand]
    return total


@jit_borrowing
def indicator(
    row: Any, members: Any, as_of: int, marks: NDArray[np.int32], sums: NDArray[np.int64]
) -> float:
    """Return the raw value of an indicator in natural units; NaN stands for null."""
    if row.kind == DAYS_SINCE:
        mark = marks[row.mark]
        return math.nan if mark == NEVER else float(as_of - mark)
    a = combination(members, row.a, row.b, sums)
    if row.kind == SUM:
        return float(a / row.unit)
    b = combination(members, row.b, row.c, sums)
    if row.kind == RATIO:
        return float(a) / row.unit / float(b) if b > 0 else math.nan
    if row.kind == GROWTH:
        if combination(members, row.c, row.end, sums) == 0:
            return math.nan
        return float(a - b) / float(max(b, row.floor))
    return float(a + 1) / float(a + b + 2)
