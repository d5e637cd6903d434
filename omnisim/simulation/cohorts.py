"""Populations that are decided together.

Messages that arrive at the same instant may be answered in one step. Populations with the same numbers of actions and
constraints, of which the same are linear, subscribed to the same forecasters, under the same rule, form a *cohort*: one
vectorized computation instead of thousands of small ones (:mod:`omnisim.problem.joining`). The results are those of
each population by itself, bit for bit.

Only rules that treat each agent by itself and learn nothing from costs of 0 can be shared; see ``SHARED``. Any other
population is a cohort of its own.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.errors import ProblemError
from omnisim.problem.choices import best_responses
from omnisim.problem.constraints import LinearConstraint
from omnisim.problem.joining import joined
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.simulation.topology import party
from omnisim.strategies.elimination import BestResponse, FirstViolation, SubsequenceFirstViolation
from omnisim.strategies.elimination.base import Elimination
from omnisim.strategies.policy import Policy

_Scalar = TypeVar("_Scalar", bound=np.generic)

SHARED = (BestResponse, FirstViolation, SubsequenceFirstViolation)
"""Rules under which no agent depends on another, and a cost of 0 changes nothing."""

MOST_AGENTS = 512
"""Populations larger than this are worth a step of their own; those of a cohort are held in memory twice."""


class Cohort:
    """P populations, with a row for each of their agents.

    Attributes
    ----------
    populations
        In the order of their rows.
    whole
        All of them as one.
    """

    def __init__(self, populations: Sequence[Population]) -> None:
        self.populations = tuple(populations)
        self.names = tuple(p.name for p in populations)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.count = len(populations)
        self.name, self.actions = party(populations[0].name), populations[0].actions
        self._sizes = np.array([population.agents for population in populations])
        self._ends = self._sizes.cumsum().tolist()
        self.rows: int = self._ends[-1]
        self.whole = joined(populations)

    def block(self, index: int) -> slice:
        """The rows of one population."""
        return slice(self._ends[index - 1] if index else 0, self._ends[index])

    def each(self) -> Iterator[tuple[int, str, slice]]:
        """Index, name and rows of every population."""
        for index, name in enumerate(self.names):
            yield index, name, self.block(index)

    def spread(self, of_population: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """Repeat values of populations (P, ...) for each of their rows (R, ...)."""
        return of_population if self.rows == self.count else of_population.repeat(self._sizes, axis=0)

    def best_response(self, predictions: FloatArray, candidates: BoolArray) -> IntArray:
        """Each agent's choice (R,) under the prediction its population acts on.

        Parameters
        ----------
        predictions : (d,) or (P, d)
        candidates : (R, A)
        """
        points = np.atleast_2d(predictions)
        each = points if len(points) == 1 else self.spread(points)
        return best_responses(self.whole.utility, self.whole.offset, candidates, each)

    def costs(self, outcome: FloatArray) -> FloatArray:
        """Cost of every action under every constraint, (R, A, J).

        Raises
        ------
        ProblemError
            If a constraint of one of the populations, which it names, returns anything else.
        """
        costs: FloatArray = self._of_whole("costs", outcome)
        return costs

    def expected_costs(self, law: Mixture) -> FloatArray:
        """Expected cost of every action under every constraint, (R, A, J), when the outcome has this law.

        Raises
        ------
        ProblemError
            As :meth:`costs`.
        """
        costs: FloatArray = self._of_whole("expected_costs", law)
        return costs

    def _of_whole(self, method: str, given: FloatArray | Mixture) -> Any:
        try:
            return getattr(self.whole, method)(given)
        except ProblemError:
            for population in self.populations:
                getattr(population, method)(given)
            raise


def by_population(
    cohorts: Mapping[str, Cohort], arrays: Mapping[str, BoolArray], names: Sequence[str]
) -> Mapping[str, BoolArray]:
    """Arrays (N, ...) of populations, in the order of their names, from those (R, ...) of their cohorts."""
    if any(cohorts[name].count > 1 for name in arrays):
        return _Parts(cohorts, arrays, names)
    alone = {cohorts[name].names[0]: array for name, array in arrays.items()}
    return {name: alone[name] for name in names}


class _Parts(Mapping[str, BoolArray]):
    """Cuts an array into its populations when they are asked for: thousands of parts that nobody may look at."""

    def __init__(self, cohorts: Mapping[str, Cohort], arrays: Mapping[str, BoolArray], order: Sequence[str]) -> None:
        self._cohorts, self._arrays, self._order = cohorts, dict(arrays), order

    def __getitem__(self, population: str) -> BoolArray:
        for name, cohort in self._cohorts.items():
            if population in cohort.index:
                return self._arrays[name][cohort.block(cohort.index[population])]
        raise KeyError(population)

    def __iter__(self) -> Iterator[str]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)


def cohorts(
    populations: Sequence[Population], rules: Mapping[str, Policy], apart: Mapping[str, Hashable]
) -> list[Cohort]:
    """Group populations, in the order of their first members.

    Parameters
    ----------
    populations
        Of the scenario.
    rules
        By population.
    apart
        By population, what else must agree for two to be in one cohort.
    """
    groups: dict[Hashable, list[Population]] = {}
    for population in populations:
        rule = rules[population.name]
        key: Hashable = population.name
        if type(rule) in SHARED and isinstance(rule, Elimination) and population.agents <= MOST_AGENTS:
            # Expected costs of a linear constraint are those at the mean, and rounded otherwise where others beside it
            # have to be asked at every point.
            linear = tuple(isinstance(constraint, LinearConstraint) for constraint in population.constraints)
            shape = (population.utility.shape[1:], linear)
            same = (type(rule), rule.feedback, rule.on_empty)
            key = (same, shape, apart[population.name]) if rule.on_empty == "fallback" else key
        groups.setdefault(key, []).append(population)
    return [Cohort(members) for members in groups.values()]
