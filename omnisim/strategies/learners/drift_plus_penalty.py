"""Drift plus penalty: a virtual queue per constraint, and gradient steps on what is lost plus what is queued."""

import math
from collections.abc import Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.guarantees import BoundsCosts, BoundsRegret, Guarantee, Regret
from omnisim.strategies.learners.base import Learner
from omnisim.strategies.learners.rates import check_size
from omnisim.strategies.learners.simplex import project_on_simplex


class DriftPlusPenalty(Learner):
    """Constrained learning with sqrt(T) regret and T^(3/4) violation, on distributions x over actions.

    The loss is f_t(x) = -u(., y_t) . x, and each constraint g_j(x) = c_j(., y_t) . x has a virtual queue Q_j:

        x_{t+1} <- projection of x_t - (V grad f_t + sum over j of Q_j grad g_j) / (2 alpha);
        Q_j <- max(0, Q_j + g_j(x_t) + grad g_j . (x_{t+1} - x_t)).

    The queue grows by the constraint of the round as linearized at the new point. (With g_j(x_t) in its place, the
    step would have to be tuned to the length of the queue, which is not known beforehand.) This is the algorithm of
    Neely and Yu (Online Convex Optimization with Time-Varying Constraints, arXiv 1702.04783, 2017), whose tuning V =
    sqrt(T), alpha = T is the default; see also Yu and Neely (JMLR 21, 2020).

    Guarantee, with the expectation taken over its own draws in each round, on every sequence of outcomes and with
    the default tuning:

    - the regret after T rounds against any fixed distribution with g_j(x) <= 0 in all rounds is at most
      sqrt(T) (A / 4 + 2 + J / 2);
    - the CCV after T rounds is at most q (1 + A sqrt(J) / 2) + A sqrt(T) / 2, q^2 = 2 T^(3/2) + T (A / 2 + 4 + J).

    The CCV counts slack against violation. CCV+ does not, and may grow linearly: the queue swings around its balance.

    *Proof.* Let x' = x_{t+1}. It minimizes V grad f . x + sum Q_j g_j(x) + alpha ||x - x_t||^2, so for z with g(z) <= 0
    V grad f . (x' - z) + sum Q_j g_j(x') + alpha ||x' - x_t||^2 <= alpha (||z - x_t||^2 - ||z - x'||^2).
    The queues give ||Q'||^2 / 2 - ||Q||^2 / 2 <= sum Q_j g_j(x') + J / 2, since |g_j| <= 1. Add the two, use
    V grad f . (x_t - x') - alpha ||x' - x_t||^2 <= V^2 A / (4 alpha), since ||grad f||^2 <= A, and sum over the rounds:
    V regret + ||Q||^2 / 2 <= T V^2 A / (4 alpha) + 2 alpha + T J / 2. That is the first claim. The regret is at least
    -T, so ||Q|| <= q. Finally sum g_j(x_t) <= Q_j + sum sqrt(A) ||x' - x_t||, and a step is at most
    sqrt(A) (V + sqrt(J) q) / (2 alpha) long.

    Parameters
    ----------
    V
        Weight of utility against the queues, > 0; sqrt(T) if omitted.
    alpha
        Weight of staying close to the last distribution, > 0; T if omitted. The step is 1 / (2 alpha).

    Raises
    ------
    StrategyError
        If a parameter is not > 0.

    Examples
    --------
    Action 0 earns more and violates:

    >>> from omnisim.problem.constraints import LinearConstraint
    >>> from omnisim.problem.population import Population
    >>> limit = LinearConstraint(slope=[[[0.0], [0.0]]], offset=[[1.0, -0.5]])
    >>> learner = DriftPlusPenalty()
    >>> learner.start(Population("one", [[[1.0], [0.0]]], constraints=[limit]), active=np.ones((4, 1), dtype=bool))
    >>> learner.settle(np.array([0]), np.array([0.5]), np.array([[[1.0], [-0.5]]]), np.array([True]))
    >>> learner.weights, learner.queue
    (array([[0.5625, 0.4375]]), array([[0.34375]]))
    """

    def __init__(self, V: float | None = None, alpha: float | None = None) -> None:
        for name, value in (("V", V), ("alpha", alpha)):
            if value is not None and not 0 < value < np.inf:
                raise StrategyError(f"{name} of DriftPlusPenalty must be > 0 and finite, got {value}")
            if value is not None:
                check_size(f"{name} of DriftPlusPenalty", value)
        self.V, self.alpha = V, alpha

    queue: FloatArray
    """Q (N, J), the virtual queue of each constraint."""

    def guarantees(self) -> Sequence[Guarantee]:
        """The bounds on its regret and on its costs after T rounds, with the default tuning; others have none."""
        if self.V is not None or self.alpha is not None:
            return ()
        rounds, actions, constraints = self.rounds, self.actions, len(self.population.constraints)
        root = math.sqrt(rounds)
        queue = math.sqrt(2 * rounds * root + rounds * (actions / 2 + 4 + constraints))
        regret = root * (actions / 4 + 2 + constraints / 2)
        costs = queue * (1 + actions * math.sqrt(constraints) / 2) + actions * root / 2
        return (
            BoundsRegret(theorem="Neely and Yu", regret=Regret.EXTERNAL, bound=regret),
            BoundsCosts(theorem="Neely and Yu", bound=costs),
        )

    def _reset(self) -> FloatArray:
        self._v = math.sqrt(self.rounds) if self.V is None else self.V
        self._alpha = float(self.rounds) if self.alpha is None else self.alpha
        self.queue = np.zeros((self.agents, len(self.population.constraints)))
        return self._uniform()

    def _learn(self, utilities: FloatArray, costs: FloatArray) -> FloatArray:
        gradient = (self.queue[:, None, :] * costs).sum(axis=2) - self._v * utilities
        weights = project_on_simplex(self.weights - gradient / (2 * self._alpha))
        # Constraints are linear in x: linearized at x_t or not, they have the same value at x_{t+1}.
        self.queue = np.maximum(0.0, self.queue + (weights[:, :, None] * costs).sum(axis=1))
        return weights
