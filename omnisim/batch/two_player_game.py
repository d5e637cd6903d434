"""The two-player game (Gibbs and Tibshirani, Algorithm 1): Hedge over thresholds against the O(m) step."""

import math

from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch.predictor import Omnipredictor
from omnisim.batch.samples import check_sample, check_scale
from omnisim.game.threshold_kernels import mean_step, play_thresholds
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import thresholds

_PROBABILITY = Probability()


class TwoPlayer(Omnipredictor):
    """The uniform mixture of the steps of all rounds: a randomized predictor.

    Attributes
    ----------
    weights : (n, m)
        q(t): what the first player put on each threshold in each round.
    rate
        eta.
    excess : (m,)
        (1/n) sum_t E_{p ~ P_t(x_t)} l_{theta_i}(p, y_t) - l_{theta_i}(f_i(x_t), y_t), as played.
    bound
        What ``excess`` cannot exceed, whatever the sample: ln(m) / (eta n) + eta B^2 / 2, B the largest |V|. (Every
        round's weighted gain is at most 0, and by Hoeffding's lemma Hedge loses at most eta B^2 / 2 a round, for any
        eta > 0.) On new data of the same law add the deviation of a martingale, 2 B sqrt(2 ln(m / delta) / n).
    """

    def __init__(self, weights: FloatArray, rate: float, excess: FloatArray, bound: float) -> None:
        super().__init__(weights.shape[1])
        self.weights, self.rate, self.excess, self.bound = weights, rate, excess, bound

    def _law(self, high: BoolArray) -> FloatArray:
        law: FloatArray = mean_step(self.weights, high)
        return law


def two_player(high: ArrayLike, y: ArrayLike, c: float = 32.0, target: Target = _PROBABILITY) -> TwoPlayer:
    """Ensemble base predictors by the two-player game: sample-efficient, randomized (Theorem 9).

    Time O(n m); a prediction costs O(n m) per distinct row, and the fitted object keeps n x m weights.

    Parameters
    ----------
    high : (n, m) bool
        ``high[t, i]`` = 1[f_i(x_t) > theta_i], theta_i = (i - 1/2) / m. The rows are played in this order; they should
        be independent of the sample that the base predictors were fitted on. The theory takes m of the order sqrt(n).
    y : (n,)
        Outcomes: 0 or 1, or numbers in [0, 1] for another target.
    c
        Of the rate eta = c sqrt(ln(m) / n), >= 0; 32 is the paper's choice in experiments.
    target
        What is predicted (Appendix C): :class:`~omnisim.problem.losses.Probability`, ``Mean()``, ``Quantile(level)``.
        Outcomes of another range are scaled to [0, 1] beforehand.

    Raises
    ------
    ProblemError
        If the sample is malformed or c is negative.

    Examples
    --------
    Two base predictors that contradict each other: "above 3/4, but not above 1/4".

    >>> import numpy as np
    >>> fitted = two_player(np.tile([False, True], (4, 1)), [1, 1, 0, 1])
    >>> fitted.mixture([[False, True]]).shape
    (1, 3)
    """
    answers, outcomes = check_sample(high, y, target)
    n, m = answers.shape
    rate = check_scale("two_player", c) * math.sqrt(math.log(m) / n)
    weights, total = play_thresholds(answers, target.identification(thresholds(m), outcomes), rate)
    bound = target.bound if rate == 0 and m > 1 else 0.0
    if rate > 0:
        bound = math.log(m) / (rate * n) + rate * target.bound**2 / 2
    return TwoPlayer(weights, rate, total / n, bound)
