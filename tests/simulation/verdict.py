"""The verdict on a run: what the oracle makes of its topics, against what is left of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from scoring.merging import is_part
from streams.state.rosters import roster_of
from tests.integration.installation import Installation
from tests.integration.topic_logs import Record
from tests.integration.traffic import PARTITIONS, TYPES
from tests.integration.verdict import Outcomes, Results, differences, oracle, results_of
from tests.properties.comparison import standing
from tests.simulation.worker import OUTPUTS, PREFIX
from tests.simulation.world import World


class Remains:
    """What a run left, read as `tests.integration.installation.Installation` reads it."""

    def __init__(self, world: World) -> None:
        self._world = world
        found: Any = world.client.keys(f"{PREFIX}:*:c:*")
        keys = [key for key in found if not is_part(key)]
        blobs: Any = world.client.mget(keys) if keys else []
        self._names = [key.split(b":c:", 1)[1] for key in keys]
        self._arena = world.scoring.scorer.read(blobs)

    def snapshots(self) -> dict[str, dict[str, Any]]:
        """How each customer stands, from its state alone."""
        shots = self._world.scoring.wording.snapshots(self._arena, self._names)
        rosters: Any = self._world.client.mget(
            [f"{PREFIX}:{{{shard}}}:merges" for shard in range(PARTITIONS)]
        )
        away = {name.decode() for stored in rosters for name in roster_of(stored or b"").away}
        return {shot["customer_id"]: shot for shot in shots if shot["customer_id"] not in away}

    def applied_by_customer(self) -> dict[str, int]:
        """How many events each customer's state holds."""
        applied = self._arena.customers["applied"].tolist()
        return {name.decode(): n for name, n in zip(self._names, applied, strict=True)}

    def read_output(self, topic: str) -> list[Record]:
        """All records of an output topic."""
        return self._world.outputs.records(topic)


def verdict(world: World) -> list[str]:
    """Say what a run got wrong, in words; empty if nothing."""
    inputs = {event_type: event_type for event_type in TYPES}
    right = oracle(world.scoring.source, inputs, world.inputs.records(), world.bad_values)
    remains = Remains(world)
    topics = (OUTPUTS.tier_changes, OUTPUTS.value_alerts, OUTPUTS.segment_changes)
    told = [record for topic in topics for record in remains.read_output(topic)]
    found = results_of(cast("Installation", remains), told)  # it reads no more of it than this
    return [
        *differences(right, found),
        *_miscounted(right, found),
        *_gaps(found.outcomes),
        *(_stale(world, found) if world.plan.feed_interval_s is not None else ()),
    ]


def _miscounted(right: Results, found: Results) -> list[str]:
    return [
        f"{name} holds {found.applied.get(name)} events, must be {count}"
        for name, count in right.applied.items()
        if found.applied.get(name) != count
    ]


def _gaps(outcomes: Outcomes) -> list[str]:
    return [
        f"outcomes of {name} are numbered {numbers}"
        for name, each in outcomes.items()
        if (numbers := [told["sequence"] for told in each]) != list(range(1, len(each) + 1))
    ]


def _stale(world: World, found: Results) -> list[str]:
    """The feed's last record of each customer says how it stands."""
    last = {record.key: record.value for record in world.outputs.records(OUTPUTS.customer_scores)}
    fed: Mapping[str, Any] = {
        shot["customer_id"]: standing(shot) for shot in map(json.loads, filter(None, last.values()))
    }
    return [
        f"the feed's last word on {name} is {fed.get(name)}, must be {right}"
        for name, right in found.standings.items()
        if fed.get(name) != right
    ]
