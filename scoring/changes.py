"""The details of a batch as tables, for the kernel."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.details import Detail, Value
from scoring.facts.attributes import TEXTS, kind_of
from scoring.hashing import text_hash
from scoring.jit import jit_borrowing
from scoring.measures import MEASURES
from scoring.tables import Table

ATTRIBUTE_CHANGE: Final = np.dtype(
    [
        ("event", "i4"),
        ("kind", "i4"),
        ("key", "u8"),
        ("number", "f8"),
        ("text", "u8"),
        ("name_start", "i8"),
        ("name_length", "i4"),
        ("text_start", "i8"),
        ("text_length", "i4"),
    ],
    align=True,
)
COST: Final = np.dtype([("event", "i4"), ("measure", "i4"), ("amount", "i8")], align=True)


class Changes(NamedTuple):
    """What events of a batch set, sorted by event; spans are of the arena's texts."""

    attributes: Table
    costs: Table


NO_CHANGES: Final = Changes(np.zeros(0, ATTRIBUTE_CHANGE), np.zeros(0, COST))


def changes_of(details: Mapping[int, Detail], base: int) -> tuple[Changes, NDArray[np.uint8]]:
    """Return the details by event as tables, and the texts, which will stand from `base` on.

    >>> changes, texts = changes_of({3: Detail(attributes=(("region", "east"),))}, base=10)
    >>> changes.attributes["event"].tolist(), changes.attributes["text_start"].tolist()
    ([3], [16])
    >>> bytes(texts)
    b'regioneast'
    """
    if not details:
        return NO_CHANGES, np.zeros(0, np.uint8)
    texts = bytearray()
    attributes: list[tuple[Any, ...]] = []
    costs: list[tuple[int, int, int]] = []
    for event in sorted(details):
        for name, value in details[event].attributes:
            attributes.append((event, *_attribute(name, value, base, texts)))
        costs += [(event, MEASURES.index(name), n) for name, n in details[event].costs]
    changes = Changes(np.array(attributes, ATTRIBUTE_CHANGE), np.array(costs, COST))
    return changes, np.frombuffer(bytes(texts), np.uint8)


def _attribute(name: str, value: Value, base: int, texts: bytearray) -> tuple[Any, ...]:
    kind, number, text = kind_of(value)
    start, length = base + len(texts), len(name.encode())
    texts += name.encode() + text
    key, hashed = text_hash(name), text_hash(text) if kind in TEXTS else 0
    return (kind, key, number, hashed, start, length, start + length, len(text))


@jit_borrowing
def first_change(changes: Any, event: int) -> int:
    """Return the first row of an event, or where it would be."""
    low, high = 0, changes.size
    while low < high:
        middle = (low + high) // 2
        if changes[middle].event < event:
            low = middle + 1
        else:
            high = middle
    return int(low)
