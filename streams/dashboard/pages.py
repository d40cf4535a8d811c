"""Customers in an order, some at a time."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.dashboard import views
from streams.dashboard.catalogue import ATTRIBUTES
from streams.dashboard.columns import Customers, Rows
from streams.dashboard.errors import UnknownNameError
from streams.dashboard.ordering import smallest
from streams.dashboard.selection import values_of

SCORE: Final = "score"
TEXTS: Final = ("customer_id", "name")
Cell = str | float | None


def sorted_rows(
    customers: Customers, rows: Rows, sort: str, score: int, first: int, last: int
) -> Rows:
    """Return rows `first` to below `last` in an order; who has no value comes last in any.

    Equals stay in the order of their rows.

    Args:
        customers: Whose rows they are.
        rows: All of them, rising.
        sort: `score` (that of the filter), `name`, `customer_id`, an indicator or a score; with a
            minus before it the largest first.
        score: The filter's.
        first: Counted from 0.
        last: May lie behind the end.

    Raises:
        UnknownNameError: There is nothing of that name.
    """
    descending = sort.startswith("-")
    keys = _keys(customers, rows, sort.removeprefix("-"), score)
    keys = np.where(np.isnan(keys), np.inf, -keys if descending else keys)
    return rows[smallest(keys, min(last, rows.size))[first:]]


def _keys(customers: Customers, rows: Rows, sort: str, score: int) -> NDArray[np.float64]:
    if sort == SCORE:
        scores: NDArray[np.float64] = customers.scores[score, rows]
        return scores
    if sort in TEXTS:
        return customers.places(rows, by_name=sort == "name")
    try:
        return values_of(customers, sort)[rows]
    except UnknownNameError as error:
        known = (SCORE, *TEXTS, *error.known)
        raise UnknownNameError("column to sort by", sort, known) from None


def row_view(
    customers: Customers, row: int, columns: Sequence[str], last_change: views.TierChange | None
) -> views.CustomerRow:
    """Return a line of the table; `columns` are indicators."""
    values = dict(zip(ATTRIBUTES, attributes_of(customers, row), strict=True))
    return views.CustomerRow(
        customer_id=customers.identity(row),
        name=customers.customer_names[row],
        owner=values["owner"],
        region=values["region"],
        industry=values["industry"],
        size=values["size"],
        scores=standings_of(customers, row),
        segments=classes_of(customers, row),
        indicators={name: number(values_of(customers, name)[row]) for name in columns},
        last_change=last_change,
    )


def attributes_of(customers: Customers, row: int) -> list[str | None]:
    """Return the `ATTRIBUTES` of a customer."""
    return [customers.attribute(a, row) for a in range(len(ATTRIBUTES))]


def standings_of(customers: Customers, row: int) -> dict[str, views.Standing]:
    """Return scores and tiers of a customer, as far as its snapshot had those of this model."""
    names = customers.catalogue.names
    tiers = customers.tiers[:, row].tolist()
    return {
        name: views.Standing(score=float(customers.scores[s, row]), tier=names.tiers[s][tiers[s]])
        for s, name in enumerate(names.scores)
        if tiers[s] >= 0
    }


def classes_of(customers: Customers, row: int) -> dict[str, str | None]:
    """Return the classes of a customer by segment."""
    names, held = customers.catalogue.names, customers.classes[:, row].tolist()
    return {
        name: None if held[g] < 0 else names.classes[g][held[g]]
        for g, name in enumerate(names.segments)
    }


def export_header(customers: Customers, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns of an export."""
    names = customers.catalogue.names
    standing = [each for name in names.scores for each in (f"{name}_score", f"{name}_tier")]
    return (*TEXTS, *ATTRIBUTES, *standing, *names.segments, *columns)


def export_row(customers: Customers, row: int, columns: Sequence[str]) -> tuple[Cell, ...]:
    """Return one line of an export."""
    names = customers.catalogue.names
    tiers = customers.tiers[:, row].tolist()
    standing: list[Cell] = []
    for s in range(len(names.scores)):
        standing.append(number(customers.scores[s, row]))
        standing.append(None if tiers[s] < 0 else names.tiers[s][tiers[s]])
    return (
        customers.identity(row),
        customers.customer_names[row],
        *attributes_of(customers, row),
        *standing,
        *classes_of(customers, row).values(),
        *(number(values_of(customers, name)[row]) for name in columns),
    )


def number(value: np.float64) -> float | None:
    """Return a value of a column; None for NaN."""
    found = float(value)
    return None if found != found else found  # noqa: PLR0124  # NaN
