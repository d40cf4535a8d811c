"""A record batch that unpacks to more than a worker can hold stops nothing (P5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.integration.installation import input_topics, installation
from tests.integration.topic_logs import Record
from tests.integration.traffic import FIRST_ARRIVAL_MS, shard_of
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
MIB = 2**20
CUSTOMER = b"neighbour"
BOMBS = {"gzip": 300 * MIB, "zstd": 300 * MIB, "lz4": 200 * MIB}
"""Bytes of one value by codec: each is a batch of less than a megabyte, which every broker takes.
Snappy shrinks nothing to less than a twentieth."""
MOST_MEMORY_KB = 600 * 1024


def a_sale(event_id: str) -> bytes:
    event = {"event_id": event_id, "customer_id": CUSTOMER.decode(), "amount": "10.00"}
    return json.dumps(event | {"occurred_at": "2024-05-01T00:00:00Z"}).encode()


def send(kafka: Kafka, topic: str, value: bytes, codec: str = "none") -> None:
    """Send one record, in a batch of its own."""
    options: Mapping[str, str | int | float | bool | None] = {
        "bootstrap.servers": kafka.bootstrap,
        "compression.type": codec,
        "message.max.bytes": 400 * MIB,
        "queue.buffering.max.kbytes": 1024 * 1024,
    }
    producer = Producer(dict(options))
    producer.produce(topic, value, CUSTOMER, shard_of(CUSTOMER), timestamp=FIRST_ARRIVAL_MS)
    assert producer.flush(60) == 0


def peak_memory_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0])


def said(letter: Record) -> dict[str, str]:
    return {name: value.decode() for name, value in letter.headers}


def test_a_batch_that_unpacks_to_too_much_is_a_dead_letter_and_its_neighbours_count(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        topic = inputs["transaction"]
        send(kafka, topic, a_sale("first"))
        for codec, size in BOMBS.items():
            send(kafka, topic, b"0" * size, codec)
            send(kafka, topic, a_sale(f"after {codec}"), codec)
        run.worker()
        run.wait_until_caught_up()
        memory = peak_memory_kb(run.workers[0].pid)
        letters = run.read_output("dead_letters")
        standing = run.snapshots()[CUSTOMER.decode()]["indicators"]
        assert standing["orders_365d"] == 1 + len(BOMBS)
        assert memory < MOST_MEMORY_KB, f"{memory} KB to read batches of less than a megabyte"
        assert [said(letter)["valuepulse.id"] for letter in letters] == [
            f"{topic}:{shard_of(CUSTOMER)}:{offset}" for offset in (1, 3, 5)
        ]
        for letter, codec in zip(letters, BOMBS, strict=True):
            facts = said(letter)
            assert facts["__connect.errors.exception.class.name"] == "BatchTooLarge"
            assert f"{codec} batch unpacks to more" in facts["__connect.errors.exception.message"]
            assert facts["valuepulse.batch.last_offset"] == facts["__connect.errors.offset"]
            assert letter.key is None
            assert letter.value, "the batch as it was stored"
            assert letter.value[16] == 2, "with its header"
            assert len(letter.value) < MIB
