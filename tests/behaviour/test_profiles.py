"""What is known of a customer besides what it did."""

from itertools import permutations

import pytest

from tests.behaviour.models import SHIPPED
from tests.behaviour.story import Story


def test_the_latest_said_holds_whichever_came_last() -> None:
    said = (("01-01", 1.0), ("02-01", 2.0), ("03-01", 3.0))
    for arrival in permutations(said):
        ada = Story(model=SHIPPED)
        for day, capital in arrival:
            ada.is_known_by(day, registered_capital=capital)
        assert ada.indicator("registered_capital") == 3.0


def test_what_a_profile_does_not_name_stays_and_null_takes_away() -> None:
    ada = Story(model=SHIPPED)
    ada.is_known_by("03-01", region="华东", industry="金融", annual_sales=5)
    ada.is_known_by("03-02", industry="电信", annual_sales=None)
    assert ada.standing["profile"] == {"region": "华东", "industry": "电信"}
    assert ada.indicator("annual_sales") is None


@pytest.mark.parametrize(("size", "number"), [("large", 3), ("小型", 1), ("huge", None)])
def test_a_text_counts_as_the_number_that_the_model_gives_it(
    size: str, number: float | None
) -> None:
    ada = Story(model=SHIPPED)
    ada.is_known_by("03-01", size=size, listed=True)
    assert (ada.indicator("size"), ada.indicator("listed")) == (number, 1)


def test_attributes_of_persons_are_kept_as_those_of_companies() -> None:
    ada = Story(model=SHIPPED)
    person = {"age": 41, "education": "硕士", "has_car": True, "favourite_colour": "蓝"}
    ada.is_known_by("03-01", **person)
    assert ada.standing["profile"] == person


def test_a_rating_that_is_not_renewed_fades_and_then_expires() -> None:
    ada = Story(model=SHIPPED)
    ada.is_known_by("2026-01-01", future_demand=9)
    ada.waits_until("2026-07-02")  # 182 of 365 days on its way to 5
    assert ada.indicator("future_demand") == pytest.approx(9 - 4 * 182 / 365)
    ada.waits_until("2027-12-31")
    assert ada.indicator("future_demand") == 5
    ada.waits_until("2028-01-01")
    assert ada.indicator("future_demand") is None


def test_a_renewed_rating_counts_in_full_again() -> None:
    ada = Story(model=SHIPPED)
    ada.is_known_by("2026-01-01", technology_fit=9)
    ada.is_known_by("2026-12-01", technology_fit=9)
    assert ada.indicator("technology_fit") == 9


@pytest.mark.parametrize(
    ("rating", "score", "raises"),
    [
        ("industry_influence", "potential", True),
        ("technology_fit", "potential", True),
        ("resource_complement", "potential", True),
        ("future_demand", "potential", True),
        ("financial_health", "credit", True),
        ("compliance", "credit", True),
        ("supplier_dependence", "credit", False),
        ("market_sensitivity", "credit", False),
    ],
)
def test_ratings_of_strategy_raise_the_potential_and_those_of_risk_move_the_credit(
    rating: str, score: str, raises: bool
) -> None:
    ada = Story(model=SHIPPED)
    ada.is_known_by("03-01", **{rating: 1})
    low = ada.score_of(score)
    ada.is_known_by("03-01", **{rating: 9})
    assert (ada.score_of(score) > low) == raises
    assert ada.score_of(score) != low


def test_a_share_of_wallet_is_what_a_customer_spends_with_us_of_its_own_sales() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "5000")
    assert ada.indicator("share_of_wallet") is None
    ada.is_known_by("03-02", annual_sales=100000)
    assert ada.indicator("share_of_wallet") == 0.05
