"""The demo's broker and store: they serve, and leave nothing behind however the program ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.embedded import (
    PARTITIONS,
    embedded_broker,
    embedded_dashboard,
    embedded_store,
    free_port,
)
from streams.errors import DependencyError
from tests.waiting import wait_until

TOPICS = ("transactions", "tier-changes")

OWNER = """
import sys
from pathlib import Path
from streams.embedded import embedded_broker, embedded_store
with embedded_broker(["transactions"]) as bootstrap, embedded_store(Path(sys.argv[1])) as url:
    print(bootstrap, url, flush=True)
    sys.stdin.read()
"""


def listens(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def runs(pid: int) -> bool:
    """Tell whether a process that is not our child runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_topics_are_there_and_empty() -> None:
    """The worker reads from the beginning: whatever made the topics would be scored."""
    with embedded_broker(TOPICS) as bootstrap:
        places = [TopicPartition(topic, n) for topic in TOPICS for n in range(PARTITIONS)]
        async with AIOKafkaConsumer(*TOPICS, bootstrap_servers=bootstrap) as consumer:
            assert consumer.assignment() == set(places)
            assert set((await consumer.end_offsets(places)).values()) == {0}


async def test_the_broker_takes_what_an_idempotent_producer_sends_and_keeps_a_groups_offsets() -> (
    None
):
    """The outcomes' producer is idempotent; the worker consumes in a group with headers."""
    with embedded_broker(TOPICS) as bootstrap:
        async with AIOKafkaProducer(
            bootstrap_servers=bootstrap, enable_idempotence=True, acks="all"
        ) as producer:
            for n in range(20):
                await producer.send_and_wait(
                    "transactions", b"%d" % n, key=b"C%d" % n, headers=[("ce_id", b"%d" % n)]
                )
        async with AIOKafkaConsumer(
            "transactions",
            bootstrap_servers=bootstrap,
            group_id="group",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        ) as consumer:
            records = [await consumer.getone() for _ in range(20)]
            await consumer.commit()
            committed = [
                await consumer.committed(TopicPartition("transactions", n))
                for n in range(PARTITIONS)
            ]
    assert {record.value: record.headers for record in records} == {
        b"%d" % n: (("ce_id", b"%d" % n),) for n in range(20)
    }
    assert sum(offset or 0 for offset in committed) == 20


def test_the_store_neither_forgets_nor_evicts(tmp_path: Path) -> None:
    """The worker refuses a store that may lose a customer, and the demo runs the real worker."""
    with embedded_store(tmp_path) as url, redis.Redis.from_url(url) as client:
        settings = client.config_get("appendonly", "save", "maxmemory-policy", "bind")
        assert settings == {
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "bind": "127.0.0.1",
        }
        client.set("vp:0:meta", b"kept")
    with embedded_store(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.get("vp:0:meta") == b"kept"


def test_the_end_of_the_block_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process, no port, no temporary directory, also when the block raised."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    addresses: list[str] = []

    def interrupted() -> None:
        with embedded_broker(TOPICS) as bootstrap, embedded_store() as url:
            addresses.extend([bootstrap, url.removeprefix("redis://").removesuffix("/0")])
            assert all(map(listens, addresses))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    wait_until(lambda: not any(map(listens, addresses)), "the ports to close")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child of the parent's death"
)
def test_the_servers_die_with_the_program_even_when_it_is_killed(tmp_path: Path) -> None:
    """A closed terminal or an out-of-memory kill must not leave a server running for weeks."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with owner:
        assert owner.stdout is not None
        bootstrap, url = owner.stdout.readline().split()
        with redis.Redis.from_url(url) as client:
            server = int(client.info("server")["process_id"])
        assert runs(server)
        owner.send_signal(signal.SIGKILL)
        wait_until(lambda: not runs(server), "the store to end with its owner")
        assert not listens(bootstrap)


def test_a_store_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The server's own words are in the error: nobody looks for a log in a temporary directory."""
    (tmp_path / "appendonlydir").write_text("a file where the server wants a directory", "utf-8")
    complaint = r"ended with 1; its log ends:\n(.|\n)*appendonlydir"
    with pytest.raises(DependencyError, match=complaint), embedded_store(tmp_path):
        raise AssertionError("it started")


def test_two_dashboards_listen_on_two_ports_until_their_blocks_end() -> None:
    """A second demo on a machine must not show the first one's customers."""
    with embedded_broker(TOPICS) as bootstrap:
        environment = {"VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS": bootstrap}
        with embedded_dashboard(environment) as one:
            wait_until(one.is_up, "a dashboard to answer", 60)
            with embedded_dashboard(environment) as other:
                wait_until(other.is_up, "the other to answer", 60)
                assert one.url != other.url
                assert b'"customers":0' in (other.ask("/api/pyramid") or b"")
                assert other.ask("/api/nothing-there") is None
    for page in (one, other):
        assert not listens(page.url.removeprefix("http://"))


def test_a_dashboard_that_cannot_start_says_why() -> None:
    nowhere = {"VALUEPULSE_MODEL": "/nowhere/scoring.yaml"}
    with (
        embedded_dashboard(nowhere, free_port()) as page,
        pytest.raises(DependencyError, match=r"ended with 2; its log ends:\n(.|\n)*nowhere"),
    ):
        wait_until(page.is_up, "the dashboard to give up", 60)
