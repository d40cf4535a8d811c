"""One customer, one shard: a record of another partitioner is told, and can be put right."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.partitioning import Partitioning
from streams.settings import Partitioner
from tests.cli.command import valuepulse
from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.traffic import FIRST_ARRIVAL_MS, PARTITIONS, Sent
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
NAMES = [f"customer-{n}" for n in range(20)]
ELSEWHERE = [
    name
    for name in NAMES
    if Partitioning("murmur2", PARTITIONS).of(name.encode())
    != zlib.crc32(name.encode()) % PARTITIONS
]


class SentBy(Sent):
    """A record that its producer puts as it likes."""

    partitioner: Partitioner = "murmur2"

    @property
    def partition(self) -> int:
        """The one that the producer chooses."""
        return Partitioning(self.partitioner, PARTITIONS).of(self.key or b"")


class SentByLibrdkafka(SentBy):
    """As kcat sends if it is not told otherwise."""

    partitioner = "crc32"


def sale(kind: type[Sent], event_id: str, customer: str, n: int) -> Sent:
    event = {"event_id": event_id, "customer_id": customer, "amount": "10.00"}
    value = json.dumps(event | {"occurred_at": "2024-05-01T00:00:00Z"}).encode()
    return kind("transaction", customer.encode(), value, FIRST_ARRIVAL_MS + n)


@contextmanager
def worked(
    partitioner: Partitioner, kafka: Kafka, valkey: Valkey, directory: Path
) -> Iterator[tuple[Installation, Callable[[list[Sent]], None]]]:
    """A worker that takes producers for such; what is sent to it is applied when that returns."""
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(
            directory, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL,
            topics__partitioner=partitioner,
        ) as run,
    ):  # fmt: skip

        def send(sent: list[Sent]) -> None:
            topic_logs.send(kafka.bootstrap, inputs, sent)
            if not run.workers:
                run.worker()
            run.wait_until_caught_up()

        yield run, send


def doctor_on_keys(run: Installation) -> dict[str, str]:
    found = valuepulse("doctor", "--json", variables=run.environment).json()["findings"]
    return next(each for each in found if each["name"] == "keys")


def test_records_that_another_partitioner_put_elsewhere_are_told_and_put_right(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    assert len(ELSEWHERE) > 10
    with worked("murmur2", kafka, valkey, tmp_path) as (run, send):
        send([sale(SentBy, f"right-{name}", name, n) for n, name in enumerate(NAMES)])
        right = doctor_on_keys(run)
        assert (right["state"], right["detail"]) == (
            "ok", "20 newest records are where murmur2 puts them",
        )  # fmt: skip
        send([sale(SentByLibrdkafka, f"wrong-{name}", name, n) for n, name in enumerate(NAMES)])

        letters = run.read_output("dead_letters")
        assert {(letter.key or b"").decode() for letter in letters} == set(ELSEWHERE)
        said = dict(letters[0].headers)
        assert said["__connect.errors.exception.class.name"] == b"WrongPartition"
        message = said["__connect.errors.exception.message"].decode()
        assert "by murmur2 the key belongs to partition " in message
        assert "`valuepulse dlq redrive` puts it there" in message
        assert "topics.partitioner: crc32, if all producers do as this one" in message
        log = run.workers[0].log.read_text("utf-8")
        assert log.count("records are in partitions that their keys do not belong to") == 1
        assert run.applied_by_customer() == {n: 1 if n in ELSEWHERE else 2 for n in NAMES}
        wrong = doctor_on_keys(run)
        assert wrong["state"] == "failed"
        assert wrong["detail"].startswith(f"{len(ELSEWHERE)} of the 40 newest records are in ")

        back = valuepulse(
            "dlq", "redrive", "--all", "--error", "WrongPartition", variables=run.environment
        )
        assert back.code == 0, back.err
        run.wait_until_caught_up()
        assert run.applied_by_customer() == dict.fromkeys(NAMES, 2)
        assert len(run.read_output("dead_letters")) == len(letters)


@pytest.mark.parametrize("partitioner", ["crc32", "any"])
def test_another_partitioner_can_be_the_right_one(
    partitioner: Partitioner, kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    with worked(partitioner, kafka, valkey, tmp_path) as (run, send):
        send([sale(SentByLibrdkafka, f"e-{name}", name, n) for n, name in enumerate(NAMES)])
        assert run.applied_by_customer() == dict.fromkeys(NAMES, 1)
        assert not run.read_output("dead_letters")
        assert doctor_on_keys(run)["state"] == ("ok" if partitioner == "crc32" else "warning")
