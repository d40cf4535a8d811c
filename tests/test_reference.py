"""The oracle itself: measures, indicators, scores (docs/semantics.md §1–§5) worked out by hand."""

import math
from datetime import date
from typing import Any

import pytest

from tests.reference import Event, evaluate
from tests.reference.scores import points_of
from tests.reference.shop import JUNE_1, SPEND, Shop, a_model


def value_of(
    spec: dict[str, Any], events: list[Event], as_of: int, **sections: Any
) -> float | None:
    """The value of one indicator."""
    return evaluate(a_model({"x": spec}, **sections), events, as_of).indicators["x"]


# ---------------------------------------------------------------- events and measures


@pytest.mark.parametrize(
    ("due_at", "paid_at", "on_time", "days_late"),
    [
        ("2024-06-01T10:00:00Z", "2024-06-01T10:00:00Z", 1, 0),
        ("2024-06-01T10:00:00Z", "2024-06-01T10:00:00.001Z", 0, 0),
        ("2024-06-01T10:00:00Z", "2024-06-02T10:00:00Z", 0, 1),
        ("2024-06-01T10:00:00Z", "2024-06-02T15:59:59.999Z", 0, 1),
        ("2024-06-01T10:00:00Z", "2024-06-02T16:00:00Z", 0, 2),
        ("2024-06-01T18:00:00+08:00", "2024-06-01T10:00:00Z", 1, 0),
        ("2024-06-01", "2024-06-01T15:59:59.999Z", 1, 0),  # the day ends at 16:00 UTC in Shanghai
        ("2024-06-01", "2024-06-01T16:00:00Z", 0, 1),
        (1_717_236_000_000, "2024-06-01T10:00:00Z", 1, 0),
    ],
)
def test_a_payment_is_late_from_the_first_millisecond_and_its_days_are_those_of_the_calendar(
    due_at: str, paid_at: str, on_time: int, days_late: int
) -> None:
    adds = dict(Shop(a_model(SPEND)).event("payment", paid_at, amount="1", due_at=due_at).adds)
    assert adds["payments_due"] == 1
    assert (adds.get("payments_on_time", 0), adds.get("days_late", 0)) == (on_time, days_late)


def test_a_payment_without_a_due_date_is_neither_late_nor_on_time() -> None:
    payment = Shop(a_model(SPEND)).event("payment", 1, amount="12.30", due_at=None)
    assert dict(payment.adds) == {
        "payments": 1, "payment_amount": 1230, "largest_payment": 1230,
    }  # fmt: skip


def test_the_day_of_an_event_is_that_of_the_business_time_zone() -> None:
    shop = Shop(a_model(SPEND))
    assert shop.sale("2024-05-31T15:59:59.999Z", "1").day == JUNE_1 - 1
    assert shop.sale("2024-05-31T16:00:00Z", "1").day == JUNE_1


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.125", None, 12),  # half to even
        ("0.135", "CNY", 14),
        (0.1, "CNY", 10),
        (5, None, 500),
        ("1.00", "USD", 710),
        ("0.05", "USD", 36),  # 35.5
        ("999999999999.99", None, 99999999999999),
    ],
)
def test_money_is_rounded_once_half_to_even(amount: Any, currency: str | None, minor: int) -> None:
    rates = {"USD": {"2024-01-01": "7", date(2024, 6, 1): "7.10", "2024-06-02": "9"}}
    model = a_model(SPEND, currencies={"base": "CNY", "rates": rates})
    adds = dict(Shop(model).sale(1, amount, currency=currency).adds)
    assert adds["sale_amount"] == minor


def test_the_base_currency_sets_the_minor_unit() -> None:
    for base, minor in (("JPY", 2), ("CNY", 150), ("KWD", 1500)):
        model = a_model(SPEND, currencies={"base": base})
        sale = Shop(model).sale(1, "1.5")
        assert dict(sale.adds)["sale_amount"] == minor
        assert evaluate(model, [sale], JUNE_1).indicators["spend"] == {2: 2.0}.get(minor, 1.5)


def test_the_cost_is_a_number_or_the_sum_of_its_parts_each_rounded() -> None:
    shop = Shop(a_model(SPEND))
    whole = dict(shop.sale(1, "10", cost="4.50").adds)
    parts = dict(shop.sale(1, "10", costs={"production": "4.125", "service": "0.125"}).adds)
    back = dict(shop.refund(1, "10", cost="4.50").adds)
    assert (whole["margin"], whole["costed_net"]) == (550, 1000)
    assert (parts["margin"], parts["costed_net"]) == (576, 1000)
    assert (back["margin"], back["costed_net"]) == (-550, -1000)
    assert "margin" not in dict(shop.sale(1, "10", cost=None).adds)


def test_feedback_counts_with_its_level() -> None:
    shop = Shop(a_model(SPEND))
    assert shop.event("complaint", 1).adds == (("complaints", 1), ("complaint_severity", 3))
    assert shop.event("complaint", 1, severity=5).adds[1] == ("complaint_severity", 5)
    assert shop.event("praise", 1).adds == (("praise", 1),)
    assert dict(shop.event("praise", 1, rating=4).adds)["praise_rating"] == 4


# ---------------------------------------------------------------- windows and indicators


@pytest.mark.parametrize(
    ("window", "ages"),
    [
        (1, {0}),
        (3, {0, 1, 2}),
        ([2, 4], {2, 3}),
        ("lifetime", set(range(8))),
        (None, set(range(8))),
    ],
)
def test_a_window_holds_from_its_first_age_to_before_its_last(window: Any, ages: set[int]) -> None:
    spec = {"kind": "sum", "add": ["orders"], "window": window}
    sale = Shop(a_model(SPEND)).sale(1, "1")
    held = {age for age in range(8) if value_of(spec, [sale], JUNE_1 + age) == 1.0}
    assert held == ages


def test_events_after_the_as_of_day_have_not_happened_yet() -> None:
    shop = Shop(a_model(SPEND))
    events = [shop.sale(1, "10"), shop.sale(3, "5")]
    since = {"kind": "days_since", "mark": "last_sale"}
    assert value_of(SPEND["spend"], events, JUNE_1 + 1) == 10.0
    assert value_of(since, events, JUNE_1 + 1) == 1.0
    assert value_of(since, events, JUNE_1 - 1) is None


def test_ratios_divide_major_units_by_counts_and_are_null_without_a_positive_divisor() -> None:
    shop = Shop(a_model(SPEND))
    events = [shop.sale(1, "10", cost="4"), shop.sale(1, "5.01"), shop.refund(1, "3")]
    mean = {"kind": "ratio", "add": ["sale_amount"], "per": ["orders"], "window": 2}
    margin = {"kind": "ratio", "add": ["margin"], "per": ["costed_net"]}
    assert value_of(mean, events, JUNE_1) == 1501 / 100 / 2
    assert value_of(margin, events, JUNE_1) == 600 / 1000
    for back in ("10", "11"):
        assert value_of(margin, [*events, shop.refund(1, back, cost="4")], JUNE_1) is None
    assert value_of(mean, events, JUNE_1 + 2) is None


def test_growth_compares_two_windows_and_divides_by_one_unit_at_least() -> None:
    shop = Shop(a_model(SPEND))
    growth = {
        "kind": "growth", "add": ["sale_amount"], "subtract": ["refund_amount"],
        "window": 3, "presence": ["orders", "refunds"],
    }  # fmt: skip
    old, new = shop.sale(1, "8"), shop.sale(4, "10")
    assert value_of(growth, [old, new], JUNE_1 + 3) == (1000 - 800) / 800
    assert value_of(growth, [new], JUNE_1 + 3) == 1000 / 100
    assert value_of(growth | {"losses": True}, [shop.refund(1, "8"), new], JUNE_1 + 3) == 18.0
    assert value_of(growth, [shop.refund(1, "8"), new], JUNE_1 + 3) is None
    losses = [shop.refund(1, "8"), shop.refund(4, "5")]
    assert value_of(growth, losses, JUNE_1 + 3) == -500 / 100
    assert value_of(growth, [old, shop.refund(1, "8")], JUNE_1) == 0.0
    assert value_of(growth, [old], JUNE_1 + 5) == -1.0
    assert value_of(growth, [old], JUNE_1 + 6) is None


def test_a_share_starts_at_one_half_and_days_count_from_marks() -> None:
    shop = Shop(a_model(SPEND))
    share = {"kind": "share", "add": ["praise"], "against": ["complaints"], "window": 365}
    assert value_of(share, [], JUNE_1) == 0.5
    assert value_of(share, [shop.event("praise", 1)] * 2, JUNE_1) == 3 / 4
    events = [shop.refund(2, "1"), shop.sale(5, "1"), shop.sale(3, "1")]
    assert value_of({"kind": "days_since", "mark": "first_transaction"}, events, JUNE_1 + 9) == 8.0
    assert value_of({"kind": "days_since", "mark": "last_sale"}, events, JUNE_1 + 9) == 5.0
    assert value_of({"kind": "days_since", "mark": "last_payment"}, events, JUNE_1 + 9) is None


# ---------------------------------------------------------------- scores

BENT = {"kind": "piecewise", "points": [[0, 0.7], [10, 0.1], [20, 1]]}
"""0.7 + (0.1 - 0.7) × 1 is not 0.1 in floats: at a point its own y must come out."""


@pytest.mark.parametrize(
    ("normaliser", "x", "n"),
    [
        ({"kind": "linear", "low": -1, "high": 1}, 0.5, 0.75),
        ({"kind": "linear", "low": 10, "high": 20}, 3.0, 0.0),
        ({"kind": "log", "high": 99}, 9.0, math.log(10) / math.log(100)),
        ({"kind": "log", "high": 99}, -5.0, 0.0),
        ({"kind": "log", "high": 99}, 1e9, 1.0),
        (BENT, -1.0, 0.7),
        (BENT, 5.0, 0.7 + (0.1 - 0.7) * 0.5),
        (BENT, 10.0, 0.1),
        (BENT, 99.0, 1.0),
        ({"kind": "logistic", "middle": 3, "scale": 2}, 3.0, 0.5),
        ({"kind": "logistic", "middle": 3, "scale": 2}, 5.0, 1 / (1 + math.exp(-1))),
        ({"kind": "logistic", "middle": 3, "scale": 0.001}, -1e6, 0.0),
        ({"kind": "steps", "steps": [[1, 0.2], [5, 0.7]]}, 0.0, 0.2),
        ({"kind": "steps", "steps": [[1, 0.2], [5, 0.7]]}, 4.99, 0.2),
        ({"kind": "steps", "steps": [[1, 0.2], [5, 0.7]]}, 5.0, 0.7),
    ],
)
@pytest.mark.parametrize("direction", ["more", "less"])
def test_normalisers_map_to_shares_of_a_terms_points(
    normaliser: dict[str, Any], x: float, n: float, direction: str
) -> None:
    term = {"indicator": "x", "weight": 3, "normaliser": normaliser, "direction": direction}
    assert points_of_each([term], x) == [100 * 1.0 * (n if direction == "more" else 1 - n)]


def points_of_each(terms: list[dict[str, Any]], x: float | None) -> list[float]:
    """The points of terms in one group, all of an indicator worth `x`."""
    groups = [{"name": "g", "weight": 2, "indicators": terms}]
    model = a_model({}, scores={"s": {"groups": groups, "tiers": [{"name": "all"}]}})
    return [points_of(term, x) for term in model.scores[0].terms]


def test_a_missing_value_gives_its_own_share_whatever_the_direction() -> None:
    linear = {"kind": "linear", "low": 0, "high": 1}
    term = {"indicator": "x", "weight": 1, "normaliser": linear, "direction": "less"}
    assert points_of_each([term | {"missing": 0.25}], None) == [25.0]
    assert points_of_each([term], None) == [0.0]


def test_weights_are_products_down_the_groups_each_level_divided_by_its_sum() -> None:
    def term(name: str, weight: float) -> dict[str, Any]:
        linear = {"kind": "linear", "low": 0, "high": 1}
        return {"indicator": name, "weight": weight, "normaliser": linear}

    inner = [
        {"name": "p", "weight": 1, "indicators": [term("a", 1), term("b", 3)]},
        {"name": "q", "weight": 3, "indicators": [term("c", 5)]},
    ]
    groups = [
        {"name": "deep", "weight": 3, "groups": inner},
        {"name": "flat", "weight": 1, "indicators": [term("d", 2)]},
    ]
    model = a_model({}, scores={"s": {"groups": groups, "tiers": [{"name": "all"}]}})
    weights = {t.indicator: t.weight for t in model.scores[0].terms}
    assert weights == {"a": 0.046875, "b": 0.140625, "c": 0.5625, "d": 0.25}
