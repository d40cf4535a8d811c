"""Through real Kafka, Faust and Redis a file gives what `replay` and the oracle give (P1)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from streams.model_file import load_model
from streams.packaged import PACKAGED
from streams.replay import Options, replay
from tests.integration import topic_logs
from tests.integration.installation import input_topics, installation
from tests.integration.traffic import FIRST_ARRIVAL_MS, Sent
from tests.integration.verdict import differences, left_by, oracle
from tests.properties.comparison import standing
from tests.reference import Model, parse
from tests.servers import Kafka, Valkey

FILE = Path(__file__).parents[1] / "data" / "online_retail.ndjson.gz"
ORACLE_WALKS_ONE_IN = 60


def retail_model(directory: Path) -> tuple[Path, dict[str, Any]]:
    """Write the default model for the file's currency and time zone."""
    source: dict[str, Any] = YAML(typ="safe").load(PACKAGED / "scoring.yaml")
    source |= {"timezone": "UTC", "currencies": {"base": "GBP"}}
    path = directory / "scoring.yaml"
    path.write_text(json.dumps(source), "utf-8")
    return path, source


def records_of(lines: list[bytes]) -> list[Sent]:
    sent = []
    for n, line in enumerate(lines):
        event = json.loads(line)
        key = event["customer_id"].encode()
        sent.append(Sent(event["type"], key, line.strip(), FIRST_ARRIVAL_MS + n))
    return sent


def replayed(model: Path, out: Path) -> dict[str, dict[str, Any]]:
    """How customers stand after a replay of the file, and on which day."""
    replay([FILE], out, load_model(model), Options(), lambda _: None)
    rows = [json.loads(line) for line in (out / "customers.ndjson").read_bytes().splitlines()]
    return {row["customer_id"]: standing(row) for row in rows}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_workers_give_the_numbers_of_a_replay_and_the_outcomes_of_the_oracle(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """The file is sorted, so that also the tiers are those of the replay, with its one clock."""
    model, source = retail_model(tmp_path)
    sent = records_of(gzip.decompress(FILE.read_bytes()).splitlines())
    names = sorted({record.key.decode() for record in sent if record.key})
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, model) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        run.worker()
        right = oracle(
            source, inputs, run.read_inputs(), set(), only=set(names[::ORACLE_WALKS_ONE_IN])
        )
        run.wait_until_caught_up()
        newest = max(parse(record.value or b"", Model(source)).day for record in sent)
        found = {name: standing(s) for name, s in run.snapshots(as_of=newest).items()}
        assert found == replayed(model, tmp_path / "replay")
        assert len(found) == len(names)
        assert differences(right, left_by(run, only=right.standings)) == []
