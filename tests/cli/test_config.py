"""`valuepulse config`: every value with its origin, every problem with its place."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import valuepulse


def test_show_tells_each_value_and_where_it_comes_from() -> None:
    shown = valuepulse("config", "show", "--json", variables={"VALUEPULSE_CLOCK": "event"}).json()
    assert shown["clock"] == {"value": "event", "origin": "VALUEPULSE_CLOCK"}
    assert shown["kafka.group"]["value"] == "valuepulse"
    assert shown["kafka.group"]["origin"].startswith("config/streams.yaml:")
    assert shown["earliest_day"]["value"] == "1980-01-01"  # a date is no secret


def test_show_masks_secrets_also_those_that_came_in_the_url() -> None:
    variables = {"VALUEPULSE_REDIS__URL": "redis://user:hunter2@localhost:6379/0"}
    assert "hunter2" not in valuepulse("config", "show", variables=variables).out
    shown = valuepulse("config", "show", "--json", variables=variables).json()
    origin = "VALUEPULSE_REDIS__URL"
    assert shown["redis.url"] == {"value": "redis://localhost:6379/0", "origin": origin}
    assert shown["redis.username"] == {"value": "user", "origin": origin}
    assert shown["redis.password"] == {"value": "**********", "origin": origin}


def test_check_is_content_with_the_packaged_settings_and_model() -> None:
    checked = valuepulse("config", "check")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.startswith("ok: settings, and model default@2 (58 indicators")


def test_check_tells_the_problems_of_settings_and_model_at_once(tmp_path: Path) -> None:
    settings, model = tmp_path / "streams.yaml", tmp_path / "shop.yaml"
    settings.write_text("http_port: many\nmodel: shop.yaml\n", "utf-8")
    model.write_text("model: {name: m, version: 1}\ntimezone: Asia/Shanghia\n", "utf-8")
    checked = valuepulse("config", "check", "--config", settings, "--json")
    assert checked.code == 2
    told = checked.json()
    assert not told["ok"]
    wheres = {problem["setting"]: problem["where"] for problem in told["problems"]}
    assert wheres["http_port"] == f"{settings}:1"
    assert wheres["timezone"] == f"{model}:2"


def test_check_takes_a_model_from_the_command_line(tmp_path: Path) -> None:
    checked = valuepulse("config", "check", "--model", tmp_path / "none.yaml")
    assert checked.code == 2
    assert "none.yaml: model: cannot be read" in checked.err
