"""Lexing of one flat JSON object, byte by byte: names to tokens, no meaning yet.

It understands less than JSON: an escape, an exponent, a nested value or a name given twice makes
`read_object` return False, and so does anything that is not JSON.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing
from streams.decode.contract import SLOTS, Contract, slot_of

STRING: Final = 1
NUMBER: Final = 2
BOOLEAN: Final = 3
NULL: Final = 4

_QUOTE: Final = 0x22
_BACKSLASH: Final = 0x5C
_SPACE: Final = 0x20
_ASCII: Final = 0x80
_ZERO: Final = 0x30
_NINE: Final = 0x39


TOKEN: Final = np.dtype([
    ("stamp", np.int64),  # which object it was found in
    ("kind", np.int64),
    ("start", np.int64), ("stop", np.int64),  # of a string: without quotes
])  # fmt: skip


def empty_tokens(contract: Contract) -> NDArray[Any]:
    """Return a token for each known name, found in no object."""
    tokens = np.zeros(len(contract.names), TOKEN)
    tokens["stamp"] = -1
    return tokens


@jit_borrowing
def read_object(
    contract: Contract,
    tokens: NDArray[Any],
    buffer: NDArray[np.uint8],
    start: int,
    stop: int,
    stamp: int,
) -> bool:
    """Read the object in `buffer[start:stop]`; its known fields become tokens with this `stamp`."""
    at = _skip_space(buffer, start, stop)
    if at == stop or buffer[at] != ord("{"):
        return False
    while True:
        name_start = _skip_space(buffer, at + 1, stop) + 1
        if name_start >= stop or buffer[name_start - 1] != _QUOTE:
            return False
        name_stop = _string_stop(buffer, name_start, stop)
        if name_stop < 0:
            return False
        at = _skip_space(buffer, name_stop + 1, stop)
        if at == stop or buffer[at] != ord(":"):
            return False
        at = _skip_space(buffer, at + 1, stop)
        kind, value_stop = _value(buffer, at, stop)
        if value_stop < 0:
            return False
        name = _find(contract.slots, contract.names, contract.texts, buffer, name_start, name_stop)
        if name >= 0:
            token = tokens[name]
            if token.stamp == stamp:
                return False
            quote = 1 if kind == STRING else 0
            token.stamp = stamp
            token.kind = kind
            token.start = at + quote
            token.stop = value_stop - quote
        at = _skip_space(buffer, value_stop, stop)
        if at == stop:
            return False
        if buffer[at] == ord("}"):
            return _skip_space(buffer, at + 1, stop) == stop
        if buffer[at] != ord(","):
            return False


@jit_borrowing
def same_bytes(
    left: NDArray[np.uint8],
    left_start: int,
    left_stop: int,
    right: NDArray[np.uint8],
    right_start: int,
    right_stop: int,
) -> bool:
    """Tell whether two spans hold the same bytes."""
    if left_stop - left_start != right_stop - right_start:
        return False
    for position in range(left_stop - left_start):
        if left[left_start + position] != right[right_start + position]:
            return False
    return True


@jit_borrowing
def _value(buffer: NDArray[np.uint8], at: int, stop: int) -> tuple[int, int]:
    """Return kind and end of the value at `at`, which must be before `stop`; -1 if not plain."""
    if at == stop:
        return 0, -1
    byte = buffer[at]
    if byte == _QUOTE:
        quote = _string_stop(buffer, at + 1, stop)
        return STRING, (quote + 1 if quote >= 0 else -1)
    if byte == ord("-") or _ZERO <= byte <= _NINE:
        return NUMBER, _number_stop(buffer, at, stop)
    if byte == ord("n"):
        return NULL, _word_stop(buffer, at, stop, (0x6E, 0x75, 0x6C, 0x6C))
    if byte == ord("t"):
        return BOOLEAN, _word_stop(buffer, at, stop, (0x74, 0x72, 0x75, 0x65))
    if byte == ord("f"):
        return BOOLEAN, _word_stop(buffer, at + 1, stop, (0x61, 0x6C, 0x73, 0x65))
    return 0, -1


@jit_borrowing
def _skip_space(buffer: NDArray[np.uint8], at: int, stop: int) -> int:
    while at < stop:
        byte = buffer[at]
        if byte > _SPACE or not (byte == _SPACE or byte in (0x09, 0x0A, 0x0D)):
            return at
        at += 1
    return stop


@jit_borrowing
def _string_stop(buffer: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return the position of the closing quote; -1 at an escape, a control or bad UTF-8."""
    while at < stop:
        byte = buffer[at]
        if byte == _QUOTE:
            return at
        if byte < _SPACE or byte == _BACKSLASH:
            return -1
        if byte < _ASCII:
            at += 1
            continue
        length = _utf8_length(buffer, at, stop)
        if length == 0:
            return -1
        at += length
    return -1


@jit_borrowing
def _utf8_length(buffer: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return the length of the sequence that starts at `at`; 0 if it is not UTF-8 (RFC 3629)."""
    lead = buffer[at]
    low, high = 0x80, 0xBF
    if 0xC2 <= lead <= 0xDF:
        length = 2
    elif 0xE0 <= lead <= 0xEF:
        length = 3
        if lead == 0xE0:
            low = 0xA0  # shorter forms are not allowed
        if lead == 0xED:
            high = 0x9F  # no surrogates
    elif 0xF0 <= lead <= 0xF4:
        length = 4
        if lead == 0xF0:
            low = 0x90
        if lead == 0xF4:
            high = 0x8F  # nothing above U+10FFFF
    else:
        return 0
    if at + length > stop or not low <= buffer[at + 1] <= high:
        return 0
    for position in range(at + 2, at + length):
        if not 0x80 <= buffer[position] <= 0xBF:
            return 0
    return length


@jit_borrowing
def _number_stop(buffer: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return the end of a number without exponent; -1 if there is none."""
    if buffer[at] == ord("-"):
        at += 1
    whole = _digits_stop(buffer, at, stop)
    if whole == at or (buffer[at] == _ZERO and whole > at + 1):
        return -1
    if whole == stop:
        return whole
    if buffer[whole] == ord("."):
        end = _digits_stop(buffer, whole + 1, stop)
        if end == whole + 1:
            return -1
    else:
        end = whole
    if end < stop and buffer[end] in (0x45, 0x65):
        return -1
    return end


@jit_borrowing
def _digits_stop(buffer: NDArray[np.uint8], at: int, stop: int) -> int:
    while at < stop and _ZERO <= buffer[at] <= _NINE:
        at += 1
    return at


@jit_borrowing
def _word_stop(
    buffer: NDArray[np.uint8], at: int, stop: int, word: tuple[int, int, int, int]
) -> int:
    if stop - at < 4:
        return -1
    for position in range(4):
        if buffer[at + position] != word[position]:
            return -1
    return at + 4


@jit_borrowing
def _find(
    slots: NDArray[np.int16],
    names: NDArray[Any],
    texts: NDArray[np.uint8],
    buffer: NDArray[np.uint8],
    start: int,
    stop: int,
) -> int:
    """Return the position of the field name in `buffer[start:stop]`, or -1 when unknown."""
    if start == stop:
        return -1
    slot = slot_of(stop - start, buffer[start], buffer[stop - 1])
    while True:
        name = slots[slot]
        if name < 0:
            return -1
        if same_bytes(buffer, start, stop, texts, names[name].start, names[name].stop):
            return int(name)
        slot = (slot + 1) & (SLOTS - 1)
