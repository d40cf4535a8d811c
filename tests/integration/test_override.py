"""A tier that a person sets by the command line reaches the shard of the customer."""

from __future__ import annotations

import json
from pathlib import Path

from scoring.events import Override
from tests.cli.command import valuepulse
from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.traffic import shard_of, traffic
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL

ADA = "customer-3"
DECIDED = ("--score", "value", "--author", "ann", "--reason", "创始客户")


def tier_of(run: Installation) -> str:
    tier: str = run.snapshots()[ADA]["scores"]["value"]["tier"]
    return tier


def test_a_decision_about_a_tier_is_sent_to_the_shard_and_applied(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    """Wherever its producers put the customer: here it is not Kafka's own partitioner."""
    model = USUAL_MODEL
    sent = [s for s in traffic(seed=5, customers=20, events=300, days=30) if s.is_good]
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, model) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        run.wait_until_caught_up()
        before = run.applied_by_customer()[ADA]
        assert tier_of(run) != "VIP"
        set_by_hand = valuepulse(
            "override", ADA, *DECIDED, "--tier", "VIP", "--mode", "floor", "--until", "2030-06-30",
            "--json", variables=run.environment,
        )  # fmt: skip  # what is decided, how it is told
        assert set_by_hand.code == 0, set_by_hand.err
        told = set_by_hand.json()
        event = told["event"]
        assert (told["topic"], told["partition"]) == (inputs["commands"], shard_of(ADA.encode()))
        decided = Override.model_validate(event)
        assert dict(decided.attributes()) == {
            "override:value:tier": "VIP",
            "override:value:mode": "floor",
            "override:value:until": 22_095.0,
            "override:value:author": "ann",
            "override:value:reason": "创始客户",
        }
        run.wait_until_caught_up()
        assert tier_of(run) == "VIP"
        ended = valuepulse("override", ADA, *DECIDED, "--end", variables=run.environment)
        assert ended.code == 0, ended.err
        assert f"the tier of {ADA} will follow its score value again" in ended.out
        run.wait_until_caught_up()
        assert run.applied_by_customer()[ADA] == before + 2
        assert tier_of(run) == "ordinary", "the two came years after all that it bought"
        changes = [json.loads(r.value or b"") for r in run.read_output("tier_changes")]
        by_hand = [c for c in changes if c["cause"]["kind"] == "override"]
        assert [c["customer_id"] for c in by_hand] == [ADA, ADA]
        assert [c["to"] for c in by_hand] == ["VIP", "ordinary"]
        assert by_hand[0]["cause"] == {
            "kind": "override", "type": "override", "event_id": event["event_id"],
        }  # fmt: skip
        letters = [json.loads(r.value or b"{}") for r in run.read_output("dead_letters")]
        assert not [letter for letter in letters if letter.get("type") == "override"]

        unknown = valuepulse("override", "nobody", *DECIDED, "--end", variables=run.environment)
        assert unknown.code == 2
        assert "there is no customer 'nobody'" in unknown.err
