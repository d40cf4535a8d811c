"""The contract of the events: what a producer may send, field by field.

JSON Schema is generated from these models (`schemas`), the fast decoder is compiled from them, and
what it does not understand they decide. A new type of event is a class here, entered in `TYPES`,
and its kinds and effects in `measures.py`. (What a class says of itself goes into its schema.)

>>> sale = Transaction(
...     event_id="e1", customer_id="c1", occurred_at="2026-01-31T09:30:00+08:00", amount="12.50"
... )
>>> sale.occurred_at, sale.amount, sale.kind
(1769823000000, Decimal('12.50'), 'sale')
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from scoring.details import Value
from scoring.fields import (
    MAX_SEQUENCE,
    Amount,
    Attribute,
    Cost,
    Currency,
    DueAt,
    LastDay,
    OccurredAt,
    Sequence,
    Shape,
    whole_of,
)
from scoring.measures import COSTS, MARKS, MEASURES, MOST_VOLUME
from scoring.parts import Name


def _whole(value: object) -> object:
    """Return 3 for 3.0, as JSON Schema's integers have it; anything else as it is."""
    number = whole_of(value)
    return value if number is None else number


WHOLE: Final = BeforeValidator(_whole)
"""Stands behind bounds: before them, JSON Schema would not say them."""
Level = Annotated[int, Field(ge=1, le=5), WHOLE, Shape.LEVEL]
_LEVEL: Final[TypeAdapter[int]] = TypeAdapter(Level, config=ConfigDict(strict=True))
Text = Annotated[str, Field(min_length=1, max_length=128), Shape.TEXT]
Order = Annotated[str, Field(min_length=1, max_length=128), Shape.ORDER]
Invoice = Annotated[str, Field(min_length=1, max_length=128), Shape.INVOICE]
ProductLine = Annotated[str, Field(min_length=1, max_length=128), Shape.CATEGORY]

ANSWERS: Final = {"nps": (0, 10), "csat": (1, 5)}
"""The lowest and the highest answer of each kind of feedback that is a number."""

MOST_ATTRIBUTES: Final = 64
"""Of one profile."""
EPOCH: Final = date(1970, 1, 1)


class Event(BaseModel):
    """What all events have. Unknown fields are ignored; an optional field may be null.

    `occurred_at` becomes epoch milliseconds, `due_at` those or a date, money a `Decimal`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    event_id: Annotated[str, Field(min_length=1, max_length=256), Shape.EVENT_ID] = Field(
        description="set by the producer; an event sent twice has the same"
    )
    customer_id: Annotated[str, Field(min_length=1, max_length=128), Shape.CUSTOMER_ID] = Field(
        description="also the key of the Kafka record"
    )
    occurred_at: OccurredAt
    sequence: Sequence | None = Field(
        None, description="the producer's order of events of one instant: the higher is the later"
    )


def _given(field: str) -> dict[str, Any]:
    """Say in a JSON Schema that a field is there, and not null."""
    return {"required": [field], "properties": {field: {"not": {"type": "null"}}}}


class Costs(BaseModel):
    """What a sale cost, by part; parts that are absent count nothing."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        strict=True,
        json_schema_extra={"anyOf": [_given(kind) for kind in COSTS]},
    )

    production: Cost | None = None
    logistics: Cost | None = None
    service: Cost | None = None
    marketing: Cost | None = None
    after_sales: Cost | None = None

    def parts(self) -> dict[str, Decimal]:
        """Return the costs that are given, by kind.

        >>> Costs(production="3.20", service=1).parts()
        {'production': Decimal('3.20'), 'service': Decimal('1')}
        """
        parts = ((kind, getattr(self, kind)) for kind in COSTS)
        return {kind: part for kind, part in parts if part is not None}

    @model_validator(mode="after")
    def _has_a_part(self) -> Self:
        if self.parts():
            return self
        raise PydanticCustomError(
            "MissingField",
            "has none of {kinds}; leave `costs` out if unknown",
            {"kinds": ", ".join(COSTS)},
        )


def _kinds_schema(schema: dict[str, Any]) -> None:
    """Say in a JSON Schema what kinds of transactions need: an order, else an amount."""
    is_void = {"properties": {"kind": {"const": "void"}}, "required": ["kind"]}
    is_chargeback = {"properties": {"kind": {"const": "chargeback"}}, "required": ["kind"]}
    level = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "null"}]}
    schema["allOf"] = [
        {
            "if": is_void,
            "then": _given("order_id"),
            "else": _given("amount"),
        },
        {"not": {"allOf": [_given("cost"), _given("costs")]}},
        {"if": is_chargeback, "then": {"properties": {"severity": level}}},
    ]


class Transaction(Event):
    """A sale, or what takes one back; `cost` and `costs` say what it cost the business.

    A `refund` gives money back, a `chargeback` too, by the customer's bank: it is a complaint as
    well. A `void` says that the order `order_id` never was; it needs no amount. An `order_id` ties
    refunds to their sale.
    """

    model_config = ConfigDict(json_schema_extra=_kinds_schema)

    type: Annotated[Literal["transaction"], Shape.TYPE] | None = None
    kind: Annotated[Literal["sale", "refund", "void", "chargeback"], Shape.KIND] | None = "sale"
    amount: Amount | None = Field(None, validate_default=True)
    currency: Currency | None = None
    cost: Cost | None = None
    costs: Costs | None = None
    order_id: Order | None = Field(None, validate_default=True)
    severity: Annotated[Any, Shape.SEVERITY] = Field(
        None, description="of a chargeback, as of a complaint"
    )
    invoice_id: Invoice | None = None
    due_at: DueAt | None = None
    category: ProductLine | None = Field(None, description="product line")

    @field_validator("amount", "order_id")
    @classmethod
    def _is_there_if_needed(cls, value: Any, info: ValidationInfo) -> Any:
        needed = "order_id" if info.data.get("kind") == "void" else "amount"
        if value is None and info.field_name == needed and "kind" in info.data:
            raise PydanticCustomError("MissingField", "is missing")
        return value

    @field_validator("severity")
    @classmethod
    def _is_a_level(cls, value: object, info: ValidationInfo) -> int | None:
        if value is None or info.data.get("kind") != "chargeback":
            return None
        return _LEVEL.validate_python(value)

    @model_validator(mode="after")
    def _has_one_cost(self) -> Self:
        if self.cost is None or self.costs is None:
            return self
        raise PydanticCustomError("Contradiction", "gives both `cost` and `costs`; send one")


class Payment(Event):
    """Money received, against an invoice or not."""

    type: Annotated[Literal["payment"], Shape.TYPE] | None = None
    amount: Amount
    currency: Currency | None = None
    invoice_id: Invoice | None = None
    due_at: DueAt | None = None


class Complaint(Event):
    """A customer complains."""

    type: Annotated[Literal["complaint"], Shape.TYPE] | None = None
    severity: Level | None = None
    category: Text | None = None


class Praise(Event):
    """A customer praises."""

    type: Annotated[Literal["praise"], Shape.TYPE] | None = None
    rating: Level | None = None
    channel: Text | None = None


def _answer_schema(schema: dict[str, Any]) -> None:
    """Say in a JSON Schema which answers a kind of feedback takes."""
    schema["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": kind}}},
            "then": {
                "required": ["value"],
                "properties": {"value": {"type": "integer", "minimum": low, "maximum": high}},
            },
        }
        for kind, (low, high) in ANSWERS.items()
    ]


class Feedback(Event):
    """A customer says what it thinks: a suggestion, or a number in answer to a question.

    `value` answers "would you recommend us?" with 0 to 10 (`nps`), "how content are you?" with 1 to
    5 (`csat`); that of a suggestion is ignored.
    """

    model_config = ConfigDict(json_schema_extra=_answer_schema)

    type: Annotated[Literal["feedback"], Shape.TYPE] | None = None
    kind: Annotated[Literal["suggestion", "nps", "csat"], Shape.KIND]
    value: Annotated[Any, Shape.ANSWER] = Field(None, validate_default=True)

    @field_validator("value")
    @classmethod
    def _is_an_answer(cls, value: object, info: ValidationInfo) -> int | None:
        bounds = ANSWERS.get(info.data.get("kind", ""))
        if bounds is None:
            return None
        if value is None:
            raise PydanticCustomError("MissingField", "is missing")
        value = whole_of(value)
        if value is None:
            raise PydanticCustomError("WrongType", "must be a whole number")
        low, high = bounds
        if not low <= value <= high:
            of = {"low": low, "high": high, "kind": info.data["kind"]}
            raise PydanticCustomError("OutOfRange", "must be {low} to {high} for {kind}", of)
        return value


class Engagement(Event):
    """A customer does something that binds it: asks, works with us, recommends us, stays."""

    type: Annotated[Literal["engagement"], Shape.TYPE] | None = None
    kind: Annotated[
        Literal["inquiry", "task", "process", "referral", "renewal", "contract"], Shape.KIND
    ]


class CostEvent(Event):
    """What a customer cost the business, apart from what it bought."""

    model_config = ConfigDict(title="Cost")

    type: Annotated[Literal["cost"], Shape.TYPE] | None = None
    amount: Amount
    currency: Currency | None = None
    kind: Annotated[
        Literal["production", "logistics", "service", "marketing", "after_sales"], Shape.KIND
    ]


ATTRIBUTE_NAME: Final = r"^[a-z][a-z0-9_]{0,63}$"


def _most_attributes() -> list[Any]:
    """Say in a JSON Schema how many attributes there may be besides the common fields."""
    optional = ("type", "sequence")
    most = len(Event.model_fields) - 1 + MOST_ATTRIBUTES  # without the optional ones
    either = {"anyOf": [{"required": [name]} for name in optional]}
    return [
        {"maxProperties": most + 2},
        {"if": {"not": {"required": [*optional]}}, "then": {"maxProperties": most + 1}},
        {"if": {"not": either}, "then": {"maxProperties": most}},
    ]


class Profile(Event):
    """What is known of a customer: every field besides the common ones is an attribute of it.

    The latest value holds; null and "" take an attribute away. Attributes that are not named stay.
    """

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "propertyNames": {"pattern": ATTRIBUTE_NAME},
            "not": {"propertyNames": {"enum": [*Event.model_fields, "type"]}},
            "allOf": _most_attributes(),
        },
    )
    __pydantic_extra__: dict[str, Attribute]

    type: Annotated[Literal["profile"], Shape.TYPE] | None = None

    def attributes(self) -> tuple[tuple[str, Value], ...]:
        """Return the attributes that are given, numbers as floats.

        >>> common = {"event_id": "p", "customer_id": "c", "occurred_at": 0}
        >>> Profile(**common, region="华东", staff=40).attributes()
        (('region', '华东'), ('staff', 40.0))
        """
        return tuple(self.__pydantic_extra__.items())

    @model_validator(mode="after")
    def _has_attributes(self) -> Self:
        names = self.__pydantic_extra__
        if not names:
            raise PydanticCustomError("MissingField", "has no attribute")
        for name in names:
            if not re.fullmatch(ATTRIBUTE_NAME, name):
                of = {"name": name[:64], "pattern": ATTRIBUTE_NAME}
                raise PydanticCustomError(
                    "OutOfRange", "has the attribute `{name}`: a name must match {pattern}", of
                )
        if len(names) > MOST_ATTRIBUTES:
            rule = "has {found} attributes: at most {most} are taken"
            limits = {"found": len(names), "most": MOST_ATTRIBUTES}
            raise PydanticCustomError("OutOfRange", rule, limits)
        return self


class Override(Event):
    """A person decides the customer's tier of a score, until a day or until further notice.

    `pin`: that tier; `floor`: at least that one; `ceiling`: at most. Without `tier` an earlier
    decision about the score ends.
    """

    type: Annotated[Literal["override"], Shape.TYPE] | None = None
    score: Name
    tier: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    mode: Literal["pin", "floor", "ceiling"] | None = "pin"
    until: LastDay | None = None
    author: Text
    reason: Text

    def attributes(self) -> tuple[tuple[str, Value], ...]:
        """Return the decision as attributes of the customer, `until` as a day from 1970-01-01.

        >>> common = {"event_id": "o", "customer_id": "c", "occurred_at": 0}
        >>> said = {"score": "value", "tier": "VIP", "author": "ann", "reason": "founder"}
        >>> Override(**common, **said, until="1970-01-03").attributes()[2]
        ('override:value:until', 2.0)
        """
        until = None if self.until is None else float((self.until - EPOCH).days)
        said = {
            "tier": self.tier,
            "mode": self.mode or "pin",
            "until": until,
            "author": self.author,
            "reason": self.reason,
        }
        return tuple((f"override:{self.score}:{name}", value) for name, value in said.items())


class Erasure(Event):
    """Everything known of the customer is forgotten; events up to `occurred_at` never count again.

    `author` and `reason` stay in the topic, for audits.
    """

    type: Annotated[Literal["erasure"], Shape.TYPE] | None = None
    author: Text | None = None
    reason: Text | None = None


class Merge(Event):
    """The customer's events count for another one, `into`, from now on; all that it did, too.

    `into_shard` is the partition that the other one's events go to. Can be undone for 30 days by an
    `unmerge` (docs/semantics.md section 9).
    """

    type: Annotated[Literal["merge"], Shape.TYPE] | None = None
    into: Annotated[str, Field(min_length=1, max_length=128)]
    into_shard: Annotated[int, Field(ge=0, lt=2**31), WHOLE]
    author: Text | None = None
    reason: Text | None = None


class Unmerge(Event):
    """A merge of the customer is undone: both are what they would be without it."""

    type: Annotated[Literal["unmerge"], Shape.TYPE] | None = None
    author: Text | None = None
    reason: Text | None = None


Hash = Annotated[int, Field(ge=0, lt=2**64), WHOLE]
Count = Annotated[int, Field(gt=-(2**62), lt=2**62), WHOLE]
Day = Annotated[int, Field(ge=0, lt=2**31), WHOLE]
Measure = Annotated[str, Field(pattern=f"^({'|'.join(MEASURES)})$")]
Mark = Annotated[str, Field(pattern=f"^({'|'.join(name for name, _, _ in MARKS)})$")]
Measures = Annotated[dict[Measure, Count], Field(description="by name, 0 left out")]


class Bucket(BaseModel):
    """What a customer did on one day."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    day: Day
    measures: Measures


class InvoiceLine(BaseModel):
    """What was billed (0), received (1) or credited (2) of an invoice on a day."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    invoice: Hash
    kind: Annotated[int, Field(ge=0, le=2), WHOLE]
    day: Day
    due: Annotated[int, Field(ge=-1, lt=2**31), WHOLE]
    count: Day
    undated: Day
    amount: Count
    currency: Day = 0
    own: Count | None = Field(None, description="in its own currency; null: as `amount`")


class BoughtLine(BaseModel):
    """A product line and the latest day of a sale of it."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    line: Hash
    day: Day
    unnamed: Annotated[int, Field(ge=-1, lt=2**31), WHOLE] | None = Field(
        None, description="of a sale that nothing can take back; -1: none, null: as `day`"
    )


class OrderRow(BaseModel):
    """What was said of an order on a day, and what it has put in (scoring/facts/orders.py)."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    order: Hash
    kind: Annotated[int, Field(ge=0, le=3), WHOLE]
    day: Day
    put: Annotated[int, Field(ge=-1, lt=2**31), WHOLE]
    amount: Count
    own: Count
    cost: Annotated[int, Field(ge=-(2**63), lt=2**62), WHOLE]
    category: Hash
    invoice: Hash
    due: Annotated[int, Field(ge=-1, lt=2**31), WHOLE]
    currency: Day
    pays: Annotated[int, Field(ge=-1, lt=64), WHOLE]
    named: Annotated[int, Field(ge=0, le=1), WHOLE]
    live: Annotated[int, Field(ge=0, le=1), WHOLE]


class AttributeFact(BaseModel):
    """An attribute, and the event that set it: its time, identity and day."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=128)]
    value: str | bool | float | None
    at: Annotated[int, Field(ge=0, lt=2**62), WHOLE]
    identity: Hash
    day: Day
    sequence: Annotated[int, Field(ge=0, le=MAX_SEQUENCE), WHOLE] | None = None


class Facts(BaseModel):
    """All that is known of a customer as of a day, but for its tiers and alerts.

    Days are counted from 1970-01-01 and ascend; `totals` are what was before the first of `days`.
    `volume` bounds the money (scoring/verdicts.py); older workers do not send it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    as_of: Day
    marks: dict[Mark, Day]
    volume: Annotated[int, Field(ge=0, le=MOST_VOLUME), WHOLE] | None = None
    totals: Measures
    days: list[Bucket]
    invoices: list[InvoiceLine] = []
    product_lines: list[BoughtLine] = []
    attributes: list[AttributeFact] = []
    orders: list[OrderRow] = []
    folded_sale: Day | None = None

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        known = [bucket.day for bucket in self.days]
        if known == sorted(set(known)):  # due days may lie ahead of `as_of`
            return self
        raise PydanticCustomError("OutOfRange", "has days that do not ascend")


class Handover(Event):
    """Workers send it: what a merged customer, `member`, gives the one that it was merged into.

    `because` is the event that changed it, whose time this has; `version` counts what was applied
    to the member: of two handovers the higher one holds. Without `facts` nothing is known of it.
    `released` ends the merge. `erased` is the time of the member's erasure. `through` are those
    that were merged into the member, or into one of them.
    """

    type: Annotated[Literal["handover"], Shape.TYPE] | None = None
    member: Annotated[str, Field(min_length=1, max_length=128)]
    member_shard: Annotated[int, Field(ge=0, lt=2**31), WHOLE]
    merge_id: Annotated[str, Field(min_length=1, max_length=256)]
    version: Annotated[int, Field(ge=0, lt=2**62), WHOLE]
    because_type: Annotated[str, Field(min_length=1, max_length=32)]
    because_id: Annotated[str, Field(min_length=1, max_length=256)]
    released: bool
    erased: Annotated[int, Field(ge=0, lt=2**62), WHOLE] | None = None
    through: list[Annotated[str, Field(min_length=1, max_length=128)]] = []
    facts: Facts | None = None


TYPES: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {
        "transaction": Transaction,
        "payment": Payment,
        "complaint": Complaint,
        "praise": Praise,
        "feedback": Feedback,
        "engagement": Engagement,
        "cost": CostEvent,
        "profile": Profile,
        "override": Override,
        "erasure": Erasure,
        "merge": Merge,
        "unmerge": Unmerge,
        "handover": Handover,
    }
)
"""The one table of types: name on the wire → model."""

COMMANDS: Final = ("override", "erasure", "merge", "unmerge", "handover")
"""Types that share one topic: what was decided about a customer, not what it did."""
COMMANDS_TOPIC: Final = "commands"
"""Stands for the type of the events of that topic."""
SENT_TYPES: Final = tuple(name for name in TYPES if name != "handover")
"""Types that producers send; the others are between workers."""


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each type (draft 2020-12).

    >>> schemas()["praise"]["required"]
    ['event_id', 'customer_id', 'occurred_at']
    """
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {name: dialect | model.model_json_schema() for name, model in TYPES.items()}
