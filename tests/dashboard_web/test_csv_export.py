"""CSV: what a spreadsheet makes of it."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.dashboard.csv_export import Cell, harmless, written

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
cells = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.sampled_from(FORMULAS).flatmap(lambda sign: st.text().map(lambda rest: sign + rest)),
)


def read(chunks: list[bytes]) -> list[list[str]]:
    return list(csv.reader(StringIO(b"".join(chunks).decode("utf-8-sig"), newline="")))


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_no_text_begins_as_a_formula_does_and_nothing_else_is_changed(
    rows: list[tuple[Cell, Cell]],
) -> None:
    for told, row in zip(read(list(written(["a", "b"], rows)))[1:], rows, strict=True):
        for text, cell in zip(told, row, strict=True):
            if isinstance(cell, str):
                assert not text.startswith(FORMULAS)
                expected = cell.encode("utf-8", "replace").decode()
                assert text == ("'" if cell.startswith(FORMULAS) else "") + expected
            else:
                assert text == ("" if cell is None else repr(cell))


def test_numbers_below_zero_stay_numbers() -> None:
    assert harmless(-3.5) == -3.5
    assert read(list(written(["a"], [[-3.5]]))) == [["a"], ["-3.5"]]


def test_the_file_begins_with_the_mark_by_which_excel_knows_utf_8() -> None:
    first, *_ = written(["名称"], [])
    assert first == b"\xef\xbb\xbf\xe5\x90\x8d\xe7\xa7\xb0\r\n"


@pytest.mark.parametrize("rows", [0, 1, 499, 500, 1_234])
def test_a_long_table_is_written_in_pieces_and_whole(rows: int) -> None:
    chunks = list(written(["n"], ([float(n)] for n in range(rows))))
    assert [row[0] for row in read(chunks)] == ["n", *(str(float(n)) for n in range(rows))]
    assert len(chunks) == rows // 500 + 1
    assert b"".join(chunks).count(b"\xef\xbb\xbf") == 1
