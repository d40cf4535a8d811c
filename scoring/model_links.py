"""What parts of a model name in other parts must be there; each missing one is a problem."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING

from scoring.parts import MemberError, unknown
from scoring.segment_kinds import Rules

if TYPE_CHECKING:
    from scoring.conditions import Condition
    from scoring.model import Model, Score, Term

Path = tuple[str | int, ...]


class UncalibratedError(MemberError):
    """The model asks for something, `what`, that its population does not have."""

    def __init__(self, what: str, *path: str | int) -> None:
        super().__init__(
            f"the model's population has no {what}; run `valuepulse model calibrate`, "
            "or write a number",
            *path,
        )
        self.what = what


def missing_parts(model: "Model") -> Iterator[MemberError]:
    """Yield a problem for each name that leads nowhere."""
    for name, indicator in model.indicators.items():
        if indicator.kind == "clv" and model.clv is None:
            yield MemberError(
                "needs the section `clv:`; `valuepulse clv fit` prints it", "indicators", name
            )
        elif (
            indicator.kind == "clv"
            and indicator.of == "value"
            and model.clv
            and model.clv.p is None
        ):
            yield MemberError(
                "needs p, q and v in the section `clv:`: the values of orders were not fitted",
                "indicators", name,
            )  # fmt: skip  # what, where
    for name, score in model.scores.items():
        yield from _of_score(model, name, score)
    earlier: dict[str, tuple[str, ...]] = {}
    for name, segment in model.segments.items():
        path: Path = ("segments", name)
        if isinstance(segment, Rules):
            for c, each in enumerate(segment.classes):
                for key, conditions in (("when", each.when), ("stay_while", each.stay_while)):
                    for n, condition in enumerate(conditions):
                        place = (*path, "classes", c, key, n)
                        yield from _of_condition(model, condition, earlier, place)
        else:
            for key in ("recency", "frequency", "monetary"):
                grade = getattr(segment, key)
                yield from _among(grade.indicator, model.indicators, "indicator", (*path, key))
                figures = model.population.indicators.get(grade.indicator)
                if grade.cuts == "population" and (figures is None or figures.quintiles is None):
                    yield UncalibratedError(f"quintiles of {grade.indicator!r}", *path, key, "cuts")
        earlier[name] = segment.names


def _of_score(model: "Model", name: str, score: "Score") -> Iterator[MemberError]:
    path: Path = ("scores", name)
    for n, tier in enumerate(score.tiers):
        for b, bound in enumerate(tier.when):
            place = (*path, "tiers", n, "when", b, "indicator")
            yield from _among(bound.indicator, model.indicators, "indicator", place)
    yield from _of_bounds(model, name, score)
    if score.join is not None:
        place = (*path, "join")
        for of in score.join.scores:
            yield from _among(of, model.scores, "score", (*place, "scores"))
            if of in model.scores and model.scores[of].join is not None:
                yield MemberError(f"{of!r} is joined itself; name scores with groups", *place)
        yield from _among(score.join.by, model.segments, "segment", (*place, "by"))
        if score.join.by in model.segments:
            classes = model.segments[score.join.by].names
            for each in score.join.shares:
                yield from _among(each, dict.fromkeys(classes), "class", (*place, "shares"))
    for term, _ in score.terms():
        yield from _of_term(model, term, path)
    if score.limit is not None:
        place = (*path, "limit")
        yield from _among(score.limit.indicator, model.indicators, "indicator", place)
        tiers = dict.fromkeys(tier.name for tier in score.tiers)
        for each in score.limit.factors:
            yield from _among(each, tiers, "tier", place)


def _of_bounds(model: "Model", name: str, score: "Score") -> Iterator[MemberError]:
    """Yield what is wrong with bounds that the population gives: absent, or not rising."""
    below = -inf
    for n, tier in enumerate(score.tiers):
        enter_at, place = tier.enter_at, ("scores", name, "tiers", n, "enter_at")
        bounds = model.population_bounds(name, tier)
        if bounds is not None:
            enter_at = bounds.enter_at
        elif enter_at == "population":
            yield UncalibratedError(f"bounds of tier {tier.name!r}", *place)
        if isinstance(enter_at, float):
            if enter_at <= below:
                yield MemberError(
                    f"{tier.name!r} is entered at {enter_at:g}, not above a tier before it "
                    f"({below:g})",
                    *place,
                )
            below = enter_at


def _of_term(model: "Model", term: "Term", path: Path) -> Iterator[MemberError]:
    name, population = term.indicator, model.population
    figures = population.indicators.get(name)
    clip = term.clip
    fences = clip is not None and "population" in (clip.low, clip.high)
    if fences and (figures is None or figures.low is None or figures.high is None):
        yield UncalibratedError(f"fences of {name!r}", *path)
    missing = term.missing
    if isinstance(missing, float | str) or missing.fill == "constant":
        return
    if figures is None:
        yield UncalibratedError(f"figures of {name!r}", *path)
    if missing.fill == "regression":
        for each in missing.on:
            yield from _among(each, model.indicators, "indicator", path)
        regression = population.regressions.get(name)
        if regression is None or not {*missing.on} <= {*regression.coefficients}:
            on = f" on {', '.join(missing.on)}" if missing.on else ""
            yield UncalibratedError(f"regression of {name!r}{on}", *path)
        else:
            for each in regression.coefficients:
                place: Path = ("population", "regressions", name, "coefficients")
                yield from _among(each, model.indicators, "indicator", place)


def _of_condition(
    model: "Model", condition: "Condition", earlier: Mapping[str, tuple[str, ...]], path: Path
) -> Iterator[MemberError]:
    if condition.indicator is not None:
        yield from _among(condition.indicator, model.indicators, "indicator", path)
    elif condition.score is not None:
        yield from _among(condition.score, model.scores, "score", path)
        if condition.score in model.scores and model.scores[condition.score].join is not None:
            yield MemberError(
                f"score {condition.score!r} is joined by a segment, so it is not known yet", *path
            )
    elif condition.segment is not None:
        yield from _among(condition.segment, earlier, "earlier segment", path)
        if condition.segment in earlier and condition.is_ is not None:
            classes = dict.fromkeys(earlier[condition.segment])
            yield from _among(condition.is_, classes, "class", path)


def _among(name: str, names: Mapping[str, object], what: str, path: Path) -> Iterator[MemberError]:
    if name not in names:
        text = unknown(name, tuple(names), what) if names else f"there is no {what} {name!r}"
        yield MemberError(text, *path)
