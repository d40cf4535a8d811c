"""The states in Redis, for commands that look at one customer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streams.explanation.lookup import Found
    from streams.settings import Settings
    from streams.state.store import Store


@asynccontextmanager
async def states(settings: "Settings") -> "AsyncIterator[Store]":
    """Connect to Redis for one block.

    Raises:
        DependencyError: Redis does not answer or refuses us, within the block.
    """
    from streams.errors import DependencyError
    from streams.state.store import Store, StoreUnavailableError

    store = Store(settings.redis.url, settings.redis.prefix, settings.redis.client_options())
    try:
        yield store
    except StoreUnavailableError as error:
        raise DependencyError(f"{error}; start it, or name another by --redis") from error
    finally:
        await store.close()


async def find(customer: str, settings: "Settings") -> "Found":
    """Look a customer up.

    Raises:
        DependencyError: Redis does not answer or refuses us.
        UsageError: There is no such customer, it counts for another one, or the states were written
            with another model.
    """
    from scoring.scorer import Scorer
    from streams.explanation.lookup import look_up
    from streams.model_file import load_model

    scorer = Scorer(load_model(settings.model), settings.clock)
    async with states(settings) as store:
        return await look_up(customer, store, scorer, settings)
