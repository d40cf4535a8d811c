"""What a look at a model finds: nothing is broken, but hardly as it is meant."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One odd thing: what kind of, where in the model, and in words.

    >>> Finding("no weight", "scores.value.groups.trade", "its weight is 0").where
    'scores.value.groups.trade'
    """

    kind: str
    where: str
    what: str
