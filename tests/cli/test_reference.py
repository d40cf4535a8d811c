"""A model in words, for those who read no YAML."""

import subprocess
import sys
from pathlib import Path

import pytest

from scoring.errors import ModelError
from streams.cli.reference import reference
from streams.errors import UsageError
from tests.cli.command import ROOT

PAGE = ROOT / "docs" / "indicators.md"
SHIPPED = ROOT / "config" / "scoring.yaml"


def test_the_page_of_the_shipped_model_is_printed() -> None:
    told = subprocess.run(
        [sys.executable, "-W", "error", "-m", "streams.cli.reference"],
        capture_output=True, text=True, encoding="utf-8", check=True, cwd=ROOT,
    )  # fmt: skip  # what, then how
    assert told.stdout == PAGE.read_text("utf-8")


def test_the_page_of_another_model_is_written_to_a_file(tmp_path: Path) -> None:
    model, out = tmp_path / "mine.yaml", tmp_path / "mine.md"
    model.write_text(SHIPPED.read_text("utf-8").replace("base: CNY", "base: EUR"), "utf-8")
    reference(model=model, out=out)
    assert out.read_text("utf-8") == PAGE.read_text("utf-8").replace("CNY", "EUR")


def test_a_model_that_cannot_be_used_is_no_page(tmp_path: Path) -> None:
    model = tmp_path / "mine.yaml"
    model.write_text("model: {name: mine}\n", "utf-8")
    with pytest.raises(ModelError, match=r"mine\.yaml:1"):
        reference(model=model)


def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        reference(out=tmp_path / "nowhere" / "page.md")
