"""A model as plain mappings, as loaded from YAML; money (§2) and the weights of terms (§5)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.days import EPOCH_DATE

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
DIGITS = dict.fromkeys(_NONE.split(), 0) | dict.fromkeys(_THREE.split(), 3)


@dataclass(frozen=True, eq=False)
class Term:
    """One indicator in a score; `weight` is the product down the groups, at most 1."""

    indicator: str
    weight: float
    normaliser: Mapping[str, Any]
    less: bool
    missing: float


@dataclass(frozen=True, eq=False)
class Tier:
    """A tier above the lowest has both bounds; the lowest has neither."""

    name: str
    enter_at: float
    leave_below: float


@dataclass(frozen=True, eq=False)
class Score:
    """A named score: its terms in the order of the model, its tiers from low to high."""

    name: str
    terms: list[Term]
    tiers: list[Tier]


class Model:
    """The YAML mapping of a model, read without checks: the kernel's side refuses bad models."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        """Take the mapping that a model's YAML loads to."""
        self.zone = ZoneInfo(source["timezone"])
        self.base: str = source["currencies"]["base"]
        self.unit: int = 10 ** DIGITS.get(self.base, 2)
        self.rates: dict[str, dict[date, Fraction]] = {
            currency: {_date(day): Fraction(str(rate)) for day, rate in dated.items()}
            for currency, dated in (source["currencies"].get("rates") or {}).items()
        }
        self.ids: int = (source.get("dedup") or {}).get("ids", 1024)
        self.terms_days: int = (source.get("invoices") or {}).get("terms_days", 30)
        self.indicators: dict[str, Mapping[str, Any]] = dict(source["indicators"])
        self.scores = [
            Score(name, _terms(spec["groups"], 1.0), [_tier(tier) for tier in spec["tiers"]])
            for name, spec in source["scores"].items()
        ]
        self.alerts: dict[str, Mapping[str, Any]] = dict(source.get("alerts") or {})

    def minor(self, amount: str | int | Decimal, currency: str | None, day: int) -> int:
        """Convert to minor units of the base currency; one rounding, half to even (§2)."""
        rate = Fraction(1)
        if currency is not None and currency != self.base:
            today = EPOCH_DATE + timedelta(days=day)
            rate = self.rates[currency][max(d for d in self.rates[currency] if d <= today)]
        return round(Fraction(Decimal(amount)) * rate * self.unit)


def _date(day: str | date) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _tier(spec: Mapping[str, Any]) -> Tier:
    return Tier(spec["name"], spec.get("enter_at", -math.inf), spec.get("leave_below", -math.inf))


def _terms(level: Sequence[Mapping[str, Any]], weight: float) -> list[Term]:
    """Flatten one level of groups or indicators whose parent weighs `weight` (§5)."""
    total = math.fsum(entry["weight"] for entry in level)
    terms: list[Term] = []
    for entry in level:
        own = weight * (entry["weight"] / total)
        if "indicator" in entry:
            less = entry.get("direction", "more") == "less"
            missing = float(entry.get("missing", 0))
            terms.append(Term(entry["indicator"], own, entry["normaliser"], less, missing))
        else:
            terms += _terms(entry.get("groups") or entry["indicators"], own)
    return terms
