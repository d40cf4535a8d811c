"""The verdict on a run: what the oracle makes of the input topics, against what the run left.

The oracle is fed what the topics hold, in the order in which a worker has to apply it: of each
partition by time of arrival, then topic, then offset, every partition with a clock of its own.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from tests.integration.installation import Installation
from tests.integration.topic_logs import Record
from tests.integration.traffic import TYPES
from tests.properties.comparison import expected, expected_standings, said, standing
from tests.reference import Fold, Model, parse

MOST_TOLD = 5
Outcomes = dict[str, list[dict[str, Any]]]


class Results(NamedTuple):
    """What a run comes to: how customers stand, their outcomes in sequence, refused records.

    A refused record is named `topic:partition:offset`.
    """

    standings: dict[str, dict[str, Any]]
    outcomes: Outcomes
    refused: set[str]


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
    results = Results({}, {}, set())
    topics = [inputs[event_type] for event_type in TYPES]
    shards: dict[int, dict[str, list[Record]]] = defaultdict(lambda: {t: [] for t in topics})
    for record in records:
        if record.value in bad_values:
            results.refused.add(f"{record.topic}:{record.partition}:{record.offset}")
        else:
            shards[record.partition][record.topic].append(record)
    for shard in shards.values():
        # Of equal times the earlier topic's comes first; offsets of a topic stay in order.
        arrivals = heapq.merge(*shard.values(), key=lambda record: record.timestamp)
        fold = _folded(Model(model), arrivals, only)
        results.standings.update(expected_standings(fold.customers))
        for name, outcomes in fold.outcomes.items():
            results.outcomes[name] = [expected(outcome) for outcome in outcomes]
    return results


def _folded(model: Model, records: Iterable[Record], only: Collection[str] | None) -> Fold:
    fold, day = Fold(model), 0
    for record in records:
        event = parse(record.value or b"", model)
        day = max(day, event.day)
        if only is None or event.customer_id in only:
            fold.apply(event, today=day)
    fold.turn(day)
    return fold


def left_by(run: Installation, only: Collection[str] | None = None) -> Results:
    """Read what a run left in Redis and in its output topics, equal ids once."""
    outcomes: Outcomes = defaultdict(list)
    for told in once(run.read_output("tier_changes") + run.read_output("value_alerts")):
        outcomes[told["customer_id"]].append(said(told))
    for each in outcomes.values():
        each.sort(key=lambda told: told["sequence"])
    standings = {name: standing(snapshot) for name, snapshot in run.snapshots().items()}
    refused = {dict(r.headers)["valuepulse.id"].decode() for r in run.read_output("dead_letters")}
    names = standings.keys() | outcomes.keys()
    if only is not None:
        names &= set(only)
        standings = {name: standings[name] for name in names}
    return Results(standings, {name: outcomes[name] for name in names}, refused)


def once(records: Iterable[Record]) -> Iterable[dict[str, Any]]:
    """Yield the outcomes of records, repeats left out; a repeat must say the same."""
    known: dict[str, bytes] = {}
    for record in records:
        assert record.value is not None
        told: dict[str, Any] = json.loads(record.value)
        if told["id"] not in known:
            known[told["id"]] = record.value
            yield told
        assert known[told["id"]] == record.value, f"{told['id']} was told in two ways"


def differences(right: Results, found: Results) -> list[str]:
    """Say what a run got wrong, in words; empty if nothing."""
    return [
        *_unequal("standing", right.standings, found.standings),
        *_unequal("outcomes", right.outcomes, found.outcomes),
        *(f"refused record {place} is no dead letter" for place in right.refused - found.refused),
        *(f"dead letter {place} was a good record" for place in found.refused - right.refused),
    ]


def _unequal(what: str, right: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    wrong = [n for n in right.keys() | found.keys() if right.get(n) != found.get(n)]
    told = [f"{what} of {n}: {found.get(n)}, must be {right.get(n)}" for n in wrong[:MOST_TOLD]]
    more = len(wrong) - len(told)
    return [*told, f"{what} of {more} more customers differ"] if more else told
