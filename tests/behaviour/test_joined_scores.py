"""A score of two others, whose shares follow the stage of a customer's life."""

import pytest

from tests.behaviour.models import SHIPPED, score_of, small_model, term
from tests.behaviour.story import Story

STAGE = {
    "kind": "rules",
    "classes": [
        {"name": "young", "when": [{"indicator": "age", "below": 10}]},
        {"name": "grown", "when": [{"indicator": "age", "below": 20}]},
        {"name": "old"},
    ],
}
JOINED = small_model(
    {
        "present": score_of(term("worth")),
        "future": score_of(term("hope")),
        "value": score_of(
            groups=(),
            join={
                "scores": ["present", "future"],
                "by": "stage",
                "shares": {"young": 0.25, "grown": 0.75},
            },
        ),
    },
    {"age": {"kind": "attribute", "attribute": "age"}},
    segments={"stage": STAGE},
)


@pytest.mark.parametrize(
    ("age", "score"), [(1, 0.25 * 20 + 0.75 * 80), (11, 0.75 * 20 + 0.25 * 80), (21, 50)]
)
def test_the_share_of_the_present_is_that_of_the_stage_or_half(age: int, score: float) -> None:
    ada = Story(model=JOINED)
    ada.is_known_by("03-01", worth=20, hope=80, age=age)
    assert ada.score == score


def test_the_points_of_a_joined_score_are_those_of_its_two() -> None:
    ada = Story(model=JOINED)
    ada.is_known_by("03-01", worth=20, hope=80, age=1)
    joined = ada.standing["scores"]["value"]
    assert joined["contributions"] == {"present": 5, "future": 60}


def test_a_new_stage_alone_moves_a_joined_score_and_its_tier() -> None:
    ada = Story(model=JOINED)
    ada.is_known_by("03-01", worth=20, hope=80, age=1)
    (change,) = ada.is_known_by("03-02", age=11)
    assert (change["score_name"], change["from"], change["to"]) == ("value", "gold", "ordinary")
    assert {driver["indicator"] for driver in change["drivers"]} == {"present", "future"}


def test_early_in_life_what_may_come_counts_more() -> None:
    ada = Story(model=SHIPPED)
    ada.buys("03-01", "5000")
    shares = {}
    for day in ("03-01", "08-01"):  # new, then known for five months
        ada.buys(day, "1")
        overall = ada.standing["scores"]["overall"]["contributions"]
        shares[ada.class_in("stage")] = overall["value"] / ada.score
    assert list(shares) == ["identification", "development"]
    assert shares["identification"] == pytest.approx(0.3)
    assert shares["development"] == pytest.approx(0.5)
