"""The board's answers against loops over the snapshots that it was given."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.dashboard.composition import MOST, OTHER
from streams.dashboard.distribution import BINS
from streams.dashboard.errors import NotFoundError, QueryError, UnknownNameError
from streams.dashboard.filters import EVERYBODY, Between, Filter, Moved
from tests.dashboard import oracle
from tests.dashboard.shop import (
    IDS,
    NAMES,
    OWNERS,
    PARTS,
    REGIONS,
    TODAY,
    Said,
    board_of,
    changes,
    customers,
    snapshots,
    take,
    tell_changes,
)

DAYS = ["2026-10-20", "2026-11-19", "2026-11-20", "2026-11-25", TODAY]
scores = st.sampled_from(NAMES.scores)
owners = st.none() | st.sampled_from(OWNERS)
values = st.sampled_from([*NAMES.indicators, *NAMES.scores])
bounds = st.none() | st.sampled_from([0.0, 1.0, 40.0, 1000.0])
GROUPS = [
    "owner", "region", "industry", "size", "segment:rfm", "segment:stage", "tier:value",
    "tier:both",
]  # fmt: skip
usual = settings(max_examples=60, deadline=None)


@st.composite
def filters(draw: st.DrawFn, *, moved: bool = False) -> Filter:
    """Any filter, most often with few conditions."""
    score = draw(scores)
    tiers = st.sampled_from(NAMES.tiers[NAMES.scores.index(score)])
    segment = st.sampled_from(range(len(NAMES.segments))).flatmap(
        lambda g: st.tuples(st.just(NAMES.segments[g]), st.sampled_from([*NAMES.classes[g], ""]))
    )
    conditions: dict[str, st.SearchStrategy[Any]] = {
        "tier": tiers,
        "owner": st.sampled_from([*OWNERS, "nobody"]),
        "region": st.sampled_from([*REGIONS, ""]),
        "industry": st.sampled_from(["纸", "3", "true", ""]),
        "size": st.sampled_from(["small", ""]),
        "segments": segment.map(lambda one: (one,)),
        "where": st.lists(
            st.builds(Between, indicator=values, low=bounds, high=bounds), max_size=2
        ).map(tuple),
        "q": st.sampled_from([*PARTS, "c00", "SS", "fi", "-1", "i̇"]),
    }
    if moved:
        conditions["moved"] = st.tuples(tiers, tiers, st.sampled_from([1, 7, 8, 30])).map(
            lambda path: Moved(from_=path[0], to=path[1], days=path[2])
        )
    given: dict[str, Any] = draw(
        st.fixed_dictionaries({}, optional=conditions).filter(lambda g: len(g) < 4)
    )
    return Filter(score=score, **given)


def ids(board_page: object) -> list[str]:
    return [row.customer_id for row in board_page.rows]  # type: ignore[attr-defined]


@usual
@given(customers(), filters(), owners)
def test_a_filter_leaves_those_that_fit_all_of_it(
    said: list[Said], wanted: Filter, owner: str | None
) -> None:
    page = board_of(said).page(wanted, owner, "score", per_page=100)
    left = oracle.selected(said, wanted, owner)
    assert set(ids(page)) == {each["customer_id"] for each in left}
    assert page.total == len(left)


@usual
@given(customers(), filters(moved=True), changes(IDS, DAYS))
def test_a_cell_of_the_matrix_is_the_customers_that_its_filter_leaves(
    said: list[Said], wanted: Filter, moves: list[Said]
) -> None:
    board = board_of(said)
    tell_changes(board, moves)
    left = oracle.selected(said, wanted, None, moves)
    assert sorted(ids(board.page(wanted, None, per_page=100))) == sorted(
        each["customer_id"] for each in left
    )
    if wanted.moved is not None:
        matrix = board.movements(wanted, None, wanted.moved.days)
        then, now = (matrix.tiers.index(each) for each in (wanted.moved.from_, wanted.moved.to))
        assert matrix.matrix[then][now] == sum(map(sum, matrix.matrix)) == len(left)


@usual
@given(customers(), filters(), owners)
def test_the_pyramid_counts_customers_profit_and_points(
    said: list[Said], wanted: Filter, owner: str | None
) -> None:
    answer = board_of(said).pyramid(wanted, owner)
    left = oracle.selected(said, wanted, owner)
    assert answer.customers == len(left)
    expected = oracle.pyramid(left, str(wanted.score))
    profit = sum(each[2] for each in expected)
    assert answer.profit == pytest.approx(profit, abs=1e-6)
    for tier, (name, count, its_profit, mean) in zip(answer.tiers, expected, strict=True):
        assert (tier.tier, tier.customers) == (name, count)
        assert tier.profit == pytest.approx(its_profit, abs=1e-6)
        assert tier.mean_score == (None if mean is None else pytest.approx(mean))
        assert tier.share_of_customers == (pytest.approx(count / len(left)) if left else None)
        if tier.share_of_profit is not None:
            assert answer.profit is not None
            assert tier.share_of_profit * answer.profit == pytest.approx(its_profit, abs=1e-6)


@usual
@given(customers(), filters(), values)
def test_a_distribution_has_the_extremes_quartiles_and_counts_of_the_values(
    said: list[Said], wanted: Filter, indicator: str
) -> None:
    answer = board_of(said).distribution(wanted, None, indicator)
    left = oracle.selected(said, wanted, None)
    known = sorted(v for each in left if (v := oracle.value(each, indicator)) is not None)
    assert (answer.count, answer.missing) == (len(known), len(left) - len(known))
    if not known:
        assert (answer.quartiles, answer.min, answer.mean) == (None, None, None)
        assert answer.histogram.edges == answer.histogram.counts == []
        return
    assert (answer.min, answer.max) == (known[0], known[-1])
    assert answer.mean == pytest.approx(math.fsum(known) / len(known), rel=1e-9, abs=1e-9)
    assert answer.quartiles == pytest.approx(
        [oracle.quantile(known, share) for share in (0.25, 0.5, 0.75)], rel=1e-9, abs=1e-9
    )
    edges, counts = answer.histogram.edges, answer.histogram.counts
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (known[0], known[-1])
    for n, count in enumerate(counts):
        is_last = n == len(counts) - 1
        inside = [v for v in known if edges[n] <= v and (v < edges[n + 1] or is_last)]
        assert count == len(inside)


@usual
@given(customers(), filters(), st.sampled_from(GROUPS))
def test_a_composition_counts_each_value_the_most_numerous_first(
    said: list[Said], wanted: Filter, by: str
) -> None:
    answer = board_of(said).composition(wanted, None, by)
    left = oracle.selected(said, wanted, None)
    assert {part.value: part.customers for part in answer.groups} == oracle.composition(left, by)
    counts = [part.customers for part in answer.groups]
    assert counts == sorted(counts, reverse=True)
    assert answer.total == len(left)
    assert sum(part.share for part in answer.groups) == pytest.approx(1.0 if left else 0.0)


def test_values_beyond_the_most_numerous_are_told_as_one(known: Said) -> None:
    said = [
        known | {"customer_id": f"C{n}", "profile": {"region": f"R{n % (MOST + 7):03d}"}}
        for n in range(2 * MOST)
    ]
    answer = board_of(said).composition(EVERYBODY, None, "region")
    assert len(answer.groups) == MOST + 1
    last = answer.groups[-1]
    assert (last.value, last.others) == (OTHER, 7)
    assert sum(part.customers for part in answer.groups) == len(said)


@usual
@given(
    customers(),
    st.sampled_from(["score", *NAMES.indicators, *NAMES.scores]),
    st.booleans(),
    scores,
    st.integers(1, 5),
)
def test_pages_together_are_all_customers_in_order(
    said: list[Said], name: str, descending: bool, score: str, per_page: int
) -> None:
    board = board_of(said)
    sort, wanted = ("-" if descending else "") + name, Filter(score=score)
    count = math.ceil(len(said) / per_page)
    pages = [
        board.page(wanted, None, sort, page, per_page, ["nps"]) for page in range(1, count + 1)
    ]
    shown = [row for page in pages for row in page.rows]
    assert [row.customer_id for row in shown] == oracle.ordered(said, sort, score)
    by_id = {each["customer_id"]: each for each in said}
    for row in shown:
        its = by_id[row.customer_id]
        assert row.indicators == {"nps": its["indicators"]["nps"]}
        assert row.segments == its["segments"]
        assert {n: s.tier for n, s in row.scores.items()} == {
            n: s["tier"] for n, s in its["scores"].items()
        }
    assert board.page(wanted, None, sort, count + 1, per_page).rows == []


@usual
@given(customers(), st.booleans(), st.sampled_from(["name", "customer_id"]))
def test_texts_are_in_order_whatever_their_case_and_who_has_none_is_last(
    said: list[Said], descending: bool, sort: str
) -> None:
    page = board_of(said).page(EVERYBODY, None, ("-" if descending else "") + sort, per_page=100)

    def text(each: Said) -> str | None:
        return each["customer_id"] if sort == "customer_id" else oracle.attribute(each, "name")

    known = [(text(each) or "", each) for each in said if text(each) is not None]
    shown = [row.customer_id if sort == "customer_id" else row.name for row in page.rows]
    folded = [each.casefold().encode() for each in shown if each is not None]
    assert folded == sorted(folded, reverse=descending)
    assert len(folded) == len(known)
    assert all(each is None for each in shown[len(known) :])


@usual
@given(customers(), filters(), owners)
def test_an_export_has_the_rows_of_all_pages(
    said: list[Said], wanted: Filter, owner: str | None
) -> None:
    board = board_of(said)
    export = board.export(wanted, owner, "-spend", ["spend"])
    rows = [dict(zip(export.header, row, strict=True)) for row in export.rows]
    page = board.page(wanted, owner, "-spend", per_page=100, columns=["spend"])
    assert [row["customer_id"] for row in rows] == ids(page)
    for row, shown in zip(rows, page.rows, strict=True):
        assert row["spend"] == shown.indicators["spend"]
        assert row["value_tier"] == shown.scores["value"].tier
        assert (row["owner"], row["name"]) == (shown.owner, shown.name)


@usual
@given(customers(), filters())
def test_the_rfm_grid_has_each_customer_once_in_the_grades_of_the_model(
    said: list[Said], wanted: Filter
) -> None:
    answer = board_of(said).rfm(wanted, None)
    left = oracle.selected(said, wanted, None)
    assert (answer.available, answer.cuts) == (True, "model")
    expected = [[0] * 5 for _ in range(5)]
    for each in left:
        recency, orders = each["indicators"]["recency"], each["indicators"]["orders"]
        r = 1 if recency is None else 1 + sum(recency <= cut for cut in (10, 30, 90, 180))
        f = 1 if orders is None else 1 + sum(orders >= cut for cut in (1, 2, 4, 8))
        expected[5 - r][f - 1] += 1
    assert [[cell.customers for cell in row] for row in answer.grid] == expected
    classes = oracle.composition(left, "segment:rfm")
    assert {each.name: each.customers for each in answer.classes} == {
        name: classes[name] for name in NAMES.classes[0]
    }


@pytest.fixture
def known() -> Said:
    """A snapshot."""
    return {
        "customer_id": "C1",
        "as_of": TODAY,
        "model": NAMES.model,
        "sequence": 1,
        "scores": {
            name: {"score": 50.0, "tier": NAMES.tiers[s][0], "contributions": {}}
            for s, name in enumerate(NAMES.scores)
        },
        "indicators": dict.fromkeys(NAMES.indicators, 1.0),
        "segments": {},
        "profile": {"owner": "王芳", "listed": True, "name": "鼎"},
    }


def test_a_manager_sees_its_own_customers_and_nothing_of_others(known: Said) -> None:
    board = board_of([known, known | {"customer_id": "C2", "profile": {"owner": "Li"}}])
    assert (board.count("王芳"), board.count("Li"), board.count(None)) == (1, 1, 2)
    assert board.count("") == board.count("nobody") == 0
    assert ids(board.page(EVERYBODY, "Li")) == ["C2"]
    assert board.customer("C2", "Li").customer_id == "C2"
    with pytest.raises(NotFoundError, match="'C1'"):
        board.customer("C1", "Li")
    assert ids(board.page(EVERYBODY, "")) == []


def test_who_is_owned_by_nobody_is_seen_by_no_manager(known: Said) -> None:
    board = board_of([known | {"profile": {}}])
    with pytest.raises(NotFoundError):
        board.customer("C1", "")
    assert board.customer("C1", None).profile == {}


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (Filter(score="valeu"), "score 'valeu'; did you mean 'value'"),
        (Filter(tier="hihg"), "tier of value 'hihg'"),
        (Filter(segments=(("stag", "new"),)), "segment 'stag'"),
        (Filter(segments=(("stage", "newer"),)), "class of stage 'newer'"),
        (Filter(where=(Between(indicator="spent"),)), "'spent'; did you mean 'spend'"),
        (Filter(moved=Moved(from_="low", to="hi", days=7)), "tier of value 'hi'"),
    ],
)
def test_a_name_that_the_model_does_not_have_is_refused(
    known: Said, wanted: Filter, what: str
) -> None:
    with pytest.raises(UnknownNameError, match=what):
        board_of([known]).pyramid(wanted, None)


@pytest.mark.parametrize("most", [1, 7, 30, 31, 45, 1_000])
def test_whole_numbers_have_bins_with_whole_edges(known: Said, most: int) -> None:
    values = [float(n * 37 % (most + 1)) for n in range(400)]
    said = [
        known | {"customer_id": f"C{n}", "indicators": {"orders": value}}
        for n, value in enumerate(values)
    ]
    histogram = board_of(said).distribution(EVERYBODY, None, "orders").histogram
    edges = histogram.edges
    assert all(edge == int(edge) for edge in edges)
    assert len(histogram.counts) <= BINS
    for n, count in enumerate(histogram.counts):
        is_last = n == len(histogram.counts) - 1
        inside = [v for v in values if edges[n] <= v and (v < edges[n + 1] or is_last)]
        assert count == len(inside)


def test_outliers_have_a_bin_of_their_own_and_squeeze_no_others(known: Said) -> None:
    values = [float(n) + 0.5 for n in range(100)] + [1e9, -1e9]
    said = [
        known | {"customer_id": f"C{n}", "indicators": {"spend": value}}
        for n, value in enumerate(values)
    ]
    histogram = board_of(said).distribution(EVERYBODY, None, "spend").histogram
    assert (histogram.counts[0], histogram.counts[-1]) == (1, 1)
    assert max(histogram.counts) < 20
    assert sum(histogram.counts) == 102


def test_so_is_one_of_a_column_a_group_or_a_sort(known: Said) -> None:
    board = board_of([known])
    for ask in (
        lambda: board.page(EVERYBODY, None, "-colour"),
        lambda: board.page(EVERYBODY, None, columns=["colour"]),
        lambda: board.export(EVERYBODY, None, columns=["colour"]),
        lambda: board.composition(EVERYBODY, None, "colour"),
        lambda: board.composition(EVERYBODY, None, "segment:colour"),
        lambda: board.distribution(EVERYBODY, None, "colour"),
    ):
        with pytest.raises(QueryError, match="colour"):
            ask()


def test_a_customer_s_page_has_all_that_its_snapshot_says(known: Said) -> None:
    points = {"spend": 35.0, "orders": 25.0}
    joined = {"value": 12.0, "likely": 42.0}
    scores = {
        "value": {"score": 60.0, "tier": "middle", "contributions": points},
        "likely": {"score": 50.0, "tier": "sure", "contributions": {"nps": 50.0}},
        "both": {"score": 54.0, "tier": "plain", "contributions": joined},
    }
    said = known | {"scores": scores, "segments": {"stage": "old"}}
    told = board_of([said]).customer("C1", None)
    value, likely, both = told.scores
    assert (value.tier, value.to_next) == ("middle", value.to_next)
    assert value.to_next is not None
    assert (value.to_next.tier, value.to_next.points) == ("high", 10.0)
    assert value.suggested_limit is None, "the model has no factor for middle"
    assert [(c.indicator, c.points, c.group) for c in value.contributions] == [
        ("spend", 35.0, "trade"), ("orders", 25.0, "trade"),
    ]  # fmt: skip
    assert (likely.to_next, likely.suggested_limit) == (None, None)
    assert [(c.indicator, c.label.zh) for c in both.contributions] == [
        ("value", "价值"), ("likely", "likely"),
    ]  # fmt: skip
    assert told.profile == said["profile"]
    assert (told.day, told.model, told.name) == (TODAY, "small@3", "鼎")
    assert told.segments == {"rfm": None, "stage": "old"}
    assert {each.name: (each.value, each.unit) for each in told.indicators} == {
        "spend": (1.0, "money"), "orders": (1.0, "count"), "recency": (1.0, "days"),
        "gain": (1.0, "money"), "nps": (1.0, "number"),
    }  # fmt: skip


@usual
@given(st.data())
def test_later_snapshots_replace_earlier_ones(data: st.DataObject) -> None:
    board = board_of([])
    latest: dict[str, Said] = {}
    for _ in range(3):
        said = data.draw(customers())
        take(board, said)
        latest |= {each["customer_id"]: each for each in said}
    wanted = data.draw(filters())
    left = oracle.selected(latest.values(), wanted, None)
    assert set(ids(board.page(wanted, None, per_page=100))) == {e["customer_id"] for e in left}


@usual
@given(customers().filter(bool), st.data())
def test_an_erased_customer_is_in_no_answer(said: list[Said], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from([each["customer_id"] for each in said]))
    board = board_of(said)
    board.erase([(gone.encode(), 2_000)])
    left = [each for each in said if each["customer_id"] != gone]
    assert set(ids(board.page(EVERYBODY, None, per_page=100))) == {e["customer_id"] for e in left}
    assert board.pyramid(EVERYBODY, None).customers == board.count(None) == len(left)
    with pytest.raises(NotFoundError):
        board.customer(gone, None)
    again = data.draw(snapshots(gone))
    take(board, [again], at=3_000)
    assert board.customer(gone, None).profile == again["profile"]
