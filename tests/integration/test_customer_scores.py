"""The CRM feed: compacted, it tells how each customer stands, and it does not flood its readers."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.traffic import Sent, traffic
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
MODEL = USUAL_MODEL
INTERVAL_MS = 1000
JITTER_MS = 400
"""Between the moment that a snapshot is due and the time that its record gets."""


def latest(run: Installation) -> dict[str, dict[str, Any]]:
    """What compaction leaves of customer-scores."""
    records = run.read_output("customer_scores")
    return {(r.key or b"").decode(): json.loads(r.value or b"") for r in records}


def test_the_last_snapshot_of_each_customer_is_its_state_also_after_a_crash(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """The worker dies between a commit and its publication."""
    sent = traffic(seed=11, customers=200, events=3_000, days=60)
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(
            tmp_path, kafka.bootstrap, valkey.url, inputs, MODEL, batch__max_events=20
        ) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker(VALUEPULSE_FAULT="after-commit:100").wait("the fault")
        died_with = run.snapshots()
        assert latest(run) != died_with, "all was published before the worker died"
        run.worker()
        run.wait_until_caught_up()
        assert latest(run) == run.snapshots() != died_with


def test_a_customer_gets_one_snapshot_a_second_and_one_for_each_tier_change(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Few customers, each with many events a second, one after the other as they come."""
    sent = traffic(seed=12, customers=8, events=3_000, days=60)
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, MODEL) as run,
    ):
        run.worker()
        send_for(4.0, run, sent)
        run.wait_until_caught_up()
        snapshots = run.read_output("customer_scores")
        changes = [json.loads(r.value or b"") for r in run.read_output("tier_changes")]
        told: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for record in snapshots:
            snapshot = json.loads(record.value or b"")
            told[snapshot["customer_id"]].append((record.timestamp, snapshot["sequence"]))
        for customer in {change["customer_id"] for change in changes}:
            assert told[customer]
        assert changes
        for each in told.values():
            assert_not_too_often(each)
        assert latest(run) == run.snapshots()


def send_for(seconds: float, run: Installation, sent: list[Sent]) -> None:
    """Send a few records, wait until they are applied, send the next."""
    began, position = time.monotonic(), 0
    while time.monotonic() - began < seconds and position < len(sent):
        topic_logs.send(run.bootstrap, run.inputs, sent[position : position + 16])
        position += 16
        run.wait_for(position)


def assert_not_too_often(told: list[tuple[int, int]]) -> None:
    """Leave out those that follow an outcome: the rest keep the interval."""
    times = [at for (_, before), (at, n) in pairwise(told) if n == before]
    assert all(later - at > INTERVAL_MS - JITTER_MS for at, later in pairwise(times))
