"""Faults of the store: killed, without its tail, empty, slow, refusing, failed over."""

from __future__ import annotations

import os
import resource
import shutil
from contextlib import suppress
from functools import partial

import redis

from tests.chaos.table import row
from tests.chaos.trial import Trial, address, passing, paused
from tests.servers import Proxy, start_valkey, wait_until

DOES_NOT_ANSWER = "the store does not answer, trying on"
IS_BEHIND = "Redis is behind what it confirmed"
NOT_READY = "Redis does not take commits"
TIMES_OUT_S = 4.0
"""So long a pause is always noticed: a command has failed after 2 s here."""


@row(5, "Redis killed (`kill -9`) and started again, AOF on", batch__max_events=5)
def store_restarted(trial: Trial) -> None:
    """Three times, amid commits."""
    trial.worker()
    for tenth in (2, 4, 6):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        with trial.fault():
            trial.store.kill()
            trial.must_become_unready(NOT_READY)
            trial.store.start()
    trial.must_log(DOES_NOT_ANSWER)


def cut_tail(trial: Trial) -> None:
    """Make the killed store lose what it had confirmed last, as a loss of power does."""
    (log,) = (trial.store.directory / "appendonlydir").glob("*.incr.aof")
    size = log.stat().st_size
    os.truncate(log, size - trial.chance.randint(1, min(400_000, size // 2)))


@row(
    6,
    "Redis loses its tail (AOF cut at a random byte), restarted, killed, restarted again",
    batch__max_events=5,
)
def store_without_its_tail(trial: Trial) -> None:
    """The second restart reads what the first one made of the torn end."""
    trial.worker()
    for tenth in (2, 4, 6):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        with trial.fault():
            trial.store.kill()
            cut_tail(trial)
            trial.store.start()
            trial.store.kill()
            trial.store.start()
    trial.must_log(IS_BEHIND)
    trial.must_count("valuepulse_rewinds_total")


@row(7, "fail-over to a replica that lagged behind", batch__max_events=1)
def failed_over_to_a_lagging_replica(trial: Trial) -> None:
    """The replica stands still, the primary goes on and dies, the replica becomes the primary."""
    host, port = address(trial.store)
    directory = trial.store.directory.parent / "replica"
    trial.worker()
    trial.applied_share(0.1)
    link = trial.until_end(Proxy((host, port)))
    replica = trial.until_end(start_valkey(directory, extra=("--replicaof", host, str(link.port))))
    of_replica = trial.until_end(redis.Redis.from_url(replica.url))
    wait_until(lambda: _is_linked(of_replica), "the replica to follow", 60)
    trial.applied_share(0.3)
    link.cut()
    trial.goes_on_by(trial.backlog.records // 10)
    trial.must_have_work_left()
    with trial.fault():
        trial.store.kill()
        trial.proxy.cut()
        of_replica.replicaof("NO", "ONE")
        trial.run.redis.close()
        trial.run.redis = redis.Redis.from_url(replica.url)
        trial.proxy.lead_to(address(replica))
        trial.proxy.pass_on()
    trial.must_log(IS_BEHIND)
    trial.must_count("valuepulse_rewinds_total")


def _is_linked(replica: redis.Redis) -> bool:
    found = replica.info("replication")
    return bool(found.get("master_link_status") == "up")


@row(8, "Redis comes back empty, with a worker running", batch__max_events=5)
def store_emptied(trial: Trial) -> None:
    """Everything is built again from Kafka."""
    trial.worker()
    for tenth in (2, 4):
        trial.applied_share(tenth / 10)
        with trial.fault():
            _empty(trial)
    trial.must_log(IS_BEHIND)
    trial.must_count("valuepulse_rewinds_total")


@row(8, "Redis comes back empty, before a worker starts", batch__max_events=20)
def store_emptied_between_workers(trial: Trial) -> None:
    """Where to read is not asked of Kafka's committed offsets: all is read again."""
    worker = trial.worker()
    trial.applied_share(0.5)
    worker.signal_to_stop()
    assert worker.wait("the worker to leave") == 0
    with trial.fault():
        _empty(trial)
        trial.worker()


def _empty(trial: Trial) -> None:
    trial.store.kill()
    shutil.rmtree(trial.store.directory / "appendonlydir")
    trial.store.start()


@row(9, "Redis stands still (`SIGSTOP`) for 1 to 10 s; `CLIENT PAUSE`", batch__max_events=5)
def store_stands_still(trial: Trial) -> None:
    """A command times out after 2 s here; it is executed nevertheless when Redis goes on."""
    trial.worker()
    for tenth, seconds in ((1, 1.0), (2, 10.0), (4, trial.chance.uniform(1, 10))):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        with trial.fault(), paused(trial.store):
            if seconds > TIMES_OUT_S:
                trial.must_become_unready(NOT_READY)
            passing(seconds)
    trial.applied_share(0.5)
    trial.must_have_work_left()
    with trial.fault():
        trial.ask_store("CLIENT", "PAUSE", "5000", "WRITE")
    trial.must_log(DOES_NOT_ANSWER)


@row(9, "slow network to Redis: 100 ms on every chunk", batch__max_events=100)
def network_to_the_store_is_slow(trial: Trial) -> None:
    """Nothing times out; all takes longer."""
    trial.worker()
    trial.applied_share(0.1)
    trial.must_have_work_left()
    with trial.fault():
        trial.proxy.delay(0.1)
        trial.goes_on_by(trial.backlog.records // 10)
        trial.proxy.delay(0)


@row(10, "the reply to a commit is lost after it was executed", batch__max_events=5)
def replies_lost(trial: Trial) -> None:
    """The proxy passes the request on and closes the connection instead of the reply."""
    trial.worker()
    for tenth in range(1, 9):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        count = trial.chance.randint(1, 8)
        lost = trial.proxy.lost + count
        trial.proxy.lose_replies(count)
        wait_until(partial(_has_lost, trial, lost), "replies to be lost", 60)
        trial.faults += count
        trial.recover()
    trial.must_log(DOES_NOT_ANSWER)


def _has_lost(trial: Trial, count: int) -> bool:
    return trial.proxy.lost == count


@row(
    11,
    "Redis refuses: out of memory, read-only, busy with a script, scripts forgotten",
    batch__max_events=5,
)
def store_refuses(trial: Trial) -> None:
    """Each for some seconds; what is refused is tried again."""
    trial.worker()
    refusals = (
        (("CONFIG", "SET", "maxmemory", "1mb"), ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    )
    for tenth, (begin, end) in enumerate(refusals, 2):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        with trial.fault():
            trial.ask_store(*begin)
            trial.must_become_unready(NOT_READY)
            trial.ask_store(*end)
    trial.applied_share(0.5)
    trial.must_have_work_left()
    with trial.fault():
        _keep_busy(trial)
    trial.applied_share(0.6)
    trial.must_have_work_left()
    with trial.fault():
        trial.ask_store("SCRIPT", "FLUSH", "SYNC")
    trial.must_log("Redis refuses")


@row(
    11,
    "no room left for Redis's append-only file: then room; room and a restart; killed while full",
    batch__max_events=5,
)
def disk_full(trial: Trial) -> None:
    """A write is cut short in its middle. With `everysec` Redis then refuses commits (MISCONF).

    Killed while full it loses what it had confirmed and could not write any more.
    """
    worker = trial.worker()
    for tenth, room_comes, restarts in ((1, True, False), (3, True, True), (5, False, True)):
        trial.applied_share(tenth / 10)
        trial.must_have_work_left()
        with trial.fault():
            _leave_room(trial, trial.chance.randint(1, 20_000))
            trial.must_become_unready(NOT_READY)
            if room_comes:
                _make_room(trial)
                trial.goes_on_by(1)
            if restarts:
                trial.store.kill()
                trial.store.start()
    trial.must_log("Redis refuses: MISCONF")
    trial.must_see("the worker goes on", worker.is_running)


def _leave_room(trial: Trial, room: int) -> None:
    """Let the append-only file grow by so many bytes and no further."""
    (log,) = (trial.store.directory / "appendonlydir").glob("*.incr.aof")
    _set_most(trial, log.stat().st_size + room)


def _make_room(trial: Trial) -> None:
    _set_most(trial, resource.RLIM_INFINITY)


def _set_most(trial: Trial, size: int) -> None:
    """Bound the size of the files of the running store, as a disk does that is full."""
    _, hard = resource.prlimit(trial.store.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(trial.store.pid, resource.RLIMIT_FSIZE, (size, hard))


def _answers_reads(client: redis.Redis) -> bool:
    try:
        return client.get("any") is None
    except redis.ResponseError:
        return False


def _keep_busy(trial: Trial) -> None:
    """Run an endless script; Redis answers BUSY until it is killed."""
    url = trial.store.url
    trial.ask_store("CONFIG", "SET", "busy-reply-threshold", "50")
    with redis.Redis.from_url(url, socket_timeout=0.5, retry=None) as looping:
        with suppress(redis.TimeoutError):
            looping.eval("while true do end", 0)
        passing(3.0)
        with redis.Redis.from_url(url) as other:
            other.script_kill()
            wait_until(partial(_answers_reads, other), "the script to end")
