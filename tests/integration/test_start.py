"""A worker that cannot work says so in one line and ends with the exit code that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.installation import OUTPUTS, Installation, input_topics
from tests.integration.processes import WORKER, run_to_end
from tests.integration.traffic import INPUTS, PARTITIONS
from tests.servers import Kafka, Valkey, create_topics, delete_topics
from tests.servers.process import free_port
from tests.usual import USUAL_MODEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
MODEL = USUAL_MODEL
UNAVAILABLE, CHECK_FAILED = 3, 4


def one_line(written: str) -> str:
    lines = written.splitlines()
    assert len(lines) == 1, written
    return lines[0]


def test_input_topics_of_different_partition_counts_are_refused_by_name(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    with input_topics(kafka.bootstrap, {"payment": PARTITIONS - 1}) as inputs:
        run = Installation(tmp_path, kafka.bootstrap, valkey.url, inputs, MODEL, {})
        outputs = {f"{run.name}-{role}": PARTITIONS for role in OUTPUTS}
        create_topics(kafka.bootstrap, outputs)
        try:
            code, written = run_to_end(WORKER, run.environment)
        finally:
            delete_topics(kafka.bootstrap, run.name)
        assert code == CHECK_FAILED
        assert f"{PARTITIONS - 1}: {inputs['payment']}" in one_line(written)


def test_without_a_broker_a_worker_names_it_and_exits_3(valkey: Valkey, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    inputs = {event_type: event_type for event_type in INPUTS}
    run = Installation(tmp_path, nobody, valkey.url, inputs, MODEL, {})
    code, written = run_to_end(WORKER, run.environment)
    assert code == UNAVAILABLE
    assert nobody in one_line(written)


def test_without_redis_a_worker_names_it_and_exits_3(kafka: Kafka, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    inputs = {event_type: event_type for event_type in INPUTS}
    run = Installation(tmp_path, kafka.bootstrap, f"redis://{nobody}/0", inputs, MODEL, {})
    code, written = run_to_end(WORKER, run.environment)
    assert code == UNAVAILABLE
    assert nobody in one_line(written)
