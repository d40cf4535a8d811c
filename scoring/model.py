"""The scoring model as people write it: typed, closed, checked whole.

`parse` turns the text of a model file into a frozen `Model`, or raises one `ModelError` that lists
every problem with its line. `program.compile_model` turns the `Model` into tables.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from math import fsum, inf
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from scoring.clv.parameters import Clv
from scoring.conditions import Bound
from scoring.errors import ModelError, Problem
from scoring.indicator_kinds import Indicator
from scoring.model_links import UncalibratedError, missing_parts
from scoring.model_problems import problems_of
from scoring.normaliser_kinds import Normaliser
from scoring.parts import (
    AttributeName,
    Days,
    Label,
    MemberError,
    Name,
    OrPopulation,
    Part,
    Points,
    Real,
    Share,
    Weight,
    known,
    shape_of,
)
from scoring.plain_yaml import PlainYamlError, load
from scoring.population import Bounds, Population
from scoring.segment_kinds import Segment
from scoring.weighting import Weighting, agree
from scoring.zones import known_zone

LONGEST_ALERT_DAYS: Final = 92
"""Every customer remembers up to so many daily scores for an alert; more would bloat its state."""


_CALIBRATED: Final = "calibrated"


def _defined(section: str, what: str) -> Callable[[str, ValidationInfo], str]:
    """Return a check that a name is one of a section's; `parse` tells the sections' names."""

    def check(name: str, info: ValidationInfo) -> str:
        names = (info.context or {}).get(section)
        return known(name, names, what) if names else name

    return check


class Clip(Part):
    """Bounds that a raw value is brought into: outliers count no more than the bound.

    `population` takes the fences of the population's figures.
    """

    low: OrPopulation | None = None
    high: OrPopulation | None = None


class FillConstant(Part):
    """A raw value that stands for a missing one."""

    fill: Literal["constant"]
    value: Real


class FillCentre(Part):
    """The population's mean or median stands for a missing value."""

    fill: Literal["mean", "median"]


class FillPeers(Part):
    """The mean or median of the customers with the same text in an attribute."""

    fill: Literal["peers"]
    by: AttributeName
    of: Literal["mean", "median"] = "median"


class FillRegression(Part):
    """A linear estimate from other indicators (the population's `regressions`).

    `on` names the indicators that calibration fits it on.
    """

    fill: Literal["regression"]
    on: tuple[Name, ...] = ()


Fill = Annotated[
    FillConstant | FillCentre | FillPeers | FillRegression, Field(discriminator="fill")
]


Missing = Annotated[
    Annotated[Share, Tag("number")]
    | Annotated[Literal["leave_out"], Tag("word")]
    | Annotated[Fill, Tag("mapping")],
    Discriminator(shape_of),
]


class Term(Part):
    """One indicator in a score: its weight in the group and how its raw value becomes 0..1."""

    indicator: str
    weight: Weight
    normaliser: Normaliser
    direction: Literal["more", "less"] = "more"
    clip: Clip | None = None
    missing: Missing = 0.0
    _exists = field_validator("indicator")(_defined("indicators", "indicator"))

    @model_validator(mode="after")
    def _is_not_estimated_from_itself(self) -> Self:
        if isinstance(self.missing, FillRegression) and self.indicator in self.missing.on:
            raise MemberError(
                f"{self.indicator!r} cannot be estimated from itself; name other indicators",
                "missing",
                "on",
            )
        return self


class Group(Part):
    """A level of the hierarchy: terms, or further groups."""

    name: Name
    label: Label | None = None
    weight: Weight
    weighting: Weighting | None = None
    indicators: tuple[Term, ...] = ()
    groups: tuple["Group", ...] = ()

    @model_validator(mode="after")
    def _has_members(self) -> Self:
        members = self.indicators or self.groups
        if bool(self.indicators) == bool(self.groups):
            raise ValueError(
                f"group {self.name!r} needs either indicators or groups, one of the two"
            )
        if not sum(member.weight for member in members) > 0:
            raise ValueError(
                f"all weights in group {self.name!r} are 0; give at least one a weight above 0"
            )
        return self

    @model_validator(mode="after")
    def _weights_are_those_of_the_weighting(self) -> Self:
        if self.weighting is not None:
            members: tuple[Term | Group, ...] = self.indicators or self.groups
            names = [term.indicator for term in self.indicators]
            names += [group.name for group in self.groups]
            agree(self.weighting, names, [member.weight for member in members])
        return self


class Tier(Part):
    """Where a tier starts, and the lower score below which it is lost again.

    `enter_at: population` takes both bounds from the population's; `top_share` is the share of
    customers that calibration finds them for: numbers hold until it has. `when` adds bounds of
    indicators.
    """

    name: Name
    label: Label | None = None
    enter_at: OrPopulation | None = None
    leave_below: Real | None = None
    top_share: Share | None = None
    when: tuple[Bound, ...] = ()
    combine: Literal["all", "any"] = "all"

    @property
    def is_conditional(self) -> bool:
        """Whether anything but the order of tiers decides who is in it."""
        return self.enter_at is not None or self.leave_below is not None or bool(self.when)

    @model_validator(mode="after")
    def _is_left_below_its_entrance(self) -> Self:
        if isinstance(self.enter_at, float) and (self.leave_below or -inf) > self.enter_at:
            raise ValueError(
                f"{self.name!r} is entered at {self.enter_at:g} but left below "
                f"{self.leave_below:g}; set leave_below to at most {self.enter_at:g}, "
                "or customers flap at the edge"
            )
        return self


Review = Annotated[
    Annotated[Literal["month", "quarter", "year"], Tag("word")]
    | Annotated[int, Field(ge=1, le=3660), Tag("number")],
    Discriminator(shape_of),
]


class Policy(Part):
    """When a tier that is no longer earned is lost; a higher one is reached at once.

    Days since the tier was reached, days since its loss began, days of review, and whether a fall
    goes one tier at a time.
    """

    minimum_stay_days: Days = 0
    grace_days: Days = 0
    review: Review | None = None
    one_step_down: bool = False


class Join(Part):
    """A score made of two others: the share of the first depends on the class in a segment."""

    scores: Annotated[tuple[Name, ...], Field(min_length=2, max_length=2)]
    by: Name
    shares: Mapping[Name, Share] = {}
    share: Share = 0.5


class Limit(Part):
    """A suggested credit limit: an amount × the factor of the customer's tier."""

    indicator: Name
    factors: Mapping[Name, Annotated[float, Field(ge=0, allow_inf_nan=False)]]


class Score(Part):
    """A score of 0 to 100: a hierarchy of weighted terms, or two scores joined; and its tiers."""

    label: Label | None = None
    weighting: Weighting | None = None
    groups: tuple[Group, ...] = ()
    join: Join | None = None
    policy: Policy = Policy()
    tiers: tuple[Tier, ...] = Field(min_length=1, max_length=100)
    limit: Limit | None = None

    @model_validator(mode="after")
    def _weights_count(self) -> Self:
        if bool(self.groups) == (self.join is not None):
            raise ValueError("needs either `groups` or `join`, one of the two")
        if self.groups and not sum(group.weight for group in self.groups) > 0:
            raise ValueError("all weights of the groups are 0; give at least one a weight above 0")
        return self

    @model_validator(mode="after")
    def _weights_are_those_of_the_weighting(self) -> Self:
        if self.weighting is not None:
            names = [group.name for group in self.groups]
            agree(self.weighting, names, [group.weight for group in self.groups])
        return self

    @model_validator(mode="after")
    def _indicators_are_used_once(self) -> Self:
        used = set()
        for path, term in _located(self.groups, ("groups",)):
            if term.indicator in used:
                raise MemberError(
                    f"indicator {term.indicator!r} is used twice; add its weights up in one place",
                    *path,
                    "indicator",
                )
            used.add(term.indicator)
        return self

    @field_validator("tiers")
    @classmethod
    def _tiers_are_ordered(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        if tiers[0].is_conditional:
            raise MemberError(
                f"the lowest tier {tiers[0].name!r} holds everybody else; take its bounds away", 0
            )
        below, names = -inf, {tiers[0].name}
        for n, tier in enumerate(tiers[1:], 1):
            if not tier.is_conditional:
                raise MemberError(f"tier {tier.name!r} needs enter_at and leave_below", n)
            if isinstance(tier.enter_at, float):
                if tier.leave_below is None:
                    raise MemberError(f"tier {tier.name!r} needs enter_at and leave_below", n)
                if tier.enter_at <= below:
                    raise MemberError(
                        f"{tier.name!r} is entered at {tier.enter_at:g}, not above the tier before "
                        f"it ({below:g}); write tiers from low to high",
                        n,
                        "enter_at",
                    )
                below = tier.enter_at
            elif tier.leave_below is not None:
                raise MemberError(f"tier {tier.name!r} needs enter_at and leave_below", n)
            if tier.name in names:
                raise MemberError(f"a tier before it is called {tier.name!r} too", n, "name")
            names.add(tier.name)
        return tiers

    @property
    def term_names(self) -> tuple[str, ...]:
        """What the score is a sum of: indicators, or the scores that it joins."""
        return self.join.scores if self.join else tuple(term.indicator for term, _ in self.terms())

    def terms(self) -> Iterator[tuple[Term, float]]:
        """Yield each term with its share of the whole score, in the order of the file.

        >>> def term(name, weight):
        ...     linear = {"kind": "linear", "low": 0, "high": 1}
        ...     return {"indicator": name, "weight": weight, "normaliser": linear}
        >>> score = Score(
        ...     groups=[
        ...         {"name": "trade", "weight": 3, "indicators": [term("spend", 1)]},
        ...         {"name": "voice", "weight": 1, "indicators": [term("nps", 2), term("csat", 2)]},
        ...     ],
        ...     tiers=[{"name": "all"}],
        ... )
        >>> [(term.indicator, share) for term, share in score.terms()]
        [('spend', 0.75), ('nps', 0.125), ('csat', 0.125)]
        """
        yield from _shares(self.groups, 1.0)


def _located(
    groups: tuple[Group, ...], loc: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Term]]:
    for g, group in enumerate(groups):
        yield from _located(group.groups, (*loc, g, "groups"))
        for t, term in enumerate(group.indicators):
            yield (*loc, g, "indicators", t), term


def _shares(groups: tuple[Group, ...], above: float) -> Iterator[tuple[Term, float]]:
    # fsum: sum() of floats differs between Python 3.11 and 3.12
    total = fsum(group.weight for group in groups)
    for group in groups:
        share = above * (group.weight / total)
        if group.groups:
            yield from _shares(group.groups, share)
        inner = fsum(term.weight for term in group.indicators)
        for term in group.indicators:
            yield term, share * (term.weight / inner)


class Drop(Part):
    """Alert when a score falls by `points` below its highest of the last `within_days`."""

    kind: Literal["drop"]
    label: Label | None = None
    score: str
    points: Points
    within_days: Annotated[int, Field(ge=1, le=LONGEST_ALERT_DAYS)]
    resolve_below: Points
    cool_down_days: Days = 0
    _exists = field_validator("score")(_defined("scores", "score"))

    @model_validator(mode="after")
    def _resolves(self) -> Self:
        if self.resolve_below > self.points:
            raise MemberError(
                f"resolve_below {self.resolve_below:g} is above points {self.points:g}; "
                "the alert would end as it starts",
                "resolve_below",
            )
        return self


class Identity(Part):
    """The model's name and version, as they go out with every score."""

    name: Name
    version: Annotated[int, Field(ge=1)]


def _capitals(code: object) -> object:
    return code.upper() if isinstance(code, str) else code


Currency = Annotated[str, BeforeValidator(_capitals), Field(pattern=r"^[A-Z]{3}$")]
"""A code in lower case is that code."""


def _positive(rate: str) -> str:
    if float(rate) == 0:
        raise ValueError(f"the rate {rate!r} makes all amounts nothing; give one above 0")
    return rate


Rate = Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,9})?$"), AfterValidator(_positive)]


class Currencies(Part):
    """The base currency, and dated rates: base units for one unit of the other."""

    base: Currency
    rates: Mapping[Currency, Mapping[date, Rate]] = {}

    @field_validator("rates")
    @classmethod
    def _base_has_no_rate(
        cls, rates: Mapping[str, Mapping[date, str]], info: ValidationInfo
    ) -> Mapping[str, Mapping[date, str]]:
        base = info.data.get("base", "")
        if base in rates:
            raise MemberError("is the base currency; its rate is 1, take it away", base)
        return rates


class Dedup(Part):
    """How many event identities a customer remembers."""

    ids: Annotated[int, Field(ge=0, le=65_536)] = 1024


class Invoices(Part):
    """Days after a sale when its invoice falls due, if it says nothing; days that one is kept."""

    terms_days: Days = 30
    keep_days: Days = 400


class Orders(Part):
    """For how many days an order is known, so that what comes of it later is judged with it."""

    keep_days: Days = 400


class Model(Part):
    """A whole scoring model; `parse` makes one."""

    model: Identity
    timezone: Annotated[str, AfterValidator(known_zone)]
    currencies: Currencies
    dedup: Dedup = Dedup()
    invoices: Invoices = Invoices()
    orders: Orders = Orders()
    indicators: Mapping[Name, Indicator] = Field(min_length=1)
    population: Population = Population()
    scores: Mapping[Name, Score] = Field(min_length=1)
    segments: Mapping[Name, Segment] = {}
    alerts: Mapping[Name, Drop] = {}
    clv: Clv | None = None

    @model_validator(mode="after")
    def _names_what_it_has(self, info: ValidationInfo) -> Self:
        is_calibrated = (info.context or {}).get(_CALIBRATED, True)
        for problem in missing_parts(self):
            if is_calibrated or not isinstance(problem, UncalibratedError):
                raise problem
        return self

    def decisive_indicators(self) -> Iterator[str]:
        """Yield the indicators that scores, tiers and segments are computed from."""
        for score in self.scores.values():
            for term, _ in score.terms():
                yield term.indicator
                if isinstance(term.missing, FillRegression):
                    yield from self.population.regressions[term.indicator].coefficients
            for tier in score.tiers:
                yield from (bound.indicator for bound in tier.when)
        for segment in self.segments.values():
            yield from segment.indicators()

    def population_bounds(self, score: str, tier: Tier) -> Bounds | None:
        """Return the bounds of a tier that the population gives; None if its own numbers hold."""
        is_shared = tier.enter_at == "population" or tier.top_share is not None
        return self.population.bounds.get(score, {}).get(tier.name) if is_shared else None

    @property
    def tag(self) -> str:
        """Name and version as one word, like `default@1`."""
        return f"{self.model.name}@{self.model.version}"


def parse(text: str, source: str, *, calibrated: bool = True) -> Model:
    """Read a model from YAML 1.2 text; `source` names the file in errors.

    Raises `ModelError` with every problem: line, field, what is wrong and what would be right. With
    `calibrated=False` it is none that the population lacks figures which the model asks for: such a
    model can be calibrated, but compiled only with stand-ins (`calibration.stand_ins`).

    >>> text = '''
    ... model: {name: tiny, version: 1}
    ... timezone: UTC
    ... currencies: {base: CNY}
    ... indicators:
    ...   orders: {kind: sum, add: [orders], window: 365}
    ... scores:
    ...   value:
    ...     groups:
    ...       - name: all
    ...         weight: 1
    ...         indicators:
    ...           - {indicator: orders, weight: 1, normaliser: {kind: linear, low: 0, high: 10}}
    ...     tiers: [{name: new}, {name: regular, enter_at: 30, leave_below: 20}]
    ... '''
    >>> parse(text, "tiny.yaml").tag
    'tiny@1'
    >>> parse(text.replace("add: [orders]", "add: [order]"), "tiny.yaml")
    Traceback (most recent call last):
        ...
    scoring.errors.ModelError: tiny.yaml: 1 to fix
    tiny.yaml:6: indicators.orders.add.0: there is no measure 'order'; did you mean 'orders'?
    """
    try:
        tree = load(text)
    except PlainYamlError as error:
        raise ModelError(source, [Problem(error.line, "(file)", error.message)]) from None
    if not isinstance(tree, Mapping):
        raise ModelError(source, [Problem(1, "(file)", "is not a mapping; start with `model:`")])
    plain = _plain(tree)
    names = {section: _names(plain.get(section)) for section in ("indicators", "scores")}
    try:
        return Model.model_validate(plain, context={**names, _CALIBRATED: calibrated})
    except ValidationError as error:
        raise ModelError(source, problems_of(tree, error.errors())) from None


def _names(section: object) -> tuple[str, ...]:
    return tuple(map(str, section)) if isinstance(section, Mapping) else ()


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return tuple(_plain(value) for value in node)
    for scalar in (bool, int, float, str):
        if isinstance(node, scalar):
            return scalar(node)
    return node
