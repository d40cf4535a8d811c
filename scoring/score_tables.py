"""The scores of a model as tables: terms, normalisers, tiers and their policy."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from scoring.hashing import text_hash
from scoring.model import (
    FillCentre,
    FillConstant,
    FillPeers,
    FillRegression,
    Model,
    Policy,
    Score,
    Term,
    Tier,
)
from scoring.normaliser_kinds import Linear, Log, Logistic, Normaliser, Piecewise, Steps
from scoring.tables import ATTRIBUTES, FILLS, NORMALISER_KINDS, Table

Rows = list[tuple[object, ...]]
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LAST_YEAR: Final = 2199
_MONTHS: Final = {"month": range(1, 13), "quarter": range(1, 13, 3), "year": (1,)}


@dataclass
class ScoreTables:
    """Rows of the tables of the same names in `Program`."""

    scores: Rows = field(default_factory=list)
    terms: Rows = field(default_factory=list)
    knots: Rows = field(default_factory=list)
    coefficients: Rows = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    tiers: Rows = field(default_factory=list)
    bounds: Rows = field(default_factory=list)
    reviews: list[int] = field(default_factory=list)


def compile_scores(
    model: Model, columns: Mapping[str, int], values: Rows, indicators: Table
) -> ScoreTables:
    """Return the tables of a model's scores; what peers have is added to `values`."""
    tables = ScoreTables()
    names = list(model.scores)
    for name, score in model.scores.items():
        first_term, first_tier, first_share = (
            len(tables.terms), len(tables.tiers), len(tables.shares)
        )  # fmt: skip
        joined = (-1, -1, -1)
        if score.join is not None:
            classes = model.segments[score.join.by].names
            tables.shares += [score.join.shares.get(each, score.join.share) for each in classes]
            a, b = (names.index(of) for of in score.join.scores)
            joined = (a, b, list(model.segments).index(score.join.by))
            tables.terms += [_joined_term(), _joined_term()]
        measures, besides = 0, 0
        for term, share in score.terms():
            from_which = _computed_from(model, term, indicators)
            measures, besides = measures | from_which[0], besides | from_which[1]
            laid_out = _term(model, term, share, columns, values, tables)
            tables.terms.append((*laid_out, *from_which))
        tables.tiers += [_tier(model, name, tier, tables) for tier in score.tiers]
        first_review = len(tables.reviews)
        tables.reviews += _review_days(score.policy)
        tables.scores.append(
            (
                first_term, len(tables.terms), first_tier, len(tables.tiers), _leaves_out(score),
                *joined, first_share,
                score.policy.minimum_stay_days, score.policy.grace_days, score.policy.one_step_down,
                first_review, len(tables.reviews),
                *(columns[f"override:{name}:{what}"] for what in ("tier", "mode", "until")),
                measures, besides,
            )
        )  # fmt: skip  # as the rows of SCORE are laid out
    return tables


def _computed_from(model: Model, term: Term, indicators: Table) -> tuple[int, int]:
    """Return what a term's value, or what fills it, is computed from, as of indicators."""
    names = list(model.indicators)
    read = [term.indicator]
    if isinstance(term.missing, FillRegression):
        read += model.population.regressions[term.indicator].coefficients
    measures, besides = 0, ATTRIBUTES if isinstance(term.missing, FillPeers) else 0
    for name in read:
        row = indicators[names.index(name)]
        measures |= int(row["measures"])
        besides |= int(row["besides"])
    return measures, besides


def _joined_term() -> tuple[object, ...]:
    return (-1, 0, 0, 0, 0, 0, -1, 0, 0, 0.0, 0.0, 0.0, 1.0, -math.inf, math.inf, 0, 0)


def _leaves_out(score: Score) -> bool:
    return any(term.missing == "leave_out" for term, _ in score.terms())


def _term(
    model: Model,
    term: Term,
    share: float,
    columns: Mapping[str, int],
    values: Rows,
    tables: ScoreTables,
) -> tuple[object, ...]:
    low, high, points = shape_of(term.normaliser)
    first_knot = len(tables.knots)
    tables.knots += points
    fill, missing, column, first_fill, end_fill = _fill(model, term, columns, values, tables)
    return (
        list(model.indicators).index(term.indicator),
        NORMALISER_KINDS.index(term.normaliser.kind),
        term.direction == "less",
        first_knot, len(tables.knots), FILLS.index(fill), column, first_fill, end_fill,
        100.0 * share, missing, low, high, *_clip(model, term),
    )  # fmt: skip  # as the rows of TERM are laid out


def _fill(
    model: Model, term: Term, columns: Mapping[str, int], values: Rows, tables: ScoreTables
) -> tuple[str, float, int, int, int]:
    """Return what a term does without a value: kind, number, column, and rows of a table."""
    name, missing, population = term.indicator, term.missing, model.population
    match missing:
        case FillConstant():
            return "value", missing.value, -1, 0, 0
        case FillCentre():
            return "value", getattr(population.indicators[name], missing.fill), -1, 0, 0
        case FillPeers():
            first = len(values)
            values += [
                (text_hash(text), getattr(figures[name], missing.of))
                for text, figures in population.peers.get(missing.by, {}).items()
                if name in figures
            ]
            everybody = getattr(population.indicators[name], missing.of)
            return "peers", everybody, columns[missing.by], first, len(values)
        case FillRegression():
            regression, first = population.regressions[name], len(tables.coefficients)
            indicators = list(model.indicators)
            mean = population.indicators[name].mean
            tables.coefficients.append((-1, regression.intercept))
            tables.coefficients += [
                (indicators.index(each), factor) for each, factor in regression.coefficients.items()
            ]
            return "regression", mean, -1, first, len(tables.coefficients)
        case "leave_out":
            return "leave_out", 0.0, -1, 0, 0
        case _:
            return "share", missing, -1, 0, 0


def _clip(model: Model, term: Term) -> tuple[float, float]:
    low, high = -math.inf, math.inf
    if term.clip is not None:
        figures = model.population.indicators.get(term.indicator)
        fences = (None, None) if figures is None else (figures.low, figures.high)
        low = _bound_of(term.clip.low, fences[0], low)
        high = _bound_of(term.clip.high, fences[1], high)
    return low, high


def _bound_of(given: float | str | None, fence: float | None, otherwise: float) -> float:
    if isinstance(given, str):
        given = fence
    return otherwise if given is None else given


def _tier(model: Model, score: str, tier: Tier, tables: ScoreTables) -> tuple[object, ...]:
    enter, leave = tier.enter_at, tier.leave_below
    bounds = model.population_bounds(score, tier)
    if bounds is not None:
        enter, leave = bounds.enter_at, bounds.leave_below
    first = len(tables.bounds)
    indicators = list(model.indicators)
    tables.bounds += [
        (indicators.index(bound.indicator), bound.at_least, bound.kept_at) for bound in tier.when
    ]
    scored = isinstance(enter, float)
    ends = (tier.combine == "any", first, len(tables.bounds))
    return (
        enter if isinstance(enter, float) else 0.0,
        leave or 0.0,
        scored,
        *ends,
        text_hash(tier.name),
    )


def _review_days(policy: Policy) -> Iterable[int]:
    """Return the days of review, counted from 1970-01-01."""
    if policy.review is None:
        return []
    last = date(_LAST_YEAR, 12, 31).toordinal() - _EPOCH
    if isinstance(policy.review, int):
        return range(0, last, policy.review)
    return [
        date(year, month, 1).toordinal() - _EPOCH
        for year in range(1970, _LAST_YEAR + 1)
        for month in _MONTHS[policy.review]
    ]


def shape_of(normaliser: Normaliser) -> tuple[float, float, Rows]:
    """Return low, high and knots of a normaliser, as the table `TERM` means them."""
    match normaliser:
        case Linear():
            return normaliser.low, normaliser.high, []
        case Log():
            return 0.0, math.log(1.0 + normaliser.high), []
        case Logistic():
            return normaliser.middle, normaliser.scale, []
        case Piecewise():
            return 0.0, 1.0, list(normaliser.points)
        case Steps():
            return 0.0, 1.0, list(normaliser.steps)
