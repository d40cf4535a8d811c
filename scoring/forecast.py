"""What becomes of a customer's tiers if nothing happens, and what would keep one (semantics §13).

Nothing is estimated: the days to come are evaluated by the kernel, one after another, as the turn
of the day will evaluate them.

>>> from scoring.model import parse
>>> model = parse(
...     '''
... model: {name: tiny, version: 1}
... timezone: UTC
... currencies: {base: CNY}
... indicators: {spend: {kind: sum, add: [sale_amount], subtract: [refund_amount], window: 30}}
... scores:
...   value:
...     groups:
...       - name: all
...         weight: 1
...         indicators:
...           - {indicator: spend, weight: 1, normaliser: {kind: linear, low: 0, high: 1000}}
...     tiers: [{name: new}, {name: regular, enter_at: 30, leave_below: 20}]
... ''',
...     "tiny.yaml",
... )
>>> scorer = Scorer(model, "event")
>>> scored = scorer.score([b""], sales_of([400_00], day=19_723, at=1_704_067_200_000), NEVER)
>>> state = bytes(scorer.write(scored.arena)[0])
>>> day_lost(scorer, state, 19_723, "value"), day_lost(scorer, state, 19_723, "value", horizon=29)
(19753, None)
>>> losses(scorer, state, 19_723)
{'value': Loss(day=19753, tier=0, was=1)}
>>> spend_to_keep(scorer, state, 19_725, "value", kept_for=1)
20000
>>> spend_to_keep(scorer, state, 19_725, "value") is None  # after a month the sale is gone, too
True
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.arena import NEVER
from scoring.calendar import calendar, day_start
from scoring.columns import Events
from scoring.hashing import text_hash
from scoring.kernel import CUSTOMER_CLOCK, SALE
from scoring.measures import ABSENT
from scoring.money import LIMIT, digits
from scoring.outcomes import TIER_CHANGE
from scoring.scorer import Scored, Scorer
from scoring.tables import Table

HORIZON: Final = 730
"""Days that a forecast looks ahead."""
KEPT_FOR: Final = 30
"""Days beyond its loss that a tier shall be kept by a sale."""
_HALF_A_DAY_MS: Final = 43_200_000


class Loss(NamedTuple):
    """The first day on which a tier is lower than now, and the tier then, counted from the lowest.

    `was` is the tier now.
    """

    day: int
    tier: int
    was: int


def losses(scorer: Scorer, state: bytes, day: int, horizon: int = HORIZON) -> dict[str, Loss]:
    """Return when the shown tier of each score is lost if nothing happens from `day` on.

    Scores whose tier is not lower on any of the `horizon` days after are not in it. Under the clock
    `customer` no day turns, so nothing is lost. A customer whose as-of is later begins there.
    """
    begun = _caught_up(scorer, state, day)
    if begun is None:
        return {}
    tiers = begun.arena.standings["tier"][0].tolist()
    names, found = scorer.names.scores, dict[str, Loss]()
    ahead = scorer.turn(_states_of(scorer, begun), _as_of(begun) + horizon)
    for row in _tier_changes(ahead):
        name, after = names[row["name"]], int(row["after"])
        if name not in found and after < tiers[row["name"]]:
            found[name] = Loss(int(row["day"]), after, tiers[row["name"]])
    return found


def day_lost(
    scorer: Scorer, state: bytes, day: int, score: str, horizon: int = HORIZON
) -> int | None:
    """Return the first day on which the shown tier of a score is lower than on `day`.

    That is if nothing happens: no event, but windows that end, days that are counted, values that
    fade, days of review, overrides that expire. None if it is not within the horizon.
    """
    loss = losses(scorer, state, day, horizon).get(score)
    return None if loss is None else loss.day


def spend_to_keep(
    scorer: Scorer,
    state: bytes,
    day: int,
    score: str,
    horizon: int = HORIZON,
    kept_for: int = KEPT_FOR,
    most: int | None = None,
) -> int | None:
    """Return the smallest amount of a sale on `day` that keeps the tier of a score, in minor units.

    The sale is one at noon without cost, category, due date or invoice. It keeps the tier if the
    tier is on no day lower than now, up to and with `kept_for` days after it would be lost. None if
    it is not lost within the horizon, or no amount that was tried keeps it: `most` (None: the
    largest of an event) and the powers of two below.

    A larger sale need not be better: growth compares with the days before, a mean order may be too
    large. So the first power of two that keeps the tier is looked for, and from there down to the
    one before it by bisection. What is returned keeps the tier, and one minor unit less does not;
    where keeping is not monotone a smaller amount may keep it, too.
    """
    loss = losses(scorer, state, day, horizon).get(score)
    begun = _caught_up(scorer, state, day)
    if loss is None or begun is None:
        return None
    if most is None:
        most = LIMIT * 10 ** digits(scorer.model.currencies.base)
    trial = _Trial(scorer, begun, score, loss, kept_for)
    amounts = [*(1 << n for n in range((most - 1).bit_length())), most]
    keeps = np.flatnonzero(trial.keeps(amounts))
    if keeps.size == 0:
        return None
    first = int(keeps[0])
    low, high = amounts[first - 1] if first else 0, amounts[first]
    while high - low > 1:
        middle = (low + high) // 2
        if trial.keeps([middle])[0]:
            high = middle
        else:
            low = middle
    return high


class _Trial:
    """Tries sales of a customer: which of them keep a tier?"""

    def __init__(
        self, scorer: Scorer, begun: Scored, score: str, loss: Loss, kept_for: int
    ) -> None:
        self._scorer = scorer
        (self._state,) = _states_of(scorer, begun)
        self._day = _as_of(begun)
        noon = day_start(calendar(scorer.model.timezone), self._day) + _HALF_A_DAY_MS
        self._at = max(noon, int(begun.arena.customers["erased"][0]) + 1)
        self._score = scorer.names.scores.index(score)
        self._tier = loss.was
        self._until = loss.day + kept_for

    def keeps(self, amounts: Sequence[int]) -> NDArray[np.bool_]:
        """Return, for each amount, whether the tier is on no day lower; each by itself."""
        states = [self._state] * len(amounts)
        sales = sales_of(amounts, self._day, self._at)
        sold = self._scorer.score(states, sales, self._day)
        changes = _tier_changes(self._scorer.advance(sold, self._until))
        lower = (changes["name"] == self._score) & (changes["after"] < self._tier)
        keeps = np.ones(len(amounts), np.bool_)
        keeps[changes["customer"][lower]] = False
        return keeps


def sales_of(amounts: Sequence[int], day: int, at: int) -> Events:
    """Return a sale for each of as many customers, at an instant of a day; minor units."""
    count = len(amounts)
    absent = np.full(count, ABSENT, np.int64)
    return Events(
        customer=np.arange(count, dtype=np.int32),
        kind=np.full(count, SALE, np.int8),
        at=np.full(count, at, np.int64),
        day=np.full(count, day, np.int32),
        identity=np.full(count, text_hash(f"a sale at {at}"), np.uint64),
        amount=np.array(amounts, np.int64),
        cost=absent,
        due=absent,
        level=absent,
        due_day=np.full(count, NEVER, np.int32),
        category=np.zeros(count, np.uint64),
        invoice=np.zeros(count, np.uint64),
        detail=np.zeros(count, np.int8),
        sequence=absent,
        order=np.zeros(count, np.uint64),
        currency=np.zeros(count, np.int32),
        own=np.array(amounts, np.int64),
        content=np.zeros(count, np.uint32),
    )


def _caught_up(scorer: Scorer, state: bytes, day: int) -> Scored | None:
    """Return a customer as of a day; None if time brings it nothing, or nothing is known of it."""
    if scorer.mode == CUSTOMER_CLOCK:
        return None
    begun = scorer.turn([state], day)
    return None if _as_of(begun) == NEVER else begun


def _as_of(scored: Scored) -> int:
    return int(scored.arena.customers["as_of"][0])


def _states_of(scorer: Scorer, scored: Scored) -> list[bytes]:
    """Return the state of the one customer of a batch."""
    return [bytes(scorer.write(scored.arena)[0])]


def _tier_changes(scored: Scored) -> Table:
    rows = scored.outcomes.rows[: int(scored.outcomes.used[0])]
    changes: Table = rows[rows["kind"] == TIER_CHANGE]
    return changes
