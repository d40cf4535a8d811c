"""Replay: score files of past events offline, with the kernel that the stream runs."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.arena import NEVER
from scoring.columns import Events
from scoring.details import Detail
from scoring.merging import Roster, Said, also_needed, is_part, score_merging
from scoring.model import Model
from scoring.scorer import Scored, Scorer
from scoring.verdicts import APPLIED, DUPLICATE, ERASED, NAMES, Refusal, refusals_of
from streams.decode import Decoded, InputRules, Rejected
from streams.event_files import check_readable, no_events
from streams.identities import Identities, Origin
from streams.merged_files import Chunk, MergedFiles, most_rejected
from streams.output.causes import cause_in
from streams.output.messages import Message, Wording, day_text, to_json

TURN_CUSTOMERS: Final = 20_000
FILES: Final = {
    "tier_changes": "tier-changes.ndjson",
    "value_alerts": "value-alerts.ndjson",
    "segment_changes": "segment-changes.ndjson",
}
"""Where outcomes go, by their role."""
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


class Options(NamedTuple):
    """How to replay: `as_of` is a day from 1970-01-01 (None: that of the newest event)."""

    clock: str = "event"
    as_of: int | None = None
    rules: InputRules = InputRules()


class Summary(NamedTuple):
    """What a replay did; `as_of` is None when no event was accepted.

    `late` are events older than one before them in their own file; `reasons` the rejected lines by
    the rule that they break, `examples` the first of each.
    `erased` happened before an erasure.
    """

    events: int
    duplicates: int
    erased: int
    after_as_of: int
    rejected: int
    late: int
    customers: int
    as_of: str | None
    tier_changes: int
    value_alerts: int
    segment_changes: int
    tiers: dict[str, dict[str, int]]
    seconds: float
    model: str
    reasons: dict[str, int]
    examples: dict[str, str]


def day_number(day: date) -> int:
    """Return a calendar day counted from 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


class Replay:
    """Holds the states of all customers in memory and applies chunks of events in file order."""

    def __init__(self, model: Model, options: Options, now_ms: int) -> None:
        self.scorer = Scorer(model, options.clock)
        self.wording = Wording.of(self.scorer)
        self.decoder = options.rules.decoder(model)
        self._options = options
        self._now_ms = now_ms
        self.roster = Roster()
        self.identities = Identities(model.currencies.base)
        self.refused: list[Refusal] = []
        """Events of the last chunk that are not applied, by their positions among the decoded."""
        self.position: dict[bytes, int] = {}
        self.names: list[bytes] = []
        self.states: list[bytes] = []
        self.clock = NEVER
        self.newest = NEVER
        self.events = 0
        self.duplicates = 0
        self.erased = 0
        self.after_as_of = 0

    def apply(self, decoded: Decoded, origin: Origin | None = None) -> Iterator[Message]:
        """Apply the accepted events of a chunk; yield what they caused.

        `origin` tells where each event comes from.
        """
        self.refused = []
        accepted = self._until_as_of(decoded.events)
        positions = np.array([self._position(name) for name in decoded.customers], np.int64)
        accepted = self._sifted(accepted, positions, decoded.events, origin)
        kept = decoded.events.select(accepted)
        if kept.customer.size == 0:
            return
        touched, local = np.unique(positions[kept.customer], return_inverse=True)
        batch = kept._replace(customer=local.astype(np.int32))
        names = [self.names[n] for n in touched]
        if self.roster.concerns(names, batch):
            yield from self._merge(decoded, touched.tolist(), batch, accepted)
            return
        states = [self.states[n] for n in touched]
        scored = self.scorer.score(states, batch, self.clock, _details(decoded, batch, accepted))
        self._note(batch, scored, accepted)
        self._keep(touched, scored)
        if scored.outcomes.used[0]:
            yield from self.wording.messages(
                scored.outcomes,
                [self.names[n] for n in touched],
                lambda e: cause_in(decoded, int(accepted[e])),
            )

    def _merge(
        self, decoded: Decoded, touched: list[int], batch: Events, accepted: NDArray[np.int64]
    ) -> Iterator[Message]:
        """Do the same with a chunk that has commands, or customers that are merged."""
        commands = {
            e: decoded.commands[position]
            for e, position in enumerate(accepted.tolist())
            if position in decoded.commands
        }
        names = [self.names[n] for n in touched]
        further = also_needed(self.roster, names, commands, at_once=True)
        touched = touched + [self._position(name) for name in further]
        names = names + further
        merging = score_merging(
            self.scorer, self.roster, names, [self.states[n] for n in touched], batch, self.clock,
            Said(commands, _details(decoded, batch, accepted)), shards=None,
        )  # fmt: skip  # what is known, what comes
        scored, self.roster = merging.scored, merging.roster
        self._note(batch, scored, accepted)
        self._keep(touched, scored)
        for name in merging.dropped:
            self.states[self.position[name]] = b""
        self.refused += [
            Refusal(int(accepted[event]), "RefusedCommand", why) for event, why in merging.refused
        ]
        yield from self.wording.messages(
            scored.outcomes, names, lambda e: cause_in(decoded, int(accepted[e]))
        )

    def _sifted(
        self,
        accepted: NDArray[np.int64],
        positions: NDArray[np.int64],
        events: Events,
        origin: Origin | None,
    ) -> NDArray[np.int64]:
        """Return the positions of those events that were not there before."""
        events = events.select(accepted)
        origin = Origin.unknown(accepted.size) if origin is None else origin.select(accepted)
        sifted = self.identities.sift(positions[events.customer], events, origin)
        self.duplicates += sifted.duplicates
        self.refused += [each._replace(event=int(accepted[each.event])) for each in sifted.refused]
        fresh: NDArray[np.int64] = accepted[sifted.fresh]
        return fresh

    def _note(self, batch: Events, scored: Scored, accepted: NDArray[np.int64]) -> None:
        self.clock = scored.clock
        self.newest = max(self.newest, int(batch.day.max()))
        counts = np.bincount(scored.verdicts, minlength=len(NAMES)).tolist()
        self.events += counts[APPLIED]
        self.duplicates += counts[DUPLICATE]
        self.erased += counts[ERASED]
        base = self.scorer.model.currencies.base
        for refusal in refusals_of(scored.arena, scored.verdicts, batch, base):
            self.refused.append(refusal._replace(event=int(accepted[refusal.event])))

    def speaking(self) -> list[bytes]:
        """Return the customers that count for themselves, sorted by id."""
        away = self.roster.away
        return sorted(name for name in self.position if not is_part(name) and name not in away)

    def final(self) -> Iterator[tuple[list[Message], list[dict[str, Any]]]]:
        """Bring every customer to the as-of day; yield outcomes and snapshots, slice by slice.

        Under the clock `customer` there is no turn of the day: unless a day is asked for, each
        customer stays at that of its newest event.
        """
        day = self.newest if self._options.as_of is None else self._options.as_of
        stays = self._options.clock == "customer" and self._options.as_of is None
        ids = self.speaking()
        for first in range(0, len(ids), TURN_CUSTOMERS):
            customers = ids[first : first + TURN_CUSTOMERS]
            states = [self.states[self.position[customer]] for customer in customers]
            if stays:
                yield [], list(self.wording.snapshots(self.scorer.read(states), customers))
                continue
            scored = self.scorer.turn(states, day)
            messages = self.wording.messages(scored.outcomes, customers, _no_cause)
            yield (
                list(messages),
                list(self.wording.snapshots(self.scorer.complete(scored.arena), customers)),
            )

    def _until_as_of(self, events: Events) -> NDArray[np.int64]:
        """Return the positions of what happened up to the day that is asked for."""
        if self._options.as_of is None:
            return np.arange(events.day.size)
        is_in_time = events.day <= self._options.as_of
        self.after_as_of += int((~is_in_time).sum())
        return np.flatnonzero(is_in_time)

    def _position(self, customer: bytes) -> int:
        position = self.position.setdefault(customer, len(self.states))
        if position == len(self.states):
            self.states.append(b"")
            self.names.append(customer)
        return position

    def _keep(self, touched: Sequence[int] | np.ndarray[Any, Any], scored: Scored) -> None:
        blobs, starts = self.scorer.write(scored.arena)
        content, bounds = blobs.tobytes(), starts.tolist()
        for c, n in enumerate(touched):
            self.states[n] = content[bounds[c] : bounds[c + 1]]


def _details(decoded: Decoded, batch: Events, accepted: NDArray[np.int64]) -> dict[int, Detail]:
    """Return what some events of a batch say beyond columns, by their positions in it."""
    return {e: decoded.details[int(accepted[e])] for e in np.flatnonzero(batch.detail).tolist()}


def _no_cause(event: int) -> Any:
    raise AssertionError(f"an outcome of a turn names event {event}")


def replay(
    files: Sequence[Path],
    out: Path,
    model: Model,
    options: Options,
    progress: Callable[[int], None],
) -> Summary:
    """Replay files, merged by time, into the six files of `out`.

    `progress` is told how many bytes of the files have been read. A line that is no acceptable
    event goes to dead-letters.ndjson and stops nothing.

    Raises:
        UsageError: A file cannot be read to its end.
        CheckError: A file is of a kind that holds no lines.
        OSError: The results cannot be written.
    """
    began = time.perf_counter()
    run = Replay(model, options, int(time.time() * 1000))
    for path in files:
        check_readable(path)
    out.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, list[dict[str, Any]]] = {role: [] for role in FILES}
    with (out / "dead-letters.ndjson").open("wb") as dead_letters:

        def bury(chunk: Chunk, refusal: Rejected) -> None:
            where, value = chunk.where(refusal.record), chunk.value(refusal.record)
            dead_letters.write(_dead_letter(where, refusal.error, refusal.message, value))

        def told(chunk: Chunk) -> None:
            for refusal in chunk.decoded.rejected:
                bury(chunk, refusal)

        reader = MergedFiles(files, run.decoder, run._now_ms, told)
        for merged in reader:
            for message in run.apply(merged.decoded, merged.origin()):
                outcomes[message.role].append(message.value)
            for event, error, why in run.refused:
                chunk, record = merged.line(event)
                refusal = Rejected(record, error, why)
                bury(chunk, refusal)
                reader.note_rejected(refusal, chunk)
            progress(reader.position())
        as_of = options.as_of if options.as_of is not None else run.newest
        tiers = _write_customers(run, out / "customers.ndjson", outcomes)
    for role, name in FILES.items():
        # What time alone caused is found when its customer is next touched; here it takes its day.
        ordered = sorted(
            outcomes[role], key=lambda value: (value["as_of"], value["cause"]["kind"] != "time")
        )
        (out / name).write_bytes(b"".join(to_json(value) + b"\n" for value in ordered))
    summary = Summary(
        events=run.events,
        duplicates=run.duplicates,
        erased=run.erased,
        after_as_of=run.after_as_of,
        rejected=reader.rejected.total(),
        reasons=dict(reader.rejected.most_common()),
        examples=reader.examples,
        late=reader.late,
        customers=len(run.speaking()),
        as_of=None if as_of == NEVER else day_text(as_of),
        tier_changes=len(outcomes["tier_changes"]),
        value_alerts=len(outcomes["value_alerts"]),
        segment_changes=len(outcomes["segment_changes"]),
        tiers=tiers,
        seconds=round(time.perf_counter() - began, 3),
        model=run.scorer.names.model,
    )
    if not reader.accepted and files:
        why = most_rejected(reader.rejected, reader.examples)
        raise no_events(files[0], reader.heads[files[0]], why)
    (out / "summary.json").write_text(json.dumps(summary._asdict(), indent=2) + "\n", "utf-8")
    return summary


def _write_customers(
    run: Replay, path: Path, outcomes: dict[str, list[dict[str, Any]]]
) -> dict[str, dict[str, int]]:
    """Bring all customers to the as-of day and write them; return how many stand in each tier."""
    names = run.scorer.names
    tiers = {score: dict.fromkeys(names.tiers[s], 0) for s, score in enumerate(names.scores)}
    with path.open("wb") as file:
        for messages, snapshots in run.final():
            for message in messages:
                outcomes[message.role].append(message.value)
            for snapshot in snapshots:
                for score, standing in snapshot["scores"].items():
                    tiers[score][standing["tier"]] += 1
                file.write(to_json(snapshot) + b"\n")
    return tiers


def _dead_letter(where: str, error: str, message: str, value: bytes) -> bytes:
    text = value.decode("utf-8", "backslashreplace")
    return to_json({"where": where, "error": error, "message": message, "value": text}) + b"\n"
