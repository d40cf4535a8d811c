"""A worker that cannot work says so in one line and ends with the exit code that fits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streams.state.store import Store, StoreUnavailableError
from tests.cli.command import valuepulse
from tests.integration.installation import OUTPUTS, Installation, input_topics
from tests.integration.processes import WORKER, run_to_end
from tests.integration.traffic import INPUTS, PARTITIONS
from tests.servers import (
    REDIS_VARIABLE,
    Kafka,
    Valkey,
    create_topics,
    delete_topics,
    start_valkey,
)
from tests.servers.process import free_port
from tests.usual import USUAL_MODEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
MODEL = USUAL_MODEL
UNAVAILABLE, CHECK_FAILED = 3, 4


def one_line(written: str) -> str:
    lines = written.splitlines()
    assert len(lines) == 1, written
    return lines[0]


def in_cluster() -> tuple[str, ...]:
    """Return options of a node; its other port would be 10,000 higher, which may be too high."""
    return ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))


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


@pytest.mark.skipif(REDIS_VARIABLE in os.environ, reason="that server is not ours to configure")
def test_a_node_of_a_redis_cluster_is_refused_in_words_by_worker_doctor_and_commands(
    kafka: Kafka, tmp_path: Path
) -> None:
    inputs = {event_type: event_type for event_type in INPUTS}
    with start_valkey(tmp_path, extra=in_cluster()) as node:
        run = Installation(tmp_path, kafka.bootstrap, node.url, inputs, MODEL, {})
        code, written = run_to_end(WORKER, run.environment)
        assert code == CHECK_FAILED
        assert f"Redis at {node.url} is a node of a Redis Cluster, whose redirections" in one_line(
            written
        )
        found = valuepulse("doctor", "--json", variables=run.environment).json()["findings"]
        redis = next(each for each in found if each["name"] == "redis")
        assert (redis["state"], redis["code"]) == ("failed", CHECK_FAILED)
        assert "is a node of a Redis Cluster" in redis["detail"]
        assert redis["advice"].startswith("set redis.url to a server outside of a cluster")


async def test_a_command_that_meets_a_cluster_says_so(tmp_path: Path) -> None:
    with start_valkey(tmp_path, extra=in_cluster()) as node:
        store = Store(node.url, prefix="t")
        with pytest.raises(StoreUnavailableError, match="is a node of a Redis Cluster"):
            await store.meta(0)
        await store.close()


def test_without_redis_a_worker_names_it_and_exits_3(kafka: Kafka, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    inputs = {event_type: event_type for event_type in INPUTS}
    run = Installation(tmp_path, kafka.bootstrap, f"redis://{nobody}/0", inputs, MODEL, {})
    code, written = run_to_end(WORKER, run.environment)
    assert code == UNAVAILABLE
    assert nobody in one_line(written)
