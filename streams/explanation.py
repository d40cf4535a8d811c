"""Why a customer stands where it stands: the kernel run for one customer, term by term."""

from typing import Any

from scoring.arena import NEVER
from scoring.model import Model, Score, Term
from scoring.scorer import Scorer
from streams.errors import UsageError
from streams.output.messages import Wording, instant_text


def explanation(
    scorer: Scorer, wording: Wording, customer: bytes, state: bytes, day: int | None
) -> dict[str, Any]:
    """Return a customer's snapshot with, for each score, how every term came to its points.

    `day` brings the customer to a later day first, in memory only; None leaves it at its own as-of.
    Raises `UsageError` for one that was erased.
    """
    arena = scorer.read([state])
    if day is not None:
        arena = scorer.complete(scorer.turn([state], day).arena)
    if arena.customers["as_of"][0] == NEVER:
        at = instant_text(int(arena.customers["erased"][0]))
        raise UsageError(f"customer {customer.decode()!r} was erased as of {at}: nothing is known")
    snapshot = next(iter(wording.snapshots(arena, [customer])))
    for name, score in scorer.model.scores.items():
        said = snapshot["scores"][name]
        said["terms"] = [
            _term(
                scorer.model,
                term,
                share,
                snapshot["indicators"][term.indicator],
                said["contributions"][term.indicator],
            )
            for term, share in score.terms()
        ]
        said["next"] = _next_tier(score, said["score"])
    snapshot["events"] = int(arena.customers["applied"][0])
    return snapshot


def _term(
    model: Model, term: Term, share: float, raw: float | None, points: float
) -> dict[str, Any]:
    label = model.indicators[term.indicator].label
    return {
        "indicator": term.indicator,
        "label": None if label is None else {"en": label.en, "zh": label.zh},
        "value": raw,
        "points": points,
        "of": 100.0 * share,
        "filled": raw is None,
    }


def _next_tier(score: Score, points: float) -> dict[str, Any] | None:
    for tier in score.tiers:
        if isinstance(tier.enter_at, float) and points < tier.enter_at:
            return {"tier": tier.name, "missing_points": tier.enter_at - points}
    return None
