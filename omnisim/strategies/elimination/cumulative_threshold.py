"""Algorithm 2 of Bechavod, Lu, Roth: an action leaves when its cumulative violation passes a threshold."""

from collections.abc import Sequence

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.problem.guarantees import Guarantee, RegretFromBias, Scope
from omnisim.strategies.elimination.candidate_sets import CandidateSets
from omnisim.strategies.elimination.thresholds import ThresholdElimination


class CumulativeThreshold(ThresholdElimination):
    """Algorithm 2: remove an action when the costs of playing it add up to more than gamma.

    V_j(a) is the sum of c_j(a, y_t) over the rounds in which a was played; a leaves when some V_j(a) > gamma.
    Competes with BE, the actions whose expected costs are <= 0 in every round. With gamma =
    sqrt(2 T ln(N |A| J / delta)) no agent of the population ever removes an action of BE, with probability >= 1 -
    delta (Proposition 2); for any forecaster CCV <= |A| (1 + gamma) (Theorem 2).

    Parameters
    ----------
    gamma
        The threshold, > 0; None or ``"tight"`` for the one above, ``"plain"``, ``"anytime"`` or ``"betting"`` for the
        others of :mod:`~omnisim.strategies.elimination.thresholds`.
    delta
        Probability in (0, 1) that a benchmark action is ever removed.
    on_empty
        What an agent does that has no candidate left: ``"fallback"`` plays the action whose worst cumulative violation
        so far is smallest, ``"error"`` ends the run.
    delta_over
        Whether that is of the agents of one ``"population"``, or of all agents of the ``"run"``, as in the paper.

    Raises
    ------
    StrategyError
        If gamma or delta is out of range.

    Examples
    --------
    >>> from omnisim.problem.constraints import LinearConstraint
    >>> from omnisim.problem.population import Population
    >>> limit = LinearConstraint(slope=[[[0.0], [0.5]]], offset=[[-0.1, 0.0]])
    >>> rule = CumulativeThreshold(gamma=0.5)
    >>> rule.start(Population("one", [[[0.5], [1.0]]], constraints=[limit]), active=np.ones((9, 1), dtype=bool))
    >>> for _ in range(2):
    ...     rule.update(actions=np.array([1]), costs=np.array([[[0.9], [0.3]]]), active=np.array([True]))
    >>> rule.candidates(np.array([True]))
    array([[ True, False]])
    """

    @property
    def eliminated_at(self) -> IntArray:
        """The round after which each action left, (N, A, 1), or T."""
        return self._set.left_at

    def guarantees(self) -> Sequence[Guarantee]:
        """BE is kept with probability 1 - delta; an action leaves with costs of at most 1 + gamma."""
        regret = RegretFromBias(theorem="Theorem 9", bias="Theorem 10", swap="Corollary 7", external="Corollary 8")
        return self._stated("Proposition 2", "Theorem 2", Scope.RUN, regret)

    def _start(self) -> None:
        self._set = CandidateSets(1, self.agents, self.actions, self.rounds)
        self._always = np.ones(1, dtype=np.bool_)
        self._played = self._watch(self.actions, self.agents, sizes=np.array([self.rounds]))

    def _candidates(self, active: BoolArray) -> BoolArray:
        return self._set.union(self._always)

    def _update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        agents = np.arange(self.agents)
        crossed = self._played.add(
            (actions, agents), costs[agents, actions], self.concerned, np.zeros(1, dtype=np.int64)
        )
        if crossed.any():
            leaving = np.zeros((self.actions, self.agents), dtype=np.bool_).T
            leaving[agents[crossed], actions[crossed]] = True
            self._set.remove(self._always, leaving, self.round)
