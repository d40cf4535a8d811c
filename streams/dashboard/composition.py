"""What customers consist of: how many there are of each value."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.dashboard import views
from streams.dashboard.catalogue import ATTRIBUTES
from streams.dashboard.columns import Customers, Rows
from streams.dashboard.errors import UnknownNameError

MOST: Final = 50
OTHER: Final = "…other"
"""Stands for all values but the `MOST` numerous ones."""


_Texts = Callable[[int], str | None]


def composition(customers: Customers, rows: Rows, by: str, as_of: views.AsOf) -> views.Composition:
    """Return how many there are of each attribute's value, segment's class or score's tier.

    Raises:
        UnknownNameError: `by` is none of these.
    """
    codes, texts = _coded(customers, rows, by)
    counts = np.bincount(codes.astype(np.int64) + 1, minlength=1)  # 0: those that have none
    found = [
        (texts(int(place) - 1), int(counts[place])) for place in np.flatnonzero(counts).tolist()
    ]
    found.sort(key=lambda each: (-each[1], each[0] is None, each[0] or ""))
    shown, rest = (found, []) if len(found) <= MOST else (found[:MOST], found[MOST:])
    groups = [
        views.Part(value=value, customers=count, share=count / rows.size) for value, count in shown
    ]
    if rest:
        count = sum(count for _, count in rest)
        share = count / rows.size
        groups.append(views.Part(value=OTHER, customers=count, share=share, others=len(rest)))
    return views.Composition(as_of=as_of, by=by, total=rows.size, groups=groups)


def _coded(customers: Customers, rows: Rows, by: str) -> tuple[NDArray[Any], _Texts]:
    """Return a code for each row, and what codes mean; -1 for none."""
    catalogue = customers.catalogue
    kind, _, name = by.partition(":")
    if by in ATTRIBUTES:
        a = ATTRIBUTES.index(by)
        return customers.attributes[a, rows], customers.codes.attributes[a].text
    if kind == "segment":
        segment = catalogue.segment(name)
        return customers.classes[segment, rows], _named(catalogue.names.classes[segment])
    if kind == "tier":
        score = catalogue.score(name)
        return customers.tiers[score, rows], _named(catalogue.names.tiers[score])
    known = (
        *ATTRIBUTES,
        *(f"segment:{each}" for each in catalogue.names.segments),
        *(f"tier:{each}" for each in catalogue.names.scores),
    )
    raise UnknownNameError("composition by", by, known)


def _named(names: tuple[str, ...]) -> _Texts:
    return lambda code: None if code < 0 else names[code]
