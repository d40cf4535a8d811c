"""Money is exact."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.money import Rates, digits

DAY = (date(2024, 7, 1) - date(1970, 1, 1)).days
amounts = st.decimals(min_value=0, max_value=10**12, places=6)
rates = st.decimals(min_value="0.000001", max_value=10**6, places=9).map(lambda rate: f"{rate:f}")


@given(amounts, rates, st.sampled_from(["CNY", "JPY", "KWD"]))
def test_a_converted_amount_is_the_nearest_minor_unit(
    amount: Decimal, rate: str, base: str
) -> None:
    """Exactly: not a product of floats, and not rounded on the way."""
    exact = Fraction(amount) * Fraction(rate) * 10 ** digits(base)
    minor = Rates(base, {"XYZ": {date(2024, 1, 1): rate}}).minor_units(amount, "XYZ", day=DAY)
    assert abs(minor - exact) <= Fraction(1, 2)
    assert abs(minor - exact) < Fraction(1, 2) or minor % 2 == 0


def test_the_newest_rate_up_to_the_day_counts() -> None:
    """Whatever the order in which the model lists them."""
    dated = {date(2024, 7, 2): "3", date(2024, 1, 1): "1", date(2024, 7, 1): "2"}
    rates = Rates("CNY", {"USD": dated})
    found = [rates.minor_units(Decimal(1), "USD", day=DAY + later) for later in (-1, 0, 1, 900)]
    assert found == [100, 200, 300, 300]


@pytest.mark.parametrize(
    ("currency", "day", "message"),
    [
        ("EUR", DAY, "has no rate; the model knows CNY, USD"),
        ("USD", 0, "has no rate for 1970-01-01; the first is dated 2024-07-01"),
    ],
)
def test_a_currency_without_a_rate_for_the_day_is_refused(
    currency: str, day: int, message: str
) -> None:
    rates = Rates("CNY", {"USD": {date(2024, 7, 1): "7.1"}})
    with pytest.raises(LookupError, match=message):
        rates.minor_units(Decimal(1), currency, day=day)


@pytest.mark.parametrize("text", ["0", "-1", "NaN", "Infinity", "seven"])
def test_a_rate_is_a_positive_decimal(text: str) -> None:
    with pytest.raises(ValueError, match=f"the rate of USD on 2024-07-01 is `{text}`"):
        Rates("CNY", {"USD": {date(2024, 7, 1): text}})
