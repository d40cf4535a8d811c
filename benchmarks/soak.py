"""`python -m benchmarks.soak`: a worker's memory over very many events, and a picture of it.

Ten times job P1's events of ten times its customers, with production's settings and the CRM feed.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from benchmarks import machine
from benchmarks.lab import Lab, open_lab, preload, say
from benchmarks.machine import memory_mb
from benchmarks.throughput import own_outputs
from benchmarks.worker import working
from benchmarks.workload import Shape, encoded

SAMPLE_S: Final = 1.0
SAY_EVERY: Final = 1_000_000
STEADY_FROM: Final = 0.3
"""Share of the events after which caches are full, and memory must not grow any more."""
MOST_GROWTH: Final = 0.10
WIDTH: Final = 720
HEIGHT: Final = 240
STEP_MB: Final = 100
MARGIN: Final = 48


class Sample(NamedTuple):
    """Resident memory in MiB when so many events had been applied."""

    applied: int
    rss_mb: float


class Soak(NamedTuple):
    """What was seen; `growth` compares the last fifth with what came after the caches were full."""

    events: int
    customers: int
    seconds: float
    growth: float
    peak_rss_mb: float
    samples: list[Sample]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; return 0, or 4 when memory grew."""
    options = _options(arguments)
    with open_lab() as lab:
        with lab.store() as store:
            about = machine.describe(str(store.info("server").get("valkey_version")))
        soak = run_soak(lab, Shape(options.events, options.customers))
    title = (
        f"{soak.events:,} events of {soak.customers:,} customers in {soak.seconds:.0f} s, "
        f"commit {about['commit']}, {about['date'][:10]}"
    )
    say(f"{title}: peak {soak.peak_rss_mb:.0f} MiB, growth {soak.growth:+.1%}")
    if options.picture is not None:
        options.picture.write_text(picture(title, soak), "utf-8")
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": about, **soak._asdict()}), "utf-8")
    return 4 if soak.growth > MOST_GROWTH else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000, help="(10,000,000)")
    parser.add_argument("--customers", type=int, default=1_000_000, help="(1,000,000)")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw memory by events")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all samples")
    return parser.parse_args(arguments)


def run_soak(lab: Lab, shape: Shape) -> Soak:
    """Let one worker apply all events of a workload, and look at its memory every second."""
    run = "soak"
    prefix = f"{run}."
    say(f"preloading {shape.events:,} events of {shape.customers:,} customers")
    preload(lab, prefix, encoded(shape), shape.events)
    options = {"topics.prefix": prefix, **own_outputs(run), "clock": "customer"}
    samples = [Sample(0, 0.0)]
    began = time.monotonic()
    with working(lab, run, options) as worker:
        while samples[-1].applied < shape.events:
            time.sleep(SAMPLE_S)
            sample = Sample(worker.progress().applied, memory_mb(worker.pid, "VmRSS"))
            if sample.applied // SAY_EVERY > samples[-1].applied // SAY_EVERY:
                say(f"{sample.applied:,} events, {sample.rss_mb:.0f} MiB")
            samples.append(sample)
        seconds = time.monotonic() - began
        peak = memory_mb(worker.pid)
        worker.stop()
    return Soak(shape.events, shape.customers, seconds, growth(samples), peak, samples)


def growth(samples: Sequence[Sample]) -> float:
    """Return by which share memory was larger in the last fifth than before, once steady.

    >>> growth([Sample(n, 100.0 + (n > 70)) for n in range(100)])
    0.01
    """
    last = samples[-1].applied
    steady = [s.rss_mb for s in samples if STEADY_FROM * last <= s.applied < 0.5 * last]
    late = [s.rss_mb for s in samples if s.applied >= 0.8 * last]
    before = sum(steady) / len(steady)
    return round((sum(late) / len(late) - before) / before, 4)


def picture(title: str, soak: Soak) -> str:
    """Return an SVG of resident memory by events applied."""
    top = STEP_MB * math.ceil(max(sample.rss_mb for sample in soak.samples) / STEP_MB)
    wide, high, base = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN, HEIGHT - MARGIN
    points = " ".join(
        f"{MARGIN + wide * s.applied / soak.events:.1f},{base - high * s.rss_mb / top:.1f}"
        for s in soak.samples
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="11" fill="#444">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            f'<text x="{MARGIN}" y="20" font-size="13">{escape(title)}</text>',
            f'<text x="{MARGIN}" y="{MARGIN - 10}">MiB resident</text>',
            *(_level(mb, base - high * mb / top) for mb in range(0, top + 1, STEP_MB)),
            *(
                f'<text x="{MARGIN + wide * tenth / 10:.1f}" y="{base + 16}" text-anchor="middle">'
                f"{soak.events * tenth / 10:,.0f}</text>"
                for tenth in range(0, 11, 2)
            ),
            f'<text x="{WIDTH - MARGIN}" y="{base + 32}" text-anchor="end">events applied</text>',
            f'<polyline points="{points}" fill="none" stroke="#0a6ebd" stroke-width="1.5"/>',
            "</svg>\n",
        ]
    )


def _level(mb: int, y: float) -> str:
    """Return a line across the picture, and its figure."""
    return (
        f'<path d="M{MARGIN} {y:.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>'
        f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{mb}</text>'
    )


if __name__ == "__main__":
    sys.exit(main())
