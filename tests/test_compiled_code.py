"""Compiled code is found again as long as nothing that it depends on has changed, and only then."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streams import compiled_code
from streams.compiled_code import ROOT, _imported_by

RUN = """
import sys
from streams.kernel_cache import choose
choose()
from scoring.increments import increment
from scoring.money import LIMIT
import numpy as np
print(increment(2, 0, 700, 450, 0, 0, 0), sum(increment.stats.cache_hits.values()))
"""


def test_the_kernel_depends_on_what_it_calls_and_not_on_the_page() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in _imported_by(ROOT / "scoring/kernel.py")}
    assert {"scoring/kernel.py", "scoring/windows.py", "scoring/bits.py", "scoring/jit.py"} <= names
    assert not {name for name in names if name.startswith("streams/")}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the packages, with a cache of its own."""
    for package in ("scoring", "streams"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "config")
        shutil.copytree(ROOT / package, tmp_path / "clone" / package, ignore=ignored)
    return tmp_path / "clone"


def answer(clone: Path) -> list[str]:
    """Return what a compiled function says in a process of its own, and its hits in the cache."""
    environment = {"PYTHONPATH": str(clone), "NUMBA_CACHE_DIR": str(clone.parent / "cache")}
    ran = subprocess.run(
        [sys.executable, "-c", RUN], env=environment, cwd=clone, capture_output=True, check=True
    )
    return ran.stdout.decode().split()


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_only_a_change_of_what_it_depends_on_compiles_a_function_again(clone: Path) -> None:
    assert answer(clone) == ["250", "0"]
    assert answer(clone) == ["250", "1"]
    changed(clone / "streams/tasks.py", '"""', '"""Another comment. ')
    assert answer(clone) == ["250", "1"], "nothing that it needs has changed"
    changed(
        clone / "scoring/measures.py",
        '    "margin",\n    "costed_amount",',
        '    "costed_amount",\n    "margin",',
    )
    assert answer(clone) == ["700", "0"], "a constant of another file is part of its code"


def test_the_same_sources_elsewhere_find_the_same_code(clone: Path, tmp_path: Path) -> None:
    answer(clone)
    shutil.copytree(clone, tmp_path / "another")
    assert answer(tmp_path / "another") == ["250", "1"]


def test_what_other_projects_hold_is_not_read(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside an installed wheel they lie, too: to hash all of numpy would delay each start."""
    (clone / "numpy").mkdir()
    (clone / "numpy/__init__.py").write_text("", "utf-8")
    monkeypatch.setattr(compiled_code, "ROOT", clone)
    caches = (compiled_code._files_of, compiled_code._imports)
    for each in caches:
        each.cache_clear()
    try:
        found = _imported_by(clone / "scoring/kernel.py")
    finally:
        for each in caches:
            each.cache_clear()
    assert {path.relative_to(clone).parts[0] for path in found} == {"scoring"}
