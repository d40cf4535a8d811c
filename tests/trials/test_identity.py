"""Rows 1, 7, 8, 12 (numbers as text) and 13 of the trials: sums, identities, ties."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from scoring.measures import MOST_VOLUME
from tests.trials.trying import command, event, ndjson, sale, tried

LARGEST = "1000000000000"
TAKEN = MOST_VOLUME // 10**15
"""How many of the largest amounts in KWD, of three decimals, a customer can have."""


def test_sales_that_would_overflow_are_dead_letters_byte_for_byte(tmp_path: Path) -> None:
    """Row 1: 9,224 sales of the largest amount made spend negative."""
    lines = [json.dumps(sale(LARGEST)) for _ in range(9_224)]
    done = tried(tmp_path, lines, base="KWD")
    assert done.indicator("spend_365d") == 1e12 * TAKEN
    assert done.customers["c1"]["scores"]["profit"]["tier"] != "negative"
    assert {letter["error"] for letter in done.dead} == {"SumTooLarge"}
    assert [letter["value"] for letter in done.dead] == lines[TAKEN:]
    assert done.dead[0]["where"] == f"events.ndjson:{TAKEN + 1}"
    assert "576,460,752,303,423.488 KWD" in done.dead[0]["message"]
    assert (done.summary.events, done.summary.rejected) == (TAKEN, 9_224 - TAKEN)
    assert done.summary.reasons == {"SumTooLarge": 9_224 - TAKEN}


@pytest.mark.parametrize(
    ("each", "indicator"),
    [
        ({"amount": 1, "cost": LARGEST}, "net_profit_365d"),
        ({"amount": 1, "costs": {"production": LARGEST, "marketing": LARGEST}}, "net_profit_365d"),
        ({"type_name": "cost", "kind": "service", "amount": LARGEST}, "net_profit_365d"),
        ({"kind": "refund", "amount": LARGEST}, "spend_365d"),
    ],
    ids=["cost", "costs", "cost event", "refund"],
)
def test_no_sum_wraps_whatever_it_is_of(
    tmp_path: Path, each: dict[str, Any], indicator: str
) -> None:
    """The kind of row 1: what makes a customer poorer must not make it rich."""
    each = {"type_name": "transaction"} | each
    done = tried(tmp_path, [sale("5"), *[event(**each) for _ in range(9_300)]], base="KWD")
    poorer = done.indicator(indicator)
    assert poorer is not None
    assert poorer < -1e14
    assert done.summary.reasons.get("SumTooLarge", 0) == len(done.dead) > 8_000


def test_a_mean_of_the_largest_payments_is_that_amount(tmp_path: Path) -> None:
    payments = [event("payment", amount=LARGEST) for _ in range(9_300)]
    done = tried(tmp_path, [sale("5"), *payments], base="KWD")
    assert done.indicator("mean_payment_365d") == 1e12


def test_debts_of_the_largest_amounts_stay_debts(tmp_path: Path) -> None:
    bills = [sale(LARGEST, due_at="2026-01-01") for _ in range(9_300)]
    praise = event("praise", occurred_at="2026-03-01T00:00:00Z")
    done = tried(tmp_path, [*bills, praise], base="KWD")
    assert done.indicator("arrears") == 1e12 * TAKEN


def test_customers_that_are_too_large_together_are_not_merged(tmp_path: Path) -> None:
    sales = [sale(LARGEST, customer_id=name) for name in ("ada", "bob") for _ in range(TAKEN - 1)]
    merge = event(
        "merge", customer_id="bob", into="ada", into_shard=0, occurred_at="2026-01-02T00:00:00Z"
    )
    done = tried(tmp_path, [*sales, merge], base="KWD")
    assert [letter["error"] for letter in done.dead] == ["RefusedCommand"]
    assert "576,460,752,303,423.488 KWD" in done.dead[0]["message"]
    for name in ("ada", "bob"):
        assert done.indicator("spend_365d", name) == 1e12 * (TAKEN - 1)


def test_a_member_s_event_is_refused_if_all_together_would_be_too_large(tmp_path: Path) -> None:
    half = TAKEN // 2
    sales = [sale(LARGEST, customer_id=name) for name in ("ada", "bob") for _ in range(half)]
    merge = event(
        "merge", customer_id="bob", into="ada", into_shard=0, occurred_at="2026-01-02T00:00:00Z"
    )
    late = {"occurred_at": "2026-01-03T00:00:00Z"}
    more = [sale(LARGEST, customer_id=name, **late) for name in ("bob", "ada", "bob", "ada")]
    done = tried(tmp_path, [*sales, merge, *more], base="KWD")
    assert done.indicator("spend_365d", "ada") == 1e12 * TAKEN
    assert done.summary.reasons.get("SumTooLarge", 0) == 4 - (TAKEN - 2 * half)


def test_refunds_under_the_sale_s_own_id_are_told(tmp_path: Path) -> None:
    """Row 7: they were dropped as duplicates."""
    lines = [
        sale("300.00", event_id="ch_1"),
        sale("50.00", event_id="ch_1", kind="refund"),
        sale("50.00", event_id="ch_1", kind="refund"),
    ]
    done = tried(tmp_path, lines)
    assert [letter["error"] for letter in done.dead] == ["ContentDiffers"] * 2
    assert [json.loads(letter["value"]) for letter in done.dead] == lines[1:]
    said = done.dead[1]["message"]
    assert "events.ndjson:1 (sale of 300.00 CNY at 2026-01-01T04:00:00.000Z)" in said
    assert "events.ndjson:3 (refund of 50.00 CNY at 2026-01-01T04:00:00.000Z)" in said
    assert "send a refund, a void, or the right event under a new event_id" in said
    assert done.indicator("spend_365d") == 300.0
    assert (done.summary.reasons.get("ContentDiffers"), done.summary.duplicates) == (2, 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"amount": "12.50"}, {"amount": "12.51"}),
        ({"amount": "12.50"}, {"amount": "12.50", "due_at": "2026-02-01"}),
        ({"amount": "12.50"}, {"amount": "12.50", "invoice_id": "i1"}),
        ({"amount": "12.50"}, {"amount": "12.50", "order_id": "o1"}),
        ({"amount": "12.50"}, {"amount": "12.50", "category": "tea"}),
        ({"amount": "12.50", "cost": 3}, {"amount": "12.50", "cost": 4}),
        ({"amount": "12.50", "cost": 3}, {"amount": "12.50", "costs": {"service": 3}}),
        ({"amount": "12.50"}, {"amount": "12.50", "occurred_at": "2026-01-01T04:00:00.001Z"}),
        ({"type_name": "profile", "region": "east"}, {"type_name": "profile", "region": "west"}),
        ({"type_name": "complaint"}, {"type_name": "complaint", "severity": 5}),
        (
            {"type_name": "feedback", "kind": "nps", "value": 1},
            {"type_name": "feedback", "kind": "nps", "value": 9},
        ),
    ],
)
def test_an_edited_event_under_its_own_id_is_told(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """The kind of row 7: whatever counts of an event."""
    lines = [
        sale("1"),
        *(
            event(**{"type_name": "transaction", "event_id": "x"} | each)
            for each in (first, second)
        ),
    ]
    done = tried(tmp_path, lines)
    assert [letter["error"] for letter in done.dead] == ["ContentDiffers"]


def test_an_event_written_differently_is_a_duplicate(tmp_path: Path) -> None:
    lines: list[dict[str, Any] | str] = [
        '{"type":"transaction","event_id":"x","customer_id":"c1",'
        '"occurred_at":"2026-01-01T00:00:00Z","amount":"12.50"}',
        '{ "amount":12.5, "occurred_at":"2026-01-01T08:00:00+08:00","customer_id":"c1",'
        '"event_id":"x","type":"transaction","kind":"sale","unknown":1, "currency": null}',
    ]
    done = tried(tmp_path, lines)
    assert not done.dead
    assert (done.summary.events, done.summary.duplicates) == (1, 1)


def test_a_file_that_is_replayed_twice_counts_once(tmp_path: Path) -> None:
    """Row 8: the ring remembers 1,024 of the customer's 1,500 events."""
    lines = [sale("10") for _ in range(1_500)]
    done = tried(tmp_path, lines, lines)
    assert done.indicator("orders_365d") == 1_500.0
    assert (done.summary.events, done.summary.duplicates) == (1_500, 1_500)
    assert not done.dead


def test_what_differs_is_told_across_files_and_many_events(tmp_path: Path) -> None:
    """Customers and types have ids of their own: only the edited event is told."""
    lines = [sale("10", event_id="first"), *[sale("10") for _ in range(1_500)]]
    other = [sale("11", event_id="first"), sale("10", customer_id="c2", event_id="first")]
    done = tried(tmp_path, lines, [*other, event("praise", event_id="first")])
    assert [letter["where"] for letter in done.dead] == ["events1.ndjson:1"]
    assert "events.ndjson:1 (sale of 10.00 CNY" in done.dead[0]["message"]
    assert done.summary.events == 1_503


@pytest.mark.parametrize(
    ("first", "second", "holds"),
    [
        ({"event_id": "b1", "annual_sales": 1}, {"event_id": "b2", "annual_sales": 2}, 2.0),
        ({"event_id": "b2", "annual_sales": 2}, {"event_id": "b1", "annual_sales": 1}, 1.0),
        ({"annual_sales": 2, "sequence": 8}, {"annual_sales": 1, "sequence": 7}, 2.0),
        ({"annual_sales": 2, "sequence": "10"}, {"annual_sales": 1, "sequence": 9}, 2.0),
        ({"annual_sales": 1, "sequence": 0}, {"annual_sales": 2}, 1.0),
        ({"annual_sales": 1, "sequence": 7}, {"annual_sales": 2, "sequence": 7}, 2.0),
    ],
)
def test_of_two_updates_in_one_instant_the_later_holds(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], holds: float
) -> None:
    """Row 13: by sequence, else by order of arrival; the hash of the id decided."""
    done = tried(tmp_path, [sale("1000"), event("profile", **first), event("profile", **second)])
    assert done.indicator("annual_sales") == holds


def test_numbers_that_a_crm_sends_as_text_are_numbers(tmp_path: Path) -> None:
    """Row 12: the text was missing as a number, silently."""
    done = tried(tmp_path, [sale("1000"), event("profile", annual_sales="1000000")])
    assert done.indicator("annual_sales") == 1e6
    assert done.indicator("share_of_wallet") == 0.001


@pytest.mark.parametrize(("text", "number"), [(" 12.5 ", 12.5), ("1e3", 1000.0), ("1,000", None)])
def test_which_texts_are_numbers(tmp_path: Path, text: str, number: float | None) -> None:
    done = tried(tmp_path, [sale("1000"), event("profile", annual_sales=text)])
    assert done.indicator("annual_sales") == number


def test_the_command_says_what_was_wrong_with_most_lines(tmp_path: Path) -> None:
    lines = [sale("300.00", event_id="ch_1"), sale("50.00", event_id="ch_1", kind="refund")]
    done = command(tmp_path, ndjson(lines))
    assert done.code == 0
    assert "1 lines were rejected, as ContentDiffers, the first one events.ndjson:2: " in done.err


@pytest.mark.parametrize("order", [("ada", "bob"), ("bob", "ada")], ids=["inner first", "outer"])
def test_merges_chain(tmp_path: Path, order: tuple[str, str]) -> None:
    """Row 21: ada into bob, bob into cem: all count for cem, whatever came first."""
    into = {"ada": "bob", "bob": "cem"}
    sales = [sale("10", customer_id=name) for name in ("ada", "bob", "cem")]
    merges = [
        event("merge", f"2026-01-02T0{n}:00:00Z", customer_id=name, into=into[name], into_shard=0)
        for n, name in enumerate(order)
    ]
    late = [sale("100", "2026-01-03T00:00:00Z", customer_id=name) for name in ("bob", "ada", "cem")]
    done = tried(tmp_path, [*sales, *merges, *late])
    assert not done.dead
    assert list(done.customers) == ["cem"]
    assert done.indicator("spend_365d", "cem") == 330.0


def test_a_chain_is_undone_in_its_middle_and_at_its_end(tmp_path: Path) -> None:
    """Whoever is unmerged takes along those that were merged into it."""
    names = ("ada", "bob", "cem", "dan")
    sales = [sale(f"{10**n}", customer_id=name) for n, name in enumerate(names)]
    merges = [
        event("merge", "2026-01-02T00:00:00Z", customer_id=name, into=into, into_shard=0)
        for name, into in pairwise(names)
    ]
    out = event("unmerge", "2026-01-03T00:00:00Z", customer_id="bob")
    late = sale("20000", "2026-01-04T00:00:00Z", customer_id="ada")
    last = event("unmerge", "2026-01-05T00:00:00Z", customer_id="ada")
    for commands, spends in (
        ([*merges, out, late], {"bob": 20011.0, "dan": 1100.0}),
        ([*merges, out, late, last], {"ada": 20001.0, "bob": 10.0, "dan": 1100.0}),
        ([*merges, late, last], {"ada": 20001.0, "dan": 1110.0}),
    ):
        done = tried(tmp_path, [*sales, *commands])
        assert not done.dead
        found = {name: done.indicator("spend_365d", name) for name in done.customers}
        assert found == spends


def test_merges_in_a_circle_are_refused(tmp_path: Path) -> None:
    names = ("ada", "bob", "cem", "ada")
    sales = [sale("10", customer_id=name) for name in names[1:]]
    merges = [
        event("merge", "2026-01-02T00:00:00Z", customer_id=name, into=into, into_shard=0)
        for name, into in pairwise(names)
    ]
    done = tried(tmp_path, [*sales, *merges])
    assert [letter["error"] for letter in done.dead] == ["RefusedCommand"]
    assert "'ada' is itself merged into 'cem'" in done.dead[0]["message"]
    assert done.indicator("spend_365d", "cem") == 30.0


def test_who_is_erased_takes_all_its_chain_along(tmp_path: Path) -> None:
    names = ("ada", "bob", "cem")
    sales = [sale("10", customer_id=name) for name in names]
    merges = [
        event("merge", "2026-01-02T00:00:00Z", customer_id=name, into=into, into_shard=0)
        for name, into in pairwise(names)
    ]
    erasure = event("erasure", "2026-01-03T00:00:00Z", customer_id="cem", author="a", reason="b")
    late = sale("5", "2026-01-04T00:00:00Z", customer_id="ada")
    known = sale("7", "2026-01-01T00:00:00Z", customer_id="ada")
    done = tried(tmp_path, [*sales, *merges, erasure, late, known])
    assert done.indicator("spend_365d", "cem") == 5.0
    assert (done.summary.erased, list(done.customers)) == (1, ["cem"])


def test_a_bad_attribute_does_not_lose_the_others(tmp_path: Path) -> None:
    """Row 12: the whole profile was refused."""
    profile = event("profile", size="small", tags=["a"], Owner="x", annual_sales=5, industry="")
    done = tried(tmp_path, [sale("1000"), profile])
    assert (done.indicator("size"), done.indicator("annual_sales")) == (1.0, 5.0)
    assert [letter["error"] for letter in done.dead] == ["AttributeIgnored"]
    assert "without `tags`, `Owner` the profile counts" in done.dead[0]["message"]
    assert (done.summary.events, done.summary.rejected) == (2, 1)


def test_empty_text_takes_an_attribute_away(tmp_path: Path) -> None:
    sizes = [
        event("profile", "2026-01-01T12:00:00Z", size="small"),
        event("profile", "2026-01-02T12:00:00Z", size="", region="east"),
    ]
    done = tried(tmp_path, [sale("1000"), *sizes])
    assert not done.dead
    assert done.indicator("size") is None
