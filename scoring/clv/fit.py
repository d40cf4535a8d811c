"""Maximum likelihood: the parameters under which what customers did was the most probable.

`fit_purchases` estimates BG/NBD, `fit_values` Gamma-Gamma; `expected_customers` tells how many
customers a fit expects with 0, 1, 2 … repeat purchases, to be held against what there was. Needs
scipy, which is imported here only.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.clv.parameters import SHORTEST_SCALE_DAYS
from scoring.errors import ExtraError, FitError

LEAST_REPEAT_BUYERS: Final = 50
"""With fewer customers who came back, chance says more than their behaviour."""

Floats = NDArray[np.float64]
Objective = Callable[[Floats], tuple[Floats, Floats]]
"""Parameters → the log-likelihood of each kind of customer, and its derivatives (rows)."""

_STEEPEST: Final = 1e-6  # of the mean log-likelihood at an optimum, by the logs of the parameters
_AT_EDGE: Final = 1e-3
_ALIKE: Final = 1e-6
"""Relative deviation below which values do not differ."""
_LIMITS: Final = {("r", 1), ("a", 0), ("b", 1)}
"""Bounds that are answers: all customers buy as often; nobody leaves."""


class PurchaseFit(NamedTuple):
    """Parameters of BG/NBD, and how probable they make what was observed."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    at_bounds: tuple[str, ...] = ()
    """Parameters that would go on: `r` where all buy as often, `a` or `b` where nobody leaves."""


class ValueFit(NamedTuple):
    """Parameters of Gamma-Gamma, and how probable they make what was observed."""

    p: float
    q: float
    v: float
    log_likelihood: float


def fit_purchases(
    x: Floats, t_x: Floats, T: Floats, unit_days: float = 7.0, *, fades: bool = False
) -> PurchaseFit:
    """Estimate BG/NBD, or MBG/NBD, from repeat purchases, the time of the last one, and ages.

    Args:
        x: Repeat purchases, orders − 1.
        t_x: Time from the first order to the last, in units of time.
        T: Time from the first order to the as-of day.
        unit_days: Days of such a unit; bounds the parameters, changes nothing else.
        fades: The first purchase can be the last, too.

    Raises:
        FitError: Too few repeat buyers, or no parameters fit best.
        ExtraError: scipy is missing.
    """
    _check_repeat_buyers(int(np.count_nonzero(x > 0)))
    kinds, weights = np.unique(np.column_stack([x, t_x, T]), axis=0, return_counts=True)
    rate = max(float(x.sum()), 1.0) / max(float(T.sum()), 1e-9)
    starts = [
        (r, r / rate, a, b) for r in (0.25, 1.0, 4.0) for a, b in ((0.5, 2.5), (1.0, 1.0))
    ]  # fmt: skip  # one line, one thought
    bounds = {
        "r": (1e-4, 20.0),
        "alpha": (SHORTEST_SCALE_DAYS / unit_days, 1e9),
        "a": (1e-6, 50.0),
        "b": (1e-6, 1e4),
    }
    found, log_likelihood = _maximise(
        _purchases(*kinds.T, fades=fades), weights, starts, bounds, _LIMITS
    )
    at_edge = _at_edge(np.log(found), np.log(list(bounds.values()))).any(axis=1)
    at_bounds = tuple(np.array(list(bounds))[at_edge].tolist())
    return PurchaseFit._make((*found, log_likelihood, at_bounds))


def fit_values(n: Floats, m: Floats) -> ValueFit:
    """Estimate Gamma-Gamma from each customer's number of orders and their mean value.

    Args:
        n: Orders, 1 or more.
        m: Their mean value, above 0.

    Raises:
        FitError: Too few repeat buyers, or no parameters fit best.
        ExtraError: scipy is missing.
    """
    _check_repeat_buyers(int(np.count_nonzero(n > 1)))
    if float(np.log(m).std()) < _ALIKE:
        raise FitError(f"all orders are worth the same, {m[0]:g}: there is nothing to tell apart")
    scale = float(np.exp(np.log(m).mean()))  # of the usual order, whatever the currency
    starts = [(p, q, scale * q / p) for p in (1.0, 6.0) for q in (2.0, 4.0)]
    bounds = {"p": (1e-3, 1e4), "q": (1e-3, 1e4), "v": (1e-6 * scale, 1e6 * scale)}
    found, log_likelihood = _maximise(_values(n, m), np.ones_like(n), starts, bounds)
    if found[0] + found[1] <= 1.0:
        raise FitError(
            f"the best fit of order values has p + q = {found[0] + found[1]:g}: they vary so much "
            "that no mean can be expected; look for wrong amounts"
        )
    return ValueFit._make((*found, log_likelihood))


def expected_customers(
    fit: PurchaseFit, T: Floats, most: int = 6, *, fades: bool = False
) -> Floats:
    """Return the expected number of customers with 0, 1, … repeat purchases, `most` or more last.

    Formula (8) of Fader, Hardie & Lee (2005), summed over the ages `T` of all customers.

    >>> fit = PurchaseFit(0.243, 4.414, 0.793, 2.426, -9582.4)
    >>> expected_customers(fit, np.full(1000, 38.86), 2).round(1).tolist()
    [574.2, 199.3, 226.4]
    """
    r, alpha, a, b = fit[:4]
    ages, customers = np.unique(T, return_counts=True)
    u = ages / (alpha + ages)
    count = np.exp(r * np.log(alpha / (alpha + ages)))  # P(j purchases) of who cannot drop out
    fewer = np.zeros_like(u)
    expected = np.zeros(most + 1)
    for j in range(most):
        chances = j + fades  # to drop out
        chance = _beta_ratio(a, b, 0, chances) * count
        if chances > 0:
            chance = chance + _beta_ratio(a, b, 1, chances - 1) * (1.0 - fewer)
        expected[j] = (chance * customers).sum()
        fewer = fewer + count
        count = count * u * ((r + j) / (j + 1))
    expected[most] = T.size - expected.sum()
    return expected


def _beta_ratio(a: float, b: float, i: int, j: int) -> float:
    """Return B(a + i, b + j) ÷ B(a, b)."""
    up = math.lgamma(a + i) + math.lgamma(b + j) - math.lgamma(a + b + i + j)
    return math.exp(up - math.lgamma(a) - math.lgamma(b) + math.lgamma(a + b))


# ------------------------------------------------------------------------------------ likelihoods


def _purchases(x: Floats, t_x: Floats, T: Floats, *, fades: bool = False) -> Objective:
    """Formula (6) of Fader, Hardie & Lee (2005), and its derivatives by r, alpha, a, b.

    Who fades has one chance more to drop out, that after the first purchase (MBG/NBD).
    """
    gammaln, psi = _special()
    counts, where = np.unique(x, return_inverse=True)
    chances = x + 1.0 if fades else x  # to drop out
    by_chances = counts + 1.0 if fades else counts
    repeat = chances > 0

    def objective(parameters: Floats) -> tuple[Floats, Floats]:
        r, alpha, a, b = parameters
        log_T, log_t = np.log(alpha + T), np.log(alpha + t_x)
        before = b + np.maximum(chances, 1.0) - 1.0
        still = -(r + x) * log_T
        gone = np.where(repeat, math.log(a) - np.log(before) - (r + x) * log_t, -np.inf)
        either = np.logaddexp(still, gone)
        by_count = gammaln(r + counts)
        by_count += gammaln(b + by_chances) - gammaln(a + b + by_chances)
        constant = r * math.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b)
        out = np.exp(gone - either)  # the chance to have dropped out
        psi_ab = psi(a + b) - psi(a + b + by_chances)
        slopes = [
            (psi(r + counts) - psi(r))[where] + math.log(alpha) - (1 - out) * log_T - out * log_t,
            r / alpha - (r + x) * ((1 - out) / (alpha + T) + out / (alpha + t_x)),
            psi_ab[where] + out / a,
            (psi_ab + psi(b + by_chances) - psi(b))[where] - out / before,
        ]
        return by_count[where] + constant + either, np.stack(slopes)

    return objective


def _values(n: Floats, m: Floats) -> Objective:
    """Formula (1a) of Fader & Hardie (2013), and its derivatives by p, q, v."""
    gammaln, psi = _special()
    counts, where = np.unique(n, return_inverse=True)
    log_sum, log_m = np.log(n * m), np.log(m)

    def objective(parameters: Floats) -> tuple[Floats, Floats]:
        p, q, v = parameters
        log_all = np.log(n * m + v)
        by_count = (gammaln(p * counts + q) - gammaln(p * counts))[where]
        likelihood = (
            by_count - gammaln(q) + q * math.log(v)
            + p * n * log_sum - log_m - (p * n + q) * log_all
        )  # fmt: skip  # as it is printed
        psi_all = psi(p * counts + q)
        slopes = [
            n * ((psi_all - psi(p * counts))[where] + log_sum - log_all),
            (psi_all - psi(q))[where] + math.log(v) - log_all,
            q / v - (p * n + q) / (n * m + v),
        ]
        return likelihood, np.stack(slopes)

    return objective


# --------------------------------------------------------------------------------------- maximum


def _maximise(
    objective: Objective,
    weights: NDArray[Any],
    starts: Iterable[tuple[float, ...]],
    bounds: Mapping[str, tuple[float, float]],
    taken: Collection[tuple[str, int]] = (),
) -> tuple[tuple[float, ...], float]:
    """Return the best parameters of several starts, and the log-likelihood. Raises `FitError`.

    A point at a bound is no optimum: it says that more of the same would fit still better. Only
    some bounds are `taken` for one: (parameter, 0 for the lower and 1 for the upper).
    """
    minimize = _minimizer()
    size = float(weights.sum())

    def mean_loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        likelihood, slopes = objective(parameters)
        # No `@`: BLAS's threads get into each other's way, and add up in an order of their own.
        slope = (slopes * weights).sum(axis=1) * parameters
        return -float((likelihood * weights).sum()) / size, -slope / size

    edges = np.log(list(bounds.values()))
    found = [
        minimize(
            mean_loss, np.clip(np.log(start), *edges.T), jac=True, method="L-BFGS-B",
            bounds=edges, options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000},
        )
        for start in starts
    ]  # fmt: skip  # a call
    may = np.array([[(name, side) in taken for side in (0, 1)] for name in bounds])
    best = min(found, key=lambda each: (not _is_optimum(each, edges, may), float(each.fun)))
    if not _is_optimum(best, edges, may):
        raise FitError(_no_optimum(best, list(bounds), edges))
    return tuple(np.exp(best.x).tolist()), -float(best.fun) * size


def _is_optimum(found: Any, edges: Floats, may: NDArray[np.bool_]) -> bool:
    at_edge = _at_edge(found.x, edges)
    slopes = np.abs(found.jac)[~at_edge.any(axis=1)]
    flat = float(slopes.max(initial=0.0)) < _STEEPEST
    return flat and not (at_edge & ~may).any()


def _no_optimum(found: Any, names: Sequence[str], edges: Floats) -> str:
    """Return why the best that was found is none."""
    edge = _at_edge(found.x, edges).tolist()
    away = [
        f"{name} = {value:g}"
        for name, value, at in zip(names, np.exp(found.x), edge, strict=True)
        if any(at)
    ]
    if away:
        return (
            "these customers do not tell all parameters: the best fit runs away to "
            f"{', '.join(away)}; they differ too little in it, or are too few"
        )
    return (
        "the search for the best parameters did not converge "
        f"(slope {np.abs(found.jac).max():.1g}): {found.message}"
    )


def _at_edge(logs: Floats, edges: Floats) -> NDArray[np.bool_]:
    """Return which parameters are at their lower, which at their upper bound."""
    return np.abs(edges - logs[:, None]) < _AT_EDGE


def _check_repeat_buyers(count: int) -> None:
    if count < LEAST_REPEAT_BUYERS:
        raise FitError(
            f"only {count} customers bought more than once; at least {LEAST_REPEAT_BUYERS} are "
            "needed to tell how customers differ"
        )


def _special() -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    try:
        from scipy.special import gammaln, psi
    except ImportError:
        raise ExtraError("scipy", "clv") from None
    return gammaln, psi


def _minimizer() -> Callable[..., Any]:
    try:
        from scipy.optimize import minimize
    except ImportError:
        raise ExtraError("scipy", "clv") from None
    return minimize
