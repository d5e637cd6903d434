"""Algorithms 1 and 3 of Bechavod, Lu, Roth: an action leaves at its first violation."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from omnisim.arrays import ROUNDING, BoolArray, FloatArray, IntArray
from omnisim.errors import StrategyError
from omnisim.problem.guarantees import (
    Benchmark,
    BoundsViolation,
    Guarantee,
    Hypothesis,
    KeepsBenchmark,
    RegretFromBias,
    Scope,
)
from omnisim.strategies.elimination.base import Elimination, OnEmpty
from omnisim.strategies.elimination.candidate_sets import CandidateSets

Feedback: TypeAlias = Literal["full", "played"]


class _FirstViolation(Elimination):
    def __init__(self, feedback: Feedback = "full", on_empty: OnEmpty = "fallback") -> None:
        super().__init__(on_empty)
        if feedback not in ("full", "played"):
            raise StrategyError(f"feedback is {feedback!r}: it must be 'full' or 'played'")
        self.feedback = feedback

    @property
    def eliminated_at(self) -> IntArray:
        return self._sets.left_at

    def _violated(self, actions: IntArray, costs: FloatArray) -> BoolArray:
        violated = np.asarray((costs > ROUNDING).any(axis=2))
        if self.feedback == "full":
            return violated
        seen = np.zeros_like(violated)
        agents = np.arange(self.agents)
        seen[agents, actions] = violated[agents, actions]
        return seen

    def _reset(self, sets: int) -> None:
        self._sets = CandidateSets(sets, self.agents, self.actions, self.rounds)


class FirstViolation(_FirstViolation):
    """Algorithm 1: remove an action as soon as it violates a constraint.

    Competes with B, the actions that never violate in any round. For any forecaster B is never removed
    (Proposition 1), and CCV+ <= the number of other actions (Theorem 1, Remark 2).

    Parameters
    ----------
    feedback
        ``"full"``: the outcome is revealed, so every action is checked in every round; ``"played"``: only
        the action played is.
    on_empty
        What an agent does that has no candidate left: ``"fallback"`` plays the action whose worst cumulative violation
        so far is smallest, ``"error"`` ends the run.

    Examples
    --------
    >>> from omnisim.problem.constraints import LinearConstraint
    >>> from omnisim.problem.population import Population
    >>> limit = LinearConstraint(slope=[[[0.0], [0.5]]], offset=[[-0.1, 0.0]])
    >>> rule = FirstViolation()
    >>> rule.start(Population("one", [[[0.5], [1.0]]], constraints=[limit]), active=np.ones((9, 1), dtype=bool))
    >>> rule.update(actions=np.array([1]), costs=np.array([[[-0.1], [0.2]]]), active=np.array([True]))
    >>> rule.candidates(np.array([True]))
    array([[ True, False]])
    """

    def guarantees(self) -> Sequence[Guarantee]:
        """B is kept, and with it there is always a candidate; the other actions violate at most once each."""
        some = (Hypothesis.BENCHMARK,)
        return (
            KeepsBenchmark(theorem="Proposition 1", benchmark=Benchmark.REALIZED, scope=Scope.RUN, hypotheses=some),
            BoundsViolation(theorem="Theorem 1", scope=Scope.RUN, hypotheses=some),
            RegretFromBias(theorem="Theorem 3", bias="Theorem 4", swap="Corollary 2", external="Corollary 3"),
        )

    def _start(self) -> None:
        self._reset(1)
        self._always = np.ones(1, dtype=np.bool_)

    def _candidates(self, active: BoolArray) -> BoolArray:
        return self._sets.union(self._always)

    def _update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        self._sets.remove(self._always, self._violated(actions, costs), self.round)


class SubsequenceFirstViolation(_FirstViolation):
    """Algorithm 3: a candidate set per subsequence, each losing what violates in its own rounds.

    In a round the agent chooses from the union of the sets of the active subsequences. Competes on every
    subsequence S with B(S), the actions that never violate in a round of S. For any forecaster B(S) never
    leaves its set (Proposition 3), and CCV+(S) <= L |A| (Theorem 5).

    Parameters
    ----------
    feedback
        ``"full"``: the outcome is revealed, so every action is checked in every round; ``"played"``: only
        the action played is.
    on_empty
        What an agent does that has no candidate left: ``"fallback"`` plays the action whose worst cumulative
        violation so far is smallest, ``"error"`` ends the run.

    Examples
    --------
    >>> from omnisim.problem.constraints import LinearConstraint
    >>> from omnisim.problem.population import Population
    >>> limit = LinearConstraint(slope=[[[0.0], [0.5]]], offset=[[-0.1, 0.0]])
    >>> rule = SubsequenceFirstViolation()
    >>> rule.start(Population("one", [[[0.5], [1.0]]], constraints=[limit]), active=np.ones((9, 2), dtype=bool))
    >>> hot_day = np.array([True, True])
    >>> rule.update(actions=np.array([1]), costs=np.array([[[-0.1], [0.2]]]), active=hot_day)
    >>> rule.eliminated_at[0, 1]
    array([0, 0])
    """

    def guarantees(self) -> Sequence[Guarantee]:
        """Every B(S) stays in its set, and an action violates at most once as a member of each set."""
        return (
            KeepsBenchmark(
                theorem="Proposition 3",
                benchmark=Benchmark.REALIZED,
                scope=Scope.SUBSEQUENCES,
                hypotheses=(Hypothesis.BENCHMARK,),
            ),
            BoundsViolation(theorem="Theorem 5", scope=Scope.SUBSEQUENCES, hypotheses=(Hypothesis.CANDIDATES,)),
            RegretFromBias(theorem="Theorem 7", bias="Theorem 8", swap="Corollary 5", external="Corollary 6"),
        )

    def _start(self) -> None:
        self._reset(self.subsequences)

    def _candidates(self, active: BoolArray) -> BoolArray:
        return self._sets.union(active)

    def _update(self, actions: IntArray, costs: FloatArray, active: BoolArray) -> None:
        self._sets.remove(active, self._violated(actions, costs), self.round)
