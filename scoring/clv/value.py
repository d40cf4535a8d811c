"""What the kernel asks for: a customer's figures in days and orders, and the answers, compiled.

Every order (sale) is a purchase, also a second one on the same day: x = orders − 1 of them are
repeat purchases, t_x is the time from the first sale to the last, T that from the first sale to the
as-of day. A customer who never bought (refunds only) has no answer: NaN.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.clv import bgnbd
from scoring.clv.gammagamma import expected_value
from scoring.clv.parameters import Clv
from scoring.jit import jit_borrowing

PERIOD_DAYS: Final = 30
"""The present value counts in periods of so many days, each discounted from its end."""
DAYS_A_YEAR: Final = 365

CLV: Final = np.dtype(
    [
        *((name, "f8") for name in ("r", "alpha", "a", "b", "p", "q", "v", "unit", "factor")),
        ("margin", "f8"),
        ("fades", "?"),
    ]
)
"""`unit`: days a unit of time; `factor`: what 1 after a period is worth today; `fades`: MBG/NBD."""


def table_of(parameters: Clv) -> NDArray[np.void]:
    """Return the parameters as the one row that compiled functions read.

    >>> row = table_of(Clv(r=1, alpha=2, a=3, b=4, p=5, q=6, v=7, discount_rate=0.1))[0]
    >>> row["unit"].item(), round(row["factor"].item() ** (365 / 30), 9) == round(1 / 1.1, 9)
    (7.0, True)
    """
    c = parameters
    factor = (1.0 + c.discount_rate) ** (-PERIOD_DAYS / DAYS_A_YEAR)
    values = (c.p, c.q, c.v) if c.p is not None else (math.nan,) * 3
    fades = c.dropout == "any"
    row = (c.r, c.alpha, c.a, c.b, *values, c.unit_days, factor, c.margin, fades)
    return np.array([row], CLV)


@jit_borrowing
def probability_alive(clv: Any, orders: int, last_days: int, age_days: int) -> float:
    """Return the probability that a customer still buys.

    `last_days` lie between the first sale and the last, `age_days` between the first sale and the
    as-of day.
    """
    if orders < 1:
        return math.nan
    t_x, T = last_days / clv.unit, age_days / clv.unit
    return float(bgnbd.alive(clv.r, clv.alpha, clv.a, clv.b, orders - 1.0, t_x, T, clv.fades))


@jit_borrowing
def purchases(clv: Any, orders: int, last_days: int, age_days: int, days: float) -> float:
    """Return the expected number of orders within so many days from the as-of day."""
    if orders < 1:
        return math.nan
    t_x, T = last_days / clv.unit, age_days / clv.unit
    return float(
        bgnbd.expected_purchases(
            clv.r, clv.alpha, clv.a, clv.b, orders - 1.0, t_x, T, days / clv.unit, clv.fades
        )
    )


@jit_borrowing
def present_value(
    clv: Any, orders: int, last_days: int, age_days: int, mean: float, periods: int
) -> float:
    """Return what the orders of the next `periods` periods of 30 days are worth today.

    Σ over k = 1 … periods of (E[orders by k] − E[orders by k − 1]) ÷ (1 + discount_rate)^(30 k ÷
    365), times the expected order value, times the margin. `mean` is that of the customer's orders
    so far, in major units.
    """
    if orders < 1:
        return math.nan
    t_x, T = last_days / clv.unit, age_days / clv.unit
    coming = bgnbd.discounted_purchases(
        clv.r, clv.alpha, clv.a, clv.b, orders - 1.0, t_x, T,
        PERIOD_DAYS / clv.unit, periods, clv.factor, clv.fades,
    )  # fmt: skip  # the population, the customer, the question
    return float(coming * expected_value(clv.p, clv.q, clv.v, float(orders), mean) * clv.margin)
