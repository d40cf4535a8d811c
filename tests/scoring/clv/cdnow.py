"""The published example: 2,357 customers of CDNOW (tests/data/README.md)."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).resolve().parents[2] / "data" / "cdnow_customers.csv.gz"
PURCHASES = (0.242595, 4.413596, 0.792920, 2.425896)
"""r, alpha, a, b as Fader, Hardie & Lee publish them: 0.243, 4.414, 0.793, 2.426."""


class Cdnow(NamedTuple):
    """Repeat purchases x, the last at t_x, of T weeks, and the mean of the repeat purchases."""

    x: NDArray[np.float64]
    t_x: NDArray[np.float64]
    T: NDArray[np.float64]
    mean: NDArray[np.float64]


@cache
def cdnow() -> Cdnow:
    """Read the file."""
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        table = np.loadtxt(lines, delimiter=",", skiprows=1)
    return Cdnow(*(np.ascontiguousarray(column) for column in table.T[1:]))
