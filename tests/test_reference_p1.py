"""The oracle on benchmark job P1: its formula, worked out again in floats, gives the same."""

import json
import math
import random
from typing import Any

import pytest

from tests.reference import Fold, Model, parse
from tests.reference.shop import a_model


def p1_model() -> Model:
    """The model of benchmark job P1."""

    def term(name: str, weight: float, low: float, high: float, **more: Any) -> dict[str, Any]:
        linear = {"kind": "linear", "low": low, "high": high}
        return {"indicator": name, "weight": weight, "normaliser": linear} | more

    net: dict[str, Any] = {"add": ["sale_amount"], "subtract": ["refund_amount"]}
    year = {"window": 365}
    indicators = {
        "spend": {"kind": "sum"} | net | year,
        "orders": {"kind": "sum", "add": ["orders"]} | year,
        "margin": {"kind": "ratio", "add": ["margin"], "per": ["costed_net"]} | year,
        "growth": {
            "kind": "growth",
            "window": 180,
            "presence": ["orders", "refunds"],
            "losses": True,
        }
        | net,
        "on_time": {"kind": "ratio", "add": ["payments_on_time"], "per": ["payments_due"]} | year,
        "sentiment": {"kind": "share", "add": ["praise"], "against": ["complaints"]} | year,
    }
    terms = [
        term("spend", 0.35, 0, 1) | {"normaliser": {"kind": "log", "high": 200000}},
        term("orders", 0.15, 0, 50),
        term("margin", 0.15, 0, 1),
        term("growth", 0.10, -1, 1, missing=0.5),
        term("on_time", 0.15, 0, 1, missing=1),
        term("sentiment", 0.10, 0, 1),
    ]
    tiers = [
        {"name": "ordinary"},
        {"name": "important", "enter_at": 60, "leave_below": 58},
        {"name": "VIP", "enter_at": 80, "leave_below": 78},
    ]
    score = {"groups": [{"name": "all", "weight": 1, "indicators": terms}], "tiers": tiers}
    return a_model(indicators, timezone="UTC", scores={"value": score})


def p1_score(values: list[dict[str, Any]], today: int) -> float:
    """Job P1's formula as its page gives it, over one customer's events so far."""

    def over(kind: str, first: int = 0, end: int = 365) -> list[dict[str, Any]]:
        ages = [(today - v["occurred_at"] // 86_400_000, v) for v in values]
        return [v for age, v in ages if first <= age < end and kind in (v["type"], v.get("kind"))]

    def net(first: int = 0, end: int = 365, cost: float = 0.0) -> float:
        worth = [
            (v, float(v["amount"]) - cost * float(v["cost"]))
            for v in over("transaction", first, end)
        ]
        return math.fsum(-w if v["kind"] == "refund" else w for v, w in worth)

    spend, last, previous = net(), net(0, 180), net(180, 360)
    payments = over("payment")
    punctual = sum(v["occurred_at"] <= v["due_at"] for v in payments)
    praise, complaints = len(over("praise")), len(over("complaint"))
    growth = min(1.0, max(-1.0, (last - previous) / max(previous, 1.0)))
    return 100 * (
        0.35 * min(1.0, math.log(1 + max(0.0, spend)) / math.log(200001))
        + 0.15 * min(1.0, len(over("sale")) / 50)
        + 0.15 * (min(1.0, max(0.0, net(cost=1.0) / spend)) if spend > 0 else 0.0)
        + 0.10 * (growth + 1) / 2
        + 0.15 * (punctual / len(payments) if payments else 1.0)
        + 0.10 * (praise + 1) / (praise + complaints + 2)
    )


def p1_values(n: int) -> list[dict[str, Any]]:
    """Events like those of job P1: 800 days, three customers, one in ten up to three days late."""
    chance = random.Random(7)
    values = []
    for i in range(n):
        at = 1_704_067_200_000 + i * 800 * 86_400_000 // n
        at -= int(chance.random() * 3 * 86_400_000) if chance.random() < 0.1 else 0
        value = {"event_id": f"e{i}", "customer_id": f"c{chance.randrange(3)}", "occurred_at": at}
        value["type"] = chance.choice(["transaction"] * 4 + ["payment", "praise", "complaint"])
        if value["type"] in ("transaction", "payment"):
            cents = int(100 * chance.lognormvariate(6, 2))
            value["amount"] = f"{cents / 100:.2f}"
            value["cost"] = f"{cents * chance.random() / 100:.2f}"
            value["due_at"] = at + chance.randrange(-10, 10) * 86_400_000
        if value["type"] == "transaction":
            value["kind"] = chance.choice(["sale", "sale", "refund"])
        values.append(value)
    return values


def test_job_p1_as_a_model_gives_the_scores_and_changes_of_its_formula() -> None:
    model = p1_model()
    fold = Fold(model, "customer")
    seen: dict[str, list[dict[str, Any]]] = {}
    newest: dict[str, int] = {}
    tier, changes = dict.fromkeys(("c0", "c1", "c2"), 0), []
    for value in p1_values(600):
        event = parse(json.dumps(value), model)
        who = event.customer_id
        fold.apply(event)
        seen.setdefault(who, []).append(value)
        newest[who] = max(newest.get(who, 0), event.day)
        score = p1_score(seen[who], newest[who])
        assert fold.customers[who].evaluation().scores["value"] == pytest.approx(score, abs=1e-9)
        reached = (score >= 60) + (score >= 80)
        if reached > tier[who] or (reached < tier[who] and score <= (0, 60, 80)[tier[who]] - 2):
            changes.append((who, event.event_id, reached))
            tier[who] = reached
    ranks = {"ordinary": 0, "important": 1, "VIP": 2}
    told = [o for outcomes in fold.outcomes.values() for o in outcomes]
    assert len(changes) > 10
    assert sorted(changes) == sorted(
        (o.customer_id, o.cause.split(":")[2], ranks[o.after]) for o in told
    )
