"""Customers as hypothesis draws them, and boards that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson
from hypothesis import strategies as st

from streams.dashboard.board import Board
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.outcomes import outcome_of
from streams.dashboard.snapshots import QuickReader
from tests.dashboard.model import SMALL

Said = dict[str, Any]

NAMES = SMALL.names
TODAY = "2026-11-26"
OWNERS = ["王芳", "Li Qiang", ""]
REGIONS = ["华东", "north"]
PARTS = ["鼎", "Ltd", "a", "ß", "İ", "公司", " ", '"', "\\", "ﬁ"]
"""Of names: texts whose case is odd, and what JSON escapes."""

reals = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 1.0, 10.0, 40.0, 1000.0, 1e-7, 1e22, 0.1]),
    st.floats(-1000, 100_000, allow_nan=False),
    st.integers(-5, 60).map(float),
)
points = st.one_of(st.sampled_from([0.0, 40.0, 70.0, 100.0]), st.floats(0, 100))
names = st.lists(st.sampled_from(PARTS), max_size=4).map("".join)


@st.composite
def snapshots(draw: st.DrawFn, customer: str, days: Sequence[str] = (TODAY,)) -> Said:
    """A snapshot of a customer; tiers and classes need not fit the scores."""
    classes = {
        name: draw(st.none() | st.sampled_from(NAMES.classes[g]))
        for g, name in enumerate(NAMES.segments)
    }
    profile = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "industry": st.sampled_from(["纸", "it", 3.0, True]),
                "listed": st.booleans(),
                "name": names,
                "owner": st.sampled_from(OWNERS),
                "region": st.sampled_from(REGIONS),
                "size": st.sampled_from(["small", "large"]),
                "class": st.just('{"profile":{}}'),
            },
        )
    )
    return {
        "customer_id": customer,
        "as_of": draw(st.sampled_from(days)),
        "model": NAMES.model,
        "sequence": draw(st.integers(0, 99)),
        "scores": {
            name: {
                "score": draw(points),
                "tier": draw(st.sampled_from(NAMES.tiers[s])),
                "contributions": {term: draw(points) for term in NAMES.terms[s]},
            }
            | ({"suggested_limit": draw(reals)} if name == "value" else {})
            for s, name in enumerate(NAMES.scores)
        },
        "indicators": {name: draw(reals) for name in NAMES.indicators},
        "segments": classes,
        "segment": classes["rfm"],
        "stage": classes["stage"],
        "class": None,
        "profile": profile,
    }


def customers(most: int = 12) -> st.SearchStrategy[list[Said]]:
    """Snapshots of some customers, each its own."""
    ids = st.lists(st.sampled_from(IDS), max_size=most, unique=True)
    return ids.flatmap(lambda chosen: st.tuples(*(snapshots(each) for each in chosen)).map(list))


IDS = [f"C{n:03d}" for n in range(9)] + ["鼎-1", "x y", 'q"uote', "CAPS"]


def board_of(said: Iterable[Said], catalogue: Catalogue = SMALL) -> Board:
    """Return a board with snapshots."""
    board = Board(catalogue)
    take(board, said)
    return board


def take(board: Board, said: Iterable[Said], at: int = 1_000) -> None:
    """Give snapshots to a board, as the feed does."""
    told = {each["customer_id"].encode(): orjson.dumps(each) for each in said}
    ends = np.cumsum([0, *map(len, told.values())])
    reader = QuickReader(board.catalogue, board.customers.codes)
    buffer = b"".join(told.values())
    board.take(reader.read(list(told), buffer, ends[:-1], ends[1:]), at)


@st.composite
def changes(draw: st.DrawFn, ids: Sequence[str], days: Sequence[str]) -> list[Said]:
    """Tier changes of customers in order of time, each from where the one before led."""
    tiers: dict[tuple[str, str], str] = {}
    told: list[Said] = []
    for n, day in enumerate(sorted(draw(st.lists(st.sampled_from(days), max_size=15)))):
        customer = draw(st.sampled_from(ids))
        s = draw(st.integers(0, len(NAMES.scores) - 1))
        score, its = NAMES.scores[s], NAMES.tiers[s]
        before = tiers.get((customer, score), its[0])
        after = draw(st.sampled_from([tier for tier in its if tier != before]))
        tiers[customer, score] = after
        told.append(change(n, customer, score, before, after, day))
    return told


def change(n: int, customer: str, score: str, before: str, after: str, day: str = TODAY) -> Said:
    """Return the n-th tier change."""
    tiers = NAMES.tiers[NAMES.scores.index(score)]
    return {
        "id": 2 * f"{n:016x}",
        "customer_id": customer,
        "sequence": n + 1,
        "occurred_at": f"{day}T01:00:00.000Z",
        "as_of": day,
        "cause": {"kind": "time"},
        "model": NAMES.model,
        "score_name": score,
        "from": before,
        "to": after,
        "direction": "up" if tiers.index(after) > tiers.index(before) else "down",
        "score": 50.0,
        "previous_score": 40.0,
        "drivers": [{"indicator": "spend", "before": 1.0, "after": 2.0, "delta": 1.0}],
    }


def alert(n: int, customer: str, state: str = "opened", day: str = TODAY) -> Said:
    """Return the n-th outcome about the alert `drop`."""
    return {
        "id": f"{n:032x}",
        "customer_id": customer,
        "sequence": n + 1,
        "occurred_at": f"{day}T01:00:00.000Z",
        "as_of": day,
        "cause": {"kind": "event", "event_id": "e", "type": "complaint"},
        "model": NAMES.model,
        "score_name": "value",
        "alert": "drop",
        "state": state,
        "score": 60.0,
        "reference_score": 75.0,
        "reference_day": day,
        "drop": 15.0,
        "drivers": [{"indicator": "spend", "before": 20.0, "after": 5.0, "delta": -15.0}],
    }


def tell_changes(board: Board, said: Iterable[Said], at: int = 1_000) -> None:
    """Give tier changes to a board, taken by Kafka a millisecond after each other."""
    board.take_changes([
        outcome_of("tier_changes", each["customer_id"].encode(), orjson.dumps(each), at + n)
        for n, each in enumerate(said)
    ])  # fmt: skip


def tell_alerts(board: Board, said: Iterable[Said], at: int = 1_000) -> None:
    """Give alerts to a board, as `tell_changes`."""
    board.take_alerts([
        outcome_of("value_alerts", each["customer_id"].encode(), orjson.dumps(each), at + n)
        for n, each in enumerate(said)
    ])  # fmt: skip
