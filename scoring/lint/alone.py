"""What a model shows by itself."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from math import fsum
from typing import Final

from scoring.lint.findings import Finding
from scoring.model import Group, Model, Score, Term
from scoring.normaliser_kinds import Piecewise, Steps

SMALLEST_SHARE: Final = 0.005
"""Of a score: half a point of 100."""
SMALLEST_GAP: Final = 1.0
"""Points between two tiers."""
OLDEST_DAYS: Final = 180


def findings_of_model(model: Model, today: date) -> list[Finding]:
    """Return what is odd in a model by itself; `today` tells how old its population is.

    >>> from scoring.model import parse
    >>> model = parse(
    ...     '''
    ... model: {name: tiny, version: 1}
    ... timezone: UTC
    ... currencies: {base: CNY}
    ... indicators: {orders: {kind: sum, add: [orders]}, praise: {kind: sum, add: [praise]}}
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
    >>> [tuple(each) for each in findings_of_model(model, date(2026, 11, 25))]
    [('unused', 'indicators.praise', 'no score, segment, tier or limit uses it')]
    """
    used = used_indicators(model)
    return [
        *(
            Finding("unused", f"indicators.{name}", "no score, segment, tier or limit uses it")
            for name in model.indicators
            if name not in used
        ),
        *_of_population(model, today),
        *(found for name, score in model.scores.items() for found in _of_score(model, name, score)),
    ]


def used_indicators(model: Model) -> set[str]:
    """Return the indicators that a score, segment, tier or limit of a model uses."""
    used = set(model.decisive_indicators())
    for score in model.scores.values():
        if score.limit is not None:
            used.add(score.limit.indicator)
    return used


def _of_population(model: Model, today: date) -> Iterator[Finding]:
    as_of = model.population.as_of
    if as_of is not None and (today - as_of).days > OLDEST_DAYS:
        yield Finding(
            "old",
            "population",
            f"is as of {as_of}, {(today - as_of).days} days ago; run `valuepulse model calibrate`",
        )


def _of_score(model: Model, name: str, score: Score) -> Iterator[Finding]:
    yield from _of_groups(score.groups, f"scores.{name}", 1.0)
    entered: list[tuple[str, float]] = []
    for tier in score.tiers:
        bounds = model.population_bounds(name, tier)
        at = tier.enter_at if bounds is None else bounds.enter_at
        if isinstance(at, float):
            entered.append((tier.name, at))
    for (lower, a), (upper, b) in pairwise(entered):
        if b - a < SMALLEST_GAP:
            yield Finding(
                "close",
                f"scores.{name}.tiers",
                f"{upper!r} is entered at {b:g}, {lower!r} at {a:g}: "
                f"less than {SMALLEST_GAP:g} point apart",
            )


def _of_groups(groups: tuple[Group, ...], path: str, above: float) -> Iterator[Finding]:
    total = fsum(group.weight for group in groups)
    for group in groups:
        place, share = f"{path}.{group.name}", above * group.weight / total
        if found := _of_weight(place, group.weight, share):
            yield found
            continue  # what is in it matters no more
        yield from _of_groups(group.groups, place, share)
        inner = fsum(term.weight for term in group.indicators)
        for term in group.indicators:
            where = f"{place}.{term.indicator}"
            if found := _of_weight(where, term.weight, share * term.weight / inner):
                yield found
            elif _is_flat(term):
                yield Finding("flat", where, "its normaliser gives every value the same")


def _of_weight(where: str, weight: float, share: float) -> Finding | None:
    if weight == 0:
        return Finding("no weight", where, "its weight is 0")
    if share < SMALLEST_SHARE:
        return Finding("small share", where, f"is {share:.2%} of the score; it can hardly matter")
    return None


def _is_flat(term: Term) -> bool:
    match term.normaliser:
        case Piecewise():
            return len({y for _, y in term.normaliser.points}) == 1
        case Steps():
            return len({y for _, y in term.normaliser.steps}) == 1
        case _:
            return False
