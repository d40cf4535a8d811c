"""Two ids of one customer: what a merge makes of them, and what an unmerge leaves."""

import json
from datetime import date
from typing import Any

from tests.behaviour.story import Story


def says(customer: str, event_type: str, day: str, **fields: Any) -> str:
    """An event of another customer than the story's."""
    event = {"type": event_type, "event_id": f"{event_type}-{day}", "customer_id": customer}
    return json.dumps(event | {"occurred_at": f"2026-{day}T13:00:00+08:00"} | fields)


def ada_and_bob() -> Story:
    """Both bought a little, on their own."""
    ada = Story()
    ada.buys("03-01", "4000", cost="2000")
    ada.sends(says("bob", "transaction", "03-02", amount="90000", cost="10000"))
    return ada


def bob_merged_into_ada() -> Story:
    ada = ada_and_bob()
    ada.sends(says("bob", "merge", "03-03", into="ada", into_shard=0))
    return ada


def test_who_is_merged_counts_for_the_other_and_not_for_itself() -> None:
    ada, alone = bob_merged_into_ada(), Story()
    alone.buys("03-01", "4000", cost="2000")
    alone.buys("03-02", "90000", cost="10000")
    alone.waits_until(date(2026, 3, 3))
    assert ada.standing["indicators"] == alone.standing["indicators"]
    assert "bob" not in ada.shard.snapshots()


def test_what_is_merged_can_move_the_other_up_and_the_merge_is_the_cause() -> None:
    ada = ada_and_bob()
    told = ada.sends(says("bob", "merge", "03-03", into="ada", into_shard=0))
    assert [change["direction"] for change in told] == ["up"]
    assert told[0]["cause"] == {"kind": "event", "type": "merge", "event_id": "merge-03-03"}


def test_what_the_old_id_does_later_counts_for_the_other_with_that_event_as_cause() -> None:
    ada = bob_merged_into_ada()
    before = ada.score
    told = ada.sends(says("bob", "transaction", "03-04", amount="60000", cost="10000"))
    assert ada.score > before
    assert {change["cause"]["event_id"] for change in told} <= {"transaction-03-04"}
    assert ada.shard.told.get("bob", [])[1:] == []


def test_an_unmerge_gives_both_back_what_is_theirs() -> None:
    ada, never = bob_merged_into_ada(), ada_and_bob()
    ada.sends(says("bob", "unmerge", "03-20"))
    never.shard.turn(ada.shard.clock)
    for customer in ("ada", "bob"):
        one, other = (story.shard.snapshots()[customer] for story in (ada, never))
        assert one["indicators"] == other["indicators"]
        assert {n: s["score"] for n, s in one["scores"].items()} == {
            n: s["score"] for n, s in other["scores"].items()
        }


def test_a_merge_stays_after_thirty_days() -> None:
    ada = bob_merged_into_ada()
    ada.sends(says("bob", "unmerge", "04-03"))
    assert ada.shard.refused == ["unmerge-04-03"]
    assert "bob" not in ada.shard.snapshots()


def test_who_erases_a_customer_erases_those_that_are_merged_into_it() -> None:
    ada = bob_merged_into_ada()
    ada.happens("erasure", "03-10")
    ada.sends(says("bob", "unmerge", "03-11"))
    assert ada.shard.snapshots() == {}


def test_an_erasure_of_one_with_two_members_tells_nothing() -> None:
    """It told of a rise: one was forgotten, and for a moment the other was all that was known."""
    ada = bob_merged_into_ada()
    ada.sends(
        says("carol", "transaction", "03-03", amount="90000", cost="10000"),
        says("carol", "merge", "03-04", into="ada", into_shard=0),
    )
    assert ada.happens("erasure", "03-10") == []
    assert ada.shard.snapshots() == {}
