"""The table prints what was measured and nothing else, and its counts see what is wrong."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tests.chaos.mix import MIX
from tests.chaos.report import NAIVE, document, told
from tests.chaos.rows import ROWS
from tests.chaos.table import Ran
from tests.chaos.traffics import (
    FIRST_ON_TIME,
    common,
    hot,
    of_one_topic_each,
    of_today,
    out_of_order,
    poisoned,
    repeated,
    shard_of,
    skewed,
)
from tests.integration.traffic import FACTS
from tests.integration.verdict import Results, Tally, tally

MACHINE = dict.fromkeys(
    ("date", "commit", "cpu", "cores", "memory_gib", "kernel", "python", "kafka", "valkey", "java"),
    "x",
)
CHANGE = {"id": "i1", "customer_id": "ada", "sequence": 1, "to": "gold"}


def results(**changes: Any) -> Results:
    """What is right, but for what is given."""
    right = Results(
        standings={"ada": {"score": 1.0}, "bob": {"score": 2.0}},
        outcomes={"ada": [CHANGE], "bob": []},
        refused={"sales:0:7"},
        applied={"ada": 10, "bob": 20},
        contradicted=set(),
    )
    return right._replace(**changes)


@pytest.mark.parametrize(
    ("found", "counted"),
    [
        ({}, {}),
        ({"applied": {"ada": 7, "bob": 20}}, {"lost": 3}),
        ({"applied": {"ada": 10, "bob": 22}}, {"twice": 2}),
        ({"applied": {"ada": 9, "bob": 21}}, {"lost": 1, "twice": 1}),
        ({"applied": {"ada": 10}, "standings": {"ada": {"score": 1.0}}}, {"lost": 20}),
        ({"standings": {"ada": {"score": 9.0}, "bob": {"score": 2.0}}}, {"standings": 1}),
        ({"outcomes": {"ada": [], "bob": []}}, {"outcomes_missing": 1}),
        ({"outcomes": {"ada": [CHANGE | {"to": "silver"}]}}, {"outcomes_wrong": 1}),
        ({"outcomes": {"ada": [CHANGE, CHANGE | {"id": "i2"}]}}, {"outcomes_wrong": 1}),
        ({"contradicted": {"i1"}}, {"outcomes_wrong": 1}),
        ({"refused": set()}, {"letters_missing": 1}),
        ({"refused": {"sales:0:7", "sales:0:8"}}, {"letters_wrong": 1}),
    ],
)
def test_each_way_to_be_wrong_is_counted_as_what_it_is(
    found: dict[str, Any], counted: dict[str, int]
) -> None:
    assert tally(results(), results(**found)) == Tally(**counted)


def a_run(row: int = 1, name: str = "killed_at_random_moments", **changes: Any) -> Ran:
    fields: dict[str, Any] = {"seed": 1, "records": 1000, "seconds": 9.0, "faults": 6}
    return Ran(row, name, **fields | {"tally": Tally(), "recovery_s": 7.25} | changes)


def page(*runs: Ran) -> str:
    return document({"machine": MACHINE, "commands": [], "runs": [run.as_json() for run in runs]})


def line_of(page: str, fault: str) -> list[str]:
    (line,) = (line for line in page.splitlines() if line.startswith("| ") and fault in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_row_prints_its_zeros_with_the_runs_they_come_from_and_the_worst_recovery() -> None:
    cells = line_of(page(a_run(), a_run(seed=2, recovery_s=9.5)), "at random moments")
    assert cells[2:] == ["2", "2,000", "12", "0", "0", "0", "9.5 s", "–"]


def test_a_run_that_did_not_end_is_told_beside_those_that_did() -> None:
    failed = a_run(seed=2, tally=None, recovery_s=None, error="WaitedTooLongError: …")
    cells = line_of(page(a_run(), failed), "at random moments")
    assert cells[2] == "2 (1 did not end)"


def test_what_was_wrong_is_printed_as_it_is() -> None:
    wrong = a_run(tally=Tally(lost=3, twice=1, standings=2, letters_missing=4))
    assert line_of(page(wrong), "at random moments")[5:8] == ["3", "1", "6"]


def test_rows_that_were_not_run_are_listed_and_get_no_figures() -> None:
    text = page(a_run())
    table, _, rest = text.partition("Not run yet")
    for row in [*ROWS, MIX]:
        if row.name != "killed_at_random_moments":
            assert f"| {row.number} | {row.fault} |" not in table
            assert f"- {row.number}, {row.fault}" in rest


def test_a_sign_that_did_not_come_is_named_and_makes_the_run_wrong() -> None:
    silent = a_run(seen={"log: shard stopped": False, "metric": True})
    assert not silent.is_right
    assert line_of(page(silent), "at random moments")[-1] == "not: log: shard stopped"
    assert "NOT SEEN: log: shard stopped" in told(silent)


def test_a_naive_processor_that_was_not_found_out_is_told_so() -> None:
    text = page(a_run(), a_run(row=6, name=NAIVE), a_run(row=10, name=NAIVE, tally=Tally(twice=3)))
    assert "| 6 | 1,000 | 0 | 0 | 0 | NO |" in text
    assert "| 10 | 1,000 | 0 | 3 | 0 | yes |" in text


def test_no_two_rows_have_one_name() -> None:
    names = [row.name for row in [*ROWS, MIX]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("made", [common, hot, of_today, out_of_order, poisoned, repeated, skewed])
def test_traffic_of_a_row_is_the_same_for_a_seed_and_of_the_size_asked_for(made: Any) -> None:
    sent = made(5, 2_000)
    assert [r._replace(value=b"") for r in sent] == [r._replace(value=b"") for r in made(5, 2_000)]
    assert 0.9 * 2_000 <= len(sent) <= 1.1 * 2_000
    assert all(r.partition == shard_of((r.key or b"").decode()) for r in sent if r.is_good)


def test_live_traffic_has_a_customers_events_in_one_topic_and_of_one_day_at_first() -> None:
    sent = list(itertools.islice(of_one_topic_each(5, 100), 8_000))
    assert sent == list(itertools.islice(of_one_topic_each(5, 100), 8_000))
    types = {(record.key, record.event_type) for record in sent}
    assert len(types) == len({key for key, _ in types}) == 100
    assert {event_type for _, event_type in types} == set(FACTS)
    assert len(sent) > len({record.value for record in sent})
    days = [json.loads(record.value or b"")["occurred_at"][:10] for record in sent]
    assert len(set(days[:FIRST_ON_TIME])) == 1 < len(set(days))


def test_an_event_of_an_hour_after_its_record_is_to_be_refused() -> None:
    sent = of_today(5, 2_000)
    ahead = [
        json.loads(record.value or b"")["occurred_at"] > record.arrived_ms + 300_000
        for record in sent
        if not record.is_good and b"occurred_at" in (record.value or b"")
    ]
    assert len(ahead) > 20
    assert all(ahead)
