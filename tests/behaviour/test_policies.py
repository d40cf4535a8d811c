"""When a tier that is no longer earned is lost; a higher one is reached at once."""

from typing import Any

import pytest

from tests.behaviour.models import TIERS, score_of, small_model, term
from tests.behaviour.story import Story


def one(tiers: Any = TIERS, **policy: Any) -> Story:
    """A customer whose score is what the latest profile says it is worth."""
    value = score_of(term("worth"), policy=policy, tiers=tiers)
    return Story(model=small_model({"value": value}))


def moves(outcomes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Day, from and to of tier changes."""
    return [(o["as_of"][5:], o["from"], o["to"]) for o in outcomes]


def test_without_a_policy_a_tier_is_lost_as_soon_as_it_is_no_longer_earned() -> None:
    ada = one()
    ada.is_known_by("03-01", worth=90)
    assert moves(ada.is_known_by("03-01", worth=20)) == [("03-01", "platinum", "ordinary")]


def test_days_of_grace_pass_before_a_tier_is_lost() -> None:
    ada = one(grace_days=14)
    ada.is_known_by("03-01", worth=90)
    assert ada.is_known_by("03-10", worth=20) == []
    assert ada.tier == "platinum"
    assert moves(ada.waits_until("03-31")) == [("03-24", "platinum", "ordinary")]


def test_who_recovers_within_the_grace_keeps_its_tier_and_has_all_of_it_again() -> None:
    ada = one(grace_days=14)
    ada.is_known_by("03-01", worth=90)
    ada.is_known_by("03-10", worth=20)
    ada.is_known_by("03-20", worth=76)  # not enough to enter, enough to stay
    assert ada.is_known_by("03-25", worth=20) == []
    assert moves(ada.waits_until("04-30")) == [("04-08", "platinum", "ordinary")]


def test_a_higher_tier_is_reached_at_once_whatever_the_policy() -> None:
    ada = one(grace_days=30, minimum_stay_days=90, review="year", one_step_down=True)
    assert moves(ada.is_known_by("03-01", worth=90)) == [("03-01", "ordinary", "platinum")]


def test_a_tier_is_kept_for_its_minimum_stay() -> None:
    ada = one(minimum_stay_days=30)
    ada.is_known_by("03-01", worth=90)
    ada.is_known_by("03-02", worth=20)
    assert moves(ada.waits_until("04-30")) == [("03-31", "platinum", "ordinary")]


@pytest.mark.parametrize(
    ("review", "day"), [("month", "05-01"), ("quarter", "07-01"), ("year", "01-01")]
)
def test_a_tier_is_lost_on_a_day_of_review_only(review: str, day: str) -> None:
    ada = one(review=review)
    ada.is_known_by("04-01", worth=90)
    assert ada.is_known_by("04-02", worth=20) == []
    assert moves(ada.waits_until("2027-12-31")) == [(day, "platinum", "ordinary")]


def test_a_fall_of_one_step_at_a_time_has_its_grace_at_each() -> None:
    ada = one(one_step_down=True, grace_days=10)
    ada.is_known_by("03-01", worth=90)
    ada.is_known_by("03-01", worth=20)
    assert moves(ada.waits_until("04-30")) == [
        ("03-11", "platinum", "gold"), ("03-21", "gold", "ordinary"),
    ]  # fmt: skip


def test_a_tier_may_ask_for_bounds_of_indicators_besides_the_score() -> None:
    bound = {"indicator": "hope", "at_least": 50, "leave_below": 40}
    tiers = ({"name": "ordinary"}, TIERS[1] | {"when": [bound]})
    ada = one(tiers)
    steps = []
    for hope in (None, 49, 50, 40, 39):
        ada.is_known_by("03-01", worth=70, hope=hope)
        steps.append(ada.tier)
    assert steps == ["ordinary", "ordinary", "gold", "gold", "ordinary"]


def test_a_tier_may_ask_for_any_of_its_bounds() -> None:
    tiers = (
        {"name": "ordinary"},
        TIERS[1] | {"when": [{"indicator": "hope", "at_least": 50}], "combine": "any"},
    )
    for worth, hope, tier in ((70, 0, "gold"), (0, 50, "gold"), (0, 0, "ordinary")):
        ada = one(tiers)
        ada.is_known_by("03-01", worth=worth, hope=hope)
        assert ada.tier == tier


def test_bounds_of_tiers_may_be_those_of_the_population() -> None:
    tiers = ({"name": "ordinary"}, {"name": "gold", "enter_at": "population"})
    bounds = {"value": {"gold": {"enter_at": 42, "leave_below": 40}}}
    value = score_of(term("worth"), tiers=tiers)
    ada = Story(model=small_model({"value": value}, population={"bounds": bounds}))
    steps = []
    for worth in (41, 42, 40, 39):
        ada.is_known_by("03-01", worth=worth)
        steps.append(ada.tier)
    assert steps == ["ordinary", "gold", "gold", "ordinary"]
