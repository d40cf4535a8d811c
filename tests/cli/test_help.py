"""What every command says of itself fits a terminal, and shows no marks of its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from streams.cli.main import create_cli
from tests.cli.command import valuepulse

NARROW = 80


def commands(command: Any = None, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield all commands, and the groups that they are in."""
    command = command or get_command(create_cli())
    yield path
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from commands(inner, *path, name)


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_is_plain_text_of_a_terminal_s_width(path: tuple[str, ...]) -> None:
    ended = valuepulse(*path, "--help", variables={"COLUMNS": str(NARROW)})
    assert ended.code == 0
    assert "\\b" not in ended.out
    assert "\b" not in ended.out
    assert max(map(len, ended.out.splitlines())) <= NARROW


def test_findings_of_a_model_are_told_in_lines_that_can_be_read() -> None:
    ended = valuepulse("model", "lint")
    assert ended.code == 4
    assert max(map(len, ended.out.splitlines())) <= 100
