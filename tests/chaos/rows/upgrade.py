"""Workers of two versions of ValuePulse together."""

from __future__ import annotations

from tests.chaos.live import live_traffic
from tests.chaos.table import row
from tests.chaos.traffics import none
from tests.chaos.trial import Trial
from tests.chaos.versions import older_version

CUSTOMERS = 500
RATE = 300
"""Records a second."""


@row(
    22,
    "rolling upgrade while records come in: two workers of an older version, then one of each, "
    "then two of this one",
    traffic=none,
    batch__max_events=5,
    note="Row 22, rolling upgrade: the older version is the commit before the newest change of "
    "the product, or what VALUEPULSE_TEST_OLD_VERSION names.",
)
def upgraded(trial: Trial) -> None:
    """What one version has written, the other goes on from, in both directions."""
    older = older_version()
    with live_traffic(trial, CUSTOMERS, RATE):
        leaving = [trial.worker(**older), trial.worker(**older)]
        for old in leaving:
            trial.must_share()
            trial.goes_on_by(5 * RATE)
            old.signal_to_stop()
            code = old.wait("a worker of the older version to leave")
            trial.must_see("exit code 0", code == 0)
            with trial.fault():
                new = trial.worker()
            trial.must_share()
            trial.goes_on_by(5 * RATE)
            trial.must_see("the new worker goes on", new.is_running)
