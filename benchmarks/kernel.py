"""`python -m benchmarks.kernel`: what an event costs in the kernel, by model, on job P1's events.

Batches as a worker cuts them, of 3,500 customers. The step applies events one after another:
bring the customer to its day, apply, evaluate, decide. Clock `customer`, as job P1 has it: days
without an event are not evaluated. Before it states are read and settled, behind it written.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.workload import Shape, encoded, line
from scoring.arena import NEVER
from scoring.changes import NO_CHANGES
from scoring.columns import Events
from scoring.money import Rates
from scoring.scorer import Scored, Scorer, room_for
from streams.allocator import map_large_blocks
from streams.decode import Decoder, records_of_lines
from streams.kernel_cache import choose
from streams.model_file import load_model

CUSTOMERS: Final = 3_500
CHUNK: Final = 100_000
MODELS: Final = ("config/scoring.yaml", "benchmarks/p1.yaml")


class Cost(NamedTuple):
    """What takes time: states read and settled, events applied and evaluated, states written."""

    read: float
    step: float
    write: float


def batches(events: Events, names: list[bytes]) -> Iterator[tuple[list[bytes], Events]]:
    """Cut columns behind every so many customers."""
    first = 0
    while first < events.customer.size:
        seen: dict[int, int] = {}
        end = first
        while end < events.customer.size:
            c = int(events.customer[end])
            if c not in seen:
                if len(seen) == CUSTOMERS:
                    break
                seen[c] = len(seen)
            end += 1
        part = events.select(slice(first, end))
        local = np.array([seen[c] for c in part.customer.tolist()], np.int32)
        yield [names[c] for c in seen], part._replace(customer=local)
        first = end


def cost_of(model: Path, shape: Shape) -> Cost:
    """Run all events through the kernel; return the microseconds that one takes."""
    rules = load_model(model)
    scorer = Scorer(rules, "customer")
    base = rules.currencies.base
    decoder = Decoder(timezone=rules.timezone, base_currency=base, rates=Rates(base))
    states: dict[bytes, bytes] = {}
    clock, costs, count = NEVER, [], 0
    lines = encoded(shape)
    while chunk := b"".join(line(kind, of) for kind, _, of in islice(lines, CHUNK)):
        decoded = decoder.decode(
            records_of_lines(chunk, 1), event_type=None, now_ms=None, keyed=False
        )
        for names, events in batches(decoded.events, decoded.customers):
            clock, cost = batch_cost(scorer, states, names, events, clock)
            costs.append(cost)
            count += events.day.size if len(costs) > 1 else 0  # the first batch may compile
    return Cost(*(sum(each) / count * 1e6 for each in zip(*costs[1:], strict=True)))


def batch_cost(
    scorer: Scorer, states: dict[bytes, bytes], names: list[bytes], events: Events, clock: int
) -> tuple[int, Cost]:
    """Apply a batch to the states; return the clock behind it, and the seconds that it took.

    Its arena goes when it returns, as in a worker: the next one lies in the same memory.
    """
    known = [states.get(name, b"") for name in names]
    began = time.perf_counter()
    arena = scorer.read(known, room_for(events, NO_CHANGES, len(names)))
    read = time.perf_counter()
    nothing = np.zeros(events.day.size, np.int8)
    scored = Scored(arena, scorer.no_outcomes(), nothing, clock)
    scored = scorer.step(scored, events, NO_CHANGES, 0, events.day.size)
    stepped = time.perf_counter()
    blobs, bounds = scorer.write(scored.arena)
    written = time.perf_counter()
    content, edges = blobs.tobytes(), bounds.tolist()
    for n, name in enumerate(names):
        states[name] = content[edges[n] : edges[n + 1]]
    return scored.clock, Cost(read - began, stepped - read, written - stepped)


def main() -> None:
    """Print a line for each model."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernel", description=__doc__)
    parser.add_argument("--events", type=int, default=300_000, help="of job P1 (300,000)")
    parser.add_argument("--customers", type=int, default=30_000, help="of job P1 (30,000)")
    options = parser.parse_args()
    choose()
    map_large_blocks()  # as a worker does: memory that is new in each batch costs its faults
    for model in MODELS:
        cost = cost_of(Path(model), Shape(options.events, options.customers))
        print(f"{model}: {cost.step:.2f} µs an event in the kernel; "
              f"states read and settled {cost.read:.2f}, written {cost.write:.2f}; "
              f"together {sum(cost):.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
