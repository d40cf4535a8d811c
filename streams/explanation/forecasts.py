"""When a tier is lost if nothing happens, and what would keep it, in words that others read."""

from collections.abc import Iterable
from typing import Any

from scoring.forecast import HORIZON, KEPT_FOR, losses, spend_to_keep
from scoring.kernel import CUSTOMER_CLOCK
from scoring.money import digits
from scoring.scorer import Scorer
from streams.explanation.case import Case
from streams.output.messages import day_text


def forecasts(case: Case, state: bytes, scores: Iterable[str]) -> dict[str, dict[str, Any] | None]:
    """Return the forecast of each score; None for the lowest tier, and where no day turns.

    `spend_to_keep` is a decimal text of the base currency, as events give their amounts.
    `kept_until` is up to when that sale keeps the tier; without a loss, how far was looked.
    """
    scorer, day = case.scorer, case.as_of
    found: dict[str, dict[str, Any] | None] = dict.fromkeys(scores)
    if scorer.mode == CUSTOMER_CLOCK:
        return found
    lost = losses(scorer, state, day)
    for name in found:
        if case.arena.standings["tier"][0, scorer.names.scores.index(name)] == 0:
            continue
        loss = lost.get(name)
        said: dict[str, Any] = {"lost_on": None, "to": None, "spend_to_keep": None}
        if loss is None:
            found[name] = said | {"kept_until": day_text(day + HORIZON)}
            continue
        spend = spend_to_keep(scorer, state, day, name)
        found[name] = {
            "lost_on": day_text(loss.day),
            "to": scorer.model.scores[name].tiers[loss.tier].name,
            "spend_to_keep": None if spend is None else money_text(scorer, spend),
            "kept_until": None if spend is None else day_text(loss.day + KEPT_FOR),
        }
    return found


def money_text(scorer: Scorer, minor_units: int) -> str:
    """Return minor units of the base currency as a decimal number."""
    places = digits(scorer.model.currencies.base)
    whole, part = divmod(minor_units, 10**places)
    return f"{whole}.{part:0{places}d}" if places else str(whole)
