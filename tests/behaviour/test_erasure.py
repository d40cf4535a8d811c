"""What an erasure leaves of a customer: nothing that tells what it did."""

from datetime import date

from tests.behaviour.story import Story


def an_erased() -> Story:
    """A customer of many sales who was erased on 10 March at noon."""
    ada = Story()
    for day in range(1, 9):
        ada.buys(f"03-{day:02d}", "15000", cost="7000")
    ada.happens("erasure", "03-10", author="dpo", reason="客户要求")
    return ada


def test_who_was_erased_is_unknown() -> None:
    assert an_erased().shard.snapshots() == {}


def test_an_erasure_tells_nobody_of_a_fall() -> None:
    ada = an_erased()
    assert [change["to"] for change in ada.outcomes][-1] == "VIP"
    assert ada.waits_until(date(2027, 3, 1)) == []


def test_what_happened_before_the_erasure_does_not_count_when_it_comes_late() -> None:
    ada = an_erased()
    assert ada.buys("03-09", "90000") == []
    assert ada.happens("erasure", "03-04") == []
    assert ada.shard.snapshots() == {}


def test_who_comes_back_after_the_erasure_begins_anew() -> None:
    ada, new = an_erased(), Story()
    told = ada.outcomes[-1]["sequence"]
    again, first = ada.buys("03-11", "1000"), new.buys("03-11", "1000")
    assert ada.standing["indicators"] == new.standing["indicators"]
    assert ada.standing["scores"] == new.standing["scores"]
    assert [(c["from"], c["to"], c["drivers"]) for c in again] == [
        (c["from"], c["to"], c["drivers"]) for c in first
    ]
    # The count goes on: a consumer that knew the customer takes it for news, not for repeats.
    assert [c["sequence"] for c in again] == [told + 1 + n for n in range(len(again))]
