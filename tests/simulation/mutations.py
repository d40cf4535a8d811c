"""Mistakes, made on purpose: the simulation must find each, or it is blind.

Each takes away one of the things that keep a shard exact, as somebody might who finds it needless.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha1
from typing import Final

import pytest

from streams.kafka.record_sets import RecordSet
from streams.shards.shard import Changed, Shard
from streams.state import store
from streams.state.cache import StateCache

Mutation = Callable[[pytest.MonkeyPatch], None]
WITHOUT_COMPARISON: Final = store.COMMIT.replace(b"if found ~= ARGV[1] then", b"if false then")


def commits_without_comparing(patch: pytest.MonkeyPatch) -> None:
    """A commit is a plain MSET: whoever comes last wins."""
    assert WITHOUT_COMPARISON != store.COMMIT
    digest = sha1(WITHOUT_COMPARISON, usedforsecurity=False).hexdigest()
    patch.setattr(store, "COMMIT", WITHOUT_COMPARISON)
    patch.setattr(store, "COMMIT_SHA", digest.encode())


def caches_before_the_reply(patch: pytest.MonkeyPatch) -> None:
    """States are in the cache before their commit is confirmed, and stay when it is refused."""
    commit, reopen = Shard._commit, Shard.open

    async def hasty(
        shard: Shard, changed: Changed, offsets: Mapping[str, int], *, turned: int | None = None
    ) -> bool:
        shard._cache.refresh(changed.customers, *changed.written)
        return await commit(shard, changed, offsets, turned=turned)

    async def trusting(shard: Shard) -> Mapping[str, int]:
        cache, shard._cache = shard._cache, StateCache(0)
        try:
            return await reopen(shard)
        finally:
            shard._cache = cache

    patch.setattr(Shard, "_commit", hasty)
    patch.setattr(Shard, "open", trusting)


def takes_sets_of_old_placements(patch: pytest.MonkeyPatch) -> None:
    """Since when a set's partition is read makes no difference, only where the set begins."""
    follows = Shard.follows

    def trusting(shard: Shard, taken: RecordSet) -> bool:
        current = shard._placements.get(taken.partition.topic, taken.placement - 1)
        return follows(shard, replace(taken, placement=current))

    patch.setattr(Shard, "follows", trusting)


def publishes_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """Outcomes are handed to the outbox first, and committed then."""
    commit = Shard._commit

    async def hasty(
        shard: Shard, changed: Changed, offsets: Mapping[str, int], *, turned: int | None = None
    ) -> bool:
        speaking = changed.customers[: changed.speaking]
        await shard._outbox.put(shard.meta.version + 1, changed.messages, speaking)
        return await commit(shard, changed, offsets, turned=turned)

    patch.setattr(Shard, "_commit", hasty)


MUTATIONS: Final[tuple[Mutation, ...]] = (
    commits_without_comparing,
    caches_before_the_reply,
    takes_sets_of_old_placements,
    publishes_before_the_commit,
)
