"""Bad input stops nothing: it becomes a dead letter, byte for byte; its neighbours count (P5)."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from scoring.measures import MOST_VOLUME
from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.topic_logs import Record
from tests.integration.traffic import FIRST_ARRIVAL_MS, Sent
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
CUSTOMER = "neighbour"
HEADERS = (("trace", b"\x00\xff"), ("trace", b"twice"), ("empty", b""))


class Bad(NamedTuple):
    """A record that cannot be used and the class of error that must be given."""

    value: bytes | None
    error: str
    key: bytes | None = CUSTOMER.encode()


def a_sale(event_id: str, amount: str = '"10.00"', **fields: object) -> bytes:
    """A sale whose amount is written exactly so."""
    event = {
        "event_id": event_id,
        "customer_id": CUSTOMER,
        "occurred_at": "2024-05-01T00:00:00Z",
        **fields,
    }
    return json.dumps(event).encode()[:-1] + f', "amount": {amount}}}'.encode()


TOMORROW_MS = int(time.time() * 1000) + 86_400_000
BAD = {
    "not JSON": Bad(b"sale of 12.50", "NotJson"),
    "wrong types": Bad(a_sale("b1", '["10"]'), "WrongType"),
    "NaN": Bad(a_sale("b2", "NaN"), "NotJson"),
    "1e400": Bad(a_sale("b3", "1e400"), "OutOfRange"),
    "negative amount": Bad(a_sale("b4", '"-5.00"'), "OutOfRange"),
    "unknown currency": Bad(a_sale("b5", currency="XAU"), "UnknownCurrency"),
    "10 MB": Bad(a_sale("b6", note="x" * 10_000_000), "TooLarge"),
    "deep nesting": Bad(b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}", "NotJson"),
    "missing key": Bad(a_sale("b7"), "MissingKey", key=None),
    "key of another customer": Bad(a_sale("b8"), "KeyMismatch", key=b"somebody"),
    "invalid UTF-8": Bad(a_sale("b9").replace(b"neighbour", b"n\xe9ighbour"), "InvalidUtf8"),
    "null": Bad(None, "EmptyValue"),
    "empty": Bad(b"", "EmptyValue"),
    "future": Bad(a_sale("b10", occurred_at=TOMORROW_MS), "InTheFuture"),
    "no such field": Bad(b"{}", "MissingField"),
    "another event under a known id": Bad(a_sale("good-0", '"12.00"'), "ContentDiffers"),
}


def among_neighbours() -> list[Sent]:
    """Each bad record between two good sales of 10.00, all in one partition."""
    sent = []
    for n, bad in enumerate(BAD.values()):
        arrived = FIRST_ARRIVAL_MS + 2 * n
        good = a_sale(f"good-{n}")
        sent.append(Sent("transaction", CUSTOMER.encode(), good, arrived))
        sent.append(Sent("transaction", bad.key, bad.value, arrived + 1, False, HEADERS))
    return sent


def sent_bytes(record: Sent) -> tuple[bytes | None, bytes | None, int]:
    return record.key, record.value, record.arrived_ms


def letter_bytes(letter: Record) -> tuple[bytes | None, bytes | None, int]:
    return letter.key, letter.value, letter.timestamp


def test_each_bad_record_is_one_dead_letter_byte_for_byte_and_its_neighbours_are_scored(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    with (
        input_topics(kafka.bootstrap, max_message_bytes="12000000") as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        sent = among_neighbours()
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        run.wait_until_caught_up()
        letters = run.read_output("dead_letters")
        bad = [record for record in sent if not record.is_good]
        assert Counter(map(letter_bytes, letters)) == Counter(map(sent_bytes, bad))
        assert_reason_and_origin(run, letters)
        standing = run.snapshots()[CUSTOMER]["indicators"]
        assert (standing["orders_365d"], standing["spend_365d"]) == (len(BAD), 10.0 * len(BAD))


def test_sums_that_would_not_be_exact_are_dead_letters_and_so_is_a_second_content(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """An amount and five costs of the largest: a customer can have 960 such sales."""
    largest = dict.fromkeys(
        ("production", "logistics", "service", "marketing", "after_sales"), 10**12
    )
    most = MOST_VOLUME // (6 * 10**14)
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        values = [a_sale(f"e{n}", str(10**12), costs=largest) for n in range(most + 3)]
        values += [a_sale("e0", "1"), a_sale("small", "1"), values[0]]
        sent = [
            Sent("transaction", CUSTOMER.encode(), value, FIRST_ARRIVAL_MS + n)
            for n, value in enumerate(values)
        ]
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        run.wait_until_caught_up()
        errors = {}
        for letter in run.read_output("dead_letters"):
            said = dict(letter.headers)
            errors[letter.value] = said["__connect.errors.exception.class.name"].decode()
        too_large = dict.fromkeys(values[most : most + 3], "SumTooLarge")
        assert errors == too_large | {values[most + 3]: "ContentDiffers"}
        assert run.snapshots()[CUSTOMER]["indicators"]["orders_365d"] == most + 1


def test_a_profile_with_a_bad_attribute_is_told_and_counts_for_the_others(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    profile = {
        "event_id": "p1",
        "customer_id": CUSTOMER,
        "occurred_at": "2024-05-01T00:00:00Z",
        "region": "east",
    }
    values = [json.dumps(profile | more).encode() for more in ({"tags": ["a"]}, {"event_id": "p2"})]
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, USUAL_MODEL) as run,
    ):
        sent = [
            Sent("profile", CUSTOMER.encode(), value, FIRST_ARRIVAL_MS + n)
            for n, value in enumerate(values)
        ]
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        run.wait_until_caught_up()
        (letter,) = run.read_output("dead_letters")
        said = dict(letter.headers)
        assert letter.value == values[0]
        assert said["__connect.errors.exception.class.name"] == b"AttributeIgnored"
        assert run.applied_by_customer() == {CUSTOMER: 2}


def assert_reason_and_origin(run: Installation, letters: list[Record]) -> None:
    """Each letter's origin names the record it was, its error is the one due."""
    origins = {(r.topic, r.partition, r.offset): r for r in run.read_inputs()}
    due = {(bad.key, bad.value): bad.error for bad in BAD.values()}
    for letter in letters:
        own = [pair for pair in letter.headers if not pair[0].startswith(("__", "kafka", "value"))]
        assert own == list(HEADERS)
        said = {name: value.decode() for name, value in letter.headers if (name, value) not in own}
        place = [said[f"__connect.errors.{part}"] for part in ("topic", "partition", "offset")]
        origin = origins[place[0], int(place[1]), int(place[2])]
        assert (origin.key, origin.value) == (letter.key, letter.value)
        assert said["__connect.errors.exception.class.name"] == due[letter.key, letter.value]
        assert said["__connect.errors.exception.message"]
        assert said["valuepulse.id"] == ":".join(place)
