"""Why an event is refused."""

import json
from decimal import Decimal
from typing import Final

LONGEST_SHOWN: Final = 60


class Refusal(Exception):
    """An event that is not accepted: `error` is a name for machines, `message` says why."""

    def __init__(self, error: str, message: str) -> None:
        """Keep both parts for the dead letter."""
        super().__init__(f"{error}: {message}")
        self.error = error
        self.message = message


def shown(value: object) -> str:
    """Return a value as it is quoted in a message: short, and always encodable.

    >>> shown("x" * 70) == "`" + "x" * 60 + "…`"
    True
    """
    plain = isinstance(value, str | int | Decimal) and not isinstance(value, bool)
    text = str(value) if plain else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > LONGEST_SHOWN:
        text = text[:LONGEST_SHOWN] + "…"
    return f"`{text.encode('utf-8', 'backslashreplace').decode()}`"
