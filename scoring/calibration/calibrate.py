"""A population for a model, from customers that were scored before."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from scoring.calibration.customers import Customers
from scoring.calibration.figures import (
    Outliers,
    centre_of,
    figures_of,
    rising_quintiles,
    rounded,
)
from scoring.calibration.regressions import regression_of
from scoring.calibration.rescoring import rescore
from scoring.calibration.rounding import significant
from scoring.calibration.stand_ins import lacking, with_stand_ins
from scoring.calibration.tier_bounds import bounds_of
from scoring.errors import CalibrationError
from scoring.model import FillPeers, FillRegression, Model
from scoring.population import Bounds, Centre, Figures, Population, Regression

SMALLEST_GROUP: Final = 5
"""Customers with a value: fewer are no group to take figures from, and could be recognised."""


class Options(NamedTuple):
    """How to calibrate; `peers` are attributes besides those that the model names."""

    outliers: Outliers = "boxplot"
    peers: tuple[str, ...] = ()
    hysteresis: float = 2.0


class Calibration(NamedTuple):
    """A population, and what is to be said of it.

    `remarks` tell by indicator what is odd in its figures, `held` how many customers reach each
    of the bounds of tiers, by score. `absent` is what the model asks for and these customers do not
    give: why, by what it is; until numbers are written in its place the model cannot be run.
    """

    population: Population
    remarks: dict[str, str]
    held: dict[str, dict[str, int]]
    absent: dict[str, str]


def peer_attributes(model: Model) -> tuple[str, ...]:
    """Return the attributes that a model fills missing values by."""
    missing = (term.missing for score in model.scores.values() for term, _ in score.terms())
    return tuple(dict.fromkeys(each.by for each in missing if isinstance(each, FillPeers)))


def calibrate(model: Model, customers: Customers, options: Options) -> Calibration:
    """Return the population of customers as far as a model asks for it, rounded to six digits.

    The customers have values of all its indicators, texts of the attributes of its peers and of
    those that are asked for. Bounds of tiers are those of the scores by the new figures. What the
    model's population has already is not used, but for bounds of tiers without `top_share`.

    Raises:
        CalibrationError: The model asks for what no customers could give (tiers without a share).

    >>> from datetime import date
    >>> import numpy as np
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
    ...     tiers: [{name: new}, {name: VIP, enter_at: population, top_share: 0.2}]
    ... ''',
    ...     "tiny.yaml",
    ...     calibrated=False,
    ... )
    >>> orders = np.array([1.0, 2.0, 3.0, 5.0, 9.0])
    >>> five = Customers(date(2026, 11, 25), 5, {"orders": orders}, {})
    >>> found = calibrate(model, five, Options())
    >>> found.population.indicators["orders"].median, found.population.bounds["value"]["VIP"]
    (3.0, Bounds(enter_at=90.0, leave_below=88.0))
    """
    remarks: dict[str, str] = {}
    reasons: dict[str, str] = {}
    figures = dict(_figures(model, customers, options.outliers, remarks, reasons))
    for attribute in options.peers:
        if not any(customers.texts[attribute]):
            raise CalibrationError(
                f"no customer has a text in the attribute {attribute!r}; peers are told by texts"
            )
    attributes = dict.fromkeys((*peer_attributes(model), *options.peers))
    without_bounds = Population(
        as_of=customers.as_of,
        customers=customers.size,
        indicators=figures,
        peers={name: _peers(customers, name, figures) for name in attributes},
        regressions=_regressions(model, customers, reasons),
        bounds={},
    )
    bounds = _bounds(model, customers, without_bounds, options.hysteresis)
    population = without_bounds.model_copy(update={"bounds": bounds})
    calibrated = model.model_copy(update={"population": population})
    absent = {what: _reason(what, reasons) for what in lacking(calibrated)}
    return Calibration(population, remarks, _held(with_stand_ins(calibrated), customers), absent)


def _reason(what: str, reasons: Mapping[str, str]) -> str:
    """Return why something like "quintiles of 'spend'" is absent, and what to do."""
    kind, _, name = what.partition(" of ")
    name = name.partition(" on ")[0].strip("'")
    advice = {
        "quintiles": "write four rising numbers as its `cuts`, or one as its `cut`",
        "fences": "write numbers as `low` and `high` of its `clip`",
        "figures": "write a number as its `missing`, or leave it out",
        "regression": "fill it otherwise, or take other indicators in `on`",
    }
    if kind == "quintiles" and name not in reasons:
        why = "it has fewer than four different values"
    elif kind == "regression":
        why = reasons[what.partition(" on ")[0]]
    else:
        why = reasons[name]
    return f"{why}; {advice[kind]}, or calibrate with other customers"


def _figures(
    model: Model,
    customers: Customers,
    outliers: Outliers,
    remarks: dict[str, str],
    reasons: dict[str, str],
) -> Iterable[tuple[str, Figures]]:
    """Yield the figures that there are; `reasons` gets why others are absent, by indicator."""
    for name in model.indicators:
        known = customers.known(name)
        if known.size == 0:
            reasons[name] = f"{name} is null for all customers"
            continue
        try:
            figures = figures_of(known, outliers)
        except CalibrationError as error:
            reasons[name] = f"{name} {error}"
            continue
        quintiles = rising_quintiles(known)
        if told := list(_remarks(figures, quintiles)):
            remarks[name] = "; ".join(told)
        yield name, rounded(figures, quintiles)


def _remarks(figures: Figures, quintiles: tuple[float, ...] | None) -> Iterator[str]:
    if quintiles is None:
        yield "no quintiles: fewer than four different values"
    if figures.low == figures.high and figures.deviation:
        yield "fences at one value, which half of the customers have: clip by zscore or by numbers"


def _peers(
    customers: Customers, attribute: str, figures: Iterable[str]
) -> dict[str, dict[str, Centre]]:
    found: dict[str, dict[str, Centre]] = {}
    for text, rows in customers.groups(attribute).items():
        for name in figures if rows.size >= SMALLEST_GROUP else ():
            known = customers.known(name, rows)
            if known.size >= SMALLEST_GROUP:
                centre = centre_of(known)
                found.setdefault(text, {})[name] = Centre(
                    count=centre.count,
                    mean=significant(centre.mean),
                    median=significant(centre.median),
                )
    return found


def _regressions(
    model: Model, customers: Customers, reasons: dict[str, str]
) -> dict[str, Regression]:
    """Return the regressions that can be had; `reasons` gets why others cannot."""
    found: dict[str, Regression] = {}
    for score in model.scores.values():
        for term, _ in score.terms():
            if isinstance(term.missing, FillRegression):
                name = term.indicator
                on = term.missing.on or _known_on(model, name)
                if name in found and {*found[name].coefficients} != {*on}:
                    raise CalibrationError(
                        f"regression of {name!r}: two scores name different indicators in `on`; "
                        "an indicator has one regression"
                    )
                what = f"regression of {name!r}"
                if without := [each for each in (name, *on) if each in reasons]:
                    reasons[what] = reasons[without[0]]
                    continue
                try:
                    found[name] = regression_of(customers, name, on)
                except CalibrationError as error:
                    reasons[what] = str(error).removeprefix(f"{what}: ")
    return found


def _known_on(model: Model, name: str) -> tuple[str, ...]:
    known = model.population.regressions.get(name)
    if known is None:
        raise CalibrationError(
            f"regression of {name!r}: write which indicators to estimate it from, as "
            "`missing: {fill: regression, on: [orders_365d]}`"
        )
    return tuple(known.coefficients)


def _bounds(
    model: Model, customers: Customers, population: Population, hysteresis: float
) -> dict[str, Mapping[str, Bounds]]:
    """Return the bounds of tiers by the scores that customers have with the new figures."""
    asking = [
        name
        for name, score in model.scores.items()
        if any(tier.enter_at == "population" or tier.top_share for tier in score.tiers[1:])
    ]
    if not asking:
        return {}
    figured = with_stand_ins(model.model_copy(update={"population": population}))
    scores = rescore(figured, customers).scores
    known = model.population.bounds
    found = {
        name: bounds_of(name, model.scores[name], scores[name], known.get(name, {}), hysteresis)
        for name in asking
    }
    return {name: bounds for name, bounds in found.items() if bounds}


def _held(model: Model, customers: Customers) -> dict[str, dict[str, int]]:
    bounds = model.population.bounds
    scores = rescore(model, customers).scores if bounds else {}
    return {
        name: {tier: int((scores[name] >= each.enter_at).sum()) for tier, each in of_score.items()}
        for name, of_score in bounds.items()
    }
