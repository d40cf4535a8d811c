"""Every finding: seen where it is, and not where it is not."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.lint.alone import findings_of_model
from scoring.lint.findings import Finding
from scoring.lint.on_customers import findings_on_customers
from scoring.lint.ranks import spearman
from scoring.model import parse
from tests.scoring.calibration.tables import AS_OF, customers_of

SOUND = """\
model: {name: shop, version: 1}
timezone: UTC
currencies: {base: CNY}
indicators:
  spend: {kind: sum, add: [sale_amount]}
  orders: {kind: sum, add: [orders]}
  gap: {kind: cycle}
population:
  as_of: 2026-11-25
  indicators:
    spend: {mean: 50, median: 50, deviation: 20}
  bounds: {value: {VIP: {enter_at: 80, leave_below: 78}}}
scores:
  value:
    groups:
      - name: trade
        weight: 9
        indicators:
          - {indicator: spend, weight: 3, normaliser: {kind: linear, low: 0, high: 100}}
          - {indicator: orders, weight: 1, normaliser: {kind: steps, steps: [[0, 0], [3, 1]]}}
      - name: habit
        weight: 1
        indicators:
          - {indicator: gap, weight: 1, normaliser: {kind: linear, low: 0, high: 90}, missing: 0.5}
    tiers:
      - {name: ordinary}
      - {name: important, enter_at: 60, leave_below: 50}
      - {name: VIP, enter_at: population}
"""


def alone(old: str = "", new: str = "", today: date = AS_OF) -> list[Finding]:
    assert old in SOUND
    return findings_of_model(parse(SOUND.replace(old, new, 1), "shop.yaml"), today)


def test_a_sound_model_has_no_findings() -> None:
    assert alone() == []


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("weight: 9", "weight: 0", ("no weight", "scores.value.trade", "its weight is 0")),
        (
            "spend, weight: 3",
            "spend, weight: 0",
            ("no weight", "scores.value.trade.spend", "its weight is 0"),
        ),
        (
            "weight: 9",
            "weight: 199.1",
            ("small share", "scores.value.habit", "is 0.50% of the score; it can hardly matter"),
        ),
        (
            "orders, weight: 1",
            "orders, weight: 0.016",
            ("small share", "scores.value.trade.orders", "is 0.48% of the score; it can hardly m"),
        ),
        (
            "steps: [[0, 0], [3, 1]]",
            "steps: [[0, 0.2], [3, 0.2]]",
            ("flat", "scores.value.trade.orders", "its normaliser gives every value the same"),
        ),
        (
            "kind: steps, steps: [[0, 0], [3, 1]]",
            "kind: piecewise, points: [[0, 1], [3, 1]]",
            ("flat", "scores.value.trade.orders", "its normaliser gives every value the same"),
        ),
        (
            "population:\n",
            "  praise: {kind: sum, add: [praise]}\npopulation:\n",
            ("unused", "indicators.praise", "no score, segment, tier or limit uses it"),
        ),
        (
            "enter_at: 60, leave_below: 50",
            "enter_at: 79.5, leave_below: 50",
            ("close", "scores.value.tiers", "'VIP' is entered at 80, 'important' at 79.5: less"),
        ),
    ],
)
def test_what_is_odd_in_a_model_is_found(old: str, new: str, finding: tuple[str, ...]) -> None:
    (found,) = alone(old, new)
    assert found[:2] == finding[:2]
    assert found.what.startswith(finding[2])


def test_bounds_by_a_share_are_those_that_are_close_or_not() -> None:
    text = SOUND.replace("leave_below: 50}", "leave_below: 50, top_share: 0.2}")
    text = text.replace("{VIP:", "{important: {enter_at: 79.5, leave_below: 70}, VIP:")
    (found,) = findings_of_model(parse(text, "shop.yaml"), AS_OF)
    assert found.what.startswith("'VIP' is entered at 80, 'important' at 79.5")


def test_a_population_is_old_after_180_days() -> None:
    assert alone(today=AS_OF + timedelta(180)) == []
    (found,) = alone(today=AS_OF + timedelta(181))
    assert found[:2] == ("old", "population")
    assert found.what.startswith("is as of 2026-11-25, 181 days ago; run")
    assert alone("  as_of: 2026-11-25\n", today=AS_OF + timedelta(999)) == []


@pytest.mark.parametrize(
    "use",
    [
        "    limit: {indicator: praise, factors: {}}\n",
        "segments: {s: {kind: rules, classes: [{name: a, when: [{indicator: praise, below: 1}]}, "
        "{name: b}]}}\n",
        "segments: {s: {kind: rfm, recency: {indicator: praise, cut: 1}, "
        "frequency: {indicator: gap, cut: 1}, monetary: {indicator: gap, cut: 1}}}\n",
        "      - {name: super, when: [{indicator: praise, at_least: 9}]}\n",
    ],
)
def test_an_indicator_is_used_by_limits_segments_and_tiers_too(use: str) -> None:
    text = SOUND.replace("population:\n", "  praise: {kind: sum, add: [praise]}\npopulation:\n", 1)
    assert findings_of_model(parse(text + use, "shop.yaml"), AS_OF) == []


def test_an_indicator_is_used_by_a_regression_too() -> None:
    text = SOUND.replace("population:\n", "  praise: {kind: sum, add: [praise]}\npopulation:\n", 1)
    text = text.replace("missing: 0.5", "missing: {fill: regression, on: [praise]}").replace(
        "  bounds:",
        "    gap: {mean: 1, median: 1}\n"
        "  regressions: {gap: {intercept: 1, coefficients: {praise: 1}}}\n  bounds:",
    )
    assert findings_of_model(parse(text, "shop.yaml"), AS_OF) == []


# Twenty customers of whom nothing is odd: spend and orders differ, both tiers have somebody.
SPEND = [5.0 * n for n in range(1, 21)]
ORDERS = [float(n * 7 % 5 + (n == 20) * 3) for n in range(1, 21)]
GAP: list[float | None] = [float(n * 11 % 13) for n in range(1, 21)]


def on(
    spend: Sequence[float | None] = SPEND,
    orders: Sequence[float | None] = ORDERS,
    gap: Sequence[float | None] = GAP,
    text: str = SOUND,
) -> list[Finding]:
    customers = customers_of({"spend": spend, "orders": orders, "gap": gap})
    return findings_on_customers(parse(text, "shop.yaml"), customers)


def test_sound_customers_have_no_findings() -> None:
    assert on() == []


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        (
            {"gap": [100 - 0.9 * x for x in SPEND]},
            ("correlated", "scores.value", "spend and gap say the same: Spearman's rho is -1.000"),
        ),
        (
            {"orders": [3.0] * 20},
            ("constant", "indicators.orders", "is 3 for every customer that has a value"),
        ),
        (
            {"gap": [None] * 19 + [4.0]},
            ("mostly null", "indicators.gap", "is null for 19 of 20 customers"),
        ),
        (
            {"orders": [3.0 + n % 5 for n in range(20)]},
            ("idle", "scores.value.trade.orders", "gives every customer 22.5 points"),
        ),
        (
            {"text": SOUND.replace("enter_at: 80", "enter_at: 100")},
            ("empty", "scores.value.tiers.VIP", "none of 20 customers would enter it"),
        ),
        (
            {"text": SOUND.replace("median: 50", "median: 42")},
            ("drift", "population.indicators.spend", "its median is 52.5 now, 42 in the popul"),
        ),
    ],
)
def test_what_is_odd_on_customers_is_found(
    changed: dict[str, Any], finding: tuple[str, ...]
) -> None:
    (found,) = on(**changed)
    assert found[0] == finding[0]
    assert found[1].replace(".trade", "") == finding[1].replace(".trade", "")
    assert found.what.startswith(finding[2])


def test_limits_are_not_findings() -> None:
    """Nine of ten null, a median moved by half a deviation, a tier with one customer."""
    assert on(gap=[None] * 18 + [1.0, 2.0]) == []
    assert on(text=SOUND.replace("median: 50", "median: 42.5")) == []


def test_few_common_customers_say_nothing_of_correlation() -> None:
    gap = [x if n < 9 else None for n, x in enumerate(SPEND)]
    assert on(gap=gap) == []
    (found,) = on(gap=[x if n < 10 else None for n, x in enumerate(SPEND)])
    assert found.kind == "correlated"


def test_terms_without_weight_are_told_once_and_by_the_model() -> None:
    text = SOUND.replace("orders, weight: 1", "orders, weight: 0")
    assert on(orders=[3.0 + n % 5 for n in range(20)], text=text) == []
    assert on(orders=SPEND, text=text) == []


def test_the_tiers_are_those_of_the_model_as_it_is_now() -> None:
    """The customers may have been scored by another version of it."""
    assert [each.kind for each in on(text=SOUND.replace("enter_at: 60", "enter_at: 79"))] == [
        "empty"
    ]


def ranks(values: Iterable[float]) -> list[float]:
    """Ties share the mean of their ranks."""
    known = list(values)
    return [sum(other < x for other in known) + (known.count(x) + 1) / 2 for x in known]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=30),
)
def test_rank_correlation_is_that_of_the_statistics_module(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(column, np.float64) for column in zip(*pairs, strict=True))
    found = spearman(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(statistics.correlation(ranks(a), ranks(b)), abs=1e-9)


def test_findings_of_joined_scores() -> None:
    joined = (
        "  both:\n    join: {scores: [value, value], by: s}\n"
        "    tiers: [{name: a}, {name: b, enter_at: 99, leave_below: 98}]\n"
        "segments: {s: {kind: rules, classes: [{name: a, when: [{score: value, below: 50}]}, "
        "{name: b}]}}\n"
    )
    (found,) = on(text=SOUND + joined)
    assert found[:2] == ("empty", "scores.both.tiers.b")
