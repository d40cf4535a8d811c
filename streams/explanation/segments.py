"""Why a customer is in the class of a segment: the conditions that hold (semantics section 12)."""

import math
from typing import Any, Final

from scoring.segment_kinds import Rfm
from scoring.segments import all_hold
from scoring.tables import CONDITIONS
from streams.explanation.case import Case

_GRADES: Final = ("recency", "frequency", "monetary")


def segments_of(case: Case) -> dict[str, Any]:
    """Return each segment's class, whether it was kept by `stay_while`, and why.

    `why` is empty for the class of those that are in no other.
    """
    return {name: _segment(case, s, name) for s, name in enumerate(case.scorer.names.segments)}


def _segment(case: Case, s: int, name: str) -> dict[str, Any]:
    classes, row = case.scorer.names.classes[s], case.program.segments[s]
    raw = int(case.arena.raw_classes[0, s])
    held = int(case.arena.classes[0, s]) - 1
    is_kept = held not in (raw, -1)
    k = case.program.classes[int(row["first"]) + (held if is_kept else raw)]
    start, end = ("stay", "end") if is_kept else ("first", "stay")
    if isinstance(case.model.segments[name], Rfm):
        why = _grades(case, int(row["first"]))
    else:
        why = [_condition(case, n) for n in range(int(k[start]), int(k[end]))]
    said = {"class": classes[held] if held >= 0 else None, "raw_class": classes[raw]}
    return said | {"kept": is_kept, "why": why}


def _grades(case: Case, first: int) -> list[dict[str, Any]]:
    """Return the three grades of a segment of kind rfm; its first class asks for all of them."""
    start = int(case.program.classes[first]["first"])
    found = []
    for n, grade in enumerate(_GRADES):
        said = _condition(case, start + n) | {"grade": grade, "high": _holds(case, start + n)}
        below = said.pop("below")
        if below is not None:  # the number above the cut, which itself is high
            said["at_most"] = math.nextafter(below, -math.inf)
            del said["at_least"]
        found.append(said)
    return found


def _holds(case: Case, n: int) -> bool:
    arena, conditions = case.arena, case.program.conditions
    return all_hold(
        conditions, n, n + 1, arena.indicators[0], arena.scores[0], arena.raw_classes[0]
    )


def _condition(case: Case, n: int) -> dict[str, Any]:
    row, names = case.program.conditions[n], case.scorer.names
    kind, of = CONDITIONS[int(row["kind"])], int(row["of"])
    if kind == "segment":
        return {"segment": names.segments[of], "is": names.classes[of][int(row["is_class"])]}
    if kind == "unknown":
        return {"indicator": names.indicators[of], "unknown": True}
    if kind == "score":
        said: dict[str, Any] = {"score": names.scores[of], "value": float(case.arena.scores[0, of])}
    else:
        said = {"indicator": names.indicators[of], "value": case.value(of)}
    low, high = float(row["low"]), float(row["high"])
    return said | {
        "at_least": None if low == -math.inf else low,
        "below": None if high == math.inf else high,
    }
