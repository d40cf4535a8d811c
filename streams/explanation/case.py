"""The customer that is explained."""

from typing import NamedTuple

from scoring.arena import Arena
from scoring.facts.attributes import Held, attributes_of
from scoring.model import Model
from scoring.program import Program
from scoring.scorer import Scorer


class Case(NamedTuple):
    """One customer, the only one of an arena, with its model."""

    scorer: Scorer
    arena: Arena

    @property
    def model(self) -> Model:
        """The model as it was written."""
        return self.scorer.model

    @property
    def program(self) -> Program:
        """The model's tables."""
        return self.scorer.program

    @property
    def as_of(self) -> int:
        """The day for which the customer's numbers hold."""
        return int(self.arena.customers["as_of"][0])

    def value(self, indicator: int) -> float | None:
        """Return the raw value of an indicator by its position; None for null."""
        value = float(self.arena.indicators[0, indicator])
        return None if value != value else value  # noqa: PLR0124  # NaN stands for null

    def attributes(self) -> dict[str, Held]:
        """Return the attributes that the customer has, by name."""
        return {h.name: h for h in attributes_of(self.arena, 0) if h.value is not None}
