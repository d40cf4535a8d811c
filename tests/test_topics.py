"""Topics on a real broker: made, compared, refused."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from confluent_kafka.admin import ConfigResource, ResourceType  # type: ignore[attr-defined]

from streams.errors import CheckError, DependencyError
from streams.settings import Settings
from streams.topics import LARGEST_DEAD_LETTER, Drift, check, ensure, require_equal_partitions
from streams.topics import Topics as Table
from tests.conftest import Topics
from tests.servers import free_port
from tests.servers.topics import admin

LATER = ("feedback", "engagements", "costs", "profiles")
INPUTS = ("transactions", "payments", "complaints", "praise", *LATER, "commands")


@pytest.fixture
def settings(topics: Topics) -> Settings:
    return settings_with(topics, partitions=3)


def settings_with(topics: Topics, **given: Any) -> Settings:
    options = {"kafka.bootstrap_servers": topics.bootstrap, "topics.prefix": topics.prefix}
    return Settings.load(None, options | {f"topics.{name}": value for name, value in given.items()})


def partitions_on(broker: str, prefix: str) -> dict[str, int]:
    known = admin(broker).list_topics(timeout=10).topics
    return {
        n.removeprefix(prefix): len(t.partitions) for n, t in known.items() if n.startswith(prefix)
    }


def configuration(broker: str, topic: str) -> dict[str, str]:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    client = admin(broker)  # it answers only as long as it is held
    entries = client.describe_configs([resource])[resource].result(10)
    return {name: entry.value for name, entry in entries.items()}


def seen(drifts: list[Drift], topics: Topics) -> set[tuple[str, str]]:
    return {(drift.topic.removeprefix(topics.prefix), drift.what) for drift in drifts}


async def test_ensure_makes_every_topic_and_then_finds_nothing_to_do(
    topics: Topics, settings: Settings
) -> None:
    made = await ensure(settings)
    assert {drift.topic for drift in made} == {topic.name for topic in Table.of(settings).all()}
    assert all(drift.mended for drift in made)
    assert set(partitions_on(topics.bootstrap, topics.prefix).values()) == {3}
    assert await ensure(settings) == []
    assert await check(settings) == []
    assert await require_equal_partitions(settings) == 3


async def test_snapshots_are_compacted_and_dead_letters_take_large_records(
    topics: Topics, settings: Settings
) -> None:
    await ensure(settings)
    scores = configuration(topics.bootstrap, topics("customer-scores"))
    letters = configuration(topics.bootstrap, topics("dead-letters"))
    events = configuration(topics.bootstrap, topics("transactions"))
    assert scores["cleanup.policy"] == "compact"
    assert int(letters["max.message.bytes"]) == LARGEST_DEAD_LETTER
    assert (events["cleanup.policy"], int(events["retention.ms"])) == ("delete", 14 * 86_400_000)


async def test_outcomes_are_kept_for_more_than_a_year(topics: Topics, settings: Settings) -> None:
    """The dashboard shows the history of tiers and alerts."""
    await ensure(settings)
    for name in ("tier-changes", "value-alerts", "segment-changes"):
        kept = configuration(topics.bootstrap, topics(name))
        assert (kept["cleanup.policy"], int(kept["retention.ms"])) == ("delete", 400 * 86_400_000)


async def test_a_dry_run_makes_nothing_and_tells_what_is_missing(
    topics: Topics, settings: Settings
) -> None:
    drifts = await ensure(settings, dry_run=True)
    assert len(drifts) == len(Table.of(settings).all())
    assert {drift.what for drift in drifts} == {"missing"}
    assert not any(drift.mended for drift in drifts)
    assert partitions_on(topics.bootstrap, topics.prefix) == {}


async def test_missing_topics_get_as_many_partitions_as_the_inputs_that_exist(
    topics: Topics, settings: Settings
) -> None:
    topics.create({"payments": 5})
    await ensure(settings)
    assert set(partitions_on(topics.bootstrap, topics.prefix).values()) == {5}


async def test_inputs_with_different_partitions_are_refused_by_name(
    topics: Topics, settings: Settings
) -> None:
    topics.create({"transactions": 3, "payments": 2, "complaints": 3})
    with pytest.raises(CheckError, match=rf"2: {topics('payments')}; 3: {topics('transactions')}"):
        await ensure(settings)
    assert len(partitions_on(topics.bootstrap, topics.prefix)) == 3
    assert seen(await check(settings), topics) >= {
        ("payments", "partitions"),
        ("praise", "missing"),
    }
    topics.create(dict.fromkeys(("praise", *LATER, "commands", *OUTPUTS), 3))
    with pytest.raises(CheckError, match="differ in partitions"):
        await require_equal_partitions(settings)


OUTPUTS = (
    "tier-changes", "value-alerts", "segment-changes", "customer-scores", "alert-actions",
    "dead-letters",
)  # fmt: skip


async def test_missing_topics_are_refused_by_name(topics: Topics, settings: Settings) -> None:
    topics.create(dict.fromkeys(INPUTS, 3))
    with pytest.raises(CheckError, match=f"missing topics: {topics('tier-changes')}, "):
        await require_equal_partitions(settings)


async def test_a_worker_does_without_the_topic_that_only_the_dashboard_has(
    topics: Topics, settings: Settings
) -> None:
    """So that it need not be allowed to see it, and starts where there is no dashboard."""
    made = [name for name in (*INPUTS, *OUTPUTS) if name != "alert-actions"]
    topics.create(dict.fromkeys(made, 3))
    assert await require_equal_partitions(settings) == 3


async def test_an_output_with_fewer_partitions_than_the_inputs_is_refused(
    topics: Topics, settings: Settings
) -> None:
    topics.create(dict.fromkeys((*INPUTS, *OUTPUTS), 3) | {"value-alerts": 1})
    with pytest.raises(CheckError, match=rf"fewer: {topics('value-alerts')}; delete"):
        await require_equal_partitions(settings)


async def test_what_must_be_mended_by_hand_is_told_with_the_command(
    topics: Topics, settings: Settings
) -> None:
    topics.create(dict.fromkeys((*INPUTS, *OUTPUTS), 3))
    told = {drift.topic: drift for drift in await ensure(settings)}
    assert seen(list(told.values()), topics) == {
        ("customer-scores", "cleanup.policy"),
        ("alert-actions", "cleanup.policy"),
        ("dead-letters", "max.message.bytes"),
    }
    assert not any(drift.mended for drift in told.values())
    advice = told[topics("customer-scores")].advice
    assert advice.endswith(f"{topics('customer-scores')} --add-config cleanup.policy=compact")


async def test_an_input_that_takes_more_than_the_dead_letters_is_told(
    topics: Topics, settings: Settings
) -> None:
    topics.create({"transactions": 3}, {"max.message.bytes": "30000000"})
    await ensure(settings)
    (drift,) = await check(settings)
    assert (drift.topic, drift.what) == (topics("dead-letters"), "max.message.bytes")
    assert int(drift.wanted) > 30_000_000


async def test_no_broker_is_one_clear_line() -> None:
    servers = f"127.0.0.1:{free_port()}"
    settings = Settings.load(None, {"kafka.bootstrap_servers": servers})
    with pytest.raises(
        DependencyError, match=f"Kafka at {servers} .* not answer: .*failed"
    ) as caught:
        await check(settings)
    assert "\n" not in str(caught.value)


async def test_a_server_that_is_no_broker_is_told_within_the_request_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        given = {"kafka.bootstrap_servers": f"127.0.0.1:{port}", "kafka.request_timeout_s": 0.5}
        with pytest.raises(DependencyError, match=str(port)):
            await check(Settings.load(None, given))


async def test_outcomes_carry_the_brokers_time_so_that_a_worker_ahead_of_it_can_send_them(
    topics: Topics, settings: Settings
) -> None:
    """ADR 0008. A dead letter keeps the time of its record, and an input its producer's."""
    await ensure(settings)
    found = {
        topic.role: configuration(topics.bootstrap, topic.name)["message.timestamp.type"]
        for topic in Table.of(settings).all()
    }
    by_broker = {role for role, kind in found.items() if kind == "LogAppendTime"}
    outcomes = {"tier_changes", "value_alerts", "segment_changes"}
    assert by_broker == outcomes | {"customer_scores", "alert_actions"}
