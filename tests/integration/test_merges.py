"""Two ids of one customer, in two shards: merged they are one, unmerged they are two again."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.chaos.lab import model_source
from tests.cli.command import valuepulse
from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.test_erasure import feed_of
from tests.integration.traffic import FACTS, Sent, shard_of, traffic
from tests.integration.verdict import differences, left_by, oracle
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until

ADA, BOB, CEM = "customer-3", "customer-4", "customer-5"


def facts(seed: int) -> list[Sent]:
    sent = traffic(seed, customers=20, events=600, days=30)
    return [each for each in sent if each.is_good and each.event_type in FACTS]


def of_now(sent: list[Sent], customers: tuple[str, ...]) -> list[Sent]:
    """Events of some customers, as new ones that arrive now."""
    now = int(time.time() * 1000)
    renewed = []
    for n, each in enumerate(each for each in sent if (each.key or b"").decode() in customers):
        event = json.loads(each.value or b"") | {"event_id": f"again-{n}-{now}"}
        renewed.append(each._replace(value=json.dumps(event).encode(), arrived_ms=now + n))
    return renewed


def mistakes(run: Installation) -> list[str]:
    run.wait_until_settled()
    right = oracle(model_source(), run.inputs, run.read_inputs(), set())
    return differences(right, left_by(run))


def command(run: Installation, *words: str) -> None:
    done = valuepulse(*words, "--reason", "同一客户", variables=run.environment)
    assert done.code == 0, done.err


def test_who_is_merged_counts_for_the_other_until_it_is_unmerged(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    assert shard_of(ADA.encode()) != shard_of(BOB.encode())
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, facts(seed=5))
        run.worker()
        run.wait_until_settled()
        both = run.applied_by_customer()

        command(run, "merge", BOB, "--into", ADA, "--yes")
        wait_until(lambda: feed_of(run, BOB)[-1] is None, "the tombstone", 30)
        wait_until(lambda: BOB not in run.snapshots(), "the merge")
        run.wait_until_settled()
        assert run.applied_by_customer()[ADA] == both[ADA] + both[BOB] + 1  # the merge
        topic_logs.send(kafka.bootstrap, inputs, of_now(facts(seed=6), (ADA, BOB)))
        assert mistakes(run) == []
        shown = valuepulse("show", BOB, "--json", variables=run.environment)
        assert shown.code == 2
        assert f"is merged into '{ADA}'" in shown.err
        explained = valuepulse("explain", ADA, variables=run.environment)
        assert f"with all of {BOB}, merged into it" in explained.out
        again = valuepulse(
            "merge", BOB, "--into", "customer-5", "--reason", "-", variables=run.environment
        )
        assert again.code == 2
        assert "unmerge it first" in again.err

        command(run, "unmerge", BOB)
        wait_until(lambda: BOB in run.snapshots(), "the unmerge", 30)
        topic_logs.send(kafka.bootstrap, inputs, of_now(facts(seed=7), (ADA, BOB)))
        assert mistakes(run) == []
        assert json.loads(feed_of(run, BOB)[-1] or b"")["customer_id"] == BOB
        assert not list(run.redis.scan_iter(b"*\xff*", 1000)) or not any(
            run.redis.mget(list(run.redis.scan_iter(b"*\xff*", 1000)))
        )


@pytest.mark.slow
def test_a_chain_of_merges_goes_through_three_shards_and_is_undone_in_its_middle(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Bob into Ada, Ada into Cem: each step is a record to another shard, and so is its undoing."""
    assert len({shard_of(name.encode()) for name in (ADA, BOB, CEM)}) == 3
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, facts(seed=5))
        run.worker()
        run.wait_until_settled()
        each = run.applied_by_customer()

        command(run, "merge", BOB, "--into", ADA, "--yes")
        wait_until(lambda: BOB not in run.snapshots(), "the first merge")
        command(run, "merge", ADA, "--into", CEM, "--yes")
        wait_until(lambda: ADA not in run.snapshots(), "the second merge")
        topic_logs.send(kafka.bootstrap, inputs, of_now(facts(seed=6), (ADA, BOB, CEM)))
        assert mistakes(run) == []
        assert run.applied_by_customer()[CEM] > sum(each[name] for name in (ADA, BOB, CEM))
        command(run, "merge", CEM, "--into", BOB, "--yes")  # no shard knows all of the circle
        wait_until(lambda: CEM in run.snapshots(), "its undoing")
        assert mistakes(run) == []

        command(run, "unmerge", ADA)
        wait_until(lambda: ADA in run.snapshots(), "the unmerge", 30)
        topic_logs.send(kafka.bootstrap, inputs, of_now(facts(seed=7), (ADA, BOB, CEM)))
        assert mistakes(run) == []
        assert BOB not in run.snapshots()


@pytest.mark.long
def test_merges_that_contradict_each_other_are_undone(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Each shard allows one of them, and neither can know: nobody may vanish."""
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        sent = facts(seed=5)
        last = max(each.arrived_ms for each in sent)
        for n, (one, other) in enumerate(((ADA, BOB), (BOB, ADA))):
            event = {
                "type": "merge", "event_id": f"m{n}", "customer_id": one,
                "occurred_at": "2024-03-31T00:00:00Z",
                "into": other, "into_shard": shard_of(other.encode()),
            }  # fmt: skip  # who, then into whom
            value = json.dumps(event).encode()
            sent.append(Sent("commands", one.encode(), value, last + 1))
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        wait_until(lambda: not run.away() and len(run.snapshots()) == 20, "both again", 60)
        assert mistakes(run) == []
