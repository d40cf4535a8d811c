"""Creating and deleting the topics of a test."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.waiting import wait_until

ANSWER_S = 60.0


def admin(bootstrap: str) -> AdminClient:
    """Return a client for topics that keeps quiet about connections a starting broker refuses."""
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


def create_topics(
    bootstrap: str, topics: Mapping[str, int], config: Mapping[str, str] | None = None
) -> None:
    """Create topics, given as name → number of partitions, and wait until all have leaders.

    Of each there are as many copies as the brokers make by default.

    Raises:
        KafkaException: One exists already, or its name or `config` is refused.
    """
    client = admin(bootstrap)
    new = [NewTopic(name, n, -1, config=dict(config or {})) for name, n in topics.items()]
    for created in client.create_topics(new).values():
        created.result(ANSWER_S)

    def led() -> bool:
        # The controller made them; the broker hears of it a moment later.
        known = client.list_topics(timeout=ANSWER_S).topics
        made = [known[name].partitions.values() for name in topics if name in known]
        leaders = [partition.leader for partitions in made for partition in partitions]
        return len(leaders) == sum(topics.values()) and all(leader >= 0 for leader in leaders)

    wait_until(led, f"leaders of {', '.join(topics)}", ANSWER_S)


def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name begins with `prefix`; one that is gone already is fine."""
    client = admin(bootstrap)
    known = client.list_topics(timeout=ANSWER_S).topics
    if names := [name for name in known if name.startswith(prefix)]:
        for deleted in client.delete_topics(names).values():
            try:
                deleted.result(ANSWER_S)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
