"""The section goes into a model file and changes nothing else in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.calibration.text import population_text, with_population
from scoring.errors import CalibrationError, ModelError
from scoring.model import parse
from scoring.plain_yaml import load
from scoring.population import Bounds, Centre, Figures, Population, Regression

NEW = "population:\n  customers: 3\n"
REST = (
    "# head 头\nmodel:\n  name: a\n  version: {version}   # raise it\n{before}b: [1,\n  2]\n{after}"
)
BLOCK = "population:  # old\n  customers: 2\n\n  # within\n  indicators:\n    x: {mean: 1}  # x\n"
PLACES = [
    ("", ""),
    ("", "# the end\n"),
    (BLOCK + "\n# about b\n", ""),
    ("", BLOCK),
    ("", BLOCK + "\n\n# the end\n"),
    ("population: {}  # none\n", ""),
    ("population: {customers: 2,\n  peers: {}}\n", "# end"),
    ("", "...\n"),
]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(("before", "after"), PLACES)
def test_all_else_stays_byte_for_byte(before: str, after: str, line_end: str) -> None:
    text = REST.format(version=7, before=before, after=after).replace("\n", line_end)
    changed = with_population(text, NEW, 8)
    new = NEW.replace("\n", line_end)
    assert changed.count(new) == 1
    rest = changed.replace(new, "")
    gone = re.sub(
        r"population:.*?(\{\}  # none|x: \{mean: 1\}  # x|\}\})(\r?\n)", "", text, flags=re.S
    )
    if "population" not in text:  # a blank line goes before a section at the end
        rest = rest.replace(line_end + line_end, line_end) if after == "...\n" else rest
        gone = gone if after == "...\n" else gone + line_end
    assert rest == gone.replace("version: 7", "version: 8")
    assert load(changed.replace("...", ""))["population"] == {"customers": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model: {version: 9}", "model: {version: 10}\n\n" + NEW),
        ("\ufeffmodel: {version: 9}\n", "\ufeffmodel: {version: 10}\n\n" + NEW),
        ("population:\n  a: 1\nmodel: {version: '9'}", NEW + "model: {version: 10}"),
        ("model: {version: 9}\npopulation:\n  a: 1", "model: {version: 10}\n" + NEW),
    ],
)
def test_files_without_a_last_line_end_and_versions_of_more_digits(
    text: str, expected: str
) -> None:
    assert with_population(text, NEW, 10) == expected


def test_a_file_in_braces_is_refused() -> None:
    with pytest.raises(CalibrationError, match="one mapping in braces"):
        with_population('{"model": {"version": 1}}', NEW, 2)


numbers = st.floats(-1e12, 1e12).map(lambda x: float(f"{x:.5e}"))
centres = st.builds(Centre, count=st.integers(0, 9), mean=numbers, median=numbers)
names = st.from_regex(r"[A-Za-z][a-z]{0,5}", fullmatch=True)
lower = st.from_regex(r"[a-z][a-z]{0,5}", fullmatch=True)
populations = st.builds(
    Population,
    as_of=st.none() | st.dates(),
    customers=st.none() | st.integers(0, 10**9),
    indicators=st.dictionaries(
        names, st.builds(Figures, mean=numbers, median=numbers, low=numbers)
    ),
    peers=st.dictionaries(
        lower,
        st.dictionaries(
            st.text(min_size=1, max_size=9), st.dictionaries(names, centres, min_size=1)
        ),
    ),
    regressions=st.dictionaries(
        names,
        st.builds(
            Regression, intercept=numbers, coefficients=st.dictionaries(names, numbers, min_size=1)
        ),
    ),
    bounds=st.dictionaries(
        names,
        st.dictionaries(
            names, numbers.map(lambda x: Bounds(enter_at=x, leave_below=x)), min_size=1
        ),
    ),
)


@settings(deadline=None)
@given(populations, st.sampled_from([{}, {"x": "a remark: {#"}]))
def test_any_population_is_read_back_as_it_was(
    population: Population, remarks: dict[str, str]
) -> None:
    read = load(population_text(population, remarks))["population"] or {}
    assert Population.model_validate(_plain(read)) == population


def _plain(node: object) -> object:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return tuple(_plain(value) for value in node)
    return node


def test_bounds_of_a_population_rise_and_are_left_below_their_entrance() -> None:
    head = (
        "model: {name: a, version: 1}\ntimezone: UTC\ncurrencies: {base: CNY}\n"
        "indicators: {orders: {kind: sum, add: [orders]}}\nscores:\n  value:\n    groups:\n"
        "      - {name: all, weight: 1, indicators: [{indicator: orders, weight: 1, "
        "normaliser: {kind: linear, low: 0, high: 1}}]}\n"
        "    tiers: [{name: a}, {name: b, enter_at: 50, leave_below: 40}, "
        "{name: c, enter_at: population}]\n"
    )
    bounds = "population: {bounds: {value: {c: {enter_at: %s, leave_below: %s}}}}\n"
    assert parse(head + bounds % (60, 60), "a.yaml").tag == "a@1"
    with pytest.raises(ModelError, match="'c' is entered at 50, not above a tier before it"):
        parse(head + bounds % (50, 40), "a.yaml")
    with pytest.raises(ModelError, match="is entered at 60 but left below 61"):
        parse(head + bounds % (60, 61), "a.yaml")
    shared = head.replace("leave_below: 40", "leave_below: 40, top_share: 0.2")
    both = "b: {enter_at: 70, leave_below: 60}, c:"
    with pytest.raises(
        ModelError, match=r"'c' is entered at 60, not above a tier before it \(70\)"
    ):
        parse(shared + (bounds % (60, 50)).replace("c:", both), "a.yaml")
