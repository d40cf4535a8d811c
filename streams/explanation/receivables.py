"""How a customer's payments were matched with what it owes (docs/semantics.md section 10)."""

from typing import Any, Final

import numpy as np

from scoring.facts.attributes import of_customer
from scoring.indicator_kinds import Arrears, ArrearsRate, Indicator, OverdueDays
from scoring.measures import MEASURES
from scoring.money import digits
from streams.explanation.case import Case

_OF_INVOICES: Final = frozenset(
    {"collections", "collection_days", "invoice_rest", "open_invoices", "open_due_days"}
)


def receivables_of(case: Case) -> dict[str, Any] | None:
    """Return how payments were matched; None for a model that does not ask for it.

    `invoices` are those with lines that are kept; `unmatched_…` sums of all times, days to come
    among them.
    """
    if not any(map(_asks, case.model.indicators.values())):
        return None
    lines = of_customer(case.arena.lines, case.arena.customers[0], "line")
    due, paid = _sum(case, "unmatched_due"), _sum(case, "unmatched_paid")
    by_invoice = lines.size > 0  # settled ones go when a line of another comes, so one is left
    cash = _sum(case, "cash_paid"), _sum(case, "cash_refunds")
    cash_sold = _sum(case, "sale_amount") - _sum(case, "billed")
    paid += sum(max(0, each - cash_sold) for each in cash)  # what cash sales left of it
    oldest_first = due != 0 or paid != 0
    ways = {(True, True): "both", (True, False): "invoice_id", (False, True): "oldest_due_first"}
    minor = 10 ** digits(case.model.currencies.base)
    return {
        "matched": ways.get((by_invoice, oldest_first)),
        "invoices": int(np.unique(lines["invoice"]).size),
        "unmatched_due": due / minor,
        "unmatched_paid": paid / minor,
    }


def _asks(indicator: Indicator) -> bool:
    is_of_dues = isinstance(indicator, Arrears | ArrearsRate | OverdueDays)
    return is_of_dues or not _OF_INVOICES.isdisjoint(indicator.operands())


def _sum(case: Case, name: str) -> int:
    """Return the sum of a measure over all days."""
    arena, measure = case.arena, MEASURES.index(name)
    first = int(arena.customers["row_start"][0])
    end = first + int(arena.customers["row_count"][0])
    return int(arena.totals[0, measure] + arena.rows[first:end, measure].sum())
