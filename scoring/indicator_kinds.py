"""The kinds of indicators that a model may name (docs/semantics.md section 4)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from scoring.measures import LARGEST, MARKS, MEASURES, MONEY
from scoring.parts import AttributeName, Days, Label, Part, Real, known


def _measure(name: str) -> str:
    if name in LARGEST:
        raise ValueError(f"{name!r} is not added up; use an indicator of kind largest")
    return known(name, tuple(name for name in MEASURES if name not in LARGEST), "measure")


Measure = Annotated[str, AfterValidator(_measure)]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    for n, name in enumerate(names):
        if name in names[:n]:
            raise ValueError(f"{name!r} is named twice; it would count double")
    return names


AnyMeasures = Annotated[tuple[Measure, ...], AfterValidator(_each_once)]
"""Each at most once: sums of all of them are exact for that reason (measures.MOST_VOLUME)."""
Measures = Annotated[AnyMeasures, Field(min_length=1)]


def _one_problem(value: object, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError:
        raise ValueError(
            f"{value!r} is no window; write a number of days from 1 to 36500, [from, to) as two "
            "ages in days, lifetime, or overdue"
        ) from None


Window = Annotated[
    Literal["lifetime", "overdue"] | Annotated[int, Field(ge=1, le=36_500)] | tuple[Days, Days],
    WrapValidator(_one_problem),
]


class _Indicator(Part):
    label: Label | None = None

    def operands(self) -> Iterator[str]:
        """Yield the names of the measures that the indicator reads."""
        for field in ("add", "subtract", "per", "against", "presence"):
            yield from getattr(self, field, ())

    @field_validator("window", check_fields=False)
    @classmethod
    def _window_is_not_empty(cls, window: Any) -> Any:
        if isinstance(window, tuple) and window[0] >= window[1]:
            raise ValueError(
                f"the window [{window[0]}, {window[1]}) is empty; write [from, to) with from < to"
            )
        return window


class Sum(_Indicator):
    """Σ of measures over a window; money in major units."""

    kind: Literal["sum"]
    add: Measures
    subtract: AnyMeasures = ()
    window: Window = "lifetime"

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if len({name in MONEY for name in (*self.add, *self.subtract)}) > 1:
            raise ValueError("adds money and counts; use measures of one unit")
        return self


class Ratio(_Indicator):
    """Σ of measures ÷ Σ of measures over a window.

    If the divisor is not above 0: `without_base` where there was something, else null.
    """

    kind: Literal["ratio"]
    add: Measures
    subtract: AnyMeasures = ()
    per: Measures
    window: Window = "lifetime"
    without_base: Real | None = None

    @model_validator(mode="after")
    def _units(self) -> Self:
        above = {name in MONEY for name in (*self.add, *self.subtract)}
        below = {name in MONEY for name in self.per}
        if len(above) > 1 or len(below) > 1 or (below == {True} and above == {False}):
            raise ValueError(
                "divides unlike units; use money per money, money per count or count per count"
            )
        return self


class Growth(_Indicator):
    """(last n days − the n before) ÷ max(the n before, 1); null if `presence` is 0 in both.

    Null also where the n before were below 0 and the last ones are not, unless `losses` counts.
    """

    kind: Literal["growth"]
    add: Measures
    subtract: AnyMeasures = ()
    window: Annotated[int, Field(ge=1, le=18_250)]
    presence: Measures
    losses: bool = False


class DaysSince(_Indicator):
    """As-of day − the day of a mark; null if it never happened."""

    kind: Literal["days_since"]
    mark: str

    @field_validator("mark")
    @classmethod
    def _mark_exists(cls, name: str) -> str:
        return known(name, tuple(mark for mark, _, _ in MARKS), "mark")


class SmoothedShare(_Indicator):
    """(Σ add + 1) ÷ (Σ add + Σ against + 2): a share that starts at one half."""

    kind: Literal["share"]
    add: Measures
    against: Measures
    window: Window = "lifetime"


_OneUnit = Annotated[int, Field(ge=1, le=36_500)]


class Largest(_Indicator):
    """The largest order or payment in a window, in major units; null if there is none."""

    kind: Literal["largest"]
    measure: Literal["largest_order", "largest_payment"]
    window: Window = "lifetime"


class Distinct(_Indicator):
    """How many product lines were bought in the last days: cross-buying."""

    kind: Literal["distinct"]
    window: Literal["lifetime"] | _OneUnit = "lifetime"


class Cycle(_Indicator):
    """Mean days from one order to the next; null with fewer than two orders."""

    kind: Literal["cycle"]


class Fade(Part):
    """A value moves evenly to `to` within `days`."""

    to: Real
    days: Annotated[int, Field(ge=1, le=36_500)]


class AttributeValue(_Indicator):
    """The number of an attribute: a number, 1 or 0 of a flag, or what `values` gives its text.

    It can fade and expire when it is not set anew. Null if the customer has no such attribute.
    """

    kind: Literal["attribute"]
    attribute: AttributeName
    values: Mapping[str, Real] = {}
    fade: Fade | None = None
    expires_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class PerAttribute(_Indicator):
    """Σ of money over a window ÷ a number among the attributes; null if Σ is below 0."""

    kind: Literal["per_attribute"]
    add: Measures
    subtract: AnyMeasures = ()
    window: Window = "lifetime"
    attribute: AttributeName


class Arrears(_Indicator):
    """What is overdue, in major units: open invoices, and dues without one that nothing covers."""

    kind: Literal["arrears"]


class ArrearsRate(_Indicator):
    """What is overdue ÷ what was billed in a window; null if nothing was."""

    kind: Literal["arrears_rate"]
    window: Window = "lifetime"


class OverdueDays(_Indicator):
    """Mean days since the overdue invoices fell due; null if there are none."""

    kind: Literal["overdue_days"]


class ExpectedSales(_Indicator):
    """Sales to come within a horizon if the customer buys at the rate of the last days."""

    kind: Literal["expected_sales"]
    add: Measures
    subtract: AnyMeasures = ()
    window: _OneUnit
    horizon_days: _OneUnit


class ClvValue(_Indicator):
    """Expected purchases, the probability to be alive, or the discounted value (docs/clv.md)."""

    kind: Literal["clv"]
    of: Literal["alive", "purchases", "value"]
    horizon_days: Annotated[int, Field(ge=30, le=3_650)] = 360


Indicator = Annotated[
    Sum
    | Ratio
    | Growth
    | DaysSince
    | SmoothedShare
    | Largest
    | Distinct
    | Cycle
    | AttributeValue
    | PerAttribute
    | Arrears
    | ArrearsRate
    | OverdueDays
    | ExpectedSales
    | ClvValue,
    Field(discriminator="kind"),
]
