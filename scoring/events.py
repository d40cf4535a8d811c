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

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from scoring.fields import Amount, Cost, Currency, DueAt, OccurredAt, Shape
from scoring.measures import MARKS, MEASURES

Level = Annotated[int, Field(ge=1, le=5), Shape.LEVEL]
Text = Annotated[str, Field(min_length=1, max_length=128), Shape.TEXT]


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


class Costs(BaseModel):
    """What a sale cost, by part; parts that are absent count nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    production: Cost | None = None
    logistics: Cost | None = None
    service: Cost | None = None
    marketing: Cost | None = None

    def parts(self) -> list[Decimal]:
        """Return the costs that are given.

        >>> Costs(production="3.20", service=1).parts()
        [Decimal('3.20'), Decimal('1')]
        """
        parts = (self.production, self.logistics, self.service, self.marketing)
        return [part for part in parts if part is not None]

    @model_validator(mode="after")
    def _has_a_part(self) -> Self:
        if self.parts():
            return self
        raise PydanticCustomError(
            "MissingField",
            "has none of production, logistics, service, marketing; leave `costs` out if unknown",
        )


class Transaction(Event):
    """A sale or a refund; `cost` and `costs` say what it cost the business."""

    type: Annotated[Literal["transaction"], Shape.TYPE] | None = None
    amount: Amount
    currency: Currency | None = None
    kind: Annotated[Literal["sale", "refund"], Shape.KIND] | None = "sale"
    cost: Cost | None = None
    costs: Costs | None = None
    order_id: Text | None = None
    invoice_id: Text | None = None
    due_at: DueAt | None = None
    category: Text | None = Field(None, description="product line")

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
    invoice_id: Text | None = None
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
    into_shard: Annotated[int, Field(ge=0, lt=2**31)]
    author: Text | None = None
    reason: Text | None = None


class Unmerge(Event):
    """A merge of the customer is undone: both are what they would be without it."""

    type: Annotated[Literal["unmerge"], Shape.TYPE] | None = None
    author: Text | None = None
    reason: Text | None = None


Hash = Annotated[int, Field(ge=0, lt=2**64)]
Count = Annotated[int, Field(gt=-(2**62), lt=2**62)]
Day = Annotated[int, Field(ge=0, lt=2**31)]
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
    kind: Annotated[int, Field(ge=0, le=2)]
    day: Day
    due: Annotated[int, Field(ge=-1, lt=2**31)]
    count: Day
    undated: Day
    amount: Count


class ProductLine(BaseModel):
    """A product line and the latest day of a sale of it."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    line: Hash
    day: Day


class AttributeFact(BaseModel):
    """An attribute, and the event that set it: its time, identity and day."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=128)]
    value: str | bool | float | None
    at: Annotated[int, Field(ge=0, lt=2**62)]
    identity: Hash
    day: Day


class Facts(BaseModel):
    """All that is known of a customer as of a day, but for its tiers and alerts.

    Days are counted from 1970-01-01 and ascend; `totals` are what was before the first of `days`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    as_of: Day
    marks: dict[Mark, Day]
    totals: Measures
    days: list[Bucket]
    invoices: list[InvoiceLine] = []
    product_lines: list[ProductLine] = []
    attributes: list[AttributeFact] = []

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
    `released` ends the merge. `erased` is the time of the member's erasure.
    """

    type: Annotated[Literal["handover"], Shape.TYPE] | None = None
    member: Annotated[str, Field(min_length=1, max_length=128)]
    member_shard: Annotated[int, Field(ge=0, lt=2**31)]
    merge_id: Annotated[str, Field(min_length=1, max_length=256)]
    version: Annotated[int, Field(ge=0, lt=2**62)]
    because_type: Annotated[str, Field(min_length=1, max_length=32)]
    because_id: Annotated[str, Field(min_length=1, max_length=256)]
    released: bool
    erased: Annotated[int, Field(ge=0, lt=2**62)] | None = None
    facts: Facts | None = None


TYPES: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {
        "transaction": Transaction,
        "payment": Payment,
        "complaint": Complaint,
        "praise": Praise,
        "erasure": Erasure,
        "merge": Merge,
        "unmerge": Unmerge,
        "handover": Handover,
    }
)
"""The one table of types: name on the wire → model."""

COMMANDS: Final = ("erasure", "merge", "unmerge", "handover")
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
