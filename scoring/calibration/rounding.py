"""Figures of a population have six significant digits: they are read by people."""

import math
from typing import Final

DIGITS: Final = 6


def significant(x: float) -> float:
    """Return a number rounded to `DIGITS` significant digits.

    >>> significant(1234567.8), significant(0.000123456789), significant(-0.0)
    (1234570.0, 0.000123457, 0.0)
    """
    return float(f"{x:.{DIGITS - 1}e}") + 0.0


def step(x: float) -> float:
    """Return the distance between numbers of `DIGITS` significant digits about as large as x.

    >>> step(80.51923), step(0)
    (0.0001, 1e-06)
    """
    return 10.0 ** (math.floor(math.log10(abs(x))) + 1 - DIGITS) if x else 10.0**-DIGITS


def just_above(x: float) -> float:
    """Return the first number of `DIGITS` significant digits above x, which is at least 0.

    >>> just_above(80.51923), just_above(80.0), just_above(0.0)
    (80.5193, 80.0001, 1e-06)
    """
    near = significant(x)
    return near if near > x else significant(near + step(near))


def at_most(x: float) -> float:
    """Return the last number of `DIGITS` significant digits at or below x, which is at least 0.

    >>> at_most(80.51928), at_most(99.99996), at_most(80.0), at_most(0.0)
    (80.5192, 99.9999, 80.0, 0.0)
    """
    near = significant(x)
    return near if near <= x else significant(near - step(x))
