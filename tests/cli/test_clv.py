"""`valuepulse clv fit`: a section of the model from files of events."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

from tests.cli.command import ROOT, valuepulse

SHOP = ROOT / "tests" / "data" / "online_retail.ndjson.gz"
POUNDS = ("--base-currency", "GBP", "--timezone", "UTC")


def test_the_section_can_be_pasted_into_the_model(tmp_path: Path) -> None:
    fitted = valuepulse("clv", "fit", SHOP, *POUNDS)
    assert fitted.code == 0, fitted.err
    assert fitted.out.startswith("clv:")
    assert "fitting to 2,931 customers, as of 2011-12-09" in fitted.err
    model = tmp_path / "shop.yaml"
    packaged = (ROOT / "config" / "scoring.yaml").read_text("utf-8")
    model.write_text(re.sub(r"clv:.*?\n\n", f"{fitted.out}\n", packaged, flags=re.S), "utf-8")
    checked = valuepulse("config", "check", "--model", model)
    assert (checked.code, checked.err) == (0, "")


def test_the_figures_are_those_of_the_file(tmp_path: Path) -> None:
    fitted = valuepulse("clv", "fit", SHOP, *POUNDS, "--json").json()
    with gzip.open(SHOP, "rt", encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    orders = Counter(e["customer_id"] for e in events if e.get("kind", "sale") == "sale")
    repeats = Counter(min(n - 1, 6) for n in orders.values())
    assert fitted["observed"] == [repeats[n] for n in range(7)]
    assert (fitted["orders"], fitted["clv"]["customers"]) == (orders.total(), len(orders))
    assert abs(sum(fitted["expected"]) - len(orders)) < 1
    for expected, observed in zip(fitted["expected"], fitted["observed"], strict=True):
        assert abs(expected - observed) < 0.25 * observed


def test_until_and_the_unit_of_time_are_taken(tmp_path: Path) -> None:
    until = ("--until", "2011-06-30")
    weeks = valuepulse("clv", "fit", SHOP, *POUNDS, *until, "--json").json()["clv"]
    days = valuepulse("clv", "fit", SHOP, *POUNDS, *until, "--unit-days", 1, "--json").json()["clv"]
    assert weeks["fitted_on"] == days["fitted_on"] == date(2011, 6, 30).isoformat()
    assert weeks["customers"] < 2931
    assert (weeks["unit_days"], days["unit_days"]) == (7, 1)
    assert abs(days["alpha"] / weeks["alpha"] - 7) < 0.01
    assert abs(days["r"] / weeks["r"] - 1) < 0.001


def test_customers_who_do_not_tell_the_parameters_are_a_failed_check(tmp_path: Path) -> None:
    fitted = valuepulse("clv", "fit", SHOP, *POUNDS, "--until", "2009-12-02")
    assert (fitted.code, fitted.out) == (4, "")
    assert "customers bought more than once; at least 50 are needed" in fitted.err


def test_rejected_lines_are_told_with_the_first_reason(tmp_path: Path) -> None:
    """The most likely mistake: the file's currency is none of the model's."""
    fitted = valuepulse("clv", "fit", SHOP)
    assert fitted.code == 4
    assert (
        "22,603 lines were rejected, as UnknownCurrency, the first one online_retail.ndjson.gz:1: "
        in fitted.err
    )
    assert "GBP" in fitted.err
    assert "no line is an event that can be taken" in fitted.err


def test_without_scipy_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "scipy.py").write_text("raise ImportError", "utf-8")
    fitted = valuepulse("clv", "fit", SHOP, *POUNDS, variables={"PYTHONPATH": str(tmp_path)})
    assert fitted.code == 2
    assert 'scipy is not installed: pip install "valuepulse[clv]"' in fitted.err


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    assert valuepulse("clv", "fit", tmp_path / "none.ndjson").code == 2
    assert valuepulse("clv", "fit", SHOP, "--unit-days", 0).code == 2
    unknown = valuepulse("clv", "fit", SHOP, "--timezone", "Mars/Base")
    assert (unknown.code, "there is no time zone 'Mars/Base'" in unknown.err) == (2, True)


def test_a_file_that_cannot_be_unpacked_is_named(tmp_path: Path) -> None:
    packed = tmp_path / "cut.ndjson.gz"
    for content in (b"no gzip", SHOP.read_bytes()[:100_000]):
        packed.write_bytes(content)
        for command in (("clv", "fit"), ("replay", "--out", tmp_path)):
            ended = valuepulse(*command, packed, *POUNDS)
            assert ended.code == 2
            assert ended.err.startswith(f"valuepulse: {packed}: cannot be read: ")
