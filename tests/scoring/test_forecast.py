"""What a forecast says comes true, day by day, when nothing happens, and when its sale does."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scoring.calendar import calendar, day_start
from scoring.forecast import day_lost, losses, spend_to_keep
from scoring.model import parse
from scoring.money import digits
from scoring.scorer import Scorer
from tests.model_strategies import CURRENCIES, models
from tests.properties.shard import Shard
from tests.scoring.batches import shop_mapping
from tests.strategies import JsonObject, lines, streams

EPOCH = date(1970, 1, 1)
HALF_A_DAY_MS = 43_200_000
RANKS = ["lowest", "a", "b"]


def day_of(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def sale(customer: str, at: int | str, amount: str, number: str) -> JsonObject:
    common = {"type": "transaction", "event_id": number, "customer_id": customer}
    return common | {"occurred_at": at, "amount": amount}


def shop(*events: JsonObject, **changes: Any) -> Shard:
    """A shop with `value` as its one score; tiers a from 40, left below 30, and b, 70 and 60.

    10.00 of the last 60 days are a point, the days since the last sale take up to 20 away.
    """
    mapping = shop_mapping()
    mapping["indicators"] = {
        "spend": {"kind": "sum", "add": ["sale_amount"], "window": 60},
        "recency": {"kind": "days_since", "mark": "last_sale"},
    }
    more = {"kind": "linear", "low": 0, "high": 800}
    less = {"kind": "linear", "low": 0, "high": 40}
    terms = [
        {"indicator": "spend", "weight": 80, "normaliser": more},
        {"indicator": "recency", "weight": 20, "normaliser": less, "direction": "less"},
    ]
    tiers = [
        {"name": "lowest"},
        {"name": "a", "enter_at": 40, "leave_below": 30},
        {"name": "b", "enter_at": 70, "leave_below": 60},
    ]
    score = {"groups": [{"name": "all", "weight": 1, "indicators": terms}], "tiers": tiers}
    mapping |= {"scores": {"value": score | changes}, "alerts": {}}
    shard = Shard(mapping, "event")
    shard.apply(lines(list(events)))
    return shard


def tiers_until(shard: Shard, customer: str, score: str, day: int) -> list[str]:
    """The tier of each day up to one, from the day of the shard's clock on; days turn for real."""
    found = []
    for today in range(shard.clock, day + 1):
        shard.turn(today, [customer])
        found.append(shard.snapshots()[customer]["scores"][score]["tier"])
    return found


def again(shard: Shard) -> Shard:
    """The same shard once more."""
    other = Shard.__new__(Shard)
    other.__dict__ |= shard.__dict__ | {"states": dict(shard.states), "told": {}}
    return other


def sells(shard: Shard, customer: str, amount: int) -> Shard:
    """The same shard after a sale on its day, through the decoder."""
    sold, model = again(shard), shard.scorer.model
    minor = digits(model.currencies.base)
    text = f"{amount // 10**minor}.{amount % 10**minor:0{minor}d}" if minor else str(amount)
    noon = day_start(calendar(model.timezone), shard.clock) + HALF_A_DAY_MS
    assert sold.apply(lines([sale(customer, noon, text, "what if")])) == [True]
    return sold


TWO_SALES = (
    sale("ada", "2026-03-01T10:00:00Z", "400.00", "s1"),
    sale("ada", "2026-03-11T10:00:00Z", "300.00", "s2"),
)
PIN = {
    "type": "override", "event_id": "o1", "customer_id": "ada", "score": "value", "tier": "b",
    "occurred_at": "2026-03-12T10:00:00Z", "author": "ann", "reason": "founder",
    "until": "2026-03-20",
}  # fmt: skip


@pytest.mark.parametrize(
    ("events", "policy", "lost"),
    [
        # spend 70 and recency 20 points are 90 on 03-11, half a point less each day; the 400.00
        # leave on 04-30: 30 points, b is left below 60, and a is entered at 40
        (TWO_SALES, {}, "2026-04-30"),
        (TWO_SALES, {"grace_days": 5}, "2026-05-05"),
        (TWO_SALES, {"minimum_stay_days": 100}, "2026-06-19"),  # b since 03-11
        (TWO_SALES, {"review": "quarter"}, "2026-07-01"),
        (TWO_SALES, {"review": "month"}, "2026-05-01"),
        (TWO_SALES, {"review": 10, "grace_days": 3}, "2026-05-07"),  # day 20,580
        # 60 points earn a; b was set by hand until 03-20
        ((TWO_SALES[0], PIN), {}, "2026-03-21"),
        ((TWO_SALES[0], PIN | {"mode": "floor"}), {}, "2026-03-21"),
        ((*TWO_SALES, PIN | {"until": "2026-06-30"}), {}, "2026-07-01"),
        ((*TWO_SALES, PIN | {"until": None}), {}, None),
        ((*TWO_SALES, PIN | {"mode": "ceiling", "tier": "a", "until": None}), {}, "2026-04-30"),
    ],
)
def test_a_tier_is_lost_on_the_very_day(
    events: tuple[JsonObject, ...], policy: JsonObject, lost: str | None
) -> None:
    shard = shop(*events, policy=policy)
    said = day_lost(shard.scorer, shard.states[b"ada"], shard.clock, "value")
    assert said == (None if lost is None else day_of(lost))
    tiers = tiers_until(shard, "ada", "value", said or shard.clock + 730)
    held = len(tiers) if said is None else len(tiers) - 1
    assert set(tiers[:held]) == {tiers[0]}
    assert said is None or RANKS.index(tiers[-1]) < RANKS.index(tiers[0])


@pytest.mark.parametrize(
    ("policy", "kept_for"),
    [({}, 0), ({}, 5), ({"grace_days": 5}, 5), ({"minimum_stay_days": 40}, 1), ({"review": 7}, 7)],
)
def test_the_sale_keeps_the_tier_and_a_cent_less_does_not(
    policy: JsonObject, kept_for: int
) -> None:
    shard = shop(*TWO_SALES, policy=policy)
    shard.turn(day_of("2026-04-20"))
    state = shard.states[b"ada"]
    lost = day_lost(shard.scorer, state, shard.clock, "value")
    spend = spend_to_keep(shard.scorer, state, shard.clock, "value", kept_for=kept_for)
    assert lost is not None
    assert spend is not None
    assert spend > 1
    last = lost + kept_for
    assert set(tiers_until(sells(shard, "ada", spend), "ada", "value", last)) == {"b"}
    assert set(tiers_until(sells(shard, "ada", spend - 1), "ada", "value", last)) != {"b"}


def test_what_a_sale_must_be_can_be_worked_out() -> None:
    """On 04-20 the 300.00 stay until 05-09; b is kept at 60 points until 04-30 and 5 days more.

    The sale is of this day, so on 05-05 recency has 20 × (1 − 15 ÷ 40) = 12.5 points: 47.5 of spend
    are 475.00, of which 300.00 are there.
    """
    shard = shop(*TWO_SALES)
    shard.turn(day_of("2026-04-20"))
    state = shard.states[b"ada"]
    spend = spend_to_keep(shard.scorer, state, shard.clock, "value", kept_for=5)
    assert spend == 17_500
    assert spend_to_keep(shard.scorer, state, shard.clock, "value", kept_for=5, most=17_499) is None
    assert (
        spend_to_keep(shard.scorer, state, shard.clock, "value", kept_for=5, most=17_500) == spend
    )


def test_any_sale_will_do_where_a_sale_is_all_that_counts() -> None:
    days = {"kind": "days_since", "mark": "last_sale"}
    mapping = shop_mapping() | {"indicators": {"recency": days}, "alerts": {}}
    less = {"kind": "linear", "low": 0, "high": 90}
    term = {"indicator": "recency", "weight": 1, "normaliser": less, "direction": "less"}
    tiers = [{"name": "lowest"}, {"name": "a", "enter_at": 50, "leave_below": 50}]
    groups = [{"name": "all", "weight": 1, "indicators": [term]}]
    mapping["scores"] = {"value": {"groups": groups, "tiers": tiers}}
    shard = Shard(mapping, "event")
    shard.apply(lines([TWO_SALES[0]]))
    shard.turn(day_of("2026-04-10"))
    state = shard.states[b"ada"]
    assert day_lost(shard.scorer, state, shard.clock, "value") == day_of("2026-04-16")
    assert spend_to_keep(shard.scorer, state, shard.clock, "value") == 1


def test_too_large_a_sale_may_cost_the_tier() -> None:
    """Keeping is not monotone in the amount: what is returned keeps it, much more would not."""
    shard = shop(*TWO_SALES)
    mapping = json.loads(shard.scorer.model.model_dump_json(by_alias=True, exclude_none=True))
    mapping["indicators"]["largest"] = {"kind": "largest", "measure": "largest_order"}
    bounded = {"indicator": "largest", "weight": 100, "direction": "less"}
    bounded["normaliser"] = {"kind": "steps", "steps": [[0, 0], [500, 1]]}
    mapping["scores"]["value"]["groups"][0]["indicators"].append(bounded)
    for tier, enter, leave in ((1, 70, 65), (2, 85, 80)):
        mapping["scores"]["value"]["tiers"][tier] |= {"enter_at": enter, "leave_below": leave}
    other = Shard(mapping, "event")
    other.apply(lines(list(TWO_SALES)))
    other.turn(day_of("2026-04-20"))
    state = other.states[b"ada"]
    spend = spend_to_keep(other.scorer, state, other.clock, "value", kept_for=5)
    assert spend == 17_500
    assert set(tiers_until(sells(other, "ada", 49_999), "ada", "value", other.clock)) == {"b"}
    assert set(tiers_until(sells(other, "ada", 50_000), "ada", "value", other.clock)) == {"lowest"}


def test_without_a_turn_of_the_day_nothing_is_lost() -> None:
    shard = shop(*TWO_SALES)
    scorer = Scorer(
        parse(shard.scorer.model.model_dump_json(exclude_none=True), "shop"), "customer"
    )
    assert losses(scorer, shard.states[b"ada"], shard.clock) == {}
    assert spend_to_keep(scorer, shard.states[b"ada"], shard.clock, "value") is None


def test_who_was_erased_has_nothing_to_lose() -> None:
    erasure = {"type": "erasure", "event_id": "x", "customer_id": "ada"}
    shard = shop(*TWO_SALES, erasure | {"occurred_at": "2026-03-12T10:00:00Z"})
    assert losses(shard.scorer, shard.states[b"ada"], shard.clock) == {}


def test_who_was_erased_this_afternoon_and_came_back_is_thought_to_buy_after_that() -> None:
    erasure = {"type": "erasure", "event_id": "x", "customer_id": "ada"}
    back = sale("ada", "2026-03-12T20:00:00Z", "550.00", "s3")
    shard = shop(*TWO_SALES, erasure | {"occurred_at": "2026-03-12T19:00:00Z"}, back)
    state = shard.states[b"ada"]
    assert spend_to_keep(shard.scorer, state, shard.clock, "value", kept_for=5) is not None


@settings(
    deadline=None,
    max_examples=25,
    derandomize=True,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    source=models(),
    stream=streams(currencies=CURRENCIES, max_events=12),
    shares=st.tuples(st.floats(0.9, 1), st.floats(0.9, 1)),
)
def test_forecasts_of_any_model_come_true(
    source: dict[str, Any], stream: list[JsonObject], shares: tuple[float, float]
) -> None:
    """Sales of late count in all its scores, and tiers end a little below what the customer has."""
    with_sales_of_late(source)
    shard, name, horizon = shard_of(source, stream), stream[-1]["customer_id"], 200
    if name not in shard.snapshots():
        return  # it was erased
    for score, said in shard.snapshots()[name]["scores"].items():
        enter, leave = said["score"] * shares[1], said["score"] * shares[1] * shares[0]
        tiers = [{"name": "lowest"}, {"name": "high", "enter_at": enter, "leave_below": leave}]
        source["scores"][score]["tiers"] = tiers
    shard = shard_of(source, stream)
    said = losses(shard.scorer, shard.states[name.encode()], shard.clock, horizon)
    for score in source["scores"]:
        lost = said[score].day if score in said else None
        comes_true(shard, name, score, lost, horizon)
        if lost is not None:
            keeps(shard, name, score, lost + 7)


def with_sales_of_late(source: dict[str, Any]) -> None:
    """Add to each score with groups one more that time and sales move."""
    spend = {"kind": "sum", "add": ["sale_amount"], "window": 90}
    recency = {"kind": "days_since", "mark": "last_sale"}
    source["indicators"] |= {"spend": spend, "recency": recency}
    more, less = {"kind": "log", "high": 1e6}, {"kind": "linear", "low": 0, "high": 400}
    terms = [
        {"indicator": "spend", "weight": 2, "normaliser": more},
        {"indicator": "recency", "weight": 1, "normaliser": less, "direction": "less"},
    ]
    for score in source["scores"].values():
        if "groups" in score:
            weight = 2 * sum(group["weight"] for group in score["groups"])
            score["groups"].append({"name": "late", "weight": weight, "indicators": terms})


def shard_of(source: dict[str, Any], stream: list[JsonObject]) -> Shard:
    """A shard after a stream, all its customers as of its day."""
    shard = Shard(source, "event")
    shard.apply(lines(stream))
    shard.turn(shard.clock)
    return shard


def comes_true(shard: Shard, name: str, score: str, lost: int | None, horizon: int) -> None:
    """The tier is lower on the day for the first time; or never, up to the horizon."""
    assert day_lost(shard.scorer, shard.states[name.encode()], shard.clock, score, horizon) == lost
    ranks = [tier.name for tier in shard.scorer.model.scores[score].tiers]
    until = shard.clock + horizon if lost is None else lost
    held = [ranks.index(tier) for tier in tiers_until(again(shard), name, score, until)]
    before = held if lost is None else held[:-1]
    assert all(rank >= held[0] for rank in before)
    assert lost is None or held[-1] < held[0]


def keeps(shard: Shard, name: str, score: str, last: int) -> None:
    """The sale keeps the tier up to a day, and one minor unit less does not."""
    spend = spend_to_keep(shard.scorer, shard.states[name.encode()], shard.clock, score, 200, 7)
    if spend is None:
        return
    ranks = [tier.name for tier in shard.scorer.model.scores[score].tiers]
    (now,) = tiers_until(again(shard), name, score, shard.clock)
    for amount, is_kept in ((spend, True), (spend - 1, False)):
        sold = sells(shard, name, amount) if amount else again(shard)
        held = tiers_until(sold, name, score, last)
        assert all(ranks.index(tier) >= ranks.index(now) for tier in held) is is_kept


def test_the_horizon_is_the_last_day_that_is_looked_at() -> None:
    shard = shop(*TWO_SALES)
    state, lost = shard.states[b"ada"], day_of("2026-04-30")
    assert day_lost(shard.scorer, state, shard.clock, "value", lost - shard.clock) == lost
    assert day_lost(shard.scorer, state, shard.clock, "value", lost - shard.clock - 1) is None
    later = lost - timedelta(days=1).days
    assert day_lost(shard.scorer, state, later, "value", 1) == lost
