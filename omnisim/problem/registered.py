"""All registered agents together, as few arrays as their shapes allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, freeze
from omnisim.problem.choices import best_responses, temptation
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.products import times


class RegisteredAgents:
    """Earnings of the agents of a service when they follow a forecast, and the errors of it that cost them.

    Populations of the same numbers of actions and coordinates are laid out behind each other: thousands of populations
    of one agent take as long as one of thousands.

    Parameters
    ----------
    populations
        Those registered with the service; at least one.

    Attributes
    ----------
    count
        How many agents there are.
    """

    def __init__(self, populations: Sequence[Population]) -> None:
        self.count = sum(population.agents for population in populations)
        shapes: dict[tuple[int, int], list[Population]] = {}
        for population in populations:
            shapes.setdefault((population.actions, population.dimension), []).append(population)
        self._parts = [_Part.of(alike) for alike in shapes.values()]

    def earnings(self, candidates: Mapping[str, BoolArray], mixture: Mixture, outcome: FloatArray) -> float:
        """The sum of all agents' utilities, in expectation over the mixture, with the candidates of the round.

        These are given by population, as in ``Context.candidates``.
        """
        total = 0.0
        for part in self._parts:
            allowed = part.candidates(candidates)
            each = np.arange(len(part.offset))
            for prediction, weight in zip(mixture.support, mixture.weights, strict=True):
                actions = best_responses(part.utility, part.offset, allowed, prediction[None])
                earned = times(part.utility[each, actions], outcome) + part.offset[each, actions]
                total += float(weight) * float(earned.sum())
        return total

    def decision_slope(
        self, candidates: Mapping[str, BoolArray], prediction: FloatArray, outcome: FloatArray
    ) -> FloatArray:
        """A subgradient in the prediction of what its errors cost the agents, (d,), the mean over all of them.

        The cost is the SPO+ loss of Elmachtoub and Grigas (Management Science 68, 2022), here for utilities: with a*
        the best candidate at the outcome y, max over a of {2 u(a, p) - u(a, y)} - 2 u(a*, p) + u(a*, y). It is convex
        in p, 0 at p = y, and at least what the agent loses by the best response to p. The maximum is attained by the
        best response to 2 p - y.
        """
        slope = np.zeros(len(outcome))
        for part in self._parts:
            slope += 2 * temptation(part.utility, part.offset, part.candidates(candidates), prediction, outcome)
        return np.asarray(slope / self.count)


@dataclass(frozen=True, eq=False)
class _Part:
    """Populations of the same shape: names, agents in each, utilities (N, A, d) and offsets (N, A) of all."""

    names: Sequence[str]
    agents: Sequence[int]
    utility: FloatArray
    offset: FloatArray

    @classmethod
    def of(cls, populations: Sequence[Population]) -> "_Part":
        names, agents = zip(*((population.name, population.agents) for population in populations), strict=True)
        if len(populations) == 1:
            return cls(names, agents, populations[0].utility, populations[0].offset)
        utility = np.concatenate([population.utility for population in populations])
        offset = np.concatenate([population.offset for population in populations])
        return cls(names, agents, freeze(utility), freeze(offset))

    def candidates(self, by_population: Mapping[str, BoolArray]) -> BoolArray | None:
        """Candidate sets of all agents (N, A), or None where nobody's are known."""
        if len(self.names) == 1:
            return by_population.get(self.names[0])
        found = [by_population.get(name) for name in self.names]
        if all(known is None for known in found):
            return None
        actions = self.offset.shape[1]
        every = [
            np.ones((agents, actions), dtype=np.bool_) if known is None else known
            for known, agents in zip(found, self.agents, strict=True)
        ]
        return np.concatenate(every)
