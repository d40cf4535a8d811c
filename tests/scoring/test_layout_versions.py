"""States of an older layout are read on: what they know holds, the rest does no harm."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring.merging import facts_of
from scoring.verdicts import APPLIED, DIFFERENT, DUPLICATE
from tests.scoring.batches import Event, columns, scorer_of, shop_mapping, states_of

FILE = Path(__file__).parents[1] / "data" / "states_of_layout_3.json"
CUSTOMERS: dict[str, dict[str, Any]] = json.loads(FILE.read_text())["customers"]
shop = scorer_of(shop_mapping())


def state_of(customer: str) -> bytes:
    return bytes.fromhex(CUSTOMERS[customer]["state"])


def known(of: Any) -> Any:
    """What is said of facts but for what has come since: fields that the older ones lack."""
    if isinstance(of, dict):
        new = ("volume", "sequence", "currency", "own", "unnamed", "orders", "folded_sale")
        return {name: known(value) for name, value in of.items() if name not in new}
    return [known(value) for value in of] if isinstance(of, list) else of


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_a_state_of_layout_3_says_what_it_said(customer: str) -> None:
    assert state_of(customer)[0] == 3
    arena, expected = shop.read([b"", state_of(customer)]), CUSTOMERS[customer]
    facts = facts_of(arena, 1)
    assert facts is not None
    assert known(facts.model_dump()) == known(expected["facts"])
    row = arena.customers[1]
    first = row["ring_start"]
    ring = slice(first, first + row["ring_count"])
    assert arena.ring["identity"][ring].tolist() == expected["ring"]
    assert not arena.ring["content"][ring].any()
    assert (row["applied"], row["erased"]) == (expected["applied"], expected["erased"])
    assert all(held.sequence is None for held in facts.attributes)


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_its_volume_is_that_of_its_sums(customer: str) -> None:
    facts = CUSTOMERS[customer]["facts"]
    sums = [facts["totals"], *(bucket["measures"] for bucket in facts["days"])]
    money = ("sale_amount", "refund_amount", "payment_amount", "unsplit_costs")
    parts = ("production_costs", "service_costs")
    expected = sum(day.get(name, 0) for day in sums for name in money + parts)
    assert shop.read([state_of(customer)]).customers["volume"].tolist() == [expected]
    assert (expected > 0) == (customer != "dora")


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_it_is_written_as_one_of_the_layout_of_today(customer: str) -> None:
    read = shop.read([state_of(customer)])
    blobs, _ = shop.write(read)
    again = shop.read([blobs.tobytes()])
    assert blobs[0] == 4
    assert facts_of(again, 0) == facts_of(read, 0)
    np.testing.assert_array_equal(again.scores, read.scores)


def test_an_identity_without_content_is_a_repeat_whatever_comes() -> None:
    """And it stays so when the state is written anew: what was said is not known."""
    identity = CUSTOMERS["ada"]["ring"][-1]
    state = [state_of("ada")]
    for content in (7, 8):
        events = columns([Event(0, "praise", 20_800, identity), Event(0, "praise", 20_800, 1)])
        events = events._replace(content=np.array([content, content], np.uint32))
        scored = shop.score(state, events, -1)
        state = states_of(shop, scored)
        new = APPLIED if content == 7 else DIFFERENT
        assert scored.verdicts.tolist() == [DUPLICATE, new]
