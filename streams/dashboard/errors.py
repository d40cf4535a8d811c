"""What a question to the board can be wrong about."""

from collections.abc import Iterable
from difflib import get_close_matches


class QueryError(ValueError):
    """A question that cannot be answered; the message says what is wrong with it."""


class UnknownNameError(QueryError):
    """A question names something that the model does not have."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.what, self.name, self.known = what, name, tuple(known)
        close = get_close_matches(name, self.known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(self.known)}"
        super().__init__(f"there is no {what} {name!r}; {hint}")


class NotFoundError(LookupError):
    """There is no such customer or alert, or not for the one who asks."""

    def __init__(self, what: str, name: str) -> None:
        self.what, self.name = what, name
        super().__init__(f"there is no {what} {name!r}, or it is not yours")
