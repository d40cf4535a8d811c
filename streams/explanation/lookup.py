"""A customer as Redis has it."""

from typing import Final, NamedTuple

from scoring.merging import Roster
from scoring.scorer import Scorer
from streams.errors import UsageError
from streams.settings import Settings
from streams.state.meta import Meta, fingerprint
from streams.state.store import Store

_MOST_SHARDS: Final = 512


class Found(NamedTuple):
    """A customer, and the model that scores it.

    `day` is its shard's, None where customers have clocks of their own; `members` are merged into
    it.
    """

    scorer: Scorer
    customer: bytes
    state: bytes
    day: int | None
    members: list[str]


async def look_up(customer: str, store: Store, scorer: Scorer, settings: Settings) -> Found:
    """Look a customer up; reads only.

    Raises:
        UsageError: There is no such customer, it counts for another one, or the states were written
            with another model.
        streams.state.store.StoreUnavailableError: Redis does not answer or refuses us.
    """
    key = customer.encode("utf-8", "surrogatepass")
    found = await store.find(key, max(_MOST_SHARDS, settings.topics.partitions))
    meta = Meta.of(await store.meta(found[0])) if found else Meta()
    roster = await store.roster(found[0]) if found else Roster()
    if found is None:
        raise UsageError(
            f"there is no customer {customer!r} under the prefix {settings.redis.prefix!r} in Redis"
        )
    if merged := roster.away.get(key):
        into = merged.into.decode()
        raise UsageError(f"customer {customer!r} is merged into {into!r}: ask for that one")
    if meta.layout != fingerprint(scorer.names.layout):
        raise UsageError(
            f"the states were written with another model than {settings.model}: "
            "name the one that the worker runs by --model"
        )
    day = None if settings.clock == "customer" else meta.day
    members = [name.decode() for name in roster.active(key)]
    return Found(scorer, key, found[1], day, members)
