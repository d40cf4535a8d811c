"""A table of customers: what a population is computed from."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Customers(NamedTuple):
    """Customers as of a day: a row for each, in columns.

    >>> few = Customers(
    ...     as_of=date(2026, 11, 25),
    ...     size=3,
    ...     values={"spend": np.array([5.0, np.nan, 7.0])},
    ...     texts={"region": ["south", "north", None]},
    ... )
    >>> few.known("spend").tolist()
    [5.0, 7.0]
    >>> {text: rows.tolist() for text, rows in few.groups("region").items()}
    {'north': [1], 'south': [0]}
    """

    as_of: date
    size: int
    values: Mapping[str, Floats]
    """By indicator; NaN stands for null."""
    texts: Mapping[str, Sequence[str | None]]
    """By attribute; None where a customer has no text of it."""

    def known(self, indicator: str, rows: Rows | None = None) -> Floats:
        """Return the values of an indicator, of all or of some customers, without nulls, sorted."""
        values = self.values[indicator] if rows is None else self.values[indicator][rows]
        return np.sort(values[~np.isnan(values)])

    def groups(self, attribute: str) -> dict[str, Rows]:
        """Return the rows of the customers of each text in an attribute, sorted by text."""
        given = self.texts[attribute]
        texts = sorted({text for text in given if text is not None})
        codes = {text: n for n, text in enumerate(texts)}
        code = np.array([-1 if text is None else codes[text] for text in given], np.int64)
        order = np.argsort(code, kind="stable")
        ends = np.searchsorted(code[order], np.arange(len(texts) + 1))
        return {text: order[ends[n] : ends[n + 1]] for n, text in enumerate(texts)}
