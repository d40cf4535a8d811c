"""An erased customer is gone from store and feed, and nothing that is read again brings it back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import valuepulse
from tests.integration import topic_logs
from tests.integration.installation import Installation, input_topics, installation
from tests.integration.traffic import Sent, traffic
from tests.servers import Kafka, Valkey
from tests.usual import USUAL_MODEL
from tests.waiting import wait_until

ERASED = "customer-3"


def feed_of(run: Installation, customer: str) -> list[bytes | None]:
    """What the CRM feed said of a customer, in order."""
    key = customer.encode()
    return [record.value for record in run.read_output("customer_scores") if record.key == key]


def of_customer(sent: list[Sent], customer: str) -> list[Sent]:
    return [each for each in sent if each.key == customer.encode()]


def test_an_erased_customer_is_forgotten_and_does_not_come_back(
    kafka: Kafka, valkey: Valkey, tmp_path: Path
) -> None:
    model = USUAL_MODEL
    sent = [s for s in traffic(seed=5, customers=20, events=600, days=30) if s.is_good]
    sent = [s for s in sent if s.event_type != "commands"]
    with (
        input_topics(kafka.bootstrap) as inputs,
        installation(tmp_path, kafka.bootstrap, valkey.url, inputs, model) as run,
    ):
        topic_logs.send(kafka.bootstrap, inputs, sent)
        run.worker()
        run.wait_until_caught_up()
        others = {n: s for n, s in run.snapshots().items() if n != ERASED}
        known = len(run.states()[ERASED.encode()])
        wait_until(lambda: feed_of(run, ERASED), "the customer to be in the feed")

        done = valuepulse(
            "erase", ERASED, "--reason", "客户要求", "--yes", variables=run.environment
        )
        assert done.code == 0, done.err
        wait_until(lambda: feed_of(run, ERASED)[-1] is None, "the tombstone", 30)
        assert run.snapshots().keys() == others.keys()
        assert len(run.states()[ERASED.encode()]) < known

        again = of_customer(sent, ERASED)
        topic_logs.send(kafka.bootstrap, inputs, again)
        run.wait_until_caught_up()
        assert feed_of(run, ERASED)[-1] is None
        assert ERASED not in run.snapshots()
        shown = valuepulse("show", ERASED, "--json", variables=run.environment)
        assert shown.code == 2
        assert "was erased" in shown.err
        (command,) = topic_logs.read(kafka.bootstrap, inputs["commands"])
        assert json.loads(command.value or b"")["reason"] == "客户要求"
