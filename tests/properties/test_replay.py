"""Design promise P1 on real events: `replay` of whole files gives what the oracle gives.

`online_retail` comes with the repository; the other data sets of the workshop join in where they
lie beside it (../shared/data).
"""

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from streams.replay import FILES
from tests.properties.comparison import (
    expected,
    expected_standings,
    numbers,
    said,
    standing,
)
from tests.properties.shard import Shard
from tests.reference import Fold, Model, parse

REPOSITORY = Path(__file__).parents[2]
MODEL = REPOSITORY / "config" / "scoring.yaml"


class Source(NamedTuple):
    """A file of events, its currency, and of how many customers the oracle walks only one."""

    path: Path
    currency: str
    every: int = 1


OWN = Source(REPOSITORY / "tests" / "data" / "online_retail.ndjson.gz", "GBP", every=40)
SHARED = REPOSITORY.parent / "shared" / "data"
SOURCES = [
    OWN,
    Source(SHARED / "receivables.ndjson.gz", "USD", every=3),
    Source(SHARED / "superstore.ndjson.gz", "USD", every=12),
    Source(SHARED / "cdnow.ndjson.gz", "USD", every=300),
]
PRESENT = [source for source in SOURCES if source.path.exists()]
FEW = [
    pytest.param(source, marks=[pytest.mark.long] if "cdnow" in source.path.name else [])
    for source in PRESENT
]
each_source = pytest.mark.parametrize("source", PRESENT, ids=lambda s: s.path.name.split(".")[0])


def mapping(source: Source) -> dict[str, Any]:
    """The default model as a mapping, in the file's currency and UTC.

    It forgets no paid invoice: when a file is shuffled, events come years late.
    """
    model: dict[str, Any] = YAML(typ="safe").load(MODEL)
    invoices = {"keep_days": 36_500}
    own = {"timezone": "UTC", "currencies": {"base": source.currency}, "invoices": invoices}
    model["segments"]["rfm"]["tell"] = True
    return model | own


@cache
def events_of(source: Source) -> list[bytes]:
    return gzip.decompress(source.path.read_bytes()).splitlines(keepends=True)


def is_walked(source: Source, customer: str) -> bool:
    """Whether the oracle walks a customer."""
    return sum(customer.encode()) % source.every == 0


@cache
def folded(source: Source) -> Fold:
    """The oracle's walk through the file, for every n-th customer."""
    fold = Fold(Model(mapping(source)))
    day = 0
    for line in events_of(source):
        event = parse(line, fold.model)
        day = max(day, event.day)  # customers meet only through the clock
        if is_walked(source, event.customer_id):
            fold.apply(event, today=day)
    fold.turn(day)
    return fold


def replayed(source: Source, files: list[Path], out: Path, *options: str) -> dict[str, Any]:
    """Run `valuepulse replay` and return its summary."""
    command = [sys.executable, "-c", "from streams.cli.main import run; run()", "replay"]
    model = out.with_suffix(".model.json")
    model.parent.mkdir(parents=True, exist_ok=True)
    model.write_text(json.dumps(mapping(source)), "utf-8")
    fixed = ["--model", str(model), "--strict"]
    where = [str(file) for file in files] + ["--out", str(out)]
    subprocess.run([*command, *where, *fixed, *options], check=True, cwd=REPOSITORY)
    summary: dict[str, Any] = json.loads((out / "summary.json").read_bytes())
    return summary


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def standings(out: Path) -> dict[str, dict[str, Any]]:
    customers = rows(out / "customers.ndjson")
    names = [row["customer_id"] for row in customers]
    assert names == sorted(names)
    return dict(zip(names, customers, strict=True))


def outcomes(out: Path) -> dict[str, list[dict[str, Any]]]:
    """All outcomes together by customer, in sequence."""
    by_customer: dict[str, list[dict[str, Any]]] = {}
    told = [row for name in FILES.values() for row in rows(out / name)]
    for outcome in sorted(told, key=lambda outcome: outcome["sequence"]):
        by_customer.setdefault(outcome["customer_id"], []).append(said(outcome))
    return by_customer


def assert_outcomes(told: dict[str, list[dict[str, Any]]], fold: Fold) -> None:
    assert {name: told.get(name, []) for name in fold.customers} == {
        name: [expected(outcome) for outcome in each] for name, each in fold.outcomes.items()
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
@each_source
def test_a_replay_gives_the_numbers_and_outcomes_of_the_oracle(
    source: Source, tmp_path: Path
) -> None:
    summary = replayed(source, [source.path], tmp_path)
    assert (summary["events"], summary["rejected"]) == (len(events_of(source)), 0)
    fold = folded(source)
    found = {name: standing(row) for name, row in standings(tmp_path).items()}
    assert {name: found[name] for name in fold.customers} == expected_standings(fold.customers)
    assert_outcomes(outcomes(tmp_path), fold)
    assert (tmp_path / "dead-letters.ndjson").read_bytes() == b""


@pytest.mark.slow
@pytest.mark.parametrize("source", FEW, ids=lambda s: s.path.name.split(".")[0])
def test_shuffled_split_and_sent_twice_the_numbers_stay(source: Source, tmp_path: Path) -> None:
    """5 % of the events come twice; four files as from four topics, read one after the other."""
    chance = random.Random(20)
    lines = events_of(source)
    lines = lines + chance.sample(lines, len(lines) // 20)
    chance.shuffle(lines)
    files = [_write(tmp_path / f"{n}.ndjson", lines[n::4]) for n in range(4)]
    replayed(source, [source.path], tmp_path / "sorted")
    summary = replayed(source, files, tmp_path / "shuffled")
    assert summary["duplicates"] == len(lines) - len(events_of(source))
    before, after = (standings(tmp_path / run) for run in ("sorted", "shuffled"))
    assert {n: numbers(row) for n, row in after.items()} == {
        n: numbers(row) for n, row in before.items()
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_file_cut_in_any_batches_gives_the_outcomes_of_single_events() -> None:
    chance = random.Random(21)
    shard, lines, first = Shard(mapping(OWN), "event"), events_of(OWN), 0
    while first < len(lines):
        size = chance.choice([1, 2, 50, 1000, 5000])
        shard.apply(b"".join(lines[first : first + size]))
        first += size
    shard.turn(shard.clock)
    fold = folded(OWN)
    found = shard.snapshots()
    assert {n: standing(found[n]) for n in fold.customers} == expected_standings(fold.customers)
    assert_outcomes({name: [said(o) for o in each] for name, each in shard.told.items()}, fold)


def test_as_of_a_day_is_as_if_nothing_later_had_happened(tmp_path: Path) -> None:
    as_of = ("--as-of", "2010-12-01")
    before = [line for line in events_of(OWN) if json.loads(line)["occurred_at"] < "2010-12-02"]
    replayed(OWN, [_write(tmp_path / "before.ndjson", before)], tmp_path / "before", *as_of)
    replayed(OWN, [OWN.path], tmp_path / "all", *as_of)
    for name in ("customers.ndjson", *FILES.values()):
        assert (tmp_path / "all" / name).read_bytes() == (tmp_path / "before" / name).read_bytes()


def test_under_the_customer_clock_each_customer_stays_at_its_own_day(tmp_path: Path) -> None:
    fold = Fold(Model(mapping(OWN)), "customer")
    for line in events_of(OWN):
        event = parse(line, fold.model)
        if is_walked(OWN, event.customer_id):
            fold.apply(event)
    replayed(OWN, [OWN.path], tmp_path, "--clock", "customer")
    found = {name: standing(row) for name, row in standings(tmp_path).items()}
    assert {name: found[name] for name in fold.customers} == expected_standings(fold.customers)
    assert_outcomes(outcomes(tmp_path), fold)


def _write(path: Path, lines: Iterable[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path
