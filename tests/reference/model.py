"""A model as plain mappings, as loaded from YAML; money (§2) and the weights of terms (§5)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from scoring.clv.parameters import Clv
from scoring.clv.value import table_of
from tests.reference.days import EPOCH_DATE

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
DIGITS = dict.fromkeys(_NONE.split(), 0) | dict.fromkeys(_THREE.split(), 3) | {"CLF": 4, "UYW": 4}


LEAVE_OUT = "leave_out"


@dataclass(frozen=True, eq=False)
class Term:
    """One indicator in a score; `weight` is the product down the groups, at most 1.

    `missing` is a share of its points, `leave_out`, or the mapping that says what fills it.
    """

    indicator: str
    weight: float
    normaliser: Mapping[str, Any]
    less: bool
    missing: float | str | Mapping[str, Any]
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Join:
    """Two scores as one: the class of the segment `by` says what share the first one has."""

    scores: list[str]
    by: str
    shares: Mapping[str, float]
    share: float


@dataclass(frozen=True, eq=False)
class Bound:
    """A condition of a tier: an indicator, or without one the score itself, is at least so much."""

    indicator: str | None
    at_least: float

    def holds(self, total: float, indicators: Mapping[str, float | None]) -> bool:
        """Whether it does; what is null is not at least anything."""
        value = total if self.indicator is None else indicators[self.indicator]
        return value is not None and value >= self.at_least


@dataclass(frozen=True, eq=False)
class Tier:
    """What it takes to enter a tier and to stay in it; of the lowest, nothing."""

    name: str
    enter: list[Bound]
    stay: list[Bound]
    any_is_enough: bool


@dataclass(frozen=True, eq=False)
class Score:
    """A named score: its terms in the order of the model, its tiers from low to high.

    A joined score has no terms but `join`.
    """

    name: str
    terms: list[Term]
    join: Join | None
    tiers: list[Tier]
    policy: Mapping[str, Any]

    @property
    def names(self) -> list[str]:
        """What its terms are called."""
        return self.join.scores if self.join else [term.indicator for term in self.terms]


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
        self.keeps_orders: bool = (source.get("orders") or {}).get("keep_days", 400) > 0
        self.terms_days: int = (source.get("invoices") or {}).get("terms_days", 30)
        self.indicators: dict[str, Mapping[str, Any]] = dict(source["indicators"])
        self.population: Mapping[str, Any] = source.get("population") or {}
        self.segments: dict[str, Mapping[str, Any]] = dict(source.get("segments") or {})
        self.scores = [self._score(name, spec) for name, spec in source["scores"].items()]
        clv = source.get("clv")
        self.lifetime: Any = None if clv is None else table_of(Clv(**clv))[0]
        self.alerts: dict[str, Mapping[str, Any]] = dict(source.get("alerts") or {})

    def _score(self, name: str, spec: Mapping[str, Any]) -> Score:
        bounds = self.population.get("bounds", {}).get(name, {})
        tiers = [_tier(tier, bounds.get(tier["name"])) for tier in spec["tiers"]]
        join = _join(spec["join"]) if "join" in spec else None
        terms = [] if join else _terms(spec["groups"], 1.0)
        return Score(name, terms, join, tiers, spec.get("policy") or {})

    def minor(self, amount: str | int | Decimal, currency: str | None, day: int) -> int:
        """Convert to minor units of the base currency; one rounding, half to even (§2)."""
        rate = Fraction(1)
        if currency is not None and currency != self.base:
            today = EPOCH_DATE + timedelta(days=day)
            rate = self.rates[currency][max(d for d in self.rates[currency] if d <= today)]
        return round(Fraction(Decimal(amount)) * rate * self.unit)

    @staticmethod
    def own(amount: str | int | Decimal, currency: str) -> int:
        """Return an amount in minor units of its own currency (§2)."""
        return round(Fraction(Decimal(amount)) * Fraction(10) ** DIGITS.get(currency, 2))


def _date(day: str | date) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _join(spec: Mapping[str, Any]) -> Join:
    shares = spec.get("shares") or {}
    return Join(list(spec["scores"]), spec["by"], shares, float(spec.get("share", 0.5)))


def _tier(spec: Mapping[str, Any], population: Mapping[str, float] | None) -> Tier:
    """Read a tier; `population` has the bounds of one that is entered at those (§6)."""
    enter, stay = [], []
    if "enter_at" in spec:
        is_shared = population is not None and "top_share" in spec
        bounds = population if spec["enter_at"] == "population" or is_shared else spec
        assert bounds is not None, f"the population has no bounds of tier {spec['name']!r}"
        enter.append(Bound(None, bounds["enter_at"]))
        stay.append(Bound(None, bounds.get("leave_below", bounds["enter_at"])))
    for bound in spec.get("when") or ():
        enter.append(Bound(bound["indicator"], bound["at_least"]))
        stay.append(Bound(bound["indicator"], bound.get("leave_below", bound["at_least"])))
    return Tier(spec["name"], enter, stay, spec.get("combine", "all") == "any")


def _terms(level: Sequence[Mapping[str, Any]], weight: float) -> list[Term]:
    """Flatten one level of groups or indicators whose parent weighs `weight` (§5)."""
    total = math.fsum(entry["weight"] for entry in level)
    terms: list[Term] = []
    for entry in level:
        own = weight * (entry["weight"] / total)
        if "indicator" in entry:
            terms.append(_term(entry, own))
        else:
            terms += _terms(entry.get("groups") or entry["indicators"], own)
    return terms


def _term(entry: Mapping[str, Any], weight: float) -> Term:
    clip = entry.get("clip") or {}
    return Term(
        indicator=entry["indicator"],
        weight=weight,
        normaliser=entry["normaliser"],
        less=entry.get("direction", "more") == "less",
        missing=entry.get("missing", 0),
        low=float(clip.get("low", -math.inf)),
        high=float(clip.get("high", math.inf)),
    )
