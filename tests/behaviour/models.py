"""Models of the stories: the engine's, the one that is shipped, and small ones for a rule each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).resolve().parents[2]


def _read(path: Path) -> Mapping[str, Any]:
    model: Mapping[str, Any] = YAML(typ="safe").load(path)
    return model


STORIES: Final = _read(Path(__file__).with_name("model.yaml"))
"""Stays as it is when the shipped model is tuned."""
SHIPPED: Final = _read(ROOT / "config" / "scoring.yaml")
"""For what its indicators and classes mean; no story depends on its weights."""

RATINGS: Final = {name: {"kind": "attribute", "attribute": name} for name in ("worth", "hope")}
"""Indicators that are what a profile says, so that a story can set a score."""
TIERS: Final = (
    {"name": "ordinary"},
    {"name": "gold", "enter_at": 60, "leave_below": 55},
    {"name": "platinum", "enter_at": 80, "leave_below": 75},
)


def term(indicator: str, **more: Any) -> dict[str, Any]:
    """A term that counts a value of 0 to 100 as it is."""
    linear = {"kind": "linear", "low": 0, "high": 100}
    return {"indicator": indicator, "weight": 1, "normaliser": linear} | more


def score_of(*terms: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A score that is the mean of its terms; ordinary, gold from 60, platinum from 80."""
    return {"groups": [{"name": "all", "weight": 1, "indicators": terms}], "tiers": TIERS} | more


def small_model(
    scores: Mapping[str, Any], indicators: Mapping[str, Any] | None = None, **sections: Any
) -> dict[str, Any]:
    """A model of these scores, of `worth` and `hope`, and of the indicators given."""
    return {
        "model": {"name": "small", "version": 1},
        "timezone": "Asia/Shanghai",
        "currencies": {"base": "CNY"},
        "indicators": RATINGS | dict(indicators or {}),
        "scores": scores,
    } | sections
