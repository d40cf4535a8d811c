"""A model that says how its weights were found: they are found again, or the model is refused."""

from __future__ import annotations

import pytest

from scoring.errors import ModelError, Problem
from scoring.model import parse
from tests.scoring.batches import SHOP

GROUP = "        weight: 60\n"
"""The group `trade` of shop.yaml: spend_30d weighs 3, recency 1."""
SCORE = "  value:\n"
"""The score whose groups are trade, which weighs 60, and voice, which weighs 40."""


def group(weighting: str) -> str:
    return _after(GROUP, f"        weighting: {weighting}\n")


def score(weighting: str) -> str:
    return _after(SCORE, f"    weighting: {weighting}\n")


def _after(line: str, added: str) -> str:
    assert SHOP.count(line) == 1
    return SHOP.replace(line, line + added)


def problem(text: str) -> Problem:
    with pytest.raises(ModelError) as refused:
        parse(text, "shop.yaml")
    (found,) = refused.value.problems
    return found


GIVE_3_TO_1 = [
    "{method: ahp, matrix: [[1, 3], [1/3, 1]]}",
    "{method: ahp, matrix: [[1, '3'], ['1 / 3', 1]]}",
    "{method: ahp, matrix: [[1, 3], [0.3333, 1]]}",
    "{method: ahp, matrices: [[[1, 9], [0.1111, 1]], [[1, 1], [1, 1]]]}",
    "{method: panel, scores: [[9, 2], [6, 3]]}",
    "{method: combined, how: linear, shares: [1, 1], of: "
    "[{method: panel, scores: [[1, 0]]}, {method: ahp, matrix: [[1, 1], [1, 1]]}]}",
    "{method: combined, how: multiplicative, of: "
    "[{method: panel, scores: [[3, 2]]}, {method: panel, scores: [[2, 1]]}]}",
    "{method: combined, how: linear, shares: [0, 1], of: [{method: entropy, "
    "matrix: [[1, 2], [2, 3]], directions: [more, less]}, {method: panel, scores: [[3, 1]]}]}",
]


@pytest.mark.parametrize("weighting", GIVE_3_TO_1)
def test_weights_that_agree_are_taken_and_change_no_score(weighting: str) -> None:
    noted, plain = parse(group(weighting), "shop.yaml"), parse(SHOP, "shop.yaml")
    assert noted.scores["value"].groups[0].weighting is not None
    assert list(noted.scores["value"].terms()) == list(plain.scores["value"].terms())


@pytest.mark.parametrize("method", ["entropy", "critic"])
def test_figures_weigh_too(method: str) -> None:
    """Two criteria with the same values: each weighs a half by entropy and by CRITIC."""
    matrix = "[[1, 4], [2, 2], [4, 1]]"
    halves = group(f"{{method: {method}, matrix: {matrix}, directions: [more, more]}}")
    halves = halves.replace("            weight: 3\n", "            weight: 1\n")
    assert parse(halves, "shop.yaml").scores["value"].groups[0].weighting is not None


def test_a_score_tells_how_its_groups_were_weighed() -> None:
    parse(score("{method: panel, scores: [[6, 4]]}"), "shop.yaml")
    assert problem(score("{method: panel, scores: [[1, 1]]}")) == Problem(
        _line_of(SCORE) + 1,
        "scores.value.weighting",
        "gives trade 0.5000 (listed 0.6000), voice 0.5000 (listed 0.4000); "
        "list what it gives, or mend its inputs",
    )


def test_groups_within_a_group_are_weighed_in_their_order() -> None:
    """Trade becomes a level of two groups."""
    start, end = SHOP.index("      - name: trade"), SHOP.index("      - name: voice")
    trade = SHOP[start:end]
    first = trade.replace("name: trade", "name: a").replace("60", "1")
    voice = SHOP[end : SHOP.index("    tiers:", end)].replace("weight: 40", "weight: 4")
    inner = "".join(f"    {line}\n" for line in (first + voice).splitlines())
    level = "      - name: all\n        weight: 1\n        weighting: WEIGHTING\n        groups:\n"
    text = SHOP.replace(SHOP[start : SHOP.index("    tiers:", end)], level + inner)
    parse(text.replace("WEIGHTING", "{method: panel, scores: [[1, 4]]}"), "shop.yaml")
    found = problem(text.replace("WEIGHTING", "{method: panel, scores: [[4, 1]]}"))
    assert found.message.startswith("gives a 0.8000 (listed 0.2000), voice 0.2000")


def _line_of(line: str) -> int:
    return SHOP[: SHOP.index(line)].count("\n") + 1


@pytest.mark.parametrize(("first", "agrees"), [(0.7492, True), (0.7488, False), (0.7512, False)])
def test_weights_agree_within_a_thousandth(first: float, agrees: bool) -> None:
    text = group(f"{{method: panel, scores: [[{first}, {1 - first:.4f}]]}}")
    if agrees:
        parse(text, "shop.yaml")
    else:
        assert "listed 0.7500" in problem(text).message


# What is written as the weighting (from `line` lines below its key on), where, and what is said.
REFUSED: list[tuple[str, int, str, str]] = [
    (
        "{method: panel, scores: [[1, 1]]}",
        0, "", "gives spend_30d 0.5000 (listed 0.7500), recency 0.5000 (listed 0.2500)",
    ),
    ("{method: panel, scores: [[1, 1, 1]]}", 0, ".scores", "is for 3 criteria, but there are 2"),
    ("{method: ahp, matrix: [[1]]}", 0, ".matrix", "is for 1 criterion, but there are 2: spend_"),
    ("{method: saaty, matrix: [[1]]}", 0, ".method", "there is no method 'saaty'; use one of ahp,"),
    ("{matrix: [[1]]}", 0, ".method", "is missing"),
    ("{method: panel}", 0, ".scores", "is missing"),
    ("{method: panel, scors: [[3, 1]], scores: [[3, 1]]}", 0, ".scors", "did you mean 'scores'?"),
    ("{method: ahp}", 0, "", "needs either matrix or matrices, one of the two"),
    (
        "{method: ahp, matrix: [[1]], matrices: [[[1]]]}",
        0, "", "needs either matrix or matrices, one of the two",
    ),
    (
        "\n          method: ahp\n          matrix:\n            - [1, 3]\n            - [3, 1]",
        4, ".matrix.1.0", "is 3, but the comparison the other way round is 3; write 0.3333",
    ),
    (
        "\n          method: ahp\n          matrices:\n            - [[1, 3], [0.33, 1]]\n"
        "            - [[1, x], [1, 1]]",
        4, ".matrices.1.0.1", "is no comparison; write a number, or a fraction",
    ),
    (
        "\n          method: combined\n          how: linear\n          of:\n"
        "            - {method: panel, scores: [[3, 1]]}\n            - {method: entropy, "
        "matrix: [[1, 1], [1, 1]], directions: [more, less]}",
        5, ".of.1.matrix", "all criteria have the same value in every alternative",
    ),
    (
        "{method: combined, how: linear, of: [{method: panel, scores: [[3, 1]]}]}",
        0, ".of", "must hold at least 2",
    ),
    (
        "\n          method: combined\n          how: linear\n          shares: [1]\n          of: "
        "[{method: panel, scores: [[3, 1]]}, {method: panel, scores: [[3, 1]]}]",
        3, ".shares", "are 1 for 2 vectors of weights",
    ),
    (
        "{method: combined, how: multiplicative, of: "
        "[{method: panel, scores: [[1, 0]]}, {method: panel, scores: [[0, 1]]}]}",
        0, ".of", "no criterion has a weight above 0 in every vector",
    ),
    (
        "{method: combined, how: multiplicative, shares: [1, 1], of: "
        "[{method: panel, scores: [[3, 1]]}, {method: panel, scores: [[3, 1]]}]}",
        0, ".shares", "a product has no shares",
    ),
    (
        "{method: combined, how: both, of: "
        "[{method: panel, scores: [[3, 1]]}, {method: panel, scores: [[3, 1]]}]}",
        0, ".how", "must be 'linear' or 'multiplicative', not 'both'",
    ),
]  # fmt: skip  # a mistake a paragraph


@pytest.mark.parametrize(("weighting", "below", "field", "message"), REFUSED)
def test_a_mistake_is_told_with_its_line_and_field(
    weighting: str, below: int, field: str, message: str
) -> None:
    found = problem(group(weighting))
    assert found.field == "scores.value.groups.0.weighting" + field
    assert message in found.message
    assert found.line == _line_of(GROUP) + 1 + below


CONTRADICTING = "[[1, 9, 0.2], [0.1111, 1, 5], [5, 0.2, 1]]"


def contradicting(rest: str) -> str:
    """Three groups, compared in a circle."""
    third = (
        "      - name: size\n        weight: 0\n        indicators:\n"
        "          - {indicator: mean_order, weight: 1, normaliser: {kind: log, high: 500}}\n"
    )
    text = SHOP.replace(
        "    tiers:\n      - name: ordinary", third + "    tiers:\n      - name: ordinary"
    )
    assert third in text
    return text.replace(SCORE, f"{SCORE}    weighting: {{method: ahp, {rest}}}\n")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (f"matrix: {CONTRADICTING}", "matrix"),
        (f"matrices: [{CONTRADICTING}, {CONTRADICTING}]", "matrices"),
    ],
)
def test_comparisons_that_contradict_each_other_need_a_reason(given: str, field: str) -> None:
    found = problem(contradicting(given))
    assert found.line == _line_of(SCORE) + 1
    assert found.field == f"scores.value.weighting.{field}"
    assert found.message.startswith("the comparisons contradict each other: CR ")
    assert "'trade' against " in found.message
    assert found.message.endswith("or give a reason")
    assert "the comparisons" not in problem(contradicting(f"{given}, reason: so")).message
    assert problem(contradicting(f"{given}, reason: ''")).field == "scores.value.weighting.reason"
