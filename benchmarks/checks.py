"""Whether a run's results are right: compared with the truth, value by value."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import orjson
from confluent_kafka import Consumer, Message, TopicPartition

from benchmarks.lab import PARTITIONS, Lab
from benchmarks.truth import Change, Truth
from benchmarks.worker import MODEL, PREFIX

TOLERANCE: Final = 1e-9
ANSWER_S: Final = 60.0


class Check(NamedTuple):
    """How many values were compared, how many were not as they must be, and an example of those."""

    what: str
    compared: int
    wrong: int
    example: str = ""


def check_changes(lab: Lab, topic: str, truth: Truth) -> Check:
    """Compare the published tier changes, repeats of an id left out, with the truth."""
    return compare_changes("tier changes", values_of(lab, topic), truth)


def compare_changes(what: str, values: Iterable[dict[str, Any]], truth: Truth) -> Check:
    """Compare tier changes, repeats of an id left out, with the truth, in any order."""
    found = Counter(
        Change(v["customer_id"], v["from"], v["to"], v["cause"].get("event_id", "time"))
        for v in {value["id"]: value for value in values}.values()
    )
    wanted = Counter(truth.changes)
    wrong = list(((found - wanted) + (wanted - found)).elements())
    return Check(what, found.total(), len(wrong), str(wrong[0]) if wrong else "")


def check_feed(lab: Lab, topic: str, truth: Truth) -> Check:
    """Compare each customer's last snapshot in the CRM feed with the truth."""
    found = {}
    for value in values_of(lab, topic):
        standing = value["scores"]["value"]
        found[value["customer_id"]] = (standing["score"], standing["tier"])
    return compare("scores and tiers in the feed", found, truth)


def check_states(lab: Lab, truth: Truth) -> Check:
    """Compare what the stored states say with the truth."""
    from scoring.scorer import Scorer
    from streams.model_file import load_model

    scorer = Scorer(load_model(MODEL), "customer")
    with lab.store() as store:
        keys = list(store.scan_iter(match=f"{PREFIX}:*:c:*", count=5_000))
        states = [store.mget(keys[at : at + 5_000]) for at in range(0, len(keys), 5_000)]
    arena = scorer.read([state for page in states for state in page])
    names = [key.rpartition(b":c:")[2].decode() for key in keys]
    tiers = [scorer.names.tiers[0][tier] for tier in arena.standings["tier"][:, 0]]
    standings = zip(arena.scores[:, 0].tolist(), tiers, strict=True)
    return compare("scores and tiers in the store", dict(zip(names, standings, strict=True)), truth)


def compare(what: str, found: dict[str, tuple[float, str]], truth: Truth) -> Check:
    """Compare score (to 1e-9) and tier of every customer."""
    wrong = [who for who in truth.scores.keys() | found.keys() if not _is_right(who, found, truth)]
    example = ""
    if wrong:
        who = min(wrong)
        example = f"{who}: {found.get(who)}, not {truth.scores.get(who)} {truth.tiers.get(who)}"
    return Check(what, len(found), len(wrong), example)


def _is_right(who: str, found: dict[str, tuple[float, str]], truth: Truth) -> bool:
    if who not in found or who not in truth.scores:
        return False
    score, tier = found[who]
    return abs(score - truth.scores[who]) <= TOLERANCE and tier == truth.tiers[who]


def values_of(lab: Lab, topic: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON of every record that a topic holds now, partition by partition in order."""
    consumer = Consumer(
        {
            "bootstrap.servers": lab.kafka.bootstrap,
            "group.id": "benchmark-checks",
            "enable.auto.commit": False,
            "enable.partition.eof": False,
        }
    )
    try:
        left = {}
        for partition in range(PARTITIONS):
            where = TopicPartition(topic, partition)
            first, end = consumer.get_watermark_offsets(where, timeout=ANSWER_S)
            if end > first:
                left[partition] = end
        consumer.assign([TopicPartition(topic, partition, 0) for partition in left])
        while left:
            for message in consumer.consume(10_000, timeout=1.0):
                yield from _value(message)
                partition, offset = int(message.partition() or 0), int(message.offset() or 0)
                if offset + 1 >= left.get(partition, offset + 2):
                    del left[partition]
    finally:
        consumer.close()


def _value(message: Message) -> Iterator[dict[str, Any]]:
    if message.error():
        raise RuntimeError(f"reading {message.topic()}: {message.error()}")
    if value := message.value():
        yield orjson.loads(value)
