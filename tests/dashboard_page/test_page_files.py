"""The page says the same in both languages, and loads nothing from elsewhere."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import streams.dashboard

PAGE = Path(streams.dashboard.__file__).parent / "static"
MODULES = sorted(path for path in PAGE.rglob("*.js") if "vendor" not in path.parts)
LANGUAGES = ("en", "zh")


def words(language: str) -> dict[str, Any]:
    """Return the words of a language by key."""
    read: dict[str, Any] = json.loads((PAGE / f"i18n/{language}.json").read_text("utf-8"))
    return read


def texts(word: Any) -> list[str]:
    """Return a word's forms: one, or one for each plural."""
    return list(word.values()) if isinstance(word, dict) else [word]


def said(module: Path) -> set[str]:
    """Return the keys of words that a module names in full."""
    return set(re.findall(r"\bt\(\s*'([a-z_]+\.[a-z_0-9]+)'", module.read_text("utf-8")))


def test_both_languages_have_the_same_words() -> None:
    assert words("en").keys() == words("zh").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_a_module_says_is_there(language: str) -> None:
    keys = {key for module in MODULES for key in said(module)}
    assert len(keys) > 100
    assert sorted(keys - words(language).keys()) == []


def test_a_word_takes_the_same_values_in_both_languages() -> None:
    en, zh = words("en"), words("zh")
    places = {key: set(re.findall(r"\{(\w+)\}", " ".join(texts(en[key])))) for key in en}
    differing = [
        key for key in en if set(re.findall(r"\{(\w+)\}", " ".join(texts(zh[key])))) != places[key]
    ]
    assert differing == []


def test_every_plural_has_the_form_for_others() -> None:
    plurals = [word for language in LANGUAGES for word in words(language).values()
               if isinstance(word, dict)]  # fmt: skip
    assert plurals
    assert all("other" in word for word in plurals)


def test_the_page_has_no_script_style_or_handler_inline() -> None:
    page = (PAGE / "index.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\bstyle=|\bon[a-z]+=", page) == []


def test_modules_neither_evaluate_text_nor_set_html() -> None:
    forbidden = re.compile(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|document\.write")
    assert [str(path) for path in MODULES if forbidden.search(path.read_text("utf-8"))] == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    ours = [*MODULES, PAGE / "index.html", PAGE / "style.css"]
    elsewhere = re.compile(r"(?:src|href|from|url\()\s*[=(]?\s*['\"]?(?:https?:)?//")
    assert [str(path) for path in ours if elsewhere.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PAGE)))
def test_every_module_that_is_imported_is_there(module: Path) -> None:
    named = re.findall(r"(?:from|import\()\s*'(\.[^']+)'", module.read_text("utf-8"))
    assert [name for name in named if not (module.parent / name).is_file()] == []


def test_what_is_vendored_comes_with_its_licence() -> None:
    vendored = {path.parent for path in (PAGE / "vendor").rglob("*.js")}
    assert vendored
    assert [str(folder) for folder in vendored if not (folder / "LICENSE").is_file()] == []
