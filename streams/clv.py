"""Fitting customer lifetime value: sales of files to histories, histories to parameters.

A history is what the kernel would know of a customer: every sale is a purchase, one that comes
twice counts once, what an erasure forgets does not count. Merges are not carried out: each id is a
customer.
"""

import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.clv.fit import ValueFit, expected_customers, fit_purchases, fit_values
from scoring.clv.parameters import Clv
from scoring.errors import FitError
from scoring.measures import KINDS
from scoring.model import Model
from scoring.money import digits
from scoring.verdicts import Refusal
from streams.decode import Decoded, InputRules, Rejected
from streams.event_files import no_events
from streams.identities import Identities, Origin
from streams.merged_files import MergedFiles, most_rejected

MOST_REPEATS: Final = 6
_SALE, _ERASURE, _VOID = (KINDS.index(kind) for kind in ("sale", "erasure", "void"))
_RETURNS = (KINDS.index("refund"), KINDS.index("chargeback"))
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LONG_AGO: Final = -(2**62)


class Histories(NamedTuple):
    """Each customer's figures as of a day, one array a figure; days are integers."""

    orders: NDArray[np.int64]
    last_days: NDArray[np.int64]
    """Between the first sale and the last."""
    age_days: NDArray[np.int64]
    """Between the first sale and the as-of day."""
    mean: NDArray[np.float64]
    """Of the orders net of refunds, in major units."""
    as_of: date


class Fitted(NamedTuple):
    """The section of the model, and how well it tells what was observed."""

    clv: Clv
    orders: int
    repeat_buyers: int
    value_log_likelihood: float | None
    no_values: str
    """Why the values of orders could not be fitted; empty if they were."""
    at_bounds: tuple[str, ...]
    """Parameters of purchases that would go on, see `PurchaseFit`."""
    worthless: int
    """Customers who got back all that they paid, or more: left out of the values."""
    correlation: float
    """Of number and mean value of repeat buyers' orders; the model takes it to be 0."""
    observed: list[int]
    """Customers with 0, 1, … 6 or more repeat purchases."""
    expected: list[float]
    seconds: float


class SaleReader:
    """Collects the sales of files; `rejected` counts lines, `reason` is why most of them were."""

    def __init__(self, model: Model, until: int | None, rules: InputRules) -> None:
        """Count what happened up to the day `until`, from 1970-01-01; None: everything."""
        self._decoder = rules.decoder(model)
        self._minor = float(10 ** digits(model.currencies.base))
        self._until = until
        self._now_ms = int(time.time() * 1000)
        self._identities = Identities(model.currencies.base)
        self._position: dict[bytes, int] = {}
        self._erased: dict[int, int] = {}
        self._voids: set[tuple[int, int]] = set()
        self._columns: list[tuple[NDArray[Any], ...]] = []
        self._newest: int | None = None
        self.rejected = 0
        self.reason = ""

    def read(self, files: Sequence[Path], progress: Callable[[int], None]) -> None:
        """Read files; `progress` is told how many of their bytes have been read.

        Raises:
            UsageError: One cannot be read to its end.
            CheckError: One holds no lines, or there is no event in any of them.
        """
        reader = MergedFiles(files, self._decoder, self._now_ms)
        for merged in reader:
            for event, error, why in self._take(merged.decoded, merged.origin()):
                chunk, record = merged.line(event)
                reader.note_rejected(Rejected(record, error, why), chunk)
            progress(reader.position())
        self.rejected = reader.rejected.total()
        self.reason = most_rejected(reader.rejected, reader.examples)
        if not reader.accepted and files:
            raise no_events(files[0], reader.heads[files[0]])

    def _take(self, decoded: Decoded, origin: Origin) -> list[Refusal]:
        """Take the sales and erasures of a piece; return what is refused, by position."""
        counts = np.arange(decoded.events.day.size)
        if self._until is not None:
            counts = np.flatnonzero(decoded.events.day <= self._until)
        events = decoded.events.select(counts)
        if events.day.size == 0:
            return []
        newest = int(events.day.max())
        self._newest = newest if self._newest is None else max(self._newest, newest)
        positions = np.array(
            [self._position.setdefault(name, len(self._position)) for name in decoded.customers]
        )
        sifted = self._identities.sift(positions[events.customer], events, origin.select(counts))
        events = events.select(sifted.fresh)
        customer = positions[events.customer]
        for e in np.flatnonzero(events.kind == _ERASURE).tolist():
            c, at = int(customer[e]), int(events.at[e])
            self._erased[c] = max(at, self._erased.get(c, _LONG_AGO))
        for e in np.flatnonzero((events.kind == _VOID) & (events.order != 0)).tolist():
            self._voids.add((int(customer[e]), int(events.order[e])))
        money = np.isin(events.kind, (_SALE, *_RETURNS))
        is_sale = events.kind == _SALE
        signed = np.where(is_sale, events.amount, -events.amount)
        columns = (customer, events.day, events.at, signed, is_sale, events.order)
        self._columns.append(tuple(column[money] for column in columns))
        return [each._replace(event=int(counts[each.event])) for each in sifted.refused]

    def _is_void(self, customer: NDArray[np.int64], order: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell which rows are of an order that was taken back."""
        if not self._voids:
            return np.zeros(customer.size, np.bool_)
        pairs = zip(customer.tolist(), order.tolist(), strict=True)
        return np.array([pair in self._voids for pair in pairs], np.bool_)

    def histories(self) -> Histories:
        """Return what was read, a customer an entry. Raises `FitError` if there is no sale."""
        if not self._columns:
            raise FitError("there is no sale in these files")
        columns = map(np.concatenate, zip(*self._columns, strict=True))
        customer, day, at, amount, is_sale, order_id = columns
        forgotten = np.full(len(self._position), _LONG_AGO)
        forgotten[list(self._erased)] = list(self._erased.values())
        order = np.argsort(customer, kind="stable")
        order = order[at[order] > forgotten[customer[order]]]
        order = order[~self._is_void(customer[order], order_id[order])]
        paid = np.bincount(customer[order], amount[order].astype(np.float64), forgotten.size)
        order = order[is_sale[order]]
        customer, day = customer[order], day[order].astype(np.int64)
        if customer.size == 0:
            raise FitError("there is no sale in these files")
        who, starts, orders = np.unique(customer, return_index=True, return_counts=True)
        first, last = np.minimum.reduceat(day, starts), np.maximum.reduceat(day, starts)
        as_of = self._until if self._until is not None else self._newest or 0
        return Histories(
            orders=orders,
            last_days=last - first,
            age_days=as_of - first,
            # As floats: a sum of integers could be too large for 64 bits, unseen.
            mean=paid[who] / self._minor / orders,
            as_of=date.fromordinal(as_of + _EPOCH),
        )


def fit(histories: Histories, unit_days: float, *, fades: bool = True) -> Fitted:
    """Estimate the parameters of customers' histories, each half by itself.

    `fades`: the first purchase can be the last, too (MBG/NBD).

    Raises:
        FitError: They do not tell those of purchases.
        ExtraError: scipy is missing.
    """
    began = time.perf_counter()
    x = histories.orders.astype(np.float64) - 1.0
    age = histories.age_days / unit_days
    worth = histories.mean > 0.0
    values, no_values = _values_of(x[worth] + 1.0, histories.mean[worth])
    purchases = fit_purchases(x, histories.last_days / unit_days, age, unit_days, fades=fades)
    back = x > 0
    named = {"r": purchases.r, "alpha": purchases.alpha, "a": purchases.a, "b": purchases.b}
    if values is not None:
        named |= {"p": values.p, "q": values.q, "v": values.v}
    return Fitted(
        clv=Clv.model_validate(
            {name: float(f"{value:.6g}") for name, value in named.items()}
            | {
                "dropout": "any" if fades else "repeat",
                "unit_days": unit_days,
                "fitted_on": histories.as_of,
                "customers": x.size,
                "log_likelihood": round(purchases.log_likelihood, 1),
            }
        ),
        orders=int(histories.orders.sum()),
        repeat_buyers=int(back.sum()),
        value_log_likelihood=None if values is None else round(values.log_likelihood, 1),
        no_values=no_values,
        at_bounds=purchases.at_bounds,
        worthless=int((~worth).sum()),
        correlation=round(_correlation(x[back], histories.mean[back]), 3),
        observed=np.bincount(np.minimum(x, MOST_REPEATS).astype(np.int64)).tolist(),
        expected=expected_customers(purchases, age, MOST_REPEATS, fades=fades).round(1).tolist(),
        seconds=round(time.perf_counter() - began, 2),
    )


def _values_of(n: NDArray[np.float64], m: NDArray[np.float64]) -> tuple[ValueFit | None, str]:
    """Return the fit of values, or why there is none."""
    try:
        return fit_values(n, m), ""
    except FitError as error:
        return None, str(error)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if one.std() == 0.0 or other.std() == 0.0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def read_histories(
    files: Sequence[Path], reader: SaleReader, progress: Callable[[int], None]
) -> Histories:
    """Read files into histories; `progress` is told how many of their bytes have been read.

    Raises `FitError` if there is no sale, and what `SaleReader.read` raises.
    """
    reader.read(files, progress)
    return reader.histories()
