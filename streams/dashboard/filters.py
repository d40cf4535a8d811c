"""Which customers a question is about."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST_QUERY = 200


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Between(_Part):
    """An indicator, or a score, from `low` to `high`, both with their ends; None: no such bound.

    Who has no value is not in it.
    """

    indicator: str
    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)


class Moved(_Part):
    """Customers of one cell of the matrix of movements of the filter's score.

    They were in the tier `from_` before the last `days` days, changed it since, and are in `to`.
    """

    from_: str
    to: str
    days: int = Field(ge=1, le=400)


class Filter(_Part):
    """All that is given must hold.

    `score` is the one whose tiers `tier` and `moved` name; None is the model's first. An empty text
    as owner, region, industry, size or class stands for who has none. `q` is searched for in ids
    and names, whatever the case.
    """

    score: str | None = None
    tier: str | None = None
    owner: str | None = None
    region: str | None = None
    industry: str | None = None
    size: str | None = None
    segments: tuple[tuple[str, str], ...] = ()
    where: tuple[Between, ...] = ()
    q: str | None = Field(default=None, max_length=LONGEST_QUERY)
    moved: Moved | None = None

    @model_validator(mode="after")
    def _names_a_segment_once(self) -> Self:
        names = [name for name, _ in self.segments]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"segment {twice[0]!r} is given twice; a customer has one class of it")
        return self


EVERYBODY = Filter()
