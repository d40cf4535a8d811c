"""The inbox: raised, resolved, acknowledged, put off; by whom and when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.dashboard import alerts as kept
from streams.dashboard.board import Board
from streams.dashboard.errors import NotFoundError
from streams.dashboard.filters import EVERYBODY, Filter
from streams.dashboard.views import AlertAction, AlertState
from tests.dashboard.shop import TODAY, Said, alert, board_of, tell_alerts
from tests.dashboard.test_movements import known

LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()
EARLIER = (datetime.now(UTC) - timedelta(days=1)).isoformat()
SEEN = "2026-11-26T02:00:00Z"


def action(n: int, what: str, **said: str) -> AlertAction:
    """Somebody does something about the n-th alert."""
    return AlertAction.model_validate(
        {"alert": f"{n:032x}", "customer_id": "C1", "action": what, "by": "wang", "at": SEEN} | said
    )


def state(board: Board, n: int) -> AlertState:
    return board.alert(f"{n:032x}", None).state


@pytest.fixture
def board() -> Board:
    """A board with an alert of each of two customers."""
    made = board_of(known("C1", "C2"))
    tell_alerts(made, [alert(1, "C1"), alert(2, "C2")])
    return made


def test_an_alert_says_all_that_its_message_says(board: Board) -> None:
    told = board.alert(f"{1:032x}", None).model_dump()
    said = alert(1, "C1")
    for name in ("id", "customer_id", "alert", "score_name", "score", "reference_score",
                 "reference_day", "drop", "occurred_at", "cause", "drivers"):  # fmt: skip
        assert told[name] == said[name], name
    assert (told["state"], told["name"], told["owner"]) == ("open", "C1", "owner of C1")
    assert told["as_of_day"] == TODAY


def test_it_is_resolved_by_the_outcome_that_says_so(board: Board) -> None:
    tell_alerts(board, [alert(3, "C1", "resolved")])
    told = board.alert(f"{1:032x}", None)
    assert (told.state, told.resolved_at) == ("resolved", f"{TODAY}T01:00:00.000Z")
    assert state(board, 2) == "open"
    tell_alerts(board, [alert(4, "C1")])
    assert (state(board, 4), state(board, 1)) == ("open", "resolved")


def test_it_is_raised_once_however_often_it_is_published(board: Board) -> None:
    tell_alerts(board, [alert(1, "C1")])
    assert board.alerts(EVERYBODY, None).total == 2
    tell_alerts(board, [alert(3, "C1", "resolved"), alert(1, "C1")])
    assert state(board, 1) == "resolved"


def test_who_has_seen_it_is_told_until_it_is_open_again(board: Board) -> None:
    board.take_action(action(1, "acknowledge", note="called them"), 5_000)
    told = board.alert(f"{1:032x}", None)
    assert told.state == "acknowledged"
    assert told.acknowledged is not None
    assert told.acknowledged.model_dump() == {"by": "wang", "at": SEEN, "note": "called them"}
    board.take_action(action(1, "reopen"), 5_000)
    told = board.alert(f"{1:032x}", None)
    assert (told.state, told.acknowledged) == ("open", None)


def test_what_is_put_off_is_open_again_when_its_time_has_come(board: Board) -> None:
    board.take_action(action(1, "snooze", until=LATER), 5_000)
    told = board.alert(f"{1:032x}", None)
    assert (told.state, told.snoozed_until, told.snoozed_by) == ("snoozed", LATER, "wang")
    board.take_action(action(1, "snooze", until=EARLIER), 5_000)
    told = board.alert(f"{1:032x}", None)
    assert (told.state, told.snoozed_until) == ("open", None)


def test_what_is_resolved_is_so_whatever_was_done_about_it(board: Board) -> None:
    board.take_action(action(1, "acknowledge"), 5_000)
    board.take_action(action(2, "snooze", until=LATER), 5_000)
    tell_alerts(board, [alert(3, "C1", "resolved"), alert(4, "C2", "resolved")])
    assert (state(board, 1), state(board, 2)) == ("resolved", "resolved")


def test_an_action_that_is_read_before_its_alert_holds_for_it() -> None:
    board = board_of(known("C1"))
    board.take_action(action(1, "acknowledge"), 5_000)
    tell_alerts(board, [alert(1, "C1")])
    assert state(board, 1) == "acknowledged"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["C1", "C2", "C3"]), st.booleans()), max_size=20),
    st.lists(st.tuples(st.integers(0, 19), st.sampled_from(["acknowledge", "snooze", "reopen"]))),
)
def test_the_inbox_is_what_a_list_of_alerts_would_be(
    outcomes: list[tuple[str, bool]], actions: list[tuple[int, str]]
) -> None:
    board = board_of(known("C1", "C2"))
    now_open: dict[str, str] = {}
    states: dict[str, str] = {}
    of: dict[str, str] = {}
    for n, (customer, opens) in enumerate(outcomes):
        said = alert(n, customer, "opened" if opens else "resolved")
        tell_alerts(board, [said], at=1_000 + n)
        if opens:
            now_open[customer] = said["id"]
            states[said["id"]], of[said["id"]] = "open", customer
        elif customer in now_open:
            states[now_open.pop(customer)] = "resolved"
    for n, what in actions:
        board.take_action(action(n, what, until=LATER) if what == "snooze" else action(n, what), 9)
        if states.get(f"{n:032x}", "resolved") != "resolved":
            becomes = {"acknowledge": "acknowledged", "snooze": "snoozed", "reopen": "open"}
            states[f"{n:032x}"] = becomes[what]
    expected = {each: now for each, now in states.items() if of[each] != "C3"}
    everything = board.alerts(EVERYBODY, None, per_page=100)
    assert [each.id for each in everything.alerts] == sorted(expected, reverse=True)
    assert {each.id: each.state for each in everything.alerts} == expected
    assert {k: v for k, v in everything.counts.items() if v} == Counter(expected.values())
    for one in ("open", "acknowledged", "snoozed", "resolved"):
        shown = board.alerts(EVERYBODY, None, one, per_page=100)
        assert shown.total == len(shown.alerts) == everything.counts[one]
    pages = [board.alerts(EVERYBODY, None, None, page, 3).alerts for page in (1, 2, 3)]
    assert [each for page in pages for each in page] == everything.alerts[:9]


def test_a_manager_has_the_alerts_of_its_own_customers(board: Board) -> None:
    owner = "owner of C2"
    shown = board.alerts(EVERYBODY, owner)
    assert [each.customer_id for each in shown.alerts] == ["C2"]
    assert shown.counts["open"] == 1
    assert board.alert(f"{2:032x}", owner).customer_id == "C2"
    with pytest.raises(NotFoundError):
        board.alert(f"{1:032x}", owner)
    with pytest.raises(NotFoundError):
        board.alert("unheard", None)


def test_a_filter_limits_alerts_to_its_customers(board: Board) -> None:
    assert [a.customer_id for a in board.alerts(Filter(q="c1"), None).alerts] == ["C1"]


def test_alerts_of_an_erased_customer_are_gone(board: Board) -> None:
    board.erase([(b"C1", 2_000)])
    tell_alerts(board, [alert(1, "C1"), alert(5, "C1", "resolved")], at=1_500)
    assert [a.customer_id for a in board.alerts(EVERYBODY, None).alerts] == ["C2"]
    with pytest.raises(NotFoundError):
        board.alert(f"{1:032x}", None)


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 256)
    board = board_of(known("C1"))
    said: list[Said] = []
    for n in range(0, 600, 2):
        said += [alert(n, "C1"), alert(n + 1, "C1", "resolved")]
    tell_alerts(board, [*said, alert(700, "C1")])
    shown = board.alerts(EVERYBODY, None, per_page=1_000)
    assert 256 - 32 <= shown.total <= 256
    assert shown.alerts[0].id == f"{700:032x}"
    assert shown.counts["resolved"] == shown.total - 1
    tell_alerts(board, [alert(701, "C1", "resolved")])
    assert state(board, 700) == "resolved"
