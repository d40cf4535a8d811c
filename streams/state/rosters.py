"""The merges that a shard knows of, as text: `vp:{p}:merges`, committed with the states."""

from collections.abc import Iterable
from typing import Any

import orjson

from scoring.merging import Member, Merged, Roster


def to_bytes(roster: Roster) -> bytes:
    """Return a roster as JSON."""
    return orjson.dumps(
        {
            "away": {
                customer.decode(): [to.into.decode(), to.shard, to.merge_id, to.at]
                for customer, to in roster.away.items()
            },
            "members": {
                customer.decode(): {name.decode(): list(of) for name, of in members.items()}
                for customer, members in roster.members.items()
            },
        }
    )


def roster_of(stored: bytes) -> Roster:
    """Read what `to_bytes` wrote; empty text is a shard without merges.

    >>> roster_of(to_bytes(Roster({b"bob": Merged(b"ada", 1, "m1", 5)}))).away[b"bob"].into
    b'ada'
    """
    if not stored:
        return Roster()
    found: dict[str, Any] = orjson.loads(stored)
    return Roster(
        away={
            customer.encode(): Merged(into.encode(), shard, merge_id, at)
            for customer, (into, shard, merge_id, at) in found["away"].items()
        },
        members={
            customer.encode(): {name.encode(): _member(*of) for name, of in members.items()}
            for customer, members in found["members"].items()
        },
    )


def _member(shard: int, left_at: int, erased: int, through: Iterable[str] = ()) -> Member:
    """Return a member; older workers wrote it without whose facts come with it."""
    return Member(shard, left_at, erased, tuple(through))
