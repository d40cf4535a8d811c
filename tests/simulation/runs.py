"""Seeds, run one by one; each is a world of its own on the same real store."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from tests.simulation.verdict import verdict
from tests.simulation.worker import Scoring
from tests.simulation.world import RunFailedError, World
from tests.usual import USUAL_MODEL


class Run(NamedTuple):
    """What came of a seed; `problems` is empty when all was right."""

    seed: int
    problems: list[str]
    trace: list[str]
    fingerprint: str
    counts: Counter[str]


def run_seed(seed: int, url: str) -> Run:
    """Run a seed on the store at `url`, all keys of which are deleted."""
    world = World(seed, url, scoring())
    try:
        try:
            world.run()
            problems = verdict(world)
        except RunFailedError as failure:
            problems = [str(failure)]
        return Run(seed, problems, world.trace, world.fingerprint, world.counts)
    finally:
        world.client.close()


@cache
def scoring() -> Scoring:
    """The packaged model, but restless: every event may change a tier or raise an alert."""
    source: dict[str, Any] = json.loads(json.dumps(YAML(typ="safe").load(USUAL_MODEL), default=str))
    steps = [{"name": f"t{n}", "enter_at": 4 * n, "leave_below": 4 * n - 1.5} for n in range(1, 24)]
    source["scores"]["value"]["tiers"] = [{"name": "t0"}, *steps]
    drop = source["alerts"]["value_drop"]
    source["alerts"]["value_drop"] = drop | {"points": 2, "resolve_below": 1, "cool_down_days": 1}
    return Scoring.of(source, json.dumps(source))
