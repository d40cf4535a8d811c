"""A replay hands on what single events say beyond columns, also when it leaves events out."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from scoring.details import Detail
from scoring.scorer import Scored
from streams.decode import records_of_lines
from streams.model_file import load_model
from streams.packaged import PACKAGED
from streams.replay import Options, Replay


def line(number: int, day: str, **fields: Any) -> bytes:
    common = {"event_id": f"e{number}", "customer_id": "ada", "occurred_at": f"{day}T12:00:00Z"}
    return json.dumps(common | fields).encode() + b"\n"


def test_details_stand_at_their_events_although_later_ones_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The day that is asked for cuts events out of the middle of a file."""
    replay = Replay(load_model(PACKAGED / "scoring.yaml"), Options(as_of=20_454), 2_000_000_000_000)
    given: list[dict[int, Detail]] = []
    score = replay.scorer.score

    def noted(*arguments: Any) -> Scored:
        details: Mapping[int, Detail] = arguments[3]
        given.append(dict(details))
        return score(*arguments)

    monkeypatch.setattr(replay.scorer, "score", noted)
    lines = [
        line(1, "2026-03-01", type="profile", region="too late"),
        line(2, "2026-01-01", type="transaction", amount=1),
        line(3, "2026-01-01", type="profile", region="华东"),
        line(4, "2026-03-01", type="profile", region="too late"),
        line(5, "2026-01-01", type="profile", region="华北"),
    ]
    decoded = replay.decoder.decode(
        records_of_lines(b"".join(lines), 1), event_type=None, now_ms=None, keyed=False
    )
    list(replay.apply(decoded))
    east, north = (Detail(attributes=(("region", name),)) for name in ("华东", "华北"))
    assert given == [{1: east, 2: north}]
