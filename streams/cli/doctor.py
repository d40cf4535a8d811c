"""`valuepulse doctor`: is everything there that a worker needs?"""

import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple

import typer

from streams.cli.options import AsJson, Broker, ConfigFile, Store, settings_of

if TYPE_CHECKING:
    from streams.settings import Settings

_OLDEST_PYTHON: Final = (3, 11)
_OLDEST_REDIS: Final = (6, 2)
_ANSWER_S: Final = 5.0
_NEWEST: Final = 100
"""Records of each partition that are looked at."""

Warm = Annotated[
    bool, typer.Option("--warm", help="Compile what worker and replay need, only that.")
]


class Finding(NamedTuple):
    """One thing that was looked at; `code` is the exit code if it alone were wrong."""

    name: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    advice: str = ""
    code: int = 0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    warm: Warm = False,
    broker: Broker = None,
    redis: Store = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Check everything that a worker needs.

    Python, settings, model, the compiled kernel, Kafka and its topics, Redis and its durability.
    Exit code 2, 3 or 4, the first of them that applies; warnings leave it at 0.
    """
    from streams.cli.output import print_json

    findings = []
    for finding in _findings(warm, broker, redis, config):
        findings.append(finding)
        if not json:
            advice = f" -> {finding.advice}" if finding.advice else ""
            typer.echo(f"{finding.state:8} {finding.name}: {finding.detail}{advice}")
    codes = [finding.code for finding in findings if finding.state == "failed"]
    if json:
        print_json({"ok": not codes, "findings": [finding._asdict() for finding in findings]})
    raise typer.Exit(min(codes, default=0))


def _findings(warm: bool, broker: str | None, redis: str | None, config: Any) -> Iterator[Finding]:
    yield _python()
    cache = _cache()
    yield cache
    if cache.state == "ok":  # numba does not even start without
        yield _kernel()
    if warm:
        return
    settings, finding = _settings(config, broker, redis)
    yield finding
    if settings is None:
        return
    yield _model(settings)
    yield from asyncio.run(_kafka(settings))
    yield from asyncio.run(_redis(settings))


# ------------------------------------------------------------------------------------ this machine


def _python() -> Finding:
    found = f"{platform.python_implementation()} {platform.python_version()}"
    if sys.version_info >= _OLDEST_PYTHON and platform.python_implementation() == "CPython":
        return Finding("python", "ok", f"{found}, {os.cpu_count()} processors")
    return Finding("python", "failed", found, "use CPython 3.11 or newer", 4)


def _cache() -> Finding:
    """Try to write where the compiled kernel is kept."""
    from streams import kernel_cache

    directory = kernel_cache.choose()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        advice = f"name a directory that can be written: {kernel_cache.VARIABLE}=..."
        return Finding("kernel cache", "failed", f"{directory}: {error.strerror}", advice, 4)
    return Finding("kernel cache", "ok", str(directory))


def _kernel() -> Finding:
    from streams.warm import warm

    return Finding("kernel", "ok", f"compiled or loaded in {warm():.1f} s")


# ------------------------------------------------------------------------------------------ config


def _settings(
    config: Any, broker: str | None, redis: str | None
) -> "tuple[Settings | None, Finding]":
    from streams.errors import SettingsError

    try:
        settings = settings_of(config, broker=broker, redis=redis)
    except SettingsError as error:
        advice = "`valuepulse config check`"
        return None, Finding("settings", "failed", str(error.problems[0]), advice, error.exit_code)
    return settings, Finding("settings", "ok", "all can be used")


def _model(settings: "Settings") -> Finding:
    from scoring.errors import ModelError
    from streams.errors import SettingsError
    from streams.model_file import load_model

    try:
        model = load_model(settings.model)
    except (ModelError, SettingsError) as error:
        first, *rest = str(error).splitlines()
        advice = "`valuepulse config check`"
        return Finding("model", "failed", rest[0] if rest else first, advice, 2)
    return Finding("model", "ok", f"{model.tag}, {settings.model}")


# ------------------------------------------------------------------------------------ dependencies


async def _kafka(settings: "Settings") -> list[Finding]:
    from streams.errors import DependencyError, SettingsError
    from streams.topics import check

    servers = settings.kafka.bootstrap_servers
    try:
        async with asyncio.timeout(_ANSWER_S):
            drifts = await check(settings)
    except (DependencyError, SettingsError) as error:
        return [Finding("kafka", "failed", str(error), code=error.exit_code)]
    except TimeoutError:
        silent = f"{servers} does not answer within {_ANSWER_S:g} s"
        return [
            Finding("kafka", "failed", silent, "see the broker's log", DependencyError.exit_code)
        ]
    findings = [Finding("kafka", "ok", f"{servers} answers")]
    if drifts:
        named = ", ".join(f"{drift.topic} ({drift.what})" for drift in drifts)
        return [*findings, Finding("topics", "failed", named, "`valuepulse topics check`", 4)]
    findings += [Finding("topics", "ok", "all there, as they should be"), await _keys(settings)]
    return findings


async def _keys(settings: "Settings") -> Finding:
    """Look at the newest records: each must be in the partition that its key belongs to."""
    from scoring.events import COMMANDS_TOPIC
    from streams.errors import DependencyError
    from streams.partitioning import Partitioning
    from streams.topic_reading import read_newest
    from streams.topics import Topics, require_equal_partitions

    topics = Topics.of(settings).event_types()
    events = [name for name, kind in topics.items() if kind != COMMANDS_TOPIC]
    partitioner = settings.topics.partitioner
    if partitioner == "any":
        advice = "name the producers' one: topics.partitioner: murmur2 or crc32"
        return Finding("keys", "warning", "topics.partitioner is any: nothing is checked", advice)
    count = await require_equal_partitions(settings)
    placed = Partitioning(partitioner, count)
    seen, wrong = 0, []
    try:
        async with asyncio.timeout(_ANSWER_S):
            async for record in read_newest(settings, dict.fromkeys(events, count), _NEWEST):
                seen += 1
                if placed.misplaced([record.key or b""], record.partition)[0]:
                    wrong.append(record)
    except DependencyError as error:
        return Finding("keys", "failed", str(error), code=error.exit_code)
    except TimeoutError:
        slow = f"the newest records could not be read within {_ANSWER_S:g} s"
        return Finding("keys", "warning", slow, "see the broker's log")
    if not wrong:
        return Finding("keys", "ok", f"{seen} newest records are where {partitioner} puts them")
    first = wrong[0]
    what = (
        f"{len(wrong)} of the {seen} newest records are in partitions that their keys do not "
        f"belong to, the first one {first.topic}-{first.partition}@{first.offset}"
    )
    return Finding("keys", "failed", what, placed.why(first.key or b"", first.partition), 4)


async def _redis(settings: "Settings") -> list[Finding]:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

    from streams.errors import SettingsError

    try:
        options = settings.redis.client_options() | {"retry": Retry(NoBackoff(), 0)}
    except SettingsError as error:
        return [Finding("redis", "failed", str(error), code=error.exit_code)]
    client = Redis.from_url(settings.redis.url, **options)
    try:
        info: dict[str, Any] = await client.info()
    except (AuthenticationError, NoPermissionError) as error:
        advice = "check redis.username, redis.password and the user's ACL rules"
        return [Finding("redis", "failed", f"refuses us: {error}", advice, 3)]
    except (RedisError, OSError) as error:
        advice = "start it, or name another one by --redis or VALUEPULSE_REDIS__URL"
        return [Finding("redis", "failed", f"does not answer: {error}", advice, 3)]
    finally:
        await client.aclose()
    return [_version(info), _durability(info), _eviction(info)]


def _version(info: dict[str, Any]) -> Finding:
    from streams.state.store import NO_CLUSTER

    name = "Valkey" if "valkey_version" in info else "Redis"
    version = str(info.get("valkey_version") or info["redis_version"])
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < _OLDEST_REDIS:
        return Finding(
            "redis", "failed", f"{name} {version}", "use Redis 6.2 or newer, or Valkey", 4
        )
    if int(info.get("cluster_enabled", 0)):
        what, _, advice = NO_CLUSTER.partition(": ")
        return Finding("redis", "failed", f"{name} {version} {what}", advice, 4)
    return Finding("redis", "ok", f"{name} {version}")


def _durability(info: dict[str, Any]) -> Finding:
    if int(info.get("aof_enabled", 0)):
        return Finding("redis appendonly", "ok", "on")
    advice = (
        "CONFIG SET appendonly yes, and in redis.conf; else a restart reads all from Kafka again"
    )
    return Finding("redis appendonly", "failed", "off", advice, 4)


def _eviction(info: dict[str, Any]) -> Finding:
    policy = str(info.get("maxmemory_policy", "unknown"))
    if policy == "noeviction":
        return Finding("redis maxmemory-policy", "ok", policy)
    advice = (
        "CONFIG SET maxmemory-policy noeviction, and in redis.conf; else customers would vanish"
    )
    return Finding("redis maxmemory-policy", "failed", policy, advice, 4)
