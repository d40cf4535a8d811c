"""Explanations for the worker's HTTP server, which shall hardly notice them."""

import asyncio
from typing import Any, Final

from scoring.model import Model
from scoring.scorer import Scorer
from streams.errors import DependencyError
from streams.explanation.lookup import Found, look_up
from streams.explanation.whole import explanation
from streams.settings import Settings
from streams.state.store import Store, StoreUnavailableError

_MOST_WAITING: Final = 16


class Explainer:
    """Explains customers one at a time, in a thread beside the event loop; has its own scorer."""

    def __init__(self, model: Model, settings: Settings, store: Store) -> None:
        self._scorer = Scorer(model, settings.clock)
        self._settings = settings
        self._store = store
        self._turn = asyncio.Lock()
        self._asked = 0

    async def explain(self, customer: str, score: str | None) -> dict[str, Any]:
        """Return what `valuepulse explain --json` prints, of one score or of all.

        Raises:
            UsageError: There is no such customer or score; says which.
            DependencyError: Redis does not answer, or too many ask at once.
        """
        if self._asked >= _MOST_WAITING:
            raise DependencyError(f"{_MOST_WAITING} explanations are asked for already; try again")
        self._asked += 1
        try:
            async with self._turn:
                try:
                    found = await look_up(customer, self._store, self._scorer, self._settings)
                except StoreUnavailableError as error:
                    raise DependencyError(str(error)) from error
                return await asyncio.to_thread(explained, found, score)
        finally:
            self._asked -= 1


def explained(found: Found, score: str | None) -> dict[str, Any]:
    """Return the explanation of a customer that was found, of one score or of all.

    Raises:
        UsageError: The customer was erased, or there is no such score.
    """
    scores = None if score is None else [score]
    said = explanation(found.scorer, found.customer, found.state, found.day, scores)
    return said | {"members": found.members}
