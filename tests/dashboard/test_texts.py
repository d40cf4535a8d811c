"""Texts that are found by any part of them, and messages that are kept compressed."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.dashboard import ordering, texts
from streams.dashboard.archive import Archive
from streams.dashboard.ordering import smallest
from streams.dashboard.texts import NOBODY, NONE, Dictionary, Searchable

words = st.text(st.sampled_from("aAbß鼎İ -"), max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), words, st.none() | words), min_size=1, max_size=20),
    words,
)
def test_a_part_is_found_in_ids_and_names_whatever_was_there_before(
    puts: list[tuple[int, str, str | None]], part: str
) -> None:
    kept, now = Searchable(), dict[int, tuple[str, str | None]]()
    kept.reserve(6)
    for row, identity, name in puts:
        kept.put(np.array([row]), [(identity.encode(), name)])
        now[row] = identity, name
    rows = np.array(sorted(now))
    folded = part.casefold()
    assert kept.find(part, rows).tolist() == [
        row for row in sorted(now) if any(folded in (text or "").casefold() for text in now[row])
    ]


def test_renaming_often_takes_no_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_WASTE", 1_000)
    kept = Searchable()
    kept.reserve(10)
    rows = np.arange(10)
    for n in range(2_000):
        kept.put(rows, [(b"C%d" % row, f"{n} and {row}") for row in range(10)])
    assert kept.find("1999 and 7", rows).tolist() == [7]
    assert kept.find("1998 and", rows).tolist() == []
    assert kept.room() < 100_000


def test_a_code_is_that_of_its_text_and_nobody_has_an_unknown_one() -> None:
    codes = Dictionary()
    assert [codes.code(each) for each in ("a", None, "b", "a")] == [0, NONE, 1, 0]
    assert (codes.find("b"), codes.find("c"), codes.find("")) == (1, NOBODY, NONE)
    assert (codes.text(1), codes.text(NONE), len(codes)) == ("b", None, 2)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 5).map(float), max_size=40), st.integers(0, 45))
@example([3.0, 1.0, 2.0, 1.0, 1.0, 9.0, 9.0, 9.0], 2)
@example([3.0, 1.0, 2.0, 2.0, 2.0, 9.0, 9.0, 9.0], 3)
def test_the_smallest_are_the_first_of_a_stable_order(keys: list[float], count: int) -> None:
    column = np.array(keys)
    expected = sorted(range(len(keys)), key=lambda n: keys[n])[:count]
    for few, sample, margin in ((20_000, 4_096, 32), (2, 3, 0), (2, 3, 1), (2, 40, 5)):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(ordering, "_FEW", few)
            patched.setattr(ordering, "_SAMPLE", sample)
            patched.setattr(ordering, "_MARGIN", margin)
            assert smallest(column, min(count, len(keys))).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.lists(st.integers(0, 320), max_size=3))
def test_an_archive_gives_back_what_was_not_dropped(count: int, drops: list[int]) -> None:
    archive = Archive()
    first = 0
    for n in range(count):
        assert archive.add(orjson.dumps({"n": n})) == n
        for drop in drops:
            if n == drop:
                archive.drop_before(n - 50)
                first = max(first, (n - 50) // 64 * 64)
    assert len(archive) == count
    for n in range(count):
        if n >= first:
            assert archive.message(n) == {"n": n}
        else:
            with pytest.raises(IndexError, match=f"message {n} is not in the archive"):
                archive.message(n)


def test_messages_that_are_alike_take_little_room() -> None:
    archive = Archive()
    said = {"a text that is always the same, and long": "x" * 200}
    for n in range(6_400):
        archive.add(orjson.dumps(said | {"n": n}))
    assert archive.size() < 6_400 * 30
