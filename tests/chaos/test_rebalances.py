"""Workers join and leave while they work: shards move, nothing else does (P1, P2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.conftest import Backlog
from tests.integration.installation import installation
from tests.integration.verdict import differences, left_by
from tests.servers import Kafka, Valkey

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_workers_that_join_leave_and_die_in_turn_give_what_one_would_have_given(
    backlog: Backlog, kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """The second takes over from the first, a third shares with it, then takes over from it.

    Batches of one event: the second must not be done before the third has begun.
    """
    with installation(
        tmp_path, kafka.bootstrap, valkey.url, backlog.inputs, backlog.model, batch__max_events=1
    ) as run:
        first, second = run.worker(), run.worker()
        run.wait_for(backlog.records // 10)
        first.signal_to_stop()
        assert first.wait("the first worker to leave") == 0
        run.wait_for(backlog.records * 2 // 10)
        run.worker()
        run.wait_for(backlog.records * 4 // 10)
        second.kill()
        assert run.applied() < backlog.records
        run.wait_until_caught_up()
        assert differences(backlog.right, left_by(run)) == []


def test_a_worker_that_was_thought_dead_cannot_spoil_what_its_successor_does(
    backlog: Backlog, kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """It stands still for longer than its session lasts, in the midst of its commits."""
    with installation(
        tmp_path, kafka.bootstrap, valkey.url, backlog.inputs, backlog.model, batch__max_events=5
    ) as run:
        zombie = run.worker()
        run.wait_for(backlog.records // 10)
        zombie.pause()
        before = run.applied()
        run.worker()
        run.wait_for(before + backlog.records // 10)
        zombie.go_on()
        run.wait_until_caught_up()
        assert zombie.is_running
        assert differences(backlog.right, left_by(run)) == []


def test_sigterm_drains_what_was_committed_is_published_and_told_to_kafka(
    backlog: Backlog, kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    options = {"batch__max_events": 5, "feed__enabled": False}
    with installation(
        tmp_path, kafka.bootstrap, valkey.url, backlog.inputs, backlog.model, **options
    ) as run:
        worker = run.worker()
        run.wait_for(backlog.records // 4)
        worker.signal_to_stop()
        assert worker.wait("the worker to drain", 30) == 0
        assert run.applied() < backlog.records
        assert list(run.redis.scan_iter(f"{run.name}:*:out:*")) == []
        told = {place: offset for place, offset in run.committed().items() if offset}
        offsets = {
            (topic, shard): offset
            for shard, meta in enumerate(run.metas())
            for topic, offset in meta.get("offsets", {}).items()
            if offset
        }
        assert told == offsets
        run.worker()
        run.wait_until_caught_up()
        assert differences(backlog.right, left_by(run)) == []
