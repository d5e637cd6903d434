"""Algorithm 4 of Bechavod, Lu, Roth: each play is attributed to one responsible subsequence."""

from collections.abc import Sequence

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.problem.guarantees import Guarantee, RegretFromBias, Scope
from omnisim.strategies.elimination.candidate_sets import CandidateSets
from omnisim.strategies.elimination.thresholds import ThresholdElimination


class SubsequenceThreshold(ThresholdElimination):
    """Algorithm 4: a candidate set per subsequence, and attributed violations on every pair of subsequences.

    The agent chooses from the union of the sets A_k of the active subsequences. The *responsible* subsequence of a
    round is the smallest active k with the action played in A_k. V_j(a; k, S') is the sum of c_j(a, y_t) over the
    rounds of S' in which a was played and k was responsible; a leaves A_k when V_j(a; k, S') > gamma_S' for some j and
    S'. So slack on one part of S_k cannot hide violations on its intersection with another subsequence.

    Competes on every S with BE(S). With gamma_S = sqrt(2 |S| ln(N |A| J L^2 / delta)) no action of BE(S_k) ever leaves
    A_k for any agent of the population and any k, with probability >= 1 - delta (Proposition 4); for any forecaster
    CCV(S) <= L |A| (1 + gamma_S) (Theorem 6).

    State is O(L^2 N |A| J); a round costs O(N J) times the number of active subsequences.

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
    >>> from omnisim.problem.constraints import LinearConstraint
    >>> from omnisim.problem.population import Population
    >>> limit = LinearConstraint(slope=[[[0.0], [0.5]]], offset=[[-0.1, 0.0]])
    >>> rule = SubsequenceThreshold(gamma=0.5)
    >>> rule.start(Population("one", [[[0.5], [1.0]]], constraints=[limit]), active=np.ones((9, 2), dtype=bool))
    >>> for _ in range(2):
    ...     rule.update(actions=np.array([1]), costs=np.array([[[0.9], [0.3]]]), active=np.array([True, True]))
    >>> rule.eliminated_at[0, 1]
    array([1, 9])
    """

    @property
    def eliminated_at(self) -> IntArray:
        """The round after which each action left each set, (N, A, L), or T."""
        return self._sets.left_at

    def guarantees(self) -> Sequence[Guarantee]:
        """Every BE(S) is kept with probability 1 - delta; attributed costs add up to at most 1 + gamma_S."""
        regret = RegretFromBias(theorem="Theorem 11", bias="Theorem 12", swap="Corollary 9", external="Corollary 10")
        return self._stated("Proposition 4", "Theorem 6", Scope.SUBSEQUENCES, regret)

    def _start(self) -> None:
        self._sets = CandidateSets(self.subsequences, self.agents, self.actions, self.rounds)
        places = (self.subsequences, self.subsequences, self.actions, self.agents)
        self._attributed = self._watch(*places, sizes=self.sizes)

    def _candidates(self, active: BoolArray) -> BoolArray:
        return self._sets.union(active)

    def _update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        agents = np.arange(self.agents)
        positions = active.nonzero()[0]
        considered = self._sets.contain(positions, actions)
        # Played as a fallback, an action is in no set: nobody answers for it.
        answered = considered.any(axis=0) & self.concerned
        agents, actions = agents[answered], actions[answered]
        responsible = positions[considered[:, answered].argmax(axis=0)]
        where = (responsible, positions[:, None], actions, agents)
        crossed = self._attributed.add(where, costs[agents, actions], True, positions[:, None]).any(axis=0)
        if crossed.any():
            self._sets.remove_from(responsible[crossed], agents[crossed], actions[crossed], self.round)
