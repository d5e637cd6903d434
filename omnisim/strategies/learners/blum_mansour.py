"""Blum and Mansour's reduction: no swap regret from one copy of Hedge per action."""

import math
from collections.abc import Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.problem.guarantees import BoundsRegret, Guarantee, Regret
from omnisim.strategies.learners.base import Learner
from omnisim.strategies.learners.rates import Rate, check_rate, exponential_weights, rate, regret_bound
from omnisim.strategies.learners.stationary import stationary


class BlumMansour(Learner):
    """Keeps A copies of Hedge, one for the rounds in which each action is played, and plays their fixed point.

    Copy i is responsible for action i: in a round in which i has probability p_i it is shown the utilities times p_i,
    and it answers with a distribution Q_i over what should have been played in place of i. The distribution
    played is the p with p = p Q, so playing i, or what copy i says, is the same. Unconstrained: it ignores costs.

    The swap regret is the sum of the copies' regrets. Gains of copy i lie in [0, p_i], so its regret is at most
    ln A / eta + eta (sum of p_i^2) / 8 <= ln A / eta + eta (sum of p_i) / 8, and the p_i of a round sum to 1. Hence,
    with the expectation taken over its own draws, on every sequence of outcomes the swap regret is

    - ``"tuned"``, eta = sqrt(8 A ln A / T): after T rounds at most sqrt(T A ln A / 2);
    - ``"anytime"``, eta_t = 2 sqrt(A ln A / t): after every number t of rounds at most sqrt(t A ln A);
    - a number: at most A ln A / eta + eta T / 8.

    The reduction is from Blum and Mansour (From External to Internal Regret, JMLR 8, 2007, there with the order
    sqrt(T A ln A)); the constants are those of :class:`~omnisim.strategies.learners.Hedge`.

    State is O(N A^2), a round costs O(N A^3).

    Parameters
    ----------
    eta
        ``"tuned"``, ``"anytime"``, or a learning rate > 0 per unit of utility.

    Raises
    ------
    StrategyError
        If eta is something else.

    Examples
    --------
    >>> from omnisim.problem.population import Population
    >>> learner = BlumMansour(eta=1.0)
    >>> learner.start(Population("one", [[[1.0], [0.0]]]), active=np.ones((9, 1), dtype=bool))
    >>> for _ in range(2):
    ...     learner.settle(np.array([0]), np.array([1.0]), np.empty((1, 2, 0)), np.array([True]))
    >>> learner.weights.round(3)
    array([[0.742, 0.258]])
    """

    def __init__(self, eta: Rate = "tuned") -> None:
        check_rate("BlumMansour", eta)
        self.eta = eta

    def guarantees(self) -> Sequence[Guarantee]:
        """The bound on its swap regret after T rounds."""
        bound = regret_bound(self.eta, self.actions * math.log(self.actions), self.rounds)
        return (BoundsRegret(theorem="Blum and Mansour", regret=Regret.SWAP, bound=bound),)

    def _reset(self) -> FloatArray:
        self._earned = np.zeros((self.agents, self.actions, self.actions))
        return self._uniform()

    def _learn(self, utilities: FloatArray, costs: FloatArray) -> FloatArray:
        self._earned += self.weights[:, :, None] * utilities[:, None, :]
        # The distribution of the next round, which is round + 2 counted from 1.
        eta = rate(self.eta, self.actions * math.log(self.actions), self.round + 2, self.rounds)
        return stationary(exponential_weights(self._earned, eta))
