"""Who is asked about: the rows that a filter leaves, and values of theirs by name."""

import numpy as np
from numpy.typing import NDArray

from streams.dashboard.catalogue import ATTRIBUTES
from streams.dashboard.columns import Customers, Rows
from streams.dashboard.errors import UnknownNameError
from streams.dashboard.filters import Between, Filter
from streams.dashboard.movements import Movements
from streams.dashboard.texts import NOBODY, NONE


def select(customers: Customers, movements: Movements, wanted: Filter, owner: str | None) -> Rows:
    """Return the rows of the customers that a filter leaves of an owner's (None: of all).

    Raises:
        UnknownNameError: The filter names something that the model does not have.
    """
    catalogue = customers.catalogue
    score = catalogue.score(wanted.score)
    n = customers.count
    kept = customers.present[:n].copy()
    if owner is not None:
        code = customers.codes.attributes[0].find(owner)
        kept &= customers.attributes[0, :n] == (NOBODY if code == NONE else code)
    if wanted.tier is not None:
        kept &= customers.tiers[score, :n] == catalogue.tier(score, wanted.tier)
    for a, name in enumerate(ATTRIBUTES):
        text = getattr(wanted, name)
        if text is not None:
            kept &= customers.attributes[a, :n] == customers.codes.attributes[a].find(text)
    for name, class_name in wanted.segments:
        segment = catalogue.segment(name)
        position = catalogue.class_of(segment, class_name) if class_name else NONE
        kept &= customers.classes[segment, :n] == position
    for between in wanted.where:
        kept &= _lies(values_of(customers, between.indicator), between)
    if wanted.moved is not None:
        moved = wanted.moved
        path = catalogue.tier(score, moved.from_), catalogue.tier(score, moved.to)
        then, now = movements.paths(score, customers.newest_day - moved.days, n)
        kept &= (then == path[0]) & (now == path[1])
    rows = np.flatnonzero(kept)
    return customers.search(wanted.q, rows) if wanted.q else rows


def values_of(customers: Customers, name: str) -> NDArray[np.float64]:
    """Return an indicator, or a score, of all rows.

    Raises:
        UnknownNameError: There is neither.
    """
    names = customers.catalogue.names
    if name in names.indicators:
        return customers.indicators[names.indicators.index(name), : customers.count]
    if name in names.scores:
        return customers.scores[names.scores.index(name), : customers.count]
    raise UnknownNameError("indicator or score", name, (*names.indicators, *names.scores))


def _lies(values: NDArray[np.float64], between: Between) -> NDArray[np.bool_]:
    kept = np.isfinite(values)
    if between.low is not None:
        kept &= values >= between.low
    if between.high is not None:
        kept &= values <= between.high
    return kept
