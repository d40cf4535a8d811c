"""Segments: classes of customers by rules or by recency, frequency and money (§12)."""

from collections.abc import Mapping
from typing import Any

from tests.reference.indicators import Indicators
from tests.reference.model import Model

Spec = Mapping[str, Any]

RFM_CLASSES = {
    "111": "important_value",
    "101": "important_develop",
    "011": "important_keep",
    "001": "important_win_back",
    "110": "general_value",
    "100": "general_develop",
    "010": "general_keep",
    "000": "general_win_back",
}


class Segmentation:
    """The segments of a customer whose indicators and scores with groups are known."""

    def __init__(self, model: Model, indicators: Indicators, totals: Mapping[str, float]) -> None:
        """Find the raw class of each segment."""
        self.model = model
        self.indicators = indicators
        self.totals = totals
        self.raw: dict[str, str] = {}
        for name, spec in model.segments.items():
            self.raw[name] = self._rfm(spec) if spec["kind"] == "rfm" else self._by_rules(spec)

    def class_after(self, name: str, before: str | None) -> str:
        """Return the class of a segment, after the one before (None at first)."""
        for its_class in self.model.segments[name].get("classes", ()):
            stay_while = its_class.get("stay_while")
            if its_class["name"] == before and stay_while:
                stays = all(self._holds(condition) for condition in stay_while)
                return str(before) if stays else self.raw[name]
        return self.raw[name]

    def _by_rules(self, spec: Spec) -> str:
        *ruled, last = spec["classes"]
        for its_class in ruled:
            if all(self._holds(condition) for condition in its_class["when"]):
                return str(its_class["name"])
        return str(last["name"])

    def _holds(self, condition: Spec) -> bool:
        if "segment" in condition:
            return bool(self.raw[condition["segment"]] == condition["is"])
        if "score" in condition:
            x: float | None = self.totals[condition["score"]]
        else:
            x = self.indicators[condition["indicator"]]
        if condition.get("unknown"):
            return x is None
        if x is None:
            return False
        is_enough = "at_least" not in condition or x >= condition["at_least"]
        return is_enough and ("below" not in condition or x < condition["below"])

    def _rfm(self, spec: Spec) -> str:
        recent = self._is_high(spec["recency"], falling=True)
        frequent = self._is_high(spec["frequency"], falling=False)
        rich = self._is_high(spec["monetary"], falling=False)
        return RFM_CLASSES[f"{recent:d}{frequent:d}{rich:d}"]

    def _is_high(self, spec: Spec, *, falling: bool) -> bool:
        raw = self.indicators[spec["indicator"]]
        if raw is None:
            return False
        if "cut" in spec:
            cut = spec["cut"]
        else:
            cuts = spec["cuts"]
            if cuts == "population":
                cuts = self.model.population["indicators"][spec["indicator"]]["quintiles"]
            grade = spec["high_from"]
            cut = cuts[(6 - grade if falling else grade - 1) - 1]
        return bool(raw <= cut if falling else raw >= cut)
