"""Technical settings: where Kafka and Redis are, names of topics, sizes and times.

    settings = Settings.load(None)      # streams.yaml < VALUEPULSE_… variables < command line

Each is described beside its default in config/streams.yaml. In the environment a setting is called
`VALUEPULSE_` and its path with two underscores between the parts, as
`VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS`. A secret can stand in a file of its own: add `_FILE`, as
`VALUEPULSE_REDIS__PASSWORD_FILE=/run/secrets/redis`. What a business decides, indicators, weights
and tiers, is in the scoring model, to which `model` points.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

import streams

_INSTALLED: Final = Path(streams.__file__).resolve().parent / "config"
PACKAGED: Final = _INSTALLED if _INSTALLED.is_dir() else _INSTALLED.parents[1] / "config"
"""Where streams.yaml and scoring.yaml are: a wheel has them in streams/, a clone at its top."""

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _servers(text: str) -> str:
    for server in text.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(
                f"{server.strip()!r} is not host:port; write it like kafka1:9092,kafka2:9092"
            )
    return text


def _redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("is no Redis URL; write it like redis://host:6379/0, or rediss:// for TLS")
    return text


TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kafka(_Section):
    """How to reach the brokers, and how much to fetch."""

    bootstrap_servers: Annotated[str, AfterValidator(_servers)] = "localhost:9092"
    group: Annotated[str, Field(min_length=1, max_length=200)] = "valuepulse"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = None
    fetch_max_wait_ms: Annotated[int, Field(ge=1, le=60_000)] = 100
    fetch_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 1_000_000
    request_timeout_s: Seconds = 30.0
    session_timeout_s: Annotated[float, Field(ge=6, le=1800)] = 15.0

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> Self:
        names = ("sasl_mechanism", "sasl_username", "sasl_password")
        given = [name for name in names if getattr(self, name) is not None]
        wanted = names if self.security_protocol.startswith("SASL") else ()
        if missing := [name for name in wanted if name not in given]:
            raise ValueError(
                f"security_protocol {self.security_protocol} needs {', '.join(missing)} too"
            )
        if given and not wanted:
            raise ValueError(
                f"{', '.join(given)} would not be used with security_protocol "
                f"{self.security_protocol}; did you mean SASL_SSL?"
            )
        return self

    def client_options(self) -> dict[str, Any]:
        """Return what every aiokafka client is made with; reads `ssl_cafile`.

        Raises:
            OSError: `ssl_cafile` cannot be read, or is no certificate.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "request_timeout_ms": round(self.request_timeout_s * 1000),
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol.endswith("SSL"):
            options["ssl_context"] = ssl.create_default_context(cafile=self.ssl_cafile)
        if self.sasl_mechanism and self.sasl_password:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username
            options["sasl_plain_password"] = self.sasl_password.get_secret_value()
        return options


class TopicNames(_Section):
    """Names of the topics, without `prefix`, and what `topics ensure` creates them with."""

    transaction: TopicName = "transactions"
    payment: TopicName = "payments"
    complaint: TopicName = "complaints"
    praise: TopicName = "praise"
    erasure: TopicName = "commands"
    tier_changes: TopicName = "tier-changes"
    value_alerts: TopicName = "value-alerts"
    customer_scores: TopicName = "customer-scores"
    dead_letters: TopicName = "dead-letters"
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,48}$")] = ""
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 4
    replication: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        roles: dict[str, str] = {}
        for role in TOPIC_ROLES:
            name = getattr(self, role)
            if name in roles:
                raise ValueError(
                    f"{roles[name]} and {role} are both called {name!r}; give each its own topic"
                )
            roles[name] = role
        return self


TOPIC_ROLES: Final = tuple(
    name for name in TopicNames.model_fields if name not in ("prefix", "partitions", "replication")
)


class Redis(_Section):
    """Where the state is kept."""

    url: Annotated[str, AfterValidator(_redis_url)] = "redis://localhost:6379/0"
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,48}$")] = "vp"
    password: SecretStr | None = None
    timeout_s: Seconds = 5.0

    def client_options(self) -> dict[str, Any]:
        """Return what `redis.asyncio.Redis.from_url` takes beside the URL."""
        options: dict[str, Any] = {
            "socket_timeout": self.timeout_s,
            "socket_connect_timeout": self.timeout_s,
        }
        if self.password:
            options["password"] = self.password.get_secret_value()
        return options


class Batch(_Section):
    """Bounds of one commit."""

    max_events: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    max_customers: Annotated[int, Field(ge=1, le=100_000)] = 3_500


class Feed(_Section):
    """The CRM feed: snapshots on the topic customer-scores."""

    enabled: bool = True
    interval_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0


class Log(_Section):
    """What is logged, and how it looks."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "json", "console"] = "auto"


class Settings(BaseSettings):
    """All technical settings; frozen. `Settings()` are the defaults, `load` reads all sources."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="VALUEPULSE_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    kafka: Kafka = Kafka()
    topics: TopicNames = TopicNames()
    redis: Redis = Redis()
    model: Path = PACKAGED / "scoring.yaml"
    clock: Literal["wall", "event", "customer"] = "wall"
    future_limit_minutes: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    max_event_bytes: Annotated[int, Field(ge=256, le=16 << 20)] = 65_536
    batch: Batch = Batch()
    cache_customers: Annotated[int, Field(ge=0)] = 50_000
    feed: Feed = Feed()
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    log: Log = Log()
    stall_s: Seconds = 120.0

    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what the constructor is given: `load` puts the sources together, and knows each."""
        return (init_settings,)

    @classmethod
    def load(cls, path: Path | None = None, options: Mapping[str, Any] | None = None) -> Self:
        """Read settings from a file, the environment and the command line, later ones winning.

        Args:
            path: A streams.yaml; by default the one that VALUEPULSE_CONFIG names, or else the
                packaged one. Relative paths inside it are relative to its folder.
            options: Of the command line: dotted path of a setting → value; None is left out.

        Raises:
            SettingsError: With every problem found, in all sources.
        """
        from streams.settings_sources import gather

        values, origins = gather(cls, path, options or {})
        settings = cls(**values)
        settings._origins = origins
        return settings

    def origins(self) -> dict[str, str]:
        """Say for every setting, by its dotted path, where its value comes from.

        That is `file:line`, a variable's name, an option of the command line, or `default`.
        """
        return {path: self._origins.get(path, "default") for path in setting_paths(type(self))}


def setting_paths(model: type[BaseModel]) -> list[str]:
    """Return the dotted path of every setting, in the order of the class."""
    paths = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            paths += [f"{name}.{inner}" for inner in setting_paths(field.annotation)]
        else:
            paths.append(name)
    return paths
