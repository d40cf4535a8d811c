"""An event that is too large is refused by its size alone: nothing reads it (P5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration import topic_logs
from tests.integration.installation import input_topics, installation
from tests.integration.traffic import FIRST_ARRIVAL_MS, Sent
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
CAP = 4_096
CUSTOMER = b"neighbour"


def a_sale(event_id: str, length: int) -> bytes:
    """A sale of 10.00 whose value has so many bytes."""
    event = {"event_id": event_id, "customer_id": CUSTOMER.decode(), "amount": "10.00", "note": ""}
    event["occurred_at"] = "2024-05-01T00:00:00Z"
    short = len(json.dumps(event))
    return json.dumps(event | {"note": "x" * (length - short)}).encode()


TOO_LARGE = {
    "10 MB of brackets": b"[" * 10_000_000,
    "10 MB that are no UTF-8": b"\xff" * 10_000_000,
    "10 MB of digits": b'{"amount": ' + b"9" * 10_000_000 + b"}",
    "10 MB of a good event": a_sale("large", 10_000_000),
    "one byte too many": a_sale("longer", CAP + 1),
}


def test_what_is_too_large_is_refused_before_it_is_parsed(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Most of them cannot be read, and none is told so; four are larger than a whole fetch."""
    values = [a_sale("first", CAP), *TOO_LARGE.values(), a_sale("last", CAP)]
    sent = [
        Sent("transaction", CUSTOMER, value, FIRST_ARRIVAL_MS + n) for n, value in enumerate(values)
    ]
    with (
        input_topics(kafka.bootstrap, max_message_bytes="12000000") as inputs,
        installation(
            tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL,
            max_event_bytes=CAP,
        ) as run,
    ):  # fmt: skip
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        run.wait_until_caught_up()
        letters = run.read_output("dead_letters")
        assert [letter.value for letter in letters] == list(TOO_LARGE.values())
        for letter in letters:
            headers = dict(letter.headers)
            assert headers["__connect.errors.exception.class.name"] == b"TooLarge"
        standing = run.snapshots()[CUSTOMER.decode()]["indicators"]
        assert standing["orders_365d"] == 2
        log = run.workers[0].log.read_bytes()
        assert b"[[[" not in log
        assert b"9" * 20 not in log
