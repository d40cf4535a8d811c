"""Whatever dies and whenever: after catching up all is as if nothing had happened (P1, P2)."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.chaos.conftest import Backlog
from tests.integration.installation import installation
from tests.integration.verdict import differences, left_by
from tests.servers import Kafka, Valkey

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
FAULT_EXIT_CODE = 70
KILLS = 10


def test_what_dies_at_a_named_point_is_finished_by_the_next_worker(
    backlog: Backlog, kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """The feed is off, so that a commit's outcomes are trimmed right after their publication."""
    options = {"batch__max_events": 20, "feed__enabled": False}
    with installation(
        tmp_path, kafka.bootstrap, valkey.url, backlog.inputs, backlog.model, **options
    ) as run:
        for fault in ("before-commit:200", "after-commit:200", "after-publish:60"):
            assert run.worker(VALUEPULSE_FAULT=fault).wait(fault) == FAULT_EXIT_CODE
        assert 0 < run.applied() < backlog.records
        run.worker()
        run.wait_until_caught_up()
        assert differences(backlog.right, left_by(run)) == []
        # There are repeats, so that it matters that equal ids are left out.
        told = run.read_output("tier_changes") + run.read_output("value_alerts")
        assert len(told) > len({json.loads(record.value or b"")["id"] for record in told})


def test_ten_kills_at_random_moments_lose_and_repeat_nothing(
    backlog: Backlog, kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Of two workers first one is killed, then the other, and two new ones go on: five times."""
    chance = random.Random(10)
    furthest = backlog.records // KILLS - 200
    with installation(
        tmp_path, kafka.bootstrap, valkey.url, backlog.inputs, backlog.model, batch__max_events=5
    ) as run:
        for _ in range(KILLS // 2):
            workers = run.worker(), run.worker()
            for worker in chance.sample(workers, 2):
                run.wait_for(run.applied() + chance.randint(1, furthest))
                worker.kill()
        assert run.applied() < backlog.records, "all was applied before the last kill"
        run.worker()
        run.worker()
        run.wait_until_caught_up()
        assert differences(backlog.right, left_by(run)) == []
