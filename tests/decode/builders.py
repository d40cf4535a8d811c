"""Records, decoders and decoded events in the forms that tests read."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from scoring.measures import ABSENT, KINDS
from scoring.money import Rates
from streams.decode import Decoded, Decoder
from streams.records import Records

Header = tuple[str, bytes | None]

SALE: dict[str, Any] = {
    "event_id": "e1",
    "customer_id": "c1",
    "occurred_at": 1_704_067_200_000,
    "amount": "12.50",
}
BY_MODEL: list[Header] = [("ce_specversion", b"1.0")]
"""A CloudEvent's header, which sends any event to the models."""


def a_decoder(timezone: str = "Asia/Shanghai", base: str = "CNY", **options: Any) -> Decoder:
    """A decoder that knows dollars from 2024 on and, where it is not the base, yen."""
    dated = {"USD": {date(2024, 1, 1): "7.10", date(2024, 7, 1): "7.055"}}
    rates = Rates(base, {code: days for code, days in dated.items() if code != base})
    return Decoder(timezone=timezone, base_currency=base, rates=rates, **options)


def a_value(**changes: Any) -> bytes:
    """A sale as compact JSON, with changed fields."""
    return json.dumps(SALE | changes, ensure_ascii=False, separators=(",", ":")).encode()


def records_of(
    values: Sequence[bytes | None],
    *,
    keys: Sequence[bytes | None] | None = None,
    headers: Sequence[Header] = (),
) -> Records:
    """Records of one buffer, each with the same headers; without keys they are null."""
    buffer = bytearray(b"before")
    spans: list[tuple[int, ...]] = []
    for position, value in enumerate(values):
        key = None if keys is None else keys[position]
        key_start = len(buffer)
        buffer += key or b""
        value_start = len(buffer)
        buffer += value or b""
        headers_start = len(buffer)
        for name, content in headers:
            buffer += _varint(len(name)) + name.encode()
            buffer += _varint(-1 if content is None else len(content)) + (content or b"")
        lengths = (-1 if text is None else len(text) for text in (key, value))
        spans.append((key_start, value_start, headers_start, *lengths))
    columns = np.array(spans, np.int64).reshape(-1, 5).T
    return Records(
        buffer=np.frombuffer(bytes(buffer), np.uint8),
        offset=np.arange(len(values), dtype=np.int64) + 1000,
        timestamp=np.zeros(len(values), np.int64),
        key_start=columns[0].copy(),
        value_start=columns[1].copy(),
        headers_start=columns[2].copy(),
        key_length=columns[3].astype(np.int32),
        value_length=columns[4].astype(np.int32),
        headers_count=np.full(len(values), len(headers), np.int32),
    )


def events_of(decoded: Decoded) -> list[dict[str, Any]]:
    """The accepted events, field by field; what an event does not have is None."""
    events = decoded.events
    rows = []
    for row, record in enumerate(decoded.record.tolist()):
        start = int(decoded.event_id_start[row])
        stop = start + int(decoded.event_id_length[row])
        optional = {
            name: int(getattr(events, name)[row])
            for name in ("amount", "own", "cost", "due", "level", "sequence")
        }
        rows.append(
            {
                "record": record,
                "kind": KINDS[events.kind[row]],
                "customer": decoded.customers[events.customer[row]],
                "event_id": decoded.texts[start:stop].tobytes(),
                "identity": int(events.identity[row]),
                "at": int(events.at[row]),
                "day": int(events.day[row]),
                **{name: None if value == ABSENT else value for name, value in optional.items()},
                "due_day": int(events.due_day[row]),
                "category": int(events.category[row]),
                "invoice": int(events.invoice[row]),
                "order": int(events.order[row]),
                "currency": int(events.currency[row]),
                "content": int(events.content[row]),
                "detail": decoded.details.get(row) if events.detail[row] else None,
            }
        )
    return rows


def decode_one(value: bytes | None, event_type: str | None = "transaction", **options: Any) -> Any:
    """What becomes of one value without a key: its event, or why not as (error, message)."""
    headers = options.pop("headers", ())
    decoded = a_decoder(**options).decode(
        records_of([value], headers=headers), event_type=event_type, now_ms=None, keyed=False
    )
    if decoded.rejected:
        return decoded.rejected[0].error, decoded.rejected[0].message
    return events_of(decoded)[0]


def _varint(number: int) -> bytes:
    zigzag = (number << 1) ^ (number >> 63)
    out = bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    out.append(zigzag)
    return bytes(out)
