"""What other systems put around events: a schema registry's prefix, Debezium's change of a row.

Both are named where they are not expected, and taken off where settings say so.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from scoring.events import Event
from streams.decode.exact.parsing import Fields
from streams.decode.exact.refusal import Refusal, shown
from streams.records import Records

_PREFIX: Final = 5
"""Bytes: 0, and the number of a schema."""
_OPERATIONS: Final = {"c": "insert", "r": "read", "u": "update", "d": "delete"}
_COMMON: Final = frozenset(Event.model_fields) | {"type"}


class Envelopes(NamedTuple):
    """Which envelopes are taken off."""

    registry_prefix: bool = False
    debezium: bool = False

    def without_prefix(self, records: Records) -> Records:
        """Return records whose values begin behind a registry's prefix."""
        if not self.registry_prefix or not records.buffer.size:
            return records
        starts = np.clip(records.value_start, 0, records.buffer.size - 1)
        has_prefix = (records.value_length > _PREFIX) & (records.buffer[starts] == 0)
        shift = np.where(has_prefix, _PREFIX, 0)
        return records._replace(
            value_start=records.value_start + shift,
            value_length=(records.value_length - shift).astype(np.int32),
        )

    def content(self, fields: Fields, type_: str | None) -> Fields:
        """Return the event in a change of a row, or `fields` if it is none.

        `type_` is that of the topic; None: the row says it. A deleted sale is the void of its
        order, a deleted profile clears its attributes. Raises `Refusal`.
        """
        change = _change_in(fields)
        if change is None:
            return fields
        if not self.debezium:
            raise Refusal(
                "DebeziumEnvelope",
                f"the value is a change of a row (op {shown(change['op'])}) as Debezium sends it: "
                "set unwrap_debezium: true, or let its ExtractNewRecordState unwrap it",
            )
        row = change.get("after" if change["op"] != "d" else "before")
        if not isinstance(row, Fields):
            raise Refusal(
                "DebeziumEnvelope",
                f"the {_OPERATIONS[change['op']]} holds no row; of deletes, the table must log it "
                "(PostgreSQL: REPLICA IDENTITY FULL)",
            )
        return row if change["op"] != "d" else _undone(row, row.get("type") or type_, change)


NO_ENVELOPES: Final = Envelopes()


def refuse_prefix(value: bytes) -> None:
    """Refuse a value that a schema registry's serializer wrote. Raises `Refusal`."""
    if len(value) <= _PREFIX or value[0] != 0:
        return
    schema = int.from_bytes(value[1:_PREFIX], "big")
    advice = (
        "set skip_registry_prefix: true"
        if value[_PREFIX : _PREFIX + 1] == b"{"
        else "what follows is no JSON (Avro, Protobuf?): send events as JSON"
    )
    raise Refusal(
        "RegistryPrefix",
        f"the value begins with 00 and the number of a schema, {schema}, as a schema registry's "
        f"serializers write it: {advice}",
    )


def _change_in(fields: Fields) -> Fields | None:
    """Return Debezium's change of a row, also one with its schema around it."""
    payload = fields.get("payload")
    change = payload if isinstance(payload, Fields) and "schema" in fields else fields
    operation = change.get("op")
    has_row = isinstance(change.get("after"), Fields) or isinstance(change.get("before"), Fields)
    known = isinstance(operation, str) and operation in _OPERATIONS
    return change if known and (has_row or "source" in change) else None


def _undone(row: Fields, type_: object, change: Fields) -> Fields:
    """Return the event that takes a deleted row back, as of the change."""
    common: list[tuple[str, Any]] = [
        ("event_id", f"{row.get('event_id')}:deleted"),
        ("customer_id", row.get("customer_id")),
        ("occurred_at", change.get("ts_ms") or row.get("occurred_at")),
    ]
    if type_ is not None:
        common.append(("type", type_))
    if type_ == "transaction" and row.get("kind") in (None, "sale") and row.get("order_id"):
        return Fields([*common, ("kind", "void"), ("order_id", row["order_id"])])
    if type_ == "profile":
        return Fields([*common, *((name, None) for name in row if name not in _COMMON)])
    raise Refusal(
        "DeletedRow",
        f"the row of event {shown(row.get('event_id'))} was deleted, which takes back nothing: "
        "only sales with an `order_id` (as a void of the order) and profiles can be undone so",
    )
