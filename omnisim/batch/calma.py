"""CalMA (Gopalan et al. 2023, Algorithm 2): multiaccuracy steps and recalibration in turns."""

import math

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.batch.calma_kernels import alternate_steps, replay_steps
from omnisim.batch.predictor import Omnipredictor, point_laws
from omnisim.batch.samples import check_exceeds, check_sample, check_scale, distinct_rows
from omnisim.batch.weighting import counted
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Probability
from omnisim.problem.losses.thresholds import grid_level, prediction_grid, thresholds
from omnisim.signatures import held_to_types


class CalibratedEnsemble(Omnipredictor):
    """A value built up in steps, predicted by the grid point of its cell.

    The cell of k/m holds the values that exceed exactly the first k thresholds. So the grid point has the same loss
    l_{theta_i} as the value, for every i; as a number it differs by up to 1/(2m).

    Attributes
    ----------
    steps : (S,)
        In their order: i >= 0 for a multiaccuracy step with g_i, -1 for a recalibration.
    sizes : (S,)
        alpha or -alpha, what g_i is multiplied with before it is added.
    offsets : (R, m + 1)
        What each recalibration adds in every cell.
    alpha
        The error allowed.
    value_errors
        max_i |E_n g_i (Y - value)| and sum over cells of |E_n 1[cell] (Y - value)|, both <= alpha: what the steps end
        with, before rounding.
    multiaccuracy, calibration
        The same of what is predicted, the grid point in place of the value: up to 1 / (2m) more than ``value_errors``.
    """

    def __init__(
        self,
        steps: IntArray,
        sizes: FloatArray,
        offsets: FloatArray,
        alpha: float,
        value_errors: tuple[float, float],
        errors: tuple[float, float],
    ) -> None:
        super().__init__(offsets.shape[1] - 1)
        self.steps, self.sizes, self.offsets, self.alpha = steps, sizes, offsets, alpha
        self.value_errors = value_errors
        self.multiaccuracy, self.calibration = errors

    def value(self, exceeds: BoolArray) -> FloatArray:
        """The value (n,) before it is put on the grid."""
        answers = check_exceeds(exceeds, self.m)
        values: FloatArray = replay_steps(loss_differences(answers), self.thetas, self.steps, self.sizes, self.offsets)
        return values

    def _law(self, exceeds: BoolArray) -> FloatArray:
        return point_laws(grid_level(self.value(exceeds), self.m), self.m)


@held_to_types(ProblemError)
def calibrated_multiaccuracy(
    exceeds: ArrayLike, y: ArrayLike, c: float = 0.5, *, sample_weight: ArrayLike | None = None
) -> CalibratedEnsemble:
    """Ensemble base predictors by calibrated multiaccuracy: deterministic, at a slower rate than the others.

    Multiaccuracy is with respect to g_i(x) = l_{theta_i}(f_i(x), 1) - l_{theta_i}(f_i(x), 0) = 1[f_i <= theta_i] -
    theta_i. While some |E_n g_i (Y - value)| > alpha, the worst i is taken and alpha g_i added with its sign; else,
    while the calibration error over the m + 1 cells exceeds alpha, each cell's mean residual is added to the values
    in it. Either lowers E_n (Y - value)^2, at most 1/4 to begin with, by more than alpha^2, the second since sum_k P_k
    d_k^2 >= (sum_k P_k |d_k|)^2: there are fewer than 1 / (4 alpha^2) = n / (4 c^2 ln(m)) steps. (Rounding values to
    cells in every step, as the original does on a grid much finer than alpha, may lose more than a step gains when the
    grid is as coarse as here, and then goes on for ever.) All steps use the whole sample, as in the paper's
    experiments.

    Parameters
    ----------
    exceeds : (n, m) bool
        ``exceeds[t, i]`` = 1[f_i(x_t) > theta_i], theta_i = (i - 1/2) / m.
    y : (n,)
        Outcomes, 0 or 1.
    c
        Of the error allowed, alpha = c sqrt(ln(max(m, 2)) / n), > 0.
    sample_weight : (n,)
        How many rows each stands for, >= 0; None for one each. The sample enters by the shares of its distinct rows and
        of those with y = 1, so that whole numbers are repeated rows, and 0 is no row. Their sum stands for n in alpha:
        scaling all changes that, and nothing else.

    Raises
    ------
    ProblemError
        If the sample is malformed or c <= 0, with which it need not end.

    Examples
    --------
    >>> fitted = calibrated_multiaccuracy(np.tile([False, True], (4, 1)), [1, 1, 0, 1])
    >>> bool(max(fitted.value_errors) <= fitted.alpha)
    True
    """
    answers, outcomes = check_sample(exceeds, y, Probability())
    weights, n, (answers, outcomes) = counted(sample_weight, len(outcomes), answers, outcomes)
    m = answers.shape[1]
    alpha = check_scale("calibrated_multiaccuracy", c, positive=True) * math.sqrt(math.log(max(m, 2)) / n)
    rows, which = distinct_rows(answers)
    share = np.bincount(which, weights=weights, minlength=len(rows)) / n
    ones = np.bincount(which, weights=outcomes if weights is None else outcomes * weights, minlength=len(rows)) / n
    found = alternate_steps(share, ones, loss_differences(rows), thresholds(m), alpha)
    steps, sizes, offsets, *value_errors = found
    values = replay_steps(loss_differences(rows), thresholds(m), steps, sizes, offsets)
    cells = grid_level(values, m)
    residual = ones - share * prediction_grid(m)[cells]
    multiaccuracy = float(np.abs(residual @ loss_differences(rows)).max())
    calibration = float(np.abs(np.bincount(cells, residual, m + 1)).sum())
    return CalibratedEnsemble(
        steps, sizes, offsets, alpha, (value_errors[0], value_errors[1]), (multiaccuracy, calibration)
    )


@held_to_types(ProblemError)
def loss_differences(exceeds: ArrayLike) -> FloatArray:
    """g_i(x) = l_{theta_i}(f_i(x), 1) - l_{theta_i}(f_i(x), 0) = 1[f_i <= theta_i] - theta_i, (n, m).

    >>> loss_differences(np.array([[True, False]]))
    array([[-0.25,  0.25]])
    """
    answers = check_exceeds(exceeds)
    return np.asarray(~answers - thresholds(answers.shape[1]))
