"""The two-player game (Gibbs and Tibshirani, Algorithm 1): Hedge over thresholds against the O(m) step."""

import math

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.batch.given import Seed, generator
from omnisim.batch.predictor import Omnipredictor
from omnisim.batch.samples import check_sample, check_scale
from omnisim.batch.weighting import check_counts, in_rounds
from omnisim.elementary import exp
from omnisim.errors import ProblemError
from omnisim.game.threshold_kernels import play_thresholds, weighted_mean_step
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import thresholds
from omnisim.refusing import whole
from omnisim.signatures import held_to_types

_PROBABILITY = Probability()


_MOST_NUMBERS = 2**19
"""Weights that a fitted game keeps by default, 4 MB of them."""

_ROWS = 4096
"""Rows whose V(theta, y) are in memory at a time."""


class TwoPlayer(Omnipredictor):
    """The mixture of the steps of all rounds, or of a sample of them, as they count: a randomized predictor.

    Attributes
    ----------
    log_weights : (S, m)
        Of the rounds kept, the logarithms of what the first player put on each threshold; each row's largest is 0.
        Weights of a long game differ by hundreds of orders of magnitude, and none of them may be lost.
    counts : (S,)
        What each of them counts: 1, if rows had no weights.
    rounds
        How many were played: n, if rows had no weights.
    rate
        eta.
    excess : (m,)
        (1/n) sum_t E_{p ~ P_t(x_t)} l_{theta_i}(p, y_t) - l_{theta_i}(f_i(x_t), y_t), as played, all rounds.
    bound
        What ``excess`` cannot exceed, whatever the sample: ln(m) / (eta n) + eta B^2 / 2, B the largest |V|. (Every
        round's weighted gain is at most 0, and by Hoeffding's lemma Hedge loses at most eta B^2 / 2 a round, for any
        eta > 0. A round that counts s <= 1 loses at most eta s^2 B^2 / 2 <= s eta B^2 / 2, and n is the sum of s.) On
        new data of the same law add the deviation of a martingale, 2 B sqrt(2 ln(m / delta) / n), and where rounds were
        sampled what ``sampling_error`` says.
    """

    def __init__(
        self,
        log_weights: FloatArray,
        rounds: int,
        rate: float,
        excess: FloatArray,
        bound: float,
        counts: FloatArray | None = None,
    ) -> None:
        super().__init__(log_weights.shape[1])
        self.log_weights, self.rounds, self.rate, self.excess, self.bound = log_weights, rounds, rate, excess, bound
        self.counts = np.ones(len(log_weights)) if counts is None else counts

    @property
    def weights(self) -> FloatArray:
        """The weights (S, m) of the rounds kept, each round's summing to 1; those too small for a number are 0."""
        unscaled = exp(self.log_weights)
        return np.asarray(unscaled / unscaled.sum(axis=1, keepdims=True))

    @property
    def sampling_error(self) -> float:
        """The most that a standard deviation of P(p > theta) at any x can be from keeping S of n rounds.

        One round is drawn from each of S equal stretches of the play, so that the law is right in the mean; a number
        in [0, 1] has a standard deviation of at most 1/2. Weights drift slowly, and what is measured is far less.
        """
        kept = len(self.log_weights)
        return 0.5 / math.sqrt(kept) if kept < self.rounds else 0.0

    def _law(self, exceeds: BoolArray) -> FloatArray:
        law: FloatArray = weighted_mean_step(self.log_weights, exceeds, self.counts)
        return law


@held_to_types(ProblemError)
def two_player(
    exceeds: ArrayLike,
    y: ArrayLike,
    c: float = 32.0,
    target: Target = _PROBABILITY,
    *,
    rounds_kept: int | None = None,
    random_state: Seed = 0,
    sample_weight: ArrayLike | None = None,
) -> TwoPlayer:
    """Ensemble base predictors by the two-player game: sample-efficient, randomized (Theorem 9).

    Time O(n m), memory for the sample and the rounds kept; a prediction costs O(S m) per distinct row in which base
    predictors contradict each other, and O(m) where they agree. Where the weights that decide differ by hundreds of
    orders of magnitude, sums are exact and take fifty times as long: of base predictors that answer at random, c = 32,
    m = 64 and S = 8,192 rounds, 50 ms of processor time per distinct row, where it is 1 ms of ones that are off by
    noise. Fewer ``rounds_kept`` cost as much less.

    Parameters
    ----------
    exceeds : (n, m) bool
        ``exceeds[t, i]`` = 1[f_i(x_t) > theta_i], theta_i = (i - 1/2) / m. The rows are played in this order; they
        should be independent of the sample that the base predictors were fitted on. The theory takes m of the order
        sqrt(n).
    y : (n,)
        Outcomes: 0 or 1, or numbers in [0, 1] for another target.
    c
        Of the rate eta = c sqrt(ln(m) / n), >= 0; 32 is the paper's choice in experiments.
    target
        What is predicted (Appendix C): :class:`~omnisim.problem.losses.Probability`, ``Mean()``, ``Quantile(level)``.
        Outcomes of another range are scaled to [0, 1] beforehand.
    rounds_kept
        S >= 1: of so many equal stretches of the play one round each is drawn for the mixture. None for all rounds
        as long as n m <= 2^19, and 2^19 / m of them beyond: 4 MB.
    random_state
        A seed or generator, for those draws.
    sample_weight : (n,)
        How many rows each stands for, >= 0; None for one each. A row of weight w is played floor(w)
        times in succession and once more in a round that counts what is left of w, in Hedge's gains and in the mixture.
        So whole numbers are repeated rows, round by round, and 0 is no row; the sum of all stands for n in the rate.
        Scaling all is another game. At most about four million rounds.

    Raises
    ------
    ProblemError
        If the sample or the weights are malformed, c is negative or ``rounds_kept`` < 1.

    Examples
    --------
    Two base predictors that contradict each other: "above 3/4, but not above 1/4".

    >>> fitted = two_player(np.tile([False, True], (4, 1)), [1, 1, 0, 1])
    >>> fitted.mixture([[False, True]]).shape
    (1, 3)
    """
    answers, outcomes = check_sample(exceeds, y, target)
    n, m = answers.shape
    weights = check_counts(sample_weight, n)
    rows, counts = (None, None) if weights is None else in_rounds(weights, "two_player")
    rounds, total_count = (n, float(n)) if counts is None else (len(counts), float(counts.sum()))
    rate = check_scale("two_player", c) * math.sqrt(math.log(m) / total_count)
    most = max(1, _MOST_NUMBERS // m)
    if rounds_kept is not None:
        most = whole("rounds_kept of two_player", rounds_kept, 1, None, ProblemError)
    kept = _drawn(rounds, most, random_state, counts)
    thetas, total, history = thresholds(m), np.zeros((2, m)), np.empty((len(kept), m))
    for begin in range(0, rounds, _ROWS):
        span = slice(begin, begin + _ROWS) if rows is None else rows[begin : begin + _ROWS]
        first, last = np.searchsorted(kept, (begin, begin + _ROWS))
        gains = target.identification(thetas, outcomes[span])
        if counts is not None:
            gains = gains * counts[begin : begin + _ROWS, None]
        play_thresholds(answers[span], gains, rate, total, kept[first:last] - begin, history[first:last])
    bound = target.bound if rate == 0 and m > 1 else 0.0
    if rate > 0:
        bound = math.log(m) / (rate * total_count) + rate * target.bound**2 / 2
    # What was drawn in proportion to what it counts counts alike afterwards.
    kept_counts = counts[kept] if counts is not None and rounds <= most else None
    return TwoPlayer(history, rounds, rate, total.sum(axis=0) / total_count, bound, kept_counts)


def _drawn(rounds: int, most: int, random_state: Seed, counts: FloatArray | None = None) -> IntArray:
    """A point of each of ``most`` equal stretches of [0, rounds], rounded down; all rounds if there are no more.

    If rounds count differently, (rounds,), the stretches are of their sum.

    Every round is drawn most / rounds times in the mean, also where stretches end within a round, which may then be
    drawn by two of them. With stretches of whole rounds, longer and shorter, those of the shorter would count for more.
    """
    if rounds <= most:
        return np.arange(rounds)
    length = rounds if counts is None else float(counts.sum())
    points = (np.arange(most) + generator("two_player", random_state).random(most)) * (length / most)
    if counts is not None:
        return np.minimum(np.searchsorted(counts.cumsum(), points, side="right"), rounds - 1)
    return np.minimum(points.astype(np.int64), rounds - 1)
