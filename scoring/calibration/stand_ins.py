"""What a model runs with that has no population yet: just enough to get its indicators.

Before the first calibration there are no figures, and for a calibration customers must have been
scored. Indicators do not depend on the population, so any figures will do for that.
"""

import math
from typing import Final

from scoring.model import FillRegression, Model, Score
from scoring.model_links import UncalibratedError, missing_parts
from scoring.population import Bounds, Figures, Regression

_FAR: Final = 1e300
_UNREACHABLE: Final = 1000.0
"""Points; a score has at most 100."""


def lacking(model: Model) -> tuple[str, ...]:
    """Return what a model asks of its population and does not find there, like "bounds of …"."""
    found = (each.what for each in missing_parts(model) if isinstance(each, UncalibratedError))
    return tuple(dict.fromkeys(found))


def with_stand_ins(model: Model) -> Model:
    """Return the model with stand-ins for what it asks of its population and does not find there.

    A missing value is filled by 0, nothing is clipped, no tier with bounds of the population is
    reached, and nothing is high by its quintiles (recency always is). What is there stays.

    >>> from scoring.model import parse
    >>> model = parse(
    ...     '''
    ... model: {name: tiny, version: 1}
    ... timezone: UTC
    ... currencies: {base: CNY}
    ... indicators: {gap: {kind: cycle}}
    ... scores:
    ...   value:
    ...     groups:
    ...       - name: all
    ...         weight: 1
    ...         indicators:
    ...           - indicator: gap
    ...             weight: 1
    ...             normaliser: {kind: linear, low: 0, high: 90}
    ...             missing: {fill: median}
    ...     tiers: [{name: new}, {name: VIP, enter_at: population, top_share: 0.05}]
    ... ''',
    ...     "tiny.yaml",
    ...     calibrated=False,
    ... )
    >>> lacking(model)
    ("bounds of tier 'VIP'", "figures of 'gap'")
    >>> lacking(with_stand_ins(model))
    ()
    """
    if not lacking(model):
        return model
    population = model.population
    stand_in = population.model_copy(
        update={
            "indicators": {
                name: _figures(population.indicators.get(name)) for name in model.indicators
            },
            "regressions": {**population.regressions, **_regressions(model)},
            "bounds": {
                name: _bounds(score, dict(population.bounds.get(name, {})))
                for name, score in model.scores.items()
            },
        }
    )
    return model.model_copy(update={"population": stand_in})


def _figures(known: Figures | None) -> Figures:
    figures = known or Figures(mean=0.0, median=0.0, low=None, high=None)
    return figures.model_copy(
        update={
            "low": -_FAR if figures.low is None else figures.low,
            "high": _FAR if figures.high is None else figures.high,
            "quintiles": figures.quintiles or tuple(_FAR * n for n in range(1, 5)),
        }
    )


def _regressions(model: Model) -> dict[str, Regression]:
    """Return an estimate of 0 for each indicator whose regression is not the one asked for."""
    found = {}
    for score in model.scores.values():
        for term, _ in score.terms():
            if isinstance(term.missing, FillRegression):
                known = model.population.regressions.get(term.indicator)
                if known is None or not {*term.missing.on} <= {*known.coefficients}:
                    on = term.missing.on or (term.indicator,)
                    coefficients = dict.fromkeys(on, 0.0)
                    found[term.indicator] = Regression(intercept=0.0, coefficients=coefficients)
    return found


def _bounds(score: Score, known: dict[str, Bounds]) -> dict[str, Bounds]:
    """Return bounds out of reach, or where the next higher tier has its own, just below these."""
    above = _UNREACHABLE
    for tier in reversed(score.tiers):
        if tier.enter_at == "population" and tier.name not in known:
            at = math.nextafter(above, -math.inf)
            known[tier.name] = Bounds(enter_at=at, leave_below=at)
        if tier.name in known and (tier.top_share is not None or tier.enter_at == "population"):
            above = known[tier.name].enter_at
        elif isinstance(tier.enter_at, float):
            above = tier.enter_at
    return known
