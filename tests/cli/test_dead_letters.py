"""`valuepulse dlq`: find what could not be used, look at it, mend it, send it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streams.dead_letters import BATCH_END, headers_of
from tests.cli.command import valuepulse
from tests.cli.records import content, records, write
from tests.conftest import Topics

BROKEN = b'{"type":"praise","event_id":"1","customer_id":"C1","rating":9}'
NOT_UTF8 = b"\xff\xfe{"


@pytest.fixture
def letters(topics: Topics, installation: dict[str, str]) -> dict[str, str]:
    """Three dead letters: 0:0 of praise, 0:1 and 1:0 of transactions; the last is not UTF-8."""
    praise = (topics("praise"), 3, 41, "OutOfRange", "rating 9 must be <= 5", "valuepulse")
    sale = (topics("transactions"), 0, 7, "MissingField", "amount is missing", "valuepulse")
    bytes_ = (topics("transactions"), 1, 8, "InvalidUtf8", "byte 0", "valuepulse")
    origin = [("source", b"shop"), ("traceparent", b"00-1")]
    headers = headers_of(*praise, original_headers=origin)
    write(topics, "dead-letters", BROKEN, key=b"C1", headers=headers)
    write(topics, "dead-letters", b"{}", key=b"C2", headers=headers_of(*sale))
    write(topics, "dead-letters", NOT_UTF8, headers=headers_of(*bytes_), partition=1)
    return installation


def test_ls_tells_place_origin_and_reason_of_each_in_order_of_arrival(
    topics: Topics, letters: dict[str, str]
) -> None:
    listed = valuepulse("dlq", "ls", "--json", variables=letters).lines()
    assert [letter["at"] for letter in listed] == ["0:0", "0:1", "1:0"]
    assert listed[0]["id"] == f"{topics('praise')}:3:41"
    assert listed[0]["value"] == BROKEN.decode()
    assert listed[0]["headers"] == {"source": "shop"}
    assert listed[2]["value_base64"] == "//57"
    text = valuepulse("dlq", "ls", variables=letters).out
    assert "rating 9 must be <= 5" in text


def test_ls_chooses_by_reason_origin_and_number(topics: Topics, letters: dict[str, str]) -> None:
    chosen = {
        ("--error", "MissingField"): ["0:1"],
        ("--topic", topics("transactions")): ["0:1", "1:0"],
        ("--last", "1"): ["1:0"],
        ("--last", "0"): ["0:0", "0:1", "1:0"],
    }
    for options, wanted in chosen.items():
        listed = valuepulse("dlq", "ls", *options, "--json", variables=letters).lines()
        assert [letter["at"] for letter in listed] == wanted, options


def test_a_whole_record_batch_is_listed_and_never_sent_back(
    topics: Topics, letters: dict[str, str]
) -> None:
    sales = topics("transactions")
    told = headers_of(sales, 0, 9, "BatchTooLarge", "record batch of offsets 9 to 12", "valuepulse")
    told.append((BATCH_END, b"12"))
    write(topics, "dead-letters", b"a batch", headers=told, partition=1)
    (listed,) = valuepulse(
        "dlq", "ls", "--error", "BatchTooLarge", "--json", variables=letters
    ).lines()
    assert (listed["at"], listed["message"]) == ("1:1", "record batch of offsets 9 to 12")
    refused = valuepulse("dlq", "redrive", "1:1", variables=letters)
    assert refused.code == 4
    assert "1:1 is a whole record batch that cannot be read, not an event" in refused.err
    valuepulse("dlq", "redrive", "--all", "--topic", sales, variables=letters)
    assert b"a batch" not in [record.value() for record in records(topics, "transactions")]


def test_show_tells_one_whole(letters: dict[str, str]) -> None:
    shown = valuepulse("dlq", "show", "0:0", variables=letters).out
    assert "error: OutOfRange" in shown
    assert "source: shop" in shown
    assert shown.endswith(f"\n{BROKEN.decode()}\n")


@pytest.mark.parametrize(
    ("at", "code", "said"),
    [
        ("0:9", 4, "there is no dead letter at 0:9"),
        ("9:0", 4, "has partitions 0 to 3, not 9"),
        ("17", 2, "'17' is no place of a dead letter; write it like 2:17"),
    ],
)
def test_a_place_without_dead_letter_is_told(
    at: str, code: int, said: str, letters: dict[str, str]
) -> None:
    ended = valuepulse("dlq", "show", at, variables=letters)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err


def test_redrive_sends_a_record_back_without_what_the_failure_added(
    topics: Topics, letters: dict[str, str]
) -> None:
    assert valuepulse("dlq", "redrive", "0:0", variables=letters).code == 0
    (record,) = records(topics, "praise")
    assert (record.key(), record.value()) == (b"C1", BROKEN)
    assert record.headers() == [("source", b"shop")]
    assert records(topics, "transactions") == []


def test_redrive_of_all_is_narrowed_by_reason_and_keeps_bytes_as_they_are(
    topics: Topics, letters: dict[str, str]
) -> None:
    redriven = valuepulse("dlq", "redrive", "--all", "--error", "InvalidUtf8", variables=letters)
    assert redriven.out.endswith("1 were sent back\n")
    (record,) = records(topics, "transactions")
    assert (record.key(), record.value()) == (None, NOT_UTF8)
    assert records(topics, "praise") == []


def test_a_mended_event_goes_back_keyed_by_its_customer(
    topics: Topics, letters: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "mended.ndjson"
    shown = valuepulse("dlq", "show", "0:0", "--json", variables=letters).json()
    as_text = shown | {"value": shown["value"].replace('"rating":9', '"rating":5')}
    as_object = {"at": "1:0", "value": {"customer_id": "客户", "amount": "12.50"}}
    file.write_text(f"{json.dumps(as_text)}\n{json.dumps(as_object)}\n", "utf-8")
    assert valuepulse("dlq", "redrive", "--edit", file, variables=letters).code == 0
    (praise,) = records(topics, "praise")
    assert (praise.key(), praise.value()) == (b"C1", BROKEN.replace(b"9", b"5"))
    (sale,) = records(topics, "transactions")
    assert sale.key() == "客户".encode()
    assert content(sale) == as_object["value"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no dead letter"),
        ('{"at": "0:0"}', "edit.ndjson:1: needs `at` and `value`"),
        ('{"at": "0:0", "value": "{rating"}', "the mended value of 0:0 is not JSON"),
    ],
)
def test_a_file_that_mends_nothing_is_told(
    text: str, said: str, letters: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "edit.ndjson").write_text(text, "utf-8")
    options = ("--edit", tmp_path / "edit.ndjson")
    ended = valuepulse("dlq", "redrive", *options, variables=letters)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_dry_run_sends_nothing(topics: Topics, letters: dict[str, str]) -> None:
    told = valuepulse("dlq", "redrive", "--all", "--dry-run", variables=letters)
    assert told.out.endswith("3 would be sent back\n")
    assert records(topics, "praise") == records(topics, "transactions") == []


def test_what_came_from_no_input_topic_stops_a_redrive_before_anything_is_sent(
    topics: Topics, letters: dict[str, str]
) -> None:
    write(topics, "dead-letters", b"?", headers=[])
    ended = valuepulse("dlq", "redrive", "--all", variables=letters)
    assert ended.code == 4
    assert "0:2 came from 'nowhere known'" in ended.err
    assert records(topics, "praise") == []


@pytest.mark.parametrize("options", [(), ("0:0", "--all"), ("0:0", "--error", "NotJson")])
def test_redrive_wants_to_be_told_which(options: tuple[str, ...]) -> None:
    assert valuepulse("dlq", "redrive", *options).code == 2
