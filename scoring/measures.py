"""What an event adds to its day: the one table of kinds, measures and marks.

A new type of event is added here (what it adds), in `events.py` (its contract) and nowhere else:
the decoder and the kernel read these tables. The order of `MEASURES` and `MARKS` is part of the
stored state: append, never insert. Source: design section 3, docs/semantics.md section 3.
"""

from typing import Final

ABSENT: Final = -(2**63)
"""Stands in an int64 column for an optional field that the event does not have."""

KINDS: Final = (
    "sale", "refund", "payment", "complaint", "praise",
    "erasure", "merge", "unmerge", "handover",
)  # fmt: skip  # facts, then commands
"""Kinds of event; a column of kinds holds positions in this tuple."""

TYPE_OF_KIND: Final = ("transaction", "transaction", *KINDS[2:])
"""The type of event that each kind is of."""

MEASURES: Final = (
    "orders",
    "sale_amount",
    "refunds",
    "refund_amount",
    "margin",
    "costed_net",
    "payments",
    "payment_amount",
    "payments_due",
    "payments_on_time",
    "days_late",
    "complaints",
    "complaint_severity",
    "praise",
    "praise_rated",
    "praise_rating",
)
"""Integers that a day's bucket holds, in the order of the stored state."""

MONEY: Final = frozenset({"sale_amount", "refund_amount", "margin", "costed_net", "payment_amount"})
"""Measures in minor units of the base currency; all others are counts or days."""

SOURCES: Final = (
    "one",
    "amount",
    "margin",
    "costed_amount",
    "due",
    "on_time",
    "days_late",
    "severity",
    "rated",
    "rating",
)
"""Where an increment comes from: 1; the amount; amount − cost and amount, if the cost is known;
1 if a due date is known, if it was met, and the started days after it; the severity (3 when
absent); 1 and the rating, if there is one."""

EFFECTS: Final = (
    ("sale", "orders", "one", 1),
    ("sale", "sale_amount", "amount", 1),
    ("sale", "margin", "margin", 1),
    ("sale", "costed_net", "costed_amount", 1),
    ("refund", "refunds", "one", 1),
    ("refund", "refund_amount", "amount", 1),
    ("refund", "margin", "margin", -1),
    ("refund", "costed_net", "costed_amount", -1),
    ("payment", "payments", "one", 1),
    ("payment", "payment_amount", "amount", 1),
    ("payment", "payments_due", "due", 1),
    ("payment", "payments_on_time", "on_time", 1),
    ("payment", "days_late", "days_late", 1),
    ("complaint", "complaints", "one", 1),
    ("complaint", "complaint_severity", "severity", 1),
    ("praise", "praise", "one", 1),
    ("praise", "praise_rated", "rated", 1),
    ("praise", "praise_rating", "rating", 1),
)
"""Rows (kind, measure, source, factor): an event of `kind` adds factor × source to `measure`."""

MARKS: Final = (
    ("first_transaction", "earliest", ("sale", "refund")),
    ("last_sale", "latest", ("sale",)),
    ("last_payment", "latest", ("payment",)),
    ("last_complaint", "latest", ("complaint",)),
    ("last_praise", "latest", ("praise",)),
)
"""Rows (mark, which, kinds): the earliest or latest day of an event of one of `kinds`."""
