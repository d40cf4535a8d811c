"""The tables of a compiled model: their kinds of rows, and what the numbers in them mean."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LIFETIME: Final = 2**30
"""The far edge of a window that never ends, in days."""

INDICATOR_KINDS: Final = (
    "sum", "ratio", "growth", "days_since", "share",
    "attribute", "per_attribute", "distinct",
    "largest", "arrears", "arrears_rate", "overdue_days",
    "cycle", "expected_sales", "clv",
)  # fmt: skip  # a line for what they are computed from
NORMALISER_KINDS: Final = ("linear", "log", "piecewise", "logistic", "steps")
FILLS: Final = ("share", "value", "leave_out", "peers", "regression")
"""What a term does without a value: takes a normalised share, a raw value, one of the customer's
peers, an estimate from other indicators; or leaves itself out."""
CONDITIONS: Final = ("indicator", "score", "segment", "unknown")
CLV_OF: Final = ("alive", "purchases", "value")


def _table(**fields: str) -> np.dtype[np.void]:
    return np.dtype(list(fields.items()), align=True)


KIND: Final = _table(first="i4", end="i4")
"""Effects of a kind of event."""
EFFECT: Final = _table(measure="i4", source="i4", largest="i4", factor="i8")
MARK: Final = _table(latest="i4", kinds="i8")
"""`latest`: 1 for the latest day, 0 for the earliest; `kinds`: bit k set when kind k moves it."""
WINDOW: Final = _table(start="i4", end="i4", summed="u8", raised="u8")
"""Ages [start, end) in days; bits of the measures that it sums, and of whose largest it keeps."""
EDGE: Final = _table(age="i4", first="i4", end="i4")
"""An age at which buckets enter windows or leave them: crossings [first, end)."""
CROSSING: Final = _table(window="i4", sign="i4")
"""1: buckets of the edge's age enter the window; −1: they leave it."""
PLACE: Final = _table(first="i4", start="i4", end="i4", operand="i4")
"""An operand of a measure, and the ages [start, end) of its window: from row `first` of row m on
stand those of measure m, up to `first` of the next row."""
INDICATOR: Final = _table(
    kind="i4", mark="i4", a="i4", b="i4", c="i4", end="i4", unit="f8", floor="i8",
    column="i4", first_value="i4", end_value="i4", days="i4", fade_days="i4", of="i4",
    fade_to="f8", horizon="f8", without_base="f8", losses="i4", measures="u8", besides="u8",
)  # fmt: skip  # one row of the table a line
"""Members [a, b) add − subtract, [b, c) per or against or the window before, [c, end) presence.
`without_base`: a ratio where its divisor is not above 0 (NaN: null); `losses`: 1 where growth
counts from below 0, too. `column`: of an attribute; `days`: of a window, or until a value expires;
0: never. What it is computed from: bit n of `measures` is the measure n, of `besides` the mark n,
or one of those that follow."""
ATTRIBUTES: Final = 1 << 32
LINES: Final = 1 << 33
DAYS: Final = 1 << 34
DAYS_OF_LINES: Final = 1 << 35
DAYS_OF_ATTRIBUTES: Final = 1 << 36
"""Days that pass for who has product lines, or attributes: nothing of the others moves by them."""
EVERYTHING: Final = np.uint64(2**64 - 1)
MEMBER: Final = _table(operand="i4", sign="i4")
VALUE: Final = _table(text="u8", number="f8")
"""What the text of an attribute counts as, or what its peers have."""
COEFFICIENT: Final = _table(indicator="i4", factor="f8")
SCORE: Final = _table(
    first_term="i4", end_term="i4", first_tier="i4", end_tier="i4", leaves_out="i4",
    joined="i4", joined_with="i4", segment="i4", first_share="i4",
    minimum_stay="i4", grace="i4", step_down="i4", first_review="i4", end_review="i4",
    override_tier="i4", override_mode="i4", override_until="i4",
    measures="u8", besides="u8",
)  # fmt: skip  # one row of the table a line
"""`joined`, `joined_with`: positions of scores, −1 for a score with groups; from `first_share`: the
share of the first for each class of the segment. `override_…`: columns of attributes. The last two
as of indicators."""
TERM: Final = _table(
    indicator="i4", normaliser="i4", less="i4", first_knot="i4", end_knot="i4",
    fill="i4", column="i4", first_fill="i4", end_fill="i4",
    points="f8", missing="f8", low="f8", high="f8", least="f8", most="f8",
    measures="u8", besides="u8",
)  # fmt: skip  # one row of the table a line
"""`points` at a normalised value of 1: 100 × weight. `low`: low of linear, middle of logistic;
`high`: high of linear, ln(1 + high) of log, scale of logistic. `least` and `most` clip. `missing`:
share, value, or intercept, with what else there is at [first_fill, end_fill). The last two as of
indicators: what the value, or what fills it, is computed from."""
KNOT: Final = _table(x="f8", y="f8")
TIER: Final = _table(
    enter="f8", leave="f8", scored="i4", any="i4", first_bound="i4", end_bound="i4", text="u8"
)
"""`scored`: does the score count? `any`: is one condition enough? `text`: hash of the name."""
BOUND: Final = _table(indicator="i4", enter="f8", leave="f8")
SEGMENT: Final = _table(first="i4", end="i4", tell="i4")
CLASS: Final = _table(first="i4", stay="i4", end="i4")
"""Conditions [first, stay) to enter, [stay, end) to stay (none: nobody stays)."""
CONDITION: Final = _table(kind="i4", of="i4", is_class="i4", low="f8", high="f8")
ALERT: Final = _table(score="i4", within="i4", cool_down="i4", points="i8", resolve="i8")
"""`points` and `resolve` in thousandths of a point, the others in days."""
LIMITS: Final = _table(
    measures="i4", retention="i4", longest_alert="i4", most_terms="i4", every_day="i4", ring="i4",
    keep_days="i4", terms_days="i4", first_sale="i4", last_sale="i4", keep_orders="i4", leaps="i4",
)  # fmt: skip  # one row of the table a line
"""`retention`: days of buckets that a state keeps, of windows and of orders; `longest_alert`: room
for remembered evaluations; `every_day`: must each day be evaluated, even if no sum changes?
`ring`: event identities that a customer remembers; `keep_days`, `terms_days`: of invoices;
`first_sale`, `last_sale`: marks; `keep_orders`: days; `leaps`: do points move one way while no
bucket moves (scoring/leaping.py)?"""

Table = NDArray[np.void]

Edges = tuple[int, int]
EVER: Final[Edges] = (0, LIFETIME)
OVERDUE: Final[Edges] = (1, LIFETIME)
"""Ages of due days that have passed."""


def rows(dtype: np.dtype[np.void], of: list[tuple[object, ...]]) -> Table:
    """Return a table of these rows."""
    return np.array(of, dtype=dtype)
