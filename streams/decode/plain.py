"""Reading plain values from bytes: decimals to minor units, times to epoch milliseconds.

A result of -1 means: not plain, let the models decide.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.calendar import DAY_MS, Calendar, day_start
from scoring.fields import MAX_MS
from scoring.jit import jit_borrowing
from scoring.money import LIMIT

_POWERS: Final = 10 ** np.arange(19, dtype=np.int64)
_MOST_DIGITS: Final = 18
_LIMIT_DIGITS: Final = len(str(LIMIT)) - 1
_MONTH_STARTS: Final = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365])
_LEAP_DAYS_TO_1970: Final = 477
_NO_OFFSET: Final = -(2**62)


@jit_borrowing
def minor_units(buffer: NDArray[np.uint8], start: int, stop: int, digits: int) -> int:
    """Return a decimal in minor units of a currency with `digits` decimals, rounded half to even.

    Negative numbers, more than 18 digits and amounts above the limit are not plain.
    """
    mantissa, count, point = 0, 0, -1
    for position in range(start, stop):
        digit = _digit(buffer, position)
        if digit >= 0:
            mantissa = mantissa * 10 + digit
            count += 1
        elif buffer[position] == ord(".") and point < 0 and count > 0:
            point = position
        else:
            return -1
        if count > _MOST_DIGITS:
            return -1
    decimals = 0 if point < 0 else stop - point - 1
    if count == 0 or (point >= 0 and decimals == 0):
        return -1
    if decimals + _LIMIT_DIGITS <= _MOST_DIGITS and mantissa > LIMIT * _POWERS[decimals]:
        return -1
    return _scaled(mantissa, decimals - digits)


@jit_borrowing
def _scaled(mantissa: int, excess: int) -> int:
    """Return mantissa ÷ 10^excess, half to even."""
    if excess <= 0:
        return int(mantissa * _POWERS[-excess])
    divisor = _POWERS[excess]
    quotient = mantissa // divisor
    doubled = 2 * (mantissa - quotient * divisor)
    if doubled > divisor or (doubled == divisor and quotient % 2 == 1):
        quotient += 1
    return int(quotient)


@jit_borrowing
def integer(buffer: NDArray[np.uint8], start: int, stop: int) -> int:
    """Return a whole number of up to 15 digits, as many as `MAX_MS` has."""
    if not 0 < stop - start <= 15:
        return -1
    number = 0
    for position in range(start, stop):
        digit = _digit(buffer, position)
        if digit < 0:
            return -1
        number = number * 10 + digit
    return number


@jit_borrowing
def epoch_ms(buffer: NDArray[np.uint8], start: int, stop: int) -> int:
    """Return a whole number that is an instant which the contract accepts."""
    ms = integer(buffer, start, stop)
    return ms if ms <= MAX_MS else -1


@jit_borrowing
def rfc3339(buffer: NDArray[np.uint8], start: int, stop: int) -> int:
    """Return the instant of `2026-01-31T09:30:00[.fraction](Z|±hh:mm)`, in capitals."""
    if stop - start < 20 or buffer[start + 10] != ord("T"):
        return -1
    if buffer[start + 13] != ord(":") or buffer[start + 16] != ord(":"):
        return -1
    day, second = date(buffer, start), _two_digits(buffer, start + 17, 59)
    hour, minute = _two_digits(buffer, start + 11, 23), _two_digits(buffer, start + 14, 59)
    fraction, at = _fraction(buffer, start + 19, stop)
    offset = _offset(buffer, at, stop)
    if min(day, hour, minute, second, fraction) < 0 or offset == _NO_OFFSET:
        return -1
    ms = day * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset
    return ms if 0 <= ms <= MAX_MS else -1


@jit_borrowing
def end_of_date(buffer: NDArray[np.uint8], start: int, calendar: Calendar) -> int:
    """Return the last millisecond of the local day `YYYY-MM-DD`."""
    day = date(buffer, start)
    return day_start(calendar, day + 1) - 1 if day >= 0 else -1


@jit_borrowing
def date(buffer: NDArray[np.uint8], start: int) -> int:
    """Return the day `YYYY-MM-DD`, from 1970 on, counted from 1970-01-01."""
    century, rest = _two_digits(buffer, start, 99), _two_digits(buffer, start + 2, 99)
    month, day = _two_digits(buffer, start + 5, 12), _two_digits(buffer, start + 8, 31)
    year = century * 100 + rest
    if min(century, rest) < 0 or year < 1970 or min(month, day) < 1:
        return -1
    if buffer[start + 4] != ord("-") or buffer[start + 7] != ord("-"):
        return -1
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    length = _MONTH_STARTS[month] - _MONTH_STARTS[month - 1]
    if day > length + (1 if leap and month == 2 else 0):
        return -1
    past = year - 1
    leap_days = past // 4 - past // 100 + past // 400 - _LEAP_DAYS_TO_1970
    if leap and month > 2:
        leap_days += 1
    return int((year - 1970) * 365 + leap_days + _MONTH_STARTS[month - 1] + day - 1)


@jit_borrowing
def _digit(buffer: NDArray[np.uint8], at: int) -> int:
    """Return the value of a digit, -1 for another byte."""
    digit = np.int64(buffer[at]) - 0x30  # signed before subtracting
    return int(digit) if 0 <= digit <= 9 else -1


@jit_borrowing
def _two_digits(buffer: NDArray[np.uint8], at: int, most: int) -> int:
    high, low = _digit(buffer, at), _digit(buffer, at + 1)
    number = high * 10 + low
    return number if high >= 0 and low >= 0 and number <= most else -1


@jit_borrowing
def _fraction(buffer: NDArray[np.uint8], at: int, stop: int) -> tuple[int, int]:
    """Return the milliseconds of an optional fraction of up to nine digits, and where it ends."""
    if buffer[at] != ord("."):
        return 0, at
    ms, weight, position = 0, 100, at + 1
    while position < stop and _digit(buffer, position) >= 0:
        ms += weight * _digit(buffer, position)
        weight //= 10
        position += 1
    return (ms if 1 <= position - at - 1 <= 9 else -1), position


@jit_borrowing
def _offset(buffer: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return the offset from UTC in milliseconds."""
    if stop - at == 1 and buffer[at] == ord("Z"):
        return 0
    if stop - at != 6 or buffer[at + 3] != ord(":"):
        return _NO_OFFSET
    sign = 0
    if buffer[at] == ord("+"):
        sign = 1
    if buffer[at] == ord("-"):
        sign = -1
    hours, minutes = _two_digits(buffer, at + 1, 23), _two_digits(buffer, at + 4, 59)
    if sign == 0 or min(hours, minutes) < 0:
        return _NO_OFFSET
    return sign * (hours * 60 + minutes) * 60_000
