"""Decoded record sets of a topic, as the driver and the decoder hand them to a shard."""

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from streams.output.causes import cause_in
from streams.shards.arrival import Arrived, Batch
from streams.state.cache import StateCache
from tests.decode.builders import a_decoder, records_of

DECODER = a_decoder("UTC")


class Row(NamedTuple):
    """One record: when it arrived, of whom it tells, and whether it can be decoded."""

    time: int
    customer: str = "ada"
    good: bool = True


class Taken(NamedTuple):
    """An event that a batch took."""

    topic: str
    offset: int
    time: int
    customer: str
    event_id: str


def a_set(
    topic: str, rows: Sequence[Row], first_offset: int = 0, released: list[str] | None = None
) -> Arrived:
    """A record set from `first_offset` on; an event's id is its topic and offset."""
    values = [
        json.dumps(
            {"event_id": f"{topic}{first_offset + n}", "customer_id": row.customer, "amount": 1}
            | {"occurred_at": 1_704_067_200_000 if row.good else "yesterday"}
        ).encode()
        for n, row in enumerate(rows)
    ]
    records = records_of(values)._replace(
        offset=np.arange(first_offset, first_offset + len(rows), dtype=np.int64),
        timestamp=np.array([row.time for row in rows], np.int64),
    )
    decoded = DECODER.decode(records, event_type="transaction", now_ms=None, keyed=False)
    release = (lambda: None) if released is None else (lambda: released.append(topic))
    return Arrived(topic, records, decoded, first_offset + len(rows), release)


def taken_by(batch: Batch, cache: StateCache) -> list[Taken]:
    """The events of a batch in their order, each traced back to its record."""
    found = []
    for event, customer in enumerate(batch.events.customer.tolist()):
        part, position = batch.source(event)
        record = int(part.arrived.decoded.record[position])
        records = part.arrived.records
        found.append(
            Taken(
                part.arrived.topic,
                int(records.offset[record]),
                int(records.timestamp[record]),
                cache.customers[batch.positions[customer]].decode(),
                cause_in(part.arrived.decoded, position).event_id,
            )
        )
    return found


def rejected_by(batch: Batch) -> list[tuple[str, int]]:
    """Topic and offset of the records that a batch rejects."""
    return [
        (part.arrived.topic, int(part.arrived.records.offset[n]))
        for part in batch.parts
        for n, _, _ in part.rejected
    ]
