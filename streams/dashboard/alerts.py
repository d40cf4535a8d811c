"""The inbox: alerts that were raised, whether they hold still, and what people did about them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from streams.dashboard import views
from streams.dashboard.archive import Archive
from streams.dashboard.columns import Customers, Rows
from streams.dashboard.ordering import smallest
from streams.dashboard.outcomes import Outcome
from streams.dashboard.texts import NONE

MOST: Final = 1_000_000
"""So many alerts are kept; then the oldest eighth is dropped."""
STATES: Final[tuple[views.AlertState, ...]] = get_args(views.AlertState)
OPEN, ACKNOWLEDGED, SNOOZED, RESOLVED = range(len(STATES))

_ALERT: Final = np.dtype([
    ("row", np.int32), ("at", np.int64), ("seen", np.bool_), ("until", np.int64),
    ("resolved", np.bool_),
])  # fmt: skip
"""`at` when Kafka took it, `until` when its sleep ends, both epoch milliseconds."""


class Inbox:
    """Alerts by number, in the order in which they came; an alert's id is that of its opening."""

    def __init__(self) -> None:
        self._alerts = np.zeros(256, _ALERT)
        self._ids: list[str] = []
        self._number: dict[str, int] = {}
        self._dropped = 0
        """How many were dropped: the number of the first that is kept."""
        self._archive = Archive()
        self._open: dict[tuple[int, str], str] = {}
        self._resolved_at: dict[str, str] = {}
        self._actions: dict[str, views.AlertAction] = {}

    def __len__(self) -> int:
        """Return how many alerts are kept."""
        return len(self._ids)

    # ---------------------------------------------------------------------------------- writing

    def add(self, customers: Customers, outcomes: Sequence[Outcome]) -> list[str]:
        """Take alerts that were opened or resolved; return the ids of those that changed."""
        changed = []
        for outcome in outcomes:
            said, row = outcome.said, customers.row_of(outcome.key)
            if outcome.at <= customers.erased_at[row]:
                continue
            if said["state"] == "opened":
                if said["id"] not in self._number:  # else published again after a crash
                    self._raise(row, outcome)
                    changed.append(said["id"])
            elif (opened := self._open.pop((row, said["alert"]), None)) is not None:
                self._alerts[self._number[opened] - self._dropped]["resolved"] = True
                self._resolved_at[opened] = said["occurred_at"]
                changed.append(opened)
        return changed

    def _raise(self, row: int, outcome: Outcome) -> None:
        self._make_room()
        identity = outcome.said["id"]
        self._alerts[len(self._ids)] = row, outcome.at, False, 0, False
        self._ids.append(identity)
        self._number[identity] = self._archive.add(outcome.value)
        self._open[row, outcome.said["alert"]] = identity
        if identity in self._actions:
            self._apply(self._actions[identity])

    def act(self, action: views.AlertAction) -> bool:
        """Take what somebody did; return whether it is about an alert that is here."""
        self._actions[action.alert] = action
        if action.alert not in self._number:
            return False
        self._apply(action)
        return True

    def _apply(self, action: views.AlertAction) -> None:
        alert = self._alerts[self._number[action.alert] - self._dropped]
        alert["seen"] = action.action == "acknowledge"
        until = action.until if action.action == "snooze" else None
        alert["until"] = 0 if until is None else datetime.fromisoformat(until).timestamp() * 1000

    def forget(self, gone: NDArray[np.bool_]) -> None:
        """Forget the alerts of customers that were erased, told by their rows."""
        held = self._alerts["row"][: len(self._ids)]
        theirs = (held >= 0) & gone[held]
        if theirs.any():
            held[theirs] = NONE
            self._open = {place: each for place, each in self._open.items() if not gone[place[0]]}

    def _make_room(self) -> None:
        count = len(self._ids)
        if count == MOST:
            gone = MOST // 8
            for identity in self._ids[:gone]:
                del self._number[identity]
                self._resolved_at.pop(identity, None)
            del self._ids[:gone]
            self._open = {place: each for place, each in self._open.items() if each in self._number}
            self._alerts[: count - gone] = self._alerts[gone:count].copy()
            self._dropped += gone
            self._archive.drop_before(self._dropped)
        elif count == self._alerts.size:
            longer = np.zeros(min(2 * count, MOST), _ALERT)
            longer[:count] = self._alerts
            self._alerts = longer

    # ---------------------------------------------------------------------------------- reading

    def states(self, now: datetime) -> NDArray[np.int8]:
        """Return the position in `STATES` of each alert.

        What is resolved is so whatever was done about it.
        """
        return _states(self._alerts[: len(self._ids)], now)

    def of_rows(self, rows: Rows, customers: int) -> NDArray[np.bool_]:
        """Tell for each alert whether it is of one of the rows, of so many customers."""
        allowed = np.zeros(customers + 1, np.bool_)  # NONE is the last
        allowed[rows] = True
        found: NDArray[np.bool_] = allowed[self._alerts["row"][: len(self._ids)]]
        return found

    def newest(self, kept: NDArray[np.bool_], first: int, last: int) -> list[str]:
        """Return ids of alerts that are kept, from one place to another, the newest first."""
        found = np.flatnonzero(kept)[::-1]
        order = smallest(-self._alerts["at"][found], min(last, found.size))[first:]
        return [self._ids[n] for n in found[order].tolist()]

    def row(self, identity: str) -> int:
        """Return the row of an alert's customer; `NONE` if there is no such alert."""
        number = self._number.get(identity)
        return NONE if number is None else int(self._alerts["row"][number - self._dropped])

    def action(self, identity: str) -> views.AlertAction | None:
        """Return what was done last about an alert."""
        return self._actions.get(identity)

    def view(self, identity: str, customers: Customers, now: datetime) -> views.Alert:
        """Return an alert in full; it must be there."""
        number = self._number[identity]
        said, row = self._archive.message(number), self.row(identity)
        state = STATES[
            _states(self._alerts[number - self._dropped : number - self._dropped + 1], now)[0]
        ]
        action = self._actions.get(identity)
        seen, sleeps = None, None
        if action is not None and action.action == "acknowledge":
            seen = views.Acknowledged(by=action.by, at=action.at, note=action.note)
        if action is not None and state == "snoozed":
            sleeps = action
        return views.Alert(
            id=identity,
            customer_id=said["customer_id"],
            name=customers.customer_names[row],
            owner=customers.owner(row),
            alert=said["alert"],
            score_name=said["score_name"],
            state=state,
            score=said["score"],
            reference_score=said["reference_score"],
            reference_day=said["reference_day"],
            drop=said["drop"],
            occurred_at=said["occurred_at"],
            as_of_day=said["as_of"],
            drivers=said["drivers"],
            cause=said["cause"],
            acknowledged=seen,
            snoozed_until=None if sleeps is None else sleeps.until,
            snoozed_by=None if sleeps is None else sleeps.by,
            resolved_at=self._resolved_at.get(identity),
        )

    def size(self) -> int:
        """Return the bytes that it takes, about."""
        return self._alerts.nbytes + self._archive.size()


def _states(alerts: NDArray[Any], now: datetime) -> NDArray[np.int8]:
    asleep = alerts["until"] > now.timestamp() * 1000
    states = np.where(alerts["seen"], ACKNOWLEDGED, np.where(asleep, SNOOZED, OPEN))
    return np.where(alerts["resolved"], RESOLVED, states).astype(np.int8)
