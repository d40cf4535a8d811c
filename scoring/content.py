"""The fingerprint of what counts of an event: two events of one id are the same if it is equal."""

from typing import Final

import numpy as np

from scoring.hashing import text_hash
from scoring.jit import jit_borrowing

BITS: Final = 24
"""Of a fingerprint: a state keeps one beside each identity. One in 17 million others is equal."""
NOTHING: Final = np.uint64(0)
"""What stands for attributes and parts of costs where there are none."""
_MULTIPLIER: Final = np.uint64(0x9FB21C651E98DF25)
_SHIFT: Final = np.uint64(32)


@jit_borrowing
def fingerprint(
    kind: int,
    at: int,
    own: int,
    currency: int,
    cost: int,
    due: int,
    level: int,
    category: np.uint64,
    invoice: np.uint64,
    order: np.uint64,
    sequence: int,
    more: np.uint64,
) -> np.uint32:
    """Return 24 bits of the columns of an event; `more` is `hash_of` what columns do not hold.

    White space, the order of fields, fields that count nothing and the writing of a number do not
    come into it.
    """
    state = mixed(word(kind), NOTHING)
    state = mixed(state, word(at))
    state = mixed(state, word(own))
    state = mixed(state, word(currency))
    state = mixed(state, word(cost))
    state = mixed(state, word(due))
    state = mixed(state, word(level))
    state = mixed(state, category)
    state = mixed(state, invoice)
    state = mixed(state, order)
    state = mixed(state, word(sequence))
    state = mixed(state, more)
    return np.uint32(state >> np.uint64(64 - BITS))


@jit_borrowing
def word(number: int) -> np.uint64:
    """Return the 64 bits of a signed number."""
    return np.uint64(np.int64(number))


@jit_borrowing
def mixed(state: np.uint64, bits: np.uint64) -> np.uint64:
    """Take 64 bits into a hash: multiplied, folded, multiplied again."""
    state = (state ^ bits) * _MULTIPLIER
    return (state ^ (state >> _SHIFT)) * _MULTIPLIER


def hash_of(said: object) -> np.uint64:
    """Return a hash of what an event says beyond columns, by its written form.

    >>> int(hash_of(())), hash_of((("size", "small"),)) > 0
    (0, np.True_)
    """
    return np.uint64(text_hash(repr(said))) if said else NOTHING
