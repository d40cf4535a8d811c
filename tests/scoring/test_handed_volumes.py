"""What members in other shards hand over must fit, too: else the merge is undone, in words."""

import json
from typing import Any

import pytest

from scoring.arena import NEVER
from scoring.events import COMMANDS_TOPIC
from scoring.measures import MOST_VOLUME
from scoring.merging import Merging, Roster, Said, also_needed, score_merging
from scoring.money import Rates
from streams.decode import Decoder, records_of_lines
from tests.scoring.batches import scorer_of, shop_mapping, states_of

shop = scorer_of(shop_mapping())
DECODER = Decoder(timezone="UTC", base_currency="CNY", rates=Rates("CNY"))
DAY = 20_000
LARGEST = 10**14
AT_MS = DAY * 86_400_000


def sale(n: int) -> dict[str, Any]:
    return {
        "type": "transaction", "event_id": f"e{n}", "customer_id": "ada", "occurred_at": AT_MS,
        "amount": LARGEST // 100, "cost": LARGEST // 100,
    }  # fmt: skip  # who, what


def handover(volume: int | None, version: int = 1, **fields: Any) -> dict[str, Any]:
    sums = {"sale_amount": LARGEST * 300, "unsplit_costs": LARGEST * 300}
    facts = {"as_of": DAY, "marks": {}, "totals": sums, "days": []}
    return {
        "type": "handover", "event_id": f"h{version}", "customer_id": "ada", "occurred_at": AT_MS,
        "member": "bob", "member_shard": 1, "merge_id": "m", "version": version,
        "because_type": "merge", "because_id": "m", "released": False,
        "facts": facts | ({} if volume is None else {"volume": volume}),
    } | fields  # fmt: skip  # who, which, why


def applied(state: bytes, roster: Roster, command: dict[str, Any]) -> Merging:
    """Apply a handover in the shard of ada, whose state is given."""
    decoded = DECODER.decode(
        records_of_lines(json.dumps(command).encode() + b"\n", 1),
        event_type=COMMANDS_TOPIC, now_ms=None, keyed=False,
    )  # fmt: skip  # one record
    assert not decoded.rejected
    names = decoded.customers
    names = names + also_needed(roster, names, decoded.commands, at_once=False)
    states = [state, *[b""] * (len(names) - 1)]
    said = Said(decoded.commands, decoded.details)
    return score_merging(shop, roster, names, states, decoded.events, NEVER, said, shards=4)


def ada(sales: int) -> bytes:
    lines = b"".join(json.dumps(sale(n)).encode() + b"\n" for n in range(sales))
    decoded = DECODER.decode(records_of_lines(lines, 1), event_type=None, now_ms=None, keyed=False)
    return states_of(shop, shop.score([b""], decoded.events, NEVER))[0]


@pytest.mark.parametrize(
    ("volume", "is_taken"),
    [
        (MOST_VOLUME - 400 * LARGEST, True),
        (MOST_VOLUME - 400 * LARGEST + 1, False),
        (None, True),  # of an older worker: 600 of the largest, by its sums
    ],
)
def test_a_handover_is_taken_only_if_all_sums_stay_exact(
    volume: int | None, is_taken: bool
) -> None:
    done = applied(ada(200), Roster(), handover(volume))
    assert bool(done.roster.members) == is_taken
    assert [undone.handover.member for undone in done.undone] == ([] if is_taken else ["bob"])
    assert not is_taken or not done.undone
    for undone in done.undone:
        assert "both customers together would be above 5,764,607,523,034,234.88 CNY" in undone.why
    if is_taken:
        together = 400 * LARGEST + (600 * LARGEST if volume is None else volume)
        assert done.scored.arena.customers["volume"][0] == together


def test_a_handover_that_holds_its_receiver_is_a_circle_and_is_undone() -> None:
    done = applied(ada(1), Roster(), handover(1, through=["cem", "ada"]))
    assert [undone.why for undone in done.undone] == [
        "'ada' is itself merged into 'bob', through others"
    ]
    taken = applied(ada(1), Roster(), handover(1, through=["cem"]))
    assert taken.roster.through(b"ada") == ("bob", "cem")
