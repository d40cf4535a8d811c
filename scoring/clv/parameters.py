"""The section `clv:` of a model: the parameters that `valuepulse clv fit` estimates."""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from scoring.parts import MemberError, Part

SHORTEST_SCALE_DAYS: Final = 0.1
"""The least alpha × unit_days: below, everybody would order dozens of times a day."""

# Within these bounds, and for a horizon of up to 3,650 days, no sum of bgnbd.py overflows.
Rate = Annotated[float, Field(gt=0, le=20, allow_inf_nan=False)]
Dropout = Annotated[float, Field(ge=1e-6, le=50, allow_inf_nan=False)]
Loyalty = Annotated[float, Field(ge=1e-6, le=10_000, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1e15, allow_inf_nan=False)]


class Clv(Part):
    """The parameters of customer lifetime value, and where they come from.

    Purchase rates differ between customers like Gamma(`r`, rate `alpha`), the chance to drop out
    after a purchase like Beta(`a`, `b`). A customer's orders are Gamma(`p`, rate ν) with mean p/ν,
    and ν differs like Gamma(`q`, rate `v`). Times are counted in units of `unit_days`, amounts in
    major units of the base currency. Without `p`, `q` and `v` no indicator may ask for values.

    >>> Clv(r=0.243, alpha=4.414, a=0.793, b=2.426, p=6.25, q=3.74, v=15.44).discount_rate
    0.1
    """

    r: Rate
    alpha: Positive
    a: Dropout
    b: Loyalty
    p: Positive | None = None
    q: Positive | None = None
    v: Positive | None = None
    dropout: Literal["repeat", "any"] = "repeat"
    """After which purchases a customer can drop out: `repeat` ones (BG/NBD), or `any` (MBG/NBD)."""
    unit_days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)] = 7.0
    discount_rate: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 0.1
    """A year's: 0.1 says that 1.10 a year from now is worth 1 today."""
    margin: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1.0
    """The share of an order's value that is profit."""
    fitted_on: date | None = None
    """The as-of day of the events that the parameters were fitted to."""
    customers: Annotated[int, Field(ge=1)] | None = None
    log_likelihood: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """Of the purchases; the higher, the better the fit to the same customers."""

    @model_validator(mode="after")
    def _scale_is_sane(self) -> Self:
        scale = self.alpha * self.unit_days
        if scale < SHORTEST_SCALE_DAYS:
            raise MemberError(
                f"alpha {self.alpha:g} in units of {self.unit_days:g} days is {scale:g} days; it "
                f"must be at least {SHORTEST_SCALE_DAYS:g}: are unit_days those of the fit?",
                "alpha",
            )
        return self

    @model_validator(mode="after")
    def _mean_exists(self) -> Self:
        values = (self.p, self.q, self.v)
        if None in values and values != (None, None, None):
            raise MemberError("p, q and v belong together: give all three, or none", "p")
        if self.p is not None and self.q is not None and self.p + self.q <= 1:
            raise MemberError(
                f"p + q is {self.p + self.q:g}; with 1 or less the mean order of a customer who "
                "has ordered once is infinite",
                "q",
            )
        return self
