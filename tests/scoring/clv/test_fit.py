"""The fit: published parameters from published data, true ones from simulated customers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from scoring.clv.fit import (
    Objective,
    PurchaseFit,
    _purchases,
    _values,
    expected_customers,
    fit_purchases,
    fit_values,
)
from scoring.errors import FitError
from tests.scoring.clv.cdnow import cdnow


def test_cdnow_gives_the_published_bg_nbd() -> None:
    """Fader, Hardie & Lee (2005), table 1; their spreadsheet search stops at three decimals."""
    c = cdnow()
    fit = fit_purchases(c.x, c.t_x, c.T)
    assert len(c.x) == 2357
    assert fit.r == pytest.approx(0.243, abs=0.0005)
    assert fit.alpha == pytest.approx(4.414, abs=0.001)
    assert fit.a == pytest.approx(0.793, abs=0.001)
    assert fit.b == pytest.approx(2.426, abs=0.001)
    assert fit.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_cdnow_gives_the_known_mbg_nbd() -> None:
    """As other implementations estimate it of the same customers (lifetimes, BTYDplus)."""
    c = cdnow()
    fit = fit_purchases(c.x, c.t_x, c.T, fades=True)
    assert (fit.r, fit.alpha, fit.a, fit.b) == pytest.approx((0.525, 6.183, 0.891, 1.614), abs=2e-3)
    assert fit.log_likelihood > -9582.4  # it fits these customers better than BG/NBD


def test_cdnow_gives_the_published_gamma_gamma() -> None:
    """Fader & Hardie (2013): the 946 customers with repeat purchases, and these alone."""
    c = cdnow()
    came_back = c.x > 0
    assert int(came_back.sum()) == 946
    fit = fit_values(c.x[came_back], c.mean[came_back])
    assert fit.p == pytest.approx(6.25, abs=0.01)
    assert fit.q == pytest.approx(3.74, abs=0.01)
    assert fit.v == pytest.approx(15.44, abs=0.02)


def test_cdnow_is_expected_about_as_it_was_observed() -> None:
    """As the paper's figure of repeat purchases shows it."""
    c = cdnow()
    expected = expected_customers(PurchaseFit(0.243, 4.414, 0.793, 2.426, 0.0), c.T)
    observed = np.bincount(np.minimum(c.x, 6).astype(int))
    assert expected.sum() == pytest.approx(2357)
    assert observed.tolist() == [1411, 439, 214, 100, 62, 38, 93]
    assert np.abs(expected - observed).max() < 25


def test_the_unit_of_time_changes_alpha_alone() -> None:
    c = cdnow()
    weeks, days = fit_purchases(c.x, c.t_x, c.T), fit_purchases(c.x, c.t_x * 7, c.T * 7, 1.0)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-4)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-4)


def simulated(
    customers: int, r: float, alpha: float, a: float, b: float, *, fades: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customers who buy as the model says."""
    chance = np.random.default_rng(20260101)
    rate, dropout = chance.gamma(r, 1 / alpha, customers), chance.beta(a, b, customers)
    age = chance.uniform(20, 100, customers)
    x, t_x = np.zeros(customers), np.zeros(customers)
    for c in range(customers):
        if fades and chance.random() < dropout[c]:
            continue
        t = chance.exponential(1 / rate[c])
        while t < age[c]:
            x[c], t_x[c] = x[c] + 1, t
            if chance.random() < dropout[c]:
                break
            t += chance.exponential(1 / rate[c])
    return x, t_x, age


def test_simulated_customers_give_their_parameters_back() -> None:
    fit = fit_purchases(*simulated(20_000, 0.8, 6.0, 0.6, 2.0))
    assert (fit.r, fit.alpha, fit.a, fit.b) == pytest.approx((0.8, 6.0, 0.6, 2.0), rel=0.08)
    fit = fit_purchases(*simulated(20_000, 0.8, 6.0, 0.6, 2.0, fades=True), fades=True)
    assert (fit.r, fit.alpha, fit.a, fit.b) == pytest.approx((0.8, 6.0, 0.6, 2.0), rel=0.08)


def test_where_any_purchase_can_be_the_last_as_many_are_expected_as_there_are() -> None:
    x, _, age = simulated(20_000, 0.8, 6.0, 0.6, 2.0, fades=True)
    expected = expected_customers(PurchaseFit(0.8, 6.0, 0.6, 2.0, 0.0), age, fades=True)
    observed = np.bincount(np.minimum(x, 6).astype(int))
    assert expected.sum() == pytest.approx(20_000)
    assert np.abs(expected - observed).max() < 200  # some two standard deviations


def test_customers_of_whom_none_leaves_are_fitted_as_such() -> None:
    """Nothing tells how a dropout that never happens differs: a or b is at its bound."""
    chance = np.random.default_rng(20260103)
    rate = chance.gamma(0.9, 1 / 6.0, 5000)
    age = np.full(5000, 60.0)
    x = chance.poisson(rate * age).astype(float)
    t_x = np.where(x > 0, age * chance.beta(np.maximum(x, 1), 1), 0.0)
    for fades in (False, True):
        fit = fit_purchases(x, t_x, age, fades=fades)
        assert (fit.r, fit.alpha) == pytest.approx((0.9, 6.0), rel=0.1)
        assert fit.a / (fit.a + fit.b) < 1e-3


def test_orders_that_are_all_worth_the_same_tell_no_spread() -> None:
    with pytest.raises(FitError, match=r"all orders are worth the same, 9\.99: there is nothing"):
        fit_values(np.full(400, 3.0), np.full(400, 9.99))


def test_simulated_orders_give_their_parameters_back() -> None:
    chance = np.random.default_rng(20260102)
    n = chance.integers(1, 12, 20_000).astype(float)
    mean = chance.gamma(3.0 * n, 1 / (n * chance.gamma(4.0, 1 / 50.0, n.size)))
    fit = fit_values(n, mean)
    assert (fit.p, fit.q, fit.v) == pytest.approx((3.0, 4.0, 50.0), rel=0.1)  # 2 standard errors
    dearer = fit_values(n, mean * 1000)
    assert (dearer.p, dearer.q, dearer.v) == pytest.approx((fit.p, fit.q, 1000 * fit.v), rel=1e-4)


def differences(objective: Objective, at: list[float]) -> np.ndarray:
    """Numerical derivatives."""
    rows = []
    for n, value in enumerate(at):
        up, down = np.array(at), np.array(at)
        up[n], down[n] = value * (1 + 1e-6), value * (1 - 1e-6)
        rows.append((objective(up)[0] - objective(down)[0]) / (2e-6 * value))
    return np.stack(rows)


def test_the_derivatives_are_those_of_the_likelihood() -> None:
    c = cdnow()
    for objective, at in (
        (_purchases(c.x[:300], c.t_x[:300], c.T[:300]), [0.3, 5.0, 0.7, 2.0]),
        (_purchases(c.x[:300], c.t_x[:300], c.T[:300], fades=True), [0.3, 5.0, 0.7, 2.0]),
        (_values(c.x[c.x > 0][:300], c.mean[c.x > 0][:300]), [5.0, 3.0, 20.0]),
    ):
        slopes = objective(np.array(at))[1]
        np.testing.assert_allclose(slopes, differences(objective, at), rtol=1e-5, atol=1e-6)


def test_too_few_repeat_buyers_are_refused() -> None:
    x = np.array([0.0] * 500 + [1.0] * 49)
    with pytest.raises(FitError, match="only 49 customers bought more than once; at least 50"):
        fit_purchases(x, x * 3, np.full(549, 20.0))
    with pytest.raises(FitError, match="only 49 customers"):
        fit_values(x + 1, np.full(549, 20.0))


def test_customers_who_are_all_alike_are_fitted_at_the_bound_of_r() -> None:
    """The model bounds r, the likeness of customers: beyond, its series would need longer."""
    x = np.full(400, 5.0)
    fit = fit_purchases(x, np.full(400, 9.0), np.full(400, 10.0))
    assert (round(fit.r, 9), "r" in fit.at_bounds) == (20, True)
    assert fit.r / fit.alpha == pytest.approx(0.5, rel=0.1)  # purchases a unit of time


def test_customers_of_no_age_tell_nothing() -> None:
    x = np.full(400, 5.0)
    with pytest.raises(FitError, match=r"runs away to .*alpha = "):
        fit_purchases(x, np.zeros(400), np.zeros(400))


def test_scoring_is_imported_without_scipy_and_a_fit_then_says_what_to_install() -> None:
    code = """
import sys
sys.modules["scipy"] = None
import numpy as np
import scoring.clv.fit as fit
import scoring.clv.value, scoring.model
try:
    fit.fit_values(np.full(60, 2.0), np.arange(60.0) + 1.0)
except fit.ExtraError as error:
    print(error)
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert ended.stdout == 'scipy is not installed: pip install "valuepulse[clv]"\n'
