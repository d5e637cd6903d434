"""Errors of a predictor: omniprediction, multiaccuracy, calibration and multicalibration.

Every measure is a function of means over rows, and takes

- the law of the prediction at each row, ``mixture`` (n, m + 1) on the grid {0, 1/m, ..., 1};
- outcomes ``y`` (n,) in [0, 1], where P(Y = 1 | x) may stand for y, since every measure of a probability is affine in y
  row by row;
- ``weights`` (n,) of the rows, how many each stands for; None for one each.

So a finite law is measured *exactly* with a row per point of its support: its probability as weight, P(Y = 1 | x) as y.
Plain probabilities p (n,) have measures of their own (:mod:`omnisim.batch.scoring`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, finite, freeze, numbers, within
from omnisim.batch.given import Seed, check_resamples, generator, outcomes_of
from omnisim.batch.samples import check_exceeds
from omnisim.batch.weighting import Resampling
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Mean, Target
from omnisim.problem.losses.thresholds import prediction_grid, thresholds
from omnisim.signatures import held_to_types

_MEAN = Mean()

_FEWEST = 2
"""Rows that a sample to draw from has at least."""


@dataclass(frozen=True, eq=False, repr=False)
class Estimate(ByValue):
    """A measure on a sample, or of a finite law.

    Attributes
    ----------
    each
        What the value is the largest of or the sum of: for the omniprediction error, the excess loss per threshold.
    value
        The measure; ``float(estimate)`` is the same.
    weights : (n,)
        Of the rows, as shares of their sum.
    """

    each: FloatArray
    value: float
    weights: FloatArray
    _measure: Callable[[FloatArray], tuple[FloatArray, float]] = field(compare=False, repr=False)
    _rows: float = field(repr=False)

    def __float__(self) -> float:
        return self.value

    @held_to_types(ProblemError)
    def interval(self, level: float = 0.95, replicates: int = 1000, random_state: Seed = 0) -> tuple[float, float]:
        """Bootstrap percentile interval for rows drawn independently; a row of weight w is w rows.

        A largest mean is estimated too high where several are close to the largest, and a sum of absolute means where
        some are close to 0; the interval inherits that.

        Parameters
        ----------
        level
            In (0, 1).
        replicates
            How often as many rows are drawn with replacement as there are.
        random_state
            A seed or generator.

        Raises
        ------
        ProblemError
            If an argument is out of its range, or the weights sum to less than two rows, as those of a law do.
        """
        check_resamples("an interval", level, replicates)
        if self._rows < _FEWEST <= len(self.weights):
            raise ProblemError(
                f"weights sum to {self._rows:.4g} rows, but an interval is of a sample: say how many rows each is"
            )
        rng = generator("an interval", random_state)
        resampling = Resampling(self.weights * self._rows, "interval")
        resamples = (resampling.draw(rng) for _ in range(replicates))
        drawn = [self._measure(each / each.sum())[1] for each in resamples]
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


@held_to_types(ProblemError)
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
    law, share, rows = _laws(mixture, weights, "omniprediction_gaps(p, y, models)")
    answers = check_exceeds(exceeds, law.shape[1] - 1)
    _same_length(len(law), exceeds=len(answers))
    contributions = _identification(law, y, target) * (_exceeding(law) - answers)

    def measure(mass: FloatArray) -> tuple[FloatArray, float]:
        each = mass @ contributions
        return each, float(each.max())

    return _estimate(measure, share, rows)


@held_to_types(ProblemError)
def class_omniprediction_error(
    mixture: ArrayLike, columns: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None, target: Target = _MEAN
) -> Estimate:
    """max_i max_f E l_{theta_i}(p, Y) - E l_{theta_i}(f, Y) against all members of a finite class (n, F).

    >>> float(class_omniprediction_error([[0, 1, 0], [0, 1, 0]], [[0.5, 0.0], [0.5, 1.0]], [0.0, 1.0]))
    0.125
    """
    law, share, rows = _laws(mixture, weights, "omniprediction_gaps(p, y, models)")
    predictions = within("columns", columns, ("n", "F"), 0, 1)
    _same_length(len(law), columns=len(predictions))
    if not predictions.shape[1]:
        raise ProblemError("columns must hold at least one member, got none")
    identification = _identification(law, y, target)
    exceeding, thetas = _exceeding(law), thresholds(law.shape[1] - 1)

    def measure(mass: FloatArray) -> tuple[FloatArray, float]:
        own = mass @ (identification * exceeding)
        best = [((mass * identification[:, i]) @ (predictions > theta)).min() for i, theta in enumerate(thetas)]
        each = own - np.array(best)
        return each, float(each.max())

    return _estimate(measure, share, rows)


@held_to_types(ProblemError)
def multiaccuracy_error(
    mixture: ArrayLike, functions: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> Estimate:
    """max_g |E g(X) (Y - p)| over functions given by their values (n, G).

    >>> float(multiaccuracy_error([[0, 1, 0], [0, 1, 0]], [[1.0, 0.0], [1.0, 1.0]], [0.0, 1.0]))
    0.25
    """
    law, share, rows = _laws(mixture, weights, "group_calibration(p, y, groups)")
    values, outcomes = finite("functions", functions, (len(law), "G")), _outcomes(y, len(law))
    contributions = values * (outcomes - law @ prediction_grid(law.shape[1] - 1))[:, None]

    def measure(mass: FloatArray) -> tuple[FloatArray, float]:
        each = np.abs(mass @ contributions)
        return each, float(each.max(initial=0.0))

    return _estimate(measure, share, rows)


@held_to_types(ProblemError)
def calibration_error(mixture: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Estimate:
    """E |p - E[Y | p]| of the randomized prediction: sum_k |E P(k/m) (Y - k/m)|, ``each`` of them a grid point's.

    >>> round(float(calibration_error([[0, 1, 0], [0, 0, 1]], [0.5, 0.8])), 3)
    0.1
    """
    law, share, rows = _laws(mixture, weights, "expected_calibration_error(p, y)")
    contributions = law * (_outcomes(y, len(law))[:, None] - prediction_grid(law.shape[1] - 1))

    def measure(mass: FloatArray) -> tuple[FloatArray, float]:
        each = np.abs(mass @ contributions)
        return each, float(each.sum())

    return _estimate(measure, share, rows)


@held_to_types(ProblemError)
def multicalibration_error(
    mixture: ArrayLike, functions: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> Estimate:
    """max_g E |E[g(X) (Y - p) | p]| over functions given by their values (n, G).

    >>> float(multicalibration_error([[0, 1, 0], [0, 1, 0]], [[1.0], [0.0]], [0.0, 1.0]))
    0.25
    """
    law, share, rows = _laws(mixture, weights, "group_calibration(p, y, groups)")
    values = finite("functions", functions, (len(law), "G"))
    residuals = law * (_outcomes(y, len(law))[:, None] - prediction_grid(law.shape[1] - 1))

    def measure(mass: FloatArray) -> tuple[FloatArray, float]:
        each = np.abs((values * mass[:, None]).T @ residuals).sum(axis=1)
        return each, float(each.max(initial=0.0))

    return _estimate(measure, share, rows)


def _estimate(measure: Callable[[FloatArray], tuple[FloatArray, float]], weights: FloatArray, rows: float) -> Estimate:
    each, value = measure(weights)
    return Estimate(each, value, weights, measure, rows)


def _laws(mixture: ArrayLike, weights: ArrayLike | None, plain: str) -> tuple[FloatArray, FloatArray, float]:
    """The laws (n, m + 1), shares (n,) of the rows, and how many they stand for."""
    if numbers("mixture", mixture).ndim == 1:
        raise ProblemError(
            f"mixture must hold a law on a grid per row, (n, m + 1): of plain probabilities take {plain}"
        )
    law = within("mixture", mixture, ("n", "m + 1"), 0, 1)
    if not len(law) or law.shape[1] < 2:
        raise ProblemError(f"mixture must have a row or more and two columns or more, got shape {law.shape}")
    sums = law.sum(axis=1)
    wrong = (np.abs(sums - 1) > 1e-6).nonzero()[0]
    if len(wrong):
        raise ProblemError(f"row {wrong[0]} of mixture sums to {sums[wrong[0]]:.9g}: probabilities must sum to 1")
    if weights is None:
        return law, freeze(np.full(len(law), 1 / len(law))), float(len(law))
    share = finite("weights", weights, (len(law),))
    if (share < 0).any() or share.sum() <= 0:
        raise ProblemError("weights must be >= 0 and not all 0")
    return law, freeze(share / share.sum()), float(share.sum())


def _exceeding(law: FloatArray) -> FloatArray:
    """P(p > theta_i), (n, m)."""
    return np.asarray(law[:, ::-1].cumsum(axis=1)[:, -2::-1])


def _identification(law: FloatArray, y: ArrayLike, target: Target) -> FloatArray:
    outcomes = outcomes_of(target, y)
    values = target.identification(thresholds(law.shape[1] - 1), outcomes)
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
