"""BG/NBD and MBG/NBD: how often a customer buys again, compiled (docs/clv.md).

While alive, a customer buys at a rate λ ~ Gamma(r, rate alpha); after each purchase it drops out
with a chance p ~ Beta(a, b). In BG/NBD only repeat purchases can be the last; where a customer
`fades` (MBG/NBD: Batislam, Denizel & Filiztekin 2007), its first one can, too: everything is then
that of b + 1, and who bought once is not alive for ever. Of a history three numbers matter: x
repeat purchases, the last at time t_x, of T since the first purchase.

The published expectation takes 1 − ₂F₁ and divides it by a − 1: it cancels, and has a hole at
a = 1. Here a − 1 is divided out of the series before they are summed.
"""

import math
from typing import Final

from scoring.jit import jit_borrowing

PRECISION: Final = 1e-13
"""What a series leaves out, relative to its sum."""

MOST_DROPOUT: Final = 3.0
"""Up to this a (and r ≤ b + 1) a series with few terms is used; beyond, its signs would cancel."""


@jit_borrowing
def alive(
    r: float, alpha: float, a: float, b: float, x: float, t_x: float, T: float, fades: bool = False
) -> float:
    """Return the probability that a customer is still alive.

    1 for one who bought only once, unless it fades.

    >>> round(alive(0.243, 4.414, 0.793, 2.426, 2.0, 30.43, 38.86), 4)
    0.7266
    >>> alive(0.243, 4.414, 0.793, 2.426, 0.0, 0.0, 38.86)
    1.0
    >>> round(alive(0.243, 4.414, 0.793, 2.426, 0.0, 0.0, 38.86, True), 4)
    0.6373
    """
    if fades:
        b += 1.0
    elif x <= 0.0:
        return 1.0
    odds = math.exp(-(r + x) * math.log((alpha + T) / (alpha + t_x))) * ((b + x - 1.0) / a)
    return odds / (1.0 + odds)


@jit_borrowing
def expected_purchases(
    r: float,
    alpha: float,
    a: float,
    b: float,
    x: float,
    t_x: float,
    T: float,
    t: float,
    fades: bool = False,
) -> float:
    """Return the expected number of purchases within t from now.

    >>> round(expected_purchases(0.243, 4.414, 0.793, 2.426, 2.0, 30.43, 38.86, 39.0), 3)
    1.226
    """
    return discounted_purchases(r, alpha, a, b, x, t_x, T, t, 1, 1.0, fades)


@jit_borrowing
def discounted_purchases(
    r: float, alpha: float, a: float, b: float, x: float, t_x: float, T: float,
    period: float, periods: int, factor: float, fades: bool = False,
) -> float:  # fmt: skip  # the population, the customer, the question
    """Return Σ over k = 1 … periods of (E[purchases by k] − E[purchases by k − 1]) × factor^k.

    `by k` means within k times `period` from now.

    >>> population, customer = (0.243, 4.414, 0.793, 2.426), (2.0, 30.43, 38.86)
    >>> [round(discounted_purchases(*population, *customer, 13.0, 3, f), 3) for f in (1.0, 0.9)]
    [1.226, 1.005]
    """
    total = 0.0
    if period > 0.0:
        age = (alpha + T) / period
        for first in range(1, periods + 1, 4):
            total += _four_periods(r, a, b + 1.0 if fades else b, x, age, first, periods, factor)
    return total * alive(r, alpha, a, b, x, t_x, T, fades)


@jit_borrowing
def _four_periods(
    r: float, a: float, b: float, x: float, age: float, first: int, periods: int, factor: float
) -> float:
    """Return what the periods first … first + 3 contribute, for a customer who is alive.

    The sum is taken by parts: Σ of E[by k] × weight. E[by k] is a power series, in one of two
    variables, whose coefficients are the same for all k and cost more than the rest: so four
    periods go together. `age` is alpha + T in periods.
    """
    if a <= MOST_DROPOUT and r <= b + 1.0:
        return _by_roots(r, a, b, x, age, first, periods, factor)
    return _by_shares(r, a, b, x, age, first, periods, factor)


@jit_borrowing
def _by_roots(
    r: float, a: float, b: float, x: float, age: float, first: int, periods: int, factor: float
) -> float:
    """Sum E[by k] = Σ e_j z^j, where k / (age + k) = 4 z / (1 + z)²: z is small even for a new one.

    The e_j follow from the differential equation of ₂F₁.
    """
    z0, z1 = _root(first, periods, age), _root(first + 1, periods, age)
    z2, z3 = _root(first + 2, periods, age), _root(first + 3, periods, age)
    p0, p1 = _weight(first, periods, factor) * z0, _weight(first + 1, periods, factor) * z1
    p2, p3 = _weight(first + 2, periods, factor) * z2, _weight(first + 3, periods, factor) * z3
    repeats, lives = r + x, a + b + x
    m, q = 4.0 * r + x + a - 3.0 * b, 4.0 * repeats * (a - 1.0)
    e, e1, e2, inhomogeneous, j = 4.0 * repeats, 0.0, 0.0, 4.0 * repeats * (lives - 1.0), 2.0
    total: float = e * ((p0 + p1) + (p2 + p3))
    enough = PRECISION * (1.0 - max(z0, z1, z2, z3))
    before = abs(total)
    while True:
        following = inhomogeneous + (j - 1.0) * (j - 1.0 - m) * e + (j - 2.0) * (j - 2.0 + m) * e1
        following -= (j - 3.0) * (j - 1.0 - lives) * e2 + q * (e + e1)
        e, e1, e2 = following / (j * (lives + (j - 2.0))), e, e1
        p0, p1, p2, p3 = p0 * z0, p1 * z1, p2 * z2, p3 * z3
        term = e * ((p0 + p1) + (p2 + p3))
        total += term
        if max(abs(term), before) <= enough * abs(total):
            return total
        before, inhomogeneous, j = abs(term), 0.0, j + 1.0


@jit_borrowing
def _by_shares(
    r: float, a: float, b: float, x: float, age: float, first: int, periods: int, factor: float
) -> float:
    """Sum E[by k] = (1 − u)^kappa × Σ c_j d_j u^j with u = k / (age + k): no term is negative."""
    repeats, lives = r + x, a + b + x
    # Euler's transformation of ₂F₁: as many terms for 1,000 purchases as for 1. Where its terms
    # would change their sign or start too small, Pfaff's: those of a negative binomial mean.
    kappa, gamma = r + x, b + x
    if repeats <= 1.5 * (lives - 1.0) and a - 1.0 <= repeats:
        kappa, gamma = a - 1.0, a + b - 1.0 - r
    u0, u1 = _share(first, periods, age), _share(first + 1, periods, age)
    u2, u3 = _share(first + 2, periods, age), _share(first + 3, periods, age)
    p0 = _weight(first, periods, factor) * (1.0 - u0) ** kappa * u0
    p1 = _weight(first + 1, periods, factor) * (1.0 - u1) ** kappa * u1
    p2 = _weight(first + 2, periods, factor) * (1.0 - u2) ** kappa * u2
    p3 = _weight(first + 3, periods, factor) * (1.0 - u3) ** kappa * u3
    u = max(u0, u1, u2, u3)
    c, d, rest, j = 1.0, repeats, gamma, 1.0
    total: float = 0.0
    while True:
        term = c * d * ((p0 + p1) + (p2 + p3))
        total += term
        below = lives + (j - 1.0)
        inverse = 1.0 / ((j + 1.0) * below)
        growth = (kappa + j) * below * inverse
        largest = max(u, u * growth)
        if largest < 1.0 and term * largest <= PRECISION * (1.0 - largest) * total:
            return total
        step = (j + 1.0) * inverse
        c *= growth
        d += rest * repeats * step
        rest *= (gamma + j) * step
        p0, p1, p2, p3 = p0 * u0, p1 * u1, p2 * u2, p3 * u3
        j += 1.0


@jit_borrowing
def _root(k: int, periods: int, age: float) -> float:
    """Return z of a period; 0 for one that is not asked for."""
    u = _share(k, periods, age)
    lift = 1.0 + math.sqrt(1.0 - u)
    return u / (lift * lift)  # no `** 2`: Python's power may differ in the last bit


@jit_borrowing
def _share(k: int, periods: int, age: float) -> float:
    """Return u of a period; 0 for one that is not asked for."""
    return k / (age + k) if k <= periods else 0.0


@jit_borrowing
def _weight(k: int, periods: int, factor: float) -> float:
    """Return what E[purchases by k] counts in the discounted sum."""
    if k > periods:
        return 0.0
    return factor**k * (1.0 - factor) if k < periods else factor**k
