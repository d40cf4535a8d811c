"""The kinds of normalisers that a term may name (docs/semantics.md section 5)."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from scoring.parts import Part, Real, Share


class Linear(Part):
    """0 at `low`, 1 at `high`, straight between, flat outside."""

    kind: Literal["linear"]
    low: Real
    high: Real

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.low >= self.high:
            raise ValueError(
                f"low {self.low:g} is not below high {self.high:g}; "
                "for 'less is better' write direction: less"
            )
        return self


class Log(Part):
    """Ln(1 + x) ÷ ln(1 + high), at most 1."""

    kind: Literal["log"]
    high: Annotated[float, Field(ge=1e-9, allow_inf_nan=False)]  # below, 1 + high would be 1


def _ascending(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    for (x0, _), (x1, _) in pairwise(points):
        if x0 >= x1:
            raise ValueError(f"x must rise from point to point, but {x1:g} follows {x0:g}")
    return points


class Piecewise(Part):
    """Straight lines between points [x, y], flat outside."""

    kind: Literal["piecewise"]
    points: tuple[tuple[Real, Share], ...] = Field(min_length=2)
    _rising = field_validator("points")(_ascending)


class Logistic(Part):
    """1 ÷ (1 + exp(−(x − middle) ÷ scale))."""

    kind: Literal["logistic"]
    middle: Real
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Steps(Part):
    """The y of the last step [x, y] at or below the value; below the first, the first y."""

    kind: Literal["steps"]
    steps: tuple[tuple[Real, Share], ...] = Field(min_length=1)
    _rising = field_validator("steps")(_ascending)


Normaliser = Annotated[Linear | Log | Piecewise | Logistic | Steps, Field(discriminator="kind")]
