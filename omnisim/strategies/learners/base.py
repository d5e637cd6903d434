"""Base of learners in action space."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze, in_a_round
from omnisim.errors import StrategyError
from omnisim.strategies.policy import Policy

_SUM_TOLERANCE = 1e-6


class Learner(Policy):
    """A policy that keeps a distribution over actions for each agent, draws from it, and ignores forecasts.

    It learns from the outcome what every action would have earned and cost (full information). It offers the
    action drawn as the only playable one, so the best response to any prediction is that action. What it
    registers with the others is that any action may come: nobody may know the draw before the outcome is fixed,
    or the bounds fail. Subsequences make no difference to it: it competes over all rounds.

    A subclass writes ``_reset()``, which returns the first distribution, and ``_learn(utilities, costs)``, which
    returns the next one; both (N, A). The bounds stated by the subclasses hold for the sequence of these
    distributions, in expectation over the draws of each round, against any adversary that does not know the draw of the
    current round; on the actions drawn, up to a deviation of order sqrt(T). A learner with such a bound returns it from
    ``guarantees()`` (:class:`~omnisim.strategies.declaring.Declaring`); the analysis adds the deviation.

    Raises
    ------
    StrategyError
        When it has to draw and was started without a generator.
    """

    draws: ClassVar[bool] = True

    weights: FloatArray
    """The current distribution of each agent over its actions, (N, A), read-only; set on start."""

    _drawn: IntArray | None

    @property
    def eliminated_at(self) -> IntArray:
        """T everywhere, (N, A, 1): nothing is ever eliminated."""
        return np.full((self.agents, self.actions, 1), self.rounds)

    def playable(self, active: BoolArray) -> tuple[BoolArray, BoolArray]:
        """The action drawn for this round, one True per row (N, A), and no fallback (N,).

        Asked again in the same round, it answers the same.
        """
        self._known(active)
        if self._drawn is None:
            self._drawn = self._draw()
        offered = np.zeros((self.agents, self.actions), dtype=np.bool_)
        offered[np.arange(self.agents), self._drawn] = True
        return offered, np.zeros(self.agents, dtype=np.bool_)

    def settle(self, actions: IntArray, outcome: FloatArray, costs: FloatArray, active: BoolArray) -> None:
        """Learn what every action earned and cost."""
        self._known(active)
        _, costs = self._settled(actions, costs)
        outcome = in_a_round("outcome", outcome, (self.population.dimension,), error=StrategyError)
        self.weights = self._distribution(self._learn(self.population.utilities(outcome), costs))
        self.round += 1
        self._drawn = None

    def _start(self) -> None:
        self._drawn = None
        self.weights = self._distribution(self._reset())

    def _distribution(self, weights: FloatArray) -> FloatArray:
        """Refuse what is no distribution of every agent over its actions."""
        shape, found = (self.agents, self.actions), np.shape(weights)
        if found != shape:
            raise StrategyError(f"{type(self).__name__} in round {self.round}: weights have shape {found}, not {shape}")
        if not (weights.min() >= 0 and abs(weights.sum(axis=1) - 1).max() <= _SUM_TOLERANCE):
            raise StrategyError(
                f"{type(self).__name__} in round {self.round}: the weights of an agent are no probabilities: "
                "they must be >= 0 and sum to 1"
            )
        return freeze(weights)

    def _draw(self) -> IntArray:
        if self.rng is None:
            raise StrategyError(f"{type(self).__name__} draws its actions: start it with a generator (rng)")
        cumulative = self.weights.cumsum(axis=1)
        thresholds = self.rng.random(self.agents) * cumulative[:, -1]
        return np.asarray((cumulative <= thresholds[:, None]).sum(axis=1))

    def _uniform(self) -> FloatArray:
        return np.full((self.agents, self.actions), 1 / self.actions)

    @abstractmethod
    def _reset(self) -> FloatArray:
        """Forget everything; the first distribution (N, A)."""

    @abstractmethod
    def _learn(self, utilities: FloatArray, costs: FloatArray) -> FloatArray:
        """The next distribution (N, A), from the utilities (N, A) and costs (N, A, J) of a round."""
