"""The states in Redis, for commands that look at one customer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from scoring.scorer import Scorer
    from streams.settings import Settings
    from streams.state.store import Store

_MOST_SHARDS: Final = 512


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


class Found(NamedTuple):
    """A customer as Redis has it, and the model that scores it.

    `day` is its shard's, None where customers have clocks of their own; `members` are merged into
    it.
    """

    scorer: "Scorer"
    customer: bytes
    state: bytes
    day: int | None
    members: list[str]


async def find(customer: str, settings: "Settings") -> Found:
    """Look a customer up.

    Raises:
        DependencyError: Redis does not answer or refuses us.
        UsageError: There is no such customer, it counts for another one, or the states were written
            with another model.
    """
    from scoring.merging import Roster
    from scoring.scorer import Scorer
    from streams.errors import UsageError
    from streams.model_file import load_model
    from streams.state.meta import Meta, fingerprint

    scorer = Scorer(load_model(settings.model), settings.clock)
    async with states(settings) as store:
        found = await store.find(customer.encode(), max(_MOST_SHARDS, settings.topics.partitions))
        meta = Meta.of(await store.meta(found[0])) if found else Meta()
        roster = await store.roster(found[0]) if found else Roster()
    if found is None:
        raise UsageError(
            f"there is no customer {customer!r} under the prefix {settings.redis.prefix!r} in Redis"
        )
    if merged := roster.away.get(customer.encode()):
        into = merged.into.decode()
        raise UsageError(f"customer {customer!r} is merged into {into!r}: ask for that one")
    if meta.layout != fingerprint(scorer.names.layout):
        raise UsageError(
            f"the states were written with another model than {settings.model}: "
            "name the one that the worker runs by --model"
        )
    day = None if settings.clock == "customer" else meta.day
    members = [name.decode() for name in roster.active(customer.encode())]
    return Found(scorer, customer.encode(), found[1], day, members)
