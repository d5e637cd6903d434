"""Errors of a predictor: omniprediction, multiaccuracy, calibration and multicalibration.

Every measure is a function of means over rows, and takes

- the law of the prediction at each row, ``mixture`` (n, m + 1) on the grid {0, 1/m, ..., 1};
- outcomes ``y`` (n,) in [0, 1], where P(Y = 1 | x) may stand for y, since every measure of a probability is affine in y
  row by row;
- ``weights`` (n,) of the rows; None for equal ones.

So a finite law is measured *exactly* with a row per point of its support: its probability as weight, P(Y = 1 | x) as y.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, finite, freeze, within
from omnisim.batch.samples import check_exceeds
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Mean, Target
from omnisim.problem.losses.thresholds import prediction_grid, thresholds

_MEAN = Mean()


@dataclass(frozen=True, eq=False)
class Estimate:
    """A measure on a sample, or of a finite law.

    Attributes
    ----------
    each
        What the value is the largest of or the sum of: for the omniprediction error, the excess loss per threshold.
    value
        The measure; ``float(estimate)`` is the same.
    weights : (n,)
        Of the rows.
    """

    each: FloatArray
    value: float
    weights: FloatArray
    _measure: Callable[[FloatArray], tuple[FloatArray, float]]

    def __float__(self) -> float:
        return self.value

    def interval(
        self, level: float = 0.95, replicates: int = 1000, random_state: int | np.random.Generator = 0
    ) -> tuple[float, float]:
        """Bootstrap percentile interval for rows drawn independently.

        A largest mean is estimated too high where several are close to the largest, and a sum of absolute means where
        some are close to 0; the interval inherits that.

        Parameters
        ----------
        level
            In (0, 1).
        replicates
            How often n rows are drawn with replacement.
        random_state
            A seed or generator.
        """
        if not 0 < level < 1:
            raise ProblemError(f"level of an interval must lie in (0, 1), got {level}")
        if replicates < 1:
            raise ProblemError(f"replicates of an interval must be >= 1, got {replicates}")
        rng = np.random.default_rng(random_state)
        rows = len(self.weights)
        drawn = [self._measure(rng.multinomial(rows, self.weights) / rows)[1] for _ in range(replicates)]
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def omniprediction_error(
    mixture: ArrayLike, exceeds: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None, target: Target = _MEAN
) -> Estimate:
    """max_i E l_{theta_i}(p, Y) - E l_{theta_i}(f_i, Y) against base predictors (n, m) (Gibbs and Tibshirani, 7).

    Twice this plus 2/m bounds the regret of every bounded proper loss to the base predictors' class, as far as they
    are the best of it (their Lemma 6).

    >>> law = [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    >>> estimate = omniprediction_error(law, [[False, False], [True, True]], [0.0, 1.0])
    >>> estimate.each, estimate.value
    (array([0.125, 0.125]), 0.125)
    """
    law, share = _laws(mixture, weights)
    answers = check_exceeds(exceeds, law.shape[1] - 1)
    _same_length(len(law), exceeds=len(answers))
    contributions = _identification(law, y, target) * (_exceeding(law) - answers)

    def measure(rows: FloatArray) -> tuple[FloatArray, float]:
        each = rows @ contributions
        return each, float(each.max())

    return _estimate(measure, share)


def class_omniprediction_error(
    mixture: ArrayLike, columns: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None, target: Target = _MEAN
) -> Estimate:
    """max_i max_f E l_{theta_i}(p, Y) - E l_{theta_i}(f, Y) against all members of a finite class (n, F).

    >>> float(class_omniprediction_error([[0, 1, 0], [0, 1, 0]], [[0.5, 0.0], [0.5, 1.0]], [0.0, 1.0]))
    0.125
    """
    law, share = _laws(mixture, weights)
    predictions = within("columns", columns, ("n", "F"), 0, 1)
    _same_length(len(law), columns=len(predictions))
    if not predictions.shape[1]:
        raise ProblemError("columns must hold at least one member, got none")
    identification = _identification(law, y, target)
    exceeding, thetas = _exceeding(law), thresholds(law.shape[1] - 1)

    def measure(rows: FloatArray) -> tuple[FloatArray, float]:
        own = rows @ (identification * exceeding)
        best = [((rows * identification[:, i]) @ (predictions > theta)).min() for i, theta in enumerate(thetas)]
        each = own - np.array(best)
        return each, float(each.max())

    return _estimate(measure, share)


def multiaccuracy_error(
    mixture: ArrayLike, functions: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> Estimate:
    """max_g |E g(X) (Y - p)| over functions given by their values (n, G).

    >>> float(multiaccuracy_error([[0, 1, 0], [0, 1, 0]], [[1.0, 0.0], [1.0, 1.0]], [0.0, 1.0]))
    0.25
    """
    law, share = _laws(mixture, weights)
    values, outcomes = finite("functions", functions, (len(law), "G")), _outcomes(y, len(law))
    contributions = values * (outcomes - law @ prediction_grid(law.shape[1] - 1))[:, None]

    def measure(rows: FloatArray) -> tuple[FloatArray, float]:
        each = np.abs(rows @ contributions)
        return each, float(each.max(initial=0.0))

    return _estimate(measure, share)


def calibration_error(mixture: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Estimate:
    """E |p - E[Y | p]| of the randomized prediction: sum_k |E P(k/m) (Y - k/m)|, ``each`` of them a grid point's.

    >>> round(float(calibration_error([[0, 1, 0], [0, 0, 1]], [0.5, 0.8])), 3)
    0.1
    """
    law, share = _laws(mixture, weights)
    contributions = law * (_outcomes(y, len(law))[:, None] - prediction_grid(law.shape[1] - 1))

    def measure(rows: FloatArray) -> tuple[FloatArray, float]:
        each = np.abs(rows @ contributions)
        return each, float(each.sum())

    return _estimate(measure, share)


def multicalibration_error(
    mixture: ArrayLike, functions: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> Estimate:
    """max_g E |E[g(X) (Y - p) | p]| over functions given by their values (n, G).

    >>> float(multicalibration_error([[0, 1, 0], [0, 1, 0]], [[1.0], [0.0]], [0.0, 1.0]))
    0.25
    """
    law, share = _laws(mixture, weights)
    values = finite("functions", functions, (len(law), "G"))
    residuals = law * (_outcomes(y, len(law))[:, None] - prediction_grid(law.shape[1] - 1))

    def measure(rows: FloatArray) -> tuple[FloatArray, float]:
        each = np.abs((values * rows[:, None]).T @ residuals).sum(axis=1)
        return each, float(each.max(initial=0.0))

    return _estimate(measure, share)


def _estimate(measure: Callable[[FloatArray], tuple[FloatArray, float]], weights: FloatArray) -> Estimate:
    each, value = measure(weights)
    return Estimate(each, value, weights, measure)


def _laws(mixture: ArrayLike, weights: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    law = within("mixture", mixture, ("n", "m + 1"), 0, 1)
    if not len(law) or law.shape[1] < 2:
        raise ProblemError(f"mixture must have a row or more and two columns or more, got shape {law.shape}")
    sums = law.sum(axis=1)
    wrong = (np.abs(sums - 1) > 1e-6).nonzero()[0]
    if len(wrong):
        raise ProblemError(f"row {wrong[0]} of mixture sums to {sums[wrong[0]]:.9g}: probabilities must sum to 1")
    if weights is None:
        return law, freeze(np.full(len(law), 1 / len(law)))
    share = finite("weights", weights, (len(law),))
    if (share < 0).any() or share.sum() <= 0:
        raise ProblemError("weights must be >= 0 and not all 0")
    return law, freeze(share / share.sum())


def _exceeding(law: FloatArray) -> FloatArray:
    """P(p > theta_i), (n, m)."""
    return np.asarray(law[:, ::-1].cumsum(axis=1)[:, -2::-1])


def _identification(law: FloatArray, y: ArrayLike, target: Target) -> FloatArray:
    values = target.identification(thresholds(law.shape[1] - 1), y)
    _same_length(len(law), y=len(values))
    return values


def _outcomes(y: ArrayLike, rows: int) -> FloatArray:
    outcomes = _MEAN.check(y)
    _same_length(rows, y=len(outcomes))
    return outcomes


def _same_length(rows: int, **others: int) -> None:
    for name, count in others.items():
        if count != rows:
            raise ProblemError(f"mixture has {rows} rows and {name} has {count}: one of each is needed per row")
