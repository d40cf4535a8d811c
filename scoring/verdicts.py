"""What becomes of each event of a batch, and in words why some are refused."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.columns import Events
from scoring.jit import jit_borrowing
from scoring.measures import MEASURES, MOST_VOLUME
from scoring.money import digits

NOT_REACHED: Final = 0
APPLIED: Final = 1
DUPLICATE: Final = 2
DIFFERENT: Final = 3
"""The identity is known, with another content."""
OVERFLOWS: Final = 4
"""Sums of money of its customer might not be exact any more."""
ERASED: Final = 5
"""It happened before an erasure of its customer."""
REFUSED: Final = 6
"""A command that cannot be carried out (scoring/merging.py)."""
NAMES: Final = (
    "not_reached", "applied", "duplicate", "different", "too_large", "erased", "refused",
)  # fmt: skip  # by verdict

_MONEY: Final = (
    "sale_amount", "refund_amount", "payment_amount", "unsplit_costs", "production_costs",
    "logistics_costs", "service_costs", "marketing_costs", "after_sales_costs",
)  # fmt: skip
MONEY: Final = tuple(MEASURES.index(name) for name in _MONEY)
"""Measures whose sum is the volume, but for what refunds take off from costs."""

CORRECT: Final = (
    "it counts as it came first; to correct it send a refund, a void, or the right event under a "
    "new event_id"
)


class Refusal(NamedTuple):
    """An event that is not applied and goes to the dead letters: its position, the rule, why."""

    event: int
    error: str
    why: str


@jit_borrowing
def volume_of(amount: int, cost: int) -> int:
    """Return what an event adds to its customer's volume; `ABSENT` is less than 0.

    >>> from scoring.measures import ABSENT
    >>> volume_of(700, 450), volume_of(700, ABSENT), volume_of(ABSENT, ABSENT)
    (1150, 700, 0)
    """
    return max(amount, 0) + max(cost, 0)


@jit_borrowing
def volume_of_sums(measures: NDArray[np.int64]) -> int:
    """Return what sums of days come to, as far as a state tells that has no volume."""
    volume = 0
    for measure in MONEY:
        size = abs(measures[measure])
        volume += size if 0 <= size <= MOST_VOLUME else MOST_VOLUME  # the least int64 has no abs
    return int(min(volume, MOST_VOLUME))


def refusals_of(
    arena: Any, verdicts: NDArray[np.int8], events: Events, base_currency: str
) -> Iterator[Refusal]:
    """Yield the events of a batch that are refused by their content or their amount, and why."""
    for e in np.flatnonzero(verdicts == DIFFERENT).tolist():
        known, own = known_content(arena, events, e), int(events.content[e])
        yield Refusal(
            e,
            "ContentDiffers",
            "an event of this customer, type and event_id was there before and said something else "
            f"(fingerprint {known:06x}, this one's is {own:06x}): {CORRECT}",
        )
    for e in np.flatnonzero(verdicts == OVERFLOWS).tolist():
        why = too_large("its customer, with this event,", base_currency)
        yield Refusal(e, "SumTooLarge", f"{why}: look at its `amount`")


def too_large(of: str, base_currency: str) -> str:
    """Return why somebody cannot have more.

    >>> too_large("both customers", "CNY")
    'amounts and costs of both customers together would be above 5,764,607,523,034,234.88 CNY: \
sums would not be exact'
    """
    most = Decimal(MOST_VOLUME).scaleb(-digits(base_currency))
    return (
        f"amounts and costs of {of} together would be above {most:,} {base_currency}: "
        "sums would not be exact"
    )


def known_content(arena: Any, events: Events, e: int) -> int:
    """Return the content that is known of an event's identity; 0 if none is."""
    customer = arena.customers[events.customer[e]]
    first = int(customer["ring_start"])
    end = first + int(customer["ring_count"])
    ring = arena.ring[first:end]
    found = np.flatnonzero(ring["identity"] == events.identity[e])
    return int(ring["content"][found[-1]]) if found.size else 0
