"""P(alive), expected purchases and present value: published ones, true ones, and their laws."""

from __future__ import annotations

import math
import random
from datetime import date
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scoring.clv import bgnbd, gammagamma, value
from scoring.clv.parameters import Clv
from tests.scoring.clv.cdnow import PURCHASES

Four = tuple[float, float, float, float]
Three = tuple[float, float, float]

EXAMPLES = settings(deadline=None, max_examples=300, derandomize=True)

rates = st.floats(0.01, 20)
dropouts = st.one_of(st.floats(1e-6, 50), st.sampled_from([1.0, 1 - 1e-9, 1 + 1e-12, 2.0]))
populations = st.tuples(rates, st.floats(0.1, 500), dropouts, st.floats(1e-6, 1e4))
times = st.floats(0, 500)
repeats = st.one_of(st.just(0), st.integers(0, 12), st.integers(0, 5000))


@st.composite
def customers(draw: st.DrawFn) -> Three:
    """X, t_x and T of a customer."""
    x, age = draw(repeats), draw(times)
    return float(x), draw(st.floats(0, 1)) * age if x else 0.0, age


def true_odds(population: Four, customer: Three) -> mpmath.mpf:
    """The odds of having dropped out, with 60 digits."""
    with mpmath.workdps(60):
        r, alpha, a, b = map(mpmath.mpf, population)
        x, t_x, age = map(mpmath.mpf, customer)
        if x == 0:
            return mpmath.mpf(0)
        return a / (b + x - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x)


def true_purchases(population: Four, customer: Three, t: float) -> mpmath.mpf:
    """Formula (10) of Fader, Hardie & Lee (2005) as it is printed, with 60 digits."""
    with mpmath.workdps(60):
        r, alpha, a, b = map(mpmath.mpf, population)
        x, _, age = map(mpmath.mpf, customer)
        nudge = mpmath.mpf(10) ** -30  # the printed formula has holes at a = 1 and a + b + x = 1
        a += nudge if a == 1 else 0
        b += nudge if a + b + x == 1 else 0
        z = t / (alpha + age + t)
        hyp = mpmath.hyp2f1(r + x, b + x, a + b + x - 1, z)
        brackets = 1 - (1 - z) ** (r + x) * hyp
        return (a + b + x - 1) / (a - 1) * brackets / (1 + true_odds(population, customer))


def true_fading_odds(population: Four, customer: Three) -> mpmath.mpf:
    """Of MBG/NBD (Batislam, Denizel & Filiztekin 2007): the first purchase can be the last."""
    with mpmath.workdps(60):
        r, alpha, a, b = map(mpmath.mpf, population)
        x, t_x, age = map(mpmath.mpf, customer)
        return a / (b + x) * ((alpha + age) / (alpha + t_x)) ** (r + x)


def true_fading_purchases(population: Four, customer: Three, t: float) -> mpmath.mpf:
    """Their conditional expectation as it is printed, with 60 digits."""
    with mpmath.workdps(60):
        r, alpha, a, b = map(mpmath.mpf, population)
        x, _, age = map(mpmath.mpf, customer)
        a += mpmath.mpf(10) ** -30 if a == 1 else 0
        z = t / (alpha + age + t)
        hyp = mpmath.hyp2f1(r + x, b + x + 1, a + b + x, z)
        brackets = 1 - (1 - z) ** (r + x) * hyp
        return (a + b + x) / (a - 1) * brackets / (1 + true_fading_odds(population, customer))


def plain(compiled: Any) -> Any:
    """The function as it was written."""
    return compiled.py_func


# -- published values


def test_a_published_customer_is_expected_to_buy_1_226_times_in_39_weeks() -> None:
    """Fader, Hardie & Lee (2005), section 4.2, and lifetimes' documentation: customer 1."""
    assert round(bgnbd.expected_purchases(*PURCHASES, 2.0, 30.43, 38.86, 39.0), 3) == 1.226
    assert bgnbd.alive(*PURCHASES, 2.0, 30.43, 38.86) == pytest.approx(0.7266, abs=5e-5)


def test_who_bought_only_once_is_alive_since_only_a_purchase_can_be_the_last() -> None:
    assert bgnbd.alive(*PURCHASES, 0.0, 0.0, 400.0) == 1.0


def test_unless_any_purchase_can_be_the_last_then_one_time_buyers_fade() -> None:
    lives = [bgnbd.alive(*PURCHASES, 0.0, 0.0, age, True) for age in (0.0, 10.0, 52.0, 312.0)]
    assert lives == sorted(lives, reverse=True)
    assert lives[-1] < 0.53 < lives[1]
    odds = float(true_fading_odds(PURCHASES, (0.0, 0.0, 312.0)))
    assert lives[-1] == pytest.approx(1 / (1 + odds))


def test_the_expected_order_value_lies_between_the_customers_mean_and_all_customers() -> None:
    p, q, v = 6.25, 3.74, 15.44
    everybody = p * v / (q - 1)
    assert gammagamma.expected_value(p, q, v, 0.0, 0.0) == pytest.approx(everybody)
    # The weighted mean that Fader & Hardie (2013) print as (5): the more orders, the closer.
    for n, own in ((1.0, 11.77), (2.0, 22.35), (29.0, 50.0)):
        share = p * n / (p * n + q - 1)
        expected = (1 - share) * everybody + share * own
        assert gammagamma.expected_value(p, q, v, n, own) == pytest.approx(expected, rel=1e-14)


# -- true values


GRID = [
    ((r, alpha, a, b), (float(x), age * (x > 0) * 0.8, age), t)
    for r in (0.05, 0.243, 2.0, 18.0)
    for alpha in (0.5, 4.414, 80.0)
    for a in (1e-5, 0.793, 1.0, 1.0 + 1e-9, 3.0, 40.0)
    for b in (0.1, 2.426, 300.0)
    for x in (0, 1, 4, 60, 2000)
    for age in (0.0, 4.0, 38.86, 300.0)
    for t in (0.01, 4.0, 52.0)
]


def test_purchases_and_alive_are_the_published_formulas_at_60_digits() -> None:
    """10 digits are promised, 11 are kept, from tiny to certain dropout, for 0 to 2,000 orders."""
    worst = 0.0
    for population, customer, t in random.Random(7).sample(GRID, 1600):
        found = bgnbd.expected_purchases(*population, *customer, t)
        worst = max(worst, abs(float(found / true_purchases(population, customer, t) - 1)))
        lives = 1 / (1 + true_odds(population, customer))
        assert bgnbd.alive(*population, *customer) == pytest.approx(float(lives), rel=1e-11)
    assert worst < 1e-11


def test_so_they_are_where_any_purchase_can_be_the_last() -> None:
    worst = 0.0
    for population, customer, t in random.Random(8).sample(GRID, 800):
        found = bgnbd.expected_purchases(*population, *customer, t, True)
        worst = max(worst, abs(float(found / true_fading_purchases(population, customer, t) - 1)))
        lives = 1 / (1 + true_fading_odds(population, customer))
        assert bgnbd.alive(*population, *customer, True) == pytest.approx(float(lives), rel=1e-11)
    assert worst < 1e-11


@EXAMPLES
@given(population=populations, customer=customers(), t=st.floats(0.01, 100))
def test_so_they_are_for_whatever_a_model_may_say(
    population: Four, customer: Three, t: float
) -> None:
    found = bgnbd.expected_purchases(*population, *customer, t)
    truth = true_purchases(population, customer, t)
    assert found == pytest.approx(float(truth), rel=1e-10, abs=1e-300)


@EXAMPLES
@given(
    population=st.tuples(
        st.floats(0.01, 4), st.floats(0.1, 500), st.floats(1e-6, 3), st.floats(3, 100)
    ),
    customer=customers(),
    t=times,
)
def test_both_series_have_the_same_sum(population: Four, customer: Three, t: float) -> None:
    r, alpha, a, b = population
    x, _, T = customer
    asked_for = (r, a, b, x, (alpha + T) / (t + 1.0), 1, 2, 0.9)
    assert bgnbd._by_roots(*asked_for) == pytest.approx(bgnbd._by_shares(*asked_for), rel=1e-11)


@EXAMPLES
@given(population=populations, customer=customers(), periods=st.integers(1, 13))
def test_the_discounted_sum_is_the_sum_of_its_periods(
    population: Four, customer: Three, periods: int
) -> None:
    h, factor = 30 / 7, 0.9
    by = [0.0] + [
        bgnbd.expected_purchases(*population, *customer, k * h) for k in range(1, periods + 1)
    ]
    expected = math.fsum((by[k] - by[k - 1]) * factor**k for k in range(1, periods + 1))
    found = bgnbd.discounted_purchases(*population, *customer, h, periods, factor)
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-300)


# -- laws


@EXAMPLES
@given(population=populations, customer=customers(), longer=st.floats(0, 500))
def test_alive_is_a_probability_and_falls_with_silence(
    population: Four, customer: Three, longer: float
) -> None:
    x, t_x, age = customer
    now, later = (bgnbd.alive(*population, x, t_x, T) for T in (age, age + longer))
    assert 0.0 <= later <= now * (1 + 1e-12) <= 1.0 + 1e-12
    assert now <= 1.0


@EXAMPLES
@given(population=populations, customer=customers(), t=times, more=times)
def test_purchases_grow_with_the_time_that_is_waited(
    population: Four, customer: Three, t: float, more: float
) -> None:
    less, all_of_it = (bgnbd.expected_purchases(*population, *customer, s) for s in (t, t + more))
    assert 0.0 <= less <= all_of_it * (1 + 1e-11)
    r, alpha, _, _ = population
    x, _, age = customer
    assert all_of_it <= (r + x) / (alpha + age) * (t + more) * (1 + 1e-11)  # nobody drops out
    assert bgnbd.expected_purchases(*population, *customer, 0.0) == 0.0


@EXAMPLES
@given(population=populations, customer=customers(), t=times)
@example((0.01, 244.79086094504692, 1.0, 1.0), (0.0, 0.0, 0.0), 0.0)  # once a bit apart
def test_compiled_and_plain_functions_have_the_same_bits(
    population: Four, customer: Three, t: float
) -> None:
    asked = (*population, *customer)
    assert bgnbd.alive(*asked) == plain(bgnbd.alive)(*asked)
    r, alpha, a, b = population
    x, age = customer[0], (alpha + customer[2]) / 4.0
    series = [bgnbd._by_shares]
    if a <= bgnbd.MOST_DROPOUT and r <= b + 1:
        series.append(bgnbd._by_roots)
    for function in series:
        asked_for = (r, a, b, x, age, 1, 3, 0.9)
        assert function(*asked_for) == plain(function)(*asked_for)
    for k in (1, 3, 4):
        assert bgnbd._root(k, 3, age) == plain(bgnbd._root)(k, 3, age)
        assert bgnbd._share(k, 3, age) == plain(bgnbd._share)(k, 3, age)
        assert bgnbd._weight(k, 3, 0.9) == plain(bgnbd._weight)(k, 3, 0.9)
    order = (6.25, 3.74, 15.44, x + 1, t)
    assert gammagamma.expected_value(*order) == plain(gammagamma.expected_value)(*order)


@EXAMPLES
@given(population=populations, customer=customers(), days=st.integers(1, 3650))
def test_every_model_and_customer_has_a_finite_answer(
    population: Four, customer: Three, days: int
) -> None:
    x, t_x, age = customer
    r, alpha, a, b = population
    unit = max(1.0, 0.1 / alpha)
    row = value.table_of(Clv(r=r, alpha=alpha, a=a, b=b, p=1, q=1, v=1, unit_days=unit))
    figures = (int(x) + 1, int(t_x), int(age))
    assert 0 <= value.probability_alive(row[0], *figures) <= 1
    assert 0 <= value.purchases(row[0], *figures, days) < math.inf
    assert 0 <= value.present_value(row[0], *figures, 10.0, days // 30) < math.inf


# -- in days and orders


def clv(**fields: Any) -> Clv:
    r, alpha, a, b = PURCHASES
    own: dict[str, Any] = {
        "r": r, "alpha": alpha, "a": a, "b": b, "p": 6.25, "q": 3.74, "v": 15.44,
    }  # fmt: skip  # CDNOW's
    return Clv(**(own | fields))


def row_of(parameters: Clv) -> Any:
    return value.table_of(parameters)[0]


def test_the_answers_do_not_depend_on_the_unit_of_time() -> None:
    weeks = row_of(clv())
    days = row_of(clv(alpha=PURCHASES[1] * 7, unit_days=1))
    for orders, last, age in ((1, 0, 0), (1, 0, 300), (3, 213, 272), (40, 700, 720)):
        asked = (orders, last, age)
        for one, other in (
            (value.probability_alive(weeks, *asked), value.probability_alive(days, *asked)),
            (value.purchases(weeks, *asked, 273), value.purchases(days, *asked, 273)),
            (
                value.present_value(weeks, *asked, 30.0, 12),
                value.present_value(days, *asked, 30.0, 12),
            ),
        ):
            assert one == pytest.approx(other, rel=1e-12)


def test_the_present_value_discounts_each_30_days_from_their_end() -> None:
    row = row_of(clv(discount_rate=0.15, margin=0.3))
    by = [value.purchases(row, 3, 213, 272, 30.0 * k) if k else 0.0 for k in range(13)]
    coming = sum((by[k] - by[k - 1]) / 1.15 ** (30 * k / 365) for k in range(1, 13))
    order = 6.25 * (15.44 + 3 * 22.35) / (6.25 * 3 + 3.74 - 1)
    found = value.present_value(row, 3, 213, 272, 22.35, 12)
    assert found == pytest.approx(coming * order * 0.3, rel=1e-12)


def test_who_never_bought_has_no_value() -> None:
    row = row_of(clv())
    assert math.isnan(value.probability_alive(row, 0, 0, 10))
    assert math.isnan(value.purchases(row, 0, 0, 10, 30.0))
    assert math.isnan(value.present_value(row, 0, 0, 10, 9.0, 12))


def test_a_row_of_a_table_with_attributes_gives_the_same() -> None:
    """The kernel's tables are plain arrays, whose rows compiled code reads by attribute."""
    plain_row = np.rec.array(value.table_of(clv()))[0]
    asked = (3, 213, 272)
    assert plain(value.purchases)(plain_row, *asked, 273) == value.purchases(
        row_of(clv()), *asked, 273
    )
    assert plain(value.present_value)(plain_row, *asked, 9.0, 12) == value.present_value(
        row_of(clv()), *asked, 9.0, 12
    )
    assert plain(value.probability_alive)(plain_row, *asked) == value.probability_alive(
        row_of(clv()), *asked
    )


# -- the section of the model


def test_what_the_numbers_need_is_checked_with_the_model() -> None:
    assert clv(fitted_on=date(1998, 6, 30)).model_dump(mode="json")["fitted_on"] == "1998-06-30"
    for wrong, told in (
        ({"alpha": 0.001}, "alpha 0.001 in units of 7 days is 0.007 days"),
        ({"p": 0.4, "q": 0.5}, "p \\+ q is 0.9"),
        ({"r": 0}, "greater than 0"),
        ({"margin": 1.1}, "less than or equal to 1"),
        ({"discount": 0.1}, "did you mean 'discount_rate'"),
    ):
        with pytest.raises(ValueError, match=told):
            clv(**wrong)
