"""Who is told, how new the board is, and many threads at once."""

from __future__ import annotations

import threading
import time

import orjson
from structlog.testing import capture_logs

from streams.dashboard.background import Background
from streams.dashboard.board import Board
from streams.dashboard.feed import Feed
from streams.dashboard.filters import EVERYBODY, Filter
from streams.dashboard.outcomes import outcome_of
from streams.dashboard.views import Alert, TierChange, View
from streams.settings import Settings
from tests.dashboard.model import SMALL
from tests.dashboard.shop import TODAY, alert, board_of, change, take, tell_alerts, tell_changes
from tests.dashboard.test_alerts import action
from tests.dashboard.test_movements import known


def loaded(*ids: str) -> Board:
    board = board_of(known(*ids))
    board.progress = board.progress._replace(is_loading=False)
    return board


def test_subscribers_hear_changes_and_alerts_with_their_owner_until_they_leave() -> None:
    board = loaded("C1")
    heard: list[tuple[str, View, str | None]] = []
    leave = board.subscribe(lambda *what: heard.append(what))
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    tell_alerts(board, [alert(1, "C1")])
    board.take_action(action(1, "acknowledge"), 5_000)
    tell_alerts(board, [alert(2, "C1", "resolved")])
    leave()
    tell_changes(board, [change(9, "C1", "value", "high", "low")])
    assert [kind for kind, _, _ in heard] == ["tier-change", "alert", "alert", "alert"]
    assert {owner for _, _, owner in heard} == {"owner of C1"}
    first = heard[0][1]
    assert isinstance(first, TierChange)
    assert (first.from_, first.to, first.name) == ("low", "high", "C1")
    states = [what.state for _, what, _ in heard if isinstance(what, Alert)]
    assert states == ["open", "acknowledged", "resolved"]


def test_what_was_there_before_is_not_told_as_news() -> None:
    board = board_of(known("C1"))
    heard: list[str] = []
    board.subscribe(lambda kind, *_: heard.append(kind))
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    assert heard == []
    board.progress = board.progress._replace(is_loading=False)
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    assert heard == [], "it is known"
    tell_changes(board, [change(1, "C1", "value", "high", "low")])
    assert heard == ["tier-change"]


def test_an_answer_says_how_new_it_is() -> None:
    board = Board(SMALL)
    empty = board.as_of()
    assert (empty.day, empty.at, empty.loading) == (None, None, True)
    take(board, known("C1"), at=1_795_000_000_123)
    now = board.pyramid(EVERYBODY, None).as_of
    assert (now.day, now.at) == (TODAY, "2026-11-18T11:06:40.123Z")
    since = time.monotonic()
    board.progress = board.progress._replace(behind=3, behind_since=since - 2, is_loading=False)
    late = board.as_of()
    assert (late.behind, late.loading, late.stale) == (3, False, False)
    assert 2 <= late.lag_s < 4
    board.progress = board.progress._replace(behind_since=since - 6)
    assert board.as_of().stale
    board.progress = board.progress._replace(behind=0, behind_since=None, trouble="Kafka is away")
    assert board.as_of().stale


def test_every_change_of_the_board_has_another_version() -> None:
    board = loaded("C1")
    seen = [board.version]
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    seen.append(board.version)
    tell_alerts(board, [alert(1, "C1")])
    seen.append(board.version)
    board.take_action(action(1, "snooze", until="2099-01-01T00:00:00Z"), 1)
    seen.append(board.version)
    take(board, known("C1"))
    seen.append(board.version)
    board.erase([(b"C1", 9_000)])
    seen.append(board.version)
    assert seen == sorted(set(seen))


def test_changes_of_class_are_on_the_timeline_once() -> None:
    board = loaded("C1")
    said = {
        "id": f"{4:032x}", "customer_id": "C1", "sequence": 5, "as_of": TODAY,
        "occurred_at": f"{TODAY}T03:00:00.000Z", "cause": {"kind": "time"}, "model": "small@3",
        "segment": "stage", "from": "new", "to": "old",
    }  # fmt: skip
    told = outcome_of("segment_changes", b"C1", orjson.dumps(said), 1_000)
    board.take_classes([told, told])
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    tell_alerts(board, [alert(1, "C1")])
    timeline = board.customer("C1", None).timeline
    assert [each.kind for each in timeline] == ["segment-change", "tier-change", "value-alert"]
    assert timeline[0].message == said
    board.erase([(b"C1", 2_000)])
    board.take_classes([told])
    take(board, known("C1"))
    assert board.customer("C1", None).timeline == []


def test_readers_never_see_half_of_a_batch() -> None:
    """A writer moves all customers from one tier to another and back, readers count meanwhile."""
    ids = [f"C{n}" for n in range(200)]
    board = board_of(known(*ids))
    here, there = known(*ids), known(*ids)
    for each in there:
        each["scores"]["value"]["tier"] = "high"
    done = threading.Event()
    seen: set[tuple[int, ...]] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(tuple(tier.customers for tier in board.pyramid(EVERYBODY, None).tiers))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(60):
        take(board, there)
        take(board, here)
    done.set()
    for reader in readers:
        reader.join()
    assert seen <= {(200, 0, 0), (0, 0, 200)}


def test_reading_keeps_the_board_as_it_is_for_several_questions() -> None:
    board = board_of(known("C1"))
    begun, wrote = threading.Event(), threading.Event()

    def write() -> None:
        begun.set()
        take(board, known("C2"))
        wrote.set()

    with board.reading() as still:
        writer = threading.Thread(target=write)
        writer.start()
        assert begun.wait(10)
        assert still.page(EVERYBODY, None).total == still.pyramid(EVERYBODY, None).customers == 1
        assert not wrote.is_set()
    writer.join()
    assert board.count(None) == 2


def test_the_board_grows_with_its_customers() -> None:
    board = board_of([])
    for first in range(0, 3_000, 500):
        take(board, known(*(f"C{n}" for n in range(first, first + 500))))
    assert board.count(None) == 3_000
    assert board.page(Filter(q="c2999"), None).total == 1
    assert board.page(EVERYBODY, None, "-customer_id", 1, 1).rows[0].customer_id == "C999"


def test_a_change_of_who_has_no_snapshot_yet_is_told_without_name_and_owner() -> None:
    board = loaded()
    heard: list[tuple[str, View, str | None]] = []
    board.subscribe(lambda *what: heard.append(what))
    tell_changes(board, [change(0, "C1", "value", "low", "high")])
    ((kind, told, owner),) = heard
    assert isinstance(told, TierChange)
    assert (kind, told.customer_id, told.name, owner) == ("tier-change", "C1", None, None)


def test_a_bug_of_a_thread_is_told_to_who_waits_for_it() -> None:
    told: list[Exception] = []

    async def broken() -> None:
        raise ZeroDivisionError

    background = Background("broken", broken, told.append)
    with capture_logs() as logs:
        background.start()
        background.stop()
    assert [type(each) for each in told] == [ZeroDivisionError]
    assert logs[0]["event"] == "ended by a bug"


def test_a_feed_that_a_bug_has_ended_says_so_on_every_answer() -> None:
    board = loaded("C1")
    feed = Feed(Settings(), board)
    with capture_logs():
        feed._failed(ZeroDivisionError())
    assert board.as_of().stale
    assert "ended by a bug: ZeroDivisionError()" in str(board.progress.trouble)
