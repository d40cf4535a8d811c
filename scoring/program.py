"""The model as plain arrays: what one compiled kernel runs, whatever the model.

Shapes depend on the model, types do not, so a new model compiles nothing again.
"""

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.indicator_kinds import DaysSince, Growth, Indicator, Ratio, SmoothedShare, Window
from scoring.measures import EFFECTS, KINDS, MARKS, MEASURES, MONEY, SOURCES
from scoring.model import Model
from scoring.money import digits
from scoring.normaliser_kinds import Linear, Log, Logistic, Normaliser, Piecewise, Steps

LIFETIME: Final = 2**30
"""The far edge of a window that never ends, in days."""

INDICATOR_KINDS: Final = ("sum", "ratio", "growth", "days_since", "share")
NORMALISER_KINDS: Final = ("linear", "log", "piecewise", "logistic", "steps")


def _table(**fields: str) -> np.dtype[np.void]:
    return np.dtype(list(fields.items()), align=True)


KIND: Final = _table(first="i4", end="i4")
"""Effects of a kind of event."""
EFFECT: Final = _table(measure="i4", source="i4", factor="i8")
MARK: Final = _table(latest="i4", kinds="i8")
"""`latest`: 1 for the latest day, 0 for the earliest; `kinds`: bit k set when kind k moves it."""
WINDOW: Final = _table(start="i4", end="i4", first="i4", last="i4")
"""Ages [start, end) in days; its operands are [first, last)."""
INDICATOR: Final = _table(
    kind="i4", mark="i4", a="i4", b="i4", c="i4", end="i4", unit="f8", floor="i8"
)
"""Members [a, b) add − subtract, [b, c) per or against or the window before, [c, end) presence."""
MEMBER: Final = _table(operand="i4", sign="i4")
SCORE: Final = _table(first_term="i4", end_term="i4", first_tier="i4", end_tier="i4")
TERM: Final = _table(
    indicator="i4", normaliser="i4", less="i4", first_knot="i4", end_knot="i4",
    points="f8", missing="f8", low="f8", high="f8",
)  # fmt: skip  # one row of the table a line
"""`points` at a normalised value of 1: 100 × weight. `low`: low of linear, middle of logistic;
`high`: high of linear, ln(1 + high) of log, scale of logistic."""
KNOT: Final = _table(x="f8", y="f8")
TIER: Final = _table(enter="f8", leave="f8")
ALERT: Final = _table(score="i4", within="i4", cool_down="i4", points="i8", resolve="i8")
"""`points` and `resolve` in thousandths of a point, the others in days."""
LIMITS: Final = _table(
    measures="i4", retention="i4", longest_alert="i4", most_terms="i4", every_day="i4", ring="i4"
)
"""`retention`: days of buckets that a state keeps, the longest window that ends; `longest_alert`:
room for remembered evaluations; `every_day`: must each day be evaluated, even if no sum changes?
`ring`: event identities that a customer remembers."""

Table = NDArray[np.void]


class Program(NamedTuple):
    """A compiled model: tables of the records above, `operands` the measure of each operand.

    An operand is a measure in a window; operands are sorted by window, terms by score.
    """

    kinds: Table
    effects: Table
    marks: Table
    windows: Table
    operands: NDArray[np.int32]
    indicators: Table
    members: Table
    scores: Table
    terms: Table
    knots: Table
    tiers: Table
    alerts: Table
    limits: Table
    """One row."""


class Names(NamedTuple):
    """Names by position, for outcomes and explanations."""

    model: str
    indicators: tuple[str, ...]
    scores: tuple[str, ...]
    tiers: tuple[tuple[str, ...], ...]
    terms: tuple[tuple[str, ...], ...]
    """For each score the indicators of its terms."""
    alerts: tuple[str, ...]

    @property
    def layout(self) -> str:
        """What a stored state's positions mean; states of another layout cannot be read."""
        return repr(
            (
                MEASURES,
                tuple(mark for mark, _, _ in MARKS),
                self.scores,
                self.tiers,
                [(a, self.terms) for a in self.alerts],
            )
        )


def names_of(model: Model) -> Names:
    """Return the names of a model's parts by their position in its program."""
    return Names(
        model=model.tag,
        indicators=tuple(model.indicators),
        scores=tuple(model.scores),
        tiers=tuple(tuple(tier.name for tier in score.tiers) for score in model.scores.values()),
        terms=tuple(
            tuple(term.indicator for term, _ in score.terms()) for score in model.scores.values()
        ),
        alerts=tuple(model.alerts),
    )


Edges = tuple[int, int]


class _Operands:
    """Numbers the operands (measure in window) of a model, sorted by window."""

    def __init__(self, model: Model) -> None:
        pairs = {
            (edges, MEASURES.index(name))
            for indicator in model.indicators.values()
            for members, edges in _combinations(indicator)
            for name, _ in members
        }
        self.pairs = sorted(pairs)
        self.windows = sorted({edges for edges, _ in self.pairs})
        self.number = {pair: n for n, pair in enumerate(self.pairs)}

    def table(self) -> Table:
        rows: list[tuple[object, ...]] = []
        for start, end in self.windows:
            mine = [n for n, (edges, _) in enumerate(self.pairs) if edges == (start, end)]
            rows.append((start, end, mine[0], mine[-1] + 1))
        return _rows(WINDOW, rows)


def _combinations(indicator: Indicator) -> list[tuple[list[tuple[str, int]], Edges]]:
    """Return the indicator's three combinations: members with signs, and a window."""
    nothing: tuple[list[tuple[str, int]], Edges] = ([], (0, 0))
    if isinstance(indicator, DaysSince):
        return [nothing, nothing, nothing]
    first = [(name, 1) for name in indicator.add]
    if not isinstance(indicator, SmoothedShare):
        first += [(name, -1) for name in indicator.subtract]
    if isinstance(indicator, Growth):
        n = indicator.window
        return [
            (first, (0, n)),
            (first, (n, 2 * n)),
            ([(name, 1) for name in indicator.presence], (0, 2 * n)),
        ]
    edges = _edges(indicator.window)
    second: tuple[str, ...] = ()
    if isinstance(indicator, Ratio):
        second = indicator.per
    elif isinstance(indicator, SmoothedShare):
        second = indicator.against
    return [(first, edges), ([(name, 1) for name in second], edges), nothing]


def _edges(window: Window) -> Edges:
    if window == "lifetime":
        return 0, LIFETIME
    if isinstance(window, tuple):
        return window[0], window[1]
    return 0, int(window)


def _rows(dtype: np.dtype[np.void], rows: list[tuple[object, ...]]) -> Table:
    return np.array(rows, dtype=dtype)


def compile_model(model: Model) -> Program:
    """Turn a model into the tables that the kernel runs.

    >>> from scoring.model import parse
    >>> model = parse(
    ...     '''
    ... model: {name: tiny, version: 1}
    ... timezone: UTC
    ... currencies: {base: CNY}
    ... indicators: {spend: {kind: sum, add: [sale_amount], subtract: [refund_amount], window: 30}}
    ... scores:
    ...   value:
    ...     groups:
    ...       - name: all
    ...         weight: 1
    ...         indicators:
    ...           - {indicator: spend, weight: 1, normaliser: {kind: linear, low: 0, high: 1000}}
    ...     tiers: [{name: new}, {name: regular, enter_at: 30, leave_below: 20}]
    ... ''',
    ...     "tiny.yaml",
    ... )
    >>> program = compile_model(model)
    >>> program.windows.tolist(), [MEASURES[n] for n in program.operands]
    ([(0, 30, 0, 2)], ['sale_amount', 'refund_amount'])
    >>> program.tiers.tolist()
    [(-inf, -inf), (30.0, 20.0)]
    """
    operands = _Operands(model)
    indicators, members = _indicator_tables(model, operands)
    scores, terms, knots, tiers = _score_tables(model)
    effects = sorted(EFFECTS, key=lambda row: KINDS.index(row[0]))
    ends = np.cumsum([sum(kind == row[0] for row in effects) for kind in KINDS]).tolist()
    return Program(
        kinds=_rows(KIND, list(pairwise([0, *ends]))),
        effects=_rows(
            EFFECT,
            [
                (MEASURES.index(to), SOURCES.index(source), factor)
                for _, to, source, factor in effects
            ],
        ),
        marks=_rows(
            MARK,
            [
                (which == "latest", sum(1 << KINDS.index(k) for k in kinds))
                for _, which, kinds in MARKS
            ],
        ),
        windows=operands.table(),
        operands=np.array([measure for _, measure in operands.pairs], np.int32),
        indicators=indicators,
        members=members,
        scores=scores,
        terms=terms,
        knots=knots,
        tiers=tiers,
        alerts=_alert_table(model),
        limits=_limits(model, operands),
    )


def _limits(model: Model, operands: _Operands) -> Table:
    within = [alert.within_days for alert in model.alerts.values()]
    used = [
        model.indicators[term.indicator]
        for score in model.scores.values()
        for term, _ in score.terms()
    ]
    every_day = bool(within) or any(isinstance(indicator, DaysSince) for indicator in used)
    retention = max((end for _, end in operands.windows if end < LIFETIME), default=1)
    most_terms = max(len(list(score.terms())) for score in model.scores.values())
    room = max(within) + 2 if within else 0
    return _rows(LIMITS, [(len(MEASURES), retention, room, most_terms, every_day, model.dedup.ids)])


def _alert_table(model: Model) -> Table:
    scores = list(model.scores)
    return _rows(
        ALERT,
        [
            (
                scores.index(a.score),
                a.within_days,
                a.cool_down_days,
                round(a.points * 1000),
                round(a.resolve_below * 1000),
            )
            for a in model.alerts.values()
        ],
    )


def _indicator_tables(model: Model, operands: _Operands) -> tuple[Table, Table]:
    marks = [mark for mark, _, _ in MARKS]
    minor = 10 ** digits(model.currencies.base)
    rows: list[tuple[object, ...]] = []
    members: list[tuple[object, ...]] = []
    for indicator in model.indicators.values():
        bounds = [len(members)]
        money = []
        for names, edges in _combinations(indicator):
            members += [
                (operands.number[edges, MEASURES.index(name)], sign) for name, sign in names
            ]
            bounds.append(len(members))
            money.append(any(name in MONEY for name, _ in names))
        mark = marks.index(indicator.mark) if isinstance(indicator, DaysSince) else 0
        unit = minor if money[0] and not money[1] else 1
        rows.append(
            (INDICATOR_KINDS.index(indicator.kind), mark, *bounds, unit, minor if money[0] else 1)
        )
    return _rows(INDICATOR, rows), _rows(MEMBER, members)


def _score_tables(model: Model) -> tuple[Table, Table, Table, Table]:
    indicators = list(model.indicators)
    scores: list[tuple[object, ...]] = []
    terms: list[tuple[object, ...]] = []
    knots: list[tuple[object, ...]] = []
    tiers: list[tuple[object, ...]] = []
    for score in model.scores.values():
        first_term, first_tier = len(terms), len(tiers)
        for term, share in score.terms():
            low, high, points = _shape(term.normaliser)
            kind = NORMALISER_KINDS.index(term.normaliser.kind)
            ends = len(knots), len(knots) + len(points)
            knots += points
            less = term.direction == "less"
            terms.append(
                (
                    indicators.index(term.indicator),
                    kind,
                    less,
                    *ends,
                    100.0 * share,
                    term.missing,
                    low,
                    high,
                )
            )
        tiers += [(_bound(tier.enter_at), _bound(tier.leave_below)) for tier in score.tiers]
        scores.append((first_term, len(terms), first_tier, len(tiers)))
    return _rows(SCORE, scores), _rows(TERM, terms), _rows(KNOT, knots), _rows(TIER, tiers)


def _bound(bound: float | None) -> float:
    return -math.inf if bound is None else bound


def _shape(normaliser: Normaliser) -> tuple[float, float, list[tuple[object, ...]]]:
    """Return low, high and knots of a normaliser, as the table `TERM` means them."""
    match normaliser:
        case Linear():
            return normaliser.low, normaliser.high, []
        case Log():
            return 0.0, math.log(1.0 + normaliser.high), []
        case Logistic():
            return normaliser.middle, normaliser.scale, []
        case Piecewise():
            return 0.0, 1.0, list(normaliser.points)
        case Steps():
            return 0.0, 1.0, list(normaliser.steps)
