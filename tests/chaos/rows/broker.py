"""Faults of the broker: killed, standing still, cut off; its topics and offsets changed by hand."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from functools import partial

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource

from streams import topics
from tests.chaos.live import LiveTraffic, live_traffic
from tests.chaos.table import row
from tests.chaos.traffics import common, none, shard_of
from tests.chaos.trial import CATCH_UP_S, Trial, passing, paused
from tests.integration import topic_logs
from tests.integration.verdict import OUTCOMES, Results, left_by, results_of
from tests.servers import delete_topics, wait_until
from tests.servers.topics import ANSWER_S, admin

WORKERS = 2
CUSTOMERS = 500
RATE = 300
"""Records a second, while brokers of a cluster are killed."""
NOTICED_S = 10.0
"""So long an outage must show."""
SHARD_STOPPED = "shard stopped"
SMALL_FETCHES = 20_000
"""Bytes: with usual fetches a worker has the whole backlog in memory before the broker is gone."""


@row(
    12,
    "the broker killed (`kill -9`), started again after 5 s and after 20 s",
    batch__max_events=5,
    kafka__fetch_bytes=SMALL_FETCHES,
)
def broker_restarted(trial: Trial) -> None:
    """Nothing can be read or published meanwhile."""
    trial.worker()
    for tenth, seconds in ((2, 5.0), (5, 20.0)):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        with trial.fault():
            trial.lab.kafka.kill()
            if seconds > NOTICED_S:
                trial.must_become_unready("Kafka does not take outcomes", seconds)
            passing(seconds)
            trial.lab.kafka.start()


@row(
    13,
    "the broker stands still (`SIGSTOP`) for 15 s",
    batch__max_events=5,
    kafka__fetch_bytes=SMALL_FETCHES,
)
def broker_stands_still(trial: Trial) -> None:
    """Longer than the session of a worker."""
    trial.worker()
    trial.applied_share(0.3)
    trial.must_have_work_left()
    with trial.fault(), paused(trial.lab.kafka):
        passing(15.0)


@row(
    13,
    "one of two workers cut off from the broker for 15 s, by proxy",
    batch__max_events=5,
    kafka__fetch_bytes=SMALL_FETCHES,
)
def worker_cut_off(trial: Trial) -> None:
    """It still reaches Redis; the other takes its shards over."""
    trial.worker(VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS=trial.lab.behind_proxy)
    trial.worker()
    trial.applied_share(0.2)
    trial.must_have_work_left()
    trial.faults += 1
    trial.lab.proxy.hold()
    try:
        trial.recover()  # the other one has taken its shards over
        passing(15.0)
    finally:
        trial.lab.proxy.pass_on()


@row(
    12,
    "of three brokers the leader of an input partition killed, that of an output partition, and "
    "the group's coordinator; each started again; records come in meanwhile",
    on_cluster=True,
    traffic=none,
    batch__max_events=5,
    topics__replication=3,
    note="Row 12, three brokers: recovery lasts until each shard has applied a second's worth of "
    "records that came in after the kill.",
)
def brokers_of_a_cluster_killed(trial: Trial) -> None:
    """The two that are left suffice: workers go on before the dead one is back."""
    run = trial.run
    finds = (
        partial(_leader, trial, run.inputs["transaction"]),
        partial(_leader, trial, f"{run.name}-tier_changes"),
        partial(_coordinator, trial),
    )
    with live_traffic(trial, CUSTOMERS, RATE) as live:
        for _ in range(WORKERS):
            trial.worker()
        for find in finds:
            trial.must_share()
            trial.goes_on_by(RATE)
            broker = trial.lab.brokers[find()]
            before = live.confirmed
            broker.kill()
            trial.faults += 1
            trial.recover(partial(_goes_on, trial, live, before))
            broker.start()
            wait_until(lambda: _has_all_copies(trial), "all copies to be in sync again", 90)
        trial.goes_on_by(RATE)
    trial.must_see("no worker ended", len(trial.running) == WORKERS)


def _goes_on(trial: Trial, live: LiveTraffic, before: Mapping[int, int]) -> bool:
    return live.is_applied_beyond(before, trial.run.metas())


def _leader(trial: Trial, topic: str) -> int:
    """Return the node that leads a partition of a topic."""
    known = admin(trial.lab.bootstrap).list_topics(topic, timeout=ANSWER_S).topics[topic]
    return trial.chance.choice(list(known.partitions.values())).leader


def _coordinator(trial: Trial) -> int:
    """Return the node that keeps the workers' group."""
    client = admin(trial.lab.bootstrap)  # which must live until it is answered
    (asked,) = client.describe_consumer_groups([trial.run.name]).values()
    return int(asked.result(ANSWER_S).coordinator.id)


def _has_all_copies(trial: Trial) -> bool:
    known = admin(trial.lab.bootstrap).list_topics(timeout=ANSWER_S).topics.values()
    partitions = [partition for topic in known for partition in topic.partitions.values()]
    return all(len(partition.isrs) == len(trial.lab.brokers) for partition in partitions)


@row(18, "an output topic takes no writes for 10 s, then does again", batch__max_events=5)
def output_refused(trial: Trial) -> None:
    """It asks for two copies where there is one: the broker refuses each record."""
    topic = f"{trial.run.name}-tier_changes"
    trial.worker()
    trial.applied_share(0.2)
    trial.must_have_work_left()
    with trial.fault():
        _set_copies(trial, topic, 2)
        passing(10.0)
        _set_copies(trial, topic, 1)


def _set_copies(trial: Trial, topic: str, copies: int) -> None:
    entry = ConfigEntry(
        "min.insync.replicas", str(copies), incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource("TOPIC", topic, incremental_configs=[entry])
    client = admin(trial.lab.bootstrap)  # which must live until it is answered
    for changed in client.incremental_alter_configs([resource]).values():
        changed.result(ANSWER_S)


@row(18, "an output topic deleted, and made anew after 10 s", batch__max_events=5, traffic=common)
def output_deleted(trial: Trial) -> None:
    """What it held was read before: deleting it is the operator's deed."""
    run, topic = trial.run, f"{trial.run.name}-tier_changes"
    worker = trial.worker()
    trial.applied_share(0.4)
    trial.must_have_work_left()
    with trial.fault():
        with paused(worker):
            told = run.read_output("tier_changes")
            delete_topics(trial.lab.bootstrap, topic)
        passing(10.0)
        asyncio.run(topics.ensure(run.settings))

    def with_what_was_read(trial: Trial) -> tuple[Results, Results]:
        trial.catch_up()
        every = told + [record for role in OUTCOMES for record in run.read_output(role)]
        return trial.backlog.right, results_of(run, every)

    trial.verdict = with_what_was_read


def set_offsets(trial: Trial, offsets: Mapping[tuple[str, int], int]) -> None:
    """Commit offsets in the group's name, as `kafka-consumer-groups.sh --reset-offsets` does."""
    consumer = Consumer({"bootstrap.servers": trial.lab.bootstrap, "group.id": trial.run.name})
    try:
        places = [TopicPartition(*place, offset) for place, offset in offsets.items()]
        consumer.commit(offsets=places, asynchronous=False)
    finally:
        consumer.close()


@row(19, "the group's offsets set to the end of the log by hand", batch__max_events=20)
def offsets_set_forward(trial: Trial) -> None:
    """Who believed them would skip the rest."""
    _restarted_at(trial, topic_logs.ends(trial.lab.bootstrap, trial.run.inputs.values()))


@row(20, "the group's offsets set to 0 by hand", batch__max_events=20)
def offsets_set_back(trial: Trial) -> None:
    """Who believed them would count everything again."""
    ends = topic_logs.ends(trial.lab.bootstrap, trial.run.inputs.values())
    _restarted_at(trial, dict.fromkeys(ends, 0))


def _restarted_at(trial: Trial, offsets: Mapping[tuple[str, int], int]) -> None:
    for tenth in (3, 6):
        worker = trial.worker()
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        worker.signal_to_stop()
        assert worker.wait("the worker to leave") == 0
        set_offsets(trial, offsets)
        trial.faults += 1
    trial.worker()
    trial.recover()


@row(
    21,
    "Kafka deleted records of one shard that were not applied yet (retention)",
    batch__max_events=20,
    traffic=common,
    note="Row 21: what Kafka deleted cannot be applied by anybody. The shard stops, visibly, with "
    "its state as it was; the others are compared, and are exact.",
)
def retention_passed(trial: Trial) -> None:
    """The shard must stop, and say so; the others go on."""
    worker = trial.worker()
    trial.applied_share(0.3)
    trial.must_have_work_left()
    worker.signal_to_stop()
    assert worker.wait("the worker to leave") == 0
    shard = 0
    topic = trial.run.inputs["transaction"]
    applied = trial.run.metas()[shard]["offsets"][topic]
    delete_before(trial, topic, shard, applied + 10)
    trial.faults += 1
    trial.worker()
    _must_stop(trial, shard)


@row(
    21,
    "Redis comes back empty when Kafka no longer has the beginning of one shard",
    batch__max_events=20,
    traffic=common,
)
def emptied_behind_retention(trial: Trial) -> None:
    """Building it again would give customers without their first events."""
    shard = 0
    trial.worker()
    trial.applied_share(0.3)
    trial.must_have_work_left()
    delete_before(trial, trial.run.inputs["transaction"], shard, 20)
    trial.store.kill()
    shutil.rmtree(trial.store.directory / "appendonlydir")
    trial.store.start()
    trial.faults += 2
    _must_stop(trial, shard)


def delete_before(trial: Trial, topic: str, shard: int, offset: int) -> None:
    """Delete the first records of a partition, as retention does."""
    client = admin(trial.lab.bootstrap)  # which must live until it is answered
    place = TopicPartition(topic, shard, offset)
    for deleted in client.delete_records([place]).values():
        deleted.result(ANSWER_S)


def _must_stop(trial: Trial, shard: int) -> None:
    trial.must_become_unready("deleted before they were applied", 60)
    trial.must_count("valuepulse_shards_stopped")
    trial.must_log(SHARD_STOPPED)
    trial.verdict = lambda trial: without(trial, shard)


def without(trial: Trial, stopped: int) -> tuple[Results, Results]:
    """Compare all shards but one."""
    run, right = trial.run, trial.backlog.right
    others = [n for n in range(len(trial.backlog.ends)) if n != stopped]

    def others_are_done() -> bool:
        metas = run.metas()
        return all(
            sum(metas[n].get("offsets", {}).values()) >= trial.backlog.ends[n]
            and metas[n]["turned"] >= metas[n]["day"]
            for n in others
        ) and not any(
            key for n in others for key in run.redis.scan_iter(f"{run.name}:{{{n}}}:out:*")
        )

    wait_until(others_are_done, "the other shards to catch up", CATCH_UP_S)
    trial.end_workers()
    names = {name for name in right.applied if shard_of(name) != stopped}
    found = left_by(run, names)

    def of_others(places: set[str]) -> set[str]:
        return {place for place in places if int(place.split(":")[1]) != stopped}

    return right._replace(
        standings={n: of for n, of in right.standings.items() if n in names},
        outcomes={n: of for n, of in right.outcomes.items() if n in names},
        applied={n: of for n, of in right.applied.items() if n in names},
        refused=of_others(right.refused),
    ), found._replace(refused=of_others(found.refused))


@row(
    21,
    "a worker starts on an empty Redis when Kafka no longer has the beginning of one shard",
    batch__max_events=20,
    traffic=common,
)
def started_behind_retention(trial: Trial) -> None:
    """What the group has told Kafka says that there was a state."""
    shard = 0
    worker = trial.worker()
    trial.applied_share(0.3)
    trial.must_have_work_left()
    worker.signal_to_stop()
    assert worker.wait("the worker to leave") == 0
    delete_before(trial, trial.run.inputs["transaction"], shard, 20)
    trial.store.flush()
    trial.faults += 2
    trial.worker()
    _must_stop(trial, shard)
