"""The broker dies and comes back: workers wait it out in place (P8)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.integration import topic_logs
from tests.integration.installation import input_topics, installation
from tests.integration.traffic import traffic
from tests.integration.verdict import differences, left_by, oracle
from tests.servers import BROKER_VARIABLE, Valkey, start_kafka
from tests.usual import USUAL_MODEL


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(
    BROKER_VARIABLE in os.environ, reason=f"{BROKER_VARIABLE} names a broker that is not ours"
)
def test_a_broker_killed_while_a_worker_reads_and_publishes_changes_nothing(
    valkey: Valkey, tmp_path: Path
) -> None:
    model = USUAL_MODEL
    sent = traffic(seed=14, customers=200, events=5_000, days=40)
    bad = {record.value for record in sent if not record.is_good}
    with (
        start_kafka(tmp_path / "kafka", heap="256m") as broker,
        input_topics(broker.bootstrap) as inputs,
        installation(
            tmp_path, broker.bootstrap, valkey.url, inputs, model, batch__max_events=4
        ) as run,
    ):
        topic_logs.send(broker.bootstrap, inputs, sent)
        right = oracle(YAML(typ="safe").load(model), inputs, run.read_inputs(), bad)
        worker = run.worker()
        run.wait_for(len(sent) // 4)
        broker.kill()
        broker.start()
        assert run.applied() < len(sent)
        run.wait_until_caught_up()
        assert differences(right, left_by(run)) == []
        assert worker.is_running
