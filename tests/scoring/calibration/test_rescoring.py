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
