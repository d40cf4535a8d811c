"""What all parts of a model share: closed and frozen, numbers with bounds, names that exist."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    ModelWrapValidatorHandler,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
AttributeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Days = Annotated[int, Field(ge=0, le=36_500)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Points = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


def shape_of(value: object) -> str:
    """Return which arm of a union of unlike things a value is meant for.

    So that a mistake is told once, not for every arm.

    >>> [shape_of(each) for each in (0.5, "leave_out", {"fill": "mean"}, [1, 2])]
    ['number', 'word', 'mapping', 'list']
    """
    if isinstance(value, str):
        return "word"
    if isinstance(value, Mapping | BaseModel):
        return "mapping"
    return "list" if isinstance(value, list | tuple) else "number"


OrPopulation = Annotated[
    Annotated[Real, Tag("number")] | Annotated[Literal["population"], Tag("word")],
    Discriminator(shape_of),
]
"""A number, or the word that takes it from the population."""


_UNKNOWN_KEY: Final = "unknown_key"


class MemberError(ValueError):
    """What is wrong with a member of the part that finds it; `path` leads there."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


class Part(BaseModel):
    """A part of a model: unknown keys are errors, nothing changes after it was checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="wrap")
    @classmethod
    def _names_the_nearest_key(cls, value: Any, check: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return check(value)
        except ValidationError as error:
            told = [_with_nearest_key(each, tuple(cls.model_fields)) for each in error.errors()]
            raise ValidationError.from_exception_data(cls.__name__, told) from None


def _with_nearest_key(error: ErrorDetails, keys: Sequence[str]) -> InitErrorDetails:
    kind: str | PydanticCustomError = error["type"]
    context = error.get("ctx", {})
    if kind == "extra_forbidden":  # of this part: one within has told its own by now
        context = {"hint": unknown(str(error["loc"][-1]), keys, "key")}
        kind = _UNKNOWN_KEY
    if kind == _UNKNOWN_KEY:
        kind = PydanticCustomError(_UNKNOWN_KEY, "{hint}", context)
    return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=context)


class Label(Part):
    """What people call a thing, in English and Chinese."""

    en: str
    zh: str


def known(name: str, names: Sequence[str], what: str) -> str:
    """Return the name if it is one of `names`; else raise `ValueError` with the nearest one.

    >>> known("sale_amout", ("orders", "sale_amount"), "measure")
    Traceback (most recent call last):
        ...
    ValueError: there is no measure 'sale_amout'; did you mean 'sale_amount'?
    """
    if name in names:
        return name
    raise ValueError(unknown(name, names, what))


def unknown(name: str, names: Sequence[str], what: str) -> str:
    """Return what is wrong with a name that is none of `names`, and the nearest one."""
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(names)}"
    return f"there is no {what} {name!r}; {hint}"
