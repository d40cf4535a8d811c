"""Models, columns of events and states, as the scorer takes and gives them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from ruamel.yaml import YAML

from scoring.columns import Events
from scoring.measures import ABSENT, KINDS
from scoring.model import parse
from scoring.scorer import Scored, Scorer

SHOP = Path(__file__).with_name("shop.yaml").read_text()
DAY_MS = 86_400_000


class Event(NamedTuple):
    """One event of a batch; the day counts from 1970-01-01, money is minor units."""

    customer: int
    kind: str
    day: int
    identity: int
    amount: int = ABSENT
    level: int = ABSENT
    cost: int = ABSENT
    due: int = ABSENT


def shop_mapping() -> dict[str, Any]:
    """Return shop.yaml as a mapping, to be changed."""
    mapping: dict[str, Any] = YAML(typ="safe").load(SHOP)
    rates = mapping["currencies"]["rates"]
    rates["USD"] = {str(day): rate for day, rate in rates["USD"].items()}
    return mapping


def scorer_of(mapping: dict[str, Any], clock: str = "event") -> Scorer:
    """Return the scorer of a model that is given as a mapping."""
    from json import dumps

    return Scorer(parse(dumps(mapping), "changed shop"), clock)


def columns(events: Sequence[Event]) -> Events:
    """Return events as columns; each happens at noon UTC."""
    return Events(
        customer=np.array([e.customer for e in events], np.int32),
        kind=np.array([KINDS.index(e.kind) for e in events], np.int8),
        at=np.array([e.day * DAY_MS + DAY_MS // 2 for e in events], np.int64),
        day=np.array([e.day for e in events], np.int32),
        identity=np.array([e.identity for e in events], np.uint64),
        amount=np.array([e.amount for e in events], np.int64),
        cost=np.array([e.cost for e in events], np.int64),
        due=np.array([e.due for e in events], np.int64),
        level=np.array([e.level for e in events], np.int64),
        due_day=np.array([-1 if e.due == ABSENT else e.due // DAY_MS for e in events], np.int32),
        category=np.zeros(len(events), np.uint64),
        invoice=np.zeros(len(events), np.uint64),
        detail=np.zeros(len(events), np.int8),
        sequence=np.full(len(events), ABSENT, np.int64),
        order=np.zeros(len(events), np.uint64),
        currency=np.zeros(len(events), np.int32),
        own=np.array([e.amount for e in events], np.int64),
        content=np.zeros(len(events), np.uint32),
    )


def states_of(scorer: Scorer, scored: Scored) -> list[bytes]:
    """Return the customers' states as bytes."""
    blobs, bounds = scorer.write(scored.arena)
    content = blobs.tobytes()
    return [
        content[start:end]
        for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    ]


def numbers(scorer: Scorer, states: Sequence[bytes]) -> list[list[float | None]]:
    """Return indicators (None for null) and scores of customers, from their states alone."""
    arena = scorer.read(states)
    rows = np.concatenate([arena.indicators, arena.scores], axis=1).tolist()
    return [[None if value != value else value for value in row] for row in rows]  # noqa: PLR0124


def batches(customers: int, first_day: int = 19_700) -> st.SearchStrategy[list[Event]]:
    """Up to 30 events over some months, late ones and repeats of one identity among them."""
    row = st.tuples(
        st.integers(0, customers - 1),
        st.sampled_from(KINDS),
        st.integers(-40, 120),
        st.integers(1, 20),
        st.integers(1, 200_000),
        st.sampled_from([ABSENT, 1, 5]),
    )
    return st.lists(row, min_size=1, max_size=30).map(
        lambda rows: [
            Event(c, kind, first_day + n + shift, identity, amount, level)
            for n, (c, kind, shift, identity, amount, level) in enumerate(rows)
        ]
    )
