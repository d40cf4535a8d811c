"""A clock that is wrong for one process: libfaketime, out of the wheel of that name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from tests.servers import ServerError


def clock_wrong_by(offset: str) -> dict[str, str]:
    """Return the environment of a process whose time of day is off, as "-2d" or "+1d".

    Its monotonic clock is right, and so are the times of files: compiled kernels are found by them.

    Raises:
        ServerError: libfaketime is not installed, as on systems that its wheel is not built for.
    """
    spec = find_spec("libfaketime")
    found = Path(spec.origin).parent.rglob("libfaketime.so.1") if spec and spec.origin else ()
    for library in found:
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME": offset,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
    raise ServerError(
        "no libfaketime: it is one of the development packages on Linux on x86-64; elsewhere "
        "leave row 16 out, or install the package `libfaketime` from source"
    )
