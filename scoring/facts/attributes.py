"""Attributes of a customer: of each the value that was set last by event time (semantics §11)."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.arena import Arena
from scoring.details import Value
from scoring.fields import MAX_ATTRIBUTE
from scoring.hashing import text_hash
from scoring.jit import jit_borrowing

ABSENT_VALUE: Final = 0
"""An attribute that was taken away: it is kept, so that an older value does not come back."""
NUMBER: Final = 1
FLAG: Final = 2
TEXT: Final = 3
NUMERIC_TEXT: Final = 4
"""A text that is a number: shown as the text, and a number where an indicator wants one."""
TEXTS: Final = (TEXT, NUMERIC_TEXT)

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")

NPS: Final = np.uint64(text_hash("nps"))
CSAT: Final = np.uint64(text_hash("csat"))
OWN: Final = {int(NPS): "nps", int(CSAT): "csat"}
"""Attributes that the kernel sets: their names are not stored."""


@jit_borrowing
def set_attribute(
    keys: NDArray[np.uint64],
    customer: Any,
    columns: NDArray[np.int32],
    attributes: Any,
    new: Any,
) -> None:
    """Take a value in, unless a later one is known; there is room for one more.

    Of equal times the higher sequence is the later, of equal ones the value that comes now.
    """
    first = customer.attribute_start
    end = first + customer.attribute_count
    place = first
    while place < end and attributes[place].key != new.key:
        place += 1
    if place < end:
        known = attributes[place]
        if known.at > new.at or (known.at == new.at and known.sequence > new.sequence):
            return
    else:
        customer.attribute_count += 1
        for column in range(keys.size):
            if keys[column] == new.key:
                columns[column] = place - first
    copy_attribute(attributes[place], new)


@jit_borrowing
def copy_attribute(target: Any, source: Any) -> None:
    """Copy a row field by field."""
    target.key = source.key
    target.at = source.at
    target.sequence = source.sequence
    target.identity = source.identity
    target.number = source.number
    target.text = source.text
    target.day = source.day
    target.kind = source.kind
    target.name_start = source.name_start
    target.name_length = source.name_length
    target.text_start = source.text_start
    target.text_length = source.text_length


@jit_borrowing
def find_columns(
    keys: NDArray[np.uint64], customer: Any, columns: NDArray[np.int32], attributes: Any
) -> None:
    """Set where the model's attributes stand among the customer's."""
    first = customer.attribute_start
    for column in range(keys.size):
        columns[column] = -1
        for n in range(customer.attribute_count):
            if attributes[first + n].key == keys[column]:
                columns[column] = n


class Held(NamedTuple):
    """An attribute that a customer has had: `at` and `day` are those of the event that set it."""

    name: str
    value: Value
    at: int
    identity: int
    day: int
    sequence: int


def attributes_of(arena: Arena, c: int) -> Iterator[Held]:
    """Yield the attributes of customer c, also those that were taken away (None)."""
    for row in of_customer(arena.attributes, arena.customers[c], "attribute"):
        value: Value = None
        match int(row["kind"]):
            case 1:
                value = float(row["number"])
            case 2:
                value = bool(row["number"])
            case 3 | 4:
                value = _text(arena, int(row["text_start"]), int(row["text_length"]))
        name = OWN.get(int(row["key"])) or _text(
            arena, int(row["name_start"]), int(row["name_length"])
        )
        yield Held(
            name, value, int(row["at"]), int(row["identity"]), int(row["day"]),
            int(row["sequence"]),
        )  # fmt: skip  # as they are declared


def _text(arena: Arena, start: int, length: int) -> str:
    return arena.texts[start : start + length].tobytes().decode()


def of_customer(table: Any, customer: Any, kind: str) -> Any:
    """Return a customer's rows of a table: its lines, categories or attributes."""
    first = int(customer[f"{kind}_start"])
    return table[first : first + int(customer[f"{kind}_count"])]


def kind_of(value: Value) -> tuple[int, float, bytes]:
    """Return the kind of a value, its number and its text.

    >>> kind_of(True), kind_of("east"), kind_of("1000000")
    ((2, 1.0, b''), (3, 0.0, b'east'), (4, 1000000.0, b'1000000'))
    """
    match value:
        case None:
            return ABSENT_VALUE, 0.0, b""
        case bool():
            return FLAG, float(value), b""
        case str():
            number = number_of(value)
            if number is None:
                return TEXT, 0.0, value.encode()
            return NUMERIC_TEXT, number, value.encode()
        case _:
            return NUMBER, float(value), b""


def number_of(text: str) -> float | None:
    """Return the number that a text is, in the bounds of a number that is an attribute.

    >>> number_of("12.50"), number_of(" 7 "), number_of("1,000"), number_of("1e99")
    (12.5, 7.0, None, None)
    """
    if not _NUMBER.fullmatch(text.strip()):
        return None
    number = float(text)
    return number if abs(number) <= MAX_ATTRIBUTE else None
