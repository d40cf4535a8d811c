"""What the READMEs name exists: paths, commands, documents' links."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = [
    *READMES,
    "CHANGELOG.md",
    *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(#[^)\s]*)?\)")
COMMAND = re.compile(r"valuepulse ((?:[a-z]+ ?){1,2})")
RECIPE = re.compile(r"make ([a-z-]+)")
GROUPS = ("clv", "dashboard", "topics", "config", "model", "weights", "dlq")
RUN_TOO = {"dashboard"}
"""Groups that do something by themselves."""

RUN = "from streams.cli.main import run; run()"


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(readme: str, mark: str) -> str:
    """Return the section of a README that holds `mark`, from heading to heading."""
    return next(
        part for part in re.split(r"^## ", text(readme), flags=re.MULTILINE) if mark in part
    )


def rows(readme: str, first_command: str) -> Iterator[str]:
    """Yield the first cell of each row of the table of commands."""
    for line in section(readme, f"| `valuepulse {first_command}").splitlines():
        if line.startswith("| `valuepulse "):
            yield line.split(" | ")[0]


def commands_of(*group: str) -> set[str]:
    """Return the commands that `--help` lists."""
    shown = subprocess.run(
        [sys.executable, "-c", RUN, *group, "--help"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout  # fmt: skip
    listed = shown.partition("Commands:\n")[2].partition("\n\n")[0]
    return {line.split()[0] for line in listed.splitlines() if re.match(r"  [a-z]", line)}


@pytest.fixture(scope="module")
def commands() -> set[str]:
    """All commands, those of groups in two words."""
    top = commands_of()
    return (
        (top - set(GROUPS)) | RUN_TOO | {f"{g} {name}" for g in GROUPS for name in commands_of(g)}
    )


@pytest.mark.parametrize("readme", READMES)
def test_the_table_of_commands_is_what_the_program_has(readme: str, commands: set[str]) -> None:
    """A command that only the README knows costs a reader his patience; so does a hidden one."""
    named = {m.strip() for row in rows(readme, "demo") for m in COMMAND.findall(row)}
    assert named == commands


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file_or_folder_of_the_project(document: str) -> None:
    """The map of folders consists of links, so it cannot go stale either."""
    folder = (ROOT / document).parent
    missing = [
        target
        for target, _ in LINK.findall(text(document))
        if target and not (folder / target).exists()
    ]
    assert not missing


@pytest.mark.parametrize("readme", READMES)
def test_the_map_names_every_package_and_folder(readme: str) -> None:
    """Whoever looks for a folder finds it in the map."""
    named = {
        target.rstrip("/") for target, _ in LINK.findall(section(readme, "(scoring/kernel.py)"))
    }
    packages = {str(p.parent.relative_to(ROOT)) for p in (ROOT / "streams").glob("*/__init__.py")}
    tops = {"scoring", "streams", "config", "tests", "benchmarks"}
    assert (packages - {"streams/schemas"}) | tops <= named


@pytest.mark.parametrize("readme", READMES)
def test_every_recipe_named_is_in_the_makefile(readme: str) -> None:
    """The three commands on the first screen must be the ones that work."""
    recipes = set(re.findall(r"^([a-z-]+):.*##", text("Makefile"), flags=re.MULTILINE))
    named = set(
        RECIPE.findall(
            "\n".join(re.findall(r"`make [a-z-]+`|^make [a-z-]+", text(readme), flags=re.MULTILINE))
        )
    )
    assert {"demo", "test"} <= named <= recipes


def test_both_languages_have_the_same_sections_tables_and_code() -> None:
    """A table that one language lacks is a promise that half of the readers never see."""

    def shape(name: str) -> list[tuple[str, int]]:
        lines = text(name).splitlines()
        kinds = (("## ", "section"), ("|", "row"), ("```", "fence"))
        return [
            (kind, n) for kind, n in ((k, sum(x.startswith(p) for x in lines)) for p, k in kinds)
        ]

    assert shape(READMES[0]) == shape(READMES[1])
