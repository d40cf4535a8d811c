"""A customer's state as bytes: nothing is lost, nothing depends on windows or weights."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from scoring.errors import LayoutError
from scoring.layout import VERSION
from scoring.measures import MEASURES
from scoring.scorer import Scored, Scorer
from tests.scoring.batches import (
    Event,
    batches,
    columns,
    numbers,
    scorer_of,
    shop_mapping,
    states_of,
)

CUSTOMERS = 3
quick = settings(deadline=None, max_examples=30, derandomize=True)
shop = scorer_of(shop_mapping())


def after(events: list[Event], scorer: Scorer = shop) -> Scored:
    return scorer.score([b""] * CUSTOMERS, columns(events), -1)


@quick
@given(events=batches(CUSTOMERS))
def test_a_state_that_was_written_is_read_as_it_was(events: list[Event]) -> None:
    scored = after(events)
    states = states_of(shop, scored)
    written, read = shop.complete(scored.arena), shop.read(states)
    for name in ("as_of", "row_count", "sequence", "applied"):
        assert (read.customers[name] == written.customers[name]).all()
    for stored in ("marks", "totals", "standings", "watches"):
        assert getattr(read, stored).tolist() == getattr(written, stored).tolist()
    for c, customer in enumerate(written.customers):
        count, start, there = customer["row_count"], customer["row_start"], read.customers[c]
        mine = slice(start, start + count)
        theirs = slice(there["row_start"], there["row_start"] + count)
        assert (read.buckets["day"][theirs] == written.buckets["day"][mine]).all()
        assert (read.rows[theirs] == written.rows[mine]).all()
        kept = written.watches["count"][c, 0]
        assert (read.peaks[c, 0, :kept] == written.peaks[c, 0, :kept]).all()
        assert (read.peak_terms[c, 0, :kept] == written.peak_terms[c, 0, :kept]).all()
        end = customer["ring_start"] + customer["ring_count"]
        last = written.ring[max(customer["ring_start"], end - shop.model.dedup.ids) : end]
        own = there["ring_start"]
        assert (read.ring[own : own + there["ring_count"]] == last).all()
    for derived in ("sums", "points", "scores"):
        assert (getattr(read, derived) == getattr(written, derived)).all()
    np.testing.assert_array_equal(read.indicators, written.indicators)


@quick
@given(events=batches(CUSTOMERS))
def test_writing_what_was_read_gives_the_same_bytes(events: list[Event]) -> None:
    states = states_of(shop, after(events))
    blobs, _ = shop.write(shop.read(states))
    assert blobs.tobytes() == b"".join(states)


def test_large_and_negative_sums_are_stored_whole() -> None:
    """A margin can be negative; a day can hold millions of the largest amount."""
    largest = 10**14
    events = [Event(0, "sale", 19_700, n, amount=largest, cost=2 * largest) for n in range(50)]
    state = states_of(shop, shop.score([b""], columns(events), -1))
    row = dict(zip(MEASURES, shop.read(state).rows[0].tolist(), strict=True))
    assert {name: n for name, n in row.items() if n != 0} == {
        "orders": 50,
        "sale_amount": 50 * largest,
        "largest_order": largest,
        "margin": -50 * largest,
        "costed_net": 50 * largest,
        "unsplit_costs": 100 * largest,
    }


def test_a_state_of_another_version_is_refused() -> None:
    good = states_of(shop, shop.score([b""], columns([Event(0, "praise", 19_700, 1)]), -1))[0]
    other = bytes([VERSION + 1]) + good[1:]
    with pytest.raises(LayoutError) as refused:
        shop.read([good, b"", other])
    said = str(refused.value)
    assert f"position 2 of the batch has layout version {VERSION + 1}" in said
    assert f"reads {VERSION}" in said
    assert "replaying the topics" in said


def test_a_shop_of_many_customers_outgrows_the_first_room_for_bytes() -> None:
    """500 busy days each: more than the 512 bytes a customer that room is made for."""
    events = [Event(n % 2, "sale", 19_700 - n // 2, n, amount=10**14 - n) for n in range(1000)]
    scorer = scorer_of(shop_mapping() | {"dedup": {"ids": 65_536}})
    mapping = shop_mapping()
    mapping["indicators"]["spend_30d"]["window"] = 1000
    long = scorer_of(mapping | {"dedup": {"ids": 65_536}})
    states = states_of(long, long.score([b""] * 2, columns(events), -1))
    assert min(map(len, states)) > 4000
    assert numbers(long, states) == numbers(long, states_of(long, long.turn(states, 19_700)))
    assert scorer.read(states).customers["ring_count"].tolist() == [500, 500]


def reweighted() -> dict[str, Any]:
    """Other weights, normalisers, bounds of tiers: all that a state must not depend on."""
    mapping = shop_mapping()
    trade, voice = mapping["scores"]["value"]["groups"]
    trade["weight"], voice["weight"] = 1, 9
    trade["indicators"][0]["normaliser"] = {"kind": "log", "high": 77}
    mapping["scores"]["value"]["tiers"][1] |= {"enter_at": 20, "leave_below": 10}
    return mapping


def other_windows() -> dict[str, Any]:
    """Shorter windows, another kind of indicator, and an alert that looks back two months."""
    mapping = shop_mapping()
    mapping["indicators"]["spend_30d"]["window"] = 7
    mapping["indicators"]["sentiment"]["window"] = [10, 60]
    mapping["indicators"]["mean_order"] = {"kind": "sum", "add": ["praise"], "window": 3}
    mapping["alerts"]["drop"]["within_days"] = 60
    return mapping


def short_memory() -> dict[str, Any]:
    """An alert that looks back one day only, and two identities a customer."""
    mapping = shop_mapping() | {"dedup": {"ids": 2}}
    mapping["alerts"]["drop"] |= {"within_days": 1, "points": 30, "resolve_below": 1}
    return mapping


@pytest.mark.parametrize(
    "changed", [reweighted, other_windows, short_memory], ids=lambda f: f.__name__
)
@quick
@given(events=batches(CUSTOMERS), more=batches(CUSTOMERS, first_day=19_800))
def test_a_model_gets_its_own_numbers_out_of_states_of_another(
    changed: Callable[[], dict[str, Any]], events: list[Event], more: list[Event]
) -> None:
    events = list({event.identity: event for event in events}.values())
    more = [event._replace(identity=1000 + n) for n, event in enumerate(more)]
    other = scorer_of(changed())
    assert other.names.layout == shop.names.layout
    first = after(events)
    taken_over, own = states_of(shop, first), states_of(other, after(events, other))
    assert numbers(other, taken_over) == numbers(other, own)
    for states in (taken_over, own):
        scored = other.score(states, columns(more), first.clock)
        states[:] = states_of(other, scored)
    assert numbers(other, taken_over) == numbers(other, own)


def test_an_alert_that_looks_back_less_keeps_the_newest_of_what_is_remembered() -> None:
    """Room for 3 evaluations, 91 are stored: the others must not be written behind it."""
    long, short = shop_mapping(), shop_mapping()
    long["alerts"]["drop"] |= {"within_days": 92, "points": 100}
    short["alerts"]["drop"] |= {"within_days": 1}
    writer, reader = scorer_of(long), scorer_of(short)
    sale = columns([Event(0, "sale", 19_700, 1, amount=50_000)])
    state = states_of(writer, writer.score([b""], sale, -1))
    state = states_of(writer, writer.turn(state, 19_792))
    remembered = writer.read(state)
    assert remembered.watches["count"].tolist() == [[91]]  # it fell until recency was at its end
    arena = reader.read(state * 2)
    assert arena.watches["count"].tolist() == [[2], [2]]
    for c in range(2):
        assert arena.peaks[c, 0, :2].tolist() == remembered.peaks[0, 0, 89:91].tolist()


def test_a_model_with_other_tiers_terms_scores_or_alerts_has_another_layout() -> None:
    mappings = [shop_mapping() for _ in range(4)]
    mappings[0]["scores"]["size"]["tiers"][1]["name"] = "big"
    mappings[1]["scores"]["value"]["groups"][0]["indicators"].pop()
    mappings[2]["scores"]["extra"] = mappings[2]["scores"]["size"]
    mappings[3]["alerts"]["fall"] = mappings[3]["alerts"]["drop"]
    layouts = {scorer_of(mapping).names.layout for mapping in mappings}
    assert len(layouts | {shop.names.layout}) == 5
