"""What the model has to choose from: names, labels and units, and where they stand in columns."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from scoring.indicator_kinds import ClvValue, Indicator, Ratio, Sum
from scoring.measures import COSTS, MONEY
from scoring.model import Group, Model, Score, Term, Tier
from scoring.parts import Label
from scoring.program import Names, names_of
from scoring.segment_kinds import Rfm
from streams.dashboard import views
from streams.dashboard.errors import UnknownNameError

ATTRIBUTES: Final = ("owner", "region", "industry", "size")
"""Attributes of profiles that customers can be grouped and filtered by."""
NAME: Final = "name"
"""The attribute that is a customer's name."""

Unit = Literal["money", "days", "ratio", "count", "number"]
_POINTS: Final = frozenset({"csat_points", "praise_rating", "complaint_severity"})
_DAYS: Final = frozenset({"days_late", "collection_days", "open_due_days"})
_UNITS: Final[Mapping[str, Unit]] = {
    "largest": "money", "arrears": "money", "expected_sales": "money",
    "days_since": "days", "cycle": "days", "overdue_days": "days",
    "growth": "ratio", "share": "ratio", "arrears_rate": "ratio", "per_attribute": "ratio",
    "distinct": "count", "attribute": "number",
}  # fmt: skip
"""By kind, where the kind decides."""
_UNITS_OF_CLV: Final[Mapping[str, Unit]] = {
    "alive": "ratio", "purchases": "number", "value": "money",
}  # fmt: skip
_COSTS: Final = frozenset({"unsplit_costs", *COSTS.values()})


class Catalogue(NamedTuple):
    """A model as the page needs it; positions are those of `Names`."""

    model: Model
    names: Names
    profit: int | None
    """The indicator that tells profit, if there is one."""
    rfm: str | None
    """The segment of kind rfm, if there is one."""

    @classmethod
    def of(cls, model: Model) -> "Catalogue":
        """Return that of a model."""
        segments = [name for name, each in model.segments.items() if isinstance(each, Rfm)]
        return cls(model, names_of(model), _profit(model), segments[0] if segments else None)

    def score(self, name: str | None) -> int:
        """Return the position of a score, None standing for the first.

        Raises:
            UnknownNameError: The model does not have it; so for all that follow.
        """
        return 0 if name is None else _position("score", name, self.names.scores)

    def tier(self, score: int, name: str) -> int:
        """Return the position of a tier of a score."""
        return _position(f"tier of {self.names.scores[score]}", name, self.names.tiers[score])

    def indicator(self, name: str) -> int:
        """Return the position of an indicator."""
        return _position("indicator", name, self.names.indicators)

    def segment(self, name: str) -> int:
        """Return the position of a segment."""
        return _position("segment", name, self.names.segments)

    def class_of(self, segment: int, name: str) -> int:
        """Return the position of a class of a segment."""
        what = f"class of {self.names.segments[segment]}"
        return _position(what, name, self.names.classes[segment])

    def described(self, as_of: views.AsOf) -> views.ModelView:
        """Return what there is to choose from."""
        model = self.model
        deciding = set(model.decisive_indicators())
        directions = _directions(model)
        return views.ModelView(
            as_of=as_of,
            name=model.model.name,
            version=model.model.version,
            tag=model.tag,
            currency=model.currencies.base,
            timezone=model.timezone,
            scores=[_score(model, name, score) for name, score in model.scores.items()],
            indicators=[
                views.IndicatorOfModel(
                    name=name,
                    label=label_of(indicator, name),
                    kind=indicator.kind,
                    unit=unit_of(indicator),
                    window=_window(indicator),
                    direction=directions.get(name),
                    deciding=name in deciding,
                )
                for name, indicator in model.indicators.items()
            ],
            segments=[
                views.SegmentOfModel(
                    name=name,
                    label=label_of(segment, name),
                    kind=segment.kind,
                    classes=[self.class_view(s, c) for c in range(len(segment.names))],
                )
                for s, (name, segment) in enumerate(model.segments.items())
            ],
            alerts=[
                views.AlertOfModel(name=name, label=label_of(alert, name), score=alert.score)
                for name, alert in model.alerts.items()
            ],
            attributes=list(ATTRIBUTES),
            profit=None if self.profit is None else self.names.indicators[self.profit],
        )

    def class_view(self, segment: int, position: int) -> views.ClassOfModel:
        """Return a class by positions."""
        found = self.model.segments[self.names.segments[segment]]
        name = found.names[position]
        label = _rfm_label(name) if isinstance(found, Rfm) else None
        if not isinstance(found, Rfm):
            label = label_of(found.classes[position], name)
        return views.ClassOfModel(name=name, label=label or Label(en=name, zh=name))

    def term_label(self, name: str) -> Label:
        """Return the label of an indicator, or of a score that is joined."""
        part = self.model.indicators.get(name) or self.model.scores.get(name)
        return label_of(part, name)

    def group_of(self, score: str, indicator: str) -> str | None:
        """Return the outermost group that an indicator is in; None in a joined score."""
        for group in self.model.scores[score].groups:
            if any(term.indicator == indicator for term, _ in _terms(group)):
                return group.name
        return None


def label_of(part: Any, name: str) -> Label:
    """Return what people call a part of the model, its name if nothing is said."""
    label: Label | None = getattr(part, "label", None)
    return label or Label(en=name, zh=name)


def unit_of(indicator: Indicator) -> Unit:
    """Return what an indicator's value counts."""
    match indicator:
        case Sum():
            return _unit_of_measures(indicator.add)
        case Ratio():
            above, below = _unit_of_measures(indicator.add), _unit_of_measures(indicator.per)
            return "ratio" if above == below else above
        case ClvValue():
            return _UNITS_OF_CLV[indicator.of]
        case _:
            return _UNITS[indicator.kind]


def _unit_of_measures(measures: tuple[str, ...]) -> Unit:
    if measures[0] in MONEY:
        return "money"
    if measures[0] in _POINTS:
        return "number"
    return "days" if measures[0] in _DAYS else "count"


def _position(what: str, name: str, names: tuple[str, ...]) -> int:
    if name not in names:
        raise UnknownNameError(what, name, names)
    return names.index(name)


def _profit(model: Model) -> int | None:
    """Find revenue less costs, else the first margin."""
    sums = [(n, each) for n, each in enumerate(model.indicators.values()) if isinstance(each, Sum)]
    for n, each in sums:
        if "sale_amount" in each.add and not _COSTS.isdisjoint(each.subtract):
            return n
    return next((n for n, each in sums if "margin" in each.add), None)


def _window(indicator: Indicator) -> int | str | list[int] | None:
    window = getattr(indicator, "window", None)
    return list(window) if isinstance(window, tuple) else window


def _directions(model: Model) -> dict[str, Literal["more", "less"]]:
    terms = [term for score in model.scores.values() for term, _ in score.terms()]
    return {term.indicator: term.direction for term in reversed(terms)}


def _score(model: Model, name: str, score: Score) -> views.ScoreOfModel:
    return views.ScoreOfModel(
        name=name,
        label=label_of(score, name),
        tiers=[_tier(model, name, tier) for tier in score.tiers],
        groups=list(_groups(model, score)),
        joins=list(score.join.scores) if score.join else [],
        limit=score.limit is not None,
    )


def _tier(model: Model, score: str, tier: Tier) -> views.TierOfModel:
    bounds = model.population_bounds(score, tier)
    enter = tier.enter_at if isinstance(tier.enter_at, float) else None
    return views.TierOfModel(
        name=tier.name,
        label=label_of(tier, tier.name),
        enter_at=enter if bounds is None else bounds.enter_at,
        keep_at=tier.leave_below if bounds is None else bounds.leave_below,
        top_share=tier.top_share,
        conditions=[bound.model_dump(mode="json") for bound in tier.when],
        combine=tier.combine,
    )


def _groups(model: Model, score: Score) -> Iterator[views.GroupOfModel]:
    """Yield the outermost groups with all terms below them; weights are shares of the score."""
    shares = {term.indicator: share for term, share in score.terms()}
    for group in score.groups:
        inside = [term.indicator for term, _ in _terms(group)]
        yield views.GroupOfModel(
            name=group.name,
            label=label_of(group, group.name),
            weight=sum(shares[indicator] for indicator in inside),
            terms=[
                views.TermOfModel(
                    indicator=indicator,
                    label=label_of(model.indicators[indicator], indicator),
                    weight=shares[indicator],
                )
                for indicator in inside
            ],
        )


def _terms(group: Group) -> Iterator[tuple[Term, float]]:
    for inner in group.groups:
        yield from _terms(inner)
    for term in group.indicators:
        yield term, term.weight


_RFM_WORDS: Final = {
    "value": ("value", "价值"), "develop": ("to develop", "发展"),
    "keep": ("to keep", "保持"), "win_back": ("to win back", "挽留"),
}  # fmt: skip


def _rfm_label(name: str) -> Label:
    """Return what people call one of the eight classes.

    >>> _rfm_label("general_win_back")
    Label(en='General, to win back', zh='一般挽留客户')
    """
    rank, _, what = name.partition("_")
    en, zh = _RFM_WORDS[what]
    important = rank == "important"
    return Label(
        en=f"{'Important' if important else 'General'}, {en}",
        zh=f"{'重要' if important else '一般'}{zh}客户",
    )
