"""What an event adds to its day: the one table of kinds, measures and marks.

What a new type of event adds is said here, its contract in `events.py`; the decoder and the kernel
read these tables. Its topic, and what people read of it, are named elsewhere. The order of
`MEASURES` and `MARKS` is part of the stored state: append, never insert. Source: design section 3,
docs/semantics.md section 3.
"""

from typing import Final

ABSENT: Final = -(2**63)
"""Stands in an int64 column for an optional field that the event does not have."""
MOST_VOLUME: Final = 2**59
"""Minor units: no event takes Σ (amount + all costs) of a customer above it.

An event adds its amount and costs at most once to each of the measures that are money, so a sum of
any eight of them is at most 2^62, and a difference of two such sums is an int64.
"""

KINDS_OF_TYPES: Final = {
    "transaction": ("sale", "refund", "void", "chargeback"),
    "payment": ("payment",),
    "complaint": ("complaint",),
    "praise": ("praise",),
    "feedback": ("suggestion", "nps", "csat"),
    "engagement": ("inquiry", "task", "process", "referral", "renewal", "contract"),
    "cost": ("production", "logistics", "service", "marketing", "after_sales"),
    "profile": ("profile",),
    "override": ("override",),
    "erasure": ("erasure",),
    "merge": ("merge",),
    "unmerge": ("unmerge",),
    "handover": ("handover",),
}
"""The kinds of each type of event: facts, then commands, of these last the ones that concern two
customers."""

KINDS: Final = tuple(kind for kinds in KINDS_OF_TYPES.values() for kind in kinds)
"""Kinds of event; a column of kinds holds positions in this tuple."""

TYPE_OF_KIND: Final = tuple(name for name, kinds in KINDS_OF_TYPES.items() for _ in kinds)
"""The type of event that each kind is of."""

MEASURES: Final = (
    "orders",
    "sale_amount",
    "largest_order",
    "margin",
    "costed_net",
    "unsplit_costs",
    "payments",
    "payment_amount",
    "largest_payment",
    "payments_due",
    "payments_on_time",
    "days_late",
    "complaints",
    "complaint_severity",
    "praise",
    "praise_rated",
    "praise_rating",
    "refunds",
    "refund_amount",
    "billed",
    "unmatched_paid",
    "unmatched_due",
    "invoice_rest",
    "open_invoices",
    "open_due_days",
    "collections",
    "collection_days",
    "production_costs",
    "logistics_costs",
    "service_costs",
    "marketing_costs",
    "after_sales_costs",
    "suggestions",
    "promoters",
    "passives",
    "detractors",
    "csat",
    "csat_points",
    "inquiries",
    "tasks",
    "processes",
    "referrals",
    "renewals",
    "contracts",
    "cash_paid",
    "cash_refunds",
    "largest_unnamed",
)
"""Integers that a day's bucket holds, in the order of the stored state: the usual ones first, as a
mask of those that are not 0 takes a byte for each seven up to the last."""

LARGEST: Final = ("largest_order", "largest_payment", "largest_unnamed")
"""Measures of which a day, and days, keep the largest; all others are added."""

COSTS: Final = {
    kind: f"{kind}_costs"
    for kind in ("production", "logistics", "service", "marketing", "after_sales")
}
"""The measure of each kind of cost."""

MONEY: Final = frozenset(
    {
        "sale_amount", "refund_amount", "margin", "costed_net", "payment_amount",
        *LARGEST, "unsplit_costs", *COSTS.values(),
        "billed", "unmatched_due", "unmatched_paid", "invoice_rest",
        "cash_paid", "cash_refunds",
    }
)  # fmt: skip
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
    "cost",
    "promoter",
    "passive",
    "detractor",
)
"""Where an increment comes from: 1; the amount; amount − cost and amount, if the cost is known;
1 if a due date is known, if it was met, and the business days after it; the severity (3 when
absent); 1 and the rating, if there is one; the cost, if it is known; 1 if the answer to "would you
recommend us", 0 to 10, is that of a promoter, passive or detractor."""

EFFECTS: Final = (
    ("sale", "orders", "one", 1),
    ("sale", "sale_amount", "amount", 1),
    ("sale", "margin", "margin", 1),
    ("sale", "costed_net", "costed_amount", 1),
    ("refund", "refunds", "one", 1),
    ("refund", "refund_amount", "amount", 1),
    ("refund", "margin", "margin", -1),
    ("refund", "costed_net", "costed_amount", -1),
    ("chargeback", "refunds", "one", 1),
    ("chargeback", "refund_amount", "amount", 1),
    ("chargeback", "margin", "margin", -1),
    ("chargeback", "costed_net", "costed_amount", -1),
    ("chargeback", "unsplit_costs", "cost", -1),
    ("chargeback", "complaints", "one", 1),
    ("chargeback", "complaint_severity", "severity", 1),
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
    ("sale", "largest_order", "amount", 1),
    ("sale", "unsplit_costs", "cost", 1),
    ("refund", "unsplit_costs", "cost", -1),
    ("payment", "largest_payment", "amount", 1),
    ("suggestion", "suggestions", "one", 1),
    ("nps", "promoters", "promoter", 1),
    ("nps", "passives", "passive", 1),
    ("nps", "detractors", "detractor", 1),
    ("csat", "csat", "one", 1),
    ("csat", "csat_points", "rating", 1),
    ("inquiry", "inquiries", "one", 1),
    ("task", "tasks", "one", 1),
    ("process", "processes", "one", 1),
    ("referral", "referrals", "one", 1),
    ("renewal", "renewals", "one", 1),
    ("contract", "contracts", "one", 1),
    *((kind, measure, "amount", 1) for kind, measure in COSTS.items()),
)
"""Rows (kind, measure, source, factor): an event of `kind` adds factor × source to `measure`."""

MARKS: Final = (
    ("first_transaction", "earliest", ("sale", "refund", "chargeback")),
    ("last_sale", "latest", ("sale",)),
    ("last_payment", "latest", ("payment",)),
    ("last_complaint", "latest", ("complaint", "chargeback")),
    ("last_praise", "latest", ("praise",)),
    ("first_sale", "earliest", ("sale",)),
    ("last_feedback", "latest", KINDS_OF_TYPES["feedback"]),
    ("last_engagement", "latest", KINDS_OF_TYPES["engagement"]),
)
"""Rows (mark, which, kinds): the earliest or latest day of an event of one of `kinds`."""
