"""The errors of scoring.

```text
ScoringError
├── ModelError             a scoring model that cannot be used; lists every problem with its line
├── WeightsError           judgements or figures that no weights can be derived from
│   └── InconsistentError  comparisons that contradict each other: CR above 0.1
├── LayoutError            a stored customer state that this version cannot read
├── FitError               customers that a model of behaviour cannot be fitted to
└── ExtraError             an optional package that is not installed
```
"""

from collections.abc import Sequence
from typing import NamedTuple, Self


class ScoringError(Exception):
    """Base of all errors of this package."""


class Problem(NamedTuple):
    """One thing to mend in a model file: `line` is 1-based, `field` a dotted path."""

    line: int
    field: str
    message: str


class ModelError(ScoringError):
    """A scoring model that cannot be used, with every problem found.

    >>> print(ModelError("shop.yaml", [Problem(5, "timezone", "is missing")]))
    shop.yaml: 1 to fix
    shop.yaml:5: timezone: is missing
    """

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = [f"{source}:{p.line}: {p.field}: {p.message}" for p in self.problems]
        super().__init__("\n".join([f"{source}: {len(lines)} to fix", *lines]))


class WeightsError(ScoringError):
    """Judgements or figures that no weights can be derived from; `path` leads to the misfit.

    >>> print(WeightsError("is 0; give a number above 0", "matrix", 1, 0).within("of", 2))
    of.2.matrix.1.0: is 0; give a number above 0
    """

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def within(self, *path: str | int) -> Self:
        """Return it with its path led on from the outside."""
        self.path = (*path, *self.path)
        return self

    def __str__(self) -> str:
        """Return it as one line."""
        return ": ".join([*([".".join(map(str, self.path))] if self.path else []), self.message])


class InconsistentError(WeightsError):
    """Pairwise comparisons that contradict each other more than is taken without a reason."""


class LayoutError(ScoringError):
    """A stored customer state that this version cannot read."""

    def __init__(self, position: int, found: int, expected: int) -> None:
        super().__init__(
            f"the stored state at position {position} of the batch has layout version {found}, "
            f"this version of ValuePulse reads {expected}: run the version that wrote it, or "
            "rebuild the state by replaying the topics into an empty Redis"
        )


class FitError(ScoringError):
    """Customers that the parameters of a model of behaviour cannot be estimated from."""


class ExtraError(ScoringError):
    """A package is not installed; the message says what to install.

    >>> print(ExtraError("scipy", "clv"))
    scipy is not installed: pip install "valuepulse[clv]"
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f'{package} is not installed: pip install "valuepulse[{extra}]"')
