"""Worst case: a white-box adversary that plays the outcome which hurts the agents most."""

from collections.abc import Sequence
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.errors import StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.products import weighted_sums
from omnisim.signatures import held_to_types
from omnisim.strategies.adversaries.base import Adversary

Reads: TypeAlias = Literal["weights", "regret"]

LARGEST = 1e12
"""Weight of a pair of actions at the start; the regret that is added to it is at most T."""


class WorstCase(Adversary):
    """Reads the forecaster's mixture, or its weights as well, and plays the outcome that hurts most.

    With ``reads="regret"`` that is the outcome which adds most to the agents' swap regret; with ``reads="weights"``,
    against a forecaster that keeps weights on objectives (a calibrated one), the outcome which maximizes their weighted
    gain E_{p ~ psi} sum_e w_e r_e(p, y): the best reply in the very game that the forecaster plays. The second drives
    the bias towards its bound, but not the regret: the outcomes it likes are extreme, and easy to act on.

    For the first, the mixture psi and the registered candidates tell which action a each agent will take on each point
    of the support. To every other candidate b it gives the weight w = ``start`` + max(0, R(a, b)), R(a, b) being the
    regret so far for having played a and not b, and plays

        y in {0, 1}^d  maximizing  sum over agents and b of  E_{p ~ psi} w (U_b - U_a) . y ,

    a greedy step up the potential sum of (start + max(0, R))^2. The sum is linear in y, so the maximum is found
    coordinate by coordinate. Against a forecaster that can be led astray (persistence, climatology, regressions) the
    regret grows linearly; a forecaster that is calibrated for the agents' decisions holds it to the order of
    sqrt(T). The law is a point mass and draws nothing. It does not look at constraints beyond leaving eliminated
    actions alone.

    One round costs O(N A d) for each point of the support; state is O(N A^2).

    Parameters
    ----------
    dimension
        d >= 1; that of the populations if omitted.
    start
        Weight of a pair without regret so far, > 0, in units of regret (a round's is at most 1): how long it tries
        all pairs before it insists.
    reads
        ``"regret"`` or ``"weights"``; the second falls back on the first where the forecaster keeps none.

    Raises
    ------
    StrategyError
        If a parameter is out of range, or the dimension is asked for before populations have given it.

    Examples
    --------
    A forecast of 0.9 makes the agent bet on the first coordinate; so it does not pay.

    >>> bettor = Population("bettor", utility=[[[1.0, 0.0], [0.0, 1.0]]])
    >>> adversary = WorstCase()
    >>> adversary.start(np.random.default_rng(0), [bettor])
    >>> adversary.law(Context(round=0), Mixture.point([0.9, 0.5]), None).mean
    array([0., 1.])
    """

    oblivious: ClassVar[bool] = False

    def __init__(self, dimension: int | None = None, start: float = 1.0, reads: Reads = "regret") -> None:
        if reads not in ("weights", "regret"):
            raise StrategyError(f"reads of WorstCase is {reads!r}: it must be 'weights' or 'regret'")
        if dimension is not None and dimension < 1:
            raise StrategyError(f"dimension of WorstCase must be >= 1, or None, got {dimension}")
        if not start > 0:
            raise StrategyError(
                f"start of WorstCase must be > 0, got {start}: without it no pair of actions ever has weight"
            )
        if start > LARGEST:
            raise StrategyError(f"start of WorstCase must be <= {LARGEST:g}, got {start}: sums of it would overflow")
        self.start_weight, self.reads = start, reads
        self._declared = self._dimension = dimension

    @property
    def dimension(self) -> int:
        """D: declared, or taken from the populations on start."""
        if self._dimension is None:
            raise StrategyError("WorstCase has the dimension of its populations: start it with some, or give dimension")
        return self._dimension

    @held_to_types(StrategyError)
    def dimension_for(self, populations: Sequence[Population]) -> int:
        """The dimension declared, or that of the populations."""
        if self._declared is not None or not len(populations):
            return self.dimension
        return int(populations[0].dimension)

    def _start(self, rng: np.random.Generator) -> None:
        self._dimension = self.dimension_for(self.populations)
        self._victims = [_Victims(population, self.start_weight) for population in self.populations]
        self._seen = 0

    def _law(self, context: Context, mixture: Mixture | None, history: History | None) -> FloatArray:
        if mixture is None:
            raise StrategyError("WorstCase answers to the forecaster's mixture: it has no law without one")
        if history is not None:
            for t in range(self._seen, len(history.outcomes)):
                for victims in self._victims:
                    victims.settle(history.actions[victims.population.name][t], history.outcomes[t])
            self._seen = len(history.outcomes)
        if self.reads == "weights" and context.gain_gradient is not None:
            return (context.gain_gradient > 0).astype(np.float64)
        slope = np.zeros(self.dimension)
        for victims in self._victims:
            slope += victims.slope(mixture, context.candidates.get(victims.population.name))
        return (slope > 0).astype(np.float64)


class _Victims:
    """One population, with the regret R (N, A, A) of each agent for each pair of actions (played, other)."""

    def __init__(self, population: Population, start: float) -> None:
        self.population, self._start = population, start
        self._agents = np.arange(population.agents)
        self._regret = np.zeros((population.agents, population.actions, population.actions))

    def settle(self, actions: IntArray, outcome: FloatArray) -> None:
        """Add the regrets of a round."""
        earned = self.population.utilities(outcome)
        here = np.flatnonzero(actions >= 0)  # the others were not there
        self._regret[here, actions[here]] += earned[here] - earned[here, actions[here], None]

    def slope(self, mixture: Mixture, candidates: BoolArray | None) -> FloatArray:
        """Gradient of the weighted expected regret of the round in the outcome, (d,)."""
        population, agents = self.population, self._agents
        total = np.zeros((population.agents, population.actions))
        for point, probability in zip(mixture.support, mixture.weights, strict=True):
            played = population.best_response(point, candidates)
            weights = self._start + np.maximum(self._regret[agents, played], 0.0)
            if candidates is not None:
                weights *= candidates
            weights[agents, played] = 0.0
            weights[agents, played] -= weights.sum(axis=1)
            total += probability * weights
        return weighted_sums(total.ravel(), population.utility.reshape(-1, population.dimension))
