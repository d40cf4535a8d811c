"""What the C library's allocator keeps of the memory that was freed, and how it gives it back.

glibc learns from large blocks that are freed to take the next ones from its heap, up to 32 MiB
each, and gives back only what is free at the heap's end. Batches of all sizes leave holes between
cached states there, and the holes grow: after ten million events, a worker that used 160 MiB of its
heap held another 316 MiB of nothing. So large blocks are mapped one by one, which ends when they
are freed, and the holes are given back now and then.
"""

import ctypes
import sys
from typing import Final

MAPPED_FROM: Final = 256 * 1024
"""Bytes of a block that is mapped for itself. Smaller ones are too many: a page that is mapped anew
costs a fault."""
_M_MMAP_THRESHOLD: Final = -3  # malloc.h


def map_large_blocks() -> bool:
    """Make this process map large blocks one by one; False where the C library is another one."""
    library = _glibc()
    return library is not None and library.mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM) == 1


def give_back() -> bool:
    """Give free pages of the heap back to the system; False where nothing was or can be given."""
    library = _glibc()
    return library is not None and library.malloc_trim(0) == 1


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None  # musl has none
