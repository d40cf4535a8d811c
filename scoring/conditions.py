"""Conditions on indicators, scores and segments, for tiers and segments."""

from typing import Self

from pydantic import model_validator

from scoring.parts import Name, Part, Real


class Bound(Part):
    """A tier's bound of an indicator: entered at or above one value, kept above a lower one."""

    indicator: Name
    at_least: Real
    leave_below: Real | None = None

    @model_validator(mode="after")
    def _is_left_below_its_entrance(self) -> Self:
        if self.leave_below is not None and self.leave_below > self.at_least:
            raise ValueError(
                f"leave_below {self.leave_below:g} is above at_least {self.at_least:g}; "
                "customers would flap at the edge"
            )
        return self

    @property
    def kept_at(self) -> float:
        """Where a tier that was reached is kept."""
        return self.at_least if self.leave_below is None else self.leave_below


class Condition(Part):
    """Holds when an indicator or score lies in [at_least, below), is unknown, or a class is so."""

    indicator: Name | None = None
    score: Name | None = None
    segment: Name | None = None
    at_least: Real | None = None
    below: Real | None = None
    unknown: bool = False
    is_: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _is(cls, value: object) -> object:
        if isinstance(value, dict) and "is" in value:
            value = {"is_" if key == "is" else key: found for key, found in value.items()}
        return value

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        named = [self.indicator, self.score, self.segment]
        if sum(name is not None for name in named) != 1:
            raise ValueError("needs one of indicator, score and segment")
        if self.segment is not None:
            if self.is_ is None or self.has_bounds or self.unknown:
                raise ValueError("of a segment needs `is: CLASS` and nothing else")
        elif self.is_ is not None:
            raise ValueError("`is` is for segments; use at_least and below")
        elif self.unknown:
            if self.indicator is None or self.has_bounds:
                raise ValueError("`unknown: true` is for an indicator, without bounds")
        elif not self.has_bounds:
            raise ValueError("needs at_least, below or both")
        return self

    @property
    def has_bounds(self) -> bool:
        """Whether a lower or upper bound is given."""
        return self.at_least is not None or self.below is not None
