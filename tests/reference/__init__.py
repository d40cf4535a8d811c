"""The oracle: docs/semantics.md in plain Python, slow, obvious, sharing no code with the kernel.

Two layers. `evaluate` is a pure function of a set of events and an as-of day, computed from
scratch. `Fold` applies events in a given order, as one shard does, and tells tier changes, alerts
and segment changes. Of `clv` it asks scoring.clv for the formulas. Rules are cited by section of
docs/semantics.md, like §4. Floats are added in explicit loops, because `sum` rounds differently
since Python 3.12.

    model = Model(...)                          # the mapping that a model's YAML loads to
    fold = Fold(model, clock="event")
    for line in lines:
        fold.apply(parse(line, model))
    fold.turn(day_number(date(2024, 12, 31)))
    fold.customers["c1"].snapshot(), fold.outcomes["c1"]
"""

from tests.reference.days import day_number
from tests.reference.evaluation import Evaluation, evaluate
from tests.reference.events import Event, parse
from tests.reference.fold import Clock, Customer, Fold, Handed, Outcome
from tests.reference.model import Model
from tests.reference.scores import Driver

__all__ = [
    "Clock",
    "Customer",
    "Driver",
    "Evaluation",
    "Event",
    "Fold",
    "Handed",
    "Model",
    "Outcome",
    "day_number",
    "evaluate",
    "parse",
]
