"""The segments of a model as tables: classes and their conditions."""

import math
from collections.abc import Iterable

from scoring.conditions import Condition
from scoring.model import Model
from scoring.segment_kinds import RFM_HIGH, Grade, Rfm
from scoring.tables import CLASS, CONDITION, CONDITIONS, SEGMENT, Table, rows

Row = tuple[object, ...]


def compile_segments(model: Model) -> dict[str, Table]:
    """Return the tables `segments`, `classes` and `conditions` of a program."""
    segments: list[Row] = []
    classes: list[Row] = []
    conditions: list[Row] = []
    for segment in model.segments.values():
        first = len(classes)
        for enter, stay in _rules(model, segment):
            start = len(conditions)
            conditions += enter
            middle = len(conditions)
            conditions += stay
            classes.append((start, middle, len(conditions)))
        segments.append((first, len(classes), segment.tell))
    return {
        "segments": rows(SEGMENT, segments),
        "classes": rows(CLASS, classes),
        "conditions": rows(CONDITION, conditions),
    }


def _rules(model: Model, segment: object) -> Iterable[tuple[list[Row], list[Row]]]:
    """Yield, for each class, the conditions to enter and those to stay."""
    if isinstance(segment, Rfm):
        grades = (segment.recency, segment.frequency, segment.monetary)
        for highs in RFM_HIGH[:-1]:
            yield (
                [
                    _grade(model, grade, n == 0, high)
                    for n, (grade, high) in enumerate(zip(grades, highs, strict=True))
                    if high
                ],
                [],
            )
        yield [], []
        return
    for each in segment.classes:  # type: ignore[attr-defined]  # the other of two kinds
        yield (
            [_condition(model, condition) for condition in each.when],
            [_condition(model, condition) for condition in each.stay_while],
        )


def _condition(model: Model, condition: Condition) -> Row:
    low = -math.inf if condition.at_least is None else condition.at_least
    high = math.inf if condition.below is None else condition.below
    if condition.segment is not None:
        segment = model.segments[condition.segment]
        is_class = segment.names.index(condition.is_ or "")
        return (CONDITIONS.index("segment"), list(model.segments).index(condition.segment),
                is_class, low, high)  # fmt: skip
    if condition.score is not None:
        return (CONDITIONS.index("score"), list(model.scores).index(condition.score), 0, low, high)
    kind = "unknown" if condition.unknown else "indicator"
    position = list(model.indicators).index(condition.indicator or "")
    return (CONDITIONS.index(kind), position, 0, low, high)


def _grade(model: Model, grade: Grade, is_recency: bool, high: int) -> Row:
    """Return the condition of a high grade: recency is high at or below its cut."""
    cut = _cut(model, grade, is_recency)
    position = list(model.indicators).index(grade.indicator)
    bounds = (-math.inf, math.nextafter(cut, math.inf)) if is_recency else (cut, math.inf)
    return (CONDITIONS.index("indicator"), position, high, *bounds)


def _cut(model: Model, grade: Grade, is_recency: bool) -> float:
    if grade.cut is not None:
        return grade.cut
    cuts = grade.cuts
    if not isinstance(cuts, tuple):
        cuts = model.population.indicators[grade.indicator].quintiles or ()
    return cuts[5 - grade.high_from] if is_recency else cuts[grade.high_from - 2]
