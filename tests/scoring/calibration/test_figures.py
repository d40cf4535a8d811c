"""Figures of one indicator against the statistics module, and what must hold of any values."""

from __future__ import annotations

import statistics
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from scoring.calibration.figures import (
    centre_of,
    deviation_of,
    figures_of,
    rising_quintiles,
    rounded,
)
from scoring.calibration.rounding import at_most, just_above, significant
from scoring.errors import CalibrationError

reals = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
some = st.lists(reals, min_size=2, max_size=24).map(sorted)
FIFTHS = (0.2, 0.4, 0.6, 0.8)
tied = st.lists(st.integers(0, 12).map(float), min_size=1, max_size=40).map(sorted)


@settings(deadline=None)
@given(some)
def test_figures_are_those_of_the_statistics_module(values: list[float]) -> None:
    figures = figures_of(np.array(values))
    assert figures.count == len(values)
    assert figures.mean == pytest.approx(statistics.fmean(values), rel=1e-12, abs=1e-9)
    assert figures.median == pytest.approx(statistics.median(values), rel=1e-12)
    assert figures.deviation == pytest.approx(statistics.stdev(values), rel=1e-9, abs=1e-9)
    q1, _, q3 = statistics.quantiles(values, n=4, method="inclusive")
    assert figures.low == pytest.approx(q1 - 1.5 * (q3 - q1), rel=1e-9, abs=1e-6)
    assert figures.high == pytest.approx(q3 + 1.5 * (q3 - q1), rel=1e-9, abs=1e-6)


def test_fences_of_the_z_score_are_three_deviations_from_the_mean() -> None:
    values = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    figures = figures_of(values, "zscore")
    deviation = statistics.stdev(values.tolist())
    assert (figures.low, figures.high) == pytest.approx((5 - 3 * deviation, 5 + 3 * deviation))


def test_one_value_has_no_deviation_and_is_its_own_fence() -> None:
    for outliers in ("boxplot", "zscore"):
        figures = figures_of(np.array([7.0]), outliers)
        assert (figures.mean, figures.median, figures.low, figures.high) == (7, 7, 7, 7)
        assert figures.deviation is None


def test_values_that_cannot_be_squared_are_refused() -> None:
    with pytest.raises(CalibrationError, match=r"holds 1e\+200; no figures"):
        centre_of(np.array([1.0, -1e200]))


@settings(deadline=None)
@given(some, st.integers(-9, 9).filter(bool), st.integers(-1000, 1000))
def test_other_units_give_the_same_figures_in_them(values: list[float], a: int, b: int) -> None:
    """An affine map of the values maps mean, median and fences, and stretches the deviation."""
    plain = figures_of(np.array(values))
    mapped = figures_of(np.sort(a * np.array(values) + b))
    fences = sorted(a * x + b for x in (plain.low or 0, plain.high or 0))
    assert mapped.mean == pytest.approx(a * plain.mean + b, rel=1e-9, abs=1e-4)
    assert mapped.median == pytest.approx(a * plain.median + b, rel=1e-9, abs=1e-4)
    assert [mapped.low, mapped.high] == pytest.approx(fences, rel=1e-9, abs=1e-4)
    assert mapped.deviation == pytest.approx(abs(a) * (plain.deviation or 0), rel=1e-9, abs=1e-4)


@settings(deadline=None)
@given(tied | some)
@example([0.0] * 9 + [1.0, 2.0, 3.0])
@example([0.0, 1.0, 2.0] + [3.0] * 9)
def test_quintiles_rise_or_are_left_out(values: list[float]) -> None:
    cuts = rising_quintiles(np.array(values))
    different = len({significant(x) for x in values})
    if cuts is None:
        assert different < 4
        return
    assert len(cuts) == 4
    assert all(a < b for a, b in pairwise(cuts))
    assert all(cut == significant(cut) for cut in cuts)
    plain = [significant(cut) for cut in np.quantile(values, FIFTHS)]
    if all(a < b for a, b in pairwise(plain)):
        assert list(cuts) == plain
    else:
        assert _distance(values, cuts) == pytest.approx(_least_distance(values))


def _distance(values: list[float], cuts: tuple[float, ...]) -> float:
    below = [_share_below(values, cut) for cut in cuts]
    return sum(abs(b - fifth) for b, fifth in zip(below, FIFTHS, strict=True))


def _share_below(values: list[float], cut: float) -> float:
    return sum(significant(x) < cut for x in values) / len(values)


def _least_distance(values: list[float]) -> float:
    """Try all choices of four rising cuts."""
    below = [_share_below(values, cut) for cut in sorted({significant(x) for x in values})]
    return min(
        abs(a - 0.2) + abs(b - 0.4) + abs(c - 0.6) + abs(d - 0.8)
        for a, b, c, d in combinations(below, 4)
    )


def test_a_deviation_needs_two_values() -> None:
    assert deviation_of(np.array([3.0])) is None
    assert deviation_of(np.array([3.0, 3.0])) == 0


def test_figures_are_rounded_to_six_significant_digits() -> None:
    figures = rounded(figures_of(np.array([1 / 3, 2 / 3, 123456.789])), (1.0, 2.0, 3.0, 4.0))
    assert (figures.median, figures.mean, figures.quintiles) == (0.666667, 41152.6, (1, 2, 3, 4))


@settings(deadline=None)
@given(st.floats(0, 1e9))
def test_neighbours_of_six_digits_lie_on_their_sides(x: float) -> None:
    above, below = just_above(x), at_most(x)
    assume(x == 0 or x > 1e-290)
    assert below <= x < above
    assert (significant(above), significant(below)) == (above, below)
    assert significant(x) in (above, below)
