"""The feed on a real Kafka: all that there is, what comes, and what goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from confluent_kafka import TopicPartition
from structlog.testing import capture_logs

from streams.dashboard.board import Board
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.errors import NotFoundError
from streams.dashboard.feed import Feed
from streams.dashboard.filters import EVERYBODY, Filter
from streams.errors import DependencyError
from streams.model_file import load_model
from streams.settings import Settings
from tests.conftest import Topics
from tests.dashboard.kafka_shop import Written
from tests.dashboard.model import SMALL
from tests.dashboard.shop import TODAY, alert, change
from tests.dashboard.test_alerts import action
from tests.dashboard.test_movements import known
from tests.integration import topic_logs
from tests.integration.installation import input_topics, installation
from tests.integration.traffic import traffic
from tests.servers import Kafka, Valkey, delete_topics, free_port, start_kafka, wait_until
from tests.servers.topics import admin
from tests.usual import USUAL_MODEL


@pytest.fixture
def written(topics: Topics) -> Written:
    """Topics with two customers, a change and an alert."""
    made = Written(topics.bootstrap, topics.prefix)
    made.put("customer_scores", *known("C1", "C2"))
    made.put("tier_changes", change(0, "C1", "value", "low", "high"))
    made.put("value_alerts", alert(1, "C1"))
    return made


def test_all_that_there_is_is_read_and_then_what_comes(written: Written) -> None:
    with written.feeding() as (board, _):
        assert board.held() == (2, 1, 1)
        now = board.as_of()
        assert (now.day, now.behind, now.stale, now.lag_s) == (TODAY, 0, False, 0.0)
        written.put("customer_scores", *known("C3"))
        written.put("tier_changes", change(2, "C2", "value", "low", "middle"))
        written.put("value_alerts", alert(3, "C1", "resolved"))
        wait_until(lambda: board.held()[:2] == (3, 2), "what came", 20)
        wait_until(lambda: board.alert(f"{1:032x}", None).state == "resolved", "the alert's end")
        assert board.progress.loaded_after_s is not None


def test_the_last_snapshot_of_a_customer_holds_and_a_tombstone_erases(written: Written) -> None:
    (later,) = known("C1")
    later["profile"]["region"] = "south"
    written.put("customer_scores", later)
    written.put_raw("customer_scores", b"C2", None)
    with written.feeding() as (board, _):
        assert board.customer("C1", None).profile["region"] == "south"
        with pytest.raises(NotFoundError):
            board.customer("C2", None)
        written.put_raw("customer_scores", b"C1", None)
        wait_until(lambda: board.count(None) == 0, "the tombstone", 20)
        assert board.recent_changes(EVERYBODY, None).changes == []
        assert board.alerts(EVERYBODY, None).total == 0


def test_an_action_is_written_to_kafka_and_found_there_by_the_next_dashboard(
    written: Written,
) -> None:
    with written.feeding() as (board, feed):
        asyncio.run(feed.act(action(1, "acknowledge", note="seen")))
        wait_until(
            lambda: board.alert(f"{1:032x}", None).state == "acknowledged", "the action to come", 20
        )
    with written.feeding() as (board, _):
        told = board.alert(f"{1:032x}", None)
        assert told.acknowledged is not None
        assert (told.acknowledged.by, told.acknowledged.note) == ("wang", "seen")


def test_what_cannot_be_used_is_left_out_and_told_without_what_it_holds(written: Written) -> None:
    secret = b"Zhang San, zhang@example.com"
    for role in ("customer_scores", "tier_changes", "value_alerts", "alert_actions"):
        written.put_raw(role, secret, b'{"customer_id":"' + secret + b'"}')
        written.put_raw(role, secret + b"2", secret)
    written.put_raw("tier_changes", None, orjson.dumps(change(1, "C1", "value", "low", "high")))
    written.put("customer_scores", *known("C3"))
    with capture_logs() as logs, written.feeding() as (board, _):
        assert board.held() == (3, 1, 1)
    told = [each for each in logs if "cannot be used" in each["event"]]
    assert len(told) == 9
    assert {"topic", "partition", "offset", "problem"} <= told[0].keys()
    assert "Zhang" not in repr(logs)


def test_missing_topics_are_told_and_waited_for(topics: Topics) -> None:
    written = Written(topics.bootstrap, topics.prefix)
    name = written.topics.name("alert_actions")
    delete_topics(topics.bootstrap, name)
    client = admin(topics.bootstrap)
    wait_until(lambda: name not in client.list_topics(timeout=10).topics, "the topic to be gone")
    board = Board(SMALL)
    feed = Feed(written.settings, board)
    feed.start()
    try:
        wait_until(
            lambda: f"missing topics: {name}; `valuepulse topics ensure` makes them"
            in str(board.progress.trouble),
            "the missing topic to be told", 20,
        )  # fmt: skip
        assert board.as_of().stale
        written.ensure()
        wait_until(lambda: not board.as_of().loading, "reading to go on", 30)
        assert not board.as_of().stale
    finally:
        feed.stop()


def test_a_topic_that_is_made_anew_is_read_from_its_beginning(written: Written) -> None:
    name = written.topics.name("tier_changes")
    written.put("tier_changes", *(change(n, "C1", "value", "low", "high") for n in range(1, 9)))
    with written.feeding() as (board, _):
        assert board.held()[1] == 9
        delete_topics(written.settings.kafka.bootstrap_servers, name)
        written.ensure()
        written.put("tier_changes", change(20, "C2", "value", "low", "middle"))
        wait_until(lambda: board.customer("C2", None).history != [], "the new change", 60)


def test_records_that_kafka_has_deleted_are_passed_over(written: Written) -> None:
    name = written.topics.name("tier_changes")
    client = admin(written.settings.kafka.bootstrap_servers)
    gone = [TopicPartition(name, partition, -1) for partition in (0, 1)]
    for deleted in client.delete_records(gone).values():
        deleted.result(30)
    written.put("tier_changes", change(5, "C2", "value", "low", "middle"))
    with written.feeding() as (board, _):
        assert [each.customer_id for each in board.recent_changes(EVERYBODY, None).changes] == [
            "C2"
        ]


@pytest.mark.slow
def test_an_outage_of_kafka_is_told_and_waited_out(tmp_path: Path) -> None:
    with start_kafka(tmp_path) as kafka:
        written = Written(kafka.bootstrap, "outage-")
        written.put("customer_scores", *known("C1"))
        with written.feeding() as (board, feed):
            kafka.kill()
            wait_until(lambda: board.as_of().stale, "the outage to show", 30)
            assert "has not answered for" in str(board.progress.trouble)
            assert board.count(None) == 1, "what was read stays"
            with pytest.raises(DependencyError):
                asyncio.run(feed.act(action(1, "reopen")))
            kafka.start()
            written.put("customer_scores", *known("C2"))
            wait_until(lambda: board.count(None) == 2, "what came after the outage", 60)
            wait_until(lambda: not board.as_of().stale, "the end of the outage", 30)


def test_a_feed_that_never_reached_kafka_can_be_stopped() -> None:
    settings = Settings.load(None, {"kafka.bootstrap_servers": f"127.0.0.1:{free_port()}"})
    board = Board(SMALL)
    feed = Feed(settings, board)
    feed.start()
    wait_until(lambda: board.progress.trouble, "Kafka's absence to show", 20)
    feed.stop()
    assert board.as_of().stale
    Feed(settings, board).stop()  # was never started


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_board_is_what_a_worker_has_in_its_store(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Real events, scored by a real worker: the whole way."""
    sent = traffic(seed=21, customers=150, events=2_000, days=60)
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        run.wait_until_caught_up()
        snapshots = run.snapshots()
        moves = [orjson.loads(r.value or b"") for r in run.read_output("tier_changes")]
        board = Board(Catalogue.of(load_model(USUAL_MODEL)))
        feed = Feed(run.settings, board)
        feed.start()
        try:
            wait_until(lambda: not board.as_of().loading, "the board to be loaded", 60)
            assert feed.plainly_read == 0
            assert board.count(None) == len(snapshots)
            assert board.held()[1] == len({each["id"] for each in moves}) > 0
            for customer, said in snapshots.items():
                told = board.customer(customer, None)
                assert {s.name: (s.score, s.tier) for s in told.scores} == {
                    name: (each["score"], each["tier"]) for name, each in said["scores"].items()
                }
                assert {i.name: i.value for i in told.indicators} == said["indicators"]
                assert (told.segments, told.profile) == (said["segments"], said["profile"])
                newest = [each.id for each in told.history][:1]
                mine = [each["id"] for each in moves if each["customer_id"] == customer]
                assert newest == mine[-1:]
            total = board.pyramid(Filter(), None)
            assert sum(tier.customers for tier in total.tiers) == len(snapshots)
        finally:
            feed.stop()
