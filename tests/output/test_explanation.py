"""Why a customer stands where it stands: each term, tier and class, compared with the oracle."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from ruamel.yaml import YAML

from scoring.normalisers import normalise
from streams.errors import UsageError
from streams.explanation import explanation, standing
from streams.output.messages import day_text
from tests.model_strategies import CURRENCIES, models
from tests.properties.shard import Shard
from tests.properties.test_exactness import folded
from tests.reference import Customer
from tests.reference.missing import value_for
from tests.reference.tiers import Earned
from tests.strategies import JsonObject, lines, streams

Json = dict[str, Any]
WHOLE = Path(__file__).with_name("whole.yaml")
OVERRIDE = {"type": "override", "score": "value", "author": "ann", "reason": "founder"}


def buys(day: str, amount: int, **fields: Any) -> Json:
    return {"type": "transaction", "amount": amount, "occurred_at": f"{day}T10:00:00Z"} | fields


def pays(day: str, amount: int, **fields: Any) -> Json:
    return buys(day, amount, type="payment", **fields)


def is_said_of(day: str, **fields: Any) -> Json:
    return {"type": "profile", "occurred_at": f"{day}T10:00:00Z"} | fields


def decided(day: str, **fields: Any) -> Json:
    return OVERRIDE | {"occurred_at": f"{day}T11:00:00Z"} | fields


def shard_after(*events: Json) -> Shard:
    """A shard of whole.yaml after the events of `ada`."""
    shard = Shard(YAML(typ="safe").load(WHOLE), "event")
    common = {"customer_id": "ada"}
    shard.apply(lines([common | {"event_id": f"e{n}"} | e for n, e in enumerate(events)]))
    return shard


def explained(*events: Json, until: str | None = None) -> Json:
    """The explanation of `ada` on a day, or that of the last event; as JSON it is the same."""
    shard = shard_after(*events)
    day = shard.clock if until is None else (date.fromisoformat(until) - date(1970, 1, 1)).days
    said = explanation(shard.scorer, b"ada", shard.states[b"ada"], day)
    assert json.loads(json.dumps(said)) == said
    return said


def terms_of(said: Json, score: str = "value") -> dict[str, Json]:
    key = "score" if score == "whole" else "indicator"
    return {term[key]: term for term in said["scores"][score]["terms"]}


# -- terms


def test_every_way_to_fill_a_value_is_named_with_what_counted() -> None:
    said = explained(buys("2026-03-01", 500), is_said_of("2026-03-01", region="north"))
    terms = terms_of(said)
    told = {name: (terms[name]["counted"], terms[name]["filled"]) for name in terms}
    peers = {"how": "peers", "by": "region", "text": "north", "of": "mean", "from": "peers"}
    assert told == {
        "spend": (500.0, None),
        "orders": (5.0, None),  # 1, but no less than 5 counts
        "margin_rate": (0.2, {"how": "median"}),
        "size": (60.0, peers),
        "rating": (1.5, {"how": "regression", "from": "regression"}),
        "reach": (5.0, {"how": "regression", "from": "mean"}),  # csat is not known either
        "nps": (10.0, {"how": "constant"}),  # 99, but no more than 10 counts
        "csat": (None, {"how": "share", "share": 0.5}),
        "on_time": (None, {"how": "left_out"}),
    }
    assert terms["nps"]["clipped"] == {"to": "high", "bound": 10.0}
    assert terms["orders"]["clipped"] == {"to": "low", "bound": 5.0}
    assert terms["spend"]["clipped"] is None
    assert said["scores"]["value"]["scored_over"] == {
        "indicators": 2,
        "of": 9,
        "filled": ["margin_rate", "size", "rating", "reach", "nps", "csat"],
        "left_out": ["on_time"],
    }


@pytest.mark.parametrize("region", ["south", None, 3])
def test_without_peers_the_population_stands_for_them(region: str | int | None) -> None:
    said = explained(buys("2026-03-01", 500), is_said_of("2026-03-01", region=region))
    filled = terms_of(said)["size"]["filled"]
    assert (filled["from"], filled["text"]) == (
        "population",
        "south" if region == "south" else None,
    )
    assert terms_of(said)["size"]["counted"] == 40.0


def test_who_has_all_values_has_nothing_filled() -> None:
    answers = [
        {"type": "feedback", "kind": kind, "value": 5, "occurred_at": "2026-03-01T10:00:00Z"}
        for kind in ("nps", "csat")
    ]
    said = explained(
        buys("2026-03-01", 500, cost=200), *answers, pays("2026-03-02", 500, due_at="2026-03-09"),
        is_said_of("2026-03-01", size=20, rating=4, reach=7),
    )  # fmt: skip
    assert all(term["filled"] is None for term in terms_of(said).values())
    assert said["scores"]["value"]["scored_over"]["indicators"] == 9
    assert terms_of(said)["size"]["value"] == terms_of(said)["size"]["counted"] == 20.0


def test_what_a_term_can_have_grows_when_others_are_left_out() -> None:
    """on_time's 5 of 100 points go to the others."""
    said = explained(buys("2026-03-01", 500))
    terms = terms_of(said)
    assert (terms["on_time"]["of"], terms["on_time"]["points"]) == (0.0, 0.0)
    assert terms["spend"]["of"] == pytest.approx(40 / 0.95, abs=1e-12)
    assert sum(term["of"] for term in terms.values()) == pytest.approx(100, abs=1e-9)


def test_a_joined_score_tells_its_two_scores_and_what_decided_their_shares() -> None:
    said = explained(buys("2026-03-01", 500))
    value, risk = said["scores"]["value"]["score"], said["scores"]["risk"]["score"]
    assert said["scores"]["whole"]["joined"] == {
        "by": "stage", "class": "new", "shares": {"value": 0.75, "risk": 0.25},
        "scores": {"value": value, "risk": risk},
    }  # fmt: skip
    terms = terms_of(said, "whole")
    assert [terms[name]["of"] for name in ("value", "risk")] == [75.0, 25.0]
    assert [terms[name]["points"] for name in ("value", "risk")] == [0.75 * value, 0.25 * risk]
    assert "scored_over" not in said["scores"]["whole"]


# -- tiers


def test_a_tier_tells_since_when_and_how_long_the_policy_keeps_it() -> None:
    value = explained(buys("2026-03-01", 1500))["scores"]["value"]
    assert (value["tier"], value["earned"], value["since"]) == (*["important"] * 2, "2026-03-01")
    assert (value["fall_began"], value["earliest_loss"]) == (None, "2026-03-21")  # 20 days
    later = explained(buys("2026-03-01", 1500), until="2026-06-01")["scores"]["value"]
    assert later["earliest_loss"] == "2026-06-12"  # a fall from tomorrow on, and 10 days


def test_a_fall_that_has_begun_is_told_with_the_day_of_its_end() -> None:
    """The spend leaves on 2027-03-01; what is left are the points of filled values."""
    said = explained(
        buys("2026-03-01", 1500), is_said_of("2026-03-01", size=0, rating=0, reach=0),
        until="2027-03-03",
    )  # fmt: skip
    value = said["scores"]["value"]
    assert value["score"] < 18
    assert (value["tier"], value["fall_began"]) == ("important", "2027-03-01")
    assert value["earliest_loss"] == value["forecast"]["lost_on"] == "2027-03-11"
    assert value["forecast"]["to"] == "ordinary"


def test_an_override_is_told_in_force_and_expired() -> None:
    events = buys("2026-03-01", 500), decided("2026-03-02", tier="VIP", until="2026-03-10")
    said = explained(*events, until="2026-03-10")["scores"]["value"]
    assert said["override"] == {
        "tier": "VIP", "mode": "pin", "until": "2026-03-10", "author": "ann", "reason": "founder",
        "set_at": "2026-03-02T11:00:00.000Z", "in_force": True,
    }  # fmt: skip
    assert (said["tier"], said["earned"]) == ("VIP", "important")
    assert (said["forecast"]["lost_on"], said["forecast"]["to"]) == ("2026-03-11", "important")
    after = explained(*events, until="2026-03-11")["scores"]["value"]
    assert (after["override"]["in_force"], after["tier"]) == (False, "important")
    ended = explained(*events, decided("2026-03-03"))["scores"]["value"]
    assert ended["override"] is None
    unknown = explained(buys("2026-03-01", 500), decided("2026-03-02", tier="gold"))
    assert unknown["scores"]["value"]["override"]["in_force"] is False
    assert unknown["scores"]["risk"]["override"] is None


def test_what_is_missing_to_the_next_tier_is_told_condition_by_condition() -> None:
    said = explained(buys("2026-03-01", 1500))["scores"]
    value = said["value"]["score"]
    assert said["value"]["next"] == {
        "tier": "VIP",
        "missing_points": 60 - value,
        "combine": "all",
        "conditions": [
            {"score": "value", "value": value, "at_least": 60.0, "missing": 60 - value},
            {"indicator": "orders", "value": 1.0, "at_least": 4.0, "missing": 3.0},
            {"indicator": "csat", "value": None, "at_least": 4.0, "missing": None},
        ],
    }
    assert said["risk"]["next"] is None  # it has the highest
    assert said["whole"]["next"]["combine"] == "any"
    assert said["whole"]["next"]["missing_points"] is None
    assert [each["missing"] for each in said["whole"]["next"]["conditions"]] == [3500.0, 8.0]


def test_bounds_of_the_population_and_conditions_that_hold_count_for_the_next_tier() -> None:
    events = [buys("2026-03-01", 10) for _ in range(4)]
    said = explained(*events, until="2026-04-30")["scores"]  # 60 days
    risk = said["risk"]["next"]
    assert (risk["tier"], risk["missing_points"]) == ("sound", 15.0)
    named = [each.get("indicator") for each in said["value"]["next"]["conditions"]]
    assert said["value"]["next"]["tier"] == "VIP"
    assert named == [None, "csat"]  # four orders are enough


def test_a_tier_that_is_kept_by_its_lower_bound_leads_to_the_one_above_it() -> None:
    said = explained(buys("2026-03-01", 10), until="2026-04-17")["scores"]["risk"]
    assert (said["score"], said["tier"], said["next"]) == (53.0, "sound", None)


def test_what_is_missing_is_counted_from_the_tier_that_was_earned() -> None:
    said = explained(buys("2026-03-01", 500), decided("2026-03-02", tier="VIP"))["scores"]
    assert said["value"]["tier"] == said["value"]["next"]["tier"] == "VIP"


def test_a_limit_is_told_with_its_score() -> None:
    said = explained(buys("2026-03-01", 1500))["scores"]
    assert said["value"]["suggested_limit"] == pytest.approx(300.0)
    assert "suggested_limit" not in said["risk"]


# -- segments


def test_a_class_tells_the_conditions_that_hold() -> None:
    reasons = explained(buys("2026-03-01", 500))["segment_reasons"]
    orders = {"indicator": "orders", "value": 1.0, "at_least": None, "below": 3.0}
    assert reasons["stage"] == {
        "class": "new", "raw_class": "new", "kept": False, "why": [orders],
    }  # fmt: skip
    score, unknown = reasons["promise"]["why"][2], reasons["promise"]["why"][1]
    assert reasons["promise"]["why"][0] == {"segment": "stage", "is": "new"}
    assert unknown == {"indicator": "csat", "unknown": True}
    assert (score["score"], score["at_least"], score["below"]) == ("value", 30.0, 90.0)


def test_a_class_that_is_kept_tells_what_keeps_it() -> None:
    three = [buys("2026-03-01", 500) for _ in range(3)]
    stage = explained(*three)["segment_reasons"]["stage"]
    assert (stage["class"], stage["raw_class"], stage["kept"]) == ("new", "lasting", True)
    assert [each["indicator"] for each in stage["why"]] == ["recency"]
    gone = explained(*three, until="2026-05-01")["segment_reasons"]["stage"]
    assert (gone["class"], gone["kept"], gone["why"]) == ("lasting", False, [])


def test_rfm_tells_its_three_grades() -> None:
    rfm = explained(buys("2026-03-01", 1500), until="2026-03-31")["segment_reasons"]["rfm"]
    assert rfm["class"] == "important_develop"
    assert [(each["grade"], each["high"]) for each in rfm["why"]] == [
        ("recency", True), ("frequency", False), ("monetary", True),
    ]  # fmt: skip
    assert [each.get("at_least") for each in rfm["why"]] == [None, 4.0, 1000.0]
    assert rfm["why"][0]["at_most"] == 30.0


# -- receivables


@pytest.mark.parametrize(
    ("events", "matched"),
    [
        ([], None),
        ([buys("2026-03-01", 9, invoice_id="A")], "invoice_id"),
        ([buys("2026-03-01", 9, due_at="2026-03-20")], "oldest_due_first"),
        ([pays("2026-03-02", 9)], "oldest_due_first"),
        ([buys("2026-03-01", 9, invoice_id="A"), pays("2026-03-02", 9)], "both"),
        # an invoice that was paid is forgotten when another one comes after 400 days
        ([
            buys("2024-03-01", 9, invoice_id="A"), pays("2024-03-02", 9, invoice_id="A"),
            buys("2026-03-01", 9, invoice_id="B"),
        ], "invoice_id"),
    ],
)  # fmt: skip
def test_it_is_told_how_payments_were_matched(events: list[Json], matched: str | None) -> None:
    said = explained(buys("2024-01-01", 1), *events)["receivables"]
    assert said["matched"] == matched
    assert said["invoices"] == (matched in ("invoice_id", "both"))


def test_a_model_that_does_not_ask_for_dues_is_told_nothing_of_them() -> None:
    source = YAML(typ="safe").load(WHOLE)
    for indicator, is_told in (
        ({"kind": "arrears"}, True), ({"kind": "arrears_rate"}, True),
        ({"kind": "overdue_days"}, True), ({"kind": "sum", "add": ["collections"]}, True),
        ({"kind": "ratio", "add": ["invoice_rest"], "per": ["billed"]}, True),
        ({"kind": "sum", "add": ["orders"]}, False),
    ):  # fmt: skip
        source["indicators"]["arrears"] = indicator
        shard = Shard(source, "event")
        shard.apply(lines([{"event_id": "e", "customer_id": "ada"} | buys("2026-03-01", 1)]))
        said = explanation(shard.scorer, b"ada", shard.states[b"ada"], None)
        assert (said["receivables"] is not None) == is_told


# -- the whole


def test_only_the_score_that_is_asked_for_is_explained() -> None:
    shard = shard_after(buys("2026-03-01", 500))
    said = explanation(shard.scorer, b"ada", shard.states[b"ada"], None, ["risk"])
    assert list(said["scores"]) == ["risk"]
    with pytest.raises(UsageError, match="no score 'profit'; the model has value, risk, whole"):
        explanation(shard.scorer, b"ada", shard.states[b"ada"], None, ["profit"])


def test_who_was_erased_cannot_be_explained() -> None:
    erased = {"type": "erasure", "occurred_at": "2026-03-02T10:00:00Z"}
    shard = shard_after(buys("2026-03-01", 500), erased)
    for tell in (explanation, standing):
        with pytest.raises(UsageError, match="was erased as of 2026-03-02"):
            tell(shard.scorer, b"ada", shard.states[b"ada"], shard.clock)


def test_there_is_no_forecast_of_the_lowest_tier_nor_without_a_turn_of_the_day() -> None:
    said = explained(buys("2026-03-01", 500))["scores"]
    assert said["whole"]["tier"] == "low"
    assert said["whole"]["forecast"] is None
    shard = Shard(YAML(typ="safe").load(WHOLE), "customer")
    shard.apply(lines([{"event_id": "e", "customer_id": "ada"} | buys("2026-03-01", 900)]))
    said = explanation(shard.scorer, b"ada", shard.states[b"ada"], None)["scores"]
    assert [said[name]["forecast"] for name in said] == [None] * 3


def test_a_sale_that_keeps_a_tier_is_an_amount_as_events_give_it() -> None:
    """Without spend 14.5 ÷ 0.95 points are left; to 18 there are 2.6 ÷ 0.95: 130.00 of 2,000.00."""
    said = explained(
        buys("2026-03-01", 1500), is_said_of("2026-03-01", size=0, rating=0, reach=0),
        until="2027-02-10",
    )  # fmt: skip
    assert said["scores"]["value"]["forecast"] == {
        "lost_on": "2027-03-11", "to": "ordinary",
        "spend_to_keep": "130.00", "kept_until": "2027-04-10",
    }  # fmt: skip
    assert said["scores"]["risk"]["forecast"] is None


def test_a_tier_that_lasts_is_looked_at_for_two_years() -> None:
    said = explained(buys("2026-03-01", 1500), decided("2026-03-01", tier="VIP"))
    forecast = said["scores"]["value"]["forecast"]
    assert (forecast["lost_on"], forecast["kept_until"]) == (None, "2028-02-29")


@settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    phases=set(Phase) - {Phase.explain},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(source=models(), stream=streams(currencies=CURRENCIES, max_events=15))
def test_what_counted_is_what_the_oracle_says_and_makes_the_points(
    source: Json, stream: list[JsonObject]
) -> None:
    fold, shard = folded(source, stream, "event"), Shard(source, "event")
    shard.apply(lines(stream))
    for name, customer in fold.customers.items():
        if customer.as_of is None:
            continue
        said = explanation(shard.scorer, name.encode(), shard.states[name.encode()], None)
        for s, score in enumerate(customer.model.scores):
            each = said["scores"][score.name]
            if score.join is None:
                counted_is_right(shard, s, each, customer)
            tiers = [tier.name for tier in score.tiers]
            assert each["earned"] == tiers[customer.earned[score.name].rank]
            assert each["earliest_loss"] == loss_of(customer, s)
            assert each["tier"] == in_force(each, tiers)


def counted_is_right(shard: Shard, s: int, said: Json, customer: Customer) -> None:
    """Each term's value is the oracle's, filled and clipped; of it the points follow."""
    model, program, history = customer.model, shard.scorer.program, customer.history
    assert customer.as_of is not None
    indicators = history.indicators(customer.as_of)
    first = int(program.scores[s]["first_term"])
    for t, term in enumerate(said["terms"], first):
        rule = model.scores[s].terms[t - first]
        value = value_for(rule, indicators, history.facts.attributes, model.population)
        expected = None if value is None else min(rule.high, max(rule.low, value))
        assert term["counted"] == expected
        assert (term["filled"] is None) == (indicators[rule.indicator] is not None)
        assert (term["clipped"] is None) == (value == expected)
        if expected is None:
            share = 0.0 if term["filled"]["how"] == "left_out" else term["filled"]["share"]
        else:
            share = normalise(program.terms[t], program.knots, expected)
        assert term["points"] == pytest.approx(term["of"] * share, abs=1e-9)


def loss_of(customer: Customer, s: int) -> str | None:
    """The day when the oracle takes the tier, if nothing holds from tomorrow on."""
    score = customer.model.scores[s]
    held = customer.earned[score.name]
    earned = Earned()
    earned.rank, earned.since, earned.fall = held.rank, held.since, held.fall
    day = customer.as_of
    assert day is not None
    unknown = dict.fromkeys(customer.model.indicators)
    while held.rank and earned.rank == held.rank:
        day += 1
        earned.evaluate(day, score, float("-inf"), unknown)
    return day_text(day) if held.rank else None


def in_force(said: Json, tiers: list[str]) -> str:
    """The tier that follows from the earned one and the override, if it is said to be in force."""
    override, earned = said["override"], tiers.index(said["earned"])
    if override is None or not override["in_force"]:
        return tiers[earned]
    given = tiers.index(override["tier"])
    ways = {"pin": given, "floor": max(earned, given), "ceiling": min(earned, given)}
    return tiers[ways[override["mode"]]]
