"""Customers that count for another one: merged, handed over, taken back (docs/semantics.md §9).

A merged customer keeps its own state, in its own shard, and is silent: its events add facts and
evaluate nothing. After each of them its facts are handed over to the customer that it was merged
into. That one keeps apart what it did itself and what each member handed over (its *parts*); its
facts are those of the parts together. So an unmerge has nothing to take out of a sum: it leaves a
part away, and lets the member speak again. One that has members and is merged itself hands over
what it has of all of them, whenever any of it changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring import kernel
from scoring.arena import ALL_MEASURES, ATTRIBUTE, LINE, NEVER, ORDER, Arena, Room, read_only
from scoring.changes import changes_of
from scoring.columns import Events
from scoring.details import Detail
from scoring.events import (
    AttributeFact,
    BoughtLine,
    Bucket,
    Event,
    Facts,
    Handover,
    InvoiceLine,
    Merge,
    OrderRow,
)
from scoring.facts.attributes import OWN, TEXTS, attributes_of, kind_of, of_customer
from scoring.hashing import text_hash
from scoring.kernel import CUSTOMER_CLOCK, ERASURE, MERGE
from scoring.measures import ABSENT, KINDS, MARKS, MEASURES, MOST_VOLUME
from scoring.scorer import Scored, Scorer, room_for, text_base
from scoring.tables import EVERYTHING, Table
from scoring.verdicts import (
    APPLIED,
    DIFFERENT,
    DUPLICATE,
    ERASED,
    NOT_REACHED,
    REFUSED,
    too_large,
    volume_of_sums,
)

UNMERGE: Final = KINDS.index("unmerge")
HANDOVER: Final = KINDS.index("handover")
REVERSIBLE_MS: Final = 30 * 86_400_000
"""Time for which a merge can be undone, counted from its `occurred_at`."""
MOST_MEMBERS: Final = 16
"""Customers merged into one: all its parts are committed together."""
_APART: Final = b"\xff"
"""Stands between the two ids of a part: no UTF-8 text has this byte."""
ACTIVE: Final = -1


class Merged(NamedTuple):
    """That a customer was merged into another one: where that one is, by which merge, and when."""

    into: bytes
    shard: int
    merge_id: str
    at: int


class Member(NamedTuple):
    """Who was merged into a customer: its shard, and `ACTIVE` or the version at which it left.

    `erased` is the time of an erasure of the customer, which its members are to follow. `through`
    are those whose facts came with the member's: its members, and theirs.
    """

    shard: int
    left_at: int = ACTIVE
    erased: int = NEVER
    through: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roster:
    """The merges that one shard knows of.

    `away` are its customers that were merged into another one; `members` are, by customer, those
    that were ever merged into it.
    """

    away: Mapping[bytes, Merged] = field(default_factory=dict)
    members: Mapping[bytes, Mapping[bytes, Member]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self.away or self.members)

    def active(self, customer: bytes) -> list[bytes]:
        """Return who is merged into a customer now."""
        known = self.members.get(customer, {})
        return [member for member, of in known.items() if of.left_at == ACTIVE]

    def last(self, customer: bytes) -> bytes:
        """Return who a customer counts for at the end of its merges, as far as is known here."""
        while customer in self.away:
            customer = self.away[customer].into
        return customer

    def through(self, customer: bytes) -> tuple[str, ...]:
        """Return whose facts are among those of a customer, besides its own."""
        found: dict[str, None] = {}
        for member in self.active(customer):
            found[member.decode()] = None
            found |= dict.fromkeys(self.members[customer][member].through)
        return tuple(found)

    def of_those_that_left(self, customer: bytes) -> int:
        """Return the versions at which members left a customer, together."""
        known = self.members.get(customer, {}).values()
        return sum(of.left_at for of in known if of.left_at != ACTIVE)

    @cached_property  # asked before every batch; a roster never changes
    def most_members(self) -> int:
        """How many members the customer with the most of them has."""
        return max((len(self.active(customer)) for customer in self.members), default=0)

    def concerns(self, customers: Sequence[bytes], events: Events) -> bool:
        """Return whether a batch has commands, or a customer that was merged or has members."""
        if events.kind.size and int(events.kind.max()) >= MERGE:
            return True
        return bool(self) and any(c in self.away or c in self.members for c in customers)

    def merged(self, customer: bytes, to: Merged) -> "Roster":
        """Return it with a customer that counts for another one."""
        return replace(self, away={**self.away, customer: to})

    def unmerged(self, customer: bytes) -> "Roster":
        """Return it with a customer that counts for itself again."""
        return replace(self, away={c: to for c, to in self.away.items() if c != customer})

    def with_member(self, customer: bytes, name: bytes, member: Member) -> "Roster":
        """Return it with one that was merged into a customer, or has left it."""
        of = {**self.members.get(customer, {}), name: member}
        return replace(self, members={**self.members, customer: of})


def part_of(customer: bytes, member: bytes) -> bytes:
    r"""Return the id of the state that holds what a member gave to a customer.

    What the customer did itself is its own part.

    >>> part_of(b"ada", b"ada")
    b'ada\xffada'
    """
    return customer + _APART + member


def is_part(customer: bytes) -> bool:
    """Return whether an id is that of a part and not of a customer."""
    return _APART in customer


class Said(NamedTuple):
    """What some events say beyond columns, by position: the merges and handovers, and details."""

    commands: Mapping[int, Event]
    details: Mapping[int, Detail]


class Given(NamedTuple):
    """What a silent customer hands over after an event of the batch; `facts` as in `Handover`."""

    to: Merged
    member: bytes
    member_shard: int
    event: int
    version: int
    released: bool
    erased: int | None
    facts: Facts | None
    through: tuple[str, ...]


class Undone(NamedTuple):
    """A handover that a customer cannot take: the merge must be undone where it is."""

    handover: Handover
    why: str


class Refused(NamedTuple):
    """A command that cannot be carried out: its position in the batch, and why."""

    event: int
    why: str


class Erased(NamedTuple):
    """A member of a customer that was erased: it must be, too, in its shard."""

    member: bytes
    shard: int
    event: int


class Merging(NamedTuple):
    """What came of a batch with merges.

    `written` are the positions in the arena of the customers and parts to store, `dropped` the ids
    of parts that are not needed any more.
    """

    scored: Scored
    written: list[int]
    dropped: list[bytes]
    roster: Roster
    given: list[Given]
    undone: list[Undone]
    refused: list[Refused]
    erased: list[Erased]


def also_needed(
    roster: Roster, customers: Sequence[bytes], commands: Mapping[int, Event], *, at_once: bool
) -> list[bytes]:
    """Return the ids of further states that a batch needs.

    `at_once`: both sides of a merge are here, and nothing needs to be sent (a replay).
    """
    receivers = {c: list(roster.active(c)) for c in customers if c in roster.members}
    for command in commands.values():
        if isinstance(command, Handover):
            receivers.setdefault(command.customer_id.encode(), []).append(command.member.encode())
    if at_once:
        receivers = _connected(roster, customers, commands)
    needed: list[bytes] = []
    for customer, members in receivers.items():
        needed += [customer] if at_once else []
        for member in [*roster.active(customer), *members]:
            needed += [part_of(customer, member)] + ([member] if at_once else [])
        needed.append(part_of(customer, customer))
    known = set(customers)
    return [c for c in dict.fromkeys(needed) if c not in known]


def _connected(
    roster: Roster, customers: Sequence[bytes], commands: Mapping[int, Event]
) -> dict[bytes, list[bytes]]:
    """Return all that receive something from these customers, or whose members must follow them.

    With each are those that may be merged into it by the batch; its members are known.
    """
    merges: dict[bytes, list[bytes]] = {}
    for command in commands.values():
        if isinstance(command, Merge):
            merges.setdefault(command.customer_id.encode(), []).append(command.into.encode())
    receivers: dict[bytes, list[bytes]] = {}
    waiting, seen = list(customers), set(customers)
    while waiting:
        customer = waiting.pop()
        into = list(merges.get(customer, ()))
        for other in into:
            receivers.setdefault(other, []).append(customer)
        if customer in roster.away:
            receivers.setdefault(roster.away[customer].into, [])
            into.append(roster.away[customer].into)
        if customer in roster.members:
            receivers.setdefault(customer, [])
        for other in [*into, *roster.active(customer)]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return receivers


def score_merging(
    scorer: Scorer,
    roster: Roster,
    customers: Sequence[bytes],
    states: Sequence[bytes],
    events: Events,
    clock: int,
    said: Said,
    *,
    shards: int | None,
) -> Merging:
    """Apply a batch as `Scorer.score` does, and carry out its merges.

    `customers` are those of the batch and behind them `also_needed`, `states` theirs. `shards` is
    how many there are; None: all customers are here, and what one gives another is taken at once.
    """
    return _Batch(scorer, roster, customers, states, events, clock, said, shards).run()


class _Batch:
    """One batch on its way through the kernel, with stops where merges are concerned."""

    def __init__(
        self,
        scorer: Scorer,
        roster: Roster,
        customers: Sequence[bytes],
        states: Sequence[bytes],
        events: Events,
        clock: int,
        said: Said,
        shards: int | None,
    ) -> None:
        self.scorer = scorer
        self.roster = roster
        self.customers = list(customers)
        self.events = events
        self.merges = {e: c for e, c in said.commands.items() if isinstance(c, Merge)}
        self.handovers = {e: c for e, c in said.commands.items() if isinstance(c, Handover)}
        self.at_once = shards is None
        self.shards = shards
        self.position = {customer: n for n, customer in enumerate(self.customers)}
        base = text_base(states)
        self.changes, texts = changes_of(said.details, base)
        arena = scorer.read(states, self._room(states), texts)
        self.texts = TextRoom(arena.texts)
        verdicts = np.zeros(events.customer.size, np.int8)
        self.scored = Scored(arena, scorer.no_outcomes(), verdicts, clock)
        self.was_stored = [bool(state) for state in states]
        self.cleared: set[bytes] = set()
        self.given: list[Given] = []
        self.undone: list[Undone] = []
        self.refused: list[Refused] = []
        self.erased: list[Erased] = []
        own = [self.position.get(part_of(c, c), n) for n, c in enumerate(self.customers)]
        self.own_events = events._replace(customer=np.array(own, np.int32)[events.customer])

    def _room(self, states: Sequence[bytes]) -> Room:
        """Return how much more room each customer needs than its state has.

        Whoever receives something, and each part, must hold what all that are connected by merges
        may have together; how much that is at most the bytes of states tell.
        """
        room = room_for(self.events, self.changes, len(states))
        handed = _most_handed(self.handovers.values())
        heads = self._heads()
        are_merged = np.bincount(heads, minlength=heads.size)[heads] > 1
        lengths = np.fromiter(map(len, states), np.int64, len(states))
        for k, least in enumerate(_LEAST_BYTES):
            brings = [handed.get(c, _NOTHING_HANDED)[k] for c in self.customers]
            each = room[k] + lengths // least + np.array(brings, np.int64)
            together = np.zeros(heads.size, np.int64)
            np.add.at(together, heads, each)
            room[k][are_merged] = together[heads][are_merged]
        stored = np.fromiter(map(len, states), np.int64, len(states))
        credits_ = room.orders + stored // _LEAST_ORDER  # of refunds whose sale tells the invoice
        lines = room.lines + credits_
        rows = room.rows + lines + stored // _LEAST_LINE
        return room._replace(rows=rows, lines=lines)

    def _heads(self) -> NDArray[np.int64]:
        """Return for each position the first one that it is connected with by merges."""
        head = list(range(len(self.customers)))

        def find(n: int) -> int:
            while head[n] != n:
                head[n] = head[head[n]]
                n = head[n]
            return n

        for n, customer in enumerate(self.customers):
            if is_part(customer):
                receiver, _, member = customer.partition(_APART)
                for other in (self.position[receiver], self.position.get(member, n)):
                    one, two = sorted((find(n), find(other)))
                    head[two] = one
        return np.array([find(n) for n in range(len(head))], np.int64)

    # -- the way through the batch

    def run(self) -> Merging:
        done = 0
        for stop in self._stops():
            self.scored = self._stepped(self.events, done, stop)
            self._apply(stop)
            done = stop + 1
        self.scored = self._stepped(self.events, done, self.events.customer.size)
        kept = [n for n in range(len(self.customers)) if self._is_written(n)]
        stored = (c for n, c in enumerate(self.customers) if self.was_stored[n])
        return Merging(
            self.scored, kept, [c for c in stored if c in self.cleared],
            self.roster, self.given, self.undone, self.refused, self.erased,
        )  # fmt: skip  # what is stored, then what else came of it

    def _is_written(self, n: int) -> bool:
        customer = self.customers[n]
        if customer in self.cleared:
            return False
        return self.was_stored[n] or not is_part(customer) or self._is_part_in_use(customer)

    def _is_part_in_use(self, part: bytes) -> bool:
        receiver, _, member = part.partition(_APART)
        active = self.roster.active(receiver)
        return bool(active) and (member == receiver or member in active)

    def _stops(self) -> list[int]:
        """Return the events that concern a merge, or a customer that is, or will be, in one."""
        special = {n for n, c in enumerate(self.customers) if c in self.roster.away}
        special |= {n for n, c in enumerate(self.customers) if c in self.roster.members}
        commands = [*self.merges, *self.handovers]
        special.update(self.events.customer[commands].tolist())
        into = (merge.into.encode() for merge in self.merges.values())
        special.update(self.position[customer] for customer in into if customer in self.position)
        concerned = np.isin(self.events.customer, np.array(sorted(special), np.int32))
        found: list[int] = np.flatnonzero(concerned | (self.events.kind >= MERGE)).tolist()
        return found

    def _apply(self, event: int) -> None:
        kind = int(self.events.kind[event])
        customer = self.customers[self.events.customer[event]]
        if kind == HANDOVER:
            self._take(event, customer, self.handovers[event])
        elif kind in (MERGE, UNMERGE):
            if self._is_new(event):
                self._decide(event, kind, customer)
        else:
            self._add(event, kind, customer)

    def _is_new(self, event: int) -> bool:
        """Return whether a command is none to be passed over, without remembering it.

        An unmerge says nothing but its time: shards that ask for it more than once have others.
        """
        arena, events = self.scored.arena, self.events
        customer = arena.customers[events.customer[event]]
        size = int(self.scorer.program.limits[0]["ring"])
        n = kernel.place_of(size, customer, arena.ring, events.identity[event])
        verdict = NOT_REACHED
        if n >= 0:
            is_same = arena.ring["content"][n] in (0, events.content[event])
            is_same = is_same or events.kind[event] == UNMERGE
            verdict = DUPLICATE if is_same else DIFFERENT
        elif events.at[event] <= customer["erased"]:
            verdict = ERASED
        self.scored.verdicts[event] = verdict
        return verdict == NOT_REACHED

    def _step(self, event: int, events: Events, *, silent: bool) -> bool:
        self.scored = self._stepped(events, event, event + 1, silent=silent)
        return bool(self.scored.verdicts[event] == APPLIED)

    def _stepped(self, events: Events, first: int, end: int, *, silent: bool = False) -> Scored:
        return self.scorer.step(self.scored, events, self.changes, first, end, silent=silent)

    # -- commands

    def _decide(self, event: int, kind: int, customer: bytes) -> None:
        merged = self.roster.away.get(customer)
        at = int(self.events.at[event])
        why = self._why_no_merge(event, customer) if kind == MERGE else why_no_unmerge(merged, at)
        if why is not None:
            self._refuse(event, why)
            return
        self._step(event, self.events, silent=merged is not None)
        if self.roster.active(customer):
            self._step(event, self.own_events, silent=True)
        if merged is None:
            merge = self.merges[event]
            to = Merged(merge.into.encode(), merge.into_shard, merge.event_id, at)
            self.roster = self.roster.merged(customer, to)
            self._give(event, customer, to)
            return
        self.roster = self.roster.unmerged(customer)
        self._speak_again(event, self.position[customer])
        self._give(event, customer, merged, released=True)

    def _refuse(self, event: int, why: str) -> None:
        self.scored.verdicts[event] = REFUSED
        self.refused.append(Refused(event, why))

    def _speak_again(self, event: int, c: int) -> None:
        """Evaluate a customer that was silent, as if it had had no points before.

        It has none of its last evaluation: what a state holds is not what was known then.
        """
        arena = self.scored.arena
        if arena.customers["as_of"][c] != NEVER:
            arena.points[c] = 0.0
            arena.scores[c] = 0.0
            arena.customers["stale_measures"][c] = EVERYTHING  # and of each day on the way
            arena.customers["stale_besides"][c] = EVERYTHING
            self._reassemble(event, c, [], int(self.events.day[event]), silent=False)

    def _why_no_merge(self, event: int, customer: bytes) -> str | None:
        merge = self.merges[event]
        into = merge.into.encode()
        why = why_not_away(self.roster, customer, into)
        if why is not None:
            return why
        if self.at_once:
            volume = int(self.scored.arena.customers["volume"][self.position[customer]])
            why = why_no_member(self.roster, into, customer)
            return why or self._why_too_large(into, 0, volume)
        return self._why_no_shard(merge.into_shard)

    def _why_too_large(self, into: bytes, before: int, now: int) -> str | None:
        """Return why a customer cannot take this volume, in place of what it took before."""
        if self.at_once:
            into = self.roster.last(into)
        volume = int(self.scored.arena.customers["volume"][self.position[into]])
        if volume - before + now <= MOST_VOLUME:
            return None
        return too_large("both customers", self.scorer.model.currencies.base)

    def _why_no_shard(self, shard: int) -> str | None:
        if self.shards is None or shard < self.shards:
            return None
        return f"there is no shard {shard}: the topics have {self.shards} partitions"

    # -- facts

    def _add(self, event: int, kind: int, customer: bytes) -> None:
        """Apply a fact or an erasure, to the customer's own part too, and hand it over."""
        to = self.roster.away.get(customer)
        if not self._step_within(event, kind, customer, to):
            return
        if members := self.roster.active(customer):
            self._step(event, self.own_events, silent=True)
            if kind == ERASURE:
                for member in members:
                    self._erase(event, customer, member)
        if to is not None:
            self._give(event, customer, to)

    def _step_within(self, event: int, kind: int, customer: bytes, to: Merged | None) -> bool:
        """Apply an event; one of a silent customer must have room where it counts, if that is here.

        While it is applied, the customer has the volume of all that it is merged with.
        """
        if to is None or not self.at_once or kind == ERASURE:
            return self._step(event, self.events, silent=to is not None)
        volumes, c = self.scored.arena.customers["volume"], self.position[customer]
        others = int(volumes[self.position[self.roster.last(customer)]] - volumes[c])
        volumes[c] += others
        is_applied = self._step(event, self.events, silent=True)
        volumes[c] -= others
        return is_applied

    def _erase(self, event: int, customer: bytes, member: bytes) -> None:
        """Forget also a member of a customer that was erased: both are the same person.

        Nothing is put together again: what other members gave is forgotten with it.
        """
        arena, at = self.scored.arena, int(self.events.at[event])
        part = self.position[part_of(customer, member)]
        enter_facts(arena, part, None, None)
        if self.at_once:
            before = self._version_of(member)
            kernel.forget(arena, self.position[member], at)
            if others := self.roster.active(member):
                kernel.forget(arena, self.position[part_of(member, member)], at)
                for other in others:
                    self._erase(event, member, other)
            now = self._version_of(member)
            arena.customers["applied"][part] = now
            arena.customers["applied"][self.position[customer]] += now - before
            return
        known = self.roster.members[customer][member]
        self.roster = self.roster.with_member(customer, member, known._replace(erased=at))
        self.erased.append(Erased(member, known.shard, event))

    def _give(self, event: int, customer: bytes, to: Merged, *, released: bool = False) -> None:
        c = self.position[customer]
        row = self.scored.arena.customers[c]
        erased = None if row["erased"] == NEVER else int(row["erased"])
        facts = None if released else facts_of(self.scored.arena, c)
        given = Given(
            to, customer, 0, event, self._version_of(customer), released, erased, facts,
            self.roster.through(customer),
        )  # fmt: skip  # who and why, then what
        if self.at_once:
            self._take_given(event, to.into, given)
        else:
            self.given.append(given)

    def _version_of(self, customer: bytes) -> int:
        """Return how often a customer has changed: what it gives later has a higher number."""
        applied = int(self.scored.arena.customers["applied"][self.position[customer]])
        return applied + self.roster.of_those_that_left(customer)

    # -- what comes from members

    def _why_too_large_facts(
        self, customer: bytes, member: bytes, facts: Facts | None
    ) -> str | None:
        if facts is None:
            return None
        part = self.position[part_of(customer, member)]
        before = int(self.scored.arena.customers["volume"][part])
        return self._why_too_large(customer, before, volume_of_facts(facts))

    def _take(self, event: int, customer: bytes, handover: Handover) -> None:
        member = handover.member.encode()
        self.scored.verdicts[event] = DUPLICATE  # unless it is taken, or refused
        if why := self._why_no_shard(handover.member_shard):
            self._refuse(event, why)
            return
        why = why_no_member(self.roster, customer, member)
        if customer.decode() in handover.through:
            why = f"{customer.decode()!r} is itself merged into {handover.member!r}, through others"
        why = why or self._why_too_large_facts(customer, member, handover.facts)
        if why is not None and not handover.released:
            self.undone.append(Undone(handover, why))
            return
        to = Merged(customer, 0, handover.merge_id, 0)
        given = Given(
            to, member, handover.member_shard, event,
            handover.version, handover.released, handover.erased, handover.facts,
            tuple(handover.through),
        )  # fmt: skip  # who and why, then what
        self._take_given(event, customer, given)

    def _take_given(self, event: int, customer: bytes, given: Given) -> None:
        """Replace a member's part by what it gave, unless something newer is known."""
        c, member = self.position[customer], given.member
        if given.version <= self._version(customer, member, given):
            return
        own, part = part_of(customer, customer), part_of(customer, member)
        self.scored.verdicts[event] = APPLIED
        if not self.roster.active(customer):
            copy_facts(self.scored.arena, c, self.position[own])
        known = self.roster.members.get(customer, {}).get(member, Member(given.member_shard))
        left_at = given.version if given.released else ACTIVE
        known = known._replace(left_at=left_at, through=given.through)
        self.roster = self.roster.with_member(customer, member, known)
        erased = NEVER if given.erased is None else given.erased
        facts = given.facts if erased >= known.erased else None  # it has yet to follow
        if facts is not None:
            arena = self.scored.arena._replace(texts=self.texts.take_in(facts))
            self.scored = self.scored._replace(arena=arena)
        enter_facts(self.scored.arena, self.position[part], facts, self.texts)
        self.scored.arena.customers["applied"][self.position[part]] = given.version
        active = self.roster.active(customer)
        parts = [self.position[own]]
        parts += [self.position[part_of(customer, m)] for m in sorted(active)]
        day = int(self.events.day[event])
        day = day if facts is None else max(day, facts.as_of)
        to = self.roster.away.get(customer)
        self._reassemble(event, c, parts, day, silent=to is not None)
        self.cleared -= {own, part}
        if given.released:
            self.cleared |= {part} if active else {part, own}
        if to is not None:
            self._give(event, customer, to)

    def _version(self, customer: bytes, member: bytes, given: Given) -> int:
        """Return what a handover must exceed: the version of the member that is known."""
        known = self.roster.members.get(customer, {}).get(member)
        if known is None:  # its first may be the last: the merge was undone, or never allowed
            return given.version if given.released else NEVER
        if known.left_at != ACTIVE:
            return known.left_at
        part = self.position[part_of(customer, member)]
        return int(self.scored.arena.customers["applied"][part])

    def _reassemble(
        self, event: int, c: int, parts: Sequence[int], day: int, *, silent: bool
    ) -> None:
        scored, scorer = self.scored, self.scorer
        clock = scored.clock
        if scorer.mode != CUSTOMER_CLOCK:
            clock = day = max(clock, day)
        outcomes = scorer.roomier(scored.outcomes, scored.arena, c, day)
        kernel.reassemble(
            scorer.program, scored.arena, c, np.array(parts, np.int64), day, scorer.mode, event,
            silent, scorer.scratch(), outcomes,
        )  # fmt: skip  # a line for the input, a line for the results
        self.scored = scored._replace(outcomes=outcomes, clock=clock)


_LEAST_LINE: Final = 14
_LEAST_ORDER: Final = 11
_LEAST_BYTES: Final = (2, 8, _LEAST_LINE, 9, 12, _LEAST_ORDER)
"""Bytes that a stored row of each kind of `Room` takes at least."""
_NOTHING_HANDED: Final = (0,) * len(_LEAST_BYTES)


def _most_handed(handovers: Iterable[Handover]) -> dict[bytes, tuple[int, ...]]:
    """Return the most rows of each kind of `Room` that one handover brings, by part."""
    most: dict[bytes, tuple[int, ...]] = {}
    for handover in handovers:
        facts = handover.facts
        if facts is not None:
            part = part_of(handover.customer_id.encode(), handover.member.encode())
            brings = (
                len(facts.days), 0, len(facts.invoices), len(facts.product_lines),
                len(facts.attributes), len(facts.orders),
            )  # fmt: skip  # in the order of Room
            most[part] = tuple(map(max, most.get(part, brings), brings))
    return most


def why_not_away(roster: Roster, customer: bytes, into: bytes) -> str | None:
    """Return why a customer cannot be merged into another one, as far as its shard can tell."""
    if into == customer:
        return "a customer cannot be merged into itself"
    if customer in roster.away:
        other = roster.away[customer].into.decode()
        return f"the customer is merged into {other!r} already; unmerge it first"
    if roster.last(into) == customer:
        return f"{into.decode()!r} is itself merged into {customer.decode()!r}; unmerge it first"
    return None


def why_no_member(roster: Roster, customer: bytes, member: bytes) -> str | None:
    """Return why somebody cannot be merged into a customer, as far as that one's shard can tell."""
    active = roster.active(customer)
    if len(active) >= MOST_MEMBERS and member not in active:
        return f"{MOST_MEMBERS} customers are merged into {customer.decode()!r} already"
    return None


def why_no_unmerge(merged: Merged | None, at: int) -> str | None:
    """Return why a merge cannot be undone by a command of a time (epoch milliseconds)."""
    if merged is None:
        return "the customer is not merged into any other"
    if at > merged.at + REVERSIBLE_MS:
        return f"the merge {merged.merge_id!r} is more than 30 days old and stays"
    return None


# -- facts, out of the arena and into it


def facts_of(arena: Arena, c: int) -> Facts | None:
    """Return what is known of customer c; None if nothing is."""
    customer = arena.customers[c]
    if customer["as_of"] == NEVER:
        return None
    first, count = int(customer["row_start"]), int(customer["row_count"])
    rows = range(first, first + count)
    return Facts(
        as_of=int(customer["as_of"]),
        marks={
            name: int(day)
            for (name, _, _), day in zip(MARKS, arena.marks[c].tolist(), strict=True)
            if day != NEVER
        },
        volume=int(customer["volume"]),
        totals=_named(arena.totals[c]),
        days=[
            Bucket(day=int(arena.buckets["day"][r]), measures=_named(arena.rows[r])) for r in rows
        ],
        invoices=[
            InvoiceLine(**dict(zip(LINE.names or (), row, strict=True)))
            for row in of_customer(arena.lines, customer, "line").tolist()
        ],
        product_lines=[
            BoughtLine(line=line, day=day, unnamed=unnamed)
            for line, day, unnamed in of_customer(arena.categories, customer, "category").tolist()
        ],
        folded_sale=None if customer["folded_sale"] == NEVER else int(customer["folded_sale"]),
        orders=[
            OrderRow(order=order, **dict(zip(ORDER.names or (), row, strict=True)))
            for order, row in zip(
                of_customer(arena.order_ids, customer, "order").tolist(),
                of_customer(arena.orders, customer, "order").tolist(),
                strict=True,
            )
        ],
        attributes=[
            AttributeFact(
                name=held.name,
                value=held.value,
                at=held.at,
                identity=held.identity,
                day=held.day,
                sequence=None if held.sequence == ABSENT else held.sequence,
            )
            for held in attributes_of(arena, c)
        ],
    )


def _named(measures: NDArray[np.int64]) -> dict[str, int]:
    return {name: n for name, n in zip(MEASURES, measures.tolist(), strict=True) if n != 0}


class TextRoom:
    """The texts of an arena, with room behind them for those of attributes that are handed over."""

    def __init__(self, texts: NDArray[np.uint8]) -> None:
        """Take the texts that are there."""
        self._buffer = texts
        self._end = texts.size
        self._starts: dict[bytes, int] = {}

    def take_in(self, facts: Facts) -> NDArray[np.uint8]:
        """Return the arena's texts with those of the facts' attributes among them."""
        for held in facts.attributes:
            for text in (held.name, held.value):
                if isinstance(text, str) and text.encode() not in self._starts:
                    self._append(text.encode())
        return read_only(self._buffer)

    def _append(self, text: bytes) -> None:
        end = self._end + len(text)
        if end > self._buffer.size or not self._buffer.flags.writeable:
            grown = np.zeros(2 * end, np.uint8)
            grown[: self._end] = self._buffer[: self._end]
            self._buffer = grown
        self._buffer[self._end : end] = np.frombuffer(text, np.uint8)
        self._starts[text] = self._end
        self._end = end

    def row(self, held: AttributeFact) -> tuple[object, ...]:
        """Return an attribute whose texts were taken in as a row of an arena."""
        row = np.zeros(1, ATTRIBUTE)[0]
        name = held.name.encode()
        row["key"], row["at"], row["identity"] = text_hash(name), held.at, held.identity
        row["day"] = held.day
        row["sequence"] = ABSENT if held.sequence is None else held.sequence
        row["kind"], row["number"], text = kind_of(held.value)
        if held.name not in OWN.values():
            row["name_start"], row["name_length"] = self._starts[name], len(name)
        if row["kind"] in TEXTS:
            row["text"] = text_hash(text)
            row["text_start"], row["text_length"] = self._starts[text], len(text)
        return tuple(row.tolist())


def volume_of_facts(facts: Facts) -> int:
    """Return the volume of facts, from their sums if an older worker sent them."""
    if facts.volume is not None:
        return facts.volume
    sums = (facts.totals, *(bucket.measures for bucket in facts.days))
    volume = sum(volume_of_sums(np.array(_columns(measures), np.int64)) for measures in sums)
    return min(volume, MOST_VOLUME)


def enter_facts(arena: Arena, c: int, facts: Facts | None, texts: TextRoom | None) -> None:
    """Replace what is known of customer c; it has room for it."""
    customer = arena.customers[c]
    customer["row_start"], customer["row_count"] = customer["row_base"], 0
    for kind in ("line", "category", "attribute", "order"):
        customer[f"{kind}_count"] = 0
    customer["folded_sale"] = NEVER
    customer["as_of"], customer["volume"] = NEVER, 0
    arena.marks[c], arena.totals[c] = NEVER, 0
    if facts is None:
        return
    customer["as_of"], customer["row_count"] = facts.as_of, len(facts.days)
    for mark, (name, _, _) in enumerate(MARKS):
        arena.marks[c, mark] = facts.marks.get(name, NEVER)
    arena.totals[c] = _columns(facts.totals)
    for row, bucket in enumerate(facts.days, int(customer["row_base"])):
        arena.buckets[row] = (ALL_MEASURES, bucket.day)
        arena.rows[row] = _columns(bucket.measures)
    customer["volume"] = volume_of_facts(facts)
    _enter(arena.lines, customer, "line", [_line(line) for line in facts.invoices])
    lines = [
        (k.line, k.day, k.day if k.unnamed is None else k.unnamed) for k in facts.product_lines
    ]
    _enter(arena.categories, customer, "category", lines)
    customer["folded_sale"] = NEVER if facts.folded_sale is None else facts.folded_sale
    _enter(arena.orders, customer, "order", [_order(row) for row in facts.orders])
    first = int(customer["order_start"])
    arena.order_ids[first : first + len(facts.orders)] = [row.order for row in facts.orders]
    if texts is not None:
        _enter(
            arena.attributes, customer, "attribute", [texts.row(held) for held in facts.attributes]
        )


def _enter(table: Table, customer: Any, kind: str, rows: Sequence[tuple[object, ...]]) -> None:
    first = int(customer[f"{kind}_start"])
    for n, row in enumerate(rows):
        table[first + n] = row
    customer[f"{kind}_count"] = len(rows)


def _category(known: BoughtLine) -> tuple[int, int, int]:
    unnamed = known.day if known.unnamed is None else known.unnamed
    return known.line, known.day, unnamed


def _order(row: OrderRow) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in ORDER.names or ())


def _line(line: InvoiceLine) -> tuple[object, ...]:
    own = line.amount if line.own is None else line.own
    return tuple({**line.model_dump(), "own": own}[name] for name in LINE.names or ())


def _columns(measures: Mapping[str, int]) -> list[int]:
    return [measures.get(name, 0) for name in MEASURES]


def copy_facts(arena: Arena, source: int, target: int) -> None:
    """Make what is known of one customer, and which events it has had, another's too."""
    enter_facts(arena, target, facts_of(arena, source), None)
    one, other = arena.customers[source], arena.customers[target]
    held = of_customer(arena.attributes, one, "attribute")
    first = int(other["attribute_start"])
    arena.attributes[first : first + held.size] = held
    other["attribute_count"] = held.size
    other["applied"], other["erased"] = one["applied"], one["erased"]
    other["ring_count"] = one["ring_count"]
    first, into, count = int(one["ring_start"]), int(other["ring_start"]), int(one["ring_count"])
    arena.ring[into : into + count] = arena.ring[first : first + count]
