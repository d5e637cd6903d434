"""One copy of Algorithm 2 per subsequence: the natural generalization, and a wrong one."""

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.strategies.elimination.candidate_sets import CandidateSets
from omnisim.strategies.elimination.thresholds import ThresholdElimination


class PerSubsequenceThreshold(ThresholdElimination):
    """Algorithm 2 run separately on every subsequence; its violation is not bounded, so use SubsequenceThreshold.

    V_j(a; k) is the sum of c_j(a, y_t) over the rounds of S_k in which a was played; a leaves the set A_k when some
    V_j(a; k) > gamma_{S_k}; the agent chooses from the union of the sets of the active subsequences. It is to
    Algorithm 2 what Algorithm 3 is to Algorithm 1, and it is kept to show why Algorithm 4 is needed (Bechavod, Lu,
    Roth, section 5): costs can be negative, so slack on one part of S_k hides violations on its intersection with
    another subsequence S', the action stays in A_k, and it goes on being played there after it left the set of S'.
    On the instance of :class:`~omnisim.strategies.adversaries.Masking` CCV(S') grows linearly.

    What does hold: with gamma_S = sqrt(2 |S| ln(N |A| J L / delta)) no action of BE(S_k) ever leaves A_k, with
    probability >= 1 - delta.

    Parameters
    ----------
    gamma
        The threshold, > 0, of every subsequence; None or ``"tight"``, ``"plain"``, ``"anytime"`` or ``"betting"`` for
        those of :mod:`~omnisim.strategies.elimination.thresholds`.
    delta
        Probability in (0, 1) that a benchmark action is ever removed.
    on_empty
        What an agent does that has no candidate left: ``"fallback"`` plays the action whose worst cumulative
        violation so far is smallest, ``"error"`` ends the run.
    delta_over
        Whether that is of the agents of one ``"population"``, or of all agents of the ``"run"``, as in the paper.

    Raises
    ------
    StrategyError
        If gamma or delta is out of range.

    Examples
    --------
    Costs of 1 in rounds of both subsequences and of -1 in rounds of the first alone: only the second objects.

    >>> from omnisim.problem.constraints import LinearConstraint
    >>> from omnisim.problem.population import Population
    >>> strain = LinearConstraint(slope=[[[2.0]]], offset=[[-1.0]])
    >>> rule = PerSubsequenceThreshold(gamma=1.5)
    >>> rule.start(Population("one", [[[0.5]]], constraints=[strain]), active=np.ones((8, 2), dtype=bool))
    >>> for t in range(8):
    ...     tight = t % 2 == 1
    ...     rule.update(np.array([0]), np.array([[[1.0 if tight else -1.0]]]), active=np.array([True, tight]))
    >>> rule.eliminated_at[0, 0]
    array([8, 3])
    """

    @property
    def eliminated_at(self) -> IntArray:
        """The round after which each action left each set, (N, A, L), or T."""
        return self._sets.left_at

    def _start(self) -> None:
        self._sets = CandidateSets(self.subsequences, self.agents, self.actions, self.rounds)
        self._costs = self._watch(self.subsequences, self.actions, self.agents, sizes=self.sizes)

    def _candidates(self, active: BoolArray) -> BoolArray:
        return self._sets.union(active)

    def _update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        agents = np.arange(self.agents)
        positions: IntArray = active.nonzero()[0]
        where = (positions[:, None], actions, agents)
        crossed = self._costs.add(where, costs[agents, actions], self.concerned, positions[:, None])
        crossed &= self._sets.contain(positions, actions)
        if crossed.any():
            which, leaving = crossed.nonzero()
            self._sets.remove_from(positions[which], leaving, actions[leaving], self.round)
