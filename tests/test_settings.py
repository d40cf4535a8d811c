"""Settings: which source wins, and what is said about those that cannot be used."""

from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from scoring.errors import ModelError
from scoring.events import COMMANDS, TYPES
from streams.errors import Misfit, SettingsError
from streams.model_file import load_model
from streams.packaged import PACKAGED
from streams.settings import TOPIC_ROLES, Settings
from streams.settings_sources import setting_paths
from streams.topics import Topics
from tests.servers.certificates import Authority


@pytest.fixture(autouse=True)
def _no_variables_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("VALUEPULSE_")]:
        monkeypatch.delenv(name)


def written(directory: Path, text: str) -> Path:
    path = directory / "streams.yaml"
    path.write_text(text, "utf-8")
    return path


def misfits(path: Path | None = None) -> list[Misfit]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(path)
    return list(caught.value.problems)


def test_the_packaged_file_says_what_the_defaults_are() -> None:
    assert Settings.load().model_dump() == Settings().model_dump()


def test_the_packaged_file_has_every_setting_with_a_comment() -> None:
    lines = (PACKAGED / "streams.yaml").read_text("utf-8").splitlines()
    places = Settings.load().origins()
    assert list(places) == setting_paths(Settings)
    for setting, place in places.items():
        line = lines[int(place.rpartition(":")[2]) - 1]
        assert line.split(":")[0].strip() == setting.rpartition(".")[2]
        assert "#" in line, line


def test_the_environment_wins_over_the_file_and_an_option_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "http_port: 1001\nclock: event\nkafka:\n  group: filed\n")
    monkeypatch.setenv("VALUEPULSE_HTTP_PORT", "1002")
    monkeypatch.setenv("VALUEPULSE_KAFKA__GROUP", "from-environment")
    settings = Settings.load(path, {"kafka.group": "optional", "redis.url": None})
    origins = settings.origins()
    assert (settings.clock, origins["clock"]) == ("event", f"{path}:2")
    assert (settings.http_port, origins["http_port"]) == (1002, "VALUEPULSE_HTTP_PORT")
    assert (settings.kafka.group, origins["kafka.group"]) == ("optional", "command line")
    assert origins["redis.url"] == "default"


def test_a_variable_names_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALUEPULSE_CONFIG", str(written(tmp_path, "clock: event\n")))
    assert Settings.load().clock == "event"


def test_a_file_of_comments_alone_leaves_the_defaults(tmp_path: Path) -> None:
    assert Settings.load(written(tmp_path, "# nothing yet\n")) == Settings()


def test_a_relative_model_is_found_beside_the_file_that_names_it(tmp_path: Path) -> None:
    assert Settings.load(written(tmp_path, "model: shop.yaml\n")).model == tmp_path / "shop.yaml"


def test_relative_certificates_are_found_beside_the_file_that_names_them(tmp_path: Path) -> None:
    kafka = "kafka: {security_protocol: SSL, ssl_cafile: ca.pem, ssl_certfile: /etc/us.pem}\n"
    redis = "redis: {url: 'rediss://h', ssl_cafile: ca.pem, ssl_keyfile: us.key}\n"
    settings = Settings.load(written(tmp_path, kafka + redis))
    assert settings.kafka.ssl_cafile == settings.redis.ssl_cafile == tmp_path / "ca.pem"
    assert settings.kafka.ssl_certfile == Path("/etc/us.pem")
    assert settings.redis.ssl_keyfile == tmp_path / "us.key"


def test_a_secret_can_stand_in_a_file_and_is_never_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "redis"
    secret.write_text("hunter2\n", "utf-8")
    monkeypatch.setenv("VALUEPULSE_REDIS__PASSWORD_FILE", str(secret))
    settings = Settings.load()
    assert settings.redis.client_options()["password"] == "hunter2"  # noqa: S105
    assert settings.origins()["redis.password"] == "VALUEPULSE_REDIS__PASSWORD_FILE"
    assert "hunter2" not in repr(settings)


def test_every_problem_is_told_at_once_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "clok: wall\nhttp_port: many\nbatch:\n  max_events: 0\n")
    monkeypatch.setenv("VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS", "kafka")
    monkeypatch.setenv("VALUEPULSE_REDIS__PASSWORD_FILE", str(tmp_path / "none"))
    told = {misfit.setting: misfit for misfit in misfits(path)}
    assert {setting: misfit.where for setting, misfit in told.items()} == {
        "clok": f"{path}:1",
        "http_port": f"{path}:2",
        "batch.max_events": f"{path}:4",
        "kafka.bootstrap_servers": "VALUEPULSE_KAFKA__BOOTSTRAP_SERVERS",
        "redis.password": "VALUEPULSE_REDIS__PASSWORD_FILE",
    }
    assert "did you mean clock?" in told["clok"].message
    assert "'many'" in told["http_port"].message
    assert "kafka1:9092" in told["kafka.bootstrap_servers"].message


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VALUEPULSE_KAFAK__GROUP", "VALUEPULSE_KAFKA__GROUP"),
        ("VALUEPULSE_KAFKA__GRUOP", "kafka.group"),
        ("VALUEPULSE_HTTP_PROT", "VALUEPULSE_HTTP_PORT"),
    ],
)
def test_a_misspelt_variable_is_told(
    name: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "x")
    (misfit,) = misfits()
    assert misfit.where == name
    assert f"did you mean {meant}?" in misfit.message


def test_variables_of_tests_and_of_kubernetes_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("TEST_BROKER", "REQUIRE_SERVERS", "SERVICE_HOST", "PORT", "PORT_8080_TCP_ADDR"):
        monkeypatch.setenv(f"VALUEPULSE_{name}", "10.0.0.1")
    assert Settings.load().model_dump() == Settings().model_dump()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("clock: [wall\n", 2, "not YAML"),
        ("clock: wall\nclock: event\n", 2, "duplicate key"),
        ("- clock\n", 1, "is not a mapping"),
        ("kafka: &k {group: a}\n", 1, "has the anchor &k"),
        ("clock: wall\nkafka: *k\n", 2, "has the alias *k"),
        ("clock: wall\nkafka: !!map {}\n", 2, "has the tag"),
        ("clock:\n" + "- " * 5_000, 2, "is nested deeper than 20 levels"),
        ("#" * (2**20 + 1), 1, "has 1048577 characters"),
    ],
)
def test_a_file_that_is_no_settings_file_is_told_with_its_line(
    text: str, line: int, said: str, tmp_path: Path
) -> None:
    path = written(tmp_path, text)
    (misfit,) = misfits(path)
    assert misfit.where == f"{path}:{line}"
    assert said in misfit.message


def test_a_missing_file_is_told_with_the_variable_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALUEPULSE_CONFIG", str(tmp_path / "none.yaml"))
    (misfit,) = misfits()
    assert misfit.where == "VALUEPULSE_CONFIG"
    assert "No such file" in misfit.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "kafka: {security_protocol: SASL_SSL, sasl_mechanism: PLAIN}",
            "needs sasl_username, sasl_p",
        ),
        ("kafka: {sasl_username: u}", "did you mean SASL_SSL?"),
        ("topics: {payment: praise}", "payment and praise are both called 'praise'"),
        ("redis: {url: localhost}", "redis://host:6379/0"),
    ],
)
def test_settings_that_contradict_each_other_are_told(text: str, said: str, tmp_path: Path) -> None:
    (misfit,) = misfits(written(tmp_path, text))
    assert said in misfit.message


@pytest.mark.parametrize(
    ("url", "bare", "username", "password"),
    [
        ("redis://us:hunter2@h:1/3", "redis://h:1/3", "us", "hunter2"),
        ("rediss://:hunter2@h", "rediss://h", None, "hunter2"),
        ("redis://us:hun%2Fter%40%3A2@[::1]:1", "redis://[::1]:1", "us", "hun/ter@:2"),
        ("redis://us:hun:ter2@h", "redis://h", "us", "hun:ter2"),
        ("redis://h?password=hunter2&db=3&username=us", "redis://h?db=3", "us", "hunter2"),
        ("unix://us:hunter2@/run/redis?db=1", "unix:///run/redis?db=1", "us", "hunter2"),
        ("redis://h:1/3", "redis://h:1/3", None, None),
        ("unix:///run/redis?db=1", "unix:///run/redis?db=1", None, None),
    ],
)
def test_credentials_leave_the_url_of_redis(
    url: str,
    bare: str,
    username: str | None,
    password: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that it can stand in logs and errors; redis-py gets them beside it."""
    monkeypatch.setenv("VALUEPULSE_REDIS__URL", url)
    settings = Settings.load()
    options = settings.redis.client_options()
    assert settings.redis.url == bare
    assert (options.get("username"), options.get("password")) == (username, password)
    assert "hun" not in repr(settings)
    if password is not None:
        assert settings.origins()["redis.password"] == "VALUEPULSE_REDIS__URL"


def test_the_password_of_a_key_leaves_the_url_of_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALUEPULSE_REDIS__URL", "rediss://h?ssl_password=hunter2&ssl_ca_certs=%2Fa")
    redis = Settings.load().redis
    assert redis.url == "rediss://h?ssl_ca_certs=%2Fa"
    assert redis.ssl_key_password is not None
    assert redis.ssl_key_password.get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("redis: {url: 'redis://:hunter2@h', password: other}", "another password than redis.pass"),
        ("redis: {url: 'redis://:hunter2/x@h:1/0'}", "%2F"),
        ("redis: {url: 'redis://:hunter2#x@h:1/0'}", "%2F"),
        ("redis: {url: 'redis://us:1/hunter2@h'}", "%2F"),
        ("redis: {url: 'redis://:hunter2?@h'}", "%2F"),
        ("redis: {url: 'redis://h:hunter2'}", "%2F"),
        ("redis: {url: 'redis://hunter2:ℂ℀@h'}", "%2F"),
        ("redis: {url: 'redis://h/hunter2'}", "the number of a database"),
        ("redis: {url: 'redis://h?hunter2=1'}", "no other options than db"),
        ("redis: {url: 'hunter2@h'}", "is no Redis URL"),
        ("redis: {url: [hunter2]}", "valid string"),
        ("redis: 'redis://:hunter2@h'", "what stands here does not fit"),
        ("redis: {password: 2.5, username: hunter2}", "what stands here does not fit"),
        ("kafka: hunter2", "what stands here does not fit"),
        ("log: hunter2", "what stands here does not fit"),
        ("kafka: {bootstrap_servers: 'us:hunter2@h:9092'}", "sasl_password"),
        ("kafka: {sasl_pasword: hunter2}", "did you mean kafka.sasl_password?"),
        ("log: {customer_key: hunter2}", "16 to 64 bytes"),
        ("redis:\n  password: hunter2\n  password: hunter2", 'duplicate key "password"'),
        ("redis:\n  password: hunter2\n hunter2: [", "not YAML"),
    ],
)
def test_no_error_shows_a_secret(text: str, said: str, tmp_path: Path) -> None:
    (misfit,) = misfits(written(tmp_path, text))
    assert said in misfit.message
    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path / "streams.yaml")
    told = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in told


@pytest.mark.parametrize("name", ["VALUEPULSE_REDIS__PASSWORD_FILE", "VALUEPULSE_REDIS"])
def test_a_secret_in_the_wrong_variable_is_not_shown(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "hunter2")
    (misfit,) = misfits()
    assert "hunter2" not in str(misfit)


def test_a_wrong_secret_is_told_without_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "redis:\n  password: [hunter2]\n")
    (misfit,) = misfits(path)
    assert misfit.where == f"{path}:2"
    assert "hunter2" not in str(misfit)


def test_credentials_reach_the_client_of_kafka(tmp_path: Path) -> None:
    credentials = "sasl_mechanism: PLAIN, sasl_username: u, sasl_password: p"
    text = f"kafka: {{security_protocol: SASL_PLAINTEXT, {credentials}}}"
    options = Settings.load(written(tmp_path, text)).kafka.client_options()
    assert options["security_protocol"] == "SASL_PLAINTEXT"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("u", "p")


# --------------------------------------------------------------------------------- certificates

TLS = {"kafka": "security_protocol: SSL", "redis": "url: 'rediss://h'"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def options_of(section: str, path: Path) -> dict[str, Any]:
    return dict(getattr(Settings.load(path), section).client_options())


@pytest.mark.parametrize("section", TLS)
def test_certificates_are_read_for_both_servers(
    section: str, authority: Authority, tmp_path: Path
) -> None:
    ours = authority.sign("ours", password="hunter2")  # noqa: S106 - of this test
    files = f"ssl_cafile: {authority.file}, ssl_certfile: {ours.file}, ssl_keyfile: {ours.key}"
    text = f"{section}: {{{TLS[section]}, {files}, ssl_key_password: hunter2}}"
    options = options_of(section, written(tmp_path, text))
    if section == "kafka":
        assert len(options["ssl_context"].get_ca_certs()) == 1
        assert options["ssl_context"].check_hostname
    else:
        assert (options["ssl_ca_certs"], options["ssl_password"]) == (
            str(authority.file),
            "hunter2",
        )


@pytest.mark.parametrize("section", TLS)
@pytest.mark.parametrize(
    ("settings", "setting", "said"),
    [
        ("ssl_cafile: /none.pem", "ssl_cafile", "cannot be read: No such file"),
        ("ssl_cafile: {text}", "ssl_cafile", "is no certificate"),
        ("ssl_certfile: /none.pem", "ssl_certfile", "cannot be read: No such file"),
        ("ssl_certfile: {ours.file}", "ssl_certfile", "is no certificate with its key"),
        ("ssl_certfile: {ours.file}, ssl_keyfile: {locked.key}", "ssl_certfile", "does not open"),
        ("ssl_keyfile: {ours.key}", "ssl_keyfile", "of no use without ssl_certfile"),
        (
            "ssl_certfile: {locked.file}, ssl_keyfile: {locked.key}, ssl_key_password: hunter3",
            "ssl_certfile",
            "does not open",
        ),
    ],
)
def test_certificates_that_cannot_be_used_are_told(
    section: str, settings: str, setting: str, said: str, authority: Authority, tmp_path: Path
) -> None:
    """A locked key without its password must not make OpenSSL ask for it on the terminal."""
    (tmp_path / "text").write_text("no certificate", "utf-8")
    ours, locked = authority.sign("ours"), authority.sign("locked", password="hunter2")  # noqa: S106
    given = settings.format(ours=ours, locked=locked, text=tmp_path / "text")
    path = written(tmp_path, f"{section}: {{{TLS[section]}, {given}}}")
    with pytest.raises(SettingsError) as caught:
        options_of(section, path)
    (misfit,) = caught.value.problems
    assert misfit.setting == f"{section}.{setting}"
    assert said in misfit.message
    assert "hunter" not in str(misfit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kafka: {ssl_cafile: a}", "ssl_cafile would not be used with security_protocol PLAINTEXT"),
        ("redis: {ssl_certfile: a, ssl_key_password: b}", "did you mean rediss://?"),
        ("redis: {url: 'redis://h?ssl_ca_certs=a'}", "no other options than db"),
        ("redis: {username: us}", "username needs password too"),
    ],
)
def test_certificates_and_names_of_no_use_are_told(text: str, said: str, tmp_path: Path) -> None:
    """Whoever gives them believes that they protect something."""
    (misfit,) = misfits(written(tmp_path, text))
    assert said in misfit.message


def test_every_type_of_event_has_its_input_topic() -> None:
    assert [topic.role for topic in Topics.of(Settings()).inputs] == [
        *(name for name in TYPES if name not in COMMANDS),
        "commands",
    ]
    assert [topic.role for topic in Topics.of(Settings()).all()] == list(TOPIC_ROLES)


def test_the_prefix_stands_before_every_topic(tmp_path: Path) -> None:
    topics = Topics.of(Settings.load(written(tmp_path, "topics: {prefix: eu-}")))
    assert all(topic.name.startswith("eu-") for topic in topics.all())
    assert topics.name("tier_changes") == "eu-tier-changes"
    assert topics.event_types()["eu-payments"] == "payment"


def test_the_packaged_model_can_be_used() -> None:
    assert load_model(Settings().model).tag == "default@2"


def test_a_model_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml: model: cannot be read.*VALUEPULSE_MODEL"):
        load_model(tmp_path / "none.yaml")


def test_a_model_that_cannot_be_used_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("model: {name: m, version: 1}\n", "utf-8")
    with pytest.raises(ModelError, match=rf"{tmp_path}/m\.yaml:1: timezone"):
        load_model(tmp_path / "m.yaml")
