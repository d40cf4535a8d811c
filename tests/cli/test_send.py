"""`valuepulse send`: each event to its topic, what has none told with its line."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

from aiokafka.partitioner import DefaultPartitioner

from tests.cli.command import valuepulse
from tests.cli.records import content, records
from tests.conftest import Topics


def event(kind: str, number: int, customer: str = "C1") -> dict[str, Any]:
    return {
        "type": kind,
        "event_id": f"{kind}-{number}",
        "customer_id": customer,
        "occurred_at": "2026-11-01T10:00:00+08:00",
    }


def ndjson(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(e, ensure_ascii=False).encode() + b"\n" for e in events)


def test_each_event_goes_to_its_topic_byte_for_byte_keyed_by_its_customer(
    topics: Topics, installation: dict[str, str], tmp_path: Path
) -> None:
    events = [event("transaction", 1), event("praise", 2, "客户"), event("payment", 3)]
    (tmp_path / "events.ndjson").write_bytes(ndjson(*events))
    sent = valuepulse("send", tmp_path / "events.ndjson", "--json", variables=installation)
    assert (sent.code, sent.json()["sent"]) == (0, 3)
    for name, sent_event in zip(("transactions", "praise", "payments"), events, strict=True):
        (record,) = records(topics, name)
        assert record.value() == ndjson(sent_event).strip()
        assert record.key() == sent_event["customer_id"].encode()
    assert records(topics, "complaints") == []


def test_every_type_that_producers_send_has_its_topic(
    topics: Topics, installation: dict[str, str]
) -> None:
    """Facts have one each, named in the plural; decisions about a customer share one."""
    places = {
        "feedback": "feedback",
        "engagement": "engagements",
        "cost": "costs",
        "profile": "profiles",
        "override": "commands",
    }
    events = [event(kind, 1) for kind in places]
    sent = valuepulse("send", "-", variables=installation, stdin=ndjson(*events))
    assert sent.code == 0, sent.err
    for kind, name in places.items():
        (record,) = records(topics, name)
        assert content(record)["type"] == kind


def test_a_customer_keeps_its_partition_and_its_order(
    topics: Topics, installation: dict[str, str]
) -> None:
    """The partition is the one that Kafka's own producers choose."""
    events = [event("praise", number, f"C{number % 50}") for number in range(2000)]
    sent = valuepulse("send", "-", variables=installation, stdin=ndjson(*events))
    assert sent.code == 0, sent.err
    read = records(topics, "praise")
    assert len(read) == 2000
    numbers: dict[bytes, list[int]] = {}
    for record in read:
        assert record.partition() == DefaultPartitioner()(record.key(), [0, 1, 2, 3], [0, 1, 2, 3])
        number = int(content(record)["event_id"].removeprefix("praise-"))
        numbers.setdefault(record.key() or b"", []).append(number)
    assert all(seen == sorted(seen) for seen in numbers.values())


def test_packed_files_are_unpacked(
    topics: Topics, installation: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(gzip.compress(ndjson(event("complaint", 1))))
    assert valuepulse("send", path, variables=installation).code == 0
    assert len(records(topics, "complaints")) == 1


def test_events_that_are_not_in_order_are_sent_and_told(
    topics: Topics, installation: dict[str, str]
) -> None:
    hours = ("10:00", "08:00", "09:00", "10:00", "11:00")
    events = [
        event("praise", n) | {"occurred_at": f"2026-01-01T{hour}:00Z"}
        for n, hour in enumerate(hours)
    ]
    sent = valuepulse("send", "-", "--json", variables=installation, stdin=ndjson(*events))
    assert sent.code == 0, sent.err
    assert (sent.json()["sent"], sent.json()["late"]) == (5, 2)
    assert sent.err.startswith("2 events are older than one before them in their file: ")
    assert len(records(topics, "praise")) == 5


def test_lines_without_topic_are_told_and_the_others_sent(
    topics: Topics, installation: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "events.ndjson"
    lines = [
        b"not json",
        ndjson(event("praise", 1)).strip(),
        b"",
        ndjson(event("purchase", 2)).strip(),
        ndjson(event("praise", 3) | {"customer_id": 7}).strip(),
        b"[1]",
        ndjson(event("praise", 4) | {"note": "x" * 1_000_001}).strip(),
        ndjson(event("praise", 5)).strip(),
    ]
    path.write_bytes(b"\n".join(lines))
    sent = valuepulse("send", path, "--json", variables=installation)
    assert sent.code == 4
    unusable = {u["where"]: u["reason"] for u in sent.json()["unusable"]}
    assert list(unusable) == [f"{path}:{line}" for line in (1, 4, 5, 6, 7)]
    assert "'purchase'; known are complaint, cost, engagement, erasure" in unusable[f"{path}:4"]
    assert f"{path}:5: has the customer_id 7" in sent.err
    assert len(records(topics, "praise")) == 2


def test_a_rate_spreads_the_events_over_time(topics: Topics, installation: dict[str, str]) -> None:
    events = ndjson(*(event("praise", number) for number in range(100)))
    began = time.monotonic()
    sent = valuepulse("send", "-", "--rate", 100, variables=installation, stdin=events)
    assert sent.code == 0, sent.err
    assert time.monotonic() - began > 0.9
    times = [record.timestamp()[1] for record in records(topics, "praise")]
    assert max(times) - min(times) > 800


def test_a_file_that_cannot_be_read_is_a_usage_error_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    ended = valuepulse("send", tmp_path / "none.ndjson")
    assert ended.code == 2
    assert f"{tmp_path}/none.ndjson: there is no such file" in ended.err


def test_a_broken_archive_is_named_and_kafka_not_blamed(
    topics: Topics, installation: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "events.ndjson"
    packed = gzip.compress(ndjson(*(event("praise", n) for n in range(3_000))))
    for broken in (packed[:-300], packed[:-8] + b"12345678"):
        path.write_bytes(broken)
        ended = valuepulse("send", path, variables=installation)
        assert ended.code == 2
        assert f"{path}: cannot be read: cannot be unpacked: " in ended.err
        assert "Kafka" not in ended.err


def test_a_file_without_events_is_told_with_what_it_seems_to_be(
    topics: Topics, installation: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"id,amount\n1,2\n")
    ended = valuepulse("send", path, variables=installation)
    assert ended.code == 4
    assert "it seems to be CSV with the columns id, amount" in ended.err


def test_several_files_are_sent_in_order_of_time(
    topics: Topics, installation: dict[str, str], tmp_path: Path
) -> None:
    paths = []
    for start in (0, 1):
        paths.append(tmp_path / f"{start}.ndjson")
        events = [event("praise", n) | {"occurred_at": n * 1000} for n in range(start, 20, 2)]
        paths[-1].write_bytes(ndjson(*(each | {"customer_id": "c1"} for each in events)))
    assert valuepulse("send", *paths, variables=installation).code == 0
    found = [json.loads(record.value() or b"") for record in records(topics, "praise")]
    sent = [each["occurred_at"] for each in found]
    assert sent == [n * 1000 for n in range(20)]


def test_topics_that_are_missing_are_told_before_anything_is_sent(topics: Topics) -> None:
    variables = {"VALUEPULSE_TOPICS__PREFIX": topics.prefix}
    ended = valuepulse(
        "send",
        "-",
        "--broker",
        topics.bootstrap,
        variables=variables,
        stdin=ndjson(event("praise", 1)),
    )
    assert ended.code == 4
    assert "missing topics: " in ended.err
