"""The analytic hierarchy process: weights from pairwise comparisons, and how consistent these are.

Saaty, T. L. (1980): The Analytic Hierarchy Process, McGraw-Hill. Several experts are aggregated by
their judgements: Aczél, J., Saaty, T. L. (1983): Procedures for synthesizing ratio judgements,
Journal of Mathematical Psychology 27, 93–102.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from scoring.errors import InconsistentError, WeightsError
from scoring.weights.shares import shares
from scoring.weights.tables import Floats, Table, fit, require, table

RANDOM_INDICES: Final = (
    0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59,
)  # fmt: skip  # one line of the paper's table
"""Saaty's random indices (1980) for 1 to 15 criteria: the mean CI of random comparisons."""

LARGEST_CR: Final = 0.1
"""Saaty's limit: comparisons beyond it are to be revised."""

RECIPROCAL_TOLERANCE: Final = 0.05
"""How far the product of a comparison and its reciprocal may be from 1: 0.13 passes for 1/8."""

FARTHEST: Final = 1e6
"""No comparison is above, or below one by this; Saaty's scale ends at 9."""

_ALWAYS_CONSISTENT: Final = 2
_SCALE: Final = 9.0
_ALIKE: Final = 6
"""Decimals up to which two revisions are compared: what is beyond them is rounding."""


class Priorities(NamedTuple):
    """What pairwise comparisons give.

    Attributes:
        weights: One for each criterion; they sum to 1.
        lambda_max: The principal eigenvalue; the number of criteria if all is consistent.
        ci: Consistency index, (lambda_max − n) ÷ (n − 1).
        cr: Consistency ratio, CI ÷ random index; 0 for one or two criteria.
    """

    weights: Floats
    lambda_max: float
    ci: float
    cr: float


def priorities(
    matrix: Table, names: Sequence[str] = (), *, reason: str | None = None
) -> Priorities:
    """Return the weights that pairwise comparisons give: their matrix's principal eigenvector.

    A comparison and its reciprocal are one judgement, written twice: where rounding made them
    differ, their geometric mean counts, √(a_ij ÷ a_ji). So lambda_max is never below n.

    Args:
        matrix: n × n, 1 ≤ n ≤ 15; row i, column j tells how many times more criterion i counts
            than criterion j. The diagonal is 1, a_ji is 1 ÷ a_ij.
        names: Of the criteria, for messages.
        reason: Why comparisons that contradict each other are taken all the same.

    Raises:
        WeightsError: It is not such a matrix, or there is another number of names.
        InconsistentError: CR is above 0.1 and no reason is given. It names the comparison whose
            revision lowers CR most: to the geometric mean of a_ik × a_kj over all other k.

    >>> found = priorities([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]])
    >>> found.weights.round(4).tolist(), round(found.lambda_max, 4), round(found.cr, 4)
    ([0.637, 0.2583, 0.1047], 3.0385, 0.0332)
    """
    judged = comparisons(matrix, "matrix")
    count = len(judged)
    if count > len(RANDOM_INDICES):
        raise WeightsError(
            f"compares {count} criteria; random indices are known for up to "
            f"{len(RANDOM_INDICES)}: split them into groups",
            "matrix",
        )
    fit(count, names, "matrix")
    lambda_max, vector = _principal(judged)
    ci = (lambda_max - count) / (count - 1) if count > 1 else 0.0
    cr = ci / RANDOM_INDICES[count - 1] if count > _ALWAYS_CONSISTENT else 0.0
    if cr > LARGEST_CR and not reason:
        raise InconsistentError(_contradiction(judged, cr, names), "matrix")
    return Priorities(vector, lambda_max, ci, cr)


def aggregated(matrices: Sequence[Table]) -> Floats:
    """Return one matrix for the comparisons of several experts: their geometric means.

    Args:
        matrices: One n × n for each expert, as `priorities` takes it.

    Raises:
        WeightsError: One is not such a matrix, they differ in size, or there is none.

    >>> aggregated([[[1, 8], [1 / 8, 1]], [[1, 2], [1 / 2, 1]]]).round(4).tolist()
    [[1.0, 4.0], [0.25, 1.0]]
    """
    if not len(matrices):
        raise WeightsError("holds no matrix; give one for each expert", "matrices")
    judged = [comparisons(matrix, "matrices", n) for n, matrix in enumerate(matrices)]
    for n, each in enumerate(judged):
        if len(each) != len(judged[0]):
            raise WeightsError(
                f"compares {len(each)} criteria, the first expert {len(judged[0])}; "
                "all experts must judge the same ones",
                "matrices",
                n,
            )
    means: Floats = np.exp(np.mean(np.log(judged), axis=0))
    return means


def comparisons(matrix: Table, *path: str | int) -> Floats:
    """Return a matrix of pairwise comparisons, exactly reciprocal; `path` names it in errors.

    Raises:
        WeightsError: It is not square, not positive or not reciprocal.
    """
    given = table(matrix, *path)
    rows, columns = given.shape
    if rows != columns:
        raise WeightsError(
            f"is {rows} × {columns}, not square; compare each criterion with each", *path
        )
    near = (given >= 1 / FARTHEST) & (given <= FARTHEST)
    require(given, near, f"a comparison is a number from 1/{FARTHEST:g} to {FARTHEST:g}", *path)
    for n, same in enumerate(np.diagonal(given)):
        if abs(same - 1) > 1e-9:  # noqa: PLR2004  # a rounding error
            raise WeightsError(f"is {same:g}; a criterion compares with itself as 1", *path, n, n)
    for row, column in np.argwhere(abs(given * given.T - 1) > RECIPROCAL_TOLERANCE)[:1].tolist():
        there = given[row, column]
        raise WeightsError(
            f"is {given[column, row]:g}, but the comparison the other way round is {there:g}; "
            f"write {1 / there:.4g}, its reciprocal",
            *path,
            column,
            row,
        )
    result: Floats = np.sqrt(given / given.T)
    return result


def _principal(judged: Floats) -> tuple[float, Floats]:
    """Return the largest eigenvalue, which is real, and its eigenvector as shares (Perron)."""
    values, vectors = np.linalg.eig(judged)
    first = int(np.argmax(values.real))
    # Theory has it at least n; what rounding takes away is given back.
    lambda_max = max(float(values[first].real), float(len(judged)))
    return lambda_max, shares(np.abs(vectors[:, first].real), "the eigenvector is 0", "matrix")


class _Revision(NamedTuple):
    """One comparison changed so that it fits the others, and what that makes of the matrix.

    The best one leaves the least CR; of equal ones it stays on Saaty's scale of 1/9 to 9, then it
    changes most, then it stands first: of three criteria each comparison could be the wrong one.
    """

    cr: float
    beyond_scale: float
    change: float
    row: int
    column: int
    fitting: float


def _revisions(judged: Floats) -> Iterator[_Revision]:
    """Yield, for each pair, its comparison replaced by the geometric mean of the indirect ones."""
    count = len(judged)
    logs = np.log(judged)
    for i in range(count):
        for j in range(i + 1, count):
            indirect = [logs[i, k] + logs[k, j] for k in range(count) if k not in (i, j)]
            fitting = float(np.mean(indirect))
            revised = judged.copy()
            revised[i, j], revised[j, i] = np.exp(fitting), np.exp(-fitting)
            ci = (_principal(revised)[0] - count) / (count - 1)
            yield _Revision(
                round(ci / RANDOM_INDICES[count - 1], _ALIKE),
                round(max(0.0, abs(fitting) - np.log(_SCALE)), _ALIKE),
                -round(abs(float(logs[i, j]) - fitting), _ALIKE),
                i, j, float(np.exp(fitting)),
            )  # fmt: skip  # what decides, then what is told


def _contradiction(judged: Floats, cr: float, names: Sequence[str]) -> str:
    best = min(_revisions(judged))
    i, j = best.row, best.column
    one, other = (repr(names[n]) if names else f"criterion {n}" for n in (i, j))
    return (
        f"the comparisons contradict each other: CR {cr:.3g} is above {LARGEST_CR:g}; "
        f"{one} against {other} (row {i}, column {j}) does most of it: {judged[i, j]:.3g} is "
        f"given, the others make it {best.fitting:.3g}, which would leave CR {best.cr:.2g}; "
        "revise it, or give a reason"
    )
