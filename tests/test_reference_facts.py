"""The oracle itself: measures, invoices, attributes (docs/semantics.md §3, §4, §10, §11)."""

import random
from typing import Any

import pytest

from tests.reference import Event, evaluate
from tests.reference.facts import facts_of
from tests.reference.shop import JUNE_1, SPEND, Shop, a_model


def value_of(
    spec: dict[str, Any], events: list[Event], as_of: int, **sections: Any
) -> float | None:
    """The value of one indicator."""
    return evaluate(a_model({"x": spec}, **sections), events, as_of).indicators["x"]


def sum_of(measure: str, events: list[Event], as_of: int, window: Any = None) -> float | None:
    """The sum of one measure; money in major units."""
    return value_of({"kind": "sum", "add": [measure], "window": window}, events, as_of)


@pytest.fixture
def shop() -> Shop:
    return Shop(a_model(SPEND))


# ---------------------------------------------------------------- measures


def test_costs_are_split_into_their_parts_as_far_as_they_are_known(shop: Shop) -> None:
    parts = {"production": "4.10", "after_sales": "0.40", "logistics": None}
    split = dict(shop.sale(1, "10", costs=parts).adds)
    assert (split["margin"], split["costed_net"], split["unsplit_costs"]) == (550, 1000, 0)
    assert (split["production_costs"], split["after_sales_costs"]) == (410, 40)
    assert "logistics_costs" not in split
    assert dict(shop.sale(1, "10", cost="4.50").adds)["unsplit_costs"] == 450
    back = dict(shop.refund(1, "10", costs={"service": "4.50"}).adds)
    assert (back["margin"], back["unsplit_costs"], back["service_costs"]) == (-550, 0, -450)


def test_a_cost_counts_for_its_kind_in_the_base_currency() -> None:
    rates = {"USD": {"2024-01-01": "7.10"}}
    shop = Shop(a_model(SPEND, currencies={"base": "CNY", "rates": rates}))
    cost = shop.event("cost", 1, amount="0.05", currency="USD", kind="marketing")
    assert cost.adds == (("marketing_costs", 36),)


@pytest.mark.parametrize(
    ("value", "who"),
    [(0, "detractors"), (6, "detractors"), (7, "passives"), (8, "passives"), (9, "promoters")],
)
def test_answers_to_would_you_recommend_us_are_counted_by_camp(
    shop: Shop, value: int, who: str
) -> None:
    answer = shop.event("feedback", 1, kind="nps", value=value)
    assert answer.adds == ((who, 1),)
    assert answer.sets == (("nps", float(value)),)


def test_other_feedback_and_engagement_are_counted_by_kind(shop: Shop) -> None:
    satisfied = shop.event("feedback", 1, kind="csat", value=4)
    assert satisfied.adds == (("csat", 1), ("csat_points", 4))
    assert satisfied.sets == (("csat", 4.0),)
    assert shop.event("feedback", 1, kind="suggestion").adds == (("suggestions", 1),)
    assert shop.event("engagement", 1, kind="inquiry").adds == (("inquiries", 1),)
    assert shop.event("engagement", 1, kind="process").adds == (("processes", 1),)


def test_marks_of_sales_feedback_and_engagement(shop: Shop) -> None:
    events = [
        shop.sale(5, "1"), shop.refund(2, "1"), shop.sale(4, "1"),
        shop.event("feedback", 3, kind="suggestion"),
        shop.event("feedback", 6, kind="nps", value=1),
        shop.event("engagement", 7, kind="task"), shop.event("engagement", 1, kind="contract"),
    ]  # fmt: skip
    found = {
        mark: value_of({"kind": "days_since", "mark": mark}, events, JUNE_1 + 9)
        for mark in ("first_transaction", "first_sale", "last_feedback", "last_engagement")
    }
    assert found == {
        "first_transaction": 8.0, "first_sale": 6.0, "last_feedback": 4.0, "last_engagement": 3.0,
    }  # fmt: skip


# ---------------------------------------------------------------- indicators


def test_the_largest_of_a_window_not_its_sum(shop: Shop) -> None:
    events = [shop.sale(1, "30"), shop.sale(1, "5"), shop.sale(3, "20.50"), shop.refund(3, "99")]
    order = {"kind": "largest", "measure": "largest_order", "window": 3}
    assert [value_of(order, events, JUNE_1 + day) for day in (0, 2, 3, 5)] == [
        30.0, 30.0, 20.5, None,
    ]  # fmt: skip
    payment = {"kind": "largest", "measure": "largest_payment"}
    assert value_of(payment, events, JUNE_1 + 9) is None
    assert value_of(payment, [shop.event("payment", 1, amount="0.001")], JUNE_1) is None


def test_product_lines_are_distinct_and_leave_with_their_latest_sale(shop: Shop) -> None:
    events = [
        shop.sale(5, "1", category="toys"), shop.sale(1, "1", category="toys"),
        shop.sale(3, "1", category="food"), shop.sale(3, "1"),
        shop.refund(3, "1", category="books"), shop.event("complaint", 3, category="delivery"),
    ]  # fmt: skip
    lines: dict[str, Any] = {"kind": "distinct", "window": 3}
    assert [value_of(lines, events, JUNE_1 + day) for day in (4, 5, 6, 7)] == [2.0, 1.0, 1.0, 0.0]
    assert value_of(lines | {"window": "lifetime"}, events, JUNE_1 + 99) == 2.0
    assert value_of(lines, [], JUNE_1) == 0.0


def test_a_cycle_takes_two_orders(shop: Shop) -> None:
    cycle = {"kind": "cycle"}
    events = [shop.sale(2, "1"), shop.refund(1, "1")]
    assert value_of(cycle, events, JUNE_1 + 9) is None
    events += [shop.sale(9, "1"), shop.sale(4, "1")]
    assert value_of(cycle, events, JUNE_1 + 9) == 7 / 2


def test_expected_sales_are_those_observed_so_far_over_the_horizon(shop: Shop) -> None:
    expected = {
        "kind": "expected_sales", "add": ["sale_amount"], "subtract": ["refund_amount"],
        "window": 5, "horizon_days": 365,
    }  # fmt: skip
    events = [shop.sale(1, "10"), shop.sale(3, "20"), shop.refund(3, "5")]
    assert value_of(expected, events, JUNE_1) == 10.0 / 1 * 365
    assert value_of(expected, events, JUNE_1 + 3) == 25.0 / 4 * 365
    assert value_of(expected, events, JUNE_1 + 5) == 15.0 / 5 * 365
    assert value_of(expected, [shop.refund(1, "1")], JUNE_1) is None


# ---------------------------------------------------------------- invoices

ARREARS = {"kind": "arrears"}


def test_a_bill_is_due_after_its_terms_and_overdue_a_day_later(shop: Shop) -> None:
    bill = shop.sale(1, "100", invoice_id="a")
    assert [value_of(ARREARS, [bill], JUNE_1 + day) for day in (0, 30, 31)] == [0.0, 0.0, 100.0]
    short = {"invoices": {"terms_days": 2}}
    assert [value_of(ARREARS, [bill], JUNE_1 + day, **short) for day in (2, 3)] == [0.0, 100.0]
    dated = shop.sale(1, "100", invoice_id="a", due_at="2024-06-05")
    assert [value_of(ARREARS, [dated], JUNE_1 + day) for day in (4, 5)] == [0.0, 100.0]


def test_bills_receipts_and_credits_of_an_invoice_meet_in_any_order(shop: Shop) -> None:
    events = [
        shop.event("payment", 2, amount="30", invoice_id="a"),
        shop.sale(3, "50", invoice_id="a", due_at="2024-06-05"),
        shop.refund(9, "10", invoice_id="a"),
        shop.sale(4, "20", invoice_id="a", due_at="2024-06-07"),
        shop.event("payment", 9, amount="5", invoice_id="a"),
        shop.sale(4, "1000", invoice_id="b", due_at="2024-06-30"),
    ]
    overdue_days = {"kind": "overdue_days"}
    for _ in range(6):
        assert value_of(ARREARS, events, JUNE_1 + 8) == 25.0
        assert value_of(overdue_days, events, JUNE_1 + 8) == 2.0
        assert value_of(ARREARS | {"kind": "arrears_rate"}, events, JUNE_1 + 8) == 25 / 1070
        assert sum_of("open_invoices", events, JUNE_1 + 8) == 1.0
        assert sum_of("collections", events, JUNE_1 + 8) == 2.0
        assert sum_of("collection_days", events, JUNE_1 + 8) == 6.0  # the first was before the bill
        assert sum_of("payments_due", events, JUNE_1 + 8) == 2.0
        assert sum_of("payments_on_time", events, JUNE_1 + 8) == 1.0
        assert sum_of("days_late", events, JUNE_1 + 8) == 2.0
        random.shuffle(events)


def test_of_overdue_days_the_mean_of_open_invoices_counts(shop: Shop) -> None:
    events = [
        shop.sale(1, "50", invoice_id="a", due_at="2024-06-02"),
        shop.sale(1, "1", invoice_id="b", due_at="2024-06-05"),
    ]
    ages = [value_of({"kind": "overdue_days"}, events, JUNE_1 + day) for day in (1, 2, 4, 5)]
    assert ages == [None, 1.0, 3.0, 2.5]


def test_a_receipt_with_its_own_due_date_is_measured_by_that_alone(shop: Shop) -> None:
    events = [
        shop.sale(1, "50", invoice_id="a", due_at="2024-06-02"),
        shop.event("payment", 9, amount="50", invoice_id="a", due_at="2024-06-09"),
    ]
    assert sum_of("payments_due", events, JUNE_1 + 8) == 1.0
    assert sum_of("payments_on_time", events, JUNE_1 + 8) == 1.0
    assert sum_of("days_late", events, JUNE_1 + 8) == 0.0


def test_without_invoices_payments_cover_what_was_due_first(shop: Shop) -> None:
    events = [
        shop.sale(1, "50", due_at="2024-06-02"),
        shop.sale(1, "30", due_at="2024-06-10"),
        shop.sale(1, "1000"),
        shop.event("payment", 1, amount="60", due_at="2024-06-02"),
        shop.refund(1, "5"),
        shop.event("payment", 1, amount="999"),
    ]
    assert [value_of(ARREARS, events, JUNE_1 + day) for day in (8, 9, 10)] == [0.0, 0.0, 20.0]
    events += [shop.event("payment", 2, amount="4"), shop.refund(2, "998")]
    assert value_of(ARREARS, events, JUNE_1 + 10) == 20.0 - 3 - 3, "what cash sales leave"
    assert sum_of("billed", events, JUNE_1 + 8) == 80.0
    rate = {"kind": "arrears_rate", "window": 5}
    assert value_of(rate, events, JUNE_1 + 4) == 0.0
    assert value_of(rate, events, JUNE_1 + 10) is None


def test_what_is_paid_beyond_an_invoice_counts_for_what_has_none(shop: Shop) -> None:
    over = [
        shop.sale(1, "50", invoice_id="a"),
        shop.event("payment", 2, amount="70", invoice_id="a"),
        shop.event("payment", 4, amount="1", invoice_id="unknown"),
    ]
    assert facts_of(over, 30).buckets[JUNE_1 + 1]["unmatched_paid"] == 2000
    assert facts_of(over, 30).buckets[JUNE_1 + 3] == {
        "payments": 1, "payment_amount": 100, "largest_payment": 100, "unmatched_paid": 100,
    }  # fmt: skip
    events = [*over, shop.sale(1, "30", due_at="2024-06-02")]
    assert value_of(ARREARS, events, JUNE_1 + 8) == 9.0


def test_what_is_due_on_a_day_to_come_is_in_no_window(shop: Shop) -> None:
    events = [shop.sale(1, "30", due_at="2024-06-05"), shop.sale(1, "8", invoice_id="a")]
    for window in (1, 365, "lifetime", [0, 9]):
        assert sum_of("unmatched_due", events, JUNE_1 + 3, window) == 0.0
        assert sum_of("unmatched_due", events, JUNE_1 + 4, window) == 30.0
    assert sum_of("invoice_rest", events, JUNE_1 + 29) == 0.0
    assert sum_of("invoice_rest", events, JUNE_1 + 30) == 8.0


# ---------------------------------------------------------------- attributes


def test_the_latest_value_of_an_attribute_holds_whatever_came_last(shop: Shop) -> None:
    size = {"kind": "attribute", "attribute": "size"}
    events = [
        shop.event("profile", 3, size=30, region="north"),
        shop.event("profile", 1, size=10),
        shop.event("profile", 4, region="south"),
    ]
    assert value_of(size, events, JUNE_1 + 9) == 30.0
    assert value_of(size, [*events, shop.event("profile", 5, size=None)], JUNE_1 + 9) is None
    assert value_of(size, [*events, shop.event("profile", 2, size=None)], JUNE_1 + 9) == 30.0
    assert value_of(size, [], JUNE_1 + 9) is None


def test_of_two_values_of_one_instant_the_higher_sequence_or_else_the_later_holds(
    shop: Shop,
) -> None:
    size = {"kind": "attribute", "attribute": "size"}
    sequences = [None, None, 7, "7", 6, None]
    said = [shop.event("profile", 3, size=n, sequence=s) for n, s in enumerate(sequences)]
    held = [value_of(size, said[: n + 1], JUNE_1 + 9) for n in range(len(said))]
    assert held == [0.0, 1.0, 2.0, 3.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        (2.5, 2.5),
        (7, 7.0),
        (True, 1.0),
        (False, 0.0),
        ("north", 0.75),
        ("east", None),
        ("12", 12.0),
        (" 1e3 ", 1000.0),
        ("1,5", None),
        ("1e99", None),
    ],
)
def test_an_attribute_stands_for_a_number(shop: Shop, said: Any, number: float | None) -> None:
    spec = {"kind": "attribute", "attribute": "x", "values": {"north": 0.75, "south": 1}}
    assert value_of(spec, [shop.event("profile", 1, x=said)], JUNE_1) == number


def test_an_attribute_fades_and_expires(shop: Shop) -> None:
    events = [shop.event("feedback", 1, kind="nps", value=10)]
    nps: dict[str, Any] = {"kind": "attribute", "attribute": "nps"}
    fading = nps | {"fade": {"to": 5, "days": 4}}
    values = [value_of(fading, events, JUNE_1 + day) for day in (0, 1, 4, 9)]
    assert values == [10.0, 10 + (5 - 10) * 0.25, 5.0, 5.0]
    expiring = nps | {"expires_days": 3}
    assert [value_of(expiring, events, JUNE_1 + day) for day in (0, 2, 3)] == [10.0, 10.0, None]


def test_sums_per_attribute_take_a_positive_number(shop: Shop) -> None:
    share = {
        "kind": "per_attribute", "add": ["sale_amount"], "subtract": ["refund_amount"],
        "window": 30, "attribute": "annual_sales",
    }  # fmt: skip
    events = [shop.sale(2, "30"), shop.refund(2, "0.10")]

    def with_sales(said: Any) -> float | None:
        return value_of(share, [*events, shop.event("profile", 1, annual_sales=said)], JUNE_1 + 5)

    assert [with_sales(said) for said in (0.3, 3, 0, -1, "many", None)] == [
        29.9 / 0.3, 29.9 / 3, None, None, None, None,
    ]  # fmt: skip
    assert value_of(share, events, JUNE_1 + 5) is None


def test_an_override_sets_its_fields_as_attributes(shop: Shop) -> None:
    fields = {"score": "value", "tier": "VIP", "author": "a", "reason": "r"}
    bare = dict(shop.event("override", 1, **fields).sets)
    assert bare == {
        "override:value:tier": "VIP", "override:value:mode": "pin", "override:value:until": None,
        "override:value:author": "a", "override:value:reason": "r",
    }  # fmt: skip
    whole = dict(shop.event("override", 1, mode="floor", until="2024-06-02", **fields).sets)
    assert whole["override:value:mode"] == "floor"
    assert whole["override:value:until"] == JUNE_1 + 1
