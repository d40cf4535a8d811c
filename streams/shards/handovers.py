"""What shards tell each other about merged customers, as records of the topic `commands`.

Every message follows from what caused it, its id too: published twice it counts once.
"""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any, Final

from scoring.merging import Erased, Given, Merging, Undone
from streams.output.messages import Cause, Message

_AUTHOR: Final = "valuepulse"
_LONGEST_REASON: Final = 128


def messages_of(merging: Merging, shard: int, cause: Callable[[int], Cause]) -> Iterator[Message]:
    """Yield what a batch of a shard makes others know; `cause` tells the event at a position."""
    for given in merging.given:
        yield _handover(given, shard, cause(given.event))
    for undone in merging.undone:
        yield _unmerge(undone)
    for erased in merging.erased:
        yield _erasure(erased, cause(erased.event))


def _handover(given: Given, shard: int, cause: Cause) -> Message:
    member = given.member.decode()
    return _message(
        "handover",
        (given.to.merge_id, member, str(given.version)),
        given.to.into,
        given.to.shard,
        occurred_at=cause.at,
        member=member,
        member_shard=shard,
        merge_id=given.to.merge_id,
        version=given.version,
        because_type=cause.type,
        because_id=cause.event_id,
        released=given.released,
        erased=given.erased,
        through=list(given.through),
        facts=None if given.facts is None else given.facts.model_dump(),
    )


def _unmerge(undone: Undone) -> Message:
    handover = undone.handover
    after_erasure = 0 if handover.erased is None else handover.erased + 1
    return _message(
        "unmerge",
        (handover.merge_id, handover.member),
        handover.member.encode(),
        handover.member_shard,
        occurred_at=max(handover.occurred_at, after_erasure),
        author=_AUTHOR,
        reason=undone.why[:_LONGEST_REASON],
    )


def _erasure(erased: Erased, cause: Cause) -> Message:
    return _message(
        "erasure",
        (cause.event_id, erased.member.decode()),
        erased.member,
        erased.shard,
        occurred_at=cause.at,
        author=_AUTHOR,
        reason="the customer that this one is merged into was erased",
    )


def _message(
    kind: str, parts: tuple[str, ...], customer: bytes, partition: int, **fields: Any
) -> Message:
    identity = blake2b("\n".join([kind, *parts]).encode(), digest_size=16).hexdigest()
    value = {"type": kind, "event_id": identity, "customer_id": customer.decode()} | fields
    return Message("commands", identity, customer, value, partition)
