"""What stands for an indicator that is null: figures of the population (§5)."""

from collections.abc import Mapping
from typing import Any

from tests.reference.facts import Attribute
from tests.reference.indicators import Indicators
from tests.reference.model import Term


def value_for(
    term: Term,
    indicators: Indicators,
    attributes: Mapping[str, Attribute],
    population: Mapping[str, Any],
) -> float | None:
    """Return the raw value of a term's indicator, or else what fills it; None if nothing does."""
    raw = indicators[term.indicator]
    if raw is not None or not isinstance(term.missing, Mapping):
        return raw
    name, how = term.indicator, term.missing
    match how["fill"]:
        case "constant":
            return float(how["value"])
        case "mean" | "median":
            return float(population["indicators"][name][how["fill"]])
        case "peers":
            return _of_peers(name, how, attributes, population)
        case "regression":
            return _regressed(name, indicators, population)
    raise ValueError(f"§5 fills nothing with {how['fill']!r}")


def _of_peers(
    name: str,
    how: Mapping[str, Any],
    attributes: Mapping[str, Attribute],
    population: Mapping[str, Any],
) -> float:
    said = attributes.get(how["by"])
    groups = population.get("peers", {}).get(how["by"], {})
    group = groups.get(said.value, {}) if said and isinstance(said.value, str) else {}
    figures = group.get(name) or population["indicators"][name]
    return float(figures[how["of"]])


def _regressed(name: str, indicators: Indicators, population: Mapping[str, Any]) -> float:
    regression = population["regressions"][name]
    v = float(regression["intercept"])
    for other, coefficient in regression["coefficients"].items():
        raw = indicators[other]
        if raw is None:
            return float(population["indicators"][name]["mean"])
        v += float(coefficient) * raw
    return v
