"""Base of the policies of a population: elimination rules and learners in action space."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, freeze, in_a_round, mask
from omnisim.errors import StrategyError
from omnisim.problem.guarantees import OF_POLICIES, Benchmark, BoundsViolation, Guarantee
from omnisim.problem.population import Population
from omnisim.signatures import held_to_types
from omnisim.strategies.declaring import Declaring


class Policy(Declaring, ABC):
    """Policy of the agents of one population, all N at once: they best-respond within a set of playable actions.

    An :class:`Elimination` keeps sets of candidates; a learner in action space draws its action itself and offers
    nothing else. One object serves one population; the simulation makes a copy for each.

    A subclass writes ``_start()``, ``playable(active)``, ``settle(...)`` and ``eliminated_at``; and says
    ``draws = True`` if it draws. What it promises about regret and violation it declares in ``guarantees()``, see
    :class:`~omnisim.strategies.declaring.Declaring`; nothing is certified that is not declared.
    """

    can_guarantee = OF_POLICIES

    benchmark: ClassVar[Benchmark] = Benchmark.REALIZED
    """Benchmark of its regret: B, the actions that never violate, or BE, those that never do in expectation."""

    _set_on_start = "population"

    @held_to_types(StrategyError)
    def start(self, population: Population, active: BoolArray, rng: np.random.Generator | None = None) -> None:
        """Forget everything.

        Parameters
        ----------
        population
            Whose actions.
        active : (T, L) bool
            The subsequences of every round, for the number T of rounds and the lengths |S|.
        rng
            For policies that draw; the stream of the population.
        """
        active = mask("active of start", active, ("T", "L"), StrategyError)
        if not active.size:
            raise StrategyError(f"active of start must have a round and a subsequence at least, got {active.shape}")
        self.population, self.rng = population, rng
        self.agents, self.actions = population.agents, population.actions
        self.rounds, self.subsequences = active.shape
        self.sizes = active.sum(axis=0)
        self.round = 0
        self.concerned = freeze(np.ones(self.agents, dtype=np.bool_))
        self._start()

    everyone: int | None = None
    """Number of agents of all populations of the run, which it sets before the start; None where nobody has."""

    whole: int | None = None
    """Number of agents of the population, where this object serves only some of them; None where it serves all."""

    first: int = 0
    """Number, in the population, of the first agent that it serves."""

    draws: ClassVar[bool] = False
    """Whether it draws its action and ignores predictions; then it does not register with the forecaster."""

    def declared(self) -> tuple[Guarantee, ...]:
        """See :meth:`Declaring.declared`."""
        found = super().declared()
        for each in found:
            if isinstance(each, BoundsViolation) and not each.fits(self.subsequences):
                raise StrategyError(
                    f"guarantees of {type(self).__name__} returned {each!r} with {len(each.thresholds)} thresholds: it "
                    f"must have none, or one for each candidate set ({self.subsequences} subsequences)"
                )
        return found

    concerned: BoolArray
    """Agents (N,) that the round being settled concerns.

    The others were not there, or have not heard of it: they are given costs of 0 and an arbitrary action, which they
    did not play.
    """

    @abstractmethod
    def playable(self, active: BoolArray) -> tuple[BoolArray, BoolArray]:
        """The actions (N, A) to choose from in a round of the active (L,) subsequences, at least one per agent.

        Second: for which agents (N,) this is a fallback, since they have no candidate left.
        """

    def registered(self, active: BoolArray) -> BoolArray:
        """The actions (N, A) it tells the others it will choose from, before the law of the outcome is fixed.

        Those of ``playable``; all, if the policy draws its action: the others must not know what it drew, nor may it
        have drawn by then.
        """
        if self.draws:
            return np.ones((self.agents, self.actions), dtype=np.bool_)
        return self.playable(active)[0]

    @abstractmethod
    def settle(self, actions: IntArray, outcome: FloatArray, costs: FloatArray, active: BoolArray) -> None:
        """Learn the actions played (N,), the outcome (d,), and the costs (N, A, J) of all actions in a round."""

    @property
    @abstractmethod
    def eliminated_at(self) -> IntArray:
        """The round after which each action left each candidate set, (N, A, K), or T; K = L or 1."""

    def _start(self) -> None:
        """Reset all state."""

    def _known(self, active: BoolArray) -> BoolArray:
        """The subsequences (L,) of a round, refused if they are something else."""
        return in_a_round("active", active, (self.subsequences,), np.bool_, StrategyError)

    def _settled(self, actions: IntArray, costs: FloatArray) -> tuple[IntArray, FloatArray]:
        """The actions (N,) and costs (N, A, J) of a round, refused if they are something else."""
        actions = in_a_round("actions", actions, (self.agents,), np.int64, StrategyError)
        if actions.flags.writeable:  # those of the simulation are read-only, and its own
            outside = actions[(actions < 0) | (actions >= self.actions)]
            if outside.size:
                raise StrategyError(f"actions must be whole numbers from 0 to {self.actions - 1}, got {outside[0]}")
        limits = costs.shape[-1] if isinstance(costs, np.ndarray) and costs.ndim else len(self.population.constraints)
        return actions, in_a_round("costs", costs, (self.agents, self.actions, limits), error=StrategyError)
