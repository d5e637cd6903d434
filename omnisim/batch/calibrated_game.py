"""Two-player calibrated multiaccuracy (Gibbs and Tibshirani, Algorithm 4 and Proposition 14)."""

import math

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch.calma import loss_differences
from omnisim.batch.predictor import Omnipredictor
from omnisim.batch.samples import check_sample, check_scale
from omnisim.batch.weighting import check_counts, in_rounds
from omnisim.errors import ProblemError
from omnisim.game.calibration_kernels import mean_calibrated, play_calibrated
from omnisim.problem.losses.targets import Probability
from omnisim.signatures import held_to_types


class CalibratedGame(Omnipredictor):
    """The mixture of the steps of all rounds, as they count: a randomized predictor.

    Attributes
    ----------
    weights, profiles : (n, m), (n, m + 1)
        Per round, the net weights of the functions g_i and the weighted signs of the grid points.
    counts : (n,)
        What each round counts: 1, if rows had no weights.
    rate
        eta.
    multiaccuracy, calibration
        As played: max_i |(1/n) sum_t g_i(x_t) (y_t - E p_t)| and (1/n) sum_k |sum_t P_t(k/m) (y_t - k/m)|.
    bound
        What neither can exceed, whatever the sample: ln(2m + 2^(m+1)) / (eta n) + eta / 2 + 1 / (2m).
    """

    def __init__(
        self,
        weights: FloatArray,
        profiles: FloatArray,
        rate: float,
        multiaccuracy: float,
        calibration: float,
        bound: float,
        counts: FloatArray,
    ) -> None:
        super().__init__(weights.shape[1])
        self.weights, self.profiles, self.rate = weights, profiles, rate
        self.multiaccuracy, self.calibration, self.bound, self.counts = multiaccuracy, calibration, bound, counts

    def _law(self, exceeds: BoolArray) -> FloatArray:
        law: FloatArray = mean_calibrated(self.weights, self.profiles, loss_differences(exceeds), self.counts)
        return law


@held_to_types(ProblemError)
def two_player_calibrated_multiaccuracy(
    exceeds: ArrayLike, y: ArrayLike, c: float = 1.0, *, sample_weight: ArrayLike | None = None
) -> CalibratedGame:
    """Ensemble base predictors by calibrated multiaccuracy at its best known rate, n^(-1/3): randomized.

    Multiaccuracy is with respect to the g_i of :func:`~omnisim.batch.calibrated_multiaccuracy`, calibration on the
    grid {0, 1/m, ..., 1}. (The paper's grid begins at 1/m; with 0 the rounding error is half as large.) The sign
    vectors, 2^(m+1) of them, are never enumerated: a round costs O(m). The step mixes neighbouring grid points at which
    the weighted gain changes sign, whose value is at most 1 / (2m); that is all Proposition 14 uses of its minimizer.
    Where it changes more than once, half of the play is at the first and half at the last such place, so that swapping
    the two classes mirrors the law.

    Parameters
    ----------
    exceeds : (n, m) bool
        ``exceeds[t, i]`` = 1[f_i(x_t) > theta_i], theta_i = (i - 1/2) / m. Proposition 14 takes m = ceil(n^(1/3)).
    y : (n,)
        Outcomes, 0 or 1.
    c
        Of the rate eta = c sqrt((ln(m) + m) / n), > 0. At c = 1 laws are right to 1e-12; at large rates the play itself
        magnifies a difference in the last digit (at n = 1,600, m = 16, c = 32 about 1e18-fold), so that laws are right
        to 0.01 only, while bounds and reported errors hold of what was played.
    sample_weight : (n,)
        How many rows each stands for, >= 0; None for one each. As for :func:`~omnisim.batch.two_player`.

    Raises
    ------
    ProblemError
        If the sample or the weights are malformed, or c <= 0.

    Examples
    --------
    >>> fitted = two_player_calibrated_multiaccuracy(np.tile([False, True], (4, 1)), [1, 1, 0, 1])
    >>> fitted.mixture([[False, True]]).shape
    (1, 3)
    """
    answers, outcomes = check_sample(exceeds, y, Probability())
    weights, counts, n = check_counts(sample_weight, len(outcomes)), np.ones(len(outcomes)), float(len(outcomes))
    if weights is not None:
        rows, counts = in_rounds(weights, "two_player_calibrated_multiaccuracy")
        answers, outcomes, n = answers[rows], outcomes[rows], float(counts.sum())
    m = answers.shape[1]
    scale = check_scale("two_player_calibrated_multiaccuracy", c, positive=True)
    rate = scale * math.sqrt((math.log(m) + m) / n)
    net, profiles, correlation, residual = play_calibrated(loss_differences(answers), outcomes, rate, counts)
    objectives = np.logaddexp(math.log(2 * m), (m + 1) * math.log(2))
    bound = float(objectives) / (rate * n) + rate / 2 + 1 / (2 * m)
    multiaccuracy, calibration = float(np.abs(correlation).max()) / n, float(np.abs(residual).sum()) / n
    return CalibratedGame(net, profiles, rate, multiaccuracy, calibration, bound, counts)
