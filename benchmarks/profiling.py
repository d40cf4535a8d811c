"""Where a worker's time goes, in words: its own account of steps, and the samples."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from operator import itemgetter

from benchmarks.throughput import Rate

_SHOWN = 25


def profile_lines(rate: Rate, samples: Sequence[tuple[str, str, float]]) -> Iterator[str]:
    """Yield lines of text; `samples` are our function, the library's inside it, CPU seconds."""
    yield f"Where the time goes ({rate.events_per_s:,.0f} events/s while sampled):"
    steps = {name: seconds for name, seconds in rate.steps.items() if name != "batches"}
    each = ", ".join(f"{n} {s / rate.events * 1e6:.2f}" for n, s in sorted(steps.items()))
    yield f"steps, µs an event (waiting counts): {each}; {rate.steps['batches']:.0f} batches"
    by_file: defaultdict[str, float] = defaultdict(float)
    by_function: defaultdict[str, float] = defaultdict(float)
    for ours, inner, seconds in samples:
        spent = seconds / rate.events * 1e6
        by_file[ours.partition(":")[0]] += spent
        by_function[f"{ours} ⟶ {inner}" if inner else ours] += spent
    yield "CPU by file, µs an event: " + ", ".join(
        f"{name} {spent:.2f}" for name, spent in _largest(by_file, 16)
    )
    yield "CPU by function ⟶ what it calls, µs an event:"
    for name, spent in _largest(by_function, _SHOWN):
        yield f"  {spent:6.3f}  {name}"


def _largest(spent: dict[str, float], count: int) -> list[tuple[str, float]]:
    return sorted(spent.items(), key=itemgetter(1), reverse=True)[:count]
