"""The model as plain arrays: what one compiled kernel runs, whatever the model.

Shapes depend on the model, types do not, so a new model compiles nothing again.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.clv.value import CLV, table_of
from scoring.hashing import text_hash
from scoring.indicator_kinds import (
    Arrears,
    ArrearsRate,
    AttributeValue,
    ClvValue,
    Cycle,
    DaysSince,
    Distinct,
    ExpectedSales,
    Growth,
    Indicator,
    Largest,
    OverdueDays,
    PerAttribute,
    Ratio,
    SmoothedShare,
    Sum,
    Window,
)
from scoring.measures import EFFECTS, KINDS, LARGEST, MARKS, MEASURES, MONEY, SOURCES
from scoring.model import FillPeers, FillRegression, Model, Policy
from scoring.money import digits
from scoring.score_tables import compile_scores, shape_of
from scoring.segment_tables import compile_segments
from scoring.tables import (
    ALERT,
    ATTRIBUTES,
    BOUND,
    CLV_OF,
    COEFFICIENT,
    CROSSING,
    DAYS,
    DAYS_OF_ATTRIBUTES,
    DAYS_OF_LINES,
    EDGE,
    EFFECT,
    EVER,
    INDICATOR,
    INDICATOR_KINDS,
    KIND,
    KNOT,
    LIFETIME,
    LIMITS,
    LINES,
    MARK,
    MEMBER,
    OVERDUE,
    PLACE,
    SCORE,
    TERM,
    TIER,
    VALUE,
    WINDOW,
    Edges,
    Table,
    rows,
)


class Program(NamedTuple):
    """A compiled model: tables of the records above, `operands` the measure of each operand.

    An operand is a measure in a window; operands are sorted by window, terms by score.
    `attributes` are the hashes of the attributes that the model reads, `shares` those of joined
    scores by class, `reviews` the days of review.
    """

    kinds: Table
    effects: Table
    marks: Table
    windows: Table
    edges: Table
    crossings: Table
    operands: NDArray[np.int32]
    operand_of: NDArray[np.int32]
    """[windows, measures]; −1: the window does not sum the measure."""
    places: Table
    """Operands by measure."""
    indicators: Table
    deciding: NDArray[np.int32]
    """Positions of the indicators that a score, tier or class is computed from."""
    others: NDArray[np.int32]
    members: Table
    values: Table
    attributes: NDArray[np.uint64]
    scores: Table
    terms: Table
    knots: Table
    coefficients: Table
    shares: NDArray[np.float64]
    tiers: Table
    bounds: Table
    reviews: NDArray[np.int32]
    segments: Table
    classes: Table
    conditions: Table
    alerts: Table
    clv: Table
    """No row or one."""
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
    segments: tuple[str, ...]
    classes: tuple[tuple[str, ...], ...]
    """Of each segment."""

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
                list(zip(self.segments, self.classes, strict=True)),
            )
        )


def names_of(model: Model) -> Names:
    """Return the names of a model's parts by their position in its program."""
    return Names(
        model=model.tag,
        indicators=tuple(model.indicators),
        scores=tuple(model.scores),
        tiers=tuple(tuple(tier.name for tier in score.tiers) for score in model.scores.values()),
        terms=tuple(score.term_names for score in model.scores.values()),
        alerts=tuple(model.alerts),
        segments=tuple(model.segments),
        classes=tuple(segment.names for segment in model.segments.values()),
    )


class Member(NamedTuple):
    """A measure of a combination: its sign, and the window that it is summed over."""

    measure: str
    sign: int
    edges: Edges


Combinations = tuple[list[Member], list[Member], list[Member]]


class _Operands:
    """Numbers the operands (measure in window) of a model, by window, the largest ones last."""

    def __init__(self, model: Model) -> None:
        pairs = {
            (member.edges, member.measure in LARGEST, MEASURES.index(member.measure))
            for indicator in model.indicators.values()
            for members in combinations(indicator)
            for member in members
        }
        self.keys = sorted(pairs)
        self.pairs = [(edges, measure) for edges, _, measure in self.keys]
        self.windows = sorted({edges for edges, _ in self.pairs})
        self.number = {pair: n for n, pair in enumerate(self.pairs)}

    def table(self) -> Table:
        """Return the windows."""
        table: list[tuple[object, ...]] = []
        for edges in self.windows:
            bits = [0, 0]
            for of, is_largest, measure in self.keys:
                bits[is_largest] |= (of == edges) << measure
            table.append((*edges, *bits))
        return rows(WINDOW, table)

    def crossings(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """Return the ages at which windows begin or end, and which with what sign."""
        found: dict[int, list[tuple[int, int]]] = {}
        for w, (start, end) in enumerate(self.windows):
            found.setdefault(start, []).append((w, 1))
            if end < LIFETIME:
                found.setdefault(end, []).append((w, -1))
        return sorted(found.items())

    def by_window(self) -> NDArray[np.int32]:
        """Return the operand of each measure in each window."""
        table = np.full((len(self.windows), len(MEASURES)), -1, np.int32)
        for n, (edges, measure) in enumerate(self.pairs):
            table[self.windows.index(edges), measure] = n
        return table


def _places(pairs: Sequence[tuple[Edges, int]]) -> Table:
    """Return the operands by measure; every measure has a row that tells where its own begin."""
    by_measure = sorted(range(len(pairs)), key=lambda n: pairs[n][1])
    table = np.zeros(max(len(pairs), len(MEASURES) + 1), PLACE)
    for row, n in enumerate(by_measure):
        (start, end), _ = pairs[n]
        table["start"][row], table["end"][row], table["operand"][row] = start, end, n
    measures = [pairs[n][1] for n in by_measure]
    table["first"][: len(MEASURES) + 1] = np.searchsorted(measures, range(len(MEASURES) + 1))
    return table


DEBTS: Final = (
    Member("unmatched_due", 1, OVERDUE),
    Member("unmatched_paid", -1, EVER),
    Member("cash_paid", 1, EVER),
    Member("cash_refunds", 1, EVER),
    Member("sale_amount", 1, EVER),
    Member("billed", -1, EVER),
)
"""What `indicators.open_debts` reads, in its order: what was sold and not billed is cash."""


def combinations(indicator: Indicator) -> Combinations:
    """Return the indicator's three combinations of measures; what they mean its kind tells."""
    nothing: list[Member] = []
    a, b, c = nothing, nothing, nothing
    match indicator:
        case Growth():
            n = indicator.window
            a, b = _difference(indicator, (0, n)), _difference(indicator, (n, 2 * n))
            c = _each(indicator.presence, (0, 2 * n))
        case Ratio():
            edges = _edges(indicator.window)
            a, b = _difference(indicator, edges), _each(indicator.per, edges)
        case SmoothedShare():
            edges = _edges(indicator.window)
            a, b = _each(indicator.add, edges), _each(indicator.against, edges)
        case Sum() | PerAttribute() | ExpectedSales():
            a = _difference(indicator, _edges(indicator.window))
        case Largest():
            a = _each((indicator.measure,), _edges(indicator.window))
        case Cycle():
            a = _each(("orders",), EVER)
        case ClvValue():
            a = _each(("orders",), EVER)
            b = [Member("sale_amount", 1, EVER), Member("refund_amount", -1, EVER)]
        case Arrears() | ArrearsRate():
            a = _each(("invoice_rest",), OVERDUE)
            b = list(DEBTS)
            if isinstance(indicator, ArrearsRate):
                c = _each(("billed",), _edges(indicator.window))
        case OverdueDays():
            a, b = _each(("open_due_days",), OVERDUE), _each(("open_invoices",), OVERDUE)
        case _:
            pass
    return a, b, c


def _each(measures: tuple[str, ...], edges: Edges) -> list[Member]:
    return [Member(name, 1, edges) for name in measures]


def _difference(
    indicator: Sum | Ratio | Growth | PerAttribute | ExpectedSales, edges: Edges
) -> list[Member]:
    return [
        *_each(indicator.add, edges),
        *(Member(name, -1, edges) for name in indicator.subtract),
    ]


def _edges(window: Window) -> Edges:
    if window == "lifetime":
        return EVER
    if window == "overdue":
        return OVERDUE
    if isinstance(window, tuple):
        return window[0], window[1]
    return 0, int(window)


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
    >>> program.windows[["start", "end"]].tolist(), [MEASURES[n] for n in program.operands]
    ([(0, 30)], ['sale_amount', 'refund_amount'])
    >>> program.tiers[["enter", "leave"]].tolist()
    [(0.0, 0.0), (30.0, 20.0)]
    """
    operands = _Operands(model)
    columns = columns_of(model)
    indicators, members, values = _indicator_tables(model, operands, columns)
    scores = compile_scores(model, columns, values, indicators)
    decisive = set(model.decisive_indicators())
    decides = np.array([name in decisive for name in model.indicators])
    crossings = operands.crossings()
    edge_ends = np.cumsum([0, *(len(each) for _, each in crossings)]).tolist()
    effects = sorted(EFFECTS, key=lambda row: KINDS.index(row[0]))
    ends = np.cumsum([sum(kind == row[0] for row in effects) for kind in KINDS]).tolist()
    return Program(
        kinds=rows(KIND, list(pairwise([0, *ends]))),
        effects=rows(
            EFFECT,
            [
                (MEASURES.index(to), SOURCES.index(source), to in LARGEST, factor)
                for _, to, source, factor in effects
            ],
        ),
        marks=rows(
            MARK,
            [
                (which == "latest", sum(1 << KINDS.index(k) for k in kinds))
                for _, which, kinds in MARKS
            ],
        ),
        windows=operands.table(),
        edges=rows(
            EDGE,
            [(age, *span) for (age, _), span in zip(crossings, pairwise(edge_ends), strict=True)],
        ),
        crossings=rows(CROSSING, [each for _, some in crossings for each in some]),
        operands=np.array([measure for _, measure in operands.pairs], np.int32),
        operand_of=operands.by_window(),
        places=_places(operands.pairs),
        indicators=indicators,
        deciding=np.flatnonzero(decides).astype(np.int32),
        others=np.flatnonzero(~decides).astype(np.int32),
        members=members,
        values=rows(VALUE, values),
        attributes=np.array([text_hash(name) for name in columns], np.uint64),
        scores=rows(SCORE, scores.scores),
        terms=rows(TERM, scores.terms),
        knots=rows(KNOT, scores.knots),
        coefficients=rows(COEFFICIENT, scores.coefficients),
        shares=np.array(scores.shares, np.float64),
        tiers=rows(TIER, scores.tiers),
        bounds=rows(BOUND, scores.bounds),
        reviews=np.array(scores.reviews, np.int32),
        **compile_segments(model),
        alerts=_alert_table(model),
        clv=_clv_table(model),
        limits=_limits(model, operands),
    )


def _limits(model: Model, operands: _Operands) -> Table:
    within = [alert.within_days for alert in model.alerts.values()]
    every_day = (
        bool(within)
        or any(moves_daily(indicator) for indicator in model.indicators.values())
        or any(score.policy != Policy() for score in model.scores.values())
    )
    longest = max((end for _, end in operands.windows if end < LIFETIME), default=1)
    retention = max(longest, model.orders.keep_days + 1)  # an order's days can be changed
    most_terms = max(len(score.term_names) for score in model.scores.values())
    room = max(within) + 2 if within else 0
    marks = [mark for mark, _, _ in MARKS]
    return rows(
        LIMITS,
        [
            (
                len(MEASURES), retention, room, most_terms, every_day, model.dedup.ids,
                model.invoices.keep_days, model.invoices.terms_days,
                marks.index("first_sale"), marks.index("last_sale"), model.orders.keep_days,
                moves_one_way(model),
            )
        ],
    )  # fmt: skip  # one row of the table


def moves_one_way(model: Model) -> bool:
    """Return whether each term's points rise, or fall, with its indicator, and with nothing else.

    Not so where knots go up and down, or another indicator stands in for a missing one.
    """
    for score in model.scores.values():
        for term, _ in score.terms():
            _, _, knots = shape_of(term.normaliser)
            ys: list[Any] = [y for _, y in knots]
            if ys not in (sorted(ys), sorted(ys, reverse=True)):
                return False
            if isinstance(term.missing, FillRegression):
                return False
    return True


def moves_daily(indicator: Indicator) -> bool:
    """Return whether an indicator moves by time alone while no bucket enters or leaves a window."""
    match indicator:
        case DaysSince() | OverdueDays() | ExpectedSales() | ClvValue():
            return True
        case Distinct():
            return indicator.window != "lifetime"
        case AttributeValue():
            return indicator.fade is not None or indicator.expires_days is not None
        case _:
            return False


def besides_of(indicator: Indicator) -> int:
    """Return what an indicator is computed from besides sums, as bits (tables.INDICATOR)."""
    names = [mark for mark, _, _ in MARKS]
    bits, days = 0, DAYS
    match indicator:
        case DaysSince():
            bits = 1 << names.index(indicator.mark)
        case Cycle() | ExpectedSales() | ClvValue():
            bits = 1 << names.index("first_sale") | 1 << names.index("last_sale")
        case AttributeValue() | PerAttribute():
            bits, days = ATTRIBUTES, DAYS_OF_ATTRIBUTES
        case Distinct():
            bits, days = LINES, DAYS_OF_LINES
        case _:
            pass
    return bits | days if moves_daily(indicator) else bits


def columns_of(model: Model) -> dict[str, int]:
    """Return the column of each attribute that a model reads, by its name."""
    names = [
        indicator.attribute
        for indicator in model.indicators.values()
        if isinstance(indicator, AttributeValue | PerAttribute)
    ]
    for name, score in model.scores.items():
        names += [
            term.missing.by for term, _ in score.terms() if isinstance(term.missing, FillPeers)
        ]
        names += [f"override:{name}:{what}" for what in ("tier", "mode", "until")]
    return {name: column for column, name in enumerate(dict.fromkeys(names))}


def _alert_table(model: Model) -> Table:
    scores = list(model.scores)
    return rows(
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


def _clv_table(model: Model) -> Table:
    return rows(CLV, []) if model.clv is None else table_of(model.clv)


def _indicator_tables(
    model: Model, operands: _Operands, columns: Mapping[str, int]
) -> tuple[Table, Table, list[tuple[object, ...]]]:
    minor = 10 ** digits(model.currencies.base)
    table = np.zeros(len(model.indicators), INDICATOR)
    table["without_base"] = np.nan
    members: list[tuple[object, ...]] = []
    values: list[tuple[object, ...]] = []
    for row, (name, indicator) in zip(table, model.indicators.items(), strict=True):
        bounds, money = [len(members)], []
        combos = combinations(indicator)
        for combination in combos:
            members += [
                (operands.number[edges, MEASURES.index(measure)], sign)
                for measure, sign, edges in combination
            ]
            bounds.append(len(members))
            money.append(any(name in MONEY for name, _, _ in combination))
        row["kind"] = INDICATOR_KINDS.index(indicator.kind)
        row["a"], row["b"], row["c"], row["end"] = bounds
        row["measures"] = sum({1 << MEASURES.index(m.measure) for each in combos for m in each})
        row["besides"] = besides_of(indicator)
        row["unit"] = minor if money[0] and (not money[1] or indicator.kind == "arrears") else 1
        row["floor"] = minor if money[0] else 1
        if isinstance(indicator, ClvValue):
            row["unit"] = minor
        _enter_parameters(row, indicator, columns, values)
    return table, rows(MEMBER, members), values


def _enter_parameters(
    row: np.void, indicator: Indicator, columns: Mapping[str, int], values: list[tuple[object, ...]]
) -> None:
    """Enter what a kind of indicator has besides measures; the texts that it lists go to values."""
    match indicator:
        case DaysSince():
            row["mark"] = [mark for mark, _, _ in MARKS].index(indicator.mark)
        case AttributeValue():
            row["column"] = columns[indicator.attribute]
            row["first_value"] = len(values)
            values += [(text_hash(text), x) for text, x in indicator.values.items()]
            row["end_value"] = len(values)
            row["days"] = indicator.expires_days or 0
            if indicator.fade is not None:
                row["fade_days"], row["fade_to"] = indicator.fade.days, indicator.fade.to
        case PerAttribute():
            row["column"] = columns[indicator.attribute]
        case Growth():
            row["losses"] = indicator.losses
        case Ratio() if indicator.without_base is not None:
            row["without_base"] = indicator.without_base
        case Distinct():
            row["days"] = 0 if indicator.window == "lifetime" else indicator.window
        case ExpectedSales():
            row["days"], row["horizon"] = indicator.window, indicator.horizon_days
        case ClvValue():
            row["of"], row["horizon"] = CLV_OF.index(indicator.of), indicator.horizon_days
        case _:
            pass
