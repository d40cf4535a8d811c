"""SIGTERM ends a worker also while Kafka is away: nothing can be owed to a Kafka that is gone."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.integration import topic_logs
from tests.integration.installation import input_topics, installation
from tests.integration.traffic import traffic
from tests.servers import BROKER_VARIABLE, Valkey, start_kafka
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    ("sign", "codes"),
    [
        pytest.param("Starting...", (0, 3, -signal.SIGTERM), marks=pytest.mark.long),
        ("shards assigned", (0,)),
    ],
)
def test_a_worker_ends_when_kafka_dies_while_it_starts_or_works(
    sign: str,
    codes: tuple[int, ...],
    valkey: Valkey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While it starts Faust may give up by itself (3), also before SIGTERM comes, or wait."""
    monkeypatch.delenv(BROKER_VARIABLE, raising=False)  # the broker must be ours to kill
    model = USUAL_MODEL
    with (
        start_kafka(tmp_path / "kafka", heap="256m") as broker,
        input_topics(broker.bootstrap) as inputs,
        installation(tmp_path, broker.bootstrap, valkey.url, inputs, model) as run,
    ):
        topic_logs.send(broker.bootstrap, inputs, traffic(seed=1, customers=20, events=500, days=5))
        worker = run.worker()
        wait_until(lambda: sign in worker.log.read_text("utf-8"), f"`{sign}`", 60)
        broker.kill()
        worker.signal_to_stop()
        try:
            assert worker.wait("the worker to end without Kafka", 40) in codes
        finally:
            broker.start()
