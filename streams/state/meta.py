"""A shard's meta: where it stands, and the token that every commit compares."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Self

import orjson

from scoring.arena import NEVER


@dataclass(frozen=True, slots=True)
class Meta:
    """The state of a shard as a whole; every commit writes a new one.

    `offsets` are the next offsets by input topic, `day` the shard's clock, `turned` the day up to
    which every customer was brought, `slots` the outbox slots not known to be published, `layout`
    what the positions in a stored state mean. `nonce` makes two metas of one version differ: a
    Redis that lost its tail counts the same versions again.
    """

    version: int = 0
    offsets: Mapping[str, int] | None = None
    day: int = NEVER
    turned: int = NEVER
    slots: tuple[int, ...] = ()
    layout: str = ""
    nonce: str = ""

    def next(self, **changes: Any) -> Self:
        """Return the meta of the next commit."""
        return replace(self, version=self.version + 1, nonce=secrets.token_hex(8), **changes)

    def to_bytes(self) -> bytes:
        """Return the exact text that commits compare; empty for a shard that has none yet."""
        return orjson.dumps(self, option=orjson.OPT_SORT_KEYS) if self.version else b""

    @classmethod
    def of(cls, stored: bytes) -> Self:
        """Read what `to_bytes` wrote; empty text is a shard that has none yet."""
        if not stored:
            return cls()
        fields = orjson.loads(stored)
        return cls(**fields | {"slots": tuple(fields["slots"])})

    @property
    def positions(self) -> Mapping[str, int]:
        """Next offsets by topic; empty at first."""
        return self.offsets or {}


def fingerprint(layout: str) -> str:
    """Return a short hash of a layout's text."""
    return blake2b(layout.encode(), digest_size=8).hexdigest()
