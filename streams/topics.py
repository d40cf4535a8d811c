"""The one table of topics: what each is for, its key, and how it is created and checked."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scoring.events import COMMANDS, COMMANDS_TOPIC, SENT_TYPES
from streams.clients import kafka_admin
from streams.errors import CheckError
from streams.settings import Settings

if TYPE_CHECKING:
    from aiokafka.admin import AIOKafkaAdminClient

LARGEST_DEAD_LETTER: Final = 20_000_000
"""Bytes: a dead letter is the whole record that could not be used, with more headers."""

FOREVER: Final = -1
_DAY_MS: Final = 86_400_000
_PAUSE_S: Final = 0.02
_OVERHEAD: Final = 65_536  # bytes that the headers of a dead letter add to a record


class Topic(NamedTuple):
    """One topic: `role` is its setting's name, and an input's type of event (or `commands`)."""

    role: str
    name: str
    is_input: bool
    key: str
    cleanup_policy: str
    retention_ms: int | None
    max_message_bytes: int | None

    def configuration(self) -> dict[str, str]:
        """Return what the topic is created with; what is absent is the broker's default."""
        by_broker = not self.is_input and self.role != "dead_letters"
        wanted = {
            # A broker refuses records that claim to be of more than an hour later than now: one
            # whose time is the broker's own it takes from a worker whose clock is ahead, too.
            "message.timestamp.type": "LogAppendTime" if by_broker else None,
            "cleanup.policy": self.cleanup_policy,
            "retention.ms": self.retention_ms,
            "max.message.bytes": self.max_message_bytes,
        }
        return {name: str(value) for name, value in wanted.items() if value is not None}


class Topics(NamedTuple):
    """All topics of one installation: inputs, one for each type of event, and outputs."""

    inputs: tuple[Topic, ...]
    outputs: tuple[Topic, ...]

    @classmethod
    def of(cls, settings: Settings) -> "Topics":
        """Return the table with the names that the settings give."""
        rows = [_topic(settings, role, *row) for role, row in _TABLE.items()]
        return cls(
            tuple(topic for topic in rows if topic.is_input),
            tuple(topic for topic in rows if not topic.is_input),
        )

    def all(self) -> tuple[Topic, ...]:
        """Return inputs, then outputs."""
        return self.inputs + self.outputs

    def name(self, role: str) -> str:
        """Return the name of the topic of a role, like `tier_changes` or `payment`."""
        return next(topic.name for topic in self.all() if topic.role == role)

    def event_types(self) -> dict[str, str]:
        """Return the type of the events of each input topic, by its name, or `COMMANDS_TOPIC`."""
        return {topic.name: topic.role for topic in self.inputs}

    def by_type(self) -> dict[str, str]:
        """Return the topic of each type of event that producers send."""
        roles = {name: COMMANDS_TOPIC if name in COMMANDS else name for name in SENT_TYPES}
        return {name: self.name(role) for name, role in roles.items()}


# role: input?, key, cleanup.policy, days kept, largest message. An input is kept for longer than
# the longest outage that is to be survived: after a loss of Redis, events are read again from it.
# Commands outlive them: whoever reads events again must read who was erased since.
# Outcomes are the history that the dashboard shows: more than a year of them.
# A dead letter keeps the time of its record, which may be years ago: any retention would delete it.
_TABLE: Final[Mapping[str, tuple[bool, str, str, int | None, int | None]]] = {
    "transaction": (True, "customer_id", "delete", 14, None),
    "payment": (True, "customer_id", "delete", 14, None),
    "complaint": (True, "customer_id", "delete", 14, None),
    "praise": (True, "customer_id", "delete", 14, None),
    "feedback": (True, "customer_id", "delete", 14, None),
    "engagement": (True, "customer_id", "delete", 14, None),
    "cost": (True, "customer_id", "delete", 14, None),
    "profile": (True, "customer_id", "delete", 14, None),
    COMMANDS_TOPIC: (True, "customer_id", "delete", 400, None),
    "tier_changes": (False, "customer_id", "delete", 400, None),
    "value_alerts": (False, "customer_id", "delete", 400, None),
    "segment_changes": (False, "customer_id", "delete", 400, None),
    "customer_scores": (False, "customer_id", "compact", None, None),
    "alert_actions": (False, "id of the alert", "compact", None, None),
    "dead_letters": (False, "that of the record", "delete", FOREVER, LARGEST_DEAD_LETTER),
}

_OF_DASHBOARD: Final = ("alert_actions",)
"""Topics that workers and producers can do without."""


def _topic(
    settings: Settings,
    role: str,
    is_input: bool,
    key: str,
    cleanup_policy: str,
    days: int | None,
    largest: int | None,
) -> Topic:
    name = f"{settings.topics.prefix}{getattr(settings.topics, role)}"
    retention = days if days is None or days == FOREVER else days * _DAY_MS
    return Topic(role, name, is_input, key, cleanup_policy, retention, largest)


# ---------------------------------------------------------------------------------------- checking


class Drift(NamedTuple):
    """Where the broker differs from the table; `mended` when `ensure` has put it right."""

    topic: str
    what: str
    found: str
    wanted: str
    advice: str
    mended: bool = False


class Found(NamedTuple):
    """A topic as it is on the broker."""

    partitions: int
    configuration: Mapping[str, str]


async def check(settings: Settings) -> list[Drift]:
    """Compare the broker's topics with the table; changes nothing.

    Raises:
        DependencyError: No broker answers.
    """
    async with kafka_admin(settings) as admin:
        return await _drifts(admin, settings)


async def ensure(settings: Settings, *, dry_run: bool = False) -> list[Drift]:
    """Create the topics that are missing; tell what differs and must be mended by hand.

    Partitions are never added: every customer would move to another shard and lose its state.

    Raises:
        CheckError: The input topics that exist differ in partitions, so that it is not known how
            many a missing topic needs.
        DependencyError: No broker answers, or it refuses to create a topic.
    """
    async with kafka_admin(settings) as admin:
        drifts = await _drifts(admin, settings)
        missing = {drift.topic for drift in drifts if drift.what == MISSING}
        if dry_run or not missing:
            return drifts
        found = await _found(admin, Topics.of(settings).all())
        equal_partitions({name: topic.partitions for name, topic in found.items()}, settings)
        await _create(admin, settings, missing, _wanted_partitions(found, settings))
        return [drift._replace(mended=drift.topic in missing) for drift in drifts]


async def require_equal_partitions(settings: Settings) -> int:
    """Return the number of partitions, the same for all input topics, and so of shards.

    Raises:
        CheckError: Input topics are missing or differ in partitions; the message names them.
        DependencyError: No broker answers.
    """
    async with kafka_admin(settings) as admin:
        topics = [each for each in Topics.of(settings).all() if each.role not in _OF_DASHBOARD]
        counts = await _partitions(admin, topics)
    if missing := [topic.name for topic in topics if topic.name not in counts]:
        unseen = (
            "" if settings.kafka.security_protocol == "PLAINTEXT" else ", or we may not see them"
        )
        raise CheckError(
            f"missing topics: {', '.join(missing)}; `valuepulse topics ensure` makes them{unseen}"
        )
    shards = equal_partitions(counts, settings)
    if other := [topic.name for topic in topics if counts[topic.name] < shards]:
        raise CheckError(
            f"the input topics have {shards} partitions, but these outputs fewer: "
            f"{', '.join(other)}; delete them and run `valuepulse topics ensure`"
        )
    return shards


def equal_partitions(counts: Mapping[str, int], settings: Settings) -> int:
    """Return how many partitions each input topic has; without any, how many they are to have.

    Raises:
        CheckError: They differ, so that one customer's events would meet in no shard.
    """
    given = {
        topic.name: counts[topic.name]
        for topic in Topics.of(settings).inputs
        if topic.name in counts
    }
    if len(set(given.values())) > 1:
        by_count = groupby(sorted(given, key=given.__getitem__), key=given.__getitem__)
        listed = "; ".join(f"{count}: {', '.join(names)}" for count, names in by_count)
        raise CheckError(
            f"the input topics differ in partitions ({listed}), so a customer's events would go to "
            "different shards: make them anew with equal numbers (`valuepulse topics ensure`)"
        )
    return next(iter(given.values()), settings.topics.partitions)


MISSING: Final = "missing"


async def _drifts(admin: "AIOKafkaAdminClient", settings: Settings) -> list[Drift]:
    topics = Topics.of(settings)
    found = await _found(admin, topics.all())
    partitions = _wanted_partitions(found, settings)
    drifts: list[Drift] = []
    for topic in topics.all():
        if topic.name in found:
            drifts += _differences(topic, found[topic.name], partitions)
        else:
            advice = "`valuepulse topics ensure` makes it"
            drifts.append(Drift(topic.name, MISSING, "-", f"{partitions} partitions", advice))
    return [*drifts, *_too_small(topics, found)]


def _wanted_partitions(found: Mapping[str, Found], settings: Settings) -> int:
    """Return the number of the inputs that exist, the commonest if they differ."""
    inputs = [
        found[topic.name].partitions for topic in Topics.of(settings).inputs if topic.name in found
    ]
    return max(inputs, key=inputs.count, default=settings.topics.partitions)


def _differences(topic: Topic, found: Found, partitions: int) -> Iterator[Drift]:
    if found.partitions != partitions:
        number, wanted = str(found.partitions), str(partitions)
        advice = (
            "make it anew; what it holds is lost"
            if topic.is_input
            else "delete it and run `valuepulse topics ensure`"
        )
        yield Drift(topic.name, "partitions", number, wanted, advice)
    policy = found.configuration.get("cleanup.policy", "")
    if policy != topic.cleanup_policy:
        yield _setting(topic.name, "cleanup.policy", policy, topic.cleanup_policy)


def _too_small(topics: Topics, found: Mapping[str, Found]) -> Iterator[Drift]:
    """Find whether a record may come in that does not fit into the dead letters."""
    name = topics.name("dead_letters")
    if name not in found:
        return
    largest = [_largest(found[topic.name]) for topic in topics.inputs if topic.name in found]
    wanted = max(LARGEST_DEAD_LETTER, max(largest, default=0) + _OVERHEAD)
    if _largest(found[name]) < wanted:
        yield _setting(name, "max.message.bytes", str(_largest(found[name])), str(wanted))


def _largest(found: Found) -> int:
    return int(found.configuration.get("max.message.bytes", 0))


def _setting(topic: str, name: str, found: str, wanted: str) -> Drift:
    """Tell of a setting; aiokafka could only replace all of a topic's settings at once."""
    where = f"--entity-type topics --entity-name {topic}"
    advice = f"kafka-configs.sh --alter {where} --add-config {name}={wanted}"
    return Drift(topic, name, found, wanted, advice)


# ------------------------------------------------------------------------------------------ broker


async def _partitions(admin: "AIOKafkaAdminClient", topics: Iterable[Topic]) -> dict[str, int]:
    """Ask how many partitions the topics have that exist."""
    names = {topic.name for topic in topics}
    described = await admin.describe_topics()
    return {t["topic"]: len(t["partitions"]) for t in described if t["topic"] in names}


async def _found(admin: "AIOKafkaAdminClient", topics: Iterable[Topic]) -> dict[str, Found]:
    """Ask the broker; about all topics, as a question about a missing one can create it."""
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
    from aiokafka.errors import for_code

    known = await _partitions(admin, topics)
    if not known:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in known]
    settings = {}
    for answer in await admin.describe_configs(asked):
        for code, message, _, name, entries in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {message}")
            settings[name] = {entry[0]: entry[1] for entry in entries}
    return {name: Found(partitions, settings.get(name, {})) for name, partitions in known.items()}


async def _create(
    admin: "AIOKafkaAdminClient", settings: Settings, names: set[str], partitions: int
) -> None:
    from aiokafka.admin import NewTopic
    from aiokafka.errors import TopicAlreadyExistsError, for_code

    new = [
        NewTopic(
            topic.name,
            num_partitions=partitions,
            replication_factor=settings.topics.replication,
            topic_configs=topic.configuration(),
        )
        for topic in Topics.of(settings).all()
        if topic.name in names
    ]
    answer: Any = await admin.create_topics(new)
    for name, code, *message in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # another one was quicker
            raise error(f"{name}: {message[0] if message else ''}")
    await _leaders(admin, names, settings.kafka.request_timeout_s)


async def _leaders(admin: "AIOKafkaAdminClient", names: set[str], timeout_s: float) -> None:
    """Wait until new topics can be used: the controller makes them, brokers hear of it later."""
    async with asyncio.timeout(timeout_s):
        while True:
            described = [t for t in await admin.describe_topics() if t["topic"] in names]
            leaders = [p["leader"] for t in described for p in t["partitions"]]
            if len(described) == len(names) and min(leaders, default=-1) >= 0:
                return
            await asyncio.sleep(_PAUSE_S)
