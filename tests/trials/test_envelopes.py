"""Row 20 of the trials: what others put around events is named, and read where configured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streams.decode import InputRules
from streams.decode.exact.envelopes import Envelopes
from tests.cli.command import valuepulse
from tests.trials.trying import Event, Tried, command, event, ndjson, payment, sale, tried

PREFIX = b"\x00\x00\x00\x00\x01"
DEBEZIUM = InputRules(envelopes=Envelopes(debezium=True))
LATER_MS = 1_767_300_000_000


def change(op: str, ts_ms: int = LATER_MS, **rows: Event) -> Event:
    """Return what Debezium sends for a change of a row."""
    source = {"connector": "postgresql", "table": "sales", "lsn": 1}
    return {"before": None, "after": None, "source": source, "op": op, "ts_ms": ts_ms} | rows


def wrapped(found: Event) -> Event:
    """As JSON converters send it that put the schema beside."""
    return {"schema": {"type": "struct", "fields": []}, "payload": found}


def taken_apart(folder: Path, *events: Event, **options: Any) -> Tried:
    return tried(folder, events, rules=DEBEZIUM, **options)


def test_a_registry_s_prefix_is_named_with_its_schema_and_the_setting(tmp_path: Path) -> None:
    lines = PREFIX + ndjson([sale()]) + PREFIX + b"\x02\x08ada\n" + ndjson([sale()])
    ended = command(tmp_path, lines, "events.ndjson")
    assert ended.code == 0, ended.err
    letters = (tmp_path / "out" / "dead-letters.ndjson").read_text("utf-8").splitlines()
    first, second = map(json.loads, letters)
    assert first["error"] == second["error"] == "RegistryPrefix"
    assert "00 and the number of a schema, 1," in first["message"]
    assert first["message"].endswith("set skip_registry_prefix: true")
    assert second["message"].endswith("(Avro, Protobuf?): send events as JSON")


def test_the_prefix_is_skipped_where_the_setting_says_so(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(PREFIX + ndjson([sale("10.00")]) + ndjson([sale("20.00")]))
    variables = {"VALUEPULSE_SKIP_REGISTRY_PREFIX": "true"}
    ended = valuepulse("replay", path, "--out", tmp_path / "out", variables=variables)
    assert ended.code == 0, ended.err
    assert not (tmp_path / "out" / "dead-letters.ndjson").read_bytes()
    (customer,) = (tmp_path / "out" / "customers.ndjson").read_text("utf-8").splitlines()
    assert json.loads(customer)["indicators"]["spend_365d"] == 30.0


@pytest.mark.parametrize("around", [lambda found: found, wrapped])
def test_debezium_s_envelope_is_named(around: Any, tmp_path: Path) -> None:
    (letter,) = tried(tmp_path, [around(change("c", after=sale())), sale()]).dead
    assert letter["error"] == "DebeziumEnvelope"
    assert "as Debezium sends it: set unwrap_debezium: true, or let its" in letter["message"]


@pytest.mark.parametrize("around", [lambda found: found, wrapped])
@pytest.mark.parametrize("op", ["c", "r", "u"])
def test_rows_are_events_where_the_setting_says_so(around: Any, op: str, tmp_path: Path) -> None:
    found = taken_apart(tmp_path, around(change(op, after=sale("12.50"))), sale("1.00"))
    assert (found.dead, found.indicator("spend_365d")) == ([], 13.5)


def test_a_row_that_is_read_again_by_a_snapshot_counts_once(tmp_path: Path) -> None:
    row = sale("12.50")
    found = taken_apart(tmp_path, change("c", after=row), change("r", after=row, ts_ms=1))
    assert (found.dead, found.indicator("spend_365d")) == ([], 12.5)


def test_a_deleted_sale_is_the_void_of_its_order(tmp_path: Path) -> None:
    row = sale("12.50", order_id="o1")
    found = taken_apart(tmp_path, change("c", after=row), sale("1.00"), change("d", before=row))
    assert (found.dead, found.indicator("spend_365d")) == ([], 1.0)


def test_a_deleted_profile_clears_what_it_said(tmp_path: Path) -> None:
    old = event("profile", region="east")
    row = event("profile", industry="retail", size="small")
    found = taken_apart(
        tmp_path, sale(), change("c", after=old), change("c", after=row), change("d", before=row)
    )
    assert found.dead == []
    assert found.customers["c1"]["profile"] == {"region": "east"}


def test_other_deleted_rows_are_told(tmp_path: Path) -> None:
    rows = [payment(), sale(), sale("1.00", kind="refund", order_id="o1")]
    found = taken_apart(tmp_path, *(change("d", before=row) for row in rows), sale())
    assert [each["error"] for each in found.dead] == ["DeletedRow"] * 3
    assert "only sales with an `order_id`" in found.dead[0]["message"]


def test_a_delete_of_which_only_the_key_is_logged_is_told(tmp_path: Path) -> None:
    found = taken_apart(tmp_path, change("d"), sale())
    assert [each["error"] for each in found.dead] == ["DebeziumEnvelope"]
    assert "REPLICA IDENTITY FULL" in found.dead[0]["message"]


def test_a_run_that_took_no_event_says_why(tmp_path: Path) -> None:
    ended = command(tmp_path, ndjson([change("c", after=sale())]))
    assert ended.code == 4
    assert "lines were rejected, as DebeziumEnvelope, the first one events.ndjson:1: " in ended.err


def test_a_profile_that_has_an_op_is_no_envelope(tmp_path: Path) -> None:
    found = tried(tmp_path, [sale(), event("profile", op="c", region="east")])
    assert (found.dead, found.customers["c1"]["profile"]["op"]) == ([], "c")
