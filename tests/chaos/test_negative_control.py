"""The harness is not blind: what is wrong is found, and only what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.processes import Process
from tests.integration.traffic import Sent, traffic
from tests.integration.verdict import differences, left_by, oracle
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until

EVENTS = 2_000


def naive(run: Installation) -> Process:
    """Start the naive processor."""
    directory = run.directory / f"naive-{len(run.workers)}"
    process = Process(directory, ("-m", "tests.chaos.naive"), run.environment)
    run.workers.append(process)
    process.start()
    return process


def seen(run: Installation) -> int:
    count: Any = run.redis.get(f"{run.name}:seen")
    return int(count or 0)


def first_sent(records: list[Sent]) -> list[Sent]:
    """Leave out what was sent before."""
    first: dict[bytes | None, Sent] = {}
    for record in records:
        first.setdefault(record.value, record)
    return list(first.values())


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("is_killed", [False, True], ids=["undisturbed", "killed-once"])
def test_a_naive_processor_is_right_until_it_is_killed(
    is_killed: bool, kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """It reads sales and refunds only, none twice and none bad: these would show without a kill."""
    source = YAML(typ="safe").load(USUAL_MODEL)
    model = tmp_path / "scoring.yaml"
    model.write_text(json.dumps(source), "utf-8")
    every = traffic(seed=13, customers=80, events=2 * EVENTS, days=60)
    sent = [r for r in first_sent(every) if r.is_good and r.event_type == "transaction"]
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, model) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, sent)
        right = oracle(source, inputs, run.read_inputs(), set())
        processor = naive(run)
        if is_killed:
            wait_until(lambda: seen(run) > len(sent) // 3, "a third of the records", 60)
            processor.kill()
            processor = naive(run)
        assert processor.wait("the naive processor to read all") == 0
        found = differences(right, left_by(run))
        assert bool(found) == is_killed, found
