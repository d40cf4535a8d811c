"""The oracle itself: missing values, joined scores, segments (docs/semantics.md §5, §12)."""

from typing import Any

import pytest

from tests.reference import Event, Model, evaluate
from tests.reference.shop import JUNE_1, Shop, a_model

SPENT: dict[str, Any] = {"kind": "sum", "add": ["sale_amount"]}
SIZE: dict[str, Any] = {"kind": "attribute", "attribute": "size"}
RATING: dict[str, Any] = {"kind": "attribute", "attribute": "rating"}
INDICATORS = {"spent": SPENT, "size": SIZE, "rating": RATING}
POPULATION: dict[str, Any] = {
    "indicators": {
        "size": {"mean": 40, "median": 30, "quintiles": [10, 20, 30, 40]},
        "rating": {"mean": 50, "median": 45, "quintiles": [1, 2, 3, 4]},
        "spent": {"mean": 7, "median": 5, "quintiles": [5, 10, 15, 20]},
    },
    "peers": {"region": {"north": {"size": {"mean": 80, "median": 60}}}},
    "regressions": {"size": {"intercept": 3, "coefficients": {"spent": 2, "rating": 0.1}}},
}


def a_term(name: str, weight: float = 1, **more: Any) -> dict[str, Any]:
    linear = {"kind": "linear", "low": 0, "high": 100}
    return {"indicator": name, "weight": weight, "normaliser": linear} | more


def a_score(*terms: dict[str, Any], **more: Any) -> dict[str, Any]:
    groups = [{"name": "g", "weight": 1, "indicators": list(terms)}]
    return {"groups": groups, "tiers": [{"name": "all"}]} | more


def points(model: Model, *events: Event, score: str = "value") -> dict[str, float]:
    return evaluate(model, events, JUNE_1).points[score]


def a_model_of(*terms: dict[str, Any], **sections: Any) -> Model:
    scores = {"value": a_score(*terms)}
    return a_model(INDICATORS, scores=scores, population=POPULATION, **sections)


# ---------------------------------------------------------------- clipping and missing values


@pytest.mark.parametrize(
    ("clip", "spent", "expected"),
    [
        ({"low": 20, "high": 60}, "5", 20.0),
        ({"low": 20, "high": 60}, "99", 60.0),
        ({"low": 20}, "99", 99.0),
        ({"high": 60}, "5", 5.0),
    ],
)
def test_a_value_is_clipped_before_it_is_normalised(
    clip: dict[str, Any], spent: str, expected: float
) -> None:
    model = a_model_of(a_term("spent", clip=clip))
    assert points(model, Shop(model).sale(1, spent)) == {"spent": expected}


@pytest.mark.parametrize(
    ("missing", "region", "rating", "expected"),
    [
        (0.25, None, None, 25.0),
        ({"fill": "constant", "value": 12}, None, None, 12.0),
        ({"fill": "mean"}, None, None, 40.0),
        ({"fill": "median"}, None, None, 30.0),
        ({"fill": "peers", "by": "region", "of": "mean"}, "north", None, 80.0),
        ({"fill": "peers", "by": "region", "of": "median"}, "north", None, 60.0),
        ({"fill": "peers", "by": "region", "of": "median"}, "south", None, 30.0),
        ({"fill": "peers", "by": "region", "of": "mean"}, None, None, 40.0),
        ({"fill": "peers", "by": "region", "of": "mean"}, True, None, 40.0),
        ({"fill": "regression"}, None, 20, 3 + 2 * 10.0 + 0.1 * 20.0),
        ({"fill": "regression"}, None, None, 40.0),
    ],
)
def test_a_missing_value_is_filled_from_the_population(
    missing: Any, region: Any, rating: Any, expected: float
) -> None:
    model = a_model_of(a_term("size", missing=missing))
    shop = Shop(model)
    profile = shop.event("profile", 1, region=region, rating=rating)
    assert points(model, shop.sale(1, "10"), profile)["size"] == pytest.approx(expected, abs=1e-12)
    there = shop.event("profile", 1, size=5, region="north")
    assert points(model, there) == {"size": 5.0}


def test_what_fills_is_clipped_and_turned_like_a_value() -> None:
    fill = {"fill": "mean"}
    model = a_model_of(a_term("size", missing=fill, clip={"high": 35}, direction="less"))
    assert points(model) == {"size": 65.0}


def test_what_is_left_out_gives_its_weight_to_the_others() -> None:
    out = {"missing": "leave_out"}
    terms = (a_term("spent", 1), a_term("size", 2, **out), a_term("rating", 5, **out))
    model = a_model_of(*terms)
    shop = Shop(model)
    sale, profile = shop.sale(1, "64"), shop.event("profile", 1, rating=32)
    assert points(model, sale) == {"spent": 64.0, "size": 0.0, "rating": 0.0}
    factor = 100.0 / 75.0
    assert points(model, sale, profile) == {
        "spent": 12.5 * 0.64 * factor, "size": 0.0, "rating": 62.5 * 0.32 * factor,
    }  # fmt: skip
    model = a_model_of(*terms[1:])
    assert points(model) == {"size": 0.0, "rating": 0.0}


# ---------------------------------------------------------------- joined scores


def test_a_joined_score_weighs_two_by_the_raw_class() -> None:
    classes = [
        {"name": "large", "when": [{"indicator": "size", "at_least": 10}]},
        {"name": "small", "when": [{"indicator": "size", "at_least": 5}]},
        {"name": "unknown"},
    ]
    join = {"scores": ["value", "worth"], "by": "by_size", "shares": {"large": 0.25, "small": 1}}
    scores = {
        "both": {"join": join, "tiers": [{"name": "all"}]},
        "worth": a_score(a_term("rating")),
        "value": a_score(a_term("spent")),
    }
    segments = {"by_size": {"kind": "rules", "classes": classes}}
    model = a_model(INDICATORS, scores=scores, segments=segments)
    shop = Shop(model)

    def joined(**attributes: Any) -> dict[str, float]:
        profile = shop.event("profile", 1, rating=40, **attributes)
        return points(model, shop.sale(1, "80"), profile, score="both")

    assert joined(size=10) == {"value": 0.25 * 80.0, "worth": 0.75 * 40.0}
    assert joined(size=5) == {"value": 80.0, "worth": 0.0}
    assert joined() == {"value": 40.0, "worth": 20.0}
    assert evaluate(model, [], JUNE_1).scores == {"both": 0.0, "worth": 0.0, "value": 0.0}


# ---------------------------------------------------------------- segments


def classes_of(segments: dict[str, Any], *events: Event) -> dict[str, str]:
    scores = {"value": a_score(a_term("spent"))}
    model = a_model(INDICATORS, scores=scores, segments=segments, population=POPULATION)
    return evaluate(model, events, JUNE_1).classes


def test_a_raw_class_is_the_first_whose_conditions_all_hold() -> None:
    shop = Shop(a_model(INDICATORS))
    rules = [
        {"name": "new", "when": [{"indicator": "size", "unknown": True}]},
        {
            "name": "middle",
            "when": [
                {"score": "value", "at_least": 10, "below": 20},
                {"indicator": "size", "below": 5},
            ],
        },
        {"name": "other"},
    ]
    follow = [{"name": "yes", "when": [{"segment": "a", "is": "middle"}]}, {"name": "no"}]
    segments = {
        "a": {"kind": "rules", "classes": rules}, "b": {"kind": "rules", "classes": follow},
    }  # fmt: skip
    small, large = shop.event("profile", 1, size=4.9), shop.event("profile", 1, size=5)
    found = [
        classes_of(segments, *events)
        for events in (
            [shop.sale(1, "10")],
            [shop.sale(1, "9.99"), small],
            [shop.sale(1, "10"), small],
            [shop.sale(1, "19.99"), small],
            [shop.sale(1, "20"), small],
            [shop.sale(1, "15"), large],
        )
    ]
    assert [classes["a"] for classes in found] == [
        "new", "other", "middle", "middle", "other", "other",
    ]  # fmt: skip
    assert [classes["b"] for classes in found] == ["no", "no", "yes", "yes", "no", "no"]


@pytest.mark.parametrize(
    ("recency", "frequency", "monetary", "name"),
    [
        (5, 5, 5, "important_value"),
        (5, 4, 5, "important_develop"),
        (6, 5, 5, "important_keep"),
        (6, 4, 5, "important_win_back"),
        (5, 5, 4, "general_value"),
        (5, 4, 4, "general_develop"),
        (6, 5, 4, "general_keep"),
        (None, None, None, "general_win_back"),
    ],
)
def test_rfm_has_eight_classes(recency: Any, frequency: Any, monetary: Any, name: str) -> None:
    names = ("r", "f", "m")
    model = a_model(
        {n: {"kind": "attribute", "attribute": n} for n in names},
        segments={
            "rfm": {
                "kind": "rfm",
                "recency": {"indicator": "r", "cut": 5},
                "frequency": {"indicator": "f", "cut": 5},
                "monetary": {"indicator": "m", "cut": 5},
            }
        },
    )
    profile = Shop(model).event("profile", 1, r=recency, f=frequency, m=monetary)
    assert evaluate(model, [profile], JUNE_1).classes == {"rfm": name}


@pytest.mark.parametrize(
    ("high_from", "low_recency", "high_recency", "low_spent", "high_spent"),
    [(2, 41, 40, 4, 5), (4, 21, 20, 14, 15), (5, 11, 10, 19, 20)],
)
def test_grades_are_high_from_one_of_the_five_on(
    high_from: int, low_recency: int, high_recency: int, low_spent: int, high_spent: int
) -> None:
    """The smaller the recency the higher its grade."""
    shop = Shop(a_model(INDICATORS))
    quintiles = {"indicator": "spent", "cuts": "population", "high_from": high_from}
    rfm = {
        "kind": "rfm",
        "recency": {"indicator": "size", "cuts": [10, 20, 30, 40], "high_from": high_from},
        "frequency": quintiles,
        "monetary": {"indicator": "rating", "cut": 0},
    }

    def found(recency: int, spent: int) -> str:
        profile = shop.event("profile", 1, size=recency)
        return classes_of({"rfm": rfm}, profile, shop.sale(1, str(spent)))["rfm"]

    assert found(high_recency, high_spent) == "general_value"
    assert found(low_recency, high_spent) == "general_keep"
    assert found(high_recency, low_spent) == "general_develop"
    assert found(low_recency, low_spent) == "general_win_back"
