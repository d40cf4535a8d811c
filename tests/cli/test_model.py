"""`valuepulse model`: from event files to a calibrated model, and what is odd in one."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli.command import ROOT, Ended, valuepulse
from tests.scoring.calibration.tables import UNCALIBRATED

EVENTS = ROOT / "tests" / "data" / "online_retail.ndjson.gz"
SHOP = """\
# Our model. 我们的模型
model:
  name: shop       # goes out with every score
  version: 9       # raise it
timezone: UTC
currencies: {base: GBP}
indicators:
  spend: {kind: sum, add: [sale_amount], subtract: [refund_amount], window: 365}
  gap: {kind: cycle}
  recency: {kind: days_since, mark: last_sale}
scores:
  value:
    groups:
      - name: all
        weight: 1
        indicators:
          - indicator: spend
            weight: 3
            normaliser: {kind: log, high: 10000}
            clip: {high: population}
          - indicator: gap
            weight: 1
            normaliser: {kind: linear, low: 0, high: 365}
            direction: less
            missing: {fill: median}
    tiers:
      - {name: ordinary}
      - {name: important, enter_at: population, top_share: 0.2}
      - {name: VIP, enter_at: population, top_share: 0.05}   # five percent
segments:
  rfm:
    kind: rfm
    recency: {indicator: recency, cuts: population}
    frequency: {indicator: gap, cuts: population}
    monetary: {indicator: spend, cuts: population}

# the end
"""


def customer(name: str, spend: float, **changed: Any) -> dict[str, Any]:
    """A customer as `replay` writes it, of the model in tests.scoring.calibration.tables."""
    number = float(name)
    indicators = {
        "spend": spend,
        "orders": number % 7,
        "gap": None if number % 9 == 0 else number % 13,
        "largest": number % 5,
    }
    common = {"customer_id": name, "as_of": "2026-11-25", "model": "shop@1"}
    return (
        common
        | {"indicators": indicators, "profile": {"region": "北" if number % 2 else "s"}}
        | changed
    )


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    return written(tmp_path, [customer(str(n), 3.0 * n) for n in range(40)])


def written(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "customers.ndjson"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(UNCALIBRATED, "utf-8")
    return path


def calibrate(customers: Path, model: Path, *options: str) -> Ended:
    return valuepulse("model", "calibrate", customers, "--model", model, *options)


def test_two_commands_lead_from_events_to_a_model_whose_tiers_hold_their_shares(
    tmp_path: Path,
) -> None:
    model, out = tmp_path / "shop.yaml", tmp_path / "out"
    model.write_text(SHOP, "utf-8")
    assert valuepulse("config", "check", "--model", model).code == 2
    first = valuepulse("replay", EVENTS, "--out", out, "--model", model)
    assert first.code == 0
    assert "is not calibrated: its population has no bounds of tier 'important', " in first.err
    assert f"model calibrate {out / 'customers.ndjson'} --model {model} --write" in first.err
    done = calibrate(out / "customers.ndjson", model, "--write")
    assert (done.code, done.err) == (0, "")
    assert (
        "population of 2,965 customers as of 2011-12-09 written; the model is shop@10" in done.out
    )
    text = model.read_text("utf-8")
    assert text.startswith(SHOP.replace("version: 9 ", "version: 10 ") + "\npopulation:")
    again = valuepulse("replay", EVENTS, "--out", out, "--model", model)
    assert (again.code, again.err) == (0, "")
    bounds = YAML(typ="safe").load(text)["population"]["bounds"]["value"]
    scores = [
        json.loads(line)["scores"]["value"]["score"]
        for line in (out / "customers.ndjson").read_bytes().splitlines()
    ]
    reached = {tier: sum(s >= b["enter_at"] for s in scores) for tier, b in bounds.items()}
    assert reached == {"important": 593, "VIP": 148}  # of 2,965: 20 % and 4.99 %
    linted = valuepulse("model", "lint", out / "customers.ndjson", "--model", model)
    assert (linted.code, linted.out) == (0, "ok: nothing odd in shop@10\n")


def test_the_section_is_printed_and_the_file_left_alone(customers: Path, model: Path) -> None:
    printed = calibrate(customers, model)
    assert (printed.code, printed.err) == (0, "")
    assert model.read_text("utf-8") == UNCALIBRATED
    population = YAML(typ="safe").load(printed.out)["population"]
    assert population["customers"] == 40
    assert set(population["peers"]["region"]) == {"北", "s"}
    told = calibrate(customers, model, "--json").json()
    assert told["model"] == "shop@1"
    assert told["held"] == {"value": {"important": 8, "VIP": 2}}
    assert told["population"]["indicators"].keys() == population["indicators"].keys()
    bounds = {"value": {t: dict(b) for t, b in population["bounds"]["value"].items()}}
    assert told["population"]["bounds"] == bounds


def test_writing_again_replaces_the_section_and_nothing_else(customers: Path, model: Path) -> None:
    model.write_bytes((UNCALIBRATED + "\n# the end\n").replace("\n", "\r\n").encode())
    model.chmod(0o640)
    assert calibrate(customers, model, "--write").code == 0
    first = model.read_bytes()
    done = calibrate(customers, model, "--write", "--hysteresis", "7", "--json")
    assert done.json()["model"] == "shop@3"
    second = model.read_bytes()
    head, _, tail = second.partition(b"population:  #")
    assert head == first.partition(b"population:  #")[0].replace(b"version: 2}", b"version: 3}")
    assert head.startswith("# Ours. 我们的模型\r\n".encode())
    assert b"# the end\r\n" in head
    assert b"\n" not in tail.replace(b"\r\n", b"")
    assert stat.S_IMODE(model.stat().st_mode) == 0o640
    assert [path.name for path in model.parent.iterdir()].count("shop.yaml") == 1
    assert len(list(model.parent.iterdir())) == 2


def test_a_link_to_a_model_stays_a_link(customers: Path, model: Path) -> None:
    link = model.with_name("link.yaml")
    link.symlink_to(model)
    assert calibrate(customers, link, "--write").code == 0
    assert link.is_symlink()
    assert "version: 2" in model.read_text("utf-8")


def test_options_reach_the_figures(customers: Path, model: Path) -> None:
    z = calibrate(customers, model, "--outliers", "zscore", "--hysteresis", "0.5", "--json").json()
    spend = z["population"]["indicators"]["spend"]
    assert spend["high"] == pytest.approx(spend["mean"] + 3 * spend["deviation"], rel=1e-5)
    vip = z["population"]["bounds"]["value"]["VIP"]
    assert vip["enter_at"] - vip["leave_below"] == pytest.approx(0.5)
    assert "iqr" in calibrate(customers, model, "--outliers", "iqr").err


def test_what_differs_between_customers_and_model_is_noted(tmp_path: Path, model: Path) -> None:
    rows = [customer(str(n), 3.0 * n) for n in range(40)]
    rows[3] |= {"as_of": "2026-11-20", "model": "shop@7"}
    told = calibrate(written(tmp_path, rows), model)
    assert told.code == 0
    assert told.err.splitlines() == [
        "the customers were scored by shop@7, the model is shop@1: "
        "right if its indicators are still the same",
        "the customers are as of 2 days, 2026-11-20 to 2026-11-25",
    ]
    assert "  as_of: 2026-11-25\n" in told.out


LINE = json.dumps(customer("1", 1.0))
REFUSED = [
    (LINE + "\n{", ":2: is no line of JSON: "),
    ("[]", ":1: is no customer as `valuepulse replay` writes it"),
    (LINE.replace("profile", "profil"), ":1: is no customer as .* no profile"),
    (
        LINE.replace("largest", "larger"),
        ":1: has no indicator 'largest', which the model has: repl",
    ),
    (LINE + "\n" + LINE, ":2: customer '1' is there twice"),
    ("", ": no customers"),
]


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_a_file_of_something_else_is_refused(
    tmp_path: Path, model: Path, content: str, message: str
) -> None:
    path = tmp_path / "customers.ndjson"
    path.write_text(content, "utf-8")
    for command in (["calibrate"], ["calibrate", "--json"]):
        refused = valuepulse("model", *command, path, "--model", model)
        assert (refused.code, refused.out) == (2, "")
        (line,) = refused.err.splitlines()
        head, _, rest = message.partition(".*")
        assert line.startswith(f"valuepulse: {path}{head}")
        assert line.endswith(rest) or not rest


def test_an_attribute_that_nobody_has_is_refused(customers: Path, model: Path) -> None:
    refused = calibrate(customers, model, "--peers", "regoin")
    assert refused.code == 2
    assert "in the attribute 'regoin'" in refused.err
    assert model.read_text("utf-8") == UNCALIBRATED


def test_what_customers_give_is_written_and_the_rest_is_named(
    tmp_path: Path, customers: Path, model: Path
) -> None:
    (tmp_path / "few").mkdir()
    few = written(tmp_path / "few", [customer("1", 1.0), customer("2", 2.0)])
    part = calibrate(few, model, "--write")
    assert part.code == 4
    assert "population of 2 customers as of 2026-11-25 written; the model is shop@2 now" in part.out
    assert f"{model} still lacks, and cannot be run by a worker without:" in part.err
    assert "  regression of 'gap' on spend, orders: only 2 customers have values of it" in part.err
    assert "; fill it otherwise, or take other indicators in `on`, or calibrate with " in part.err
    assert "spend: {count: 2, mean: 1.5, " in model.read_text("utf-8")
    checked = valuepulse("config", "check", "--model", model)
    assert checked.code == 2
    assert "no regression of 'gap' on spend, orders" in checked.err

    whole = calibrate(customers, model, "--write")
    assert (whole.code, whole.err.count("lacks")) == (0, 0), whole.err
    before = model.read_text("utf-8")
    worse = calibrate(few, model, "--write")
    assert worse.code == 4
    assert f"nothing was written, as {model} is calibrated, and these customers do not" in worse.err
    assert model.read_text("utf-8") == before


def test_a_model_in_braces_is_left_alone(tmp_path: Path, customers: Path) -> None:
    path = tmp_path / "shop.json"
    plain = json.dumps(YAML(typ="safe").load(UNCALIBRATED))
    path.write_text(plain, "utf-8")
    refused = calibrate(customers, path, "--write")
    assert refused.code == 2
    assert "is one mapping in braces" in refused.err
    assert path.read_text("utf-8") == plain


def test_lint_of_the_model_alone_fails_the_check_with_findings() -> None:
    told = valuepulse("model", "lint")
    assert (told.code, told.err) == (4, "")
    head, unused, *more = told.out.splitlines()  # what holds for several is said once
    assert head.split() == ["finding", "what", "where"]
    assert unused.startswith("unused   no score, segment, tier or limit uses it  indicators.")
    assert "mean_order_365d," in " ".join([unused, *more]).split()
    assert {line[:9].strip() for line in more} == {""}
    assert max(map(len, told.out.splitlines())) <= 100
    found = valuepulse("model", "lint", "--json")
    assert found.code == 4
    assert {
        "kind": "unused",
        "where": "indicators.mean_order_365d",
        "what": "no score, segment, tier or limit uses it",
    } in found.json()["findings"]


def test_lint_on_customers_takes_their_day_for_today(customers: Path, model: Path) -> None:
    assert calibrate(customers, model, "--write").code == 0
    text = model.read_text("utf-8")
    model.write_text(text.replace("as_of: 2026-11-25", "as_of: 2026-05-25"), "utf-8")
    found = valuepulse("model", "lint", customers, "--model", model, "--json")
    assert found.code == 4
    assert [each["kind"] for each in found.json()["findings"]] == ["old"]


def test_lint_refuses_a_model_that_is_not_calibrated(customers: Path, model: Path) -> None:
    refused = valuepulse("model", "lint", customers, "--model", model)
    assert refused.code == 2
    assert "run `valuepulse model calibrate`" in refused.err
