"""A real Apache Kafka in KRaft mode: a single node, or a cluster of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException

from tests.servers.process import START_S, Server, ServerError, free_port
from tests.servers.topics import admin
from tests.waiting import wait_until

BROKER_VARIABLE = "VALUEPULSE_TEST_BROKER"
JARS = Path(__file__).resolve().parents[2] / ".cache" / "kafka-4.1.0" / "libs"
LOG_LEVEL = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
# A broker for tests: start quickly, stay small. Benchmarks pass their own.
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")


class Kafka(Server):
    """A node of Apache Kafka, usually the only one; `bootstrap` is its `host:port`."""

    name = "kafka"

    def __init__(
        self,
        directory: Path,
        *,
        bootstrap: str,
        settings: Mapping[str, object],
        java: Sequence[str] = QUICK_START,
        cluster: str | None = None,
    ) -> None:
        """Write the configuration, all of it given in `settings`, and format the storage.

        `cluster` is the UUID that its nodes share; without, a new one.
        """
        super().__init__(directory.resolve())
        self.bootstrap = bootstrap
        self._java = [_java(), *java, LOG_LEVEL, "-cp", f"{_jars()}/*"]
        self._configuration = self.directory / "server.properties"
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        self._configuration.write_text(lines, "utf-8")
        self._format(cluster or str(uuid.uuid4()))

    def answers(self) -> bool:
        """Tell whether the broker is registered and lists its topics."""
        try:
            return bool(admin(self.bootstrap).list_topics(timeout=0.5).brokers)
        except KafkaException:
            return False

    def _command(self) -> Sequence[str]:
        return [*self._java, "kafka.Kafka", str(self._configuration)]

    def _format(self, cluster: str) -> None:
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._configuration)]
        done = subprocess.run([*self._java, *tool], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServerError(f"formatting {self.directory} failed:\n{done.stdout}{done.stderr}")


class ForeignKafka(Kafka):
    """The broker that `VALUEPULSE_TEST_BROKER` names: used, never started or ended."""

    def __init__(self, bootstrap: str, directory: Path) -> None:
        """Check that the broker answers."""
        Server.__init__(self, directory)
        self.bootstrap = bootstrap
        wait_until(self.answers, f"the broker at {BROKER_VARIABLE}={bootstrap} to answer", START_S)

    def start(self) -> Self:
        """Refuse: it is not ours.

        Raises:
            ServerError: Always.
        """
        raise ServerError(f"{self.bootstrap} ({BROKER_VARIABLE}) is not ours to restart")


def start_kafka(
    directory: Path,
    *,
    partitions_default: int = 4,
    heap: str = "512m",
    extra: Mapping[str, object] | None = None,
    java: Sequence[str] = QUICK_START,
) -> Kafka:
    """Return a running Kafka that stores in `directory`.

    Args:
        directory: For configuration, records and log.
        partitions_default: Of a topic that is created without a number.
        heap: Of the JVM, as `-Xmx` takes it.
        extra: Further broker properties; they win over ours.
        java: Further JVM options. A benchmark passes `()`: the JVM's own choice of compiler and GC.

    Raises:
        ServerError: There is no JDK, the jars are missing, or the broker did not start.
    """
    if bootstrap := os.environ.get(BROKER_VARIABLE):
        return ForeignKafka(bootstrap, directory)
    port = free_port()
    settings = _kraft(port, free_port(), directory.resolve() / "records")
    settings |= {"num.partitions": partitions_default, **(extra or {})}
    return Kafka(
        directory, bootstrap=f"127.0.0.1:{port}", settings=settings, java=(f"-Xmx{heap}", *java)
    ).start()


class Cluster:
    """Three brokers, by their node id: topics have three copies, and are written to two at least.

    Any of them can be killed, and started again.
    """

    def __init__(self, directory: Path, *, heap: str = "256m") -> None:
        """Format the storage of each, in a directory of its own."""
        identity = str(uuid.uuid4())
        ports = {node: (free_port(), free_port()) for node in (1, 2, 3)}
        voters = ",".join(f"{n}@127.0.0.1:{controller}" for n, (_, controller) in ports.items())
        self.brokers = {
            node: Kafka(
                directory / f"broker-{node}",
                bootstrap=f"127.0.0.1:{port}",
                settings=_kraft(port, controller, (directory / f"records-{node}").resolve())
                | {"node.id": node, "controller.quorum.voters": voters}
                | _THREE_COPIES,
                java=(f"-Xmx{heap}", *QUICK_START),
                cluster=identity,
            )
            for node, (port, controller) in ports.items()
        }

    @property
    def bootstrap(self) -> str:
        """Where they listen, with commas between."""
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def __enter__(self) -> Self:
        """Start all at once: one alone has no majority and does not answer."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(Kafka.start, self.brokers.values()))
        return self

    def __exit__(self, *_: object) -> None:
        """Kill them: what they hold is of no use to anybody."""
        for broker in self.brokers.values():
            broker.kill()


_THREE_COPIES = {
    "default.replication.factor": 3,
    "min.insync.replicas": 2,
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3,
    "transaction.state.log.min.isr": 2,
}


def _java() -> str:
    if found := shutil.which("java"):
        return found
    raise ServerError(
        "no `java` on the PATH: the tests run a real Kafka. Install a JDK 17 or newer, "
        f"or name a running broker: {BROKER_VARIABLE}=host:port"
    )


def _jars() -> Path:
    if any(JARS.glob("kafka_2.13-*.jar")):
        return JARS
    raise ServerError(
        f"no Kafka in {JARS}: `make kafka-jars` brings it (needs Maven), "
        f"or name a running broker: {BROKER_VARIABLE}=host:port"
    )


def _kraft(port: int, controller: int, records: Path) -> dict[str, object]:
    """Return the properties of a broker that is its own controller: one listener for each role."""
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "log.dirs": records,
        "auto.create.topics.enable": "false",  # a misspelt topic is an error
        "broker.session.timeout.ms": 4000,  # so long a killed broker's successor is refused
        "broker.heartbeat.interval.ms": 500,
        "group.initial.rebalance.delay.ms": 0,  # else each group waits 3 s for further members
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "log.index.size.max.bytes": 1_048_576,  # mapped in memory, three files a partition
        "log.cleaner.dedupe.buffer.size": 8_388_608,  # 128 MB by default: a quarter of the heap
    }
