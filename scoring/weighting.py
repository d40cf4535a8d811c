"""How weights were found, as a model file records it: method, inputs, and so the result.

A group's or a score's `weighting` stands beside the weights of its members. They must agree, so
that whoever reads the model can find the weights again. The methods are in `weights`.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Final, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from scoring.errors import WeightsError
from scoring.parts import MemberError, Part, Real
from scoring.weights import ahp, combined, critic, entropy, panel
from scoring.weights.decision_matrix import Direction
from scoring.weights.tables import Floats

AGREEMENT: Final = 0.001
"""How far a listed weight may be from the derived one, both as shares of 1."""

Row = tuple[Real, ...]
Rows = tuple[Row, ...]


def _fraction(value: object) -> object:
    """Return the number of a text such as 1/3; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return float(Fraction(value.replace(" ", "")))
    except (ValueError, ZeroDivisionError):
        advice = "write a number, or a fraction like 1/3"
        raise ValueError(f"{value!r} is no comparison; {advice}") from None


Comparisons = tuple[tuple[Annotated[Real, BeforeValidator(_fraction)], ...], ...]


class Ahp(Part):
    """Pairwise comparisons of one expert, or of several; `reason` takes a CR above 0.1.

    >>> Ahp(matrix=[[1, 3], ["1/3", 1]]).weights().round(4).tolist()
    [0.75, 0.25]
    """

    method: Literal["ahp"] = "ahp"
    matrix: Comparisons | None = None
    matrices: tuple[Comparisons, ...] | None = None
    reason: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _is_of_one_expert_or_of_several(self) -> Self:
        if (self.matrix is None) == (self.matrices is None):
            raise ValueError("needs either matrix or matrices, one of the two")
        return self

    def priorities(self, names: Sequence[str] = ()) -> ahp.Priorities:
        """Return weights and consistency; raises `WeightsError` with the path of the misfit."""
        if self.matrix is not None:
            return ahp.priorities(self.matrix, names, reason=self.reason)
        common = ahp.aggregated(self.matrices or ())
        try:
            return ahp.priorities(common, names, reason=self.reason)
        except WeightsError as error:
            error.path = ("matrices",)  # of the common matrix as a whole: each by itself is sound
            raise

    def weights(self, names: Sequence[str] = ()) -> Floats:
        """Return the weights; raises `WeightsError` with the path of the misfit."""
        return self.priorities(names).weights


class Panel(Part):
    """Scores of experts, one row an expert."""

    method: Literal["panel"] = "panel"
    scores: Rows

    def weights(self, names: Sequence[str] = ()) -> Floats:
        """Return the weights; raises `WeightsError` with the path of the misfit."""
        return panel.weights(self.scores, names)


class Entropy(Part):
    """Figures of alternatives, to be weighed by their entropy."""

    method: Literal["entropy"] = "entropy"
    matrix: Rows
    directions: tuple[Direction, ...]

    def weights(self, names: Sequence[str] = ()) -> Floats:
        """Return the weights; raises `WeightsError` with the path of the misfit."""
        return entropy.weights(self.matrix, self.directions, names)


class Critic(Part):
    """Figures of alternatives, to be weighed by contrast and conflict."""

    method: Literal["critic"] = "critic"
    matrix: Rows
    directions: tuple[Direction, ...]

    def weights(self, names: Sequence[str] = ()) -> Floats:
        """Return the weights; raises `WeightsError` with the path of the misfit."""
        return critic.weights(self.matrix, self.directions, names)


Method = Annotated[Ahp | Panel | Entropy | Critic, Field(discriminator="method")]


class Combination(Part):
    """How several weight vectors are made one; `shares` are for `linear` only."""

    how: Literal["linear", "multiplicative"]
    shares: Row | None = None

    @model_validator(mode="after")
    def _has_shares_only_where_they_count(self) -> Self:
        if self.how == "multiplicative" and self.shares is not None:
            raise MemberError("a product has no shares; take them away, or say linear", "shares")
        return self

    def combine(self, vectors: Sequence[Row | Floats], names: Sequence[str] = ()) -> Floats:
        """Return the combined weights; raises `WeightsError` with the path of the misfit."""
        if self.how == "linear":
            return combined.linear(vectors, self.shares, names)
        return combined.multiplicative(vectors, names)


class Combined(Combination):
    """Several methods whose weights are combined."""

    method: Literal["combined"] = "combined"
    of: Annotated[tuple[Method, ...], Field(min_length=2)]

    def weights(self, names: Sequence[str] = ()) -> Floats:
        """Return the weights; raises `WeightsError` with the path of the misfit."""
        return combine_methods(self, self.of, names)


def combine_methods(
    combination: Combination,
    methods: Sequence[Ahp | Panel | Entropy | Critic],
    names: Sequence[str] = (),
) -> Floats:
    """Return the combined weights of methods; raises `WeightsError` with the misfit's path."""
    vectors = [_part(each, n, names) for n, each in enumerate(methods)]
    try:
        return combination.combine(vectors, names)
    except WeightsError as error:
        if error.path[0] == "weights":  # a vector is a method here
            error.path = ("of", *error.path[1:2])
        raise


def _part(method: Ahp | Panel | Entropy | Critic, n: int, names: Sequence[str]) -> Floats:
    try:
        return method.weights(names)
    except WeightsError as error:
        raise error.within("of", n) from None


Weighting = Annotated[Ahp | Panel | Entropy | Critic | Combined, Field(discriminator="method")]


def agree(
    weighting: Ahp | Panel | Entropy | Critic | Combined,
    names: Sequence[str],
    listed: Sequence[float],
) -> None:
    """Refuse listed weights that are not those which a weighting gives, within `AGREEMENT`.

    Args:
        weighting: Method and inputs.
        names: Of the members, in the order of the model file.
        listed: Their weights; they count relative to their sum, which is above 0.

    Raises:
        MemberError: With the weights that come out, or with what is wrong with the inputs; its path
            begins with `weighting`.

    >>> agree(Panel(scores=[[3, 1]]), ["spend", "orders"], [60, 20])
    >>> agree(Panel(scores=[[3, 1]]), ["spend", "orders"], [70, 30])
    Traceback (most recent call last):
        ...
    scoring.parts.MemberError: gives spend 0.7500 (listed 0.7000), orders 0.2500 (listed 0.3000); \
list what it gives, or mend its inputs
    """
    try:
        derived = weighting.weights(names)
    except WeightsError as error:
        raise MemberError(error.message, "weighting", *error.path) from None
    portions = np.array(listed) / sum(listed)
    if np.abs(derived - portions).max() > AGREEMENT + 1e-12:
        told = (
            f"{name} {weight:.4f} (listed {portion:.4f})"
            for name, weight, portion in zip(names, derived, portions, strict=True)
        )
        raise MemberError(
            f"gives {', '.join(told)}; list what it gives, or mend its inputs", "weighting"
        )
