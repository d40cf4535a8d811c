"""What a query string says of customers, as a filter."""

from typing import Annotated, Final

from fastapi import Depends, Query
from pydantic import ValidationError

from streams.dashboard.errors import QueryError
from streams.dashboard.filters import LONGEST_QUERY, Between, Filter, Moved

DEFAULT_DAYS: Final = 7
_MOST: Final = 32

Word = Annotated[str | None, Query(max_length=200)]
Sort = Annotated[
    str,
    Query(max_length=100, description="score, name, customer_id, a score or an indicator; -: down"),
]
Columns = Annotated[
    str, Query(max_length=4_000, description="Indicators to show, with commas between.")
]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
PerPage = Annotated[int, Query(ge=1, le=500)]
Days = Annotated[int, Query(ge=1, le=400, description="How far back movements are looked at.")]


def _wanted(
    score: Annotated[str | None, Query(max_length=100, description="[the model's first]")] = None,
    tier: Word = None,
    owner: Word = None,
    region: Word = None,
    industry: Word = None,
    size: Word = None,
    segment: Annotated[
        list[str] | None, Query(max_length=_MOST, description="SEGMENT:CLASS")
    ] = None,
    where: Annotated[
        list[str] | None, Query(max_length=_MOST, description="INDICATOR:MIN:MAX, one may be empty")
    ] = None,
    q: Annotated[str | None, Query(max_length=LONGEST_QUERY, description="In id or name.")] = None,
    moved: Annotated[
        str | None, Query(max_length=200, description="FROM:TO, within the last `days`.")
    ] = None,
    days: Days = DEFAULT_DAYS,
) -> Filter:
    """Return the filter; an attribute given empty stands for customers that have none."""
    try:
        return Filter(
            score=score,
            tier=tier,
            owner=owner,
            region=region,
            industry=industry,
            size=size,
            segments=tuple(_pair("segment", "SEGMENT:CLASS", each) for each in segment or ()),
            where=tuple(_between(each) for each in where or ()),
            q=q,
            moved=None if moved is None else _moved(moved, days),
        )
    except ValidationError as error:
        told = (str(each["msg"]).removeprefix("Value error, ") for each in error.errors())
        raise QueryError("; ".join(told)) from None


Wanted = Annotated[Filter, Depends(_wanted)]


def names(columns: str) -> tuple[str, ...]:
    """Return names given with commas between, each once.

    >>> names("orders_365d, spend_365d,orders_365d,")
    ('orders_365d', 'spend_365d')
    """
    return tuple(dict.fromkeys(name for each in columns.split(",") if (name := each.strip())))


def _pair(parameter: str, form: str, text: str) -> tuple[str, str]:
    first, colon, second = text.partition(":")
    if not colon:
        raise QueryError(f"{parameter}={text!r} is not {form}")
    return first, second


def _moved(text: str, days: int) -> Moved:
    origin, target = _pair("moved", "FROM:TO", text)
    return Moved(from_=origin, to=target, days=days)


def _between(text: str) -> Between:
    """Return bounds of an indicator.

    >>> _between("orders_365d:3:")
    Between(indicator='orders_365d', low=3.0, high=None)
    """
    form = "INDICATOR:MIN:MAX"
    indicator, bounds = _pair("where", form, text)
    low, high = _pair("where", form, bounds)
    try:
        return Between(
            indicator=indicator,
            low=float(low) if low else None,
            high=float(high) if high else None,
        )
    except ValueError:
        raise QueryError(f"where={text!r} is not {form} with finite numbers") from None
