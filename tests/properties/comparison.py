"""What the oracle and the product both say of a customer, in the product's words."""

from typing import Any

from tests.reference import Customer, Outcome

SAID = (
    "id", "customer_id", "sequence", "occurred_at", "as_of", "from", "to", "score",
    "previous_score", "alert", "segment", "drop", "drivers",
)  # fmt: skip
"""Fields of an outcome that docs/semantics.md defines; the id covers kind, name and cause."""


def standing(snapshot: dict[str, Any]) -> dict[str, Any]:
    """The part of a snapshot that docs/semantics.md defines."""
    scores = {
        name: {key: score[key] for key in ("score", "tier", "contributions")}
        for name, score in snapshot["scores"].items()
    }
    common = {key: snapshot[key] for key in ("customer_id", "as_of", "indicators")}
    return common | {"scores": scores, "segments": snapshot.get("segments", {})}


def numbers(snapshot: dict[str, Any]) -> dict[str, Any]:
    """The part of a snapshot that does not depend on any order: no tiers, no classes."""
    scores = {
        name: (score["score"], score["contributions"]) for name, score in snapshot["scores"].items()
    }
    return standing(snapshot) | {"scores": scores, "segments": None}


def expected_standings(customers: dict[str, Customer]) -> dict[str, dict[str, Any]]:
    """The oracle's snapshots, each computed from scratch; none of who was erased or merged."""
    return {
        n: each.snapshot()
        for n, each in customers.items()
        if each.as_of is not None and each.merge is None
    }


def said(outcome: dict[str, Any]) -> dict[str, Any]:
    """The part of an outcome that docs/semantics.md defines."""
    return {key: outcome[key] for key in SAID if key in outcome} | _of_alert(outcome)


def _of_alert(outcome: dict[str, Any]) -> dict[str, Any]:
    if "alert" not in outcome:
        return {}
    # The score that a value alert names is in thousandths; section 8 gives it no field.
    return {"score": None, "state": outcome["state"]}


def expected(outcome: Outcome) -> dict[str, Any]:
    """The same of an outcome of the oracle."""
    common = {
        "id": outcome.id,
        "customer_id": outcome.customer_id,
        "sequence": outcome.sequence,
        "occurred_at": outcome.occurred_at_text,
        "as_of": outcome.as_of_text,
    }
    moved = {"from": outcome.before, "to": outcome.after}
    if outcome.kind == "segment-change":
        return common | moved | {"segment": outcome.name, "from": outcome.before or None}
    common |= {
        "drivers": [driver._asdict() for driver in outcome.drivers],
        "score": outcome.score,
    }
    if outcome.kind == "tier-change":
        return common | moved | {"previous_score": outcome.previous_score}
    assert outcome.drop is not None
    state = "opened" if outcome.after == "open" else "resolved"
    return common | {"alert": outcome.name, "drop": outcome.drop / 1000, "state": state}
