"""What a value-drop alert remembers: a score's own best of the last days.

All in thousandths of a point, as integers, so that the comparison and the sum of the drivers are
exact (docs/semantics.md section 7). `peaks` and `peak_terms` are one alert's of one customer,
`watch` its row in `Arena.watches`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.jit import jit_borrowing


@jit_borrowing
def thousandths(points: float) -> int:
    """Return points in thousandths, rounded half to even.

    >>> thousandths(12.3456), thousandths(0.0025)
    (12346, 2)
    """
    return int(np.rint(points * 1000.0))


@jit_borrowing
def forget_before(watch: Any, peaks: Any, peak_terms: NDArray[np.int32], oldest: int) -> None:
    """Forget remembered evaluations of days before `oldest`."""
    gone = 0
    while gone < watch.count and peaks[gone].day < oldest:
        gone += 1
    if gone > 0:
        for kept in range(gone, watch.count):
            peaks[kept - gone].day = peaks[kept].day
            peaks[kept - gone].total = peaks[kept].total
            for term in range(peak_terms.shape[1]):
                peak_terms[kept - gone, term] = peak_terms[kept, term]
        watch.count -= gone


@jit_borrowing
def remember(
    watch: Any,
    peaks: Any,
    peak_terms: NDArray[np.int32],
    day: int,
    total: int,
    points: NDArray[np.float64],
) -> None:
    """Keep the evaluation if it can become a reference: what follows is always lower and later."""
    while watch.count > 0 and peaks[watch.count - 1].total <= total:
        watch.count -= 1
    if watch.count > 0 and peaks[watch.count - 1].day == day:
        return
    peaks[watch.count].day = day
    peaks[watch.count].total = total
    for term in range(points.size):
        peak_terms[watch.count, term] = np.int32(thousandths(points[term]))
    watch.count += 1


@jit_borrowing
def next_state(alert: Any, watch: Any, drop: int, day: int) -> int:
    """Return 1 if the alert is open after an evaluation, else 0; set the quiet time as it ends."""
    if watch.open == 0:
        return 1 if drop >= alert.points and day >= watch.quiet_until else 0
    if drop < alert.resolve:
        watch.quiet_until = day + alert.cool_down
        return 0
    return 1
