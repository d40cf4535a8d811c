"""Messages as they came, kept compressed: looked at one by one, and seldom."""

from collections.abc import Sequence
from typing import Any, Final

import cramjam
import orjson

_BLOCK: Final = 64
"""Messages of one topic are alike: so many together take a tenth of their room."""
_LEVEL: Final = 1
_LENGTH: Final = 4


class Archive:
    """Values by number, counted from 0 for ever; the oldest may be dropped."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._open: list[bytes] = []
        self._first = 0  # block
        self._recent: tuple[int, list[bytes]] = (-1, [])

    def __len__(self) -> int:
        """Return how many values were added; the number of the next."""
        return (self._first + len(self._blocks)) * _BLOCK + len(self._open)

    def add(self, value: bytes) -> int:
        """Keep a value; return its number."""
        self._open.append(value)
        number = len(self) - 1
        if len(self._open) == _BLOCK:
            self._blocks.append(_packed(self._open))
            self._open = []
        return number

    def message(self, number: int) -> dict[str, Any]:
        """Return a value as JSON says it.

        Raises:
            IndexError: It was dropped, or never added.
        """
        block, place = divmod(number, _BLOCK)
        block -= self._first
        if not 0 <= block <= len(self._blocks):
            raise IndexError(f"message {number} is not in the archive")
        held = self._open if block == len(self._blocks) else self._unpacked(block)
        found: dict[str, Any] = orjson.loads(held[place])
        return found

    def drop_before(self, number: int) -> None:
        """Drop what has a smaller number, as far as whole blocks go."""
        blocks = min(max(0, number // _BLOCK - self._first), len(self._blocks))
        del self._blocks[:blocks]
        self._first += blocks
        self._recent = (-1, [])

    def size(self) -> int:
        """Return the bytes that it takes."""
        return sum(map(len, self._blocks)) + sum(map(len, self._open))

    def _unpacked(self, block: int) -> list[bytes]:
        if self._recent[0] != block:
            self._recent = block, _unpacked(self._blocks[block])
        return self._recent[1]


def _packed(values: Sequence[bytes]) -> bytes:
    lengths = b"".join(len(value).to_bytes(_LENGTH) for value in values)
    return bytes(cramjam.zstd.compress(lengths + b"".join(values), level=_LEVEL))


def _unpacked(block: bytes) -> list[bytes]:
    """Undo `_packed` of a whole block."""
    plain = bytes(cramjam.zstd.decompress(block))
    values, at = [], _BLOCK * _LENGTH
    for n in range(_BLOCK):
        length = int.from_bytes(plain[n * _LENGTH : (n + 1) * _LENGTH])
        values.append(plain[at : at + length])
        at += length
    return values
