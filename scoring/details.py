"""What few events say beyond the columns of a batch: attributes, and costs part by part."""

from typing import NamedTuple

Value = str | float | bool | None
"""Of an attribute; None takes it away."""


class Detail(NamedTuple):
    """The attributes that an event sets, and the parts of a sale's or refund's costs.

    `costs` are measures with minor units of the base currency; a refund's are negative.
    """

    attributes: tuple[tuple[str, Value], ...] = ()
    costs: tuple[tuple[str, int], ...] = ()
