"""Sinha and Vaze: online gradient descent on a surrogate that weighs violations by their sum so far."""

import math
from collections.abc import Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.elementary import exp
from omnisim.errors import StrategyError
from omnisim.problem.guarantees import BoundsCosts, BoundsRegret, Guarantee, Regret
from omnisim.strategies.learners.base import Learner
from omnisim.strategies.learners.rates import check_size
from omnisim.strategies.learners.simplex import project_on_simplex

_MOST = 300.0
"""Largest exponent of Phi, so that squares of gradients stay finite; a gradient below sqrt(|A|) could lead beyond."""


class SinhaVaze(Learner):
    """Constrained learning with sqrt(T) regret and violation, on distributions x over actions.

    The loss is f_t(x) = -u(., y_t) . x and the constraint g_t(x) = max_j c_j(., y_t) . x. With beta = 1 / (2 G D),
    lambda = 1 / (2 sqrt(T)) and Phi(q) = exp(lambda q) - 1, each round does

        Q += beta max(0, g_t(x_t));   surrogate  beta f_t + Phi'(Q) beta max(0, g_t);
        x <- projection of x - eta * grad,   eta = sqrt(2) D / (2 sqrt(sum of ||grad||^2 so far)).

    Guarantee (Sinha, Vaze, Optimal Algorithms for Online Convex Optimization with Adversarial Constraints, NeurIPS
    2024), with the expectation taken over its own draws in each round, on every sequence of outcomes:
    after every number t of rounds the regret against any fixed distribution with g_s(x) <= 0 in all rounds is at
    most 2 G D (sqrt(t) + 1), and the CCV+, sum of max(0, g_t(x_t)), is at most 4 G D ln(2 (1 + 2 T)) sqrt(T). The
    benchmark contains B, and mixtures of actions outside B. On the simplex D = sqrt(2); utilities in [0, 1] and costs
    in [-1, 1] have gradients of norm <= G = sqrt(A).

    Parameters
    ----------
    gradient
        G > 0: a bound on the Euclidean norm of the utilities, and of the costs under each constraint, of all A actions
        in a round; sqrt(A) if omitted. The guarantee is lost if they exceed it.

    Raises
    ------
    StrategyError
        If gradient is not > 0.

    Examples
    --------
    Action 0 earns more and violates:

    >>> from omnisim.problem.population import Population
    >>> learner = SinhaVaze()
    >>> learner.start(Population("one", [[[1.0], [0.0]]]), active=np.ones((4, 1), dtype=bool))
    >>> learner.settle(np.array([0]), np.array([0.5]), np.array([[[1.0], [-0.5]]]), np.array([True]))
    >>> learner.weights.round(3), learner.queue
    (array([[0.715, 0.285]]), array([0.0625]))
    """

    def __init__(self, gradient: float | None = None) -> None:
        if gradient is not None and not 0 < gradient < np.inf:
            raise StrategyError(f"gradient of SinhaVaze must be > 0 and finite, got {gradient}: it bounds norms")
        if gradient is not None:
            check_size("gradient of SinhaVaze", gradient)
        self.gradient = gradient

    queue: FloatArray
    """Q (N,): beta times the sum of max(0, g_t(x_t)) so far."""

    def guarantees(self) -> Sequence[Guarantee]:
        """The bounds on its regret and on its costs after T rounds."""
        small = self._bound < math.sqrt(self.actions)
        unmet = "gradient is smaller than sqrt(|A|), so that norms may exceed it" if small else ""
        scale, root = self._bound * self._diameter, math.sqrt(self.rounds)
        costs = 4 * scale * math.log(2 * (1 + 2 * self.rounds)) * root
        return (
            BoundsRegret(theorem="Sinha and Vaze", regret=Regret.EXTERNAL, bound=2 * scale * (root + 1), unmet=unmet),
            BoundsCosts(theorem="Sinha and Vaze", bound=costs, unmet=unmet),
        )

    def _reset(self) -> FloatArray:
        self._bound = math.sqrt(self.actions) if self.gradient is None else self.gradient
        self._diameter = math.sqrt(2)
        self._beta = 1 / (2 * self._bound * self._diameter)
        self._lambda = 1 / (2 * math.sqrt(self.rounds))
        self.queue = np.zeros(self.agents)
        self._squares = np.zeros(self.agents)
        return self._uniform()

    def _learn(self, utilities: FloatArray, costs: FloatArray) -> FloatArray:
        violation, slope = self._worst(costs)
        self.queue += self._beta * violation
        pressure = self._lambda * exp(np.minimum(self._lambda * self.queue, _MOST))
        gradient = self._beta * (pressure[:, None] * slope - utilities)
        self._squares += (gradient**2).sum(axis=1)
        step = math.sqrt(2) * self._diameter / (2 * np.sqrt(np.maximum(self._squares, np.finfo(float).tiny)))
        return project_on_simplex(self.weights - step[:, None] * gradient)

    def _worst(self, costs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """max(0, g(x)) (N,) and its gradient (N, A): the costs under the constraint that is worst at x."""
        if costs.shape[2] == 0:
            return np.zeros(self.agents), np.zeros((self.agents, self.actions))
        expected = (self.weights[:, :, None] * costs).sum(axis=1)
        agents, worst = np.arange(self.agents), expected.argmax(axis=1)
        violation = np.maximum(expected[agents, worst], 0.0)
        return violation, costs[agents, :, worst] * (violation > 0)[:, None]
