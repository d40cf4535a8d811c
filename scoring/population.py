"""The population as a model knows it: versioned input that never moves under a score.

`valuepulse model calibrate` computes it from scored customers.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from scoring.parts import AttributeName, Name, Part, Real

Four = Annotated[tuple[Real, ...], Field(min_length=4, max_length=4)]


class Figures(Part):
    """Of one indicator, over the customers that have a value of it."""

    count: Annotated[int, Field(ge=0)] | None = None
    mean: Real
    median: Real
    deviation: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    low: Real | None = Field(None, description="lower fence: first quartile - 1.5 × their distance")
    high: Real | None = Field(
        None, description="upper fence: third quartile + 1.5 × their distance"
    )
    quintiles: Four | None = None


class Centre(Part):
    """Of one indicator in one peer group."""

    count: Annotated[int, Field(ge=0)] | None = None
    mean: Real
    median: Real


class Regression(Part):
    """A linear estimate of an indicator from others: intercept + Σ coefficient × value."""

    intercept: Real
    coefficients: Annotated[Mapping[Name, Real], Field(min_length=1)]


class Bounds(Part):
    """Where a tier begins and ends so that it holds its share of the population."""

    enter_at: Real
    leave_below: Real

    @model_validator(mode="after")
    def _is_left_below_its_entrance(self) -> Self:
        if self.leave_below > self.enter_at:
            raise ValueError(
                f"is entered at {self.enter_at:g} but left below {self.leave_below:g}; "
                "customers would flap at the edge"
            )
        return self


class Population(Part):
    """Figures of the customers of a day.

    `peers` are by attribute, then by its text, then by indicator; `bounds` by score, then tier.
    """

    as_of: date | None = None
    customers: Annotated[int, Field(ge=0)] | None = None
    indicators: Mapping[Name, Figures] = {}
    peers: Mapping[AttributeName, Mapping[str, Mapping[Name, Centre]]] = {}
    regressions: Mapping[Name, Regression] = {}
    bounds: Mapping[Name, Mapping[Name, Bounds]] = {}
