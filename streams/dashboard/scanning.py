"""Snapshots → numbers and positions, compiled: all of one model have one shape.

A snapshot of `Wording` is the same text for every customer but for its values. The shape is that
text: what stands before each value, and of what kind the value is. A snapshot that differs, by
another model or another writer, is not read here.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit, jit_borrowing, jit_inlined
from scoring.program import Names

NUMBER: Final = 0  # or null, which is NaN
WORD: Final = 1  # one of some, or null
TEXT: Final = 2  # any
DAY: Final = 3
REST: Final = 4  # an object, up to the end

_FAILED: Final = -1
_ZERO, _NINE = 0x30, 0x39
_QUOTE, _BACKSLASH = 0x22, 0x5C
_DIGITS: Final = 18  # that an int64 takes, whatever they are
_LARGEST_POWER: Final = 50
_EXACT: Final = 1 << 53
_DOUBT: Final = 2.0**-96  # of a quotient in two floats; they are right to some 2^-102

_STEP: Final = np.dtype([
    ("kind", np.int32), ("start", np.int32), ("end", np.int32),
    ("first_word", np.int32), ("end_word", np.int32),
])  # fmt: skip
_SPAN: Final = np.dtype([("start", np.int32), ("end", np.int32)])


class Shape(NamedTuple):
    """What snapshots of one model look like.

    Each step is a span of `texts` that comes first, and the kind of the value behind it; `words`
    are spans of `texts`, too. `powers` are those of ten as sums of two floats.
    """

    texts: NDArray[np.uint8]
    steps: NDArray[Any]
    words: NDArray[Any]
    powers: NDArray[np.float64]


class Found(NamedTuple):
    """What n snapshots say: values of each kind in the order of their steps.

    `texts` are the spans of the texts, then of the rest. A row that is not `read` holds nothing.
    """

    read: NDArray[np.bool_]
    numbers: NDArray[np.float64]
    words: NDArray[np.int8]
    day: NDArray[np.int32]
    texts: NDArray[np.int64]


def steps_of(names: Names, limits: Sequence[bool]) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield what stands before each value, its kind, and the words that it may be.

    Args:
        names: Of the model.
        limits: Which scores suggest a credit limit.
    """
    yield '{"customer_id":', TEXT, ()
    yield ',"as_of":', DAY, ()
    yield ',"model":', TEXT, ()
    yield ',"sequence":', NUMBER, ()
    before = ',"scores":{'
    for s, score in enumerate(names.scores):
        yield f'{before}"{score}":{{"score":', NUMBER, ()
        yield ',"tier":', WORD, names.tiers[s]
        before = ',"contributions":{'
        for term in names.terms[s]:
            yield f'{before}"{term}":', NUMBER, ()
            before = ","
        before = "}},"
        if limits[s]:
            yield '},"suggested_limit":', NUMBER, ()
            before = "},"
    before = before.removesuffix(",") + '},"indicators":{'
    for indicator in names.indicators:
        yield f'{before}"{indicator}":', NUMBER, ()
        before = ","
    before = '},"segments":{'
    for g, segment in enumerate(names.segments):
        yield f'{before}"{segment}":', WORD, names.classes[g]
        before = ","
    before = '},"' if names.segments else '},"segments":{},"'
    for name in ("segment", "stage", "class"):
        of = {"segment": "rfm"}.get(name, name)
        classes = names.classes[names.segments.index(of)] if of in names.segments else ()
        yield f'{before}{name}":', WORD, classes
        before = ',"'
    yield ',"profile":', REST, ()


def shape_of(names: Names, limits: Sequence[bool]) -> Shape:
    """Return the shape of a model's snapshots; arguments as `steps_of`."""
    texts = bytearray()
    steps: list[tuple[int, ...]] = []
    words: list[tuple[int, int]] = []
    for before, kind, may_be in steps_of(names, limits):
        start, first = len(texts), len(words)
        texts += before.encode()
        end = len(texts)
        for word in may_be:
            words.append((len(texts), len(texts) + len(word.encode())))
            texts += word.encode()
        steps.append((kind, start, end, first, len(words)))
    powers = [(float(10**k), float(10**k - int(float(10**k)))) for k in range(_LARGEST_POWER + 1)]
    return Shape(
        np.frombuffer(bytes(texts), np.uint8),
        np.array(steps, _STEP),
        np.array(words or [(0, 0)], _SPAN),
        np.array(powers),
    )


def scan(
    shape: Shape, buffer: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64]
) -> Found:
    """Read the snapshots in spans of a buffer."""
    n, kinds = start.size, shape.steps["kind"]
    found = Found(
        np.zeros(n, np.bool_),
        np.empty((n, np.count_nonzero(kinds == NUMBER))),
        np.empty((n, np.count_nonzero(kinds == WORD)), np.int8),
        np.empty(n, np.int32),
        np.empty((n, np.count_nonzero((kinds == TEXT) | (kinds == REST)), 2), np.int64),
    )
    _scan(shape, buffer, start, end, found)
    return found


@jit
def _scan(
    shape: Shape,
    buffer: NDArray[np.uint8],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    found: Found,
) -> None:
    for n in range(start.size):
        found.read[n] = _scan_one(shape, buffer, start[n], end[n], found, n)


@jit_borrowing
def _scan_one(
    shape: Shape, buffer: NDArray[np.uint8], at: int, end: int, found: Found, n: int
) -> bool:
    """Read one snapshot into row n; return whether it has the shape."""
    number = word = text = 0
    for s in range(shape.steps.size):
        step = shape.steps[s]
        at = _after(buffer, at, end, shape.texts, step.start, step.end)
        if at == _FAILED or at >= end:
            return False
        if step.kind == NUMBER:
            value, at = _number(shape.powers, buffer, at, end)
            found.numbers[n, number] = value
            number += 1
        elif step.kind == WORD:
            position, at = _word(shape, step.first_word, step.end_word, buffer, at, end)
            found.words[n, word] = position
            word += 1
        elif step.kind == DAY:
            found.day[n], at = _day(buffer, at, end)
        else:
            found.texts[n, text, 0] = at
            at = end - 1 if step.kind == REST else _text_end(buffer, at, end)
            found.texts[n, text, 1] = at
            text += 1
        if at == _FAILED:
            return False
    return at == end - 1 and buffer[at] == ord("}")


@jit_inlined
def _after(
    buffer: NDArray[np.uint8],
    at: int,
    end: int,
    texts: NDArray[np.uint8],
    text: int,
    text_end: int,
) -> int:
    """Return the position behind a text that must come first."""
    if text_end - text > end - at:
        return _FAILED
    differs = np.uint8(0)
    here, there = np.uint64(at), np.uint64(text)  # never below 0: no check of each index
    for byte in range(np.uint64(text_end - text)):  # to its end: the compiler takes many at once
        differs |= buffer[here + byte] ^ texts[there + byte]
    return _FAILED if differs else at + text_end - text


@jit_inlined
def _is_null(buffer: NDArray[np.uint8], at: int, end: int) -> bool:
    return end - at > 4 and buffer[at] == ord("n") and buffer[at + 3] == ord("l")  # noqa: PLR2004


@jit_inlined
def _word(
    shape: Shape, first: int, last: int, buffer: NDArray[np.uint8], at: int, end: int
) -> tuple[int, int]:
    """Read one of the words from `first` to below `last`, or null: its place, and the next."""
    if _is_null(buffer, at, end):
        return -1, at + 4
    if buffer[at] != _QUOTE:
        return 0, _FAILED
    for word in range(first, last):
        span = shape.words[word]
        behind = _after(buffer, at + 1, end, shape.texts, span.start, span.end)
        if behind != _FAILED and behind < end and buffer[behind] == _QUOTE:
            return word - first, behind + 1
    return 0, _FAILED


@jit_inlined
def _text_end(buffer: NDArray[np.uint8], at: int, end: int) -> int:
    """Return the position behind a text with its quotes."""
    if buffer[at] != _QUOTE:
        return _FAILED
    at += 1
    while at < end and buffer[at] != _QUOTE:
        at += 2 if buffer[at] == _BACKSLASH else 1
    return at + 1 if at < end else _FAILED


@jit_inlined
def _day(buffer: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Read "YYYY-MM-DD" with its quotes: days from 1970-01-01."""
    length = 12
    if end - at < length or buffer[at] != _QUOTE or buffer[at + length - 1] != _QUOTE:
        return 0, _FAILED
    digits = 0
    for byte in range(1, length - 1):
        is_dash = byte in (5, 8)
        if is_dash != (buffer[at + byte] == ord("-")):
            return 0, _FAILED
        if not is_dash:
            if not _ZERO <= buffer[at + byte] <= _NINE:
                return 0, _FAILED
            digits = 10 * digits + int(buffer[at + byte]) - _ZERO
    year, month, day = digits // 10_000, digits // 100 % 100, digits % 100
    # the civil calendar counted from 1 March, when leap days are at the end of a year
    year -= month <= 2  # noqa: PLR2004
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days = 365 * year + year // 4 - year // 100 + year // 400 + of_year - 719_468
    return days, at + length


@jit_inlined
def _number(
    powers: NDArray[np.float64], buffer: NDArray[np.uint8], at: int, end: int
) -> tuple[float, int]:
    """Read a JSON number, or null as NaN: the nearest float, and the next position.

    What cannot be told for certain in two floats, or is very large or small, fails.
    """
    if _is_null(buffer, at, end):
        return np.nan, at + 4
    is_negative = buffer[at] == ord("-")
    if is_negative:
        at += 1
    digits, tens, places, first = 0, 0, 0, at
    is_fraction = False
    while at < end:
        byte = int(buffer[at])
        if _ZERO <= byte <= _NINE:
            digits = 10 * digits + byte - _ZERO
            places += places > 0 or digits > 0  # too many digits overflow, and are counted on
            tens -= is_fraction
        elif byte == ord(".") and not is_fraction:
            is_fraction = True
        else:
            break
        at += 1
    if places > _DIGITS or not (_is_digit(buffer, first, end) and _is_digit(buffer, at - 1, end)):
        return 0.0, _FAILED
    if at < end and buffer[at] == ord("e"):
        exponent, at = _exponent(buffer, at + 1, end)
        tens += exponent
        if at == _FAILED:
            return 0.0, _FAILED
    value, is_certain = _float_of(powers, digits, tens)
    return (-value if is_negative else value), (at if is_certain else _FAILED)


@jit_inlined
def _is_digit(buffer: NDArray[np.uint8], at: int, end: int) -> bool:
    return at < end and _ZERO <= buffer[at] <= _NINE


@jit_inlined
def _exponent(buffer: NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    is_negative = at < end and buffer[at] == ord("-")
    if is_negative or (at < end and buffer[at] == ord("+")):
        at += 1
    value, first = 0, at
    while at < end and _ZERO <= buffer[at] <= _NINE and at - first < 3:  # noqa: PLR2004
        value = 10 * value + int(buffer[at]) - _ZERO
        at += 1
    return (-value if is_negative else value), (at if at > first else _FAILED)


@jit_inlined
def _float_of(powers: NDArray[np.float64], digits: int, tens: int) -> tuple[float, bool]:
    """Return the float nearest to digits × 10^tens, and whether that is certain.

    Few digits: one operation on two exact floats rounds once. Else the quotient is found as a sum
    of two floats, right to some 100 bits: only next to the middle between two floats can the sum
    be rounded to the wrong one, and that is not certain.
    """
    if digits == 0:
        return 0.0, True
    if tens == 0 and digits < _EXACT:
        return float(digits), True
    if not -_LARGEST_POWER <= tens < 0:
        return 0.0, False
    high, low = powers[-tens]
    if digits < _EXACT and low == 0.0:
        return digits / high, True
    above = float(digits)
    rest = float(digits - int(above))
    quotient = above / high
    product, error = _product(quotient, high)
    further = ((above - product - error) + rest - quotient * low) / high
    doubt = quotient * _DOUBT
    value = quotient + (further - doubt)
    return value, value == quotient + (further + doubt)


@jit_inlined
def _product(a: float, b: float) -> tuple[float, float]:
    """Return a × b as a sum of two floats, exactly (Dekker)."""
    split = 134_217_729.0  # 2^27 + 1
    a_high = split * a - (split * a - a)
    b_high = split * b - (split * b - b)
    a_low, b_low = a - a_high, b - b_high
    product = a * b
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error
