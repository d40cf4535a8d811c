"""What, how often and how much a customer buys."""

import pytest

from tests.behaviour.models import SHIPPED
from tests.behaviour.story import Story


def test_different_product_lines_count_once_each_for_a_year_after_their_last_sale() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "100", category="paper")
    ada.buys("04-01", "100", category="ink")
    ada.buys("05-01", "100", category="paper")
    ada.buys("06-01", "100")
    assert ada.indicator("product_lines_365d") == 2
    ada.waits_until("2027-04-01")
    assert ada.indicator("product_lines_365d") == 1  # of paper the sale of May still counts


def test_a_wider_choice_raises_the_potential() -> None:
    scores = []
    for other in ("paper", "ink"):
        ada = Story(model=SHIPPED)
        ada.buys("03-01", "100", category="paper")
        ada.buys("03-01", "100", category=other)
        scores.append(ada.score_of("potential"))
    assert scores[0] < scores[1]


def test_the_purchase_cycle_is_the_mean_time_from_one_order_to_the_next() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "100")
    assert ada.indicator("purchase_cycle_days") is None
    ada.buys("03-05", "100")
    ada.buys("03-31", "100")
    assert ada.indicator("purchase_cycle_days") == 15


def test_when_the_largest_order_leaves_the_year_the_next_one_is_the_largest() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "900")
    ada.buys("04-01", "300")
    ada.buys("05-01", "500")
    assert ada.indicator("largest_order_365d") == 900
    ada.waits_until("2027-02-28")
    assert ada.indicator("largest_order_365d") == 900
    ada.waits_until("2027-03-01")
    assert ada.indicator("largest_order_365d") == 500
    ada.waits_until("2027-05-01")
    assert ada.indicator("largest_order_365d") is None


def test_orders_and_refunds_of_a_year_by_number_amount_and_mean() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "300")
    ada.buys("03-02", "500")
    ada.returns("03-03", "200")
    assert [
        ada.indicator(name)
        for name in ("orders_365d", "spend_365d", "mean_order_365d", "refunds_365d",
                     "refund_amount_365d", "refund_rate_365d")
    ] == [2, 600, 400, 1, 200, 0.25]  # fmt: skip  # a table


def test_expected_sales_go_on_at_the_rate_of_the_year() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "300")
    ada.buys("03-30", "600")
    assert ada.indicator("expected_sales_90d") == pytest.approx(900 / 30 * 90)  # in 30 days so far


def test_growth_compares_half_a_year_with_the_half_before() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("01-01", "400")
    ada.buys("09-01", "500")
    assert ada.indicator("growth_180d") == 0.25


def test_who_keeps_silent_is_less_likely_to_be_alive_and_worth_less() -> None:
    ada = Story(model=SHIPPED)
    for month in range(1, 7):
        ada.buys(f"{month:02d}-01", "500")
    known = (ada.indicator("alive") or 0, ada.indicator("clv_360d") or 0)
    ada.waits_until("12-01")
    assert 0 < (ada.indicator("alive") or 0) < known[0] <= 1
    assert 0 < (ada.indicator("clv_360d") or 0) < known[1]
