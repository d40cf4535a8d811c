"""Customers by recency and frequency, and by the classes of the model's RFM segment."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.segment_kinds import Grade, Rfm
from streams.dashboard import views
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.columns import Customers, Rows
from streams.dashboard.pyramid import share

GRADES: Final = 5
_QUINTILES: Final = (0.2, 0.4, 0.6, 0.8)


def rfm_grid(customers: Customers, rows: Rows, as_of: views.AsOf) -> views.RfmGrid:
    """Return the grid of grades, 5 the best, and the classes.

    Grades are cut as the model or its population says; where the model has a single cut between
    low and high, by quintiles of the customers shown. Who has no value has grade 1.
    """
    catalogue = customers.catalogue
    said = None if catalogue.rfm is None else catalogue.model.segments[catalogue.rfm]
    if catalogue.rfm is None or not isinstance(said, Rfm):
        return views.RfmGrid(
            as_of=as_of, available=False, segment=None, cuts=None, grid=[], classes=[]
        )
    recency, frequency, monetary = (
        customers.indicators[catalogue.indicator(each.indicator), rows]
        for each in (said.recency, said.frequency, said.monetary)
    )
    by_model = _cuts(catalogue, said.recency), _cuts(catalogue, said.frequency)
    is_by_model = None not in by_model
    recent, often = by_model if is_by_model else (_quintiles(recency), _quintiles(frequency))
    cells = (GRADES - _grades(-recency, [-cut for cut in reversed(recent or ())])) * GRADES
    cells += _grades(frequency, often or ()) - 1
    return views.RfmGrid(
        as_of=as_of,
        available=True,
        segment=catalogue.rfm,
        cuts="model" if is_by_model else "customers",
        grid=_grid(customers, rows, cells, monetary),
        classes=_classes(customers, rows, catalogue.segment(catalogue.rfm)),
    )


def _cuts(catalogue: Catalogue, grade: Grade) -> Sequence[float] | None:
    """Return the four cuts of the model or of its population; None if it has one cut only."""
    if grade.cuts != "population":
        return grade.cuts
    figures = catalogue.model.population.indicators.get(grade.indicator)
    return None if figures is None else figures.quintiles


def _quintiles(values: NDArray[np.float64]) -> Sequence[float]:
    known = values[~np.isnan(values)]
    cuts: list[float] = np.quantile(known, _QUINTILES).tolist() if known.size else []
    return cuts


def _grades(values: NDArray[np.float64], cuts: Sequence[float]) -> NDArray[np.int64]:
    """Return 1 and how many cuts each value has reached; 1 without a value."""
    grades = 1 + np.searchsorted(np.array(cuts, np.float64), values, side="right")
    grades[np.isnan(values)] = 1
    return grades


def _grid(
    customers: Customers, rows: Rows, cells: NDArray[np.int64], monetary: NDArray[np.float64]
) -> list[list[views.RfmCell]]:
    count = GRADES * GRADES
    sizes = np.bincount(cells, minlength=count).tolist()
    known = ~np.isnan(monetary)
    valued = np.bincount(cells[known], minlength=count).tolist()
    spent = np.bincount(cells[known], monetary[known], count).tolist()
    position = customers.catalogue.profit
    profit: list[float | None] = [None] * count
    if position is not None:
        brought = np.nan_to_num(customers.indicators[position, rows])
        profit = np.bincount(cells, brought, count).tolist()
    flat = [
        views.RfmCell(
            customers=sizes[cell],
            share=share(sizes[cell], rows.size) or 0.0,
            mean_monetary=share(spent[cell], valued[cell]),
            profit=profit[cell],
        )
        for cell in range(count)
    ]
    return [flat[first : first + GRADES] for first in range(0, count, GRADES)]


def _classes(customers: Customers, rows: Rows, segment: int) -> list[views.RfmClass]:
    held = customers.classes[segment, rows]
    names = customers.catalogue.names.classes[segment]
    sizes = np.bincount(held[held >= 0], minlength=len(names)).tolist()
    return [
        views.RfmClass(
            name=name,
            label=customers.catalogue.class_view(segment, c).label,
            customers=sizes[c],
            share=share(sizes[c], rows.size) or 0.0,
        )
        for c, name in enumerate(names)
    ]
