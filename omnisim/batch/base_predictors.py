"""Base predictors: for each threshold, what minimizes the empirical threshold loss over a class.

Only the sets {f > theta_i} matter. Up to a term that no predictor changes, the loss of a set A is E_n V(theta_i, Y)
1[x in A], V = theta_i - Y for a probability: A should hold the points whose outcomes are above theta_i.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray, IntArray, finite, numbers, within
from omnisim.batch.given import outcomes_of
from omnisim.batch.weighting import counted
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import thresholds
from omnisim.products import weighted_sums
from omnisim.signatures import held_to_types

_PROBABILITY = Probability()

TIE = 1e-12
"""Sums of V within this of each other, per observation, are equal: they differ by rounding only."""


class BasePredictors(ABC):
    """m base predictors, one per threshold theta_i = (i - 1/2) / m; a subclass writes ``exceeds``.

    Attributes
    ----------
    risk : (m,)
        E_n V(theta_i, Y) 1[f_i > theta_i] on the sample fitted on: 0 for always "low".
    """

    def __init__(self, risk: FloatArray) -> None:
        self.risk = risk

    @property
    def m(self) -> int:
        """Number of base predictors, one per threshold."""
        return len(self.risk)

    @abstractmethod
    def exceeds(self, x: ArrayLike) -> BoolArray:
        """The answers 1[f_i(x_t) > theta_i], (n, m)."""


class HalfLines(BasePredictors):
    """Linear functions of one feature: the sets {f > theta} are half-lines, everything or nothing.

    Attributes
    ----------
    cut : (m,)
        Where the half-line ends; infinite for everything and nothing.
    upwards : (m,) bool
        Whether it is {x > cut} rather than {x <= cut}.
    """

    def __init__(self, risk: FloatArray, cut: FloatArray, upwards: BoolArray) -> None:
        super().__init__(risk)
        self.cut, self.upwards = cut, upwards

    def exceeds(self, x: ArrayLike) -> BoolArray:
        """The answers (n, m) at features x (n,)."""
        points = _feature(x)[:, None]
        return np.where(self.upwards, points > self.cut, points <= self.cut)


class Selected(BasePredictors):
    """Members of a finite class, one per threshold.

    Attributes
    ----------
    index : (m,)
        Which column serves which threshold.
    """

    def __init__(self, risk: FloatArray, index: IntArray, members: int) -> None:
        super().__init__(risk)
        self.index, self.members = index, members

    def exceeds(self, x: ArrayLike) -> BoolArray:
        """The answers (n, m), given the predictions (n, F) of all members."""
        predictions = within("columns", x, ("n", self.members), 0, 1)
        return np.asarray(predictions[:, self.index] > thresholds(self.m))


@held_to_types(ProblemError)
def empirical_minimizers(
    x: ArrayLike, y: ArrayLike, m: int, target: Target = _PROBABILITY, *, sample_weight: ArrayLike | None = None
) -> HalfLines:
    """Exact minimizers over the linear functions of one feature, by sorting: O(n log n + n m).

    Parameters
    ----------
    x : (n,) or (n, 1)
        The feature. Half-lines end midway between neighbouring values.
    y : (n,)
        Outcomes: 0 or 1, or numbers in [0, 1] for another target.
    m
        How many thresholds, >= 1.
    target
        What is predicted.
    sample_weight : (n,)
        How many rows each stands for, >= 0; None for one each. Whole numbers repeat rows; scaling changes nothing.

    Returns
    -------
    HalfLines
        ``exceeds(x_new)`` gives the answers (n_new, m). Of equally good sets the first is taken in the order
        everything, {x > cut} from the lowest cut up, nothing, {x <= cut} from the lowest cut up.

    Raises
    ------
    ProblemError
        If an argument is malformed, they differ in length, or m < 1.

    Examples
    --------
    >>> base = empirical_minimizers([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], m=2)
    >>> base.cut, base.risk
    (array([0.5, 0.5]), array([-0.375, -0.125]))
    >>> base.exceeds([0.3, 0.7])
    array([[False, False],
           [ True,  True]])
    """
    feature, outcomes, thetas = _feature(x), outcomes_of(target, y), thresholds(m)
    check_lengths(len(feature), len(outcomes))
    weights, total, (feature, outcomes) = counted(sample_weight, len(outcomes), feature, outcomes)
    order = np.argsort(feature, kind="stable")
    values, starts = np.unique(feature[order], return_index=True)
    between = (values[:-1] + values[1:]) / 2
    # Rounding may put the middle of two neighbouring numbers on the upper one.
    between = np.where(between < values[1:], between, values[:-1])
    cuts = np.concatenate([[-np.inf], between, [np.inf], between])
    upwards = np.arange(len(cuts)) <= len(values)
    risk, cut, up = np.empty(m), np.empty(m), np.empty(m, dtype=np.bool_)
    for i in range(m):
        gains = target.identification(thetas[i : i + 1], outcomes[order])[:, 0]
        gains = gains if weights is None else gains * weights[order]
        below = np.append(np.add.reduceat(gains, starts), 0.0).cumsum()
        below = np.concatenate([[0.0], below[:-1]])
        above = below[-1] - below
        above[-1] = 0.0
        sums = np.concatenate([above, below[1:-1]])
        best = int(np.argmax(sums <= sums.min() + TIE * total))
        risk[i], cut[i], up[i] = sums[best] / total, cuts[best], upwards[best]
    return HalfLines(risk, cut, up)


@held_to_types(ProblemError)
def finite_minimizers(
    columns: ArrayLike, y: ArrayLike, m: int, target: Target = _PROBABILITY, *, sample_weight: ArrayLike | None = None
) -> Selected:
    """Exact minimizers over a finite class, such as published forecasters: O(n m F).

    Parameters
    ----------
    columns : (n, F)
        Predictions in [0, 1], a column per member. Of equally good members the first is taken.
    y, m, target, sample_weight
        As for :func:`empirical_minimizers`.

    Raises
    ------
    ProblemError
        If an argument is malformed.

    Examples
    --------
    >>> base = finite_minimizers([[0.1, 0.9], [0.2, 0.1], [0.9, 0.8]], [0, 0, 1], m=2)
    >>> base.index
    array([0, 0])
    """
    predictions, outcomes, thetas = within("columns", columns, ("n", "F"), 0, 1), outcomes_of(target, y), thresholds(m)
    check_lengths(len(predictions), len(outcomes))
    if not predictions.shape[1]:
        raise ProblemError("columns must hold at least one member, got none")
    weights, total, (predictions, outcomes) = counted(sample_weight, len(outcomes), predictions, outcomes)
    identification = target.identification(thetas, outcomes)
    if weights is not None:
        identification = identification * weights[:, None]
    sums = np.stack([weighted_sums(identification[:, i], predictions > theta) for i, theta in enumerate(thetas)])
    index = (sums <= sums.min(axis=1, keepdims=True) + TIE * total).argmax(axis=1)
    return Selected(sums[np.arange(m), index] / total, index.astype(np.int64), predictions.shape[1])


def check_lengths(points: int, outcomes: int) -> None:
    """Refuse a sample that is empty or has another number of outcomes than points."""
    if points != outcomes:
        raise ProblemError(f"x has {points} rows and y has {outcomes}: one outcome per row is needed")
    if not points:
        raise ProblemError("x and y are empty: base predictors need at least one observation")


def _feature(x: ArrayLike) -> FloatArray:
    values = numbers("x", x)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    return finite("x", values, ("n",))
