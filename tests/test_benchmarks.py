"""The benchmark measures the job it says, and sees a wrong result."""

import itertools
import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ruamel.yaml import YAML

from benchmarks.checks import compare, compare_changes
from benchmarks.report import Row, table
from benchmarks.soak import Sample, Soak, growth, picture
from benchmarks.stepping import step_seconds
from benchmarks.truth import Change, Truth, truth_of
from benchmarks.worker import MODEL
from benchmarks.workload import TOPICS, Shape, encoded, line
from streams.metrics import Metrics
from tests.reference import Fold, Model, parse

REPOSITORY = Path(__file__).parents[1]
CHANGE = {"id": "1", "customer_id": "a", "from": "ordinary", "to": "VIP"}
TRUTH = Truth(
    2, [Change("a", "ordinary", "VIP", "e1")], {"a": 90.0, "b": 10.0}, {"a": "VIP", "b": "ordinary"}
)


def lines_of(shape: Shape) -> list[bytes]:
    return [line(kind, value) for kind, _, value in encoded(shape)]


def test_the_events_are_those_that_the_peers_were_measured_with() -> None:
    seen = sha256()
    for kind, _, value in itertools.islice(encoded(Shape()), 10_000):
        seen.update(b'{"topic":"%s","value":%s}\n' % (TOPICS[kind].encode(), value))
    assert seen.hexdigest() == "4ab2cbd733ad31f4f9573d79ed1fcafdf1a3e7a3f9658e4caa54ce37cd1196d9"


def test_the_truth_of_a_tenth_of_the_job_is_the_known_one() -> None:
    truth = truth_of(lines_of(Shape(100_000, 10_000)))
    assert (truth.events, len(truth.changes), len(truth.scores)) == (100_000, 850, 9_580)


def test_the_model_file_is_the_same_rule_as_the_truth() -> None:
    lines = lines_of(Shape(3_000, 60))
    model = Model(YAML(typ="safe").load(MODEL))
    truth, fold = truth_of(lines), Fold(model, "customer")
    for text in lines:
        fold.apply(parse(text, model))
    scores = {who: c.evaluation().scores["value"] for who, c in fold.customers.items()}
    told = [o for outcomes in fold.outcomes.values() for o in outcomes]
    changes = [Change(o.customer_id, o.before, o.after, o.cause.split(":")[2]) for o in told]
    assert scores == pytest.approx(truth.scores, abs=1e-9)
    assert len(changes) > 20
    assert sorted(changes) == sorted(truth.changes)


def test_a_wrong_score_a_wrong_tier_and_a_missing_customer_are_seen() -> None:
    right = {"a": (90.0, "VIP"), "b": (10.0, "ordinary")}
    assert compare("", right, TRUTH).wrong == 0
    assert compare("", right | {"a": (90.0 + 1e-8, "VIP")}, TRUTH).wrong == 1
    assert compare("", right | {"b": (10.0, "VIP")}, TRUTH).wrong == 1
    assert compare("", {"a": (90.0, "VIP")}, TRUTH).wrong == 1
    assert compare("", right | {"c": (1.0, "ordinary")}, TRUTH).wrong == 1


def test_a_repeated_change_counts_once_and_one_too_many_or_too_few_is_wrong() -> None:
    change = CHANGE | {"cause": {"event_id": "e1"}}
    assert compare_changes("", [change, change], TRUTH) == ("", 1, 0, "")
    assert compare_changes("", [change, change | {"id": "2"}], TRUTH).wrong == 1
    assert compare_changes("", [], TRUTH).wrong == 1
    assert compare_changes("", [CHANGE | {"cause": {"event_id": "e2"}}], TRUTH).wrong == 2


@pytest.mark.parametrize(
    ("value", "better", "verdict"),
    [(10, "less", "aim"), (11, "less", "ok"), (26, "less", "below"), (9, "more", "below")],
)
def test_a_figure_is_judged_by_what_is_promised_and_what_is_aimed_at(
    value: float, better: str, verdict: str
) -> None:
    bounds = (25.0, 10.0) if better == "less" else (10.0, 25.0)
    row = Row("speed", "s", (value,), *bounds, better)  # type: ignore[arg-type]  # of the cases
    assert row.verdict == verdict
    assert verdict in table([row])


def test_the_middle_run_counts() -> None:
    assert Row("speed", "", (3.0, 100.0, 1.0)).median == 3.0
    assert Row("speed", "", (1.0, 2.0)).median == 1.5


def test_the_steps_of_a_worker_are_read_from_its_metrics() -> None:
    from prometheus_client import generate_latest

    metrics = Metrics()
    metrics.step_seconds.labels("score").observe(0.25)
    metrics.step_seconds.labels("score").observe(0.5)
    metrics.batches.inc(2)
    assert step_seconds(generate_latest(metrics.registry).decode()) == {"score": 0.75, "batches": 2}


def test_memory_that_grows_after_the_caches_are_full_is_seen() -> None:
    rising = [Sample(n, 100.0 + n) for n in range(101)]
    filling_caches = [Sample(n, min(100.0, 10.0 * n)) for n in range(101)]
    assert growth(rising) > 0.3
    assert growth(filling_caches) == 0.0


def test_the_picture_of_a_soak_has_a_point_for_each_sample() -> None:
    samples = [Sample(0, 0.0), Sample(50, 200.0), Sample(100, 100.0)]
    svg = picture("a <soak", Soak(100, 10, 3.0, 0.0, 200.0, samples))
    drawn = ElementTree.fromstring(svg)  # noqa: S314  # our own picture, not a stranger's
    (line,) = drawn.iter("{http://www.w3.org/2000/svg}polyline")
    assert line.get("points") == "48.0,192.0 360.0,48.0 672.0,120.0"
    words = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a <soak", "MiB resident", "events applied", "0", "100", "200", "40"} <= set(words)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_small_benchmark_runs_and_its_results_are_right(tmp_path: Path) -> None:
    kept = tmp_path / "results.json"
    sizes = ["--events", "100000", "--customers", "20000", "--runs", "1"]
    parts = ["--only", "throughput", "feed", "replay", "--profile"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *sizes, *parts, "--json", str(kept)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 4), done.stderr  # 4: a busy machine may be too slow
    runs = json.loads(kept.read_text("utf-8"))["runs"]
    assert "scoring/scorer.py:Scorer.step" in {ours for ours, _, _ in runs["samples"]}
    checks = [
        check
        for part in ("feed_off", "feed_on", "replay")
        for run in runs[part]
        for check in run["checks"]
    ]
    assert len(checks) == 6
    assert [check for check in checks if check["wrong"] or not check["compared"]] == []
    assert "tier changes" in done.stdout
