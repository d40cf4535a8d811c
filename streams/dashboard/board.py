"""The board: what the page shows, answered from memory. Safe to use from any thread."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import RLock
from typing import Final, NamedTuple, Self

import numpy as np

from streams.dashboard import views
from streams.dashboard.alerts import STATES, Inbox
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.columns import Customers, Rows
from streams.dashboard.composition import composition
from streams.dashboard.customer_page import change_view, customer_view
from streams.dashboard.distribution import distribution
from streams.dashboard.errors import NotFoundError
from streams.dashboard.filters import Filter
from streams.dashboard.movements import Movements
from streams.dashboard.outcomes import Outcome
from streams.dashboard.pages import Cell, export_header, export_row, row_view, sorted_rows
from streams.dashboard.pyramid import pyramid
from streams.dashboard.rfm import rfm_grid
from streams.dashboard.selection import select
from streams.dashboard.snapshots import Snapshots
from streams.dashboard.texts import NONE
from streams.dashboard.timeline import Timeline
from streams.output.messages import day_text, instant_text

STALE_S: Final = 5.0
"""After so long behind, what is shown is called stale."""
_EXPORTED_AT_ONCE: Final = 500
"""Rows of an export that are read under one lock."""


class Export(NamedTuple):
    """A table to write: names of its columns, and its rows as they are made."""

    header: tuple[str, ...]
    rows: Iterator[tuple[Cell, ...]]


class Progress(NamedTuple):
    """How far the feed is: records not applied yet, and since when (monotonic seconds) there are.

    `trouble` is what is wrong with Kafka, if anything is. `loaded_after_s` is what it took to read
    all that there was at the start.
    """

    behind: int = 0
    behind_since: float | None = None
    is_loading: bool = True
    trouble: str | None = None
    started_at: str | None = None
    loaded_after_s: float | None = None


Subscriber = Callable[[str, views.View, str | None], None]
"""Is told a kind (`tier-change`, `alert`), what happened, and the owner of the customer. Called in
the feed's thread: it must return at once and raise nothing."""


class Board:
    """Everything in memory, and the questions about it.

    `owner` of a question limits it to the customers of that owner (None: all). Names that the model
    does not have raise `UnknownNameError`, customers and alerts that are not there or not the
    owner's `NotFoundError`.

    One thread, the feed's, writes; it takes the lock for some milliseconds at a time.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue: Final = catalogue
        self.customers: Final = Customers(catalogue)
        self.version = 0
        """Grows with every change of what the board would answer."""
        self.progress = Progress()
        self._movements = Movements(catalogue)
        self._inbox = Inbox()
        self._classes = Timeline()
        self._newest_ms = 0
        self._lock = RLock()
        self._subscribers: tuple[Subscriber, ...] = ()

    @contextmanager
    def reading(self) -> Iterator[Self]:
        """Keep the board as it is, for several questions."""
        with self._lock:
            yield self

    # ------------------------------------------------------------------------------------- writing

    def take(self, snapshots: Snapshots, at_ms: int) -> None:
        """Set customers to their snapshots, the newest of which Kafka took at `at_ms`."""
        self.customers.reserve(len(snapshots.keys))
        with self._lock:
            self.customers.take(snapshots)
            self._changed(at_ms)

    def erase(self, keys: Sequence[tuple[bytes, int]]) -> None:
        """Forget customers, each with the time at which Kafka took its tombstone."""
        self.customers.reserve(len(keys))
        with self._lock:
            rows = [self.customers.erase(key, at_ms) for key, at_ms in keys]
            gone = np.zeros(self.customers.count, np.bool_)
            gone[rows] = True
            self._movements.forget(gone)
            self._inbox.forget(gone)
            self._classes.forget(gone)
            self._changed(max((at_ms for _, at_ms in keys), default=0))

    def take_changes(self, outcomes: Sequence[Outcome]) -> None:
        """Take tier changes."""
        self.customers.reserve(len(outcomes))
        told: list[views.TierChange] = []
        with self._lock:
            new = self._movements.add(self.customers, outcomes)
            self._changed(_newest(outcomes))
            if self._tells():
                rows = [self.customers.row_of(outcome.key) for outcome in new]
                told = [
                    change_view(self.customers, row, outcome.said)
                    for row, outcome in zip(rows, new, strict=True)
                ]
        for view in told:
            self._tell("tier-change", view, view.owner)

    def take_alerts(self, outcomes: Sequence[Outcome]) -> None:
        """Take alerts that were opened or resolved."""
        self.customers.reserve(len(outcomes))
        with self._lock:
            changed = self._inbox.add(self.customers, outcomes)
            self._changed(_newest(outcomes))
            told = self._alerts_to_tell(changed)
        for view in told:
            self._tell("alert", view, view.owner)

    def take_action(self, action: views.AlertAction, at_ms: int) -> None:
        """Take what somebody did about an alert, of which Kafka heard at `at_ms`."""
        with self._lock:
            is_known = self._inbox.act(action)
            self._changed(at_ms)
            told = self._alerts_to_tell([action.alert] if is_known else [])
        for view in told:
            self._tell("alert", view, view.owner)

    def take_classes(self, outcomes: Sequence[Outcome]) -> None:
        """Take changes of class."""
        self.customers.reserve(len(outcomes))
        with self._lock:
            self._classes.add(self.customers, outcomes)
            self._changed(_newest(outcomes))

    def put_in_order(self) -> None:
        """Put names in order where there are many, so that nobody waits for it: call it at times.

        Of the writing thread only.
        """
        if self.customers.is_out_of_order:
            self.customers.put_in_order()

    def _changed(self, at_ms: int) -> None:
        self._newest_ms = max(self._newest_ms, at_ms)
        self.version += 1

    def _tells(self) -> bool:
        return bool(self._subscribers) and not self.progress.is_loading

    def _alerts_to_tell(self, changed: Sequence[str]) -> list[views.Alert]:
        if not self._tells():
            return []
        now = _now()
        return [self._inbox.view(each, self.customers, now) for each in dict.fromkeys(changed)]

    def _tell(self, kind: str, view: views.View, owner: str | None) -> None:
        for told in self._subscribers:
            told(kind, view, owner)

    def subscribe(self, told: Subscriber) -> Callable[[], None]:
        """Tell `told` what happens from now on; what is returned ends that."""
        with self._lock:
            self._subscribers = (*self._subscribers, told)

        def end() -> None:
            with self._lock:
                self._subscribers = tuple(each for each in self._subscribers if each is not told)

        return end

    # ------------------------------------------------------------------------------------- reading

    def as_of(self) -> views.AsOf:
        """Return how new the answers are."""
        progress, day = self.progress, self.customers.newest_day
        since = progress.behind_since
        lag = 0.0 if since is None else time.monotonic() - since
        return views.AsOf(
            day=None if day == NONE else day_text(day),
            at=instant_text(self._newest_ms) if self._newest_ms else None,
            behind=progress.behind,
            lag_s=round(lag, 3),
            loading=progress.is_loading,
            stale=progress.trouble is not None or lag > STALE_S,
        )

    def model(self) -> views.ModelView:
        """Return what there is to choose from."""
        return self.catalogue.described(self.as_of())

    def count(self, owner: str | None) -> int:
        """Return how many customers there are."""
        with self._lock:
            customers = self.customers
            present = customers.present[: customers.count]
            if owner is None:
                return int(np.count_nonzero(present))
            code = customers.codes.attributes[0].find(owner) if owner else NONE - 1
            return int(
                np.count_nonzero(present & (customers.attributes[0, : present.size] == code))
            )

    def pyramid(self, wanted: Filter, owner: str | None) -> views.Pyramid:
        """Return how many customers are in each tier of the filter's score."""
        with self._lock:
            score = self.catalogue.score(wanted.score)
            return pyramid(self.customers, self._rows(wanted, owner), score, self.as_of())

    def page(
        self,
        wanted: Filter,
        owner: str | None,
        sort: str = "-score",
        page: int = 1,
        per_page: int = 50,
        columns: Sequence[str] = (),
    ) -> views.Page:
        """Return one page of customers; `sort` with a minus is descending, missing values last."""
        with self._lock:
            self._check(columns)
            score, rows = self.catalogue.score(wanted.score), self._rows(wanted, owner)
            first = (page - 1) * per_page
            shown = sorted_rows(self.customers, rows, sort, score, first, first + per_page)
            return views.Page(
                as_of=self.as_of(),
                total=rows.size,
                page=page,
                per_page=per_page,
                rows=[
                    row_view(self.customers, row, columns, self._latest(score, row))
                    for row in shown.tolist()
                ],
            )

    def _latest(self, score: int, row: int) -> views.TierChange | None:
        said = self._movements.latest(score, row)
        return None if said is None else change_view(self.customers, row, said)

    def export(
        self, wanted: Filter, owner: str | None, sort: str = "-score", columns: Sequence[str] = ()
    ) -> Export:
        """Return all of them as a table; the lock is taken for some rows at a time.

        The rows are those of now; what they say is read as they are written.
        """
        with self._lock:
            self._check(columns)
            score, rows = self.catalogue.score(wanted.score), self._rows(wanted, owner)
            ordered = sorted_rows(self.customers, rows, sort, score, 0, rows.size)
            header = export_header(self.customers, columns)
        return Export(header, self._exported(ordered, owner, tuple(columns)))

    def _exported(
        self, rows: Rows, owner: str | None, columns: tuple[str, ...]
    ) -> Iterator[tuple[Cell, ...]]:
        for first in range(0, rows.size, _EXPORTED_AT_ONCE):
            with self._lock:
                told = [
                    export_row(self.customers, row, columns)
                    for row in rows[first : first + _EXPORTED_AT_ONCE].tolist()
                    if self._is_shown(row, owner)  # erased meanwhile, or handed to another owner
                ]
            yield from told

    def distribution(self, wanted: Filter, owner: str | None, indicator: str) -> views.Distribution:
        """Return how an indicator, or a score, is distributed among them."""
        with self._lock:
            rows = self._rows(wanted, owner)
            return distribution(self.customers, rows, indicator, self.as_of())

    def composition(self, wanted: Filter, owner: str | None, by: str) -> views.Composition:
        """Return them by owner, region, industry, size, `segment:NAME` or `tier:SCORE`."""
        with self._lock:
            return composition(self.customers, self._rows(wanted, owner), by, self.as_of())

    def movements(self, wanted: Filter, owner: str | None, days: int) -> views.Movements:
        """Return who of them changed the tier of the filter's score in the last days.

        These are business days, the newest among them.
        """
        with self._lock:
            score = self.catalogue.score(wanted.score)
            day = self.customers.newest_day - days
            matrix = self._movements.matrix(score, day, self.customers, self._rows(wanted, owner))
            return views.Movements(
                as_of=self.as_of(),
                score=self.catalogue.names.scores[score],
                days=days,
                tiers=list(self.catalogue.names.tiers[score]),
                matrix=matrix.tolist(),
                up=int(np.triu(matrix, 1).sum()),
                down=int(np.tril(matrix, -1).sum()),
                returned=int(np.trace(matrix)),
            )

    def recent_changes(
        self, wanted: Filter, owner: str | None, limit: int = 50
    ) -> views.RecentChanges:
        """Return the newest tier changes of them, in the filter's score if it names one."""
        with self._lock:
            score = None if wanted.score is None else self.catalogue.score(wanted.score)
            rows = self._rows(wanted, owner)
            found = self._movements.newest(rows, score, limit, self.customers)
            changes = [change_view(self.customers, row, said) for row, said in found]
            return views.RecentChanges(as_of=self.as_of(), changes=changes)

    def alerts(
        self,
        wanted: Filter,
        owner: str | None,
        state: views.AlertState | None = None,
        page: int = 1,
        per_page: int = 50,
    ) -> views.Alerts:
        """Return alerts of them, in one state or in any; in all scores unless one is named."""
        with self._lock:
            now, rows = _now(), self._rows(wanted, owner)
            kept = self._inbox.of_rows(rows, self.customers.count)
            states = self._inbox.states(now)
            counts = np.bincount(states[kept], minlength=len(STATES)).tolist()
            if state is not None:
                kept &= states == STATES.index(state)
            first = (page - 1) * per_page
            return views.Alerts(
                as_of=self.as_of(),
                total=int(np.count_nonzero(kept)),
                page=page,
                per_page=per_page,
                counts=dict(zip(STATES, counts, strict=True)),
                alerts=[
                    self._inbox.view(identity, self.customers, now)
                    for identity in self._inbox.newest(kept, first, first + per_page)
                ],
            )

    def alert(self, identity: str, owner: str | None) -> views.Alert:
        """Return one alert."""
        with self._lock:
            if not self._is_shown(self._inbox.row(identity), owner):
                raise NotFoundError("alert", identity)
            return self._inbox.view(identity, self.customers, _now())

    def customer(self, identity: str, owner: str | None) -> views.Customer:
        """Return all about one customer."""
        with self._lock:
            row = self.customers.find(identity)
            if row is None or not self._is_shown(row, owner):
                raise NotFoundError("customer", identity)
            return customer_view(
                self.customers, row, self._movements, self._inbox, self._classes, self.as_of(),
                _now(),
            )  # fmt: skip

    def rfm(self, wanted: Filter, owner: str | None) -> views.RfmGrid:
        """Return them by recency and frequency."""
        with self._lock:
            return rfm_grid(self.customers, self._rows(wanted, owner), self.as_of())

    def held(self) -> tuple[int, int, int]:
        """Return how many customers, tier changes and alerts there are."""
        return self.count(None), len(self._movements), len(self._inbox)

    def _rows(self, wanted: Filter, owner: str | None) -> Rows:
        return select(self.customers, self._movements, wanted, owner)

    def _is_shown(self, row: int, owner: str | None) -> bool:
        if row == NONE or not self.customers.present[row]:
            return False
        return owner is None or (owner != "" and self.customers.owner(row) == owner)

    def _check(self, columns: Sequence[str]) -> None:
        for name in columns:
            self.catalogue.indicator(name)


def _now() -> datetime:
    return datetime.now(UTC)


def _newest(outcomes: Sequence[Outcome]) -> int:
    return max((outcome.at for outcome in outcomes), default=0)
