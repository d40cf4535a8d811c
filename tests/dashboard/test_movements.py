"""Tier changes: who moved, how often, when; each told once."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest
from hypothesis import given, settings

from streams.dashboard import movements as kept
from streams.dashboard.board import Board
from streams.dashboard.filters import EVERYBODY, Filter, Moved
from streams.dashboard.outcomes import outcome_of
from tests.dashboard import oracle
from tests.dashboard.model import SMALL
from tests.dashboard.shop import (
    IDS,
    NAMES,
    TODAY,
    Said,
    board_of,
    change,
    changes,
    customers,
    take,
    tell_changes,
)

DAYS = ["2026-10-20", "2026-10-27", "2026-10-28", "2026-11-19", "2026-11-20", "2026-11-25", TODAY]


def known(*ids: str) -> list[Said]:
    """Snapshots of customers, all of today."""
    return [
        {
            "customer_id": each, "as_of": TODAY, "model": "small@3", "sequence": 9,
            "scores": {name: {"score": 1.0, "tier": NAMES.tiers[s][0], "contributions": {}}
                       for s, name in enumerate(NAMES.scores)},
            "indicators": {}, "segments": {}, 
            "profile": {"owner": f"owner of {each}", "name": each},
        }
        for each in ids
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(customers(), changes(IDS, DAYS))
def test_the_matrix_counts_each_customer_once_by_where_it_was_and_is(
    said: list[Said], moves: list[Said]
) -> None:
    board = board_of(said)
    tell_changes(board, moves)
    today = max((each["as_of"] for each in said), default="1970-01-01")
    for score in NAMES.scores:
        for days in (1, 7, 30):
            answer = board.movements(Filter(score=score), None, days)
            paths = Counter(
                path
                for each in said
                if (path := oracle.path(moves, each["customer_id"], score, days, today))
            )
            found = {
                (then, now): answer.matrix[t][n]
                for t, then in enumerate(answer.tiers)
                for n, now in enumerate(answer.tiers)
            }
            assert found == {cell: paths[cell] for cell in found}
            for (then, now), count in found.items():
                moved = Moved(from_=then, to=now, days=days)
                its = board.pyramid(Filter(score=score, moved=moved), None)
                assert its.customers == count
            rank = answer.tiers.index
            assert answer.up == sum(n for (a, b), n in paths.items() if rank(b) > rank(a))
            assert answer.down == sum(n for (a, b), n in paths.items() if rank(b) < rank(a))
            assert answer.returned == sum(n for (a, b), n in paths.items() if a == b)


@settings(max_examples=60, deadline=None)
@given(customers(), changes(IDS, DAYS))
def test_recent_changes_are_the_newest_of_those_who_are_asked_about(
    said: list[Said], moves: list[Said]
) -> None:
    board = board_of(said)
    tell_changes(board, moves)
    ids = {each["customer_id"] for each in said}
    expected = [each for each in reversed(moves) if each["customer_id"] in ids]
    shown = board.recent_changes(EVERYBODY, None, 100).changes
    assert [each.id for each in shown] == [each["id"] for each in expected]
    assert [each.id for each in board.recent_changes(EVERYBODY, None, 2).changes] == [
        each["id"] for each in expected[:2]
    ]
    of_value = board.recent_changes(Filter(score="value"), None, 100).changes
    assert [each.id for each in of_value] == [
        each["id"] for each in expected if each["score_name"] == "value"
    ]


def test_a_change_says_all_that_its_message_says() -> None:
    board = board_of(known("C1"))
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    (told,) = board.recent_changes(EVERYBODY, None).changes
    assert orjson.loads(told.model_dump_json()) == {
        "id": f"{0:032x}", "customer_id": "C1", "name": "C1", "owner": "owner of C1",
        "score_name": "value", "from": "low", "to": "high", "direction": "up", "score": 50.0,
        "previous_score": 40.0, "occurred_at": f"{TODAY}T01:00:00.000Z", "as_of_day": TODAY,
        "cause": {"kind": "time"},
        "drivers": [{"indicator": "spend", "before": 1.0, "after": 2.0, "delta": 1.0}],
    }  # fmt: skip
    assert board.customer("C1", None).history == [told]
    assert board.page(EVERYBODY, None).rows[0].last_change == told


def test_a_row_tells_the_newest_change_of_the_filter_s_score() -> None:
    board = board_of(known("C1"))
    moves = [
        change(0, "C1", "value", "low", "middle"),
        change(1, "C1", "value", "middle", "high"),
        change(2, "C1", "likely", "unlikely", "sure"),
    ]
    tell_changes(board, moves)
    for score, newest in (("value", moves[1]), ("likely", moves[2])):
        (row,) = board.page(Filter(score=score), None).rows
        assert row.last_change is not None
        assert row.last_change.id == newest["id"]
    (row,) = board.page(Filter(score="both"), None).rows
    assert row.last_change is None


def test_a_change_that_is_published_again_counts_once() -> None:
    board = board_of(known("C1", "C2"))
    moves = [
        change(0, "C1", "value", "low", "middle"),
        change(1, "C1", "value", "middle", "high"),
        change(2, "C2", "value", "low", "high"),
    ]
    tell_changes(board, moves)
    tell_changes(board, moves[1:])
    assert board.held()[1] == 3
    assert board.movements(EVERYBODY, None, 1).matrix == [[0, 0, 2], [0, 0, 0], [0, 0, 0]]


def test_a_sequence_that_begins_anew_after_a_loss_of_the_store_is_no_repetition() -> None:
    board = board_of(known("C1"))
    tell_changes(board, [change(7, "C1", "value", "low", "middle")])
    again = change(8, "C1", "value", "middle", "high") | {"sequence": 1}
    tell_changes(board, [again])
    assert [each.to for each in board.customer("C1", None).history] == ["high", "middle"]


def test_what_is_unknown_to_the_model_is_left_out() -> None:
    board = board_of(known("C1"))
    other = change(0, "C1", "value", "low", "high")
    tell_changes(board, [other | {"score_name": "else"}, other | {"from": "lower"}])
    assert board.held()[1] == 0


def test_changes_of_who_has_no_snapshot_yet_are_shown_once_it_has_one() -> None:
    board = Board(SMALL)
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    assert board.recent_changes(EVERYBODY, None).changes == []
    assert board.count(None) == 0
    take(board, known("C1"))
    assert len(board.recent_changes(EVERYBODY, None).changes) == 1


@pytest.mark.parametrize("changes_first", [True, False])
def test_what_happened_before_an_erasure_is_forgotten_whichever_topic_is_read_first(
    changes_first: bool,
) -> None:
    board = board_of(known("C1", "C2"))
    before = [change(0, "C1", "value", "low", "high"), change(1, "C2", "value", "low", "high")]
    if changes_first:
        tell_changes(board, before, at=1_000)
    board.erase([(b"C1", 2_000)])
    if not changes_first:
        tell_changes(board, before, at=1_000)
    tell_changes(board, [change(2, "C1", "value", "low", "middle")], at=3_000)
    take(board, known("C1"))
    assert [each.to for each in board.customer("C1", None).history] == ["middle"]
    assert len(board.customer("C2", None).history) == 1
    assert board.page(Filter(q="C1"), None).rows[0].last_change is not None


def test_who_was_erased_and_came_back_has_no_change_of_before() -> None:
    board = board_of(known("C1"))
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    board.erase([(b"C1", 2_000)])
    take(board, known("C1"))
    assert board.page(EVERYBODY, None).rows[0].last_change is None
    assert board.customer("C1", None).history == []
    assert board.movements(EVERYBODY, None, 30).up == 0


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 4096)
    board = board_of(known("C1"))
    tiers = ["low", "high"]
    moves = [change(n, "C1", "value", tiers[n % 2], tiers[1 - n % 2]) for n in range(5_000)]
    tell_changes(board, moves)
    held = board.held()[1]
    assert 4096 - 4096 // 8 <= held <= 4096
    with pytest.raises(IndexError):
        board._movements._archive.message(0)
    told = board.recent_changes(EVERYBODY, None, 10_000).changes
    assert [each.id for each in told] == [each["id"] for each in reversed(moves)][:held]


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"[]",
        b"{}",
        b"no",
        orjson.dumps(change(0, "C", "value", "low", "high") | {"id": 1}),
    ],
)
def test_what_is_no_outcome_is_refused(value: bytes | None) -> None:
    with pytest.raises(ValueError, match=r"it is no JSON|missing|no key or no value"):
        outcome_of("tier_changes", b"C", value, 1)


def test_a_field_that_is_missing_is_named() -> None:
    said = change(0, "C", "value", "low", "high")
    del said["drivers"]
    with pytest.raises(ValueError, match="'drivers' is missing"):
        outcome_of("tier_changes", b"C", orjson.dumps(said), 1)
