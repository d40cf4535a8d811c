"""Design promise P1 on a longer stream: many customers over two years, with a fixed seed."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.properties.shard import Shard
from tests.properties.test_exactness import assert_equal
from tests.reference import Fold, Model, parse

DEFAULT_MODEL = Path(__file__).parents[2] / "config" / "scoring.yaml"
START = 1_704_067_200_000  # 2024-01-01 UTC
DAY = 86_400_000
CUSTOMERS = 16


def a_stream(events: int, seed: int) -> list[bytes]:
    """Events of several types over 400 days; one in ten late, one in twenty sent again."""
    chance = random.Random(seed)
    stream: list[bytes] = []
    for number in range(events):
        if stream and chance.random() < 0.05:
            stream.append(chance.choice(stream[-400:]))
            continue
        at = START + number * 400 * DAY // events
        at -= int(chance.expovariate(1 / (30 * DAY))) if chance.random() < 0.1 else 0
        event_type = chance.choice(["transaction"] * 5 + ["payment"] * 3 + ["praise", "complaint"])
        event = {
            "type": event_type,
            "event_id": f"e{number}",
            "customer_id": f"c{min(int(chance.paretovariate(0.8)), CUSTOMERS)}",
            "occurred_at": at,
        }
        stream.append(json.dumps(event | _fields(event_type, at, chance)).encode() + b"\n")
    return stream


def _fields(event_type: str, at: int, chance: random.Random) -> dict[str, Any]:
    if event_type in {"praise", "complaint"}:
        return {"rating": 4, "severity": chance.randint(1, 5)}
    amount = chance.lognormvariate(5, 1.5) + 0.01
    money = {"amount": f"{amount:.2f}", "due_at": at + int(chance.uniform(-20, 20) * DAY)}
    if event_type == "transaction":
        money["kind"] = "refund" if chance.random() < 0.1 else "sale"
        money["cost"] = f"{amount * chance.uniform(0.4, 1.1):.2f}"
    return money


@pytest.mark.slow
@pytest.mark.parametrize(("clock", "ids"), [("event", 5), ("customer", 1024)])
def test_a_long_stream_in_batches_is_what_the_oracle_says(clock: Any, ids: int) -> None:
    source = YAML(typ="safe").load(DEFAULT_MODEL) | {"dedup": {"ids": ids}}
    stream, chance = a_stream(1500, seed=5), random.Random(6)
    fold, shard, first = Fold(Model(source), clock), Shard(source, clock), 0
    counted = [fold.apply(parse(line, fold.model)) for line in stream]
    while first < len(stream):
        last = first + chance.choice([1, 10, 300])
        assert shard.apply(b"".join(stream[first:last])) == counted[first:last]
        first = last
    assert_equal(shard, fold)
    assert sum(counted) < len(stream)
    assert sum(len(outcomes) for outcomes in fold.outcomes.values()) > 50
