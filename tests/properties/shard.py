"""One shard in memory, from bytes to outcomes: decoder, states, kernel and wording, as in a worker.

Every batch reads its customers from their states and writes them back, as the worker does with
Redis, so that what a state does not keep shows.
"""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from scoring.arena import NEVER
from scoring.calendar import calendar
from scoring.model import parse
from scoring.money import Rates
from scoring.scorer import Scored, Scorer
from streams.decode import Decoder, records_of_lines
from streams.output.causes import cause_in
from streams.output.messages import Message, Wording


class Shard:
    """Applies NDJSON in batches of any size and keeps every customer as stored bytes."""

    def __init__(self, source: dict[str, Any], clock: str) -> None:
        """Compile the model's mapping."""
        model = parse(json.dumps(source), "generated.yaml")
        base = model.currencies.base
        self.scorer = Scorer(model, clock)
        self.decoder = Decoder(
            timezone=model.timezone, base_currency=base, rates=Rates(base, model.currencies.rates)
        )
        watched = self.scorer.program.alerts["score"].tolist()
        self.wording = Wording(self.scorer.names, watched, calendar(model.timezone))
        self.clock = NEVER
        self.states: dict[bytes, bytes] = {}
        self.told: dict[str, list[dict[str, Any]]] = {}

    def apply(self, lines: bytes) -> list[bool]:
        """Apply a batch; returns for each line whether it counted."""
        decoded = self.decoder.decode(
            records_of_lines(lines, 1), event_type=None, now_ms=None, keyed=False
        )
        assert not decoded.rejected, decoded.rejected
        states = [self.states.get(name, b"") for name in decoded.customers]
        scored = self.scorer.score(states, decoded.events, self.clock)
        self.clock = scored.clock
        self._keep(decoded.customers, scored)
        self._tell(
            self.wording.messages(
                scored.outcomes, decoded.customers, lambda event: cause_in(decoded, event)
            )
        )
        return [bool(one) for one in scored.counted]

    def turn(self, day: int, customers: Iterable[str] | None = None) -> None:
        """Move the clock and catch up all customers, or those given."""
        self.clock = max(self.clock, day)
        names = list(self.states) if customers is None else [name.encode() for name in customers]
        scored = self.scorer.turn([self.states[name] for name in names], self.clock)
        self._keep(names, scored)
        self._tell(self.wording.messages(scored.outcomes, names, _no_event))

    def snapshots(self) -> dict[str, dict[str, Any]]:
        """Return how each customer stands, derived from its state alone."""
        names = list(self.states)
        arena = self.scorer.read([self.states[name] for name in names])
        return {s["customer_id"]: s for s in self.wording.snapshots(arena, names)}

    def _keep(self, names: list[bytes], scored: Scored) -> None:
        blobs, bounds = self.scorer.write(scored.arena)
        content = np.asarray(blobs).tobytes()
        for c, name in enumerate(names):
            self.states[name] = content[bounds[c] : bounds[c + 1]]

    def _tell(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.told.setdefault(message.customer.decode(), []).append(message.value)


def _no_event(event: int) -> Any:
    raise AssertionError(f"a turn of the day told of event {event}")
