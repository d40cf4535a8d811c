"""Debts, cash, invoices in other currencies, and orders that are taken back."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.facts.invoices import share_of
from tests.trials.trying import event, payment, sale, tried

RATES = {
    "USD": {"2026-01-01": "7.10", "2026-07-01": "7.05"},
    "EUR": {"2026-01-01": "7.7123", "2026-07-01": "7.9"},
}
APRIL, NOVEMBER = "2026-04-01T00:00:00Z", "2026-11-01T00:00:00Z"


def test_cash_sales_and_their_payments_never_pay_a_dated_debt(tmp_path: Path) -> None:
    cash = []
    for day in range(1, 11):
        cash += [sale("1000", f"2026-01-{day:02}T12:00:00+08:00")]
        cash += [payment("1000", f"2026-01-{day + 2:02}T12:00:00+08:00")]
    debt = sale("5000", "2026-02-01T12:00:00+08:00", due_at="2026-02-15")
    now = event("praise", APRIL)
    assert tried(tmp_path, [*cash, debt, now]).indicator("arrears") == 5000.0
    part = payment("2000", "2026-02-10T12:00:00+08:00", due_at="2026-02-15")
    assert tried(tmp_path, [*cash, debt, part, now]).indicator("arrears") == 3000.0
    undated = payment("2000", "2026-02-10T12:00:00+08:00")
    assert tried(tmp_path, [*cash, debt, undated, now]).indicator("arrears") == 3000.0


def test_money_that_is_given_back_for_a_cash_sale_pays_no_debt(tmp_path: Path) -> None:
    found = tried(
        tmp_path,
        [
            sale("1000"),
            payment("1000"),
            sale("1000", kind="refund"),
            sale("5000", due_at="2026-02-15"),
            event("praise", APRIL),
        ],
    )
    assert found.indicator("arrears") == 5000.0


@pytest.mark.parametrize(
    ("timezone", "due", "paid", "days"),
    [
        ("Europe/Berlin", "2026-10-24", "2026-10-25T23:30:00+01:00", 1.0),
        ("Europe/Berlin", "2026-03-28", "2026-03-29T23:30:00+02:00", 1.0),
        ("America/New_York", "2026-10-31", "2026-11-01T23:59:00-05:00", 1.0),
        ("Asia/Shanghai", "2026-10-24T09:00:00+08:00", "2026-10-25T08:00:00+08:00", 1.0),
        ("Asia/Shanghai", "2026-10-24T09:00:00+08:00", "2026-10-24T23:00:00+08:00", 0.0),
    ],
)
def test_days_late_are_days_of_the_business_calendar(
    timezone: str, due: str, paid: str, days: float, tmp_path: Path
) -> None:
    """Also where a day has 25 hours, or 23."""
    events = [sale(at="2026-03-01T12:00:00Z"), payment(at=paid, due_at=due)]
    found = tried(tmp_path, events, timezone=timezone)
    assert found.indicator("mean_days_late_365d") == days


def test_nothing_grows_from_below_zero(tmp_path: Path) -> None:
    """900 came back of a sale of long ago, 20 were sold since: that is no growth of 92,000 %."""
    found = tried(
        tmp_path,
        [
            sale("900", "2025-10-15T12:00:00+08:00"),
            sale("900", "2026-01-15T12:00:00+08:00", kind="refund"),
            sale("20", "2026-11-15T12:00:00+08:00"),
        ],
        as_of=20_777,  # 2026-11-20
    )
    assert found.indicator("spend_365d") == -880.0
    assert found.indicator("growth_180d") is None
    assert found.indicator("refund_rate_365d") == 45.0
    assert found.points("value", "refund_rate_365d") == 0.0


REFUNDED = [
    [sale("900", kind="refund")],
    [sale("20", "2025-12-20T12:00:00+08:00"), sale("900", kind="refund", cost="400")],
    [sale("900", "2024-06-01T12:00:00Z", cost="100"), sale("900", kind="refund", cost="100")],
    [sale("10", cost="5"), sale("50", kind="refund", cost="9"), sale("50", kind="chargeback")],
]


@pytest.mark.parametrize("events", REFUNDED)
def test_no_term_of_the_shipped_model_is_best_because_more_came_back_than_was_sold(
    events: list[dict[str, object]], tmp_path: Path
) -> None:
    """Against the same customer without the refunds no money term gains."""
    profile = event("profile", annual_sales=100_000)
    found = tried(tmp_path, [profile, *events])
    money = (
        ("value", "spend_365d"), ("value", "margin_rate_365d"), ("value", "growth_180d"),
        ("value", "refund_rate_365d"), ("potential", "expected_sales_90d"),
        ("potential", "growth_180d"), ("profit", "net_profit_365d"), ("profit", "margin_rate_365d"),
        ("comprehensive", "spend_365d"), ("comprehensive", "net_profit_365d"),
        ("comprehensive", "refund_rate_365d"), ("comprehensive", "share_of_wallet"),
    )  # fmt: skip  # pairs
    best = tried(
        tmp_path,
        [profile, *(sale("90000", f"2026-0{n}-01T12:00:00Z", cost="1") for n in range(1, 10))],
    )
    assert found.indicator("spend_365d") is not None
    for score, term in money:
        if term == "share_of_wallet":
            assert found.indicator(term) is None
            continue
        assert found.points(score, term) < best.points(score, term), (score, term)


def invoice(amount: str, currency: str = "USD", at: str = "2026-06-30T12:00:00+08:00") -> Any:
    return sale(amount, at, currency=currency, invoice_id="i")


def receipt(amount: str, day: int = 5, currency: str = "USD", **fields: Any) -> Any:
    at = f"2026-07-{day:02}T12:00:00+08:00"
    return payment(amount, at, currency=currency, invoice_id="i") | fields


def credit(amount: str) -> Any:
    at = "2026-07-04T12:00:00+08:00"
    return sale(amount, at, kind="refund", currency="USD", invoice_id="i")


@pytest.mark.parametrize(
    ("events", "arrears"),
    [
        pytest.param([invoice("1000"), receipt("1000")], 0.0, id="settled at another rate"),
        pytest.param([receipt("1000"), invoice("1000")], 0.0, id="in any order"),
        pytest.param(
            [invoice("1000"), receipt("333.33"), receipt("333.33", 6), receipt("333.34", 7)],
            0.0,
            id="parts that come to the whole",
        ),
        pytest.param([invoice("1000"), receipt("400")], 4260.0, id="60 % are left"),
        pytest.param([invoice("1000"), credit("300"), receipt("700")], 0.0, id="with a credit"),
        pytest.param(
            [invoice("0.07", "EUR"), *(receipt("0.01", d, "EUR") for d in range(1, 8))],
            0.0,
            id="by cents",
        ),
        pytest.param([invoice("1000"), receipt("7100", currency="CNY")], 0.0, id="in base money"),
    ],
)
def test_an_invoice_is_settled_in_its_own_currency(
    events: list[Any], arrears: float, tmp_path: Path
) -> None:
    """A rate that has moved is an exchange difference, and not a debt."""
    found = tried(tmp_path, [*events, event("praise", NOVEMBER)], rates=RATES)
    assert found.indicator("arrears") == arrears
    assert (found.indicator("overdue_days") is None) == (arrears == 0.0)


@given(st.integers(0, 2**59), st.integers(0, 2**59), st.integers(1, 2**59))
def test_a_share_is_exact_and_rounded_half_to_even(amount: int, part: int, more: int) -> None:
    whole = min(part + more, 2**59)
    part = min(part, whole)
    assert share_of(amount, part, whole) == round(Fraction(amount * part, whole))


JANUARY_10 = "2026-01-10T00:00:00Z"


def void(order: str, at: str = JANUARY_10, **fields: Any) -> Any:
    return event("transaction", at, kind="void", order_id=order, **fields)


def refund(amount: str, order: str, at: str = JANUARY_10, **fields: Any) -> Any:
    return sale(amount, at, kind="refund", order_id=order, **fields)


def test_a_refund_is_judged_with_its_sale_also_out_of_the_window(tmp_path: Path) -> None:
    found = tried(
        tmp_path,
        [
            sale("900", "2025-10-15T12:00:00+08:00", order_id="o"),
            refund("900", "o", "2026-01-15T12:00:00+08:00"),
            sale("20", "2026-11-15T12:00:00+08:00"),
        ],
        as_of=20_777,  # 2026-11-20
    )
    assert found.indicator("spend_365d") == 20.0
    assert found.indicator("refund_amount_365d") == 0.0
    assert found.indicator("refund_rate_365d") == 0.0
    assert found.indicator("growth_180d") == 20.0


@pytest.mark.parametrize(
    "sold", [{"invoice_id": "i", "due_at": "2026-01-31"}, {"due_at": "2026-01-31"}]
)
def test_refunds_and_voids_lower_the_debt_of_their_order(
    sold: dict[str, str], tmp_path: Path
) -> None:
    order, now = sale("1000", order_id="o", **sold), event("praise", APRIL)
    for events, arrears in (
        ([order, now], 1000.0),
        ([order, refund("400", "o"), now], 600.0),
        ([refund("400", "o"), order, now], 600.0),
        ([order, refund("400", "o"), refund("600", "o"), now], 0.0),
        ([order, void("o"), now], 0.0),
        ([void("o"), order, now], 0.0),
        ([order, refund("400", "o"), void("o"), now], 0.0),
    ):
        assert tried(tmp_path, events).indicator("arrears") == arrears


def test_a_void_makes_an_order_as_if_it_had_never_been(tmp_path: Path) -> None:
    """In each order of arrival; with its costs, product line, invoice, marks and largest order."""
    kept = [
        sale("70", "2026-01-02T12:00:00Z", category="A", cost="20"),
        sale("50", "2026-01-05T12:00:00Z", order_id="kept", category="B"),
        event("profile", "2026-01-06T12:00:00Z", size="small"),
    ]
    costs = {"production": "300", "service": "9"}
    gone = [
        sale("1000", "2026-01-01T12:00:00Z", order_id="o", category="C", costs=costs),
        sale("90", "2026-01-05T13:00:00Z", order_id="o", category="B", invoice_id="i"),
        refund("40", "o", "2026-01-07T12:00:00Z", cost="8"),
    ]
    now = event("praise", "2026-02-01T12:00:00Z")
    without = tried(tmp_path, [*kept, now]).customers["c1"]["indicators"]
    for events in (
        [*kept, *gone, void("o"), now],
        [void("o"), *gone, *kept, now],
        [gone[2], gone[1], void("o", amount="1"), *kept, gone[0], now],
        [gone[0], kept[1], gone[1], void("o"), kept[0], gone[2], kept[2], now],
    ):
        assert tried(tmp_path, events).customers["c1"]["indicators"] == without


def test_a_chargeback_is_a_refund_and_a_complaint(tmp_path: Path) -> None:
    found = tried(
        tmp_path,
        [
            sale("1000", "2026-01-02T12:00:00Z", order_id="o"),
            sale("1000", "2026-01-08T12:00:00Z", kind="chargeback", order_id="o", severity=5),
        ],
    )
    assert found.indicator("spend_365d") == 0.0
    assert found.indicator("refund_rate_365d") == 1.0
    assert found.indicator("complaints_365d") == 1.0
    assert found.indicator("complaint_severity_365d") == 5.0


def test_an_order_moves_to_another_customer_by_a_void_and_its_sale_there(tmp_path: Path) -> None:
    wrong = sale("100", order_id="o")
    found = tried(tmp_path, [wrong, void("o"), wrong | {"customer_id": "right"}])
    assert found.indicator("orders_365d") == 0.0
    assert found.indicator("recency_days") is None
    assert found.indicator("spend_365d", "right") == 100.0
    assert not found.dead


def test_a_second_void_takes_nothing_from_other_sales_of_that_day(tmp_path: Path) -> None:
    """The order was gone when they came."""
    day = "2026-01-05T1{}:00:00Z"
    events = [
        sale("9", day.format(0), order_id="o", category="A"),
        void("o"),
        sale("70", day.format(1)),
    ]
    events += [void("o"), event("praise", "2026-01-06T00:00:00Z")]
    found = tried(tmp_path, events)
    assert found.indicator("largest_order_365d") == 70.0
    assert found.indicator("product_lines_365d") == 0.0
