"""What a model shows on customers; they are scored by it as it is now."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import numpy as np

from scoring.calibration.customers import Customers
from scoring.calibration.rescoring import Rescored, rescore
from scoring.lint.alone import used_indicators
from scoring.lint.findings import Finding
from scoring.lint.ranks import spearman
from scoring.model import Model, Score

LARGEST_RHO: Final = 0.9
LARGEST_NULLS: Final = 0.9
LARGEST_DRIFT: Final = 0.5
"""Of the deviation."""
FEWEST: Final = 10
"""Customers: of fewer, a correlation says nothing."""


def findings_on_customers(model: Model, customers: Customers) -> list[Finding]:
    """Return what is odd in how a model does on customers, in the order of its parts.

    The customers have values of all its indicators, and texts of the attributes of its peers.

    >>> from datetime import date
    >>> from scoring.model import parse
    >>> model = parse(
    ...     '''
    ... model: {name: tiny, version: 1}
    ... timezone: UTC
    ... currencies: {base: CNY}
    ... indicators: {orders: {kind: sum, add: [orders]}}
    ... scores:
    ...   value:
    ...     groups:
    ...       - name: all
    ...         weight: 1
    ...         indicators:
    ...           - {indicator: orders, weight: 1, normaliser: {kind: linear, low: 0, high: 10}}
    ...     tiers: [{name: new}, {name: regular, enter_at: 30, leave_below: 20}]
    ... ''',
    ...     "tiny.yaml",
    ... )
    >>> few = Customers(date(2026, 11, 25), 3, {"orders": np.array([0.0, 1.0, 2.0])}, {})
    >>> [tuple(each) for each in findings_on_customers(model, few)]
    [('empty', 'scores.value.tiers.regular', 'none of 3 customers would enter it')]
    """
    rescored, used = rescore(model, customers), used_indicators(model)
    return [
        *(
            found
            for name in model.indicators
            if name in used  # of the others the model itself tells
            for found in _of_indicator(model, name, customers)
        ),
        *(
            found
            for name, score in model.scores.items()
            for found in _of_score(name, score, customers, rescored)
        ),
    ]


def _of_indicator(model: Model, name: str, customers: Customers) -> Iterator[Finding]:
    where, known = f"indicators.{name}", customers.known(name)
    nulls = customers.size - known.size
    if nulls > LARGEST_NULLS * customers.size:
        yield Finding(
            "mostly null", where, f"is null for {nulls:,} of {customers.size:,} customers"
        )
    if known.size > 1 and _is_constant(customers, name):
        yield Finding("constant", where, f"is {known[0]:g} for every customer that has a value")
    figures = model.population.indicators.get(name)
    if figures is None or figures.deviation is None or not known.size:
        return
    median = float(np.median(known))
    if abs(median - figures.median) > LARGEST_DRIFT * figures.deviation:
        yield Finding(
            "drift",
            f"population.indicators.{name}",
            f"its median is {median:g} now, {figures.median:g} in the population: moved by more "
            f"than half a deviation ({figures.deviation:g}); run `valuepulse model calibrate`",
        )


def _is_constant(customers: Customers, name: str) -> bool:
    """Whether no two customers differ in a value; also if nobody has one."""
    known = customers.known(name)
    return customers.size > 1 and (known.size == 0 or bool(known[0] == known[-1]))


def _of_score(
    name: str, score: Score, customers: Customers, rescored: Rescored
) -> Iterator[Finding]:
    terms = [term for term, _ in score.terms() if term.weight > 0]
    for a, b in combinations([term.indicator for term in terms], 2):
        both = ~np.isnan(customers.values[a]) & ~np.isnan(customers.values[b])
        if both.sum() >= FEWEST:
            rho = spearman(customers.values[a][both], customers.values[b][both])
            if rho is not None and abs(rho) > LARGEST_RHO:
                yield Finding(
                    "correlated",
                    f"scores.{name}",
                    f"{a} and {b} say the same: Spearman's rho is {rho:.3f}",
                )
    points = rescored.points[name]
    weightless = {term.indicator for term, share in score.terms() if share == 0}
    for t, term in enumerate(score.term_names):
        told = term in weightless or (score.join is None and _is_constant(customers, term))
        if customers.size > 1 and np.ptp(points[:, t]) == 0 and not told:
            yield Finding(
                "idle", f"scores.{name}.{term}", f"gives every customer {points[0, t]:g} points"
            )
    for t, tier in enumerate(score.tiers[1:], 1):
        if not (rescored.tiers[name] == t).any():
            yield Finding(
                "empty",
                f"scores.{name}.tiers.{tier.name}",
                f"none of {customers.size:,} customers would enter it",
            )
