"""Scores from indicators against the oracle's, for any model."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.calibration.customers import Customers
from scoring.calibration.rescoring import rescore
from scoring.model import parse
from tests import reference
from tests.model_strategies import TEXTS, models, raws
from tests.reference.evaluation import appraise
from tests.reference.tiers import Earned

customers = st.lists(
    st.tuples(
        st.lists(st.none() | raws.map(float), min_size=6, max_size=6),
        st.fixed_dictionaries(
            {name: st.none() | st.sampled_from(texts) for name, texts in TEXTS.items()}
        ),
    ),
    min_size=1,
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(models(), customers)
def test_points_scores_and_tiers_are_those_of_the_oracle(
    mapping: dict[str, Any], given: list[tuple[list[float | None], dict[str, str | None]]]
) -> None:
    names = list(mapping["indicators"])
    table = Customers(
        date(2026, 11, 25),
        len(given),
        {name: np.array([v[n] for v, _ in given], np.float64) for n, name in enumerate(names)},
        {name: [texts[name] for _, texts in given] for name in TEXTS},
    )
    found = rescore(parse(json.dumps(mapping), "generated"), table)
    oracle = reference.Model(mapping)
    for c, (values, texts) in enumerate(given):
        indicators = dict(zip(names, values, strict=False))
        attributes: Any = {n: SimpleNamespace(value=text) for n, text in texts.items() if text}
        points = appraise(oracle, indicators, attributes).points
        for score in oracle.scores:
            assert found.points[score.name][c].tolist() == pytest.approx(points[score.name])
            assert found.scores[score.name][c] == pytest.approx(sum(points[score.name]))
            earned = Earned()
            earned.evaluate(0, score, float(found.scores[score.name][c]), indicators)
            assert found.tiers[score.name][c] == earned.rank


def test_steps_begin_at_their_bound_and_peers_stand_for_a_missing_value() -> None:
    text = """
model: {name: a, version: 1}
timezone: UTC
currencies: {base: CNY}
indicators: {orders: {kind: sum, add: [orders]}, gap: {kind: cycle}}
population:
  indicators: {gap: {mean: 8, median: 9}}
  peers: {region: {south: {gap: {mean: 2, median: 3}}, north: {gap: {mean: 4, median: 5}}}}
scores:
  value:
    groups:
      - name: all
        weight: 1
        indicators:
          - indicator: orders
            weight: 1
            normaliser: {kind: steps, steps: [[1, 0.25], [3, 0.5], [5, 1]]}
          - indicator: gap
            weight: 1
            normaliser: {kind: linear, low: 0, high: 10}
            missing: {fill: peers, by: region}
    tiers: [{name: all}]
"""
    orders = np.array([0.0, 1, 2.9, 3, 5, 6])
    gap = np.array([1.0, *[np.nan] * 5])
    regions = ["north", "north", "south", "west", None, "north"]
    table = Customers(date(2026, 11, 25), 6, {"orders": orders, "gap": gap}, {"region": regions})
    points = rescore(parse(text, "a.yaml"), table).points["value"]
    assert points[:, 0].tolist() == [12.5, 12.5, 12.5, 25, 50, 50]
    assert points[:, 1].tolist() == [5, 25, 15, 45, 45, 25]
