"""Classes of customers, and what is told when one changes."""

from typing import Any

import pytest

from tests.behaviour.models import SHIPPED, score_of, small_model, term
from tests.behaviour.story import Story


@pytest.mark.parametrize(
    ("recent", "often", "much", "name"),
    [
        (1, 1, 1, "important_value"), (1, 0, 1, "important_develop"),
        (0, 1, 1, "important_keep"), (0, 0, 1, "important_win_back"),
        (1, 1, 0, "general_value"), (1, 0, 0, "general_develop"),
        (0, 1, 0, "general_keep"), (0, 0, 0, "general_win_back"),
    ],
)  # fmt: skip  # a table
def test_recency_frequency_and_money_make_eight_classes(
    recent: int, often: int, much: int, name: str
) -> None:
    ada = Story(model=SHIPPED)
    for _ in range(4 if often else 1):
        ada.buys("03-01", "6000" if much else "10")
    ada.waits_until("03-01" if recent else "06-01")
    assert ada.class_in("rfm") == name
    assert ada.standing["segment"] == name


def test_a_customers_life_has_four_stages() -> None:
    ada = Story(model=SHIPPED)
    stages = []
    for day, amount in (("01-01", "100"), ("06-01", "300"), ("2027-01-01", "300")):
        ada.buys(day, amount)
        stages.append(ada.class_in("stage"))
    ada.waits_until("2027-06-30")
    stages.append(ada.class_in("stage"))
    assert stages == ["identification", "development", "stable", "decline"]


def test_who_was_in_decline_stays_there_until_it_is_active_again() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("2025-01-01", "100")
    stages = []
    for told_late in (None, "2025-06-01", "2025-08-01"):  # 243, 92 and 31 days ago
        ada.waits_until("2025-09-01")
        if told_late:
            ada.buys(told_late, "100")
        stages.append(ada.class_in("stage") == "decline")
    assert stages == [True, True, False]


def test_a_stage_is_left_at_another_bound_than_it_is_entered_at() -> None:
    """A fall of growth from 0.2 to 0.1 leaves who was developing where it is."""
    stages = []
    for first in ("100", "109"):
        ada = Story(model=SHIPPED)
        ada.buys("01-01", first)
        ada.buys("08-01", "120")  # a growth of 0.2, or of 0.10
        if first == "100":
            ada.buys("01-01", "9")  # told late: now 0.10, too
        assert ada.indicator("growth_180d") == pytest.approx(0.1, abs=0.01)
        stages.append(ada.class_in("stage"))
    assert stages == ["development", "stable"]


def pyramid(**attributes: float) -> Story:
    """A customer under the shipped rules of the four levels, its figures set by a profile."""
    figures = {
        "net_profit_365d": {"kind": "attribute", "attribute": "profit"},
    }
    scores = {"value": score_of(term("worth")), "potential": score_of(term("hope"))}
    segments = {"class": SHIPPED["segments"]["class"]}
    ada = Story(model=small_model(scores, figures, segments=segments))
    ada.is_known_by("03-01", **attributes)
    return ada


@pytest.mark.parametrize(
    ("profit", "worth", "hope", "name"),
    [
        (-0.01, 90, 90, "BZ"),
        (0, 60, 0, "MVC"),
        (0, 59, 55, "MGC"),
        (0, 59, 54, "LVC"),
    ],
)
def test_the_pyramid_has_four_levels(profit: float, worth: float, hope: float, name: str) -> None:
    assert pyramid(profit=profit, worth=worth, hope=hope).class_in("class") == name


def test_a_level_of_the_pyramid_is_kept_a_little_below_its_entrance() -> None:
    ada = pyramid(profit=1, worth=60, hope=0)
    levels = []
    for worth in (58, 56, 58):
        ada.is_known_by("03-02", worth=worth)
        levels.append(ada.class_in("class"))
    assert levels == ["MVC", "LVC", "LVC"]


def test_a_loss_takes_the_most_valuable_customer_to_the_lowest_level_at_once() -> None:
    ada = pyramid(profit=1, worth=90, hope=90)
    ada.is_known_by("03-02", profit=-1)
    assert ada.class_in("class") == "BZ"


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (["2025-01-01", "2025-05-01", "2025-09-01", "2025-12-01", "2026-01-01"], "loyal"),
        (["2025-12-01", "2026-01-01"], "returning"),
        (["2026-01-01"], "occasional"),
        (["2025-01-01"], "lost"),
    ],
)
def test_who_buys_again_of_late_and_for_long_is_loyal(days: list[str], name: str) -> None:
    ada = Story(model=SHIPPED)
    for day in days:
        ada.buys(day, "100")
    ada.waits_until("2026-01-01")
    assert ada.class_in("loyalty") == name


def told(**more: Any) -> Story:
    """A customer in a segment of two classes."""
    rich = {"name": "rich", "when": [{"score": "value", "at_least": 50}]}
    wealth = {"kind": "rules", "classes": [rich, {"name": "poor"}]} | more
    tiers = ({"name": "all"},)
    scores = {"value": score_of(term("worth"), tiers=tiers)}
    return Story(model=small_model(scores, segments={"wealth": wealth}))


def test_a_change_of_class_is_told_with_its_cause() -> None:
    ada = told(tell=True)
    (first,) = ada.is_known_by("03-01", worth=70)
    assert (first["segment"], first["from"], first["to"]) == ("wealth", None, "rich")
    (change,) = ada.is_known_by("03-02", worth=20)
    assert (change["from"], change["to"], change["sequence"]) == ("rich", "poor", 2)
    assert change["cause"] == {"kind": "event", "type": "profile", "event_id": "e2"}
    assert ada.is_known_by("03-03", worth=30) == []


def test_a_class_that_is_not_to_be_told_changes_in_silence() -> None:
    ada = told()
    assert ada.is_known_by("03-01", worth=70) == []
    assert ada.is_known_by("03-02", worth=20) == []
    assert ada.class_in("wealth") == "poor"
