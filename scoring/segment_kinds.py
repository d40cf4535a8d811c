"""Segments that a model may name (docs/semantics.md section 12)."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from scoring.conditions import Condition
from scoring.parts import Label, Name, Part, Real, shape_of
from scoring.population import Four

RFM_CLASSES: Final = (
    "important_value", "important_develop", "important_keep", "important_win_back",
    "general_value", "general_develop", "general_keep", "general_win_back",
)  # fmt: skip
"""The eight classes by recency, frequency and monetary, 1 high: 111 101 011 001 110 100 010 000."""
RFM_HIGH: Final = (
    (1, 1, 1), (1, 0, 1), (0, 1, 1), (0, 0, 1), (1, 1, 0), (1, 0, 0), (0, 1, 0), (0, 0, 0),
)  # fmt: skip


class Class(Part):
    """A class of a segment: who enters it, and who stays in it."""

    name: Name
    label: Label | None = None
    when: tuple[Condition, ...] = ()
    stay_while: tuple[Condition, ...] = ()


class Rules(Part):
    """Classes by conditions: the first whose `when` holds; the last takes everybody else."""

    kind: Literal["rules"]
    label: Label | None = None
    classes: tuple[Class, ...] = Field(min_length=2, max_length=100)
    tell: bool = False

    @field_validator("classes")
    @classmethod
    def _last_takes_the_rest(cls, classes: tuple[Class, ...]) -> tuple[Class, ...]:
        if classes[-1].when:
            raise ValueError(
                f"the last class {classes[-1].name!r} takes everybody else; take its `when` away"
            )
        if empty := [each.name for each in classes[:-1] if not each.when]:
            raise ValueError(
                f"class {empty[0]!r} has no `when`, so no class behind it is ever reached"
            )
        names = [each.name for each in classes]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two classes are called {twice[0]!r}")
        return classes

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(each.name for each in self.classes)

    def indicators(self) -> Iterator[str]:
        """Yield the indicators that conditions name."""
        for each in self.classes:
            for condition in (*each.when, *each.stay_while):
                if condition.indicator is not None:
                    yield condition.indicator


Cuts = Annotated[
    Annotated[Four, Tag("list")] | Annotated[Literal["population"], Tag("word")],
    Discriminator(shape_of),
]


class Grade(Part):
    """What divides low from high: one cut, or one of four cuts between five grades."""

    indicator: Name
    cut: Real | None = None
    cuts: Cuts | None = None
    high_from: Annotated[int, Field(ge=2, le=5)] = 4

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.cut is None) == (self.cuts is None):
            raise ValueError("needs either `cut` or `cuts`")
        if isinstance(self.cuts, tuple) and any(a >= b for a, b in pairwise(self.cuts)):
            raise ValueError(f"cuts must rise, but are {list(self.cuts)}")
        return self


class Rfm(Part):
    """Recency, frequency and monetary, each high or low: eight classes by name."""

    kind: Literal["rfm"]
    label: Label | None = None
    recency: Grade
    frequency: Grade
    monetary: Grade
    tell: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return RFM_CLASSES

    def indicators(self) -> Iterator[str]:
        """Yield the three indicators."""
        yield from (each.indicator for each in (self.recency, self.frequency, self.monetary))


Segment = Annotated[Rules | Rfm, Field(discriminator="kind")]
