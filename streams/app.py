"""The composition root: the only place that knows all parts of a worker."""

import asyncio
import os
import threading
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from typing import Any, Final, NamedTuple

import faust
import structlog
from aiokafka.errors import KafkaError
from faust.types import TP

from scoring.scorer import Scorer
from streams import agents
from streams.decode import InputRules
from streams.errors import CheckError, DependencyError
from streams.explanation.answering import Explainer
from streams.health import Explaining, serve
from streams.kafka.driver import Consumer, Transport
from streams.kafka.fetching import FetchSettings
from streams.loop_watch import LoopWatch
from streams.metrics import Metrics
from streams.model_file import load_model
from streams.output.messages import Wording
from streams.output.publisher import Publisher
from streams.settings import Settings
from streams.shards.assignment import Assignment
from streams.shards.outbox import Outputs
from streams.shards.shard import Limits, Reading, Shard
from streams.state.store import NO_CLUSTER, AccessDeniedError, Store, StoreUnavailableError
from streams.tasks import end
from streams.timers import Offsets, Turns, give_memory_back
from streams.topics import Topics, require_equal_partitions
from streams.warm import warm

LOG: Final = structlog.get_logger(__name__)
_DRAIN_S: Final = 10.0
_LEAVE_S: Final = 25.0
"""Less than the 30 s after which Kubernetes kills."""


class Status(NamedTuple):
    """What the status line shows."""

    applied: int
    lag: int
    upgrades: int
    downgrades: int
    alerts: int
    shards: int
    problem: str | None


class Worker:
    """One scoring worker; `run` until `stop`."""

    def __init__(self, settings: Settings) -> None:
        """Put the parts together; connects to nothing. Raises `ModelError`, `SettingsError`."""
        self.settings = settings
        self.metrics = Metrics()
        self.store = Store(
            settings.redis.url, settings.redis.prefix, settings.redis.client_options()
        )
        self.publisher = Publisher(
            settings.kafka.client_options() | {"compression_type": settings.kafka.compression},
            lambda troubled: self.metrics.set_up("publisher", up=not troubled),
        )
        model = load_model(settings.model)
        self.scorer = Scorer(model, settings.clock)
        self._wording = Wording.of(self.scorer)
        self._explainer = Explainer(model, settings, self.store)
        decoder = InputRules.of(settings).decoder(model)
        self.topics = Topics.of(settings).event_types()
        self.assignment = Assignment(
            self.topics, decoder, self._new_shard, self.metrics, self._room_made, self._fail,
            settings.topics.partitioner,
        )  # fmt: skip  # the composition root names every part
        self.app = create_faust(settings)
        self.app.transport = Transport(
            self.app,
            self.assignment,
            FetchSettings(
                partition_bytes=settings.kafka.fetch_bytes,
                max_wait_ms=settings.kafka.fetch_max_wait_ms,
                batch_bytes=settings.kafka.batch_bytes,
            ),
        )
        agents.register(self.app, list(self.topics), self.assignment)
        self._turns = Turns(self.assignment, self.store, settings.clock)
        self._offsets = Offsets(self.assignment, self._reader, self.metrics, settings.stall_s)
        self._stopping = asyncio.Event()
        self._shards = 0
        self._failure: BaseException | None = None
        self._last_resort: threading.Timer | None = None

    def _new_shard(self, number: int) -> Shard:
        settings, names = self.settings, self.settings.topics
        prefix = names.prefix
        return Shard(
            number,
            Reading(
                tuple(self.topics),
                lambda topic, offset: self._is_drained(TP(topic, number), offset),
                lambda offsets: self._seek(number, offsets),
            ),
            self.scorer,
            self._wording,
            self.store,
            self.publisher,
            Outputs(
                tier_changes=prefix + names.tier_changes,
                value_alerts=prefix + names.value_alerts,
                segment_changes=prefix + names.segment_changes,
                commands=prefix + names.commands,
                customer_scores=prefix + names.customer_scores,
                dead_letters=prefix + names.dead_letters,
                group=settings.kafka.group,
            ),
            self.metrics,
            limits=Limits(
                settings.batch.max_events, settings.batch.max_customers, settings.cache_customers
            ),
            feed_interval_s=settings.feed.interval_s if settings.feed.enabled else None,
            shards=self._shards,
        )

    # -- life

    def stop(self) -> None:
        """Ask the worker to drain and end.

        A Kafka that is away holds up Faust's start and its end for ever: after 25 s the process is
        ended. Nothing is lost by that, the next worker publishes what is left.
        """
        self._end_within(_LEAVE_S, exit_code=0)

    def _end_within(self, seconds: float, exit_code: int) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            self._last_resort = threading.Timer(seconds, _give_up, (exit_code,))
            self._last_resort.daemon = True
            self._last_resort.start()

    async def run(self) -> None:
        """Score until `stop` is called; drains before it returns.

        Raises `DependencyError` when Kafka or Redis do not answer at the start, and whatever a bug
        or an unusable state raised.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.store.close)
            await self._check_store()
            self._shards = await require_equal_partitions(self.settings)
            await asyncio.to_thread(
                warm
            )  # before there is a session or a connection that could time out
            server = await self._serve()
            stack.push_async_callback(server.cleanup)
            stack.push_async_callback(self.publisher.close)
            await self._start_faust()
            stack.push_async_callback(self._leave)
            timers = [
                asyncio.create_task(self._turns.run()),
                asyncio.create_task(self._offsets.run()),
                asyncio.create_task(give_memory_back()),
                asyncio.create_task(LoopWatch(self.settings.stall_s).run()),
            ]
            timers.append(asyncio.create_task(self._watch_faust()))
            for timer in timers:
                timer.add_done_callback(self._ended)
            LOG.info("worker started", model=self.scorer.names.model, topics=list(self.topics))
            await self._stopping.wait()
            await end(timers)
        if self._last_resort is not None:
            self._last_resort.cancel()
        if self._failure is not None:
            raise self._failure

    async def _start_faust(self) -> None:
        try:
            await self.app.start()
        except KafkaError as error:
            self._end_within(_LEAVE_S, DependencyError.exit_code)  # Faust's threads may not end
            raise DependencyError(
                f"Kafka at {self.settings.kafka.bootstrap_servers} went away while the worker "
                f"started: {error!r}; start it, then the worker again"
            ) from error

    async def _watch_faust(self) -> None:
        await self.app.wait_until_stopped()
        raise self.app.crash_reason or RuntimeError("Faust stopped by itself")

    async def _leave(self) -> None:
        """Finish what is begun, tell Kafka the offsets, leave the group."""
        if self._failure is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_DRAIN_S):
                    await self.assignment.drain()
            reader = self._reader()
            if reader is not None and (positions := self._offsets.positions()):
                with suppress(TimeoutError):
                    async with asyncio.timeout(_DRAIN_S):
                        await reader.commit_offsets(positions)
        await self.app.stop()
        LOG.info("worker stopped")

    async def _serve(self) -> Any:
        settings = self.settings
        secret = settings.dashboard.worker_token
        token = None if secret is None else secret.get_secret_value()
        try:
            return await serve(
                settings.http_host, settings.http_port, self.metrics, self.not_alive,
                self.not_ready, Explaining(self._explainer.explain, token),
            )  # fmt: skip
        except OSError as error:
            raise DependencyError(
                f"cannot listen on {settings.http_host}:{settings.http_port}: {error.strerror}; "
                "set http_port (VALUEPULSE_HTTP_PORT) to a free port, 0 for any"
            ) from error

    async def _check_store(self) -> None:
        try:
            info = await self.store.info()
        except StoreUnavailableError as error:
            advice = (
                "check redis.username, redis.password and the user's ACL rules"
                if isinstance(error, AccessDeniedError)
                else "start it, or set redis.url (VALUEPULSE_REDIS__URL, --redis)"
            )
            raise DependencyError(f"{error}; {advice}") from error
        if str(info.get("cluster_enabled")) == "1":
            raise CheckError(f"Redis at {self.settings.redis.url} {NO_CLUSTER}")
        if str(info.get("aof_enabled")) != "1":
            LOG.warning(
                "Redis keeps no append-only file: after a restart of Redis all is read from Kafka "
                "again; set appendonly yes"
            )
        if info.get("maxmemory_policy") != "noeviction":
            LOG.warning(
                "Redis evicts keys when it is full: customers would vanish; "
                "set maxmemory-policy noeviction",
                found=info.get("maxmemory_policy"),
            )

    # -- asked from outside

    def not_alive(self) -> str | None:
        """Return why the worker should be restarted, or None."""
        still = time.monotonic() - self._offsets.moved_at
        if still > self.settings.stall_s / 2:
            return f"lag {self._offsets.lag} and no progress for {still:.0f} s"
        return None

    def not_ready(self) -> str | None:
        """Return why the worker does not score now, or None."""
        if not self.assignment.assigned:
            return "no shards assigned yet"
        if self.assignment.stopped:
            return "; ".join(self.assignment.stopped.values())
        return self.metrics.trouble()

    def status(self) -> Status:
        """Return figures for the status line."""
        counts = self.metrics.outcome_counts()
        return Status(
            applied=counts["applied"],
            lag=self._offsets.lag,
            upgrades=counts["up"],
            downgrades=counts["down"],
            alerts=counts["opened"],
            shards=len(self.assignment.shards),
            problem=self.not_ready(),
        )

    # -- wires

    def _fail(self, error: BaseException) -> None:
        """End the process: what failed is a bug, or a state that cannot be used."""
        if self._failure is None:
            self._failure = error
            LOG.error("the worker fails", error=repr(error))
        self._end_within(_LEAVE_S, exit_code=1)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)

    def _reader(self) -> Consumer | None:
        consumer = self.app.consumer
        return consumer if isinstance(consumer, Consumer) else None

    def _is_drained(self, partition: Any, offset: int) -> bool:
        reader = self._reader()
        return reader is not None and reader.drained_at(partition, offset) is not None

    def _room_made(self) -> None:
        if reader := self._reader():
            reader.room_made()

    async def _seek(self, number: int, offsets: Mapping[str, int]) -> None:
        if reader := self._reader():
            await reader.read_from({TP(topic, number): offsets.get(topic) for topic in self.topics})


def _give_up(exit_code: int) -> None:
    LOG.warning("could not stop in time, ending the process", after_s=_LEAVE_S)
    os._exit(exit_code)


class TablelessApp(faust.App):
    """A Faust app that keeps its state elsewhere: it makes no directories for tables."""

    def _create_directories(self) -> None:
        """Make none; Faust's would lie in whatever directory the worker was started in."""


def create_faust(settings: Settings) -> faust.App:
    """Return the Faust app of a worker, without agents; design section 5 gives the reasons."""
    kafka = settings.kafka
    options: dict[str, Any] = {}
    if kafka.sasl_mechanism and kafka.sasl_password:
        context = kafka.client_options().get("ssl_context")
        options["broker_credentials"] = faust.SASLCredentials(
            username=kafka.sasl_username, password=kafka.sasl_password.get_secret_value(),
            mechanism=kafka.sasl_mechanism, ssl_context=context,
        )  # fmt: skip
    elif kafka.security_protocol == "SSL":
        options["broker_credentials"] = faust.SSLCredentials(
            context=kafka.client_options()["ssl_context"]
        )
    return TablelessApp(
        kafka.group,
        broker=[f"kafka://{server.strip()}" for server in kafka.bootstrap_servers.split(",")],
        key_serializer="raw",
        value_serializer="raw",
        table_standby_replicas=1,  # 0: RoundRobin, a customer's topics at different workers
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,  # it listens on all addresses without authentication
        stream_wait_empty=False,  # the store fences a late commit, so a rebalance need not wait
        consumer_auto_offset_reset="earliest",
        worker_redirect_stdouts=False,
        broker_session_timeout=kafka.session_timeout_s,
        broker_heartbeat_interval=min(3.0, kafka.session_timeout_s / 5),
        broker_request_timeout=max(kafka.request_timeout_s, kafka.session_timeout_s),
        logging_config=None,
        **options,
    )
