"""A small shop on a board: customers of two owners, their changes and alerts, as Kafka has them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from typing import Any

import orjson

from streams.dashboard.board import Board
from streams.dashboard.catalogue import Catalogue
from streams.dashboard.outcomes import outcome_of
from streams.dashboard.snapshots import PlainReader
from streams.model_file import load_model
from streams.packaged import PACKAGED

DAY = "2026-11-26"
AT = "2026-11-26T02:00:00.000Z"
OWNERS = ("王芳", "李磊")
CUSTOMERS = 24
ODD_ID = "C/0 ?#%王"
"""An id that an address cannot hold as it is."""


def customer_id(n: int) -> str:
    """Return the id of a customer; even ones are of the first owner."""
    return ODD_ID if n == 0 else f"C{n:04d}"


def owner_of(n: int) -> str:
    """Return the owner of a customer."""
    return OWNERS[n % 2]


def name_of(n: int) -> str:
    """Return a name in which the owner can be seen."""
    return f"{'even' if n % 2 == 0 else 'odd'}-{n:04d} 有限公司"


@cache
def catalogue() -> Catalogue:
    """Return the packaged model's."""
    return Catalogue.of(load_model(PACKAGED / "scoring.yaml"))


def snapshot(known: Catalogue, n: int, **changed: Any) -> dict[str, Any]:
    """Return a snapshot of a customer, whose tier follows from its number."""
    names = known.names
    return {
        "customer_id": customer_id(n),
        "as_of": DAY,
        "model": names.model,
        "sequence": 1,
        "scores": {
            name: {
                "score": float(n),
                "tier": names.tiers[s][n % len(names.tiers[s])],
                "contributions": {term: 1.0 for term in names.terms[s]},
            }
            for s, name in enumerate(names.scores)
        },
        "indicators": {name: float(n * (i + 1)) for i, name in enumerate(names.indicators)},
        "segments": {
            name: classes[n % len(classes)]
            for name, classes in zip(names.segments, names.classes, strict=True)
        },
        "profile": {
            "name": name_of(n), "owner": owner_of(n), "region": ("华东", "华南")[n % 3 == 0],
            "industry": "=cmd|' /C calc'!A0", "size": "small",
        },
    } | changed  # fmt: skip


def outcome(n: int, sequence: int, **said: Any) -> dict[str, Any]:
    """Return what all outcomes say."""
    told = {
        "customer_id": customer_id(n), "sequence": sequence, "occurred_at": AT, "as_of": DAY,
        "cause": {"kind": "time"}, "model": "default@2", "drivers": [],
    } | said  # fmt: skip
    return {"id": blake2b(orjson.dumps(told), digest_size=16).hexdigest()} | told


def tier_change(known: Catalogue, n: int, sequence: int = 1) -> dict[str, Any]:
    """Return a customer's rise into the next tier of the first score."""
    origin, target, *_ = known.names.tiers[0]
    return outcome(
        n, sequence, score_name=known.names.scores[0], direction="up", score=60.0,
        previous_score=50.0, **{"from": origin, "to": target},
    )  # fmt: skip


def value_alert(
    known: Catalogue, n: int, sequence: int = 2, state: str = "opened"
) -> dict[str, Any]:
    """Return an alert of a customer."""
    return outcome(
        n, sequence, score_name=known.names.scores[0], alert=known.names.alerts[0], state=state,
        score=40.0, reference_score=60.0, reference_day=DAY, drop=20.0,
    )  # fmt: skip


class Shop:
    """A board, and a feed's end of it: what happens is put in by hand."""

    def __init__(self) -> None:
        """Fill a board with all customers, a change and an alert of each."""
        self.catalogue = catalogue()
        self.board = Board(self.catalogue)
        self._reader = PlainReader(self.catalogue.names, self.board.customers.codes)
        self.take_snapshots(snapshot(self.catalogue, n) for n in range(CUSTOMERS))
        self.take("tier_changes", *(tier_change(self.catalogue, n) for n in range(CUSTOMERS)))
        self.take("value_alerts", *(value_alert(self.catalogue, n) for n in range(CUSTOMERS)))
        self.loading(now=False)

    def loading(self, *, now: bool) -> None:
        """Say whether the board is still being read."""
        self.board.progress = self.board.progress._replace(is_loading=now)

    def take_snapshots(self, said: Iterable[dict[str, Any]]) -> None:
        """Let the board take snapshots."""
        records = [(each["customer_id"].encode(), orjson.dumps(each)) for each in said]
        self.board.take(self._reader.read(records), int(time.time() * 1000))

    def take(self, role: str, *said: dict[str, Any]) -> None:
        """Let the board take outcomes."""
        now = int(time.time() * 1000)
        read = [
            outcome_of(role, each["customer_id"].encode(), orjson.dumps(each), now) for each in said
        ]
        takers = {
            "tier_changes": self.board.take_changes, "value_alerts": self.board.take_alerts,
            "segment_changes": self.board.take_classes,
        }  # fmt: skip
        takers[role](read)
