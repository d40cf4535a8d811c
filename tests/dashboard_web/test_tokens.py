"""The file of tokens: what it may say, and that a change of it holds at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.dashboard.tokens import Token, TokensFile, hashed, known, new_token, read
from streams.errors import Misfit, SettingsError, UsageError


def written(directory: Path, *lines: str) -> Path:
    path = directory / "tokens.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return path


def misfits(path: Path) -> list[Misfit]:
    with pytest.raises(SettingsError) as caught:
        read(path)
    return list(caught.value.problems)


def test_the_line_of_a_new_token_is_read_as_that_token(tmp_path: Path) -> None:
    text, made = new_token('王 "芳": #1', "manager", "华东 - 一组")
    assert read(written(tmp_path, "# who may look", made.line())) == [made]
    assert known([made], hashed(text)) is made
    assert text not in made.line()


def test_tokens_are_random_and_long() -> None:
    texts = {new_token("a", "viewer", None)[0] for _ in range(100)}
    assert len(texts) == 100
    assert all(len(text) == 46 and text.startswith("vp_") for text in texts)


def test_only_the_whole_token_is_known() -> None:
    text, made = new_token("a", "viewer", None)
    other = new_token("b", "admin", None)[1]
    assert [known([other, made], hashed(each)) for each in (text, text[:-1], "", "ü\ud800")] == [
        made,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("role", "owner", "said"),
    [
        ("manager", None, "a manager needs an owner"),
        ("admin", "Li", "an admin sees all customers"),
        ("chief", None, "'viewer', 'manager' or 'admin'"),
        ("viewer", "", "at least 1 character"),
    ],
)
def test_a_token_that_would_see_too_much_or_nothing_is_not_made(
    role: str, owner: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        new_token("a", role, owner)


HASH = "0123456789abcdef" * 4


def test_every_problem_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"- {{name: a, role: viewer, sha256: {HASH}}}",
        f"- {{name: b, role: manager, sha256: {HASH}}}",
        "- {name: c, role: viewer, sha256: secret}",
        f"- {{name: d, rool: viewer, sha256: {HASH}}}",
        "- hunter2",
    )
    told = misfits(path)
    assert {misfit.where for misfit in told} == {f"{path}:{line}" for line in (2, 3, 4, 5)}
    assert {misfit.setting for misfit in told} >= {"tokens_file.sha256", "tokens_file.role"}
    assert not any("secret" in str(misfit) or "hunter2" in str(misfit) for misfit in told)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: a", ":1", "is no list"),
        ("- {name: a", ":1", "not YAML"),
        (f"- {{name: a, role: viewer, sha256: {HASH}}}\n" * 2, ":2", "'a' stands here twice"),
    ],
)
def test_a_file_that_is_none_of_tokens_is_told(
    text: str, line: str, said: str, tmp_path: Path
) -> None:
    path = written(tmp_path, text)
    (misfit,) = misfits(path)
    assert (misfit.where, misfit.setting) == (f"{path}{line}", "dashboard.tokens_file")
    assert said in misfit.message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    (misfit,) = misfits(tmp_path / "none.yaml")
    assert "No such file" in misfit.message


def test_a_file_of_nothing_lets_nobody_in(tmp_path: Path) -> None:
    assert read(written(tmp_path, "# nobody yet")) == []


def test_a_change_of_the_file_holds_at_once_and_a_broken_one_changes_nothing(
    tmp_path: Path,
) -> None:
    (text, made), (_, other) = new_token("a", "viewer", None), new_token("b", "admin", None)
    path = written(tmp_path, made.line())
    tokens = TokensFile(path)
    assert tokens() == [made]
    written(tmp_path, made.line(), other.line())
    assert tokens() == [made, other]
    written(tmp_path, "- {")
    assert tokens() == [made, other]
    path.unlink()
    assert tokens() == [made, other]
    written(tmp_path, other.line())
    assert tokens() == [other]
    assert known(tokens(), hashed(text)) is None


def test_a_token_tells_nothing_of_its_owner_that_is_not_there() -> None:
    assert "owner" not in Token(name="a", role="viewer", sha256=HASH).line()
