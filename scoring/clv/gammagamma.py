"""Gamma-Gamma: what a customer's next order will bring, compiled (Fader & Hardie 2013)."""

from scoring.jit import jit_borrowing


@jit_borrowing
def expected_value(p: float, q: float, v: float, n: float, m: float) -> float:
    """Return the expected order value of a customer whose n orders had the mean m.

    The mean of the customer's own orders and of all customers', each as far as it tells: one
    order says little, many say all.

    >>> [round(expected_value(6.25, 3.74, 15.44, n, 50.0), 1) for n in (1.0, 10.0, 1000.0)]
    [45.5, 49.4, 50.0]
    """
    return p * (v + n * m) / (p * n + q - 1.0)
