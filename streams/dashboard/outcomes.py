"""Records of the outcome topics, read: what happened to whom."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from streams.dashboard.snapshots import day_number

_EVERY: Final = ("id", "customer_id", "sequence", "occurred_at", "as_of", "cause")
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "tier_changes": (
        *_EVERY, "score_name", "from", "to", "direction", "score", "previous_score", "drivers",
    ),
    "value_alerts": (
        *_EVERY, "score_name", "alert", "state", "score", "reference_score", "reference_day",
        "drop", "drivers",
    ),
    "segment_changes": (*_EVERY, "segment", "from", "to"),
}  # fmt: skip
"""What a message of each role says, by its setting's name."""


class Outcome(NamedTuple):
    """One outcome: its customer's key, when Kafka took it (epoch ms), and what it says.

    `identity` are 64 bits of its id, `day` counts from 1970-01-01, `value` are the bytes of `said`.
    """

    key: bytes
    at: int
    identity: int
    sequence: int
    day: int
    said: Mapping[str, Any]
    value: bytes


def outcome_of(role: str, key: bytes | None, value: bytes | None, at: int) -> Outcome:
    """Read a record of the topic of a role.

    Raises:
        ValueError: It is no such outcome; says why, and nothing of what it holds.
    """
    if key is None or value is None:
        raise ValueError("it has no key or no value")
    try:
        said = orjson.loads(value)
        missing = [name for name in FIELDS[role] if name not in said]
        identity, sequence = int(said["id"][:16], 16), int(said["sequence"])
        day = day_number(said["as_of"])
    except KeyError as error:
        raise ValueError(f"{error} is missing") from None
    except (TypeError, ValueError):
        raise ValueError("it is no JSON object with id, sequence and as_of") from None
    if missing:
        raise ValueError(f"{missing[0]!r} is missing")
    return Outcome(key, at, identity, sequence, day, said, value)
