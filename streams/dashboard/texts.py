"""Texts of customers: coded where few differ, searchable and in order where each is another."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit

NONE: Final = -1
"""The code of no text."""
NOBODY: Final = -2
"""A code that no row has."""
_SEPARATOR: Final = b"\xff"  # of id and name; no UTF-8 has it, so that nothing is found across it
_WASTE: Final = 1 << 20
_SORTED: Final = 48
"""Bytes by which texts are put in order: who agrees in so many stands in order of arrival."""


class Dictionary:
    """Codes of texts, in order of appearance."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._texts: list[str] = []

    def code(self, text: str | None) -> int:
        """Return the code of a text, a new one if it has none yet."""
        if text is None:
            return NONE
        code = self._codes.setdefault(text, len(self._texts))
        if code == len(self._texts):
            self._texts.append(text)
        return code

    def find(self, text: str) -> int:
        """Return the code of a text, `NOBODY` if it has none; the empty text is `NONE`."""
        return self._codes.get(text, NOBODY) if text else NONE

    def text(self, code: int) -> str | None:
        """Return what a code stands for."""
        return None if code < 0 else self._texts[code]

    def __len__(self) -> int:
        """Return how many texts have codes."""
        return len(self._texts)


class Searchable:
    """An id and a name in each row, found by any part of them, whatever the case."""

    def __init__(self) -> None:
        self._buffer = np.empty(1 << 16, np.uint8)
        self._used = 0
        self._wasted = 0
        self._start = np.zeros(0, np.int64)
        self._length = np.zeros(0, np.int32)

    def reserve(self, rows: int) -> None:
        """Make room for so many rows."""
        if rows > self._start.size:
            more = max(rows, 2 * self._start.size) - self._start.size
            self._start = np.concatenate([self._start, np.zeros(more, np.int64)])
            self._length = np.concatenate([self._length, np.zeros(more, np.int32)])

    def put(self, rows: NDArray[np.int64], texts: Sequence[tuple[bytes, str | None]]) -> None:
        """Set the ids and names of rows, each row once."""
        parts = [_folded(identity, name) for identity, name in texts]
        lengths = np.fromiter(map(len, parts), np.int32, len(parts))
        self._wasted += int(self._length[rows].sum())
        self._length[rows] = 0
        if self._wasted > _WASTE and 2 * self._wasted > self._used:
            self._tidy()
        end = self._used + int(lengths.sum())
        if end > self._buffer.size:
            wider = np.empty(2 * end, np.uint8)
            wider[: self._used] = self._buffer[: self._used]
            self._buffer = wider
        self._buffer[self._used : end] = np.frombuffer(b"".join(parts), np.uint8)
        self._start[rows] = end - np.cumsum(lengths[::-1])[::-1]
        self._length[rows] = lengths
        self._used = end

    def find(self, part: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of `rows` that have a part in their id or name."""
        needle = np.frombuffer(part.casefold().encode(), np.uint8)
        return rows[_contains(self._buffer, self._start, self._length, rows, needle)]

    def room(self) -> int:
        """Return the bytes that the texts take."""
        return self._buffer.nbytes

    def order(self, rows: int, *, by_name: bool) -> NDArray[np.int32]:
        """Return the place of each of the first rows in the order of ids or names."""
        keys = np.zeros((rows, _SORTED), np.uint8)
        _keys(self._buffer, self._start[:rows], self._length[:rows], by_name, keys)
        order = np.argsort(keys.reshape(-1).view(f"S{_SORTED}"), kind="stable")
        places = np.empty(rows, np.int32)
        places[order] = np.arange(rows, dtype=np.int32)
        return places

    def _tidy(self) -> None:
        """Leave out what is no row's text any more."""
        buffer = np.empty(max(self._used, 1 << 16), np.uint8)
        self._used = _moved(self._buffer, self._start, self._length, buffer)
        self._buffer, self._wasted = buffer, 0


def _folded(identity: bytes, name: str | None) -> bytes:
    plain = identity.isascii()
    folded = identity.lower() if plain else identity.decode("utf-8", "replace").casefold().encode()
    return folded + _SEPARATOR + (name.casefold().encode() if name else b"")


@jit
def _contains(
    buffer: NDArray[np.uint8],
    start: NDArray[np.int64],
    length: NDArray[np.int32],
    rows: NDArray[np.int64],
    needle: NDArray[np.uint8],
) -> NDArray[np.bool_]:
    """Tell for each row whether its text has the needle in it."""
    found = np.zeros(rows.size, np.bool_)
    for n in range(rows.size):
        first = start[rows[n]]
        for at in range(first, first + length[rows[n]] - needle.size + 1):
            same = 0
            while same < needle.size and buffer[at + same] == needle[same]:
                same += 1
            if same == needle.size:
                found[n] = True
                break
    return found


@jit
def _keys(
    buffer: NDArray[np.uint8],
    start: NDArray[np.int64],
    length: NDArray[np.int32],
    by_name: bool,
    keys: NDArray[np.uint8],
) -> None:
    """Copy the beginnings of ids or names."""
    for row in range(start.size):
        at, end = start[row], start[row] + length[row]
        if by_name:
            while at < end and buffer[at] != 0xFF:  # noqa: PLR2004  # the separator
                at += 1
            at += 1
        byte = 0
        while byte < keys.shape[1] and at < end and buffer[at] != 0xFF:  # noqa: PLR2004
            keys[row, byte] = buffer[at]
            byte += 1
            at += 1


@jit
def _moved(
    buffer: NDArray[np.uint8],
    start: NDArray[np.int64],
    length: NDArray[np.int32],
    to: NDArray[np.uint8],
) -> int:
    """Copy all texts one behind the other; return where they end."""
    used = 0
    for row in range(start.size):
        for byte in range(length[row]):
            to[used + byte] = buffer[start[row] + byte]
        start[row] = used
        used += length[row]
    return used
