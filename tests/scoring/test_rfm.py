"""RFM on CDNOW's customers against pandas: quintiles by `qcut`, and the eight classes by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scoring.calibration.figures import rising_quintiles
from scoring.segment_kinds import RFM_CLASSES
from scoring.segments import raw_class
from tests.scoring.batches import scorer_of, shop_mapping

FILE = Path(__file__).parents[1] / "data" / "cdnow_customers.csv.gz"
NAMES = {
    "111": "important_value", "101": "important_develop", "011": "important_keep",
    "001": "important_win_back", "110": "general_value", "100": "general_develop",
    "010": "general_keep", "000": "general_win_back",
}  # fmt: skip
"""The eight classes of the textbooks: recency, frequency and monetary, 1 high."""
ORDERS = [1.5, 2.5, 3.5, 5.5]
"""Cuts between numbers of orders, which have too many ties for quintiles."""
HIGH_FROM = 4


def repeat_buyers() -> pd.DataFrame:
    """Weeks since the last purchase, repeat purchases, and their mean value."""
    table = pd.read_csv(FILE)
    table = table[table["x"] > 0]
    return pd.DataFrame(
        {"recency": table["T"] - table["t_x"], "frequency": table["x"], "monetary": table["zbar"]}
    )


def grades_of(table: pd.DataFrame) -> pd.DataFrame:
    """Grades 1 to 5 as pandas gives them; 5 is the latest purchase."""
    edges = [-np.inf, *ORDERS, np.inf]
    return pd.DataFrame(
        {
            "recency": pd.qcut(table["recency"], 5, labels=[5, 4, 3, 2, 1]).astype(int),
            "frequency": pd.cut(table["frequency"], edges, labels=[1, 2, 3, 4, 5]).astype(int),
            "monetary": pd.qcut(table["monetary"], 5, labels=[1, 2, 3, 4, 5]).astype(int),
        }
    )


def classes_of(table: pd.DataFrame) -> list[str]:
    """Classes as the kernel finds them, with cuts as calibration does."""
    named = {"recency": "recency", "frequency": "spend_30d", "monetary": "mean_order"}
    whole = repeat_buyers()
    cuts = {name: rising_quintiles(np.sort(whole[name].to_numpy(float))) for name in named}
    cuts["frequency"] = tuple(ORDERS)
    grades = {
        name: {"indicator": indicator, "cuts": list(cuts[name] or ()), "high_from": HIGH_FROM}
        for name, indicator in named.items()
    }
    mapping: dict[str, Any] = shop_mapping() | {"segments": {"rfm": {"kind": "rfm"} | grades}}
    scorer = scorer_of(mapping)
    values = np.full((len(table), len(scorer.names.indicators)), np.nan)
    for name, indicator in named.items():
        values[:, scorer.names.indicators.index(indicator)] = table[name]
    tables = scorer.program.segments[0], scorer.program.classes, scorer.program.conditions
    scores, raw = np.zeros(len(scorer.names.scores)), np.zeros(1, np.int32)
    return [RFM_CLASSES[raw_class(*tables, row, scores, raw)] for row in values]


def test_quintiles_and_classes_are_those_of_pandas() -> None:
    table = repeat_buyers()
    fifths = list(table["monetary"].quantile([0.2, 0.4, 0.6, 0.8]))
    on_a_cut = table["monetary"].isin(fifths)  # pandas has it below the cut, semantics above
    assert on_a_cut.sum() < 40
    table = table[~on_a_cut]
    grades = grades_of(repeat_buyers()).loc[table.index]
    highs = (grades >= HIGH_FROM).astype(int).astype(str)
    expected = (highs["recency"] + highs["frequency"] + highs["monetary"]).map(NAMES)
    assert classes_of(table) == expected.tolist()
    assert set(expected) == set(NAMES.values())
