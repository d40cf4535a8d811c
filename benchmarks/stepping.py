"""Where a worker's time goes by its own account: seconds in each step, from its metrics."""

import re
from typing import Final

StepSeconds = dict[str, float]
"""Seconds by step, and how many batches (`batches`)."""

_STEP: Final = re.compile(r'^valuepulse_step_seconds_sum\{step="(\w+)"\} (\S+)$', re.MULTILINE)
_BATCHES: Final = re.compile(r"^valuepulse_batches_total (\S+)$", re.MULTILINE)


def step_seconds(metrics: str) -> StepSeconds:
    """Read the steps out of what the worker's /metrics page says."""
    steps = {name: float(value) for name, value in _STEP.findall(metrics)}
    batches = _BATCHES.search(metrics)
    return steps | {"batches": float(batches[1]) if batches else 0.0}
