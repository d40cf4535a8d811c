"""Grouping of equal texts: which customer each row belongs to."""

import numpy as np
from numpy.typing import NDArray

from scoring.hashing import hash64
from scoring.jit import jit
from streams.decode.lexing import same_bytes


@jit
def group(
    texts: NDArray[np.uint8], start: NDArray[np.int64], length: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the group of each span, and the first span of each group.

    Groups are numbered in order of first appearance.
    """
    count = len(start)
    size = 16
    while size < 2 * count:
        size *= 2
    slots = np.full(size, -1, np.int32)
    groups = np.empty(count, np.int32)
    firsts = np.empty(count, np.int32)
    known = 0
    for span in range(count):
        slot = np.int64(
            hash64(texts, start[span], length[span], np.uint64(0)) & np.uint64(size - 1)
        )
        while True:
            other = slots[slot]
            if other < 0:
                slots[slot] = known
                firsts[known] = span
                groups[span] = known
                known += 1
                break
            first = firsts[other]
            if same_bytes(
                texts, start[span], start[span] + length[span],
                texts, start[first], start[first] + length[first],
            ):  # fmt: skip
                groups[span] = other
                break
            slot = (slot + 1) & (size - 1)
    return groups, firsts[:known]
