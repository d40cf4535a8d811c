"""Hypothesis strategies: events as the JSON objects that producers send.

A stream is a list of objects in order of arrival. Models are in `model_strategies.py`.
"""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

JsonObject = dict[str, Any]

SECOND = 1000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ERAS = [
    datetime(2011, 12, 29, 9, 30, tzinfo=UTC),  # Apia skips a day
    datetime(2017, 10, 14, 23, 0, tzinfo=UTC),  # São Paulo skips a midnight
    datetime(2024, 2, 28, 15, 59, 59, tzinfo=UTC),  # a leap day; Shanghai's midnight
    datetime(2024, 3, 30, 22, 0, tzinfo=UTC),  # Europe and Nuuk change their clocks
    datetime(2024, 12, 31, 16, 0, tzinfo=UTC),
]
OFFSETS = [0, 8 * 60, -5 * 60, 5 * 60 + 30, 13 * 60, -210]
"""Offsets in minutes that producers write; an instant is the same in any of them."""

steps = st.sampled_from(
    [0, 0, 1, SECOND, HOUR, DAY - 1, DAY, DAY + 1, 2 * DAY, 7 * DAY, 31 * DAY, 181 * DAY, 366 * DAY]
)
"""Time from one event to the next."""

lateness = st.sampled_from([0, 0, 0, 0, 1, HOUR, DAY, 3 * DAY, 29 * DAY, 364 * DAY, 3 * 366 * DAY])

CUSTOMERS = ["c1", "c1", "c1", "c2", "c2", "C-3", "客户四"]
customers = st.sampled_from(CUSTOMERS)
"""Few, so that they meet their own events again; the first is the busiest."""
circles = st.sampled_from([["c1"], ["c1", "c1", "c2"], CUSTOMERS])
"""Whose events a stream has."""


def written(instant: int) -> st.SearchStrategy[int | str]:
    """Epoch milliseconds in one of the ways to write an instant."""

    def text(minutes: int, zulu: bool) -> str:
        zone = UTC if zulu else timezone(timedelta(minutes=minutes))
        at = (EPOCH + timedelta(milliseconds=instant)).astimezone(zone)
        rfc_3339 = at.isoformat(timespec="milliseconds")
        return rfc_3339.replace("+00:00", "Z") if zulu else rfc_3339

    return st.one_of(st.just(instant), st.builds(text, st.sampled_from(OFFSETS), st.booleans()))


any_money = st.one_of(
    st.sampled_from(
        ["0.01", "1", "0.5", "99.99", "0.005", "0.015", "0.001", "12.345", "99999999999.99"]
    ),
    st.integers(1, 3_000_000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}"),
    st.integers(1, 500_000),
    st.integers(1, 10_000_000).map(lambda mills: mills / 1000),
)
"""Decimal strings and JSON numbers with 0 to 3 decimals, to nearly the largest that is accepted."""
amounts = any_money.filter(lambda money: float(money) > 11)  # × 0.05 is half a yen
"""Money of which something is left in each currency: else the event is a dead letter."""

costs = st.one_of(
    st.fixed_dictionaries({"cost": any_money | st.just("0") | st.none()}),
    st.fixed_dictionaries(
        {
            "costs": st.fixed_dictionaries(
                {"production": any_money}, optional={"service": any_money, "after_sales": any_money}
            )
        }
    ),
)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[JsonObject]:
    """Any part of the fields; what is not given is missing."""
    return st.fixed_dictionaries({}, optional=fields)


def due_dates(occurred_at: int) -> st.SearchStrategy[Any]:
    """Around the event to the millisecond and to the day, a bare date, or null."""
    near = st.sampled_from([-DAY - 1, -DAY, -1, 0, 1, DAY, -40 * DAY, 30 * DAY])
    instants = near.flatmap(lambda distance: written(occurred_at + distance))
    bare = st.sampled_from([-1, 0, 1]).map(
        lambda days: (EPOCH + timedelta(milliseconds=occurred_at, days=days)).date().isoformat()
    )
    return st.one_of(instants, bare, st.none())


invoices = st.sampled_from(["A-1", "A-2", "发票3", None])
"""Few, so that bills, receipts and credits meet."""

ENGAGEMENTS = ["inquiry", "task", "process", "referral", "renewal", "contract"]
COST_KINDS = ["production", "logistics", "service", "marketing", "after_sales"]
SCORES = ["value", "value", "risk", "joined"]
TIERS = ["lowest", "low", "high", "highest"]
"""Scores and tiers that models of `model_strategies.py` have."""


def _profiles() -> st.SearchStrategy[JsonObject]:
    number = st.sampled_from([0, 1, 3, 2.5, -4]) | st.integers(1, 10**9) | st.floats(0.01, 1e6)
    text = st.sampled_from(
        ["north", "south", "东", "retail", "12", " -7.5 ", "1e3", "1,5", "1e99", ""]
    )
    fixed = {"size": number | text, "region": text | st.none()}
    rest = {
        "industry": text,
        "annual_sales": number | st.none(),
        "rating": number,
        "listed": st.booleans() | st.none(),
        "nps": st.integers(0, 10),
    }
    return st.fixed_dictionaries(fixed, optional=rest) | optional(**rest).filter(bool)


def _overrides(at: int) -> st.SearchStrategy[JsonObject]:
    until = st.sampled_from([-2, 0, 1, 5, 200]).map(
        lambda days: (EPOCH + timedelta(milliseconds=at, days=days)).date().isoformat()
    )
    fixed = {
        "score": st.sampled_from(SCORES),
        "tier": st.sampled_from([*TIERS, *TIERS, "no_such_tier", None]),
        "author": st.just("anna"),
        "reason": st.sampled_from(["known to us", "战略客户"]),
    }
    mode = st.sampled_from(["pin", "floor", "ceiling", None])
    return st.fixed_dictionaries(fixed, optional={"mode": mode, "until": until | st.none()})


ORDER_IDS = st.sampled_from(["o1", "o2"])


def _of_order(transaction: JsonObject, order: str, chance: int) -> JsonObject:
    """Make it one of an order, whose sales have at most one invoice; now and then a void."""
    made = transaction | {"order_id": order}
    if made.get("invoice_id") is not None:
        made["invoice_id"] = f"of {order}"
    if chance == 0:
        return {"kind": "void", "order_id": order}
    return made


def fields_of(event_type: str, at: int, currencies: list[str]) -> st.SearchStrategy[JsonObject]:
    """What an event of a type has besides the common fields."""
    currency = st.sampled_from([*currencies, None])
    money = {"amount": amounts}
    level = st.integers(1, 5) | st.none()
    match event_type:
        case "transaction":
            extra = optional(
                kind=st.sampled_from(["sale", "sale", "refund", "refund", "chargeback", None]),
                currency=currency,
                due_at=due_dates(at),
                invoice_id=invoices,
                category=st.sampled_from(["toys", "food", "书", None]),
            )
            plain = _merged(st.fixed_dictionaries(money), extra, costs | st.just({}))
            ordered = st.builds(_of_order, plain, ORDER_IDS, st.integers(0, 6))
            found = st.one_of(plain, ordered, ordered)
        case "payment":
            extra = optional(currency=currency, due_at=due_dates(at), invoice_id=invoices)
            found = _merged(st.fixed_dictionaries(money), extra)
        case "cost":
            kind = {"kind": st.sampled_from(COST_KINDS)}
            found = _merged(st.fixed_dictionaries(money | kind), optional(currency=currency))
        case "feedback":
            answers = [("nps", 0, 10), ("csat", 1, 5)]
            found = st.just({"kind": "suggestion"}) | st.sampled_from(answers).flatmap(
                lambda a: st.integers(a[1], a[2]).map(lambda value: {"kind": a[0], "value": value})
            )
        case "engagement":
            found = st.fixed_dictionaries({"kind": st.sampled_from(ENGAGEMENTS)})
        case "profile":
            found = _profiles()
        case "override":
            found = _overrides(at)
        case "erasure" | "unmerge":
            found = optional(author=st.just("dpo"), reason=st.just("客户要求"))
        case "merge":
            found = st.fixed_dictionaries({"into": customers, "into_shard": st.just(0)})
        case "complaint":
            found = optional(severity=level, category=st.sampled_from(["delivery", "质量"]))
        case _:
            found = optional(rating=level, channel=st.just("app"), unknown_field=st.just("ignored"))
    return found


def _merged(*parts: st.SearchStrategy[JsonObject]) -> st.SearchStrategy[JsonObject]:
    return st.tuples(*parts).map(lambda given: {k: v for part in given for k, v in part.items()})


FACTS = [
    "transaction", "transaction", "transaction", "transaction", "transaction", "payment", "payment",
    "complaint", "praise", "feedback", "engagement", "cost", "profile", "profile", "override",
]  # fmt: skip
COMMANDS = ["merge", "merge", "unmerge", "erasure"]
# Counted in lists: of equal strategies `one_of` keeps one, so that half of all were commands.
types = st.sampled_from(FACTS)
types_with_erasures = st.sampled_from([*FACTS, "erasure"])
types_with_merges = st.sampled_from([*FACTS, *COMMANDS])


edits: st.SearchStrategy[JsonObject] = st.sampled_from(
    [{}, {}, {}, {"unknown_field": 1}, {"sequence": 7}]
)
"""What is changed of an event that is sent again: mostly nothing, or nothing that counts."""
sequences: st.SearchStrategy[JsonObject] = st.sampled_from(
    [{}, {}, {"sequence": None}, {"sequence": 0}, {"sequence": "1"}, {"sequence": 2}]
)


@st.composite
def streams(
    draw: st.DrawFn,
    *,
    currencies: list[str],
    max_events: int = 40,
    repeats: bool = True,
    erasures: bool = True,
    merges: bool = False,
) -> list[JsonObject]:
    """Events in order of arrival: late ones, equal times, and with `repeats` some sent twice."""
    now = (draw(st.sampled_from(ERAS)) - EPOCH) // timedelta(milliseconds=1)
    stream: list[JsonObject] = []
    circle = st.sampled_from(draw(circles))
    for number in range(draw(st.integers(1, max_events))):
        if repeats and stream and draw(st.integers(0, 19)) == 0:
            stream.append(draw(st.sampled_from(stream)) | draw(edits))
            continue
        now += draw(steps)
        at = now - draw(lateness)
        of_facts = types_with_erasures if erasures else types
        event_type = draw(types_with_merges if merges else of_facts)
        event: JsonObject = {
            "type": event_type,
            "event_id": f"e{number}",
            "customer_id": draw(circle),
        }
        event["occurred_at"] = draw(written(at))
        event |= draw(sequences)
        stream.append(event | draw(fields_of(event_type, at, currencies)))
    return stream


@st.composite
def orders(draw: st.DrawFn, *, currencies: list[str], merges: bool = False) -> list[JsonObject]:
    """Sales, refunds, chargebacks and voids of few orders of few customers, and some payments."""
    now = (draw(st.sampled_from(ERAS)) - EPOCH) // timedelta(milliseconds=1)
    kinds = ["transaction"] * 7 + ["payment", "complaint", *(["merge", "unmerge"] * merges)]
    names = ["c1", "c2"] if merges else ["c1"]
    stream: list[JsonObject] = []
    for number in range(draw(st.integers(2, 14))):
        now += draw(st.sampled_from([0, 1_000, 3_600_000, 86_400_000, 40 * 86_400_000]))
        at = now - draw(lateness)
        event_type = draw(st.sampled_from(kinds))
        event: JsonObject = {
            "type": event_type, "event_id": f"e{number}", "occurred_at": at,
            "customer_id": draw(st.sampled_from(names)),
        }  # fmt: skip  # what all have
        if event_type == "merge":
            other = "c2" if event["customer_id"] == "c1" else "c1"
            stream.append(event | {"into": other, "into_shard": 0})
            continue
        stream.append(event | draw(fields_of(event_type, at, currencies)))
    return stream


def lines(stream: list[JsonObject]) -> bytes:
    """The stream as NDJSON."""
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in stream)
