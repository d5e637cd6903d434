"""Hedge: exponential weights over actions."""

import math
from collections.abc import Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.problem.guarantees import BoundsRegret, Guarantee, Regret
from omnisim.strategies.learners.base import Learner
from omnisim.strategies.learners.rates import Rate, check_rate, exponential_weights, rate, regret_bound


class Hedge(Learner):
    """Plays action a with probability proportional to exp(eta_t * what a would have earned so far).

    Unconstrained: it ignores costs. Utilities lie in [0, 1], so with the expectation taken over its own draws
    its regret against the best fixed action is, on every sequence of outcomes,

    - ``"tuned"``, eta = sqrt(8 ln A / T): after T rounds at most sqrt(T ln A / 2);
    - ``"anytime"``, eta_t = 2 sqrt(ln A / t): after every number t of rounds at most sqrt(t ln A);
    - a number: at most ln A / eta + eta T / 8.

    The first and third are Theorem 2.2 of Cesa-Bianchi and Lugosi (Prediction, Learning, and Games, 2006), from
    Hoeffding's lemma: the potential ln(sum of exp(eta R)) / eta grows by at most eta / 8 a round, R being the regrets.
    For decreasing rates ln(mean of exp(eta R)) / eta does not grow when eta falls, so the regret is at most
    ln A / eta_t plus the sum of eta_s / 8, here sqrt(t ln A) / 2 + sqrt(t ln A) / 2.

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
    >>> learner = Hedge(eta=1.0)
    >>> learner.start(Population("one", [[[1.0], [0.0]]]), active=np.ones((9, 1), dtype=bool))
    >>> for _ in range(2):
    ...     learner.settle(np.array([0]), np.array([1.0]), np.empty((1, 2, 0)), np.array([True]))
    >>> learner.weights.round(3)
    array([[0.881, 0.119]])
    """

    def __init__(self, eta: Rate = "tuned") -> None:
        check_rate("Hedge", eta)
        self.eta = eta

    def guarantees(self) -> Sequence[Guarantee]:
        """The bound on its regret after T rounds."""
        bound = regret_bound(self.eta, math.log(self.actions), self.rounds)
        return (BoundsRegret(theorem="Hedge", regret=Regret.EXTERNAL, bound=bound),)

    def _reset(self) -> FloatArray:
        self._earned = np.zeros((self.agents, self.actions))
        return self._uniform()

    def _learn(self, utilities: FloatArray, costs: FloatArray) -> FloatArray:
        self._earned += utilities
        # The distribution of the next round, which is round + 2 counted from 1.
        eta = rate(self.eta, math.log(self.actions), self.round + 2, self.rounds)
        return exponential_weights(self._earned, eta)
