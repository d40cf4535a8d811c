"""`valuepulse weights`: from a file of judgements or figures to weights, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Ended, valuepulse

CONSISTENT = [[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]]
CONTRADICTING = [[1, 9, 1 / 5], [1 / 9, 1, 5], [5, 1 / 5, 1]]
NAMES = ["spend", "orders", "margin"]
FIGURES = {"matrix": [[1, 10, 5], [2, 11, 5], [4, 12, 5]], "directions": ["more", "less", "more"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "judged.json"


def weights(command: str, file: Path, content: Any, *options: str) -> Ended:
    file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return valuepulse("weights", command, file, *options)


def test_ahp_gives_weights_in_the_order_of_the_criteria_and_their_consistency(file: Path) -> None:
    told = weights("ahp", file, {"matrix": CONSISTENT, "names": NAMES}, "--json")
    assert (told.code, told.err) == (0, "")
    found = told.json()
    assert found.pop("weights") == pytest.approx([0.637, 0.2583, 0.1047], abs=1e-4)
    assert found.pop("lambda_max") == pytest.approx(3.0385, abs=1e-4)
    assert found.pop("ci") == pytest.approx(0.01926, abs=1e-5)
    assert found.pop("cr") == pytest.approx(0.0332, abs=1e-4)
    assert found == {"names": NAMES}


def test_ahp_takes_several_experts_and_needs_no_names(file: Path) -> None:
    experts = {"matrices": [[[1, 8], [1 / 8, 1]], [[1, 2], [1 / 2, 1]]]}
    found = weights("ahp", file, experts, "--json").json()
    assert sorted(found) == ["ci", "cr", "lambda_max", "weights"]
    assert found["weights"] == pytest.approx([0.8, 0.2])


def test_people_get_a_table(file: Path) -> None:
    told = weights("ahp", file, {"matrix": CONSISTENT, "names": NAMES})
    assert [line.rstrip() for line in told.out.splitlines()] == [
        "criterion  weight",
        "spend      0.6370",
        "orders     0.2583",
        "margin     0.1047",
        "lambda_max 3.0385  CI 0.0193  CR 0.0332: consistent, at most 0.1",
    ]


def test_comparisons_that_contradict_each_other_fail_the_check(file: Path) -> None:
    judged: dict[str, Any] = {"matrix": CONTRADICTING, "names": NAMES}
    for options in ([], ["--json"]):
        refused = weights("ahp", file, judged, *options)
        assert (refused.code, refused.out) == (4, "")
        (line,) = refused.err.splitlines()
        assert line.startswith(
            f"valuepulse: {file}: matrix: the comparisons contradict each other: CR "
        )
        assert "'spend' against 'orders' (row 0, column 1) does most of it: 9 is given" in line
    taken = weights("ahp", file, judged | {"reason": "the board decided so"})
    assert taken.code == 0
    assert taken.out.rstrip().endswith("above 0.1, taken because: the board decided so")


@pytest.mark.parametrize(
    ("command", "content", "expected"),
    [
        ("entropy", FIGURES, [0.981, 0.019, 0]),
        ("critic", {"matrix": [[1, 9], [2, 7], [3, 8]], "directions": ["more", "less"]}, [0.5] * 2),
        ("panel", {"scores": [[8, 2, 1], [4, 4, 1]]}, [0.6, 0.3, 0.1]),
        (
            "combine",
            {"how": "linear", "shares": [3, 1], "weights": [[5, 3, 2], [0.1, 0.1, 0.8]]},
            [0.4, 0.25, 0.35],
        ),
        (
            "combine",
            {"how": "multiplicative", "weights": [[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]},
            [10 / 28, 6 / 28, 12 / 28],
        ),
        (
            "combine",
            {
                "how": "linear",
                "of": [
                    {"method": "panel", "scores": [[1, 0, 0]]},
                    {"method": "ahp", "matrix": [[1, 1, 1]] * 3},
                ],
            },
            [4 / 6, 1 / 6, 1 / 6],
        ),
    ],
)
def test_each_method_gives_its_weights(
    file: Path, command: str, content: dict[str, Any], expected: list[float]
) -> None:
    names = [f"c{n}" for n in range(len(expected))]
    told = weights(command, file, content | {"names": names}, "--json")
    assert (told.code, told.err) == (0, "")
    found = told.json()
    assert found.pop("weights") == pytest.approx(expected, abs=1e-4)
    assert found == {"names": names}
    table = weights(command, file, content)
    assert table.code == 0
    assert [line.split()[0] for line in table.out.splitlines()] == [
        "criterion",
        *(str(n + 1) for n in range(len(expected))),
    ]


REFUSED: list[tuple[str, Any, str]] = [
    ("ahp", "{", ":1: is not JSON: "),
    ("ahp", "[[1]]", ": is not a JSON object; write "),
    ("ahp", {}, ": (file): needs either matrix or matrices, one of the two"),
    ("ahp", {"matrx": [[1]]}, ": matrx: there is no key 'matrx'; did you mean 'matrix'?"),
    ("ahp", {"matrix": [[1, "x"], [1, 1]]}, ": matrix.0.1: 'x' is no comparison; write a number"),
    ("ahp", {"matrix": [[1, 3], [3, 1]]}, ": matrix.1.0: is 3, but the comparison the other way"),
    ("ahp", {"matrix": CONSISTENT, "names": ["a"]}, ": matrix: is for 3 criteria, but there is 1"),
    ("ahp", {"matrices": [[[1]], [[0]]]}, ": matrices.1.0.0: is 0; a comparison is a number from"),
    ("entropy", {"matrix": [[1], [2]]}, ": directions: is missing"),
    (
        "entropy",
        {"matrix": [[1], [2]], "directions": ["up"]},
        ": directions.0: must be 'more' or 'less', not 'up'",
    ),
    ("critic", {"matrix": [[1, 2]], "directions": ["more"] * 2}, ": matrix: has one alternative"),
    ("panel", {"scores": [[1, -1]]}, ": scores.0.1: is -1; a score is at least 0"),
    ("combine", {"how": "linear"}, ": (file): needs either weights or of, one of the two"),
    (
        "combine",
        {"how": "linear", "weights": [[1, 2], [3]]},
        ": weights.1: has 1 number, the first row has 2",
    ),
    (
        "combine",
        {"how": "linear", "of": [{"method": "panel", "scores": [[0]]}] * 2},
        ": of.0.scores: all are 0; give at least one above 0",
    ),
    (
        "combine",
        {"how": "linear", "of": [{"method": "delphi"}, {"method": "panel", "scores": [[1]]}]},
        ": of.0.method: there is no method 'delphi'; use one of ahp, panel, entropy, critic",
    ),
]


@pytest.mark.parametrize(("command", "content", "message"), REFUSED)
def test_a_file_that_cannot_be_used_is_told_with_file_field_and_advice(
    file: Path, command: str, content: Any, message: str
) -> None:
    refused = weights(command, file, content, "--json")
    assert (refused.code, refused.out) == (2, "")
    (line,) = refused.err.splitlines()
    assert line.startswith(f"valuepulse: {file}{message}")


def test_all_problems_of_a_file_are_told_at_once(file: Path) -> None:
    refused = weights("ahp", file, {"matrix": [["a", "b"]], "nams": []})
    assert refused.code == 2
    assert [line.split(": ")[2] for line in refused.err.splitlines()] == [
        "matrix.0.0",
        "matrix.0.1",
        "nams",
    ]


def test_a_file_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    refused = valuepulse("weights", "ahp", tmp_path / "none.json")
    assert refused.code == 2
    assert "does not exist" in refused.err
