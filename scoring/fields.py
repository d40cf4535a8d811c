"""The shapes of fields in events: times, money and attributes; no float money, no naive time."""

import math
import re
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Any, Final

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from scoring.calendar import DAY_MS
from scoring.details import Value
from scoring.money import LIMIT

MAX_MS: Final = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last instant accepted, in epoch milliseconds."""

MAX_DECIMALS: Final = 30
MAX_ATTRIBUTE: Final = 10**15
"""The largest number that an attribute takes: a float64 tells whole numbers apart up to there."""
LONGEST_ATTRIBUTE: Final = 256
MAX_SEQUENCE: Final = 10**18 - 1
HOURS, MINUTES, SECONDS = 24, 60, 60

_EPOCH: Final = date(1970, 1, 1).toordinal()
_LIKELY: Final = tuple((date(year, 1, 1).toordinal() - _EPOCH) * DAY_MS for year in (1980, 2100))
"""Epoch milliseconds between which an instant is thought to be meant."""
_COMPACT: Final = re.compile(r"(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_CURRENCY: Final = re.compile(r"[A-Za-z]{3}")
_SEQUENCE: Final = re.compile(r"[0-9]{1,18}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2})?)"
)
BARE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
)
"""A time without an offset: which instant it is depends on where the clock stood."""


class Shape(IntEnum):
    """How the fast decoder reads a field, and which column it fills.

    A field without a shape sends an event that has it to the models.
    """

    OTHER = 0
    TYPE = 1
    EVENT_ID = 2
    CUSTOMER_ID = 3
    OCCURRED_AT = 4
    DUE_AT = 5
    AMOUNT = 6
    COST = 7
    CURRENCY = 8
    KIND = 9
    LEVEL = 10
    TEXT = 11
    ANSWER = 12
    INVOICE = 13
    CATEGORY = 14
    ORDER = 15
    SEQUENCE = 16
    SEVERITY = 17


def instant_of(value: object) -> int:
    """Return epoch milliseconds of RFC 3339 text with an offset, or of epoch milliseconds.

    Digits after the millisecond are cut off. Raises `PydanticCustomError`.

    >>> instant_of("1970-01-01T08:00:01.0009+08:00")
    1000
    """
    if isinstance(value, str):
        ms = _rfc3339(value)
    elif (whole := whole_of(value)) is not None:
        ms = whole
    else:
        raise _wrong("must be RFC 3339 text with an offset, or epoch milliseconds as an integer")
    if not 0 <= ms <= MAX_MS:
        raise _outside(f"must be an instant from 1970 to 9999{likeness(ms)}")
    return ms


def likeness(number: int) -> str:
    """Return what a number that is no plausible instant in milliseconds looks like, as a clause.

    >>> likeness(1_764_547_200)
    '; it looks like seconds (2025-12-01): milliseconds are expected'
    >>> likeness(20_788), likeness(5)
    ('; it looks like days since 1970 (2026-12-01): milliseconds are expected', '')
    """
    for unit, ms in (
        ("seconds", number * 1000),
        ("microseconds", number // 1000),
        ("nanoseconds", number // 1_000_000),
        ("days since 1970", number * DAY_MS),
    ):
        if _LIKELY[0] <= ms < _LIKELY[1]:
            day = date.fromordinal(ms // DAY_MS + _EPOCH)
            return f"; it looks like {unit} ({day}): milliseconds are expected"
    text = str(number)
    if _COMPACT.fullmatch(text):
        return f'; it looks like a date: write "{text[:4]}-{text[4:6]}-{text[6:]}T00:00:00Z"'
    return ""


def due_of(value: object) -> int | date:
    """Return a bare date as such, anything else as `instant_of` does.

    >>> due_of("2026-01-31"), due_of("2026-01-31T00:00:00Z")
    (datetime.date(2026, 1, 31), 1769817600000)
    """
    if isinstance(value, str) and _DATE.fullmatch(value):
        return date_of(value)
    return instant_of(value)


def date_of(value: object) -> date:
    """Return a date written like 2026-01-31, from 1970 on. Raises `PydanticCustomError`.

    >>> date_of("2026-01-31")
    datetime.date(2026, 1, 31)
    """
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _wrong("must be a date such as `2026-01-31`")
    day = _date(value)
    if day.toordinal() < _EPOCH:
        raise _outside("must be a date from 1970 to 9999")
    return day


def attribute_of(value: object) -> Value:
    """Return an attribute's value, numbers as floats. Raises `PydanticCustomError`.

    Empty text, which many systems send for a field that was cleared, takes the attribute away.

    >>> attribute_of(Decimal("3.50")), attribute_of(7), attribute_of(True), attribute_of("华东")
    (3.5, 7.0, True, '华东')
    >>> attribute_of("") is None
    True
    """
    if value is None or isinstance(value, bool):
        return value
    if value == "":
        return None
    if isinstance(value, str):
        return _attribute_text(value)
    if not isinstance(value, int | float | Decimal):
        raise _wrong("must be text, a number, true, false or null")
    if not -MAX_ATTRIBUTE <= value <= MAX_ATTRIBUTE:
        raise _outside("must be a finite number from -10^15 to 10^15")
    return float(value) + 0.0  # without the sign of a zero


def _attribute_text(text: str) -> str:
    if len(text) > LONGEST_ATTRIBUTE:
        raise _outside(f"must have at most {LONGEST_ATTRIBUTE} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        rule = "must be text that UTF-8 can hold; it has half a surrogate"
        raise PydanticCustomError("InvalidUtf8", "{rule}", {"rule": rule}) from None
    return text


def amount_of(value: object) -> Decimal:
    """Return money in major units, above 0 and at most 10^12. Raises `PydanticCustomError`.

    >>> amount_of("12.50"), amount_of(0.1)
    (Decimal('12.50'), Decimal('0.1'))
    """
    amount = _decimal(value)
    if not 0 < amount <= LIMIT:
        raise _outside("must be greater than 0 and at most 10^12")
    return amount


def cost_of(value: object) -> Decimal:
    """Return money in major units, from 0 to 10^12. Raises `PydanticCustomError`.

    >>> cost_of(0)
    Decimal('0')
    """
    cost = _decimal(value)
    if not 0 <= cost <= LIMIT:
        raise _outside("must be at least 0 and at most 10^12")
    return cost


def currency_of(value: object) -> str:
    """Return a currency's code in capitals. Raises `PydanticCustomError`.

    >>> currency_of("usd")
    'USD'
    """
    if not isinstance(value, str):
        raise _wrong("must be a currency's code, such as `CNY`")
    if not _CURRENCY.fullmatch(value):
        raise _outside("must be a currency's code of three letters, such as `CNY`")
    return value.upper()


def sequence_of(value: object) -> int:
    """Return a producer's number of an event, from a number or its digits.

    >>> sequence_of(7), sequence_of("0042")
    (7, 42)
    """
    if isinstance(value, str) and _SEQUENCE.fullmatch(value):
        return int(value)
    number = whole_of(value)
    if number is None:
        raise _wrong("must be a whole number, or its digits as text")
    if not 0 <= number <= MAX_SEQUENCE:
        raise _outside(f"must be from 0 to {MAX_SEQUENCE}")
    return number


def whole_of(value: object) -> int | None:
    """Return a whole number, also one that is written 3.0; None for anything else.

    >>> whole_of(3), whole_of(Decimal("3.0")), whole_of(3.5), whole_of(True)
    (3, 3, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, int):
        return value
    if not math.isfinite(value) or value != int(value):
        return None
    return int(value)


def _decimal(value: object) -> Decimal:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        number = Decimal(value)
    elif isinstance(value, Decimal):
        number = value
    elif isinstance(value, float):
        number = Decimal(repr(value))  # the shortest text of a float is the decimal that was meant
    elif isinstance(value, int) and not isinstance(value, bool):
        number = Decimal(value)
    else:
        raise _wrong('must be a decimal string such as "12.50", or a number')
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise _outside("must be a finite number")
    if exponent < -MAX_DECIMALS or exponent > MAX_DECIMALS:
        raise _outside(f"must be at most 10^12, with at most {MAX_DECIMALS} decimals")
    return number


def _rfc3339(text: str) -> int:
    match = _INSTANT.fullmatch(text)
    if not match:
        rule = "must be RFC 3339 with an offset, such as `2026-01-31T09:30:00+08:00`"
        if BARE_TIME.fullmatch(text):
            rule = f"has no offset from UTC: it {rule}; or the setting `bare_times` names its zone"
        raise _wrong(rule)
    day, hour, minute, second, fraction, sign, ahead, past = match.groups()
    if max(int(hour), int(ahead or 0)) >= HOURS or max(int(minute), int(past or 0)) >= MINUTES:
        raise _outside("must have hours up to 23 and minutes up to 59")
    if int(second) > SECONDS:
        raise _outside("must have seconds up to 59, or 60 for a leap second")
    if int(second) == SECONDS:  # a day has no such second: it is the end of its minute
        second, fraction = "59", "999"
    offset = (int(ahead or 0) * MINUTES + int(past or 0)) * (-60_000 if sign == "-" else 60_000)
    seconds = (int(hour) * MINUTES + int(minute)) * SECONDS + int(second)
    milliseconds = int((fraction or "")[:3].ljust(3, "0"))
    return (_date(day).toordinal() - _EPOCH) * DAY_MS + seconds * 1000 + milliseconds - offset


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _outside("must be a day that the calendar has") from None


def _wrong(rule: str) -> PydanticCustomError:
    return PydanticCustomError("WrongType", "{rule}", {"rule": rule})


def _outside(rule: str) -> PydanticCustomError:
    return PydanticCustomError("OutOfRange", "{rule}", {"rule": rule})


_AT_MOST_LIMIT: Final = (
    r"(?=[0-9]{1,40}(\.|$))0*([0-9]{1,12}(\.[0-9]{1,30})?|1000000000000(\.0{1,30})?)$"
)
"""Digits of a number up to `LIMIT`, as a pattern of JSON Schema (ECMA 262)."""


def _money_schema(pattern: str, lowest: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string", "pattern": pattern}
    number = {"type": "number", **lowest, "maximum": LIMIT}
    return {"anyOf": [text, number], "description": "major units of the currency, at most 10^12"}


_DAY_PATTERN: Final = r"(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME_PATTERN: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?"
_OFFSET_PATTERN: Final = r"([Zz]|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
_TIME_SCHEMAS: Final[list[dict[str, Any]]] = [
    {
        "type": "string",
        "pattern": f"^{_DAY_PATTERN}[Tt ]{_TIME_PATTERN}{_OFFSET_PATTERN}$",
        "description": "RFC 3339 with an offset, of a day that the calendar has",
    },
    {"type": "integer", "minimum": 0, "maximum": MAX_MS, "description": "epoch milliseconds"},
]
_DATE_SCHEMA: Final = {
    "type": "string",
    "pattern": f"^{_DAY_PATTERN}$",
    "description": "the end of that day in the business time zone",
}

_ATTRIBUTE_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "string", "maxLength": LONGEST_ATTRIBUTE},
        {"type": "number", "minimum": -MAX_ATTRIBUTE, "maximum": MAX_ATTRIBUTE},
        {"type": "boolean"},
        {"type": "null"},
    ]
}

OccurredAt = Annotated[
    int, PlainValidator(instant_of), WithJsonSchema({"anyOf": _TIME_SCHEMAS}), Shape.OCCURRED_AT
]
DueAt = Annotated[
    int | date,
    PlainValidator(due_of),
    WithJsonSchema({"anyOf": [*_TIME_SCHEMAS, _DATE_SCHEMA]}),
    Shape.DUE_AT,
]
Amount = Annotated[
    Decimal,
    PlainValidator(amount_of),
    WithJsonSchema(_money_schema(f"^(?=.*[1-9]){_AT_MOST_LIMIT}", {"exclusiveMinimum": 0})),
    Shape.AMOUNT,
]
Cost = Annotated[
    Decimal,
    PlainValidator(cost_of),
    WithJsonSchema(
        _money_schema(rf"^(-0{{1,40}}(\.0{{1,30}})?$|{_AT_MOST_LIMIT})", {"minimum": 0})
    ),
    Shape.COST,
]
Currency = Annotated[
    str,
    PlainValidator(currency_of),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{3}$"}),
    Shape.CURRENCY,
]
Sequence = Annotated[
    int,
    PlainValidator(sequence_of),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX_SEQUENCE},
                {"type": "string", "pattern": "^[0-9]{1,18}$"},
            ]
        }
    ),
    Shape.SEQUENCE,
]
LastDay = Annotated[
    date,
    PlainValidator(date_of),
    WithJsonSchema({**_DATE_SCHEMA, "description": "the last day, inclusive"}),
]
Attribute = Annotated[Value, PlainValidator(attribute_of), WithJsonSchema(_ATTRIBUTE_SCHEMA)]
