"""The errors of streams, each with the exit code that it ends a command with.

```text
StreamsError        1
├── SettingsError   2  settings that cannot be used; lists every problem and where it stands
├── UsageError      2  a command was asked for something that it cannot do
├── DependencyError 3  Kafka or Redis does not answer, or refuses us
└── CheckError      4  a check failed: what runs is not what the settings ask for
```
A scoring model that cannot be used is a `scoring.errors.ModelError`; it ends a command with 2.
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple


class StreamsError(Exception):
    """Base of all errors of this package; the message is written for the one who operates it."""

    exit_code: ClassVar[int] = 1


class Misfit(NamedTuple):
    """One setting to mend: `where` is `file:line`, a variable's name or an option."""

    where: str
    setting: str
    message: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.where}: {self.setting}: {self.message}"


class SettingsError(StreamsError):
    """Settings that cannot be used, with every problem found."""

    exit_code = 2

    def __init__(self, problems: Sequence[Misfit]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UsageError(StreamsError):
    """A command was asked for something that it cannot do."""

    exit_code = 2


class DependencyError(StreamsError):
    """Kafka or Redis does not answer, or refuses us."""

    exit_code = 3


class CheckError(StreamsError):
    """A check failed: what runs is not what the settings ask for."""

    exit_code = 4
