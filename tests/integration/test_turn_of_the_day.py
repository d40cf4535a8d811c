"""Time alone moves scores, and what it moved goes out within a minute (P4)."""

from __future__ import annotations

import json
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.traffic import FIRST_ARRIVAL_MS, Sent
from tests.integration.verdict import differences, left_by, oracle
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until

SLEEPER = "sleeper"
WITHIN_S = 60.0


def a_sale(customer: str, day: str, amount: str, arrived: int) -> Sent:
    event = {
        "type": "transaction",
        "event_id": f"{customer}-{day}",
        "customer_id": customer,
        "occurred_at": f"{day}T04:00:00Z",
        "amount": amount,
        "cost": "1.00",
    }
    value = json.dumps(event).encode()
    return Sent("transaction", customer.encode(), value, FIRST_ARRIVAL_MS + arrived)


def neighbour() -> str:
    """A customer of the same partition: the clock that it moves is the sleeper's too."""
    wanted = a_sale(SLEEPER, "2024-01-01", "1", 0).partition
    names = (f"neighbour-{n}" for n in count())
    return next(n for n in names if a_sale(n, "2024-01-01", "1", 0).partition == wanted)


def changes(run: Installation) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"") for record in run.read_output("tier_changes")]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_customer_whose_windows_empty_falls_without_an_event_of_its_own(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    model = USUAL_MODEL
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, model) as run,
    ):
        days = ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]
        bought = [a_sale(SLEEPER, day, "90000.00", n) for n, day in enumerate(days)]
        topic_logs.send(kafka.bootstrap, inputs, bought)
        run.worker()
        run.wait_until_caught_up()
        risen = changes(run)
        assert {change["direction"] for change in risen} == {"up"}

        shard = bought[0].partition
        assert run.redis.set(f"{run.name}:{{{shard}}}:out:5", b"a slot that Redis brought back")
        began = time.monotonic()
        topic_logs.send(kafka.bootstrap, inputs, [a_sale(neighbour(), "2025-06-01", "1.00", 10)])
        wait_until(lambda: len(changes(run)) > len(risen), "the fall of the sleeper", WITHIN_S)
        assert time.monotonic() - began < WITHIN_S
        run.wait_until_caught_up()  # which means: no slot is left, the walk has swept it
        fallen = changes(run)[len(risen) :]
        assert {change["customer_id"] for change in fallen} == {SLEEPER}
        assert [change["cause"] for change in fallen] == [{"kind": "time"}] * len(fallen)
        assert fallen[-1]["to"] == "ordinary"
        source = YAML(typ="safe").load(model)
        right = oracle(source, inputs, run.read_inputs(), set())
        assert differences(right, left_by(run)) == []
