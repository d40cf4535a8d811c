"""What is left of a customer's revenue, and what it is when nothing is left."""

import pytest

from tests.behaviour.models import SHIPPED
from tests.behaviour.story import Story


def test_profit_is_revenue_less_every_kind_of_cost() -> None:
    ada = Story(model=SHIPPED)
    parts = {"production": "500", "logistics": "40", "service": "30", "marketing": "20"}
    ada.buys("03-01", "1000", costs=parts | {"after_sales": "10"})
    ada.buys("03-02", "100", cost="60")
    ada.costs("03-03", "15.50", "marketing")
    assert ada.indicator("net_profit_365d") == 1000 - 600 + 100 - 60 - 15.5


def test_a_refund_takes_the_money_and_the_cost_of_the_goods_back() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "1000", cost="600")
    ada.returns("03-02", "1000", cost="600")
    assert ada.indicator("net_profit_365d") == 0


@pytest.mark.parametrize("kind", ["production", "logistics", "service", "marketing", "after_sales"])
def test_a_customer_that_costs_more_than_it_brings_is_below_zero(kind: str) -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "1000", cost="600")
    assert (ada.class_in("class") == "BZ", ada.tier_of("profit")) == (False, "positive")
    ada.costs("03-02", "400.01", kind)
    assert ada.indicator("net_profit_365d") == -0.01
    assert (ada.class_in("class"), ada.tier_of("profit")) == ("BZ", "negative")


def test_a_customer_below_zero_comes_back_when_the_cost_is_a_year_old() -> None:
    ada = Story(model=SHIPPED)
    ada.costs("03-01", "50", "service")
    ada.buys("06-01", "20")
    assert ada.tier_of("profit") == "negative"
    (change,) = [o for o in ada.waits_until("2027-03-01") if o.get("score_name") == "profit"]
    assert (change["from"], change["to"]) == ("negative", "positive")
    assert (change["as_of"], change["cause"]) == ("2027-03-01", {"kind": "time"})


def test_who_spends_a_million_a_year_is_a_diamond_and_stays_one_down_to_950_000() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "950000")
    assert ada.tier_of("profit") == "positive"
    ada.buys("03-02", "50000")
    assert ada.tier_of("profit") == "diamond"
    ada.returns("03-03", "50000")
    assert ada.tier_of("profit") == "diamond"
    ada.returns("03-04", "0.01")
    assert ada.tier_of("profit") == "positive"


def test_a_diamond_must_be_profitable() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "2000000", cost="2000000")
    assert ada.tier_of("profit") == "idle"


def test_the_margin_rate_is_of_the_sales_whose_cost_is_known() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "1000", cost="600")
    ada.buys("03-02", "5000")
    assert ada.indicator("margin_365d") == 400
    assert ada.indicator("margin_rate_365d") == 0.4


def test_of_equal_spend_who_leaves_more_is_worth_more() -> None:
    scores = []
    for cost in ("900", "500"):
        ada = Story(model=SHIPPED)
        ada.buys("03-01", "1000", cost=cost)
        scores.append((ada.score, ada.score_of("profit")))
    (thin, thin_profit), (rich, rich_profit) = scores
    assert (thin < rich, thin_profit < rich_profit) == (True, True)
