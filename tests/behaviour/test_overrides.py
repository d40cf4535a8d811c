"""A person decides a customer's tier, until a day or until further notice."""

from tests.behaviour.models import score_of, small_model, term
from tests.behaviour.story import Story


def one(worth: float) -> Story:
    """A customer whose score is what the latest profile says it is worth."""
    ada = Story(model=small_model({"value": score_of(term("worth"))}))
    ada.is_known_by("03-01", worth=worth)
    return ada


def test_a_pinned_tier_holds_until_its_last_day_and_then_what_is_earned() -> None:
    ada = one(worth=20)
    (rise,) = ada.is_decided("03-02", "platinum", until="03-31")
    assert (rise["to"], rise["cause"]) == (
        "platinum",
        {"kind": "override", "type": "override", "event_id": "e2"},
    )
    assert ada.score == 20
    assert ada.waits_until("03-31") == []
    (fall,) = ada.waits_until("04-01")
    assert (fall["to"], fall["cause"]) == ("ordinary", {"kind": "time"})


def test_without_a_last_day_a_pinned_tier_holds_until_the_decision_ends() -> None:
    ada = one(worth=90)
    ada.is_decided("03-02", "ordinary")
    assert ada.waits_until("2029-03-01") == []
    assert ada.tier == "ordinary"
    ada.is_decided("2029-03-01", None)
    assert ada.tier == "platinum"


def test_a_floor_lets_a_customer_rise_but_not_fall_below_it() -> None:
    ada = one(worth=20)
    tiers = []
    ada.is_decided("03-02", "gold", mode="floor")
    for worth in (20, 90, 20):
        ada.is_known_by("03-03", worth=worth)
        tiers.append(ada.tier)
    assert tiers == ["gold", "platinum", "gold"]


def test_a_ceiling_lets_a_customer_fall_but_not_rise_above_it() -> None:
    ada = one(worth=90)
    tiers = []
    ada.is_decided("03-02", "gold", mode="ceiling")
    for worth in (90, 20, 90):
        ada.is_known_by("03-03", worth=worth)
        tiers.append(ada.tier)
    assert tiers == ["gold", "ordinary", "gold"]


def test_the_latest_decision_holds_whichever_came_last() -> None:
    ada = one(worth=20)
    ada.is_decided("03-05", "gold")
    ada.is_decided("03-02", "platinum")
    assert ada.tier == "gold"


def test_a_decision_about_a_tier_that_the_score_does_not_have_changes_nothing() -> None:
    ada = one(worth=20)
    assert ada.is_decided("03-02", "diamond") == []
    assert ada.tier == "ordinary"


def test_a_decision_leaves_the_score_and_its_alerts_alone() -> None:
    ada = one(worth=64)
    ada.is_decided("03-02", "ordinary")
    assert ada.score == 64
    assert ada.standing["profile"] == {"worth": 64}
