"""The store dies and comes back, whole or without its tail: it is waited out (P1, P8)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.conftest import Backlog
from tests.integration.installation import installation
from tests.integration.processes import Process
from tests.integration.verdict import differences, left_by
from tests.servers import REDIS_VARIABLE, Kafka, Valkey, start_valkey

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        REDIS_VARIABLE in os.environ, reason=f"{REDIS_VARIABLE} names a store that is not ours"
    ),
]
TAIL_BYTES = 400_001
"""So many are cut off, hundreds of commits, the first of them in its middle."""


def cut_tail(store: Valkey) -> None:
    """Make the killed store lose what it had confirmed last, as a loss of power does."""
    (log,) = (store.directory / "appendonlydir").glob("*.incr.aof")
    os.truncate(log, log.stat().st_size - TAIL_BYTES)


def told(worker: Process) -> str:
    """What a worker has logged."""
    return worker.log.read_text("utf-8")


@pytest.mark.parametrize("loses_its_tail", [False, True], ids=["whole", "without-its-tail"])
def test_a_store_killed_twice_while_workers_commit_changes_nothing(
    loses_its_tail: bool, backlog: Backlog, kafka: Kafka, tmp_path: Path
) -> None:
    with (
        start_valkey(tmp_path / "valkey") as store,
        installation(
            tmp_path, kafka.bootstrap, store.url, backlog.inputs, backlog.model, batch__max_events=5
        ) as run,
    ):
        worker = run.worker()
        for tenths in (3, 6):
            run.wait_for(backlog.records * tenths // 10)
            store.kill()
            if loses_its_tail:
                cut_tail(store)
            store.restart()
        assert run.applied() < backlog.records
        run.wait_until_caught_up()
        assert "does not answer" in told(worker)
        if loses_its_tail:  # with fsync every second even a whole log may lack the last commits
            assert "is behind" in told(worker)
        assert differences(backlog.right, left_by(run)) == []
