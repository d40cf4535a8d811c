"""A sampling profile of a command: which functions its main thread spends CPU time in.

    python -m benchmarks.sampling TARGET.json worker …     as `valuepulse worker …`, sampled

A timer of CPU time interrupts the process; the CPU time since the last interruption goes to the
function that runs now. Compiled code cannot be interrupted: its time goes to its caller. A second
thread that looked in from time to time would see the first mostly where that lets go of the
interpreter, and cProfile would slow down small functions several times.
"""

import json
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

_PAUSE_S: Final = 0.001
_OURS: Final = ("scoring/", "streams/")
OTHER_THREADS: Final = "(other threads)"


@contextmanager
def sampled(target: Path) -> Iterator[None]:
    """Sample while the block runs, and write the seconds to `target`; SIGUSR1 begins anew."""
    sampler = _Sampler()
    signal.signal(signal.SIGUSR1, lambda *_: sampler.begin())
    signal.signal(signal.SIGPROF, sampler.take)
    signal.setitimer(signal.ITIMER_PROF, _PAUSE_S, _PAUSE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        target.write_text(json.dumps(sampler.seconds()), "utf-8")


class _Sampler:
    """Adds up CPU seconds by our innermost function and the library's inside it."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._seen: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._process = time.process_time()
        self._first = self._then = time.thread_time()

    def take(self, _: int, frame: FrameType | None) -> None:
        now = time.thread_time()
        while frame is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back  # interrupted while it was adding up
        if frame is not None:
            self._seen[_place(frame)] += now - self._then
        self._then = now

    def seconds(self) -> list[tuple[str, str, float]]:
        main = time.thread_time() - self._first
        others = time.process_time() - self._process - main
        seen = sorted(self._seen.items(), key=lambda item: -item[1])
        return [
            *((ours, inner, spent) for (ours, inner), spent in seen),
            (OTHER_THREADS, "", others),
        ]


def _place(frame: FrameType) -> tuple[str, str]:
    inner = _name(frame)
    at: FrameType | None = frame
    while at is not None:
        name = _name(at)
        if name.startswith(_OURS):
            return name, inner if at is not frame else ""
        at = at.f_back
    return "(libraries)", inner


def _name(frame: FrameType) -> str:
    file = frame.f_code.co_filename
    for root in ("site-packages/", "/lib/python"):
        if root in file:
            file = file.rpartition(root)[2]
            break
    else:
        for ours in _OURS:
            if f"/{ours}" in file:
                file = ours + file.rpartition(f"/{ours}")[2]
    return f"{file}:{frame.f_code.co_qualname}"


def main() -> None:
    """Run the command that follows the name of the target."""
    from streams.cli.main import run

    with sampled(Path(sys.argv[1])):
        run(sys.argv[2:])


if __name__ == "__main__":
    main()
