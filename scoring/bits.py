"""Sets of small numbers as the bits of one integer."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros
from numba.extending import overload


def lowest(bits: np.uint64) -> int:
    """Return the lowest number of a set that is not empty: compiled it is one instruction.

    >>> lowest(np.uint64(0b1010_0000))
    5
    """
    return (int(bits) & -int(bits)).bit_length() - 1


@overload(lowest)
def _compiled(bits: Any) -> Callable[[Any], Any]:
    def one_instruction(bits: Any) -> Any:
        return trailing_zeros(bits)  # type: ignore[call-arg]  # an intrinsic: its context is given

    return one_instruction
