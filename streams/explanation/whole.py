"""Everything about a customer, put together."""

from collections.abc import Sequence
from typing import Any

from scoring.arena import NEVER
from scoring.scorer import Scorer
from streams.errors import UsageError
from streams.explanation.case import Case
from streams.explanation.forecasts import forecasts
from streams.explanation.receivables import receivables_of
from streams.explanation.segments import segments_of
from streams.explanation.standing import next_tier, tier_of
from streams.explanation.terms import joined_terms, scored_over, terms_of
from streams.output.messages import Wording, instant_text


def standing(scorer: Scorer, customer: bytes, state: bytes, day: int | None) -> dict[str, Any]:
    """Return a customer's snapshot, with what is missing to the next tiers and how many events.

    `day` brings the customer to a later day first, in memory only; None leaves it at its own as-of.
    Raises `UsageError` for one that was erased.
    """
    return _standing(_case(scorer, customer, state, day), customer)


def explanation(
    scorer: Scorer,
    customer: bytes,
    state: bytes,
    day: int | None,
    scores: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the same with how every term came to its points, and why tiers and classes are so.

    `scores` are those to explain (None: all); the others are left out. Raises `UsageError` for a
    score that the model does not have, too.
    """
    case = _case(scorer, customer, state, day)
    explained = case.scorer.names.scores if scores is None else scores
    if unknown := [name for name in explained if name not in scorer.model.scores]:
        known = ", ".join(scorer.model.scores)
        raise UsageError(f"there is no score {unknown[0]!r}; the model has {known}")
    said = _standing(case, customer)
    said["scores"] = {name: said["scores"][name] for name in explained}
    ahead = forecasts(case, state, explained)
    for name, each in said["scores"].items():
        each.update(_score(case, name) | {"next": each["next"], "forecast": ahead[name]})
    return said | {"segment_reasons": segments_of(case), "receivables": receivables_of(case)}


def _case(scorer: Scorer, customer: bytes, state: bytes, day: int | None) -> Case:
    arena = scorer.read([state])
    if day is not None:
        arena = scorer.complete(scorer.turn([state], day).arena)
    if arena.customers["as_of"][0] == NEVER:
        at = instant_text(int(arena.customers["erased"][0]))
        raise UsageError(f"customer {customer.decode()!r} was erased as of {at}: nothing is known")
    return Case(scorer, arena)


def _standing(case: Case, customer: bytes) -> dict[str, Any]:
    said = next(iter(Wording.of(case.scorer).snapshots(case.arena, [customer])))
    for s, (name, score) in enumerate(case.model.scores.items()):
        said["scores"][name]["next"] = next_tier(case, s, name, score)
    said["events"] = int(case.arena.customers["applied"][0])
    return said


def _score(case: Case, name: str) -> dict[str, Any]:
    score, s = case.model.scores[name], case.scorer.names.scores.index(name)
    if score.join is not None:
        terms, joined = joined_terms(case, s)
        return {"terms": terms, "joined": joined} | tier_of(case, s, name, score)
    terms = terms_of(case, s, score)
    return {"terms": terms, "scored_over": scored_over(terms)} | tier_of(case, s, name, score)
