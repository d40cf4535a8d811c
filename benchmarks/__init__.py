"""The benchmark: job P1 on a real Kafka and a real Valkey, beside the design's figures.

`make bench`, or `python -m benchmarks --help`. What is measured and how: benchmarks/README.md.
"""

from streams.kernel_cache import choose

choose()  # before numba is imported: a replay that compiles first took 24 s in place of 6
