"""Settings: which source wins, and what is said about those that cannot be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scoring.errors import ModelError
from scoring.events import TYPES
from streams.errors import Misfit, SettingsError
from streams.model_file import load_model
from streams.settings import PACKAGED, TOPIC_ROLES, Settings, setting_paths
from streams.topics import Topics


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
        ("clock: [wall\n", 2, "is not YAML"),
        ("clock: wall\nclock: event\n", 2, "duplicate key"),
        ("- clock\n", 1, "is not a mapping"),
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


def test_every_type_of_event_has_its_input_topic() -> None:
    assert [topic.role for topic in Topics.of(Settings()).inputs] == list(TYPES)
    assert [topic.role for topic in Topics.of(Settings()).all()] == list(TOPIC_ROLES)


def test_the_prefix_stands_before_every_topic(tmp_path: Path) -> None:
    topics = Topics.of(Settings.load(written(tmp_path, "topics: {prefix: eu-}")))
    assert all(topic.name.startswith("eu-") for topic in topics.all())
    assert topics.name("tier_changes") == "eu-tier-changes"
    assert topics.event_types()["eu-payments"] == "payment"


def test_the_packaged_model_can_be_used() -> None:
    assert load_model(Settings().model).tag == "default@1"


def test_a_model_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml: model: cannot be read.*VALUEPULSE_MODEL"):
        load_model(tmp_path / "none.yaml")


def test_a_model_that_cannot_be_used_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("model: {name: m, version: 1}\n", "utf-8")
    with pytest.raises(ModelError, match=rf"{tmp_path}/m\.yaml:1: timezone"):
        load_model(tmp_path / "m.yaml")
