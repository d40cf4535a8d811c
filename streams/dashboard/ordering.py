"""The first of many, in order."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_FEW: Final = 20_000
"""So many are simply sorted."""
_SAMPLE: Final = 4_096
_MARGIN: Final = 32
"""Places in the sample by which the bound is taken too high rather than too low."""


def smallest(keys: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Return the places of the smallest keys in their order; of equal ones the first first.

    A bound is guessed from a sample. Where most keys are equal, as in a column that is nearly all
    0, it is their value, and nothing is sorted (numpy's partition takes long there).

    >>> smallest(np.array([3.0, 1.0, 2.0, 1.0, 9.0, 9.0, 9.0]), 3).tolist()
    [1, 3, 2]
    """
    if keys.size <= _FEW or count > keys.size // 2:
        return np.argsort(keys, kind="stable")[: max(0, count)]
    sample = np.sort(keys[:: max(1, keys.size // _SAMPLE)])
    bound = sample[min(sample.size - 1, count * sample.size // keys.size + _MARGIN)]
    below = np.flatnonzero(keys < bound)
    if below.size >= count:
        return below[smallest(keys[below], count)]
    equal = np.flatnonzero(keys == bound)[: count - below.size]
    if below.size + equal.size < count:
        return np.argsort(keys, kind="stable")[:count]
    return np.concatenate([below[np.argsort(keys[below], kind="stable")], equal])
