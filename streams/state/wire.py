"""Redis commands of thousands of arguments, packed by compiled code.

The client packs a command argument by argument in Python, which for a commit took more time than
scoring. RESP is simple: each argument is `$length`, a line end, the bytes, a line end.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing

_LONGEST_HEAD = 26
"""`$`, 20 digits, two line ends and a byte to spare."""


def spans_of(texts: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return texts one behind the other, and their bounds [n+1]."""
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=bounds[1:])
    return np.frombuffer(b"".join(texts) or b"\0", np.uint8), bounds


def packed(prefix: bytes, texts: NDArray[np.uint8], bounds: NDArray[np.int64]) -> bytes:
    """Return each text between `bounds` as an argument, `prefix` before each."""
    count = bounds.size - 1
    size = int(bounds[-1] - bounds[0]) + count * (len(prefix) + _LONGEST_HEAD)
    out = np.empty(size, np.uint8)
    end = pack(np.frombuffer(prefix or b"\0", np.uint8), len(prefix), texts, bounds, out)
    return out[:end].tobytes()


@jit_borrowing
def pack(
    prefix: NDArray[np.uint8],
    prefix_length: int,
    texts: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> int:
    """Write the arguments into `out`; return the position behind them."""
    at = 0
    for n in range(bounds.size - 1):
        length = prefix_length + bounds[n + 1] - bounds[n]
        digits = 1
        rest = length // 10
        while rest > 0:
            digits += 1
            rest //= 10
        out[at] = 36  # $
        rest = length
        for digit in range(digits):
            out[at + digits - digit] = 48 + rest % 10
            rest //= 10
        at = line_end(out, at + digits + 1)
        for byte in range(prefix_length):
            out[at + byte] = prefix[byte]
        at += prefix_length
        for byte in range(bounds[n], bounds[n + 1]):
            out[at] = texts[byte]
            at += 1
        at = line_end(out, at)
    return at


@jit_borrowing
def line_end(out: NDArray[np.uint8], at: int) -> int:
    """Write a line end; return the position behind it."""
    out[at] = 13
    out[at + 1] = 10
    return at + 2


def argument(text: bytes) -> bytes:
    """Return one argument."""
    return b"$%d\r\n%s\r\n" % (len(text), text)


def command(count: int, *parts: bytes) -> bytes:
    """Return a command of `count` packed arguments."""
    return b"".join([b"*%d\r\n" % count, *parts])
