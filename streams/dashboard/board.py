"""The board: what the page shows, answered from memory. Safe to use from any thread."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final, NamedTuple, Self

from streams.dashboard import views
from streams.dashboard.filters import Filter

Cell = str | float | None


class Export(NamedTuple):
    """A table to write: names of its columns, and its rows as they are made."""

    header: tuple[str, ...]
    rows: Iterator[tuple[Cell, ...]]


Subscriber = Callable[[str, views.View, str | None], None]
"""Is told a kind (`tier-change`, `alert`), what happened, and the owner of the customer. Called in
the feed's thread: it must return at once and raise nothing."""


class Board:
    """Everything in memory, and the questions about it.

    `owner` of a question limits it to the customers of that owner (None: all). Names that the model
    does not have raise `UnknownNameError`, customers and alerts that are not there or not the
    owner's `NotFoundError`.
    """

    def __init__(self, catalogue: Any) -> None:
        self.catalogue: Final = catalogue
        self._lock = RLock()
        self.version = 0
        """Grows with every change of what the board would answer."""

    @contextmanager
    def reading(self) -> Iterator[Self]:
        """Keep the board as it is, for several questions."""
        with self._lock:
            yield self

    def as_of(self) -> views.AsOf:
        """Return how new the answers are."""
        raise NotImplementedError

    def model(self) -> views.ModelView:
        """Return what there is to choose from."""
        raise NotImplementedError

    def pyramid(self, wanted: Filter, owner: str | None) -> views.Pyramid:
        """Return how many customers are in each tier of the filter's score."""
        raise NotImplementedError

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
        raise NotImplementedError

    def export(
        self, wanted: Filter, owner: str | None, sort: str = "-score", columns: Sequence[str] = ()
    ) -> Export:
        """Return all of them as a table; the lock is taken for some rows at a time."""
        raise NotImplementedError

    def distribution(self, wanted: Filter, owner: str | None, indicator: str) -> views.Distribution:
        """Return how an indicator, or a score, is distributed among them."""
        raise NotImplementedError

    def composition(self, wanted: Filter, owner: str | None, by: str) -> views.Composition:
        """Return them by owner, region, industry, size, `segment:NAME` or `tier:SCORE`."""
        raise NotImplementedError

    def movements(self, wanted: Filter, owner: str | None, days: int) -> views.Movements:
        """Return who of them changed the tier of the filter's score in the last days."""
        raise NotImplementedError

    def recent_changes(
        self, wanted: Filter, owner: str | None, limit: int = 50
    ) -> views.RecentChanges:
        """Return the newest tier changes of them, in the filter's score if it names one."""
        raise NotImplementedError

    def alerts(
        self,
        wanted: Filter,
        owner: str | None,
        state: views.AlertState | None = None,
        page: int = 1,
        per_page: int = 50,
    ) -> views.Alerts:
        """Return alerts of them, in one state or in any."""
        raise NotImplementedError

    def alert(self, identity: str, owner: str | None) -> views.Alert:
        """Return one alert."""
        raise NotImplementedError

    def customer(self, identity: str, owner: str | None) -> views.Customer:
        """Return all about one customer."""
        raise NotImplementedError

    def rfm(self, wanted: Filter, owner: str | None) -> views.RfmGrid:
        """Return them by recency and frequency."""
        raise NotImplementedError

    def subscribe(self, told: Subscriber) -> Callable[[], None]:
        """Tell `told` what happens from now on; what is returned ends that."""
        raise NotImplementedError
