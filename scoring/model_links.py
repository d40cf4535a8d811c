"""What parts of a model name in other parts must be there; each missing one is a problem."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from scoring.parts import MemberError, unknown
from scoring.segment_kinds import Rules

if TYPE_CHECKING:
    from scoring.conditions import Condition
    from scoring.model import Model, Score, Term

Path = tuple[str | int, ...]


def missing_parts(model: "Model") -> Iterator[MemberError]:
    """Yield a problem for each name that leads nowhere."""
    for name, indicator in model.indicators.items():
        if indicator.kind == "clv" and model.clv is None:
            yield MemberError(
                "needs the section `clv:`; `valuepulse clv fit` prints it", "indicators", name
            )
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
                    yield _not_calibrated(f"quintiles of {grade.indicator!r}", (*path, key, "cuts"))
        earlier[name] = segment.names


def _of_score(model: "Model", name: str, score: "Score") -> Iterator[MemberError]:
    path: Path = ("scores", name)
    for n, tier in enumerate(score.tiers):
        for b, bound in enumerate(tier.when):
            place = (*path, "tiers", n, "when", b, "indicator")
            yield from _among(bound.indicator, model.indicators, "indicator", place)
        known = model.population.bounds.get(name, {})
        if tier.enter_at == "population" and tier.name not in known:
            yield _not_calibrated(f"bounds of tier {tier.name!r}", (*path, "tiers", n, "enter_at"))
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


def _of_term(model: "Model", term: "Term", path: Path) -> Iterator[MemberError]:
    name, population = term.indicator, model.population
    figures = population.indicators.get(name)
    clip = term.clip
    fences = clip is not None and "population" in (clip.low, clip.high)
    if fences and (figures is None or figures.low is None or figures.high is None):
        yield _not_calibrated(f"fences of {name!r}", path)
    missing = term.missing
    if isinstance(missing, float | str) or missing.fill == "constant":
        return
    if figures is None:
        yield _not_calibrated(f"figures of {name!r}", path)
    if missing.fill == "regression":
        regression = population.regressions.get(name)
        if regression is None:
            yield _not_calibrated(f"regression of {name!r}", path)
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


def _not_calibrated(what: str, path: Path) -> MemberError:
    return MemberError(
        f"the model's population has no {what}; run `valuepulse model calibrate`, "
        "or write a number",
        *path,
    )
