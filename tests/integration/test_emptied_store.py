"""A worker that finds Redis empty, though its group had scored, rebuilds and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration import topic_logs
from tests.integration.installation import input_topics, installation
from tests.integration.traffic import FIRST_ARRIVAL_MS, Sent
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
SAID = b"Redis has no state of a shard that was scored before"


def a_sale(n: int) -> Sent:
    event = {"event_id": f"sale-{n}", "customer_id": "ada", "amount": "10.00"}
    value = json.dumps(event | {"occurred_at": "2024-05-01T00:00:00Z"}).encode()
    return Sent("transaction", b"ada", value, FIRST_ARRIVAL_MS + n)


def test_a_rebuild_is_told_and_a_new_installation_is_none(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, [a_sale(n) for n in range(10)])
        first = run.worker()
        run.wait_until_caught_up()
        right = run.snapshots()
        wait_until(lambda: sum(run.committed().values()) == 10, "the group's offsets", 30)
        first.kill()
        assert SAID not in first.log.read_bytes()

        run.redis.delete(*run.redis.scan_iter(f"{run.name}:*"))
        second = run.worker()
        wait_until(lambda: SAID in second.log.read_bytes(), "word of the rebuild", 60)
        run.workers.remove(first)
        run.wait_until_caught_up()
        assert run.snapshots() == right
        assert second.log.read_bytes().count(SAID) == 1, "one shard had anything"
