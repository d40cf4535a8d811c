"""The JSON files of judgements and figures that `valuepulse weights` takes."""

from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import orjson
from pydantic import Field, ValidationError, model_validator

from scoring.model_problems import problems_of
from scoring.parts import Part
from scoring.weighting import Ahp, Combination, Critic, Entropy, Method, Panel, Row, combine_methods
from scoring.weights.tables import Floats
from streams.errors import UsageError
from streams.settings_sources import short


class _Named(Part):
    names: tuple[str, ...] = ()


class AhpFile(_Named, Ahp):
    """Pairwise comparisons."""


class PanelFile(_Named, Panel):
    """Scores of experts."""


class EntropyFile(_Named, Entropy):
    """Figures, for entropy weights."""


class CriticFile(_Named, Critic):
    """Figures, for CRITIC."""


class CombineFile(_Named, Combination):
    """Weight vectors to be combined, or methods `of` which they come."""

    weights: tuple[Row, ...] | None = None
    of: Annotated[tuple[Method, ...], Field(min_length=2)] | None = None

    @model_validator(mode="after")
    def _has_weights_or_methods(self) -> Self:
        if (self.weights is None) == (self.of is None):
            raise ValueError("needs either weights or of, one of the two")
        return self

    def combined(self) -> Floats:
        """Return the combined weights; raises `WeightsError` with the path of the misfit."""
        if self.weights is not None:
            return self.combine(self.weights, self.names)
        return combine_methods(self, self.of or (), self.names)


File = TypeVar("File", bound=_Named)


def load(path: Path, kind: type[File]) -> File:
    """Read and check a file of judgements or figures.

    Raises:
        UsageError: It cannot be read, is not JSON, or is not of that kind; a line for each problem
            with file, field, what is wrong and what would be right.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{short(path)}: cannot be read: {error.strerror}") from None
    content = _content(text, path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        problems = problems_of(content, error.errors())
        told = (f"{short(path)}: {each.field or '(file)'}: {each.message}" for each in problems)
        raise UsageError("\n".join(told)) from None


def _content(text: bytes, path: Path) -> dict[str, Any]:
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{short(path)}:{error.lineno}: is not JSON: {error.msg}") from None
    if not isinstance(content, dict):
        raise UsageError(f'{short(path)}: is not a JSON object; write {{"matrix": …}} or the like')
    return content
