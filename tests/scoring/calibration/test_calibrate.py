"""A whole population: what it holds, that it is enough, and that the order of customers is not."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.calibration.calibrate import Calibration, Options, calibrate
from scoring.calibration.rescoring import rescore
from scoring.calibration.rounding import significant
from scoring.calibration.stand_ins import lacking, with_stand_ins
from scoring.calibration.text import population_text, with_population
from scoring.errors import CalibrationError, ModelError
from scoring.model import parse
from scoring.program import compile_model
from tests.scoring.calibration.tables import (
    UNCALIBRATED,
    crowd,
    customers_of,
    model_of,
    shuffled,
)


def calibrated(text: str = UNCALIBRATED, **options: Any) -> Calibration:
    return calibrate(model_of(text), crowd(), Options(**options))


def test_a_model_without_population_is_refused_unless_it_is_to_be_calibrated() -> None:
    with pytest.raises(ModelError, match="no bounds of tier 'important'; run `valuepulse model"):
        parse(UNCALIBRATED, "shop.yaml")
    assert lacking(model_of()) == (
        "bounds of tier 'important'",
        "bounds of tier 'VIP'",
        "fences of 'spend'",
        "figures of 'gap'",
        "regression of 'gap' on spend, orders",
        "figures of 'largest'",
        "quintiles of 'gap'",
        "quintiles of 'orders'",
        "quintiles of 'spend'",
    )


def test_other_problems_are_told_before_the_first_calibration_too() -> None:
    for wrong, words in (
        ("on: [spend, spent]", "no indicator 'spent'; did you mean 'spend'?"),
        ("on: [spend, gap]", "'gap' cannot be estimated from itself"),
    ):
        with pytest.raises(ModelError, match=re.escape(words)):
            model_of(UNCALIBRATED.replace("on: [spend, orders]", wrong))


def test_stand_ins_let_a_model_run_and_leave_what_is_there() -> None:
    text = UNCALIBRATED + "population: {bounds: {value: {VIP: {enter_at: 80, leave_below: 70}}}}\n"
    model = with_stand_ins(model_of(text))
    assert lacking(model) == ()
    bounds = model.population.bounds["value"]
    assert bounds["VIP"].enter_at == 80
    assert bounds["important"].enter_at < 80
    tiers = compile_model(with_stand_ins(model_of())).tiers
    assert (tiers["enter"][1:] > 100).all()
    whole = parse(with_population(UNCALIBRATED, _section(calibrated()), 2), "shop.yaml")
    assert with_stand_ins(whole) is whole


def _section(found: Calibration) -> str:
    return population_text(found.population, found.remarks)


def test_the_population_is_what_the_model_asks_for_and_survives_its_file() -> None:
    found = calibrated()
    model = parse(with_population(UNCALIBRATED, _section(found), 2), "shop.yaml")
    assert model.population == found.population
    assert model.tag == "shop@2"
    population = found.population
    assert (population.customers, str(population.as_of)) == (200, "2026-11-25")
    assert set(population.indicators) == {"spend", "orders", "gap", "largest"}
    assert population.indicators["gap"].count == 180
    assert set(population.peers["region"]) == {"east", "north", "south"}
    assert set(population.peers["region"]["east"]) == {"spend", "orders", "gap"}
    assert set(population.regressions["gap"].coefficients) == {"spend", "orders"}


def test_peers_have_the_figures_of_their_group() -> None:
    customers = crowd()
    north = np.array([region == "north" for region in customers.texts["region"]])
    centre = calibrated().population.peers["region"]["north"]["spend"]
    spend = customers.values["spend"][north]
    assert centre.count == north.sum()
    assert centre.mean == significant(float(spend.mean()))
    assert centre.median == significant(float(np.median(spend)))


def test_groups_of_fewer_than_five_customers_are_no_peers() -> None:
    model = model_of(UNCALIBRATED.replace("{fill: peers, by: region}", "0.5"))
    kinds = ["rare"] * 4 + ["often"] * 5 + [None] * 191
    customers = crowd()
    customers = customers._replace(texts={"kind": kinds})
    peers = calibrate(model, customers, Options(peers=("kind",))).population.peers
    assert list(peers) == ["kind"]
    assert list(peers["kind"]) == ["often"]


def test_the_bounds_fit_the_scores_that_customers_have_with_the_new_figures() -> None:
    found = calibrated()
    model = model_of().model_copy(update={"population": found.population})
    rescored = rescore(model, crowd())
    for tier, share in (("important", 0.2), ("VIP", 0.05)):
        reached = (
            rescored.scores["value"] >= found.population.bounds["value"][tier].enter_at
        ).sum()
        assert reached == share * 200
        assert found.held["value"][tier] == reached
    assert (rescored.tiers["value"] == 2).sum() == 10


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_customers_makes_no_difference(seed: int) -> None:
    assert calibrate(model_of(), shuffled(crowd(), seed), Options()) == calibrated()


def test_the_order_of_customers_makes_no_difference_to_quintiles_with_ties() -> None:
    tied = np.array([1.0] * 150 + [2.0, 3.0, 4.0, 5.0, 6.0] * 10)
    customers = _with_columns(orders=tied)
    found = calibrate(model_of(), customers, Options()).population
    assert list(found.indicators["orders"].quintiles or ()) == [1, 2, 3, 4]
    for seed in range(5):
        again = calibrate(model_of(), shuffled(customers, seed), Options()).population
        assert again == found


def test_options_change_fences_and_hysteresis() -> None:
    box, z = calibrated(), calibrated(outliers="zscore", hysteresis=5)
    spend = z.population.indicators["spend"]
    assert spend.high == pytest.approx(spend.mean + 3 * (spend.deviation or 0), rel=1e-5)
    assert box.population.indicators["spend"].high != spend.high
    vip = z.population.bounds["value"]["VIP"]
    assert vip.leave_below == significant(vip.enter_at - 5)


def test_remarks_tell_of_what_is_odd_in_figures() -> None:
    text = UNCALIBRATED.replace("    frequency: {indicator: orders, cuts: population}", "").replace(
        "    recency", "    frequency: {indicator: orders, cut: 3}\n    recency"
    )
    flat = crowd()
    orders = np.where(np.arange(200) < 190, 1.0, 2.0)
    flat = flat._replace(values={**flat.values, "orders": orders})
    found = calibrate(model_of(text), flat, Options())
    assert found.remarks == {
        "orders": "no quintiles: fewer than four different values; "
        "fences at one value, which half of the customers have: clip by zscore or by numbers"
    }
    (line,) = (line for line in _section(found).splitlines() if "fewer than four" in line)
    assert line.startswith("    orders: {count: 200, mean: 1.05, ")
    assert "quintiles:" not in line.partition("  # no quintiles: ")[0]


def _with_columns(**columns: Any) -> Any:
    customers = crowd()
    return customers._replace(values={**customers.values, **columns})


NULL = np.full(200, np.nan)


@pytest.mark.parametrize(
    ("change", "columns", "absent"),
    [
        (
            {},
            {"orders": np.ones(200)},
            {
                "regression of 'gap' on spend, orders": "'orders' has the same value of all",
                "quintiles of 'orders'": "fewer than four different values; write four rising",
            },
        ),
        (
            {"on: [spend, orders]": "on: [spend]"},
            {"orders": np.ones(200)},
            {"quintiles of 'orders'": "it has fewer than four different values"},
        ),
        (
            {},
            {"largest": NULL},
            {"figures of 'largest'": "largest is null for all customers; write a number as its"},
        ),
        (
            {},
            {"spend": np.full(200, 1e200)},
            {
                "fences of 'spend'": "spend holds 1e+200; no figures come of values so large",
                "regression of 'gap' on spend, orders": "spend holds 1e+200",
                "quintiles of 'spend'": "spend holds 1e+200",
            },
        ),
        (
            {},
            {"gap": NULL},
            {
                "figures of 'gap'": "gap is null for all customers",
                "regression of 'gap' on spend, orders": "gap is null for all customers; fill",
                "quintiles of 'gap'": "gap is null for all customers; write four rising numbers",
            },
        ),
    ],
)
def test_what_customers_do_not_give_is_told_and_the_rest_is_there(
    change: dict[str, str], columns: dict[str, Any], absent: dict[str, str]
) -> None:
    text = UNCALIBRATED
    for old, new in change.items():
        text = text.replace(old, new)
    model = model_of(text)
    found = calibrate(model, _with_columns(**columns), Options())
    assert list(found.absent) == list(absent)
    for what, why in absent.items():
        assert why in found.absent[what]
    whole = calibrate(model, crowd(), Options())
    assert whole.absent == {}
    for name, figures in whole.population.indicators.items():
        if name not in columns:
            assert found.population.indicators[name] == figures
    assert found.population.bounds["value"].keys() == whole.population.bounds["value"].keys()
    assert lacking(model.model_copy(update={"population": found.population})) == tuple(absent)


def test_a_regression_without_indicators_is_a_mistake_of_the_model() -> None:
    text = UNCALIBRATED.replace(", on: [spend, orders]", "")
    with pytest.raises(CalibrationError, match="write which indicators to estimate it from"):
        calibrate(model_of(text), crowd(), Options())


def test_peers_by_an_attribute_that_nobody_has_are_refused_where_they_are_asked_for() -> None:
    customers = crowd()._replace(texts={"region": [None] * 200, "kind": [None] * 200})
    assert calibrate(model_of(), customers, Options()).population.peers == {"region": {}}
    with pytest.raises(CalibrationError, match="no customer has a text in the attribute 'kind'"):
        calibrate(model_of(), customers, Options(peers=("kind",)))


def test_a_regression_of_two_minds_is_refused() -> None:
    second = """\
  other:
    groups:
      - name: all
        weight: 1
        indicators:
          - indicator: gap
            weight: 1
            normaliser: {kind: linear, low: 0, high: 90}
            missing: {fill: regression, on: [spend]}
    tiers: [{name: all}]
segments:
"""
    with pytest.raises(CalibrationError, match="two scores name different indicators in `on`"):
        calibrated(UNCALIBRATED.replace("segments:\n", second))


def test_a_regression_by_hand_keeps_its_indicators() -> None:
    text = UNCALIBRATED.replace(", on: [spend, orders]", "") + (
        "population: {regressions: {gap: {intercept: 1, coefficients: {orders: 2}}}}\n"
    )
    assert set(calibrated(text).population.regressions["gap"].coefficients) == {"orders"}


def test_a_few_customers_are_enough_for_a_model_that_asks_for_little() -> None:
    text = UNCALIBRATED.split("segments:")[0]
    for old in ("clip: {high: population}", "missing: {fill: regression, on: [spend, orders]}",
                "missing: {fill: peers, by: region}"):  # fmt: skip
        text = text.replace(old, "")
    one = customers_of({"spend": [5], "orders": [1], "gap": [None], "largest": [5]})
    found = calibrate(model_of(text), one, Options()).population
    assert set(found.indicators) == {"spend", "orders", "largest"}
    assert found.bounds["value"]["VIP"].enter_at > found.bounds["value"]["important"].enter_at
