"""What `clv fit` takes from files: the figures that the kernel would have of each customer."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scoring.errors import FitError
from streams.clv import Histories, SaleReader, fit, read_histories
from streams.decode import InputRules
from streams.errors import CheckError
from streams.model_file import adapted, load_model
from tests.cli.command import ROOT

UNTIL = date(2026, 3, 1)


def event(customer: str, day: str, amount: str = "10.00", **fields: Any) -> dict[str, Any]:
    return {
        "type": "transaction", "customer_id": customer, "occurred_at": f"{day}T12:00:00Z",
        "amount": amount, "event_id": f"{customer}-{day}-{amount}",
    } | fields  # fmt: skip  # what all have, what differs


def reader(until: date | None = None) -> SaleReader:
    model = adapted(load_model(ROOT / "config" / "scoring.yaml"), None, "UTC")
    day = None if until is None else until.toordinal() - date(1970, 1, 1).toordinal()
    return SaleReader(model, day, InputRules())


def histories(tmp_path: Path, *events: dict[str, Any], until: date | None = None) -> Histories:
    """Read the events from two files, so that nothing rests on one of them."""
    half = len(events) // 2
    paths = [tmp_path / "one.ndjson", tmp_path / "two.ndjson"]
    for path, part in zip(paths, (events[:half], events[half:]), strict=True):
        path.write_text("".join(json.dumps(e) + "\n" for e in part), "utf-8")
    return read_histories(paths, reader(until), lambda _: None)


def figures(found: Histories) -> list[tuple[int, int, int, float]]:
    columns = (found.orders, found.last_days, found.age_days, found.mean)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_every_sale_is_a_purchase_also_a_second_one_on_the_same_day(tmp_path: Path) -> None:
    found = histories(
        tmp_path,
        event("A", "2026-01-10", "10.00"),
        event("A", "2026-01-10", "30.00"),
        event("B", "2026-02-01", "7.50"),
        event("A", "2026-01-31", "2.00"),
    )
    assert found.as_of == date(2026, 2, 1)  # the day of the newest event
    assert figures(found) == [(3, 21, 22, 14.0), (1, 0, 0, 7.5)]


def test_only_sales_count_but_every_event_moves_the_day(tmp_path: Path) -> None:
    found = histories(
        tmp_path,
        event("A", "2026-01-10"),
        event("A", "2026-01-12", "4.00", kind="refund"),
        event("B", "2026-01-11", "4.00", kind="refund"),
        event("A", "2026-01-20", type="payment"),
    )
    assert (figures(found), found.as_of) == ([(1, 0, 10, 6.0)], date(2026, 1, 20))


def test_orders_are_worth_what_was_kept_of_them(tmp_path: Path) -> None:
    found = histories(
        tmp_path,
        event("A", "2026-01-10", "10.00"),
        event("A", "2026-01-12", "30.00"),
        event("A", "2026-01-13", "5.00", kind="refund"),
        event("A", "2026-01-14", "5.00", kind="chargeback"),
        event("B", "2026-01-12", "8.00"),
        event("B", "2026-01-14", "8.00", kind="refund", event_id="B-all"),
    )
    assert figures(found) == [(2, 2, 4, 15.0), (1, 0, 2, 0.0)]


def test_an_order_that_was_taken_back_is_no_purchase(tmp_path: Path) -> None:
    def of(order: str, day: str, **fields: Any) -> dict[str, Any]:
        return event("A", day, order_id=order, **fields)

    events = (
        of("o1", "2026-01-10"),
        of("o2", "2026-01-12", kind="void", event_id="void"),
        of("o2", "2026-01-11"),
        of("o2", "2026-01-11", kind="refund", event_id="refund", amount="4.00"),
        event("B", "2026-01-11", order_id="o2"),  # which a void of A's does not concern
        event("C", "2026-01-11", order_id="o3"),
        event("C", "2026-01-11", order_id="o3", kind="void", event_id="all"),
    )
    right = [(1, 0, 2, 10.0), (1, 0, 1, 10.0)]
    for order in (events, events[::-1]):
        assert sorted(figures(histories(tmp_path, *order))) == sorted(right)


def test_what_comes_twice_counts_once(tmp_path: Path) -> None:
    one, other = event("A", "2026-01-10"), event("A", "2026-01-11")
    same_id = [event(c, "2026-01-10", event_id=one["event_id"]) for c in ("B", "C")]
    found = histories(tmp_path, one, other, *same_id, one, other)
    assert figures(found) == [(2, 1, 1, 10.0), (1, 0, 1, 10.0), (1, 0, 1, 10.0)]


def test_what_an_erasure_forgets_does_not_count(tmp_path: Path) -> None:
    erasure = event("A", "2026-01-15", type="erasure", event_id="E")
    found = histories(
        tmp_path,
        event("A", "2026-01-10"),
        event("B", "2026-01-10"),
        erasure,
        event("A", "2026-01-20"),
        event("A", "2026-01-14", "99.00"),  # late, and forgotten too
    )
    assert figures(found) == [(1, 0, 0, 10.0), (1, 0, 10, 10.0)]


def test_until_leaves_out_what_is_later_and_is_the_day_of_all_ages(tmp_path: Path) -> None:
    found = histories(
        tmp_path, event("A", "2026-02-27"), event("A", "2026-03-02"), event("B", "2026-03-05"),
        until=UNTIL,
    )  # fmt: skip  # events, day
    assert (figures(found), found.as_of) == ([(1, 0, 2, 10.0)], UNTIL)


def test_files_without_a_sale_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="no line is an event that can be taken: it is empty"):
        histories(tmp_path)
    for events in ((event("A", "2026-01-10", type="payment"),), (event("A", "2026-03-02"),)):
        with pytest.raises(FitError, match="there is no sale"):
            histories(tmp_path, *events, until=UNTIL)


def test_lines_that_are_no_events_are_counted_and_the_first_is_told(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    lines = [json.dumps(event("A", "2026-01-10")), "{", json.dumps(event("A", "soon"))]
    path.write_text("\n".join(lines), "utf-8")
    read = reader()
    assert read_histories([path], read, lambda _: None).orders.tolist() == [1]
    assert read.rejected == 2
    assert "events.ndjson:2: " in read.reason


def test_another_event_under_a_known_id_is_told_with_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    first = event("A", "2026-01-10", event_id="x")
    lines = [first, first | {"amount": "11.00"}, first | {"kind": "refund"}, first]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    read = reader()
    found = read_histories([path], read, lambda _: None)
    assert (found.orders.tolist(), found.mean.tolist()) == ([1], [10.0])
    assert read.rejected == 2
    assert "as ContentDiffers, the first one events.ndjson:2: events.ndjson:1 (sale of 10.00" in (
        read.reason
    )


def test_a_mean_of_orders_whose_sum_is_too_large_for_64_bits_is_right(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    sales = (event("A", "2026-01-10", "1000000000000", event_id=f"e{n}") for n in range(93_000))
    path.write_text("".join(json.dumps(line) + "\n" for line in sales), "utf-8")
    found = read_histories([path], reader(), lambda _: None)
    assert (found.orders.tolist(), found.mean.tolist()) == ([93_000], [1e12])


def test_a_shop_of_one_price_that_nobody_leaves_is_fitted_as_far_as_it_tells(
    tmp_path: Path,
) -> None:
    """Subscribers who pay the same every month tell when they buy, and no spread of values."""
    events = [
        event(f"c{c}", f"2025-{month:02d}-{c % 28 + 1:02d}", "9.99")
        for c in range(400)
        for month in range(1 + c % 7, 13, 1 + c % 3)
    ]
    found = fit(histories(tmp_path, *events), 7.0)
    assert found.clv.p is found.clv.q is found.clv.v is None
    assert found.no_values.startswith("all orders are worth the same, 9.99")
    assert found.value_log_likelihood is None
    assert found.clv.dropout == "any"


def test_who_got_everything_back_is_left_out_of_the_values(tmp_path: Path) -> None:
    events = [
        event(f"c{c}", f"2025-{month:02d}-{c % 28 + 1:02d}", f"{5 + (c * 7 + month) % 23}.00")
        for c in range(200)
        for month in range(1 + c % 5, 13, 2 + c % 4)
    ]
    sound = fit(histories(tmp_path, *events), 7.0)
    back = [
        each | {"kind": "refund", "event_id": f"back {each['event_id']}"}
        for each in events
        if each["customer_id"] in {"c3", "c4"}
    ]
    found = fit(histories(tmp_path, *events, *back), 7.0)
    assert (sound.worthless, found.worthless) == (0, 2)
    assert found.clv.r == sound.clv.r  # they bought as often
    assert found.clv.p is not None
