"""One traffic for all chaos tests: produced once, folded by the oracle once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from tests.integration import topic_logs
from tests.integration.installation import input_topics
from tests.integration.traffic import traffic
from tests.integration.verdict import Results, oracle
from tests.servers import Kafka
from tests.usual import USUAL_MODEL


class Backlog(NamedTuple):
    """Input topics with what was sent, and what it must come to."""

    inputs: dict[str, str]
    model: Path
    records: int
    right: Results


@pytest.fixture(scope="session")
def backlog(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backlog]:
    """All four types, with repeats, late events and bad input."""
    source: dict[str, Any] = YAML(typ="safe").load(USUAL_MODEL)
    model = tmp_path_factory.mktemp("model") / "scoring.yaml"
    model.write_text(json.dumps(source), "utf-8")
    sent = traffic(seed=3, customers=600, events=20_000, days=40)
    bad = {record.value for record in sent if not record.is_good}
    with input_topics(kafka.bootstrap) as inputs:
        topic_logs.send(kafka.bootstrap, inputs, sent)
        records = topic_logs.read(kafka.bootstrap, *inputs.values())
        yield Backlog(inputs, model, len(records), oracle(source, inputs, records, bad))
