"""`python -m tests.simulation --seeds 1000 --from 1`: seed after seed, on one real store."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from streams.kernel_cache import choose

choose()  # before numba is imported: the kernel that `make setup` compiled is used


def main() -> int:
    """Run the seeds; return 1 when one fails, having printed it."""
    from tests.servers import start_valkey
    from tests.simulation.runs import run_seed, scoring

    options = _options()
    scoring()
    counts: Counter[str] = Counter()
    failed, began = [], time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        store = start_valkey(Path(directory), appendonly=False)
        try:
            seeds = range(options.first, options.first + options.seeds)
            for done, seed in enumerate(seeds, 1):
                run = run_seed(seed, store.url)
                counts.update(run.counts)
                if run.problems:
                    failed.append(seed)
                    print(f"seed {seed} FAILED:", *run.problems[:5], sep="\n  ")
                if options.trace:
                    print(*run.trace, run.fingerprint, sep="\n")
                if run.problems and not options.go_on:
                    break
                if done % 50 == 0:
                    rate = done / (time.perf_counter() - began) * 60
                    print(f"{done} seeds, {rate:.0f} a minute", file=sys.stderr, flush=True)
        finally:
            store.stop()
    seconds = time.perf_counter() - began
    print(f"{done} seeds in {seconds:.1f} s, {done / seconds * 60:.0f} a minute; failed: {failed}")
    print(*(f"{n:>9,} {what}" for what, n in sorted(counts.items())), sep="\n")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many (100)")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first (1)")
    parser.add_argument("--trace", action="store_true", help="print all that happens")
    parser.add_argument("--go-on", action="store_true", help="do not end at the first failure")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
