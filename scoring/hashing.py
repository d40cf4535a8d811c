"""The 64-bit hash of identities, customers, and all texts that the kernel tells apart."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing

_MULTIPLIER: Final = np.uint64(0xC6A4A7935BD1E995)
_SHIFT: Final = np.uint64(47)
_BYTE: Final = np.uint64(8)
NO_SEED: Final = np.uint64(0)
"""Of the hashes of names and texts of attributes."""


@jit_borrowing
def hash64(buffer: NDArray[np.uint8], start: int, length: int, seed: np.uint64) -> np.uint64:
    """Return MurmurHash64A of `length` bytes of `buffer` from `start`.

    Identities in stored state are made with it: another hash here forgets every duplicate.
    """
    state = seed ^ (np.uint64(length) * _MULTIPLIER)
    at, end = start, start + length - length % 8
    while at < end:
        state = (state ^ _mixed(_word(buffer, at, 8))) * _MULTIPLIER
        at += 8
    if length % 8:
        state = (state ^ _word(buffer, at, length % 8)) * _MULTIPLIER
    state = (state ^ (state >> _SHIFT)) * _MULTIPLIER
    return state ^ (state >> _SHIFT)


@jit_borrowing
def _mixed(word: np.uint64) -> np.uint64:
    word = word * _MULTIPLIER
    return (word ^ (word >> _SHIFT)) * _MULTIPLIER


@jit_borrowing
def _word(buffer: NDArray[np.uint8], at: int, length: int) -> np.uint64:
    """Return up to eight bytes as a little-endian number."""
    word = np.uint64(0)
    for position in range(at + length - 1, at - 1, -1):
        word = (word << _BYTE) | np.uint64(buffer[position])
    return word


@jit_borrowing
def name_hash(buffer: NDArray[np.uint8], start: int, length: int, seed: np.uint64) -> np.uint64:
    """Return `hash64`, but never 0, which stands for none: of an invoice or a product line."""
    return max(hash64(buffer, start, length, seed), np.uint64(1))


def type_seed(type_name: str) -> int:
    """Return the seed that makes `hash64` of an event id the identity of an event of this type.

    What else is hashed, invoices and product lines, has a seed by its own name too.
    """
    name = np.frombuffer(type_name.encode() + b"\0", np.uint8)
    return int(hash64(name, 0, len(name), np.uint64(0)))


def text_hash(text: str | bytes) -> int:
    """Return the hash of a text as the kernel knows it; never 0, which stands for no text.

    >>> text_hash("") > 0, text_hash("east") != text_hash("west")
    (True, True)
    """
    content = text.encode() if isinstance(text, str) else text
    buffer = np.frombuffer(content + b"\0", np.uint8)
    return int(name_hash(buffer, 0, len(content), NO_SEED))
