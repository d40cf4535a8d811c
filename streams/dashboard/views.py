"""What the board answers: the shapes of /api, one model a view.

Money is in major units, ratios and shares are 0 to 1, days are business days, instants RFC 3339 in
UTC, and None is a value that is missing.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scoring.parts import Label

AlertState = Literal["open", "acknowledged", "snoozed", "resolved"]


class View(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True
    )


class AsOf(View):
    """How new an answer is.

    `day` is the business day of the newest customer, `at` when Kafka took the newest record that
    was applied, `behind` how many records are not applied yet, `lag_s` how old the oldest of them
    is. `stale`: there have been such records for a while, or Kafka does not answer.
    """

    day: str | None
    at: str | None
    behind: int
    lag_s: float
    loading: bool
    stale: bool


class Answer(View):
    """A whole answer."""

    as_of: AsOf


# ------------------------------------------------------------------------------------------- model


class TierOfModel(View):
    """A tier and where it begins; `conditions` are further bounds of indicators, as written."""

    name: str
    label: Label
    enter_at: float | None
    keep_at: float | None
    top_share: float | None
    conditions: list[dict[str, Any]]
    combine: Literal["all", "any"]


class TermOfModel(View):
    """An indicator (or the score that is joined) and its share of the score, 0 to 1."""

    indicator: str
    label: Label
    weight: float


class GroupOfModel(View):
    """The terms of one group; `weight` is the group's share of the score, 0 to 1."""

    name: str
    label: Label
    weight: float
    terms: list[TermOfModel]


class ScoreOfModel(View):
    """A score, its tiers from the lowest to the highest; `limit`: it suggests a credit limit."""

    name: str
    label: Label
    tiers: list[TierOfModel]
    groups: list[GroupOfModel]
    joins: list[str]
    limit: bool


class IndicatorOfModel(View):
    """An indicator; `unit` is money, days, ratio, count or number, `window` as the model says."""

    name: str
    label: Label
    kind: str
    unit: Literal["money", "days", "ratio", "count", "number"]
    window: int | str | list[int] | None
    direction: Literal["more", "less"] | None
    deciding: bool


class ClassOfModel(View):
    """A class of a segment."""

    name: str
    label: Label


class SegmentOfModel(View):
    """A segment and its classes."""

    name: str
    label: Label
    kind: str
    classes: list[ClassOfModel]


class AlertOfModel(View):
    """An alert and the score that it watches."""

    name: str
    label: Label
    score: str


class ModelView(Answer):
    """The model: what there is to choose from on the page."""

    name: str
    version: int
    tag: str
    currency: str
    timezone: str
    scores: list[ScoreOfModel]
    indicators: list[IndicatorOfModel]
    segments: list[SegmentOfModel]
    alerts: list[AlertOfModel]
    attributes: list[str]
    profit: str | None


# ----------------------------------------------------------------------------------------- pyramid


class PyramidTier(View):
    """One tier: `profit` is the sum of what is known; shares are None where the whole is nothing.

    `share_of_profit` may be below 0 or above 1: customers make losses, too.
    """

    tier: str
    customers: int
    share_of_customers: float | None
    profit: float | None
    share_of_profit: float | None
    mean_score: float | None


class Pyramid(Answer):
    """Customers by tier of one score, the lowest first; `profit` is None without that indicator."""

    score: str
    customers: int
    profit: float | None
    tiers: list[PyramidTier]


# --------------------------------------------------------------------------------------- customers


class Standing(View):
    """A score and the tier."""

    score: float
    tier: str


class Driver(View):
    """A term whose points have moved."""

    indicator: str
    before: float
    after: float
    delta: float


class TierChange(View):
    """A customer has changed its tier; `day` is the business day, `occurred_at` the cause's."""

    id: str
    customer_id: str
    name: str | None
    owner: str | None
    score_name: str
    from_: str = Field(validation_alias="from", serialization_alias="from")
    to: str
    direction: Literal["up", "down"]
    score: float
    previous_score: float
    occurred_at: str
    as_of_day: str
    cause: dict[str, str]
    drivers: list[Driver]


class CustomerRow(View):
    """A line of the table of customers; `indicators` are those that were asked for."""

    customer_id: str
    name: str | None
    owner: str | None
    region: str | None
    industry: str | None
    size: str | None
    scores: dict[str, Standing]
    segments: dict[str, str | None]
    indicators: dict[str, float | None]
    last_change: TierChange | None


class Page(Answer):
    """Some customers of `total`; pages are counted from 1."""

    total: int
    page: int
    per_page: int
    rows: list[CustomerRow]


# ---------------------------------------------------------------------- distribution, composition


class Histogram(View):
    """`counts[i]` values lie from `edges[i]` up to below `edges[i + 1]`; the last takes its end."""

    edges: list[float]
    counts: list[int]


class Distribution(Answer):
    """How an indicator (or a score) is distributed; all is None or empty without a value."""

    indicator: str
    count: int
    missing: int
    min: float | None
    max: float | None
    mean: float | None
    quartiles: list[float] | None
    histogram: Histogram


class Part(View):
    """Customers of one value; `value` None: of none. `others` values are told together as one."""

    value: str | None
    customers: int
    share: float
    others: int | None = None


class Composition(Answer):
    """Customers by an attribute, a segment or the tiers of a score, the most numerous first."""

    by: str
    total: int
    groups: list[Part]


# --------------------------------------------------------------------------------------- movements


class Movements(Answer):
    """Who moved: `matrix[then][now]` customers whose tier has changed in the last `days` days.

    Those on its diagonal came back to where they were: `returned`.
    """

    score: str
    days: int
    tiers: list[str]
    matrix: list[list[int]]
    up: int
    down: int
    returned: int


class RecentChanges(Answer):
    """Tier changes, the newest first."""

    changes: list[TierChange]


# ------------------------------------------------------------------------------------------ alerts


class Acknowledged(View):
    """Who has seen an alert, when, and what was said."""

    by: str
    at: str
    note: str | None


class Alert(View):
    """A score fell by `drop` points below `reference_score`, that of `reference_day`."""

    id: str
    customer_id: str
    name: str | None
    owner: str | None
    alert: str
    score_name: str
    state: AlertState
    score: float
    reference_score: float
    reference_day: str
    drop: float
    occurred_at: str
    as_of_day: str
    drivers: list[Driver]
    cause: dict[str, str]
    acknowledged: Acknowledged | None
    snoozed_until: str | None
    snoozed_by: str | None
    resolved_at: str | None


class AlertAction(View):
    """What somebody did about an alert: the value of a record of `alert-actions`.

    Of each alert the last one counts. `snooze` tells `until`, `acknowledge` may tell a `note`.
    """

    alert: str
    customer_id: str
    action: Literal["acknowledge", "snooze", "reopen"]
    by: str
    at: str
    note: str | None = None
    until: str | None = None


class Alerts(Answer):
    """Alerts, the newest first; `counts` by state, of all that the one who asks may see."""

    total: int
    page: int
    per_page: int
    counts: dict[AlertState, int]
    alerts: list[Alert]


# ------------------------------------------------------------------------------------ one customer


class Contribution(View):
    """Points that an indicator (or a joined score) gives."""

    indicator: str
    label: Label
    points: float
    group: str | None


class ToNext(View):
    """The next tier and the points that are missing to it; None where no points decide."""

    tier: str
    points: float | None


class CustomerScore(View):
    """One score of a customer in full."""

    name: str
    label: Label
    score: float
    tier: str
    to_next: ToNext | None
    suggested_limit: float | None
    contributions: list[Contribution]


class IndicatorValue(View):
    """One indicator of a customer."""

    name: str
    label: Label
    value: float | None
    unit: str


class Happening(View):
    """Something on a customer's timeline; `message` is the outcome as Kafka has it."""

    at: str
    kind: Literal["tier-change", "value-alert", "segment-change"]
    message: dict[str, Any]


class Customer(Answer):
    """All that the page tells of one customer."""

    customer_id: str
    name: str | None
    profile: dict[str, Any]
    day: str
    model: str
    scores: list[CustomerScore]
    indicators: list[IndicatorValue]
    segments: dict[str, str | None]
    history: list[TierChange]
    alerts: list[Alert]
    timeline: list[Happening]


# ------------------------------------------------------------------------------------- RFM, health


class RfmCell(View):
    """Customers of one grade of recency and one of frequency."""

    customers: int
    share: float
    mean_monetary: float | None
    profit: float | None


class RfmClass(View):
    """Customers of one class of the model's RFM segment."""

    name: str = Field(validation_alias="class", serialization_alias="class")
    label: Label
    customers: int
    share: float


class RfmGrid(Answer):
    """Grades 5 to 1 of recency (rows, the best first) by grades 1 to 5 of frequency (columns).

    `available` is False if the model has no segment of kind rfm; all else is then empty.
    `cuts` divide the grades: `model` if the model's own, `customers` if quintiles of those shown.
    """

    available: bool
    segment: str | None
    cuts: Literal["model", "customers"] | None
    grid: list[list[RfmCell]]
    classes: list[RfmClass]


class TopicHealth(View):
    """A topic: how many records come in a second, and where it ends (all partitions)."""

    topic: str
    events_per_s: float
    end: int


class PartitionLag(View):
    """Records of a partition that no worker has applied yet, as far as it has told Kafka."""

    topic: str
    partition: int
    lag: int


class Lag(View):
    """How far the workers are behind; None: they have not told Kafka yet."""

    total: int | None
    partitions: list[PartitionLag]


class DeadLetter(View):
    """An event that could not be used."""

    topic: str
    partition: int
    offset: int
    at: str
    error: str


class DeadLetters(View):
    """How many there are, and the newest."""

    total: int
    recent: list[DeadLetter]


class FeedHealth(View):
    """What the dashboard holds in memory, and how long it took to read it."""

    behind: int
    customers: int
    changes: int
    alerts: int
    memory_mib: float
    started_at: str | None
    loaded_after_s: float | None


class Health(Answer):
    """How the whole runs; `kafka` is ok, or what is wrong."""

    events_per_s: float
    topics: list[TopicHealth]
    lag: Lag
    dead_letters: DeadLetters
    feed: FeedHealth
    kafka: str
