"""Scores of customers from their indicators, by the tables that the kernel runs.

Customers were scored before the population was known. Here they get the scores that they have with
it, so that bounds of tiers fit the scores that they bound. All customers at once, in numpy; the
order of additions is the kernel's, the last bit of a logarithm may differ.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.calibration.customers import Customers, Floats
from scoring.hashing import text_hash
from scoring.model import Model
from scoring.program import Program, columns_of, compile_model
from scoring.tables import CONDITIONS, FILLS, NORMALISER_KINDS

Integers = NDArray[np.int64]
Normalised = Callable[[Any, Any, Floats], Floats]


class Rescored(NamedTuple):
    """Customers by the figures of a model, a row for each.

    `tiers` are those that they would enter now, without what a policy keeps or a person decided.
    """

    scores: Mapping[str, Floats]
    points: Mapping[str, Floats]
    """Of each score, a column for each of its terms."""
    tiers: Mapping[str, Integers]
    """Counted from the lowest."""


class _Columns(NamedTuple):
    """What is known of the customers, by position in the program's tables."""

    values: list[Floats]
    texts: Mapping[int, NDArray[np.uint64]]
    """Hashes by column of an attribute, 0 for none."""


def rescore(model: Model, customers: Customers) -> Rescored:
    """Return scores, points and tiers of customers by a model with the figures that it asks for.

    The customers have values of all its indicators, and texts of the attributes of its peers.
    """
    program = compile_model(model)
    held = _Columns(
        [customers.values[name] for name in model.indicators], _hashes(model, customers)
    )
    points = [
        np.zeros((customers.size, int(r["end_term"] - r["first_term"]))) for r in program.scores
    ]
    scores = [np.zeros(customers.size) for _ in program.scores]
    for s, row in enumerate(program.scores):
        if row["joined"] < 0:
            points[s] = _points(program, row, held)
            scores[s] = _sum(points[s])
    raw = _raw_classes(program, held.values, scores)
    for s, row in enumerate(program.scores):
        if row["joined"] >= 0:
            share = program.shares[row["first_share"] + raw[row["segment"]]]
            a, b = scores[row["joined"]], scores[row["joined_with"]]
            points[s] = np.stack([share * a, (1.0 - share) * b], axis=1)
            scores[s] = _sum(points[s])
    tiers = [_entered(program, row, held.values, scores[s]) for s, row in enumerate(program.scores)]
    return Rescored(
        dict(zip(model.scores, scores, strict=True)),
        dict(zip(model.scores, points, strict=True)),
        dict(zip(model.scores, tiers, strict=True)),
    )


def _sum(points: Floats) -> Floats:
    """Add points up one term after another, as the kernel does."""
    total = np.zeros(len(points))
    for n in range(points.shape[1]):
        total += points[:, n]
    return total


def _hashes(model: Model, customers: Customers) -> dict[int, NDArray[np.uint64]]:
    found = {}
    for name, column in columns_of(model).items():
        texts = customers.texts.get(name)
        if texts is not None:
            codes = {text: text_hash(text) for text in {*texts} if text is not None}
            found[column] = np.array([codes.get(text or "", 0) for text in texts], np.uint64)
    return found


def _points(program: Program, row: Any, held: _Columns) -> Floats:
    """Return the points of a score with groups, a column for each term."""
    terms = program.terms[row["first_term"] : row["end_term"]]
    found = np.empty((held.values[0].size, terms.size))
    for t, term in enumerate(terms):
        found[:, t] = term["points"] * _normalised(program, term, held)
    if row["leaves_out"]:
        whole = _sum(terms["points"][np.newaxis])
        present = np.tile(terms["points"], (len(found), 1))
        for t, term in enumerate(terms):
            if FILLS[term["fill"]] == "leave_out":
                gone = np.isnan(held.values[term["indicator"]])
                found[gone, t] = present[gone, t] = 0.0
        rest = _sum(present)
        found *= np.where(rest > 0, whole / np.where(rest > 0, rest, 1.0), 1.0)[:, np.newaxis]
    return found


def _normalised(program: Program, term: Any, held: _Columns) -> Floats:
    raw = held.values[term["indicator"]]
    gone = np.isnan(raw)
    filled = raw.copy()
    fill = FILLS[term["fill"]]
    if gone.any() and fill not in ("share", "leave_out"):
        filled[gone] = _fill(program, term, held)[gone]
    x = np.clip(np.where(np.isnan(filled), 0.0, filled), term["least"], term["most"])
    n = _NORMALISERS[NORMALISER_KINDS[term["normaliser"]]](program, term, x)
    n = 1.0 - n if term["less"] else n
    return np.where(np.isnan(filled), term["missing"], n)


def _fill(program: Program, term: Any, held: _Columns) -> Floats:
    """Return what would stand for each customer's value if it were missing."""
    everybody = np.full(held.values[0].size, term["missing"])
    first, end = term["first_fill"], term["end_fill"]
    match FILLS[term["fill"]]:
        case "peers":
            texts = held.texts.get(int(term["column"]), np.zeros(0, np.uint64))
            for text, number in reversed(program.values[first:end].tolist()):
                everybody[: texts.size][texts == text] = number
        case "regression":
            estimate = np.full(everybody.size, program.coefficients[first]["factor"])
            for indicator, factor in program.coefficients[first + 1 : end].tolist():
                estimate = estimate + factor * held.values[indicator]
            everybody = np.where(np.isnan(estimate), everybody, estimate)
    return everybody


def _knots(program: Program, term: Any) -> tuple[Floats, Floats]:
    knots = program.knots[term["first_knot"] : term["end_knot"]]
    return knots["x"], knots["y"]


def _floats(numbers: Any) -> Floats:
    return np.asarray(numbers, np.float64)


def _linear(_: Program, term: Any, x: Floats) -> Floats:
    low, high = float(term["low"]), float(term["high"])
    return np.clip((x - low) / (high - low), 0.0, 1.0)


def _log(_: Program, term: Any, x: Floats) -> Floats:
    return np.minimum(1.0, _floats(np.log(1.0 + np.maximum(0.0, x)) / term["high"]))


def _logistic(_: Program, term: Any, x: Floats) -> Floats:
    with np.errstate(over="ignore"):  # 1 ÷ ∞ is the 0 that is meant
        return _floats(1.0 / (1.0 + np.exp(-(x - term["low"]) / term["high"])))


def _piecewise(program: Program, term: Any, x: Floats) -> Floats:
    return np.interp(x, *_knots(program, term))


def _steps(program: Program, term: Any, x: Floats) -> Floats:
    xs, ys = _knots(program, term)
    return _floats(ys[np.maximum(0, np.searchsorted(xs, x, side="right") - 1)])


_NORMALISERS: Final[Mapping[str, Normalised]] = {
    "linear": _linear,
    "log": _log,
    "logistic": _logistic,
    "piecewise": _piecewise,
    "steps": _steps,
}


def _raw_classes(program: Program, values: list[Floats], scores: list[Floats]) -> list[Integers]:
    """Return the raw class of each segment; one may ask for those of earlier ones."""
    found: list[Integers] = []
    for segment in program.segments:
        raw = np.full(values[0].size, segment["end"] - segment["first"] - 1)
        for k in range(segment["end"] - 2, segment["first"] - 1, -1):
            rules = program.classes[k]
            enters = np.ones(values[0].size, np.bool_)
            for condition in program.conditions[rules["first"] : rules["stay"]]:
                enters &= _is_met(condition, values, scores, found)
            raw[enters] = k - segment["first"]
        found.append(raw)
    return found


def _is_met(
    condition: Any, values: list[Floats], scores: list[Floats], raw: list[Integers]
) -> NDArray[np.bool_]:
    kind, of = CONDITIONS[condition["kind"]], int(condition["of"])
    if kind == "segment":
        return np.asarray(raw[of] == condition["is_class"], np.bool_)
    if kind == "unknown":
        return np.isnan(values[of])
    x = values[of] if kind == "indicator" else scores[of]
    return np.asarray((condition["low"] <= x) & (x < condition["high"]), np.bool_)


def _entered(program: Program, row: Any, values: list[Floats], score: Floats) -> Integers:
    """Return the highest tier whose conditions to enter hold."""
    entered = np.zeros(score.size, np.int64)
    for t in range(row["first_tier"] + 1, row["end_tier"]):
        tier = program.tiers[t]
        bounds = program.bounds[tier["first_bound"] : tier["end_bound"]]
        met = [values[bound["indicator"]] >= bound["enter"] for bound in bounds]
        if tier["scored"]:
            met.append(score >= tier["enter"])
        is_in = np.any(met, axis=0) if tier["any"] else np.all(met, axis=0)
        entered[is_in] = t - row["first_tier"]
    return entered
