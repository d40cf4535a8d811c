"""The verdict on a run: what the oracle makes of the input topics, against what the run left.

The oracle is fed what the topics hold, in the order in which a worker has to apply it: of each
partition by time of arrival, then topic, then offset, every partition with a clock of its own.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from tests.integration.installation import Installation
from tests.integration.topic_logs import Record
from tests.integration.traffic import PARTITIONS, TYPES
from tests.properties.comparison import expected, expected_standings, said, standing
from tests.reference import Event, Fold, Handed, Model, parse

MOST_TOLD = 5
Outcomes = dict[str, list[dict[str, Any]]]

OUTCOMES = ("tier_changes", "value_alerts", "segment_changes")
"""Roles of the topics that tell what moved."""


class Results(NamedTuple):
    """What a run comes to: how customers stand, their outcomes in sequence, refused records.

    A refused record is named `topic:partition:offset`; `applied` is how many events each customer's
    state holds, `contradicted` the ids of outcomes that were told in more than one way.
    """

    standings: dict[str, dict[str, Any]]
    outcomes: Outcomes
    refused: set[str]
    applied: dict[str, int]
    contradicted: set[str]


class Tally(NamedTuple):
    """What a run got wrong, in numbers; all are 0 when it is right.

    `lost` and `twice` are events, counted a customer: fewer, or more, than it must have. Customers
    of `standing` have the right number, but another score, tier or indicator.
    """

    lost: int = 0
    twice: int = 0
    standings: int = 0
    outcomes_missing: int = 0
    outcomes_wrong: int = 0
    letters_missing: int = 0
    letters_wrong: int = 0


def oracle(
    model: Mapping[str, Any],
    inputs: Mapping[str, str],
    records: Iterable[Record],
    bad_values: Collection[bytes | None],
    only: Collection[str] | None = None,
) -> Results:
    """Fold the input topics, partition by partition; `only` leaves out other customers.

    A customer meets the others only through the clock of their partition, which they still move.
    """
    results = Results({}, {}, set(), {}, set())
    topics = [inputs[event_type] for event_type in TYPES]
    shards: dict[int, dict[str, list[Record]]] = defaultdict(lambda: {t: [] for t in topics})
    for record in records:
        if record.value in bad_values:
            results.refused.add(f"{record.topic}:{record.partition}:{record.offset}")
        else:
            shards[record.partition][record.topic].append(record)
    handed: Handed = {}
    folds = [
        _Shard(Fold(Model(model), handed=handed, shards=PARTITIONS), _arrivals(shard), only)
        for shard in shards.values()
    ]
    while any(shard.records for shard in folds):
        # One shard waits for what another hands over, never two for each other.
        assert any([shard.advance() for shard in folds]), "somebody handed over what never was"
    for shard in folds:
        fold = shard.finished()
        results.refused.update(shard.refused)
        results.standings.update(expected_standings(fold.customers))
        for name, customer in fold.customers.items():
            results.applied[name] = customer.together
        for name, outcomes in fold.outcomes.items():
            results.outcomes[name] = [expected(outcome) for outcome in outcomes]
    return results


def _arrivals(shard: Mapping[str, list[Record]]) -> deque[Record]:
    """Return a shard's records in the order in which they must be applied."""
    # Of equal times the earlier topic's comes first; offsets of a topic stay in order.
    return deque(heapq.merge(*shard.values(), key=lambda record: record.timestamp))


class _Shard:
    """A partition on its way through the oracle; `only` as in `oracle`."""

    def __init__(self, fold: Fold, records: deque[Record], only: Collection[str] | None) -> None:
        self.fold = fold
        self.records = records
        self.refused: set[str] = set()
        self._only = only
        self._day_of_others = 0

    def advance(self) -> bool:
        """Apply records up to a handover of what has not happened yet; return whether any."""
        before = len(self.records)
        while self.records:
            event = parse(self.records[0].value or b"", self.fold.model)
            if event.kind == "handover" and not self._has_happened(event):
                break
            self._apply(event, self.records.popleft())
        return len(self.records) < before

    def _has_happened(self, event: Event) -> bool:
        handed = self.fold.handed
        return handed is None or (event.said["member"], event.said["version"]) in handed

    def _apply(self, event: Event, record: Record) -> None:
        if self._only is not None and event.customer_id not in self._only:
            self._day_of_others = max(self._day_of_others, event.day)
            return
        known = len(self.fold.refused)
        self.fold.apply(event, today=self._day_of_others)
        if len(self.fold.refused) > known:
            self.refused.add(f"{record.topic}:{record.partition}:{record.offset}")

    def finished(self) -> Fold:
        """Return the fold, turned to the last day."""
        self.fold.turn(self._day_of_others)
        return self.fold


def left_by(run: Installation, only: Collection[str] | None = None) -> Results:
    """Read what a run left in Redis and in its output topics, equal ids once."""
    told = [record for role in OUTCOMES for record in run.read_output(role)]
    return results_of(run, told, only)


def results_of(
    run: Installation, told: Iterable[Record], only: Collection[str] | None = None
) -> Results:
    """Do the same with outcomes that were read before, as of a topic that was deleted since."""
    known: dict[str, bytes] = {}
    contradicted = set()
    outcomes: Outcomes = defaultdict(list)
    for record in told:
        assert record.value is not None
        outcome: dict[str, Any] = json.loads(record.value)
        identity = outcome["id"]
        if identity not in known:
            known[identity] = record.value
            outcomes[outcome["customer_id"]].append(said(outcome))
        elif known[identity] != record.value:
            contradicted.add(identity)
    for each in outcomes.values():
        each.sort(key=lambda outcome: outcome["sequence"])
    standings = {name: standing(snapshot) for name, snapshot in run.snapshots().items()}
    refused = {dict(r.headers)["valuepulse.id"].decode() for r in run.read_output("dead_letters")}
    applied = run.applied_by_customer()
    names = applied.keys() | outcomes.keys()
    if only is not None:
        names &= set(only)
        standings = {name: of for name, of in standings.items() if name in names}
        applied = {name: of for name, of in applied.items() if name in names}
    of_names = {name: outcomes[name] for name in names}
    return Results(standings, of_names, refused, applied, contradicted)


def differences(right: Results, found: Results) -> list[str]:
    """Say what a run got wrong, in words; empty if nothing."""
    return [
        *_unequal("standing", right.standings, found.standings),
        *_unequal("outcomes", right.outcomes, found.outcomes),
        *(f"refused record {place} is no dead letter" for place in right.refused - found.refused),
        *(f"dead letter {place} was a good record" for place in found.refused - right.refused),
        *(f"outcome {identity} was told in two ways" for identity in found.contradicted),
    ]


def tally(right: Results, found: Results) -> Tally:
    """Count what a run got wrong."""
    names = right.applied.keys() | found.applied.keys()
    off = {name: found.applied.get(name, 0) - right.applied.get(name, 0) for name in names}
    due, told = _by_id(right.outcomes), _by_id(found.outcomes)
    return Tally(
        lost=sum(-count for count in off.values() if count < 0),
        twice=sum(count for count in off.values() if count > 0),
        standings=sum(
            right.standings.get(name) != found.standings.get(name)
            for name, count in off.items()
            if count == 0
        ),
        outcomes_missing=len(due.keys() - told.keys()),
        outcomes_wrong=len(found.contradicted)
        + sum(due.get(identity) != outcome for identity, outcome in told.items()),
        letters_missing=len(right.refused - found.refused),
        letters_wrong=len(found.refused - right.refused),
    )


def _by_id(outcomes: Outcomes) -> dict[str, dict[str, Any]]:
    return {outcome["id"]: outcome for each in outcomes.values() for outcome in each}


def _unequal(what: str, right: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    wrong = [n for n in right.keys() | found.keys() if right.get(n) != found.get(n)]
    told = [f"{what} of {n}: {found.get(n)}, must be {right.get(n)}" for n in wrong[:MOST_TOLD]]
    more = len(wrong) - len(told)
    return [*told, f"{what} of {more} more customers differ"] if more else told
