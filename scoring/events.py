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


TYPES: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {
        "transaction": Transaction,
        "payment": Payment,
        "complaint": Complaint,
        "praise": Praise,
        "erasure": Erasure,
    }
)
"""The one table of types: name on the wire → model."""


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each type (draft 2020-12).

    >>> schemas()["praise"]["required"]
    ['event_id', 'customer_id', 'occurred_at']
    """
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {name: dialect | model.model_json_schema() for name, model in TYPES.items()}
