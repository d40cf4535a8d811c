"""Replaying a few events with the shipped model, as a user would, and reading what came out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from streams.model_file import adapted, load_model
from streams.packaged import PACKAGED
from streams.replay import Options, Summary, replay
from tests.cli.command import Ended, valuepulse

_NUMBERS = count(1)
Event = dict[str, Any]


def event(type_name: str, at: Any = "2026-01-01T12:00:00+08:00", **fields: Any) -> Event:
    """Return an event of customer `c1` with an id of its own."""
    common = {"type": type_name, "event_id": f"e{next(_NUMBERS)}", "customer_id": "c1"}
    return common | {"occurred_at": at} | fields


def sale(amount: str = "100.00", at: Any = "2026-01-01T12:00:00+08:00", **fields: Any) -> Event:
    """Return a sale, a refund, … of customer `c1`."""
    return event("transaction", at, amount=amount, **fields)


def payment(amount: str = "100.00", at: Any = "2026-01-01T12:00:00+08:00", **fields: Any) -> Event:
    """Return a payment of customer `c1`."""
    return event("payment", at, amount=amount, **fields)


def ndjson(events: Sequence[Event | str]) -> bytes:
    """Return events as the lines of a file; a text is a line as it is."""
    lines = (each if isinstance(each, str) else json.dumps(each) for each in events)
    return "".join(f"{line}\n" for line in lines).encode()


class Tried(NamedTuple):
    """What a replay wrote."""

    customers: dict[str, Any]
    dead: list[dict[str, Any]]
    tier_changes: list[dict[str, Any]]
    summary: Summary

    def indicator(self, name: str, customer: str = "c1") -> float | None:
        """Return the raw value of an indicator."""
        value: float | None = self.customers[customer]["indicators"][name]
        return value

    def points(self, score: str, name: str, customer: str = "c1") -> float:
        """Return what an indicator gives to a score."""
        given: float = self.customers[customer]["scores"][score]["contributions"][name]
        return given


def tried(
    folder: Path,
    *files: Sequence[Event | str],
    base: str | None = None,
    timezone: str | None = None,
    rates: dict[str, dict[str, str]] | None = None,
    **options: Any,
) -> Tried:
    """Replay files of events with the shipped model."""
    paths = []
    for n, events in enumerate(files):
        paths.append(folder / f"events{n or ''}.ndjson")
        paths[-1].write_bytes(ndjson(events))
    model = load_model(PACKAGED / "scoring.yaml", calibrated=False)
    if rates:
        fields: dict[str, Any] = dict(model) | {
            "currencies": {"base": model.currencies.base, "rates": rates}
        }
        model = type(model).model_validate(fields)
    out = folder / "out"
    summary = replay(paths, out, adapted(model, base, timezone), Options(**options), lambda _: None)
    read = {
        name: [json.loads(line) for line in (out / f"{name}.ndjson").read_bytes().splitlines()]
        for name in ("customers", "dead-letters", "tier-changes")
    }
    customers = {each["customer_id"]: each for each in read["customers"]}
    return Tried(customers, read["dead-letters"], read["tier-changes"], summary)


def command(folder: Path, content: bytes, name: str = "events.ndjson", *options: object) -> Ended:
    """Write a file and run `valuepulse replay` over it."""
    path = folder / name
    path.write_bytes(content)
    return valuepulse("replay", path, "--out", folder / "out", *options)
