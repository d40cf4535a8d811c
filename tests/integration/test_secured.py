"""Kafka and Redis that let nobody in without credentials: all works there, and nothing leaks.

The users have exactly the rights that docs/operations.md asks for: they are read from there.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote

import httpx
import pytest
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from ruamel.yaml import YAML

from streams.packaged import PACKAGED
from tests.cli.command import Ended, valuepulse
from tests.dashboard_web.test_command import running, said
from tests.integration import topic_logs
from tests.integration.installation import OUTPUTS, Installation, input_topics, installation
from tests.integration.processes import WORKER, run_to_end
from tests.integration.traffic import INPUTS, traffic
from tests.integration.verdict import differences, left_by, oracle
from tests.servers import BROKER_VARIABLE, REDIS_VARIABLE, free_port
from tests.servers.certificates import Authority, Certificate
from tests.servers.secured import SecuredKafka, SecuredValkey
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
MODEL: Final = USUAL_MODEL
OPERATIONS: Final = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
UNAVAILABLE: Final = 3
AT_ONCE_S: Final = 30.0

SECRETS: Final = {
    "worker": "zebra-worker-9f31",
    "operator": "zebra-operator-77c2",
    "dashboard": "zebra-dashboard-08fe",
    "plain": "zebra-plain-c0de",
    "owner": "zebra-owner-51ab",
    "store": "zebra-store-83dd",
    "key": "zebra-key-42e7",
    "customers": "zebra-customers-6b90",
    "explanations": "zebra-explanations-3d5a",
    "wrong": "zebra-wrong-1234",
}


class Place(NamedTuple):
    """Secured servers, and what who wants in needs."""

    kafka: SecuredKafka
    valkey: SecuredValkey
    authority: Authority
    stranger: Authority
    redis_tls: int
    redis_mutual: int
    certificate: Certificate

    def by_password(self) -> dict[str, str]:
        """Settings of a worker that logs in to both."""
        return {
            **self.as_user("worker"),
            "redis.url": f"rediss://127.0.0.1:{self.redis_tls}/0",
            "redis.username": "valuepulse",
            "redis.password": SECRETS["store"],
            "redis.ssl_cafile": str(self.authority.file),
        }

    def as_user(self, name: str) -> dict[str, str]:
        """Settings of Kafka for a user."""
        return {
            "kafka.bootstrap_servers": self.kafka.sasl_ssl,
            "kafka.security_protocol": "SASL_SSL",
            "kafka.sasl_mechanism": "PLAIN" if name == "plain" else "SCRAM-SHA-512",
            "kafka.sasl_username": name,
            "kafka.sasl_password": SECRETS[name],
            "kafka.ssl_cafile": str(self.authority.file),
        }

    def by_certificate(self) -> dict[str, str]:
        """Settings of a worker that shows a certificate to both, its key encrypted."""
        return {
            "kafka.bootstrap_servers": self.kafka.mutual_tls,
            "kafka.security_protocol": "SSL",
            "redis.url": f"rediss://127.0.0.1:{self.redis_mutual}/0",
            "redis.username": "valuepulse",
            "redis.password": SECRETS["store"],
        } | {
            f"{section}.{name}": value
            for section in ("kafka", "redis")
            for name, value in {
                "ssl_cafile": str(self.authority.file),
                "ssl_certfile": str(self.certificate.file),
                "ssl_keyfile": str(self.certificate.key),
                "ssl_key_password": SECRETS["key"],
            }.items()
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Started once: it takes ten seconds."""
    if BROKER_VARIABLE in os.environ or REDIS_VARIABLE in os.environ:
        pytest.skip("running servers are named, and these are not secured")
    directory = tmp_path_factory.mktemp("secured")
    authority = Authority(directory / "certificates")
    stranger = Authority(directory / "strange", "stranger")
    kafka = SecuredKafka(directory / "kafka", authority, {"plain": SECRETS["plain"]})
    valkey = SecuredValkey(directory / "valkey", password=SECRETS["owner"])
    with kafka.start(), valkey.start():
        for name in ("worker", "operator", "dashboard"):
            kafka.add_user(name, SECRETS[name])
        with (
            valkey.tls(directory / "tls", authority) as tls,
            valkey.tls(directory / "mutual", authority, name="mutual", mutual=True) as mutual,
        ):
            certificate = authority.sign("certified", password=SECRETS["key"])
            yield Place(kafka, valkey, authority, stranger, tls.port, mutual.port, certificate)


# ---------------------------------------------------------------- rights, as operations.md has them


def kafka_rights(principal: str, run: Installation) -> list[AclBinding]:
    """The ACLs that operations.md gives a user, for this installation's names."""
    names = {**run.inputs, **{role: f"{run.name}-{role}" for role in OUTPUTS}}
    packaged: Any = YAML(typ="safe").load(PACKAGED / "streams.yaml")
    ours = {packaged["topics"][role]: name for role, name in names.items()}
    ours[packaged["kafka"]["group"]] = run.name
    rights = []
    for line in re.findall(rf"^kafka-acls\.sh .* User:{principal} .*$", OPERATIONS, re.MULTILINE):
        words = shlex.split(line)
        options = list(pairwise(words))
        for kind in ("topic", "group"):
            for name in (value for option, value in options if option == f"--{kind}"):
                for operation in (value for option, value in options if option == "--operation"):
                    rights.append(right(principal, kind, ours[name], operation))
    assert rights
    return rights


def right(principal: str, kind: str, name: str, operation: str) -> AclBinding:
    """Let a user do one thing with one topic or group."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).upper()
    who = "User:CN=certified" if principal == "certified" else f"User:{principal}"
    return AclBinding(
        ResourceType[kind.upper()], name, ResourcePatternType.LITERAL, who, "*",
        AclOperation[snake], AclPermissionType.ALLOW,
    )  # fmt: skip


def redis_rules(prefix: str) -> list[str]:
    """The rules that operations.md gives the Redis user, for this installation's prefix."""
    (line,) = re.findall(r"^ACL SETUSER valuepulse (.*)$", OPERATIONS, re.MULTILINE)
    rules = str(line).replace(">PASSWORD", f">{SECRETS['store']}").replace("~vp:", f"~{prefix}:")
    return rules.split()


def renamed(rights: list[AclBinding], principal: str) -> list[AclBinding]:
    """The same rights for another user."""
    return [
        AclBinding(
            each.restype, each.name, each.resource_pattern_type, principal, each.host,
            each.operation, each.permission_type,
        )
        for each in rights
    ]  # fmt: skip


@contextmanager
def installed(place: Place, directory: Path) -> Iterator[Installation]:
    """Topics made by their owner, and users with their rights."""
    bootstrap, store = place.kafka.bootstrap, place.valkey.url
    with (
        input_topics(bootstrap) as inputs,
        installation(directory, bootstrap, store, inputs, MODEL) as made,
    ):
        rights = kafka_rights("worker", made)
        place.kafka.allow(rights)
        for principal in ("User:CN=certified", "User:plain"):
            place.kafka.allow(renamed(rights, principal))
        for principal in ("operator", "dashboard"):
            place.kafka.allow(kafka_rights(principal, made))
        place.valkey.set_user("valuepulse", redis_rules(made.name))
        yield made


@pytest.fixture
def run(place: Place, tmp_path: Path) -> Iterator[Installation]:
    """One for this test alone."""
    with installed(place, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def closed(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all that come to no more than being refused."""
    with installed(place, tmp_path_factory.mktemp("closed")) as made:
        yield made


def variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as environment variables."""
    return {f"VALUEPULSE_{k.upper().replace('.', '__')}": v for k, v in settings.items()}


def environment(run: Installation, settings: Mapping[str, str]) -> dict[str, str]:
    """The installation's variables, with these settings on top."""
    return run.environment | variables(settings)


# ----------------------------------------------------------------------------------------- it works


@pytest.mark.parametrize("way", [Place.by_password, Place.by_certificate])
def test_a_worker_with_the_documented_rights_scores_traffic_as_the_oracle_does(
    way: Callable[[Place], dict[str, str]], place: Place, run: Installation
) -> None:
    """Two of them, so that the group rebalances; when they end they commit offsets for tools."""
    sent = traffic(seed=21, customers=60, events=2_000, days=40)
    topic_logs.send(place.kafka.bootstrap, run.inputs, sent)
    for _ in range(2):
        run.worker(**variables(way(place)))
    run.wait_until_caught_up()
    source: Any = YAML(typ="safe").load(MODEL)
    bad = {record.value for record in sent if not record.is_good}
    right = oracle(source, run.inputs, run.read_inputs(), bad)
    assert len(right.refused) > 10
    assert differences(right, left_by(run)) == []
    wait_until(
        lambda: sum(run.committed().values()) == len(sent), "all offsets told, without any stop"
    )
    for worker in run.workers:
        worker.signal_to_stop()
        assert worker.wait("the end") == 0


@pytest.mark.long
def test_every_command_works_with_the_documented_rights(
    place: Place, run: Installation, tmp_path: Path
) -> None:
    operator = environment(run, place.by_password() | place.as_user("operator"))

    def ran(*arguments: object) -> Ended:
        ended = valuepulse(*arguments, variables=operator)
        assert ended.code == 0, (arguments, ended.out, ended.err)
        return ended

    file = tmp_path / "events.ndjson"
    event = {"event_id": "e1", "customer_id": "alice", "occurred_at": "2024-05-01T00:00:00Z"}
    events = [{**event, "type": "transaction", "amount": "10.00"}, {**event, "type": "payment"}]
    file.write_text("".join(json.dumps(each) + "\n" for each in events))
    ran("topics", "ensure")
    ran("topics", "check")
    ran("send", file)
    run.worker(**variables(place.by_password()))
    run.wait_until_caught_up()
    assert ran("show", "alice", "--json").json()["events"] == 1
    assert ran("explain", "alice", "--json").json()["customer_id"] == "alice"
    (letter,) = ran("dlq", "ls", "--json").lines()
    assert letter["error"] == "MissingField"
    assert ran("dlq", "show", letter["at"], "--json").json() == letter
    assert "1" in ran("dlq", "redrive", letter["at"]).out
    ran("erase", "alice", "--reason", "on request", "--yes")
    states = {f["name"]: f["state"] for f in ran("doctor", "--json").json()["findings"]}
    assert set(states.values()) == {"ok"}


def test_an_operator_may_make_the_topics(place: Place, run: Installation) -> None:
    """`run` had them made by the owner; here they are made anew, with the rights alone."""
    names = {f"topics.{role}": f"{run.name}-again-{role}" for role in (*INPUTS, *OUTPUTS)}
    again = environment(run, place.as_user("operator") | names)
    refused = valuepulse("topics", "ensure", variables=again)
    assert refused.code == UNAVAILABLE
    assert "AuthorizationFailed" in only_line(refused.err)
    place.kafka.allow(
        [
            right("operator", "topic", name, operation)
            for name in names.values()
            for operation in ("Create", "DescribeConfigs", "Describe")
        ]
    )
    made = valuepulse("topics", "ensure", variables=again)
    assert (made.code, made.out.count("created")) == (0, len(names)), made.err


# ------------------------------------------------------------------------------ nobody else gets in


def only_line(written: str) -> str:
    lines = written.splitlines()
    assert len(lines) == 1, written
    return lines[0]


class Intruder(NamedTuple):
    """Settings that a server refuses, and the words that must be said of it."""

    settings: Callable[[Place], dict[str, str]]
    words: tuple[str, ...]


STRANGER: Final = "(an authority that signed nothing here)"


def changed(**changes: str | None) -> Callable[[Place], dict[str, str]]:
    """By password, but with these settings changed (`None`: left out)."""

    def settings(place: Place) -> dict[str, str]:
        dotted = {name.replace("__", ".", 1): value for name, value in changes.items()}
        found = {**place.by_password(), **dotted}
        strange = {STRANGER: str(place.stranger.file)}
        return {k: strange.get(v, v) for k, v in found.items() if v is not None}

    return settings


def _plain_kafka(place: Place) -> dict[str, str]:
    kept = {k: v for k, v in place.by_password().items() if not k.startswith("kafka.")}
    return kept | {"kafka.bootstrap_servers": place.kafka.sasl_ssl}


def _without_certificate(place: Place) -> dict[str, str]:
    hidden = ("ssl_certfile", "ssl_keyfile", "ssl_key_password")
    found = place.by_certificate()
    return {k: v for k, v in found.items() if k.partition(".")[2] not in hidden or "redis" in k}


def _without_certificate_for_redis(place: Place) -> dict[str, str]:
    hidden = ("ssl_certfile", "ssl_keyfile", "ssl_key_password")
    found = place.by_certificate()
    return {k: v for k, v in found.items() if k.partition(".")[2] not in hidden or "kafka" in k}


def _tls_without_password(place: Place) -> dict[str, str]:
    found = {k: v for k, v in place.by_password().items() if "sasl" not in k}
    return found | {"kafka.security_protocol": "SSL"}


def _plain_redis(place: Place) -> dict[str, str]:
    kept = {k: v for k, v in place.by_password().items() if k != "redis.ssl_cafile"}
    return kept | {"redis.url": f"redis://127.0.0.1:{place.redis_tls}/0"}


INTRUDERS: Final = {
    "a wrong password of Kafka": Intruder(
        changed(kafka__sasl_password=SECRETS["wrong"]),
        ("Kafka at", "refuses the user 'worker'", "kafka.sasl_password"),
    ),
    "a user that Kafka does not know": Intruder(
        changed(kafka__sasl_username="mallory"), ("refuses the user 'mallory'",)
    ),
    "another mechanism than Kafka's": Intruder(
        changed(kafka__sasl_mechanism="SCRAM-SHA-256"), ("SCRAM-SHA-256", "kafka.sasl_mechanism")
    ),
    "a Kafka of an unknown authority": Intruder(
        changed(kafka__ssl_cafile=STRANGER), ("not trusted", "kafka.ssl_cafile")
    ),
    "a Kafka of the system's authorities alone": Intruder(
        changed(kafka__ssl_cafile=None), ("not trusted", "kafka.ssl_cafile")
    ),
    "plain text to Kafka": Intruder(
        _plain_kafka, ("Kafka at", "kafka.security_protocol PLAINTEXT")
    ),
    "TLS alone to a Kafka with passwords": Intruder(
        _tls_without_password, ("Kafka at", "kafka.security_protocol SSL")
    ),
    "no certificate to a Kafka that asks for one": Intruder(
        _without_certificate, ("Kafka at", "kafka.ssl_certfile")
    ),
    "a wrong password of Redis": Intruder(
        changed(redis__password=SECRETS["wrong"]), ("Redis refuses us", "redis.password")
    ),
    "no password for Redis": Intruder(
        changed(redis__username=None, redis__password=None),
        ("Redis refuses us", "Authentication required"),
    ),
    "a Redis of an unknown authority": Intruder(
        changed(redis__ssl_cafile=STRANGER), ("Redis", "certificate verify failed")
    ),
    "plain text to Redis": Intruder(_plain_redis, ("Redis",)),
    "no certificate to a Redis that asks for one": Intruder(
        _without_certificate_for_redis, ("Redis",)
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("intruder", INTRUDERS.values(), ids=INTRUDERS)
def test_a_worker_that_is_refused_says_so_in_one_line_and_exits_3(
    intruder: Intruder, place: Place, closed: Installation
) -> None:
    settings = environment(closed, intruder.settings(place))
    code, written = run_to_end(WORKER, settings, AT_ONCE_S)
    assert code == UNAVAILABLE, written
    line = only_line(written)
    assert all(word in line for word in intruder.words), line
    assert not leaks(line)


@pytest.mark.long
@pytest.mark.parametrize(
    "command", [("topics", "check"), ("dlq", "ls"), ("send", "-"), ("doctor",)]
)
def test_a_command_that_is_refused_exits_3(
    command: tuple[str, ...], place: Place, closed: Installation
) -> None:
    for name in ("a wrong password of Kafka", "a Kafka of an unknown authority"):
        ended = valuepulse(*command, variables=environment(closed, INTRUDERS[name].settings(place)))
        assert ended.code == UNAVAILABLE
        said = ended.out if command == ("doctor",) else only_line(ended.err)
        assert all(word in said for word in INTRUDERS[name].words), said
        assert not leaks(ended.out + ended.err)


@pytest.mark.long
def test_doctor_tells_which_credentials_redis_refuses(place: Place, closed: Installation) -> None:
    wrong = INTRUDERS["a wrong password of Redis"].settings(place)
    ended = valuepulse("doctor", variables=environment(closed, wrong))
    assert ended.code == UNAVAILABLE
    assert "refuses us: " in ended.out
    assert "check redis.username, redis.password" in ended.out
    assert not leaks(ended.out + ended.err)


@pytest.mark.long
def test_rights_that_are_missing_are_told(place: Place, run: Installation) -> None:
    """A worker may not ask for the configuration of topics, and a stranger sees no topic."""
    worker = valuepulse("topics", "check", variables=environment(run, place.as_user("worker")))
    assert worker.code == UNAVAILABLE
    assert "TopicAuthorizationFailed" in only_line(worker.err)
    place.kafka.add_user("guest", SECRETS["wrong"])
    guest = place.as_user("worker") | {
        "kafka.sasl_username": "guest",
        "kafka.sasl_password": SECRETS["wrong"],
    }
    code, written = run_to_end(WORKER, environment(run, place.by_password() | guest), AT_ONCE_S)
    assert code == 4
    assert "or we may not see them" in only_line(written)
    place.valkey.set_user("lame", [*redis_rules(run.name), "-info"])
    lame = place.by_password() | {"redis.username": "lame"}
    code, written = run_to_end(WORKER, environment(run, lame), AT_ONCE_S)
    assert code == UNAVAILABLE
    assert "info" in only_line(written)


# ------------------------------------------------------------------------------------ nothing leaks


def leaks(text: str) -> list[str]:
    """Which secrets a text shows, in any of the forms in which they travel."""
    found = []
    for name, secret in SECRETS.items():
        raw = secret.encode()
        # Base64 of a text inside of another starts at one of three places: the middle is the same.
        encoded = [base64.b64encode(b"\0" * n + raw)[4:-4].decode() for n in range(3)]
        if any(form in text for form in (secret, quote(secret, safe=""), raw.hex(), *encoded)):
            found.append(name)
    return found


def test_the_forms_in_which_secrets_travel_are_found() -> None:
    secret = SECRETS["plain"]
    for form in (f"\0u\0{secret}", base64.b64encode(f"user:{secret}".encode()).decode()):
        assert leaks(f"… {form} …") == ["plain"]
    assert leaks("nothing") == []


@pytest.mark.parametrize("user", ["worker", "plain"])
def test_the_log_of_a_worker_has_neither_secrets_nor_customers_at_any_level(
    user: str, place: Place, run: Installation
) -> None:
    """At DEBUG all libraries speak, and Kafka's client would tell its requests byte by byte."""
    port = free_port()
    secrets = {"log.customer_key": SECRETS["customers"], "redis.ssl_key_password": SECRETS["key"]}
    settings = place.by_certificate() | place.as_user(user) | secrets
    settings |= {"log.level": "DEBUG", "log.format": "json", "http_port": str(port)}
    topic_logs.send(
        place.kafka.bootstrap, run.inputs, traffic(seed=22, customers=20, events=500, days=20)
    )
    worker = run.worker(**variables(settings))
    run.wait_until_caught_up()
    shown = "".join(asked(port, path) for path in ("metrics", "livez", "readyz"))
    assert "valuepulse_events_total" in shown
    worker.signal_to_stop()
    assert worker.wait("the end") == 0
    log = worker.log.read_text("utf-8")
    assert '"level": "debug"' in log
    for text in (shown, log):
        assert leaks(text) == []
        assert not re.search(r"customer-\d|客户-\d|\\u5ba2|occurred_at", text)


def test_a_dashboard_with_the_documented_rights_shows_all_and_logs_no_customer(
    place: Place, run: Installation, tmp_path: Path
) -> None:
    """Nor secrets, at any level; the worker explains to it over the network's way, by token."""
    port, explained_by = free_port(), {"dashboard.worker_token": SECRETS["explanations"]}
    by_worker = place.by_password() | explained_by | {"http_port": str(port)}
    sent = traffic(seed=23, customers=20, events=500, days=20)
    topic_logs.send(place.kafka.bootstrap, run.inputs, sent)
    run.worker(**variables(by_worker))
    run.wait_until_caught_up()
    settings = place.as_user("dashboard") | explained_by | {"log.level": "DEBUG"}
    settings |= {"dashboard.worker_url": f"http://127.0.0.1:{port}"}
    customer = next(iter(run.snapshots()))
    with (
        running(tmp_path / "dashboard", environment(run, settings)) as (url, process),
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        token = said(process, r"(vp_[\w-]{43})")
        client.headers["Authorization"] = f"Bearer {token}"
        wait_until(lambda: client.get("/readyz").status_code == 204, "all is read", 60)
        assert client.get("/api/pyramid").json()["customers"] == len(run.snapshots())
        found = client.get(f"/api/customers?q={customer}").json()["rows"]
        assert [row["customer_id"] for row in found] == [customer]
        assert client.get(f"/api/customers/{customer}/explanation").json()["available"]
        wait_until(lambda: client.get("/api/health").json()["kafka"] == "ok", "Kafka was asked", 30)
        health = client.get("/api/health").json()
        assert health["lag"]["total"] is not None
        assert health["dead_letters"]["total"] > 0
        log = process.log.read_text("utf-8").replace(token, "")
        assert '"level": "debug"' in log
        assert leaks(log) == []
        assert customer not in log
        assert not re.search(r"customer-\d|客户-\d|\\u5ba2|occurred_at", log)


def asked(port: int, path: str) -> str:
    """What the worker answers, whatever its status."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}") as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            return error.read().decode()


def test_config_show_has_no_secrets(place: Place, closed: Installation) -> None:
    given = place.by_password() | {
        "kafka.ssl_certfile": str(place.certificate.file),
        "kafka.ssl_key_password": SECRETS["key"],
        "redis.ssl_key_password": SECRETS["key"],
        "log.customer_key": SECRETS["customers"],
        "dashboard.worker_token": SECRETS["explanations"],
    }
    in_url = given | {
        "redis.url": f"rediss://valuepulse:{SECRETS['store']}@127.0.0.1:{place.redis_tls}/0"
    }
    del in_url["redis.password"]
    for settings in (given, in_url):
        for form in ((), ("--json",)):
            shown = valuepulse("config", "show", *form, variables=environment(closed, settings))
            assert shown.code == 0, shown.err
            assert leaks(shown.out + shown.err) == []
            assert shown.out.count("**********") == 6


WITHOUT_MERCY: Final = """
import asyncio
from streams.app import Worker
from streams.settings import Settings
asyncio.run(Worker(Settings.load()).run())
"""


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["a wrong password of Kafka", "a wrong password of Redis", "a password in the URL"]
)
def test_the_traceback_of_a_refusal_has_no_secrets(
    name: str, place: Place, closed: Installation
) -> None:
    """A command tells one line; this is what a bug at that place would show."""
    address = f"127.0.0.1:{place.redis_tls}"
    settings = (
        INTRUDERS[name].settings(place)
        if name in INTRUDERS
        else place.by_password()
        | {"redis.url": f"rediss://valuepulse:{SECRETS['wrong']}@{address}", "redis.password": ""}
    )
    code, written = run_to_end(("-c", WITHOUT_MERCY), environment(closed, settings), AT_ONCE_S)
    assert code == 1
    assert "Traceback" in written
    assert "During handling" in written or "direct cause" in written
    assert leaks(written) == []
