"""Asking the processor for memory that will be read soon.

A batch has thousands of customers, more than the caches hold, and an event touches a row in each of
the arena's arrays: waiting for them one after the other was a third of a step.
"""

from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from scoring.jit import jit_inlined

LINE_BYTES: Final = 64


@intrinsic
def _ask_for_line(_: Any, address: Any) -> Any:
    """Ask for the line of the cache at an address, to be written; nothing is read or changed."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.PointerType(ir.IntType(8)))
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], kind)
        to_write, near, is_data = number(1), number(3), number(1)
        builder.call(prefetch, [pointer, to_write, near, is_data])
        return context.get_dummy_value()

    return types.none(types.uintp), code


@jit_inlined
def ask_for(array: Any, first: int, count: int) -> None:
    """Ask for the rows [first, first + count) of an array whose rows lie one behind the other."""
    row = array.strides[0]
    start = array.ctypes.data + first * row
    for at in range(start - start % LINE_BYTES, start + count * row, LINE_BYTES):
        _ask_for_line(at)  # type: ignore[call-arg]  # an intrinsic: its context is given
