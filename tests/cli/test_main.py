"""The command line as a whole: help at once, exit codes, errors in words."""

from __future__ import annotations

import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.command import ROOT, valuepulse
from tests.servers import free_port

HELP_S = 0.4
COMMANDS = (
    "worker", "replay", "send", "show", "explain", "topics", "config", "weights", "dlq", "doctor",
)  # fmt: skip
# What takes long to import and no help needs.
HEAVY = ("aiokafka", "faust", "numba", "numpy", "pydantic", "redis", "rich", "structlog")


def test_help_names_every_command_and_every_exit_code() -> None:
    helped = valuepulse("--help")
    assert helped.code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in helped.out, command
    for code in range(5):
        assert f"\n    {code}  " in helped.out, code


def test_help_takes_less_than_four_tenths_of_a_second() -> None:
    """Processor time of the quickest of five: what else runs here does not count."""

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        valuepulse("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < HELP_S


def test_the_command_line_imports_nothing_heavy_before_a_command_runs() -> None:
    program = (
        "import sys; from streams.cli.main import create_cli; create_cli(); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_an_unknown_command_is_a_usage_error() -> None:
    assert valuepulse("scorre").code == 2


def test_settings_that_cannot_be_used_are_told_line_by_line_without_a_traceback(
    tmp_path: Path,
) -> None:
    path = tmp_path / "streams.yaml"
    path.write_text("clok: wall\nhttp_port: many\n", "utf-8")
    ended = valuepulse("topics", "check", "--config", path)
    assert (ended.code, ended.out) == (2, "")
    assert [line.split(": ")[1] for line in ended.err.splitlines()] == [f"{path}:1", f"{path}:2"]


@pytest.mark.parametrize("command", [("topics", "check"), ("dlq", "ls"), ("send", "-")])
def test_no_broker_is_one_clear_line(command: tuple[str, ...]) -> None:
    ended = valuepulse(*command, "--broker", f"127.0.0.1:{free_port()}")
    assert (ended.code, ended.out) == (3, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("valuepulse: Kafka at 127.0.0.1:")


def test_the_version_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    told = valuepulse("--version")
    assert told.code == 0
    assert told.out.strip() in (project["version"], "not installed")
