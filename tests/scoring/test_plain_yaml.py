"""YAML of models and settings: plain values, bounded, and every refusal with its line."""

from __future__ import annotations

import pytest

from scoring.errors import ModelError
from scoring.model import parse
from scoring.plain_yaml import DEEPEST, LARGEST, PlainYamlError, load

# Ten lines that stand for ten thousand million values.
LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: &x {c: 1}\n", 2, "has the anchor &x: aliases are not taken"),
        ("a: 1\n\nb: [2, &x 3]\n", 3, "has the anchor &x: aliases are not taken"),
        ("a: 1\nb: *x\n", 2, "has the alias *x: write out what it stands for"),
        ("a: {<<: *x}\n", 1, "has the alias *x: write out what it stands for"),
        (LAUGHS, 1, "has the anchor &a: aliases are not taken"),
        ("a: 1\nb: !!binary aGk=\n", 2, "has the tag tag:yaml.org,2002:binary: write a plain"),
        ("a: !!python/object:os.system x\n", 1, "has the tag tag:yaml.org,2002:python/object"),
        ("a: 1\nb: " + "[" * DEEPEST + "]" * DEEPEST, 2, "is nested deeper than 20 levels"),
        ("\n" + "- " * 100_000, 2, "is nested deeper than 20 levels"),
        ("a: 1\nb: " + "9" * 5_000, 2, "has a number of more than 100 digits"),
        ("a: 0x" + "f" * 5_000, 1, "has a number of more than 100 digits"),
        ("#" * (LARGEST + 1), 1, "has 1048577 characters, at most 1048576 are read"),
        ("a: secret\na: secret\n", 2, 'not YAML: found duplicate key "a"'),
        ("a: 1\n--- 2\n", 2, "not YAML: but found another document"),
        ("a: \x00\n", 1, "not YAML: unacceptable character #x0000"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(PlainYamlError) as refused:
        load(text)
    assert refused.value.line == line
    assert refused.value.message.startswith(said)
    assert "secret" not in str(refused.value)
    assert "\n" not in refused.value.message


def test_the_deepest_and_largest_that_are_taken() -> None:
    deepest = load("[" * DEEPEST + "]" * DEEPEST)
    assert str(deepest) == "[" * DEEPEST + "]" * DEEPEST
    assert load("a: 1\n#" + "#" * (LARGEST - 6))["a"] == 1
    assert load("a: " + "9" * 100)["a"] == int("9" * 100)


def test_what_looks_like_an_anchor_in_a_text_is_a_text() -> None:
    assert load("a: 'R&D *new* !x'\nb: R&D\n") == {"a": "R&D *new* !x", "b": "R&D"}


def test_a_model_with_an_alias_is_refused_with_file_and_line() -> None:
    with pytest.raises(ModelError, match=r"shop\.yaml:2: \(file\): has the anchor &m"):
        parse("# a model\nmodel: &m {name: m, version: 1}\n", "shop.yaml")
