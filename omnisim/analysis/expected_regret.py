"""Regrets in expectation over the forecaster's mixtures, recomputed from the record, and how far draws may be off.

As in :mod:`omnisim.analysis.expected`, the actions are those that each agent would have taken on every prediction that
could have been sampled; nothing that the forecaster says of itself is used.
"""

from dataclasses import dataclass

import numpy as np

from omnisim.analysis.expected import responses
from omnisim.analysis.kernels import add_gains
from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.by_value import ByValue
from omnisim.trace import Mixtures, Trace


@dataclass(frozen=True, eq=False, repr=False)
class ExpectedRegrets(ByValue):
    """Regrets in expectation of each agent on each subsequence, in utility.

    Attributes
    ----------
    total : (L, N, A, A)
        Sum over the rounds of S of E 1[plays a] (u(b, y) - u(a, y)).
    squares : (L, N, A, A)
        Sum of E 1[plays a] (u(b, y) - u(a, y))^2.
    variance : (L, N)
        Sum of the variances, over the mixture and given the outcome, of the agent's utility.
    unsure : (L, N)
        Sum of one less the probability of its most likely action.
    possible : (L, N, A) bool
        Actions that were played, or could have been sampled, in a round of S.
    """

    total: FloatArray
    squares: FloatArray
    variance: FloatArray
    unsure: FloatArray
    possible: BoolArray

    def external(self, benchmark: BoolArray) -> FloatArray:
        """Best gain of one action of the benchmark (L, N, A), (L, N); -inf where that is empty."""
        return np.asarray(np.where(benchmark, self.total.sum(axis=2), -np.inf).max(axis=2))

    def swap(self, benchmark: BoolArray) -> FloatArray:
        """Best gain of a swap into the benchmark, (L, N); -inf where that is empty."""
        return np.asarray(np.where(benchmark[:, :, None], self.total, -np.inf).max(axis=3).sum(axis=2))


def expected_regrets(trace: Trace, mixtures: Mixtures, population: str, outcomes: FloatArray) -> ExpectedRegrets:
    """The expected regrets of a population, whose agents heard everything at once, at these outcomes (T, d)."""
    record = trace.records[population]
    agents, actions = record.population.agents, record.population.actions
    count = len(trace.subsequences)
    total, squares = np.zeros((2, count, agents, actions, actions))
    variance, unsure = np.zeros((2, count, agents))
    possible = np.zeros((count, agents, actions), dtype=np.bool_)
    for t in range(trace.rounds):
        earned = record.population.utilities(outcomes[t])
        active = np.flatnonzero(trace.active[t])
        _, weights, played = responses(trace, mixtures, record, t)
        add_gains(played, weights, earned, active, total, squares, possible)
        if len(weights) > 1:
            _add_draws(variance, unsure, active, played, weights, earned)
    return ExpectedRegrets(total, squares, variance, unsure, possible)


def _add_draws(
    variances: FloatArray,
    doubts: FloatArray,
    active: IntArray,
    played: IntArray,
    weights: FloatArray,
    earned: FloatArray,
) -> None:
    likely = np.zeros_like(earned)
    for weight, actions in zip(weights, played, strict=True):
        likely[np.arange(len(earned)), actions] += weight
    unsure = 1 - likely.max(axis=1)
    if not unsure.any():
        return
    mean = (likely * earned).sum(axis=1, keepdims=True)
    variance = (likely * (earned - mean) ** 2).sum(axis=1)
    for k in active:
        variances[k] += variance
        doubts[k] += unsure


def mixed_rounds(trace: Trace, mixtures: Mixtures) -> FloatArray:
    """Number of rounds of each subsequence in which the mixture had several points, (L,)."""
    return np.asarray((np.diff(mixtures.starts) > 1) @ trace.active.astype(np.float64))
