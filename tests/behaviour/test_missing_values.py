"""What stands for a value that is not known, and what an outlier counts."""

from typing import Any

import pytest

from tests.behaviour.models import score_of, small_model, term
from tests.behaviour.story import Story

FIGURES = {"mean": 50, "median": 40, "low": 10, "high": 70}
POPULATION = {
    "indicators": {"worth": FIGURES},
    "peers": {"industry": {"金融": {"worth": {"mean": 90, "median": 80}}}},
    "regressions": {"worth": {"intercept": 5, "coefficients": {"hope": 2}}},
}


def one(missing: Any, **attributes: Any) -> Story:
    """A customer whose `worth` may be missing, among others whose figures the model knows."""
    value = score_of(term("worth", missing=missing))
    ada = Story(model=small_model({"value": value}, population=POPULATION))
    ada.is_known_by("03-01", **({"hope": None} | attributes))
    return ada


@pytest.mark.parametrize(
    ("missing", "score"),
    [
        (0.3, 30),
        ({"fill": "constant", "value": 25}, 25),
        ({"fill": "mean"}, 50),
        ({"fill": "median"}, 40),
    ],
)
def test_a_share_a_constant_or_the_populations_figure_stands_for_a_missing_value(
    missing: Any, score: float
) -> None:
    ada = one(missing)
    assert ada.indicator("worth") is None
    assert ada.score == score
    ada.is_known_by("03-02", worth=66)
    assert ada.score == 66


def test_the_median_of_the_same_industry_stands_for_a_missing_value() -> None:
    missing = {"fill": "peers", "by": "industry"}
    assert one(missing, industry="金融").score == 80
    assert one(missing | {"of": "mean"}, industry="金融").score == 90


def test_without_peers_the_population_stands_in() -> None:
    missing = {"fill": "peers", "by": "industry"}
    assert one(missing, industry="渔业").score == 40
    assert one(missing).score == 40


def test_an_estimate_from_another_indicator_stands_for_a_missing_value() -> None:
    assert one({"fill": "regression"}, hope=20).score == 45
    assert one({"fill": "regression"}).score == 50  # that is missing too: the mean


def test_what_is_left_out_gives_its_weight_to_the_others() -> None:
    value = score_of(term("worth", missing="leave_out"), term("hope"))
    ada = Story(model=small_model({"value": value}))
    ada.is_known_by("03-01", hope=70)
    assert ada.score == 70
    assert ada.standing["scores"]["value"]["contributions"] == {"worth": 0, "hope": 70}
    ada.is_known_by("03-01", worth=30)
    assert ada.score == 50


@pytest.mark.parametrize(("worth", "score"), [(95, 80), (80, 80), (50, 50), (20, 20), (3, 20)])
def test_an_outlier_counts_no_more_than_the_bound(worth: float, score: float) -> None:
    value = score_of(term("worth", clip={"low": 20, "high": 80}))
    ada = Story(model=small_model({"value": value}))
    ada.is_known_by("03-01", worth=worth)
    assert ada.indicator("worth") == worth
    assert ada.score == score


def test_the_bounds_of_outliers_may_be_the_populations_fences() -> None:
    value = score_of(term("worth", clip={"low": "population", "high": "population"}))
    ada = Story(model=small_model({"value": value}, population=POPULATION))
    scores = []
    for worth in (0, 50, 100):
        ada.is_known_by("03-01", worth=worth)
        scores.append(ada.score)
    assert scores == [10, 50, 70]
