"""A batch of events as columns: what the decoder makes and the kernel reads."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class Events(NamedTuple):
    """Accepted events in order of application, one array of length n a field.

    `customer` is the position of the customer in the batch's arena, `kind` a position in
    `measures.KINDS`, `at` the event time in epoch milliseconds, `day` its business day counted from
    1970-01-01, `identity` the 64-bit hash of type and event id, `amount` and `cost` minor units of
    the base currency, `due` the last millisecond at which a payment is on time, `level` the
    severity, rating or answer. `measures.ABSENT` stands for a field that an event does not have.
    `due_day` is the business day of `due` (−1: none), `category` and `invoice` 64-bit hashes of a
    product line and an invoice (0: none); `detail` is 1 where a `details.Detail` says more.
    `sequence` is the producer's order among events of one instant, `order` the hash of an order's
    id (0: none), `currency` the number of a currency other than the base's (`currency_number`;
    0: the base's), `own` the amount in minor units of that currency, `content` a fingerprint of 24
    bits of all that counts of the event (`content.fingerprint`).
    """

    customer: NDArray[np.int32]
    kind: NDArray[np.int8]
    at: NDArray[np.int64]
    day: NDArray[np.int32]
    identity: NDArray[np.uint64]
    amount: NDArray[np.int64]
    cost: NDArray[np.int64]
    due: NDArray[np.int64]
    level: NDArray[np.int64]
    due_day: NDArray[np.int32]
    category: NDArray[np.uint64]
    invoice: NDArray[np.uint64]
    detail: NDArray[np.int8]
    sequence: NDArray[np.int64]
    order: NDArray[np.uint64]
    currency: NDArray[np.int32]
    own: NDArray[np.int64]
    content: NDArray[np.uint32]

    def select(self, which: NDArray[Any] | slice) -> Self:
        """Return the events at some positions, or those where a mask is true.

        >>> events = Events(*[np.arange(4)] * len(Events._fields))
        >>> events.select(np.array([3, 0])).day.tolist()
        [3, 0]
        """
        return self._replace(**{name: getattr(self, name)[which] for name in self._fields})

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return the events of several batches, one batch behind the other.

        >>> one, two = (Events(*[np.array([n])] * len(Events._fields)) for n in (1, 2))
        >>> Events.join([one, two]).day.tolist()
        [1, 2]
        """
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))
