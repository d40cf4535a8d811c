"""What docs/coverage.md names exists: tests, commands, names of the shipped model, links."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.main import get_command

from scoring.events import TYPES
from scoring.measures import KINDS, MEASURES
from scoring.model import Group, Model, parse
from scoring.parts import Part
from scoring.reference import words
from streams.cli.main import create_cli
from streams.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "coverage.md"
DOCUMENTS = (
    "000_c90b01ae2ece5436.txt",
    "001_0c24a37b18c0b3ac.txt",
    "002_6a5d498b15c3e0d9.txt",
    "003_b7004fc6170847e5.txt",
    "004_12a0d052468fd5a6.txt",
)
OUTSIDE = ("*calibration*", "*departments*")
NO_TEST = "–"


class Row(NamedTuple):
    """A requirement: where it is quoted from, what meets it, what shows that."""

    document: str
    quote: str
    feature: str
    tests: str


def rows_of(page: str) -> list[Row]:
    """The rows of all tables of a page."""
    found = []
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        for line in section.splitlines()[4:]:
            if line.startswith("|"):
                quote, _, feature, tests = (cell.strip() for cell in line.strip("|").split(" | "))
                found.append(Row(section.split()[0], quote, feature, tests))
    return found


def page() -> str:
    return PAGE.read_text("utf-8")


ROWS = rows_of(page())
TOKENS = sorted({token for row in ROWS for token in re.findall(r"`([^`]+)`", row.feature)})
TESTS = sorted({test for row in ROWS for test in re.findall(r"`([^`]+)`", row.tests)})


@cache
def shipped() -> Model:
    return parse((ROOT / "config" / "scoring.yaml").read_text("utf-8"), "scoring.yaml")


@cache
def functions(file: str) -> set[str]:
    """The names of the functions of a file; none if there is no such file."""
    path = ROOT / file
    tree = ast.parse(path.read_text("utf-8") if path.is_file() else "")
    return {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@cache
def commands() -> set[str]:
    """All commands, those of groups in two words."""
    found = set()
    for name, command in get_command(create_cli()).commands.items():  # type: ignore[attr-defined]  # a group
        inner = getattr(command, "commands", None)
        alone = not inner or getattr(command, "invoke_without_command", False)
        found |= {f"{name} {each}" for each in inner or ()} | ({name} if alone else set())
    return {f"valuepulse {each}" for each in found}


@cache
def recipes() -> set[str]:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    return {f"make {name}" for name in re.findall(r"^([a-z-]+):.*##", makefile, flags=re.MULTILINE)}


def parts(part: type[Part] = Part) -> Iterator[type[Part]]:
    for each in part.__subclasses__():
        yield each
        yield from parts(each)


def groups(of: tuple[Group, ...]) -> Iterator[str]:
    for group in of:
        yield group.name
        yield from groups(group.groups)


@cache
def named() -> set[str]:
    """All that a feature may be called: names of the shipped model, and words of the code."""
    model = shipped()
    names = {*model.indicators, *model.scores, *model.segments, *model.alerts}
    names |= {name for score in model.scores.values() for name in groups(score.groups)}
    names |= {field for part in parts() for field in part.model_fields}
    names |= {*words.INDICATOR_KINDS, *words.NORMALISERS, *words.FILLS, *MEASURES, *KINDS, *TYPES}
    names |= {"costs"}  # of a sale
    return names | {str(name) for name in Settings().topics.model_dump().values()}


def test_each_of_the_five_documents_has_its_requirements() -> None:
    assert tuple(dict.fromkeys(row.document for row in ROWS)) == DOCUMENTS
    assert len(ROWS) > 200


@pytest.mark.parametrize("test", TESTS)
def test_a_test_that_is_named_exists(test: str) -> None:
    file, _, function = test.partition("::")
    assert function in functions(file)
    assert function.startswith("test_")


@pytest.mark.parametrize("token", TOKENS)
def test_what_is_named_as_a_feature_exists(token: str) -> None:
    if token.startswith("valuepulse "):
        assert token in commands()
    elif token.startswith("make "):
        assert token in recipes()
    elif "/" in token:
        assert (ROOT / token).exists()
    else:
        assert token in named()


def test_only_what_is_outside_of_scoring_has_no_test() -> None:
    """The dashboard, calibration, and what departments do; each of the others shows a test."""
    without = [row for row in ROWS if not re.fullmatch(r"`tests/.+`", row.tests)]
    assert {row.tests for row in without} == {NO_TEST}
    assert [row.quote for row in without if not row.feature.startswith(OUTSIDE)] == []


def test_no_requirement_is_listed_twice() -> None:
    quotes = [(row.document, row.quote) for row in ROWS]
    assert sorted(set(quotes)) == sorted(quotes)


def test_quotes_are_short() -> None:
    """They are others' texts: enough to find a sentence, no more."""
    assert [row.quote for row in ROWS if len(row.quote) > 25] == []


def test_every_score_segment_and_alert_and_what_they_count_meets_a_requirement() -> None:
    """What nobody asked for does not belong into the shipped model."""
    model = shipped()
    terms = {term.indicator for score in model.scores.values() for term, _ in score.terms()}
    asked = {*model.scores, *model.segments, *model.alerts, *terms}
    assert asked - set(TOKENS) == set()


def test_links_lead_to_a_section_of_a_page() -> None:
    defined = dict(re.findall(r"^\[(§\d+)\]: (\S+)$", page(), flags=re.MULTILINE))
    assert set(re.findall(r"\[(§\d+)\]", page())) == set(defined)
    for mark, target in defined.items():
        file, _, anchor = target.partition("#")
        headings = re.findall(r"^#+ (.*)$", (PAGE.parent / file).read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in slugs
        assert anchor.startswith(f"{mark[1:]}-")
