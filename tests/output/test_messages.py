"""What goes out in words: the JSON that others read, field by field."""

import json
from collections.abc import Callable
from datetime import date
from functools import cache
from hashlib import blake2b
from typing import Any

import pytest
from ruamel.yaml import YAML

from scoring.calendar import calendar
from streams.output.messages import Cause, day_text, instant_text, to_json
from streams.packaged import PACKAGED
from tests.properties.shard import Shard
from tests.scoring.batches import Event, columns, shop_mapping

Json = dict[str, Any]
CUSTOMER = "客户\n1"
TIER_CHANGE = {
    "id", "customer_id", "sequence", "score_name", "from", "to", "direction", "score",
    "previous_score", "occurred_at", "as_of", "cause", "drivers", "model",
}  # fmt: skip
"""Design section 6, and the customer's count of outcomes (docs/semantics.md section 8)."""
ALERT = {
    "id", "customer_id", "sequence", "score_name", "alert", "state", "score", "reference_score",
    "reference_day", "drop", "occurred_at", "as_of", "cause", "drivers", "model",
}  # fmt: skip
SNAPSHOT = {
    "customer_id", "as_of", "model", "sequence", "scores", "indicators", "segment", "stage",
    "class", "segments", "profile",
}  # fmt: skip


@cache
def shop() -> Shard:
    """A shop in New York; its customer buys, returns all, buys again, and stays away for a year."""
    shard = Shard(shop_mapping() | {"timezone": "America/New_York"}, "event")
    rows: list[tuple[str, str, Json]] = [
        ("2026-03-01T12:00:00-05:00", "praise", {}),
        ("2026-03-01T12:00:00-05:00", "transaction", {"amount": 800}),
        ("2026-03-03T08:00:00+08:00", "transaction", {"amount": 800, "kind": "refund"}),
        ("2026-03-05T12:00:00-05:00", "transaction", {"amount": 800}),
    ]
    for n, (at, event_type, fields) in enumerate(rows):
        common = {"type": event_type, "event_id": f"é{n}", "customer_id": CUSTOMER}
        shard.apply(json.dumps(common | {"occurred_at": at} | fields).encode() + b"\n")
    shard.turn(shard.clock + 365)
    return shard


def told(*, alerts: bool) -> list[Json]:
    return [outcome for outcome in shop().told[CUSTOMER] if ("alert" in outcome) == alerts]


def test_the_story_tells_of_every_kind_of_outcome() -> None:
    changes, alerts = told(alerts=False), told(alerts=True)
    assert {(c["direction"], c["cause"]["kind"]) for c in changes} == {
        ("up", "event"), ("down", "event"), ("up", "time"), ("down", "time"),
    }  # fmt: skip
    assert {(a["state"], a["cause"]["kind"]) for a in alerts} == {
        ("opened", "event"), ("resolved", "event"), ("opened", "time"), ("resolved", "time"),
    }  # fmt: skip


def test_what_a_person_decided_is_a_cause_of_its_own_kind() -> None:
    """Its id is that of any event's outcome (docs/semantics.md section 8)."""
    scorer, at = shop().scorer, 1_772_000_000_000
    praised = columns([Event(0, "praise", 20_500, 1), Event(0, "sale", 20_500, 2, amount=80_000)])
    scored = scorer.score([b""], praised, -1)
    messages = list(
        shop().wording.messages(scored.outcomes, [b"c"], lambda event: Cause("override", "o1", at))
    )
    assert messages
    for message in messages:
        value = message.value
        assert value["cause"] == {"kind": "override", "type": "override", "event_id": "o1"}
        parts = ["c", value["sequence"], "tier-change", value["score_name"], value["from"]]
        text = "\n".join([*map(str, parts), value["to"], "event:override:o1"])
        assert message.id == blake2b(text.encode(), digest_size=16).hexdigest()


def test_a_tier_change_has_the_fields_of_the_design() -> None:
    for change in told(alerts=False):
        assert change.keys() == TIER_CHANGE
        assert change["customer_id"] == CUSTOMER
        assert change["model"] == "shop@3"
        for driver in change["drivers"]:
            assert driver.keys() == {"indicator", "before", "after", "delta"}


def test_an_alert_has_its_fields() -> None:
    for alert in told(alerts=True):
        assert alert.keys() == ALERT
        assert alert["drop"] == round(alert["reference_score"] - alert["score"], 3)


def test_a_cause_names_the_event_or_the_time() -> None:
    first, last = told(alerts=False)[0], told(alerts=False)[-1]
    assert first["cause"] == {"kind": "event", "event_id": "é1", "type": "transaction"}
    assert (first["occurred_at"], first["as_of"]) == ("2026-03-01T17:00:00.000Z", "2026-03-01")
    assert last["cause"] == {"kind": "time"}
    summer = "2026-03-08" < last["as_of"] < "2026-11-01"
    assert (
        last["occurred_at"] == f"{last['as_of']}T0{4 if summer else 5}:00:00.000Z"
    )  # its midnight


def test_the_day_of_an_event_is_the_day_in_the_business_time_zone() -> None:
    refund = told(alerts=True)[0]
    assert (refund["occurred_at"], refund["as_of"]) == ("2026-03-03T00:00:00.000Z", "2026-03-02")
    assert refund["reference_day"] == "2026-03-01"


def test_an_id_can_be_computed_from_what_the_message_says() -> None:
    """docs/semantics.md section 8."""
    for outcome in shop().told[CUSTOMER]:
        cause = outcome["cause"]
        because = f"time:{outcome['as_of']}"
        if cause["kind"] == "event":
            because = f"event:{cause['type']}:{cause['event_id']}"
        kind, name, states = "tier-change", outcome["score_name"], None
        if "alert" in outcome:
            kind, name = "value-alert", outcome["alert"]
            states = ("closed", "open") if outcome["state"] == "opened" else ("open", "closed")
        origin, target = states or (outcome["from"], outcome["to"])
        text = [CUSTOMER, str(outcome["sequence"]), kind, name, origin, target, because]
        assert outcome["id"] == blake2b("\n".join(text).encode(), digest_size=16).hexdigest()


def test_outcomes_are_counted_without_a_gap_and_no_two_have_one_id() -> None:
    outcomes = shop().told[CUSTOMER]
    assert [outcome["sequence"] for outcome in outcomes] == list(range(1, len(outcomes) + 1))
    assert len({outcome["id"] for outcome in outcomes}) == len(outcomes)


def test_drivers_are_what_moved_largest_first_and_sum_to_the_difference() -> None:
    for outcome in shop().told[CUSTOMER]:
        drivers, before = outcome["drivers"], outcome.get("previous_score")
        moved = sum(driver["delta"] for driver in drivers)
        before = outcome["reference_score"] if before is None else before
        assert moved == pytest.approx(outcome["score"] - before, abs=1e-9)
        assert all(d["delta"] == d["after"] - d["before"] != 0 for d in drivers)
        assert drivers == sorted(drivers, key=lambda d: (-abs(d["delta"]), d["indicator"]))


def test_a_snapshot_has_the_fields_of_the_design() -> None:
    (snapshot,) = shop().snapshots().values()
    assert snapshot.keys() == SNAPSHOT
    assert list(snapshot["scores"]) == ["value", "size"]
    assert list(snapshot["indicators"]) == list(shop_mapping()["indicators"])
    for name, terms in (("value", ["spend_30d", "recency", "sentiment"]), ("size", ["mean_order"])):
        score = snapshot["scores"][name]
        assert score.keys() == {"score", "tier", "contributions"}
        assert list(score["contributions"]) == terms
        assert score["score"] == sum(score["contributions"].values())
    assert (snapshot["as_of"], snapshot["sequence"]) == ("2027-03-05", len(shop().told[CUSTOMER]))


@pytest.mark.parametrize(
    ("spend", "factors", "tier", "suggested"),
    [
        (800, {"large": 0.5}, "large", 400.0),
        (20, {"large": 0.5}, "small", None),
        (None, {"small": 0.5}, "small", None),
    ],
)
def test_a_score_with_a_limit_suggests_one(
    spend: float | None, factors: dict[str, float], tier: str, suggested: float | None
) -> None:
    """The mean order × the factor of the tier; null without a factor, or without an order."""
    mapping = shop_mapping()
    mapping["scores"]["size"]["limit"] = {"indicator": "mean_order", "factors": factors}
    (snapshot,) = snapshots_of(mapping, [{"amount": spend}] if spend else [])
    assert snapshot["scores"]["size"]["tier"] == tier
    assert snapshot["scores"]["size"]["suggested_limit"] == suggested
    assert "suggested_limit" not in snapshot["scores"]["value"]


def test_no_limit_is_below_nothing() -> None:
    """More was given back than bought."""
    mapping = shop_mapping()
    limit = {"indicator": "spend_30d", "factors": {"small": 2, "large": 2}}
    mapping["scores"]["size"]["limit"] = limit
    (snapshot,) = snapshots_of(mapping, [{"amount": 800, "kind": "refund"}])
    assert snapshot["indicators"]["spend_30d"] == -800.0
    assert snapshot["scores"]["size"]["suggested_limit"] == 0.0


def test_a_snapshot_has_the_attributes_but_no_decision_of_a_person() -> None:
    profile = {"type": "profile", "region": "east", "listed": True, "size": 3, "gone": None}
    decided = {"type": "override", "score": "value", "tier": "VIP", "author": "a", "reason": "r"}
    (snapshot,) = snapshots_of(shop_mapping(), [profile, decided])
    assert snapshot["scores"]["value"]["tier"] == "VIP"
    assert snapshot["profile"] == {"listed": True, "region": "east", "size": 3.0}


def test_a_snapshot_of_the_packaged_model_is_small() -> None:
    """What the feed sends for each customer, and how much of it its attributes are."""
    source = YAML(typ="safe").load(PACKAGED / "scoring.yaml")
    profile = {"type": "profile"} | {f"attribute_{n}": f"value {n}" for n in range(10)}
    (snapshot,) = snapshots_of(source, [{"amount": 800, "cost": 300}, profile])
    assert len(snapshot["profile"]) == 10
    assert len(to_json(snapshot)) < 6000
    assert len(to_json(snapshot["profile"])) < 300


def snapshots_of(source: Json, events: list[Json]) -> list[Json]:
    """The snapshots after a word of praise and these events, of transactions or other types."""
    shard = Shard(source, "event")
    for n, event in enumerate([{"type": "praise"}, *events]):
        common = {"event_id": f"e{n}", "customer_id": CUSTOMER, "occurred_at": 1_772_000_000_000}
        shard.apply(json.dumps({"type": "transaction"} | common | event).encode() + b"\n")
    return list(shard.snapshots().values())


def test_a_value_that_is_not_known_is_null() -> None:
    """Growth needs an order of the last fortnight."""
    (snapshot,) = shop().snapshots().values()
    assert snapshot["indicators"]["growth_7d"] is None
    assert snapshot["indicators"]["mean_order"] == 800.0
    assert json.loads(to_json(snapshot)) == snapshot
    assert b"\n" not in to_json(snapshot)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (lambda: day_text(0), "1970-01-01"),
        (lambda: day_text(20_454), "2026-01-01"),
        (lambda: instant_text(0), "1970-01-01T00:00:00.000Z"),
        (lambda: instant_text(1_767_225_599_999), "2025-12-31T23:59:59.999Z"),
        (lambda: instant_text(253_402_300_799_999), "9999-12-31T23:59:59.999Z"),
    ],
)
def test_days_and_instants_are_written_for_people(text: Callable[[], str], said: str) -> None:
    assert text() == said


def test_days_are_those_of_the_calendar() -> None:
    start = date(1970, 1, 1).toordinal()
    for day in range(0, 60_000, 377):
        assert day_text(day) == date.fromordinal(start + day).isoformat()
    assert calendar("UTC").offset.tolist() == [0]
