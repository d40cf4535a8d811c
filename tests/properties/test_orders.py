"""Orders as a whole: whatever comes of them and in whatever order, the kernel is the oracle.

The model asks for every measure in windows of several lengths, as one that is put on a wrong day
must be seen.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from scoring.measures import LARGEST, MARKS, MEASURES
from tests.model_strategies import CURRENCIES
from tests.properties.comparison import numbers
from tests.properties.test_exactness import assert_equal, batched, folded, patient, positions
from tests.strategies import JsonObject, orders
from tests.usual import USUAL_MODEL

WINDOWS: list[Any] = [1, 40, [40, 400], "lifetime", "overdue"]
RATE = {"2000-01-01": "7.10", "2024-03-31": "6.9512345"}


def searching() -> dict[str, Any]:
    """A model that looks at everything that orders can change."""
    source: dict[str, Any] = YAML(typ="safe").load(USUAL_MODEL.read_text())
    source = json.loads(json.dumps(source, default=str))
    sums = {
        f"{measure}_{n}": {"kind": "sum", "add": [measure], "window": window}
        for measure in MEASURES
        for n, window in enumerate(WINDOWS)
        if measure not in LARGEST
    }
    largest = {
        f"largest_{n}": {"kind": "largest", "measure": "largest_order", "window": window}
        for n, window in enumerate(WINDOWS)
    }
    marks = {f"since_{mark}": {"kind": "days_since", "mark": mark} for mark, _, _ in MARKS}
    others = {
        "lines": {"kind": "distinct", "window": 40},
        "all_lines": {"kind": "distinct"},
        "owed": {"kind": "arrears"},
        "cycles": {"kind": "cycle"},
    }
    source["indicators"] |= sums | largest | marks | others
    source["orders"] = {"keep_days": 30_000}
    source["invoices"] = {"keep_days": 36_500}
    source["currencies"] = {"base": "CNY", "rates": {c: RATE for c in CURRENCIES if c != "CNY"}}
    return source


SOURCE = searching()
thorough = settings(patient, max_examples=60)


@thorough
@given(stream=orders(currencies=CURRENCIES), cuts=positions)
def test_orders_count_as_a_whole_after_each_event(
    stream: list[JsonObject], cuts: list[int]
) -> None:
    assert_equal(batched(SOURCE, stream, "event", cuts), folded(SOURCE, stream, "event"))


@thorough
@given(stream=orders(currencies=CURRENCIES, merges=True), cuts=positions)
def test_orders_of_merged_customers_are_judged_together(
    stream: list[JsonObject], cuts: list[int]
) -> None:
    assert_equal(batched(SOURCE, stream, "event", cuts), folded(SOURCE, stream, "event"))


@thorough
@given(stream=orders(currencies=CURRENCIES), data=st.data())
def test_the_order_of_arrival_does_not_matter(
    stream: list[JsonObject], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(stream))
    one, other = batched(SOURCE, stream, "event", []), batched(SOURCE, shuffled, "event", [2, 7])
    standings = []
    for shard in (one, other):
        shard.turn(max(one.clock, other.clock))
        standings.append({name: numbers(s) for name, s in shard.snapshots().items()})
    assert standings[0] == standings[1]


@pytest.mark.parametrize("keep_days", [0, 400])
@patient
@given(stream=orders(currencies=["CNY"]))
def test_a_state_says_the_same_of_orders_when_it_is_read_again(
    keep_days: int, stream: list[JsonObject]
) -> None:
    """Each event in a batch of its own writes and reads the state between."""
    source = SOURCE | {"orders": {"keep_days": keep_days}}
    whole = batched(source, stream, "event", [])
    each = batched(source, stream, "event", list(range(1, len(stream))))
    assert whole.snapshots() == each.snapshots()


def test_a_void_that_makes_many_invoices_due_on_other_days_leaves_the_neighbour_alone() -> None:
    """Each of its invoices falls due anew, on a day that had no bucket: there is room for all."""
    first, day = 1_704_067_200_000, 86_400_000
    stream: list[JsonObject] = [
        {
            "type": "transaction", "kind": "sale", "event_id": f"{order}{n}", "customer_id": "c1",
            "occurred_at": first, "amount": "100", "currency": "CNY", "order_id": order,
            "invoice_id": f"i{n}", "due_at": first + due * day,
        }
        for order, due in (("late", 400), ("early", 30))
        for n in range(12)
        for due in (due + n,)
    ]  # fmt: skip  # what an event says, line by line
    neighbour = {
        "type": "transaction", "kind": "sale", "event_id": "n", "customer_id": "c2",
        "occurred_at": first, "amount": "7", "currency": "CNY",
    }  # fmt: skip  # as above
    void = stream[0] | {"kind": "void", "event_id": "v", "occurred_at": first + day}
    del void["invoice_id"], void["due_at"]
    stream = [*stream, neighbour, void, neighbour | {"event_id": "m", "occurred_at": first + day}]
    assert_equal(batched(SOURCE, stream, "event", [25]), folded(SOURCE, stream, "event"))
