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
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Protocol, Self
from urllib.parse import urlsplit

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

from scoring.zones import known_zone
from streams.errors import Misfit, SettingsError
from streams.packaged import PACKAGED
from streams.redis_url import parted_url, plain_redis_url
from streams.settings_sources import gather, setting_paths

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _servers(text: str) -> str:
    if "@" in text:
        raise ValueError(
            "is host:port alone; a user's name and password are sasl_username and sasl_password"
        )
    for server in text.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise ValueError(
                f"{server.strip()!r} is not host:port; write it like kafka1:9092,kafka2:9092"
            )
    return text


TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,200}$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


# ------------------------------------------------------------------------------------ certificates


class _Certificates(Protocol):
    """The settings of TLS that Kafka and Redis have alike."""

    @property
    def ssl_cafile(self) -> Path | None: ...
    @property
    def ssl_certfile(self) -> Path | None: ...
    @property
    def ssl_keyfile(self) -> Path | None: ...
    @property
    def ssl_key_password(self) -> SecretStr | None: ...


_CERTIFICATES: Final = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_key_password")


def _refuse_certificates(section: _Certificates, without_tls: str, meant: str) -> None:
    """Raise `ValueError` if certificates are given although nothing is encrypted."""
    if given := [name for name in _CERTIFICATES if getattr(section, name) is not None]:
        raise ValueError(
            f"{', '.join(given)} would not be used with {without_tls}; did you mean {meant}?"
        )


def _tls_context(name: str, section: _Certificates) -> ssl.SSLContext:
    """Return the context of a section's connections; the server's name is always checked.

    Raises:
        SettingsError: A file cannot be read or used.
    """
    certfile, keyfile = section.ssl_certfile, section.ssl_keyfile
    for setting in _CERTIFICATES[:3]:
        if path := getattr(section, setting):
            _readable(f"{name}.{setting}", path)
    try:
        context = ssl.create_default_context(cafile=section.ssl_cafile)
    except ssl.SSLError as error:
        raise _unusable(f"{name}.ssl_cafile", section.ssl_cafile, "no certificate", error) from None
    if keyfile and not certfile:
        raise _unusable(f"{name}.ssl_keyfile", keyfile, "of no use without ssl_certfile")
    if certfile:
        password = _revealed(section.ssl_key_password) or ""  # None: OpenSSL asks the terminal
        try:
            context.load_cert_chain(certfile, keyfile, password)
        except ssl.SSLError as error:
            wrong = "no certificate with its key, or ssl_key_password does not open it"
            raise _unusable(f"{name}.ssl_certfile", certfile, wrong, error) from None
    return context


def _readable(setting: str, path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise SettingsError([Misfit(str(path), setting, reason)]) from None


def _unusable(
    setting: str, path: Path | None, wrong: str, error: ssl.SSLError | None = None
) -> SettingsError:
    reason = f" ({error.reason})" if error is not None and error.reason else ""
    return SettingsError([Misfit(str(path), setting, f"is {wrong}{reason}")])


def _revealed(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None


class Kafka(_Section):
    """How to reach the brokers, and how much to fetch."""

    bootstrap_servers: Annotated[str, AfterValidator(_servers)] = "localhost:9092"
    group: Annotated[str, Field(min_length=1, max_length=200)] = "valuepulse"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_key_password: SecretStr | None = None
    fetch_max_wait_ms: Annotated[int, Field(ge=1, le=60_000)] = 100
    fetch_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 1_000_000
    batch_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 30)] = 33_554_432
    compression: Literal["gzip", "snappy", "lz4", "zstd"] | None = None
    request_timeout_s: Seconds = 30.0
    session_timeout_s: Annotated[float, Field(ge=6, le=1800)] = 10.0

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

    @model_validator(mode="after")
    def _certificates_are_of_use(self) -> Self:
        if not self.security_protocol.endswith("SSL"):
            _refuse_certificates(self, f"security_protocol {self.security_protocol}", "SASL_SSL")
        return self

    def client_options(self) -> dict[str, Any]:
        """Return what every aiokafka client is made with; reads the files of certificates.

        Raises:
            SettingsError: One of them cannot be used; says which and why.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "request_timeout_ms": round(self.request_timeout_s * 1000),
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol.endswith("SSL"):
            options["ssl_context"] = _tls_context("kafka", self)
        if self.sasl_mechanism and self.sasl_password:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username
            options["sasl_plain_password"] = self.sasl_password.get_secret_value()
        return options


Partitioner = Literal["murmur2", "crc32", "any"]
"""How producers choose the partition of a key, see `streams.partitioning`."""


class TopicNames(_Section):
    """Names of the topics, without `prefix`, and what `topics ensure` creates them with."""

    transaction: TopicName = "transactions"
    payment: TopicName = "payments"
    complaint: TopicName = "complaints"
    praise: TopicName = "praise"
    feedback: TopicName = "feedback"
    engagement: TopicName = "engagements"
    cost: TopicName = "costs"
    profile: TopicName = "profiles"
    commands: TopicName = "commands"
    tier_changes: TopicName = "tier-changes"
    value_alerts: TopicName = "value-alerts"
    segment_changes: TopicName = "segment-changes"
    customer_scores: TopicName = "customer-scores"
    alert_actions: TopicName = "alert-actions"
    dead_letters: TopicName = "dead-letters"
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,48}$")] = ""
    partitions: Annotated[int, Field(ge=1, le=10_000)] = 4
    partitioner: Partitioner = "murmur2"
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


_NO_ROLES: Final = ("prefix", "partitions", "partitioner", "replication")
TOPIC_ROLES: Final = tuple(name for name in TopicNames.model_fields if name not in _NO_ROLES)


class Redis(_Section):
    """Where the state is kept. Credentials in `url` move to the settings that are theirs."""

    url: Annotated[str, AfterValidator(plain_redis_url)] = "redis://localhost:6379/0"
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,48}$")] = "vp"
    username: str | None = None
    password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_key_password: SecretStr | None = None
    timeout_s: Seconds = 5.0

    @model_validator(mode="before")
    @classmethod
    def _credentials_leave_the_url(cls, given: Any) -> Any:
        """So that `url` can stand in logs, errors and `config show`."""
        if not isinstance(given, dict) or not isinstance(given.get("url"), str):
            return given
        url, credentials = parted_url(given["url"])
        for name, value in credentials.items():
            stated = given.get(name)
            if isinstance(stated, SecretStr):
                stated = stated.get_secret_value()
            if stated not in (None, value):
                raise ValueError(f"the url has another {name} than redis.{name}; take it out there")
        return given | {"url": url} | credentials

    @model_validator(mode="after")
    def _certificates_are_of_use(self) -> Self:
        if not self.url.startswith("rediss://"):
            _refuse_certificates(self, "this url", "rediss://")
        if self.username and not self.password:
            raise ValueError("username needs password too")
        return self

    def client_options(self) -> dict[str, Any]:
        """Return what `redis.asyncio.Redis.from_url` takes beside the URL.

        Raises:
            SettingsError: A file of certificates cannot be used; says which and why.
        """
        options: dict[str, Any] = {
            "socket_timeout": self.timeout_s,
            "socket_connect_timeout": self.timeout_s,
            "username": self.username,
            "password": _revealed(self.password),
        }
        if self.url.startswith("rediss://"):
            _tls_context("redis", self)  # redis-py makes its own, and would fail at each attempt
            options |= {
                "ssl_ca_certs": self.ssl_cafile and str(self.ssl_cafile),
                "ssl_certfile": self.ssl_certfile and str(self.ssl_certfile),
                "ssl_keyfile": self.ssl_keyfile and str(self.ssl_keyfile),
                "ssl_password": _revealed(self.ssl_key_password) or "",
            }
        return {name: value for name, value in options.items() if value is not None}


class Batch(_Section):
    """Bounds of one commit."""

    max_events: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    max_customers: Annotated[int, Field(ge=1, le=100_000)] = 3_500


class Feed(_Section):
    """The CRM feed: snapshots on the topic customer-scores."""

    enabled: bool = True
    interval_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0


def _long_enough(key: SecretStr | None) -> SecretStr | None:
    least, most = 16, 64  # BLAKE2b takes no more
    if key is not None and not least <= len(key.get_secret_value().encode()) <= most:
        raise ValueError(f"must have {least} to {most} bytes; `openssl rand -hex 16` makes one")
    return key


class Log(_Section):
    """What is logged, and how it looks."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["auto", "json", "console"] = "auto"
    customer_key: Annotated[SecretStr | None, AfterValidator(_long_enough)] = None


def _worker_url(text: str | None) -> str | None:
    if text is None:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("is no address of a worker; write it like http://127.0.0.1:8080")
    return text.rstrip("/")


class Dashboard(_Section):
    """The web page: where it listens, who may look, and which worker explains."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8090
    tokens_file: Path | None = None
    session_hours: Annotated[float, Field(gt=0, le=8_760)] = 12.0
    proxies: str = "127.0.0.1"
    worker_url: Annotated[str | None, AfterValidator(_worker_url)] = "http://127.0.0.1:8080"
    worker_token: Annotated[SecretStr | None, AfterValidator(_long_enough)] = None


class Settings(BaseSettings):
    """All technical settings; frozen. `Settings()` are the defaults, `load` reads all sources."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="VALUEPULSE_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    kafka: Kafka = Kafka()
    topics: TopicNames = TopicNames()
    redis: Redis = Redis()
    model: Path = PACKAGED / "scoring.yaml"
    clock: Literal["wall", "event", "customer"] = "wall"
    future_limit_minutes: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    earliest_day: Annotated[date, Field(ge=date(1970, 1, 1))] = date(1980, 1, 1)
    bare_times: Annotated[str, AfterValidator(known_zone)] | None = None
    skip_registry_prefix: bool = False
    unwrap_debezium: bool = False
    max_event_bytes: Annotated[int, Field(ge=256, le=16 << 20)] = 65_536
    batch: Batch = Batch()
    cache_customers: Annotated[int, Field(ge=0)] = 50_000
    feed: Feed = Feed()
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    log: Log = Log()
    stall_s: Seconds = 120.0
    dashboard: Dashboard = Dashboard()

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
        values, origins = gather(cls, path, options or {})
        settings = cls(**values)
        settings._origins = origins
        return settings

    def origins(self) -> dict[str, str]:
        """Say for every setting, by its dotted path, where its value comes from.

        That is `file:line`, a variable's name, an option of the command line, or `default`.
        """
        return {path: self._origins.get(path, "default") for path in setting_paths(type(self))}
