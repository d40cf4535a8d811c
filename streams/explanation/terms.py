"""How each term of a score came to its points (docs/semantics.md section 5)."""

import math
from typing import Any

from scoring.kernel import weight_of_others
from scoring.missing import LEAVE_OUT, SHARE, filled
from scoring.model import FillCentre, FillPeers, FillRegression, Score, Term
from streams.explanation.case import Case


def terms_of(case: Case, s: int, score: Score) -> list[dict[str, Any]]:
    """Return the terms of a score with groups, in the order of the model."""
    row = case.program.scores[s]
    factor = _factor(case, row)
    return [
        _term(case, t, term, factor)
        for t, (term, _) in enumerate(score.terms(), int(row["first_term"]))
    ]


def joined_terms(case: Case, s: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the two terms of a joined score; and the segment, class and shares that decided."""
    row, names = case.program.scores[s], case.scorer.names
    segment, first = int(row["segment"]), int(row["first_term"])
    raw = int(case.arena.raw_classes[0, segment])
    share = float(case.program.shares[int(row["first_share"]) + raw])
    terms = []
    for n, of in enumerate((int(row["joined"]), int(row["joined_with"]))):
        score = float(case.arena.scores[0, of])
        term: dict[str, Any] = {"score": names.scores[of]}
        term |= {"label": label_of(case.model.scores[names.scores[of]]), "value": score}
        term |= {"counted": score, "filled": None, "clipped": None}
        term |= {"points": float(case.arena.points[0, first + n])}
        terms.append(term | {"of": 100.0 * (share if n == 0 else 1.0 - share)})
    decided = {
        "by": names.segments[segment],
        "class": names.classes[segment][raw],
        "shares": {terms[0]["score"]: share, terms[1]["score"]: 1.0 - share},
        "scores": {term["score"]: term["value"] for term in terms},
    }
    return terms, decided


def scored_over(terms: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how many indicators of a score have a value, and what became of the others."""
    missing = [term for term in terms if term["filled"] is not None]
    left_out = [term["indicator"] for term in missing if term["filled"]["how"] == "left_out"]
    return {
        "indicators": len(terms) - len(missing),
        "of": len(terms),
        "filled": [t["indicator"] for t in missing if t["indicator"] not in left_out],
        "left_out": left_out,
    }


def label_of(part: Any) -> dict[str, str] | None:
    """Return the label of a part of the model as others read it."""
    return None if part.label is None else {"en": part.label.en, "zh": part.label.zh}


def _factor(case: Case, row: Any) -> float:
    """Return what the points of a score are multiplied by, as other terms were left out."""
    if row["leaves_out"]:
        return weight_of_others(case.program.terms, row, case.arena.indicators[0])
    return 1.0


def _term(case: Case, t: int, term: Term, factor: float) -> dict[str, Any]:
    row = case.program.terms[t]
    raw = case.value(int(row["indicator"]))
    value = _filled(case, row) if raw is None else raw
    clipped = min(float(row["most"]), max(float(row["least"]), value))
    is_left_out = raw is None and row["fill"] == LEAVE_OUT
    return {
        "indicator": term.indicator,
        "label": label_of(case.model.indicators[term.indicator]),
        "value": raw,
        "counted": None if math.isnan(value) else clipped,
        "filled": _how_filled(case, t, term) if raw is None else None,
        "clipped": _how_clipped(value, clipped),
        "points": float(case.arena.points[0, t]),
        "of": 0.0 if is_left_out else float(row["points"]) * factor,
    }


def _filled(case: Case, row: Any) -> float:
    """Return what stands for a missing value, as the kernel says; NaN for a share or nothing."""
    arena, program = case.arena, case.program
    return filled(
        row, program.values, program.coefficients,
        arena.customers[0], arena.columns[0], arena.attributes, arena.indicators[0],
    )  # fmt: skip  # a line for the model, a line for the customer


def _how_filled(case: Case, t: int, term: Term) -> dict[str, Any]:
    row, missing = case.program.terms[t], term.missing
    if row["fill"] == SHARE:
        return {"how": "share", "share": float(row["missing"])}
    if row["fill"] == LEAVE_OUT:
        return {"how": "left_out"}
    if isinstance(missing, FillPeers):
        held = case.attributes().get(missing.by)
        text = held.value if held is not None and isinstance(held.value, str) else None
        said = {"how": "peers", "by": missing.by, "text": text, "of": missing.of}
        return said | {"from": "population" if _is_of_all(case, t) else "peers"}
    if isinstance(missing, FillRegression):
        return {"how": "regression", "from": "mean" if _is_of_all(case, t) else "regression"}
    return {"how": missing.fill if isinstance(missing, FillCentre) else "constant"}


def _is_of_all(case: Case, t: int) -> bool:
    """Return whether peers or a regression gave nothing, so that the population stands for them."""
    alone = case.program.terms[t : t + 1].copy()
    alone["missing"] = math.nan
    return math.isnan(_filled(case, alone[0]))


def _how_clipped(value: float, clipped: float) -> dict[str, Any] | None:
    if math.isnan(value) or clipped == value:
        return None
    return {"to": "low" if clipped > value else "high", "bound": clipped}
