"""One shard in memory, from bytes to outcomes: decoder, states, kernel and wording, as in a worker.

Every batch reads its customers from their states and writes them back, as the worker does with
Redis, so that what a state does not keep shows.
"""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from scoring.arena import NEVER
from scoring.merging import Roster, Said, also_needed, is_part, score_merging
from scoring.model import parse
from scoring.money import Rates
from scoring.scorer import Scored, Scorer
from streams.decode import Decoded, Decoder, records_of_lines
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
        self.wording = Wording.of(self.scorer)
        self.clock = NEVER
        self.states: dict[bytes, bytes] = {}
        self.told: dict[str, list[dict[str, Any]]] = {}
        self.roster = Roster()
        self.refused: list[str] = []
        self.judged: dict[int, list[str]] = {}

    def apply(self, lines: bytes) -> list[bool]:
        """Apply a batch; returns for each line whether it counted."""
        decoded = self.decoder.decode(
            records_of_lines(lines, 1), event_type=None, now_ms=None, keyed=False
        )
        assert not decoded.rejected, decoded.rejected
        names = decoded.customers
        if self.roster.concerns(names, decoded.events):
            names, scored = self._merge(decoded)
        else:
            states = [self.states.get(name, b"") for name in names]
            scored = self.scorer.score(states, decoded.events, self.clock, decoded.details)
            self._keep(names, scored, range(len(names)))
        self.clock = scored.clock
        for event, verdict in enumerate(scored.verdicts.tolist()):
            self.judged.setdefault(verdict, []).append(cause_in(decoded, event).event_id)
        self._tell(
            self.wording.messages(scored.outcomes, names, lambda event: cause_in(decoded, event))
        )
        return [bool(one) for one in scored.counted]

    def _merge(self, decoded: Decoded) -> tuple[list[bytes], Scored]:
        """Score a batch that has commands, or customers that are merged."""
        names, commands = decoded.customers, decoded.commands
        names = names + also_needed(self.roster, names, commands, at_once=True)
        states = [self.states.get(name, b"") for name in names]
        merging = score_merging(
            self.scorer, self.roster, names, states, decoded.events, self.clock,
            Said(commands, decoded.details), shards=None,
        )  # fmt: skip  # what is known, what comes
        self.roster = merging.roster
        self.refused += [cause_in(decoded, refused.event).event_id for refused in merging.refused]
        self._keep(names, merging.scored, merging.written)
        for name in merging.dropped:
            del self.states[name]
        return names, merging.scored

    def turn(self, day: int, customers: Iterable[str] | None = None) -> None:
        """Move the clock and catch up all customers, or those given."""
        self.clock = max(self.clock, day)
        names = list(self.states) if customers is None else [name.encode() for name in customers]
        names = [name for name in names if self._speaks(name)]
        scored = self.scorer.turn([self.states[name] for name in names], self.clock)
        self._keep(names, scored, range(len(names)))
        self._tell(self.wording.messages(scored.outcomes, names, _no_event))

    def snapshots(self) -> dict[str, dict[str, Any]]:
        """Return how each customer stands, derived from its state alone."""
        names = [name for name in self.states if self._speaks(name)]
        arena = self.scorer.read([self.states[name] for name in names])
        return {s["customer_id"]: s for s in self.wording.snapshots(arena, names)}

    def _speaks(self, name: bytes) -> bool:
        return not is_part(name) and name not in self.roster.away

    def _keep(self, names: list[bytes], scored: Scored, which: Iterable[int]) -> None:
        blobs, bounds = self.scorer.write(scored.arena)
        content = np.asarray(blobs).tobytes()
        for c in which:
            self.states[names[c]] = content[bounds[c] : bounds[c + 1]]

    def _tell(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.told.setdefault(message.customer.decode(), []).append(message.value)


def _no_event(event: int) -> Any:
    raise AssertionError(f"a turn of the day told of event {event}")
