"""What all rows of a chaos run share: a broker, a directory, and traffic with its right results."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from tests.integration import topic_logs
from tests.integration.installation import input_topics
from tests.integration.traffic import PARTITIONS, Sent, traffic
from tests.integration.verdict import Results, oracle
from tests.servers import Cluster, Kafka, Proxy, free_port
from tests.servers.kafka import QUICK_START, _kraft
from tests.usual import USUAL_MODEL

MODEL = USUAL_MODEL
LARGEST_RECORD = "12000000"


def say(text: str) -> None:
    """Tell about progress, on stderr: stdout is for the results."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def model_source() -> dict[str, Any]:
    """Return the model as the oracle reads it."""
    source: dict[str, Any] = YAML(typ="safe").load(MODEL)
    return source


class Backlog(NamedTuple):
    """Input topics with what was sent, and what it must come to.

    `bad` are the values that must be refused; `ends` is how many records each shard holds.
    """

    inputs: dict[str, str]
    records: int
    ends: tuple[int, ...]
    bad: Collection[bytes | None]
    right: Results


class Lab:
    """The broker that all runs share, and the traffic that they read.

    Workers whose `kafka.bootstrap_servers` is `behind_proxy` reach the broker through `proxy` only,
    also after it has told them its address. `brokers` are all of a cluster, by node id; `kafka` is
    one of them.
    """

    def __init__(
        self,
        directory: Path,
        kafka: Kafka,
        proxy: Proxy,
        brokers: Mapping[int, Kafka] | None = None,
    ) -> None:
        self.directory = directory
        self.kafka = kafka
        self.proxy = proxy
        self.brokers = brokers or {1: kafka}
        self._made = ExitStack()
        self._known: dict[tuple[int, int], Backlog] = {}

    @property
    def bootstrap(self) -> str:
        """Where the brokers listen."""
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    @property
    def behind_proxy(self) -> str:
        """Where it listens for those who are to be cut off."""
        return f"127.0.0.1:{self.proxy.port}"

    def close(self) -> None:
        """Delete the topics of all traffic."""
        self._made.close()

    def backlog(self, seed: int, events: int) -> Backlog:
        """Return the common traffic of a seed: all four types, repeats, late events, bad input."""
        if (seed, events) not in self._known:
            sent = traffic(seed, customers=max(20, events // 33), events=events, days=40)
            self._known[seed, events] = self._made.enter_context(self.filled(sent))
        return self._known[seed, events]

    @contextmanager
    def filled(self, sent: Sequence[Sent]) -> Iterator[Backlog]:
        """Make input topics that hold `sent`, and fold them."""
        with input_topics(self.bootstrap, max_message_bytes=LARGEST_RECORD) as inputs:
            topic_logs.send(self.bootstrap, inputs, sent)
            yield self.folded(inputs, sent)

    def folded(self, inputs: dict[str, str], sent: Sequence[Sent]) -> Backlog:
        """Read input topics back, and let the oracle fold what they hold."""
        bad = {record.value for record in sent if not record.is_good}
        ends = topic_logs.ends(self.bootstrap, inputs.values())
        records = topic_logs.read(self.bootstrap, *inputs.values())
        return Backlog(
            inputs,
            len(records),
            ends_by_shard(ends),
            bad,
            oracle(model_source(), inputs, records, bad),
        )


def ends_by_shard(ends: Mapping[tuple[str, int], int]) -> tuple[int, ...]:
    """Return how many records each shard has, of all its topics."""
    return tuple(
        sum(end for (_, number), end in ends.items() if number == shard)
        for shard in range(PARTITIONS)
    )


@contextmanager
def open_lab() -> Iterator[Lab]:
    """Start a broker that listens twice, the second time behind a proxy."""
    inner = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="valuepulse-chaos-") as name,
        Proxy(("127.0.0.1", inner)) as proxy,
        _broker(Path(name) / "kafka", inner, proxy.port) as kafka,
    ):
        lab = Lab(Path(name), kafka, proxy)
        yield lab
        lab.close()


@contextmanager
def with_cluster(lab: Lab, directory: Path) -> Iterator[Lab]:
    """Start three brokers for one run; all else is the lab's."""
    with Cluster(directory) as cluster:
        yield Lab(lab.directory, cluster.brokers[1], lab.proxy, cluster.brokers)


def _broker(directory: Path, inner: int, proxied: int) -> Kafka:
    port, controller, local = free_port(), free_port(), "127.0.0.1"
    settings = _kraft(port, controller, directory.resolve() / "records") | {
        "num.partitions": PARTITIONS,
        "listeners": f"PLAINTEXT://{local}:{port},PROXIED://{local}:{inner},"
        f"CONTROLLER://{local}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{local}:{port},PROXIED://{local}:{proxied}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,"
        "CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }
    java = ("-Xmx512m", *QUICK_START)
    return Kafka(directory, bootstrap=f"{local}:{port}", settings=settings, java=java).start()
