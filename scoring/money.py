"""Money: exact conversion to integer minor units of the base currency."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

LIMIT: Final = 10**12
"""The largest amount of one event, in major units: with it, sums of millions fit into 64 bits."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
_DECIMALS: Final = {
    code: decimals
    for decimals, codes in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for code in codes.split()
}
"""Decimals of the minor units that are not 2 (ISO 4217, list one)."""
_LETTERS: Final = 26


def digits(currency: str) -> int:
    """Return the number of decimals of a currency's minor unit (ISO 4217): 0, 2, 3 or 4.

    >>> digits("CNY"), digits("JPY"), digits("KWD"), digits("CLF")
    (2, 0, 3, 4)
    """
    return _DECIMALS.get(currency, 2)


def currency_number(currency: str) -> int:
    """Return the number that stands for a code of three capitals in columns and states; never 0.

    >>> currency_number("AAA"), currency_number("CNY")
    (1, 1715)
    """
    number = 0
    for letter in currency:
        number = number * _LETTERS + ord(letter) - ord("A")
    return number + 1


def currency_code(number: int) -> str:
    """Return the code that a number of `currency_number` stands for.

    >>> currency_code(currency_number("AAA")), currency_code(currency_number("USD"))
    ('AAA', 'USD')
    """
    letters, code = number - 1, ""
    for _ in range(3):
        letters, letter = divmod(letters, _LETTERS)
        code = chr(ord("A") + letter) + code
    return code


def amount_text(minor: int, number: int, base: str) -> str:
    """Return minor units of a currency, 0 for the base one, as they are written.

    >>> amount_text(30_000, 0, "CNY"), amount_text(500, currency_number("JPY"), "CNY")
    ('300.00 CNY', '500 JPY')
    """
    code = currency_code(number) if number else base
    return f"{Decimal(minor).scaleb(-digits(code))} {code}"


class Rates:
    """Dated rates of exchange: units of the base currency for one unit of the other.

    The rate of a day is the newest one dated that day or before, so a replay years later gives
    the same sum.

    >>> rates = Rates("CNY", {"USD": {date(2026, 1, 1): "7.10", date(2026, 7, 1): "7.05"}})
    >>> rates.minor_units(Decimal("9.99"), "USD", day=20_454)  # the first day of 2026
    7093
    """

    def __init__(self, base: str, dated: Mapping[str, Mapping[date, str]] | None = None) -> None:
        """Take decimal strings: a float has lost the digits that an exact sum needs.

        Raises `ValueError` for a rate that is not a positive decimal.
        """
        self.base: Final = base
        self._minor: Final[int] = 10 ** digits(base)
        self._dated = {
            currency: sorted(
                (day.toordinal() - _EPOCH, _rate(currency, day, text)) for day, text in days.items()
            )
            for currency, days in (dated or {}).items()
        }

    def minor_units(self, amount: Decimal, currency: str | None, *, day: int) -> int:
        """Convert exactly, then round once, half to even.

        `day` counts from 1970-01-01; no `currency` means the base. Raises `LookupError` with the
        reason when the currency has no rate for the day.
        """
        rate = self._rate(currency or self.base, day)
        return round(Fraction(amount) * rate * self._minor)

    def own_units(self, amount: Decimal, currency: str | None) -> int:
        """Return an amount in minor units of its own currency, rounded half to even.

        >>> Rates("CNY").own_units(Decimal("10.005"), "USD")
        1000
        """
        return round(Fraction(amount) * Fraction(10) ** digits(currency or self.base))

    def _rate(self, currency: str, day: int) -> Fraction:
        if currency == self.base:
            return Fraction(1)
        dated = self._dated.get(currency)
        if not dated:
            known = ", ".join(sorted({self.base, *self._dated}))
            raise LookupError(f"has no rate; the model knows {known}")
        position = bisect_right(dated, day, key=lambda entry: entry[0])
        if position == 0:
            first = date.fromordinal(dated[0][0] + _EPOCH)
            asked = date.fromordinal(day + _EPOCH)
            raise LookupError(f"has no rate for {asked}; the first is dated {first}")
        return dated[position - 1][1]


def _rate(currency: str, day: date, text: str) -> Fraction:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value <= 0:
        raise ValueError(f"the rate of {currency} on {day} is `{text}`; give a positive decimal")
    return Fraction(value)
