"""The servers that other tests rely on: they answer, keep what they stored, and leave nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from confluent_kafka import Consumer, Producer

from tests.conftest import Topics
from tests.servers import (
    BROKER_VARIABLE,
    REDIS_VARIABLE,
    Kafka,
    ServerError,
    Valkey,
    WaitedTooLongError,
    create_topics,
    start_kafka,
    start_valkey,
    wait_until,
    wait_until_async,
)

own_broker = pytest.mark.skipif(
    BROKER_VARIABLE in os.environ, reason=f"{BROKER_VARIABLE} names a broker that is not ours"
)
own_store = pytest.mark.skipif(
    REDIS_VARIABLE in os.environ, reason=f"{REDIS_VARIABLE} names a store that is not ours"
)


def publish(bootstrap: str, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for value in values:
        producer.produce(topic, value=value, partition=0)
    assert producer.flush(30) == 0


def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"read-{topic}",
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    consumer.subscribe([topic])
    seen: list[bytes] = []

    def enough() -> bool:
        message = consumer.poll(0.1)
        if message is not None and message.error() is None and (value := message.value()):
            seen.append(value)
        return len(seen) >= count

    wait_until(enough, f"{count} records of {topic}", 30)
    consumer.close()
    return seen


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()


def test_kafka_delivers_what_was_published_to_a_consumer_group(
    kafka: Kafka, topics: Topics
) -> None:
    topics.create({"orders": 1})
    publish(kafka.bootstrap, topics("orders"), [b"one", b"two"])
    assert read(kafka.bootstrap, topics("orders"), 2) == [b"one", b"two"]


def test_a_topic_has_as_many_partitions_as_asked_for(kafka: Kafka, topics: Topics) -> None:
    topics.create({"many": 3}, {"cleanup.policy": "compact"})
    with pytest.raises(Exception, match="TOPIC_ALREADY_EXISTS"):
        create_topics(kafka.bootstrap, {topics("many"): 3})
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "count"})
    assert len(consumer.list_topics(topics("many")).topics[topics("many")].partitions) == 3
    consumer.close()


@own_broker
def test_a_killed_kafka_keeps_its_records_and_its_port(tmp_path: Path) -> None:
    """A crash takes no acknowledged record: the page cache outlives the process."""
    with start_kafka(tmp_path / "kafka", heap="256m") as kafka:
        create_topics(kafka.bootstrap, {"kept": 1})
        publish(kafka.bootstrap, "kept", [b"before"])
        before, killed = kafka.bootstrap, kafka.pid
        kafka.kill()
        assert not kafka.answers()
        kafka.restart()
        assert (kafka.bootstrap, alive(killed)) == (before, False)
        assert read(kafka.bootstrap, "kept", 1) == [b"before"]
        last = kafka.pid
    assert not alive(last)


def test_valkey_is_empty_for_each_test(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        assert client.dbsize() == 0
        client.set("left-behind", "1")
    valkey.flush()
    with redis.Redis.from_url(valkey.url) as client:
        assert client.get("left-behind") is None


@own_store
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restarted_valkey_keeps_its_keys(tmp_path: Path, end: str) -> None:
    with start_valkey(tmp_path / "valkey") as valkey:
        with redis.Redis.from_url(valkey.url) as client:
            client.set("kept", "yes")
        getattr(valkey, end)()
        assert not valkey.answers()
        valkey.restart()
        with redis.Redis.from_url(valkey.url) as client:
            assert client.get("kept") == b"yes"
        last = valkey.pid
    assert not alive(last)


@own_store
def test_valkey_runs_as_a_worker_demands_it(valkey: Valkey) -> None:
    """Start-up refuses a store that may evict customers or that forgets them at a restart."""
    with redis.Redis.from_url(valkey.url) as client:
        settings = client.config_get("maxmemory-policy", "appendonly")
    assert settings == {"maxmemory-policy": "noeviction", "appendonly": "yes"}


@own_store
def test_a_server_that_cannot_start_says_what_its_log_says(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"(?s)valkey ended with 1;.*no-such-option"):
        start_valkey(tmp_path / "valkey", extra=("--no-such-option", "1"))


@own_store
def test_a_server_ends_with_the_process_that_forgot_it(tmp_path: Path) -> None:
    """A failing benchmark leaves no server behind, though it never reaches its `with` block."""
    code = "import sys; from pathlib import Path; from tests.servers import start_valkey\n"
    code += "print(start_valkey(Path(sys.argv[1])).pid, flush=True); raise SystemExit(9)"
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "valkey")],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert ran.returncode == 9, ran.stderr
    assert not alive(int(ran.stdout))


def test_a_foreign_store_with_keys_in_it_is_refused(
    valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests flush the database they are given: never somebody's customers."""
    with redis.Redis.from_url(valkey.url) as client:
        client.set("vp:{0}:meta", "somebody's")
    monkeypatch.setenv(REDIS_VARIABLE, valkey.url)
    with pytest.raises(ServerError, match="holds 1 keys"):
        start_valkey(tmp_path)
    valkey.flush()
    with start_valkey(tmp_path) as foreign, pytest.raises(ServerError, match="not ours"):
        foreign.restart()
    assert valkey.answers()


def test_waiting_in_vain_says_for_what_and_what_was_seen_last() -> None:
    with pytest.raises(WaitedTooLongError, match="for: a miracle; last seen: 0"):
        wait_until(lambda: 0, "a miracle", 0.03)


async def test_waiting_takes_plain_and_async_functions() -> None:
    looks = iter([0, 0, 7])

    async def look() -> int:
        return next(looks)

    assert await wait_until_async(look, "the third look") == 7
    assert await wait_until_async(lambda: "now", "nothing") == "now"
    with pytest.raises(WaitedTooLongError):
        await wait_until_async(lambda: None, "a miracle", 0.03)
