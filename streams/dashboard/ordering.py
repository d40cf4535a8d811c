"""The first of many, in order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def smallest(keys: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Return the places of the smallest keys in their order; of equal ones the first first.

    >>> smallest(np.array([3.0, 1.0, 2.0, 1.0, 9.0, 9.0, 9.0]), 3).tolist()
    [1, 3, 2]
    """
    if count <= 0:
        return np.empty(0, np.int64)
    if count > keys.size // 2:
        return np.argsort(keys, kind="stable")[:count]
    bound = np.partition(keys, count - 1)[count - 1]
    below = np.flatnonzero(keys < bound)
    equal = np.flatnonzero(keys == bound)[: count - below.size]
    return np.concatenate([below[np.argsort(keys[below], kind="stable")], equal])
