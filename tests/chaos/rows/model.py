"""Changes of the scoring model while workers run."""

from __future__ import annotations

import json

from streams.settings import Settings
from tests.chaos.lab import model_source
from tests.chaos.table import row
from tests.chaos.trial import Trial
from tests.integration.verdict import Outcomes, Results, left_by, oracle
from tests.properties.comparison import numbers


@row(
    22,
    "new weights while running: one worker has the old model, one the new, then both the new",
    batch__max_events=5,
    note="Row 22: when a customer meets the new model depends on the moment, so tiers and outcomes "
    "are not compared with the oracle: events, indicators and scores are, and that no customer's "
    "sequence of outcomes has a gap.",
)
def weights_changed(trial: Trial) -> None:
    """The worker with the old model leaves halfway."""
    run = trial.run
    source = model_source()
    source["model"]["version"] = 2
    groups = source["scores"]["value"]["groups"]
    for group, weight in zip(groups, (40, 35, 25), strict=True):
        group["weight"] = weight
    changed = run.directory.parent / "scoring-2.yaml"
    changed.write_text(json.dumps(source), "utf-8")
    old = trial.worker()
    trial.applied_share(0.2)
    trial.worker(VALUEPULSE_MODEL=str(changed))
    trial.applied_share(0.4)
    trial.must_have_work_left()
    old.signal_to_stop()
    assert old.wait("the worker with the old model to leave") == 0
    trial.faults += 1
    trial.worker(VALUEPULSE_MODEL=str(changed))
    trial.recover()

    def of_new_model(trial: Trial) -> tuple[Results, Results]:
        trial.catch_up()
        backlog = trial.backlog
        run.settings = Settings.load(None, run.options | {"model": changed})
        right = oracle(source, backlog.inputs, run.read_inputs(), backlog.bad)
        return _without_tiers(right), _without_tiers(left_by(run))

    trial.verdict = of_new_model


def _without_tiers(results: Results) -> Results:
    """Leave what does not depend on the moment: and outcomes whose sequence has a gap."""
    torn: Outcomes = {
        name: outcomes
        for name, outcomes in results.outcomes.items()
        if [told["sequence"] for told in outcomes] != list(range(1, len(outcomes) + 1))
    }
    standings = {name: numbers(of) for name, of in results.standings.items()}
    return results._replace(standings=standings, outcomes=torn)
