"""Populations that are decided together.

Messages that arrive at the same instant may be answered in one step. Populations with the same numbers of agents,
actions and constraints, subscribed to the same forecasters, under the same rule, form a *cohort*: one vectorized
computation instead of thousands of small ones. The results are those of each population by itself, bit for bit: their
matrices are stacked, not joined, so that every product has the shape it would have had alone.

Only rules that treat each agent by itself and learn nothing from costs of 0 can be shared; see ``SHARED``. Any other
population is a cohort of its own.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from omnisim.arrays import ROUNDING, BoolArray, FloatArray, IntArray
from omnisim.problem.choices import best_responses
from omnisim.problem.constraints import Constraint, LinearConstraint
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.products import times
from omnisim.simulation.topology import party
from omnisim.strategies.elimination import BestResponse, FirstViolation, SubsequenceFirstViolation
from omnisim.strategies.elimination.base import Elimination
from omnisim.strategies.policy import Policy

_Scalar = TypeVar("_Scalar", bound=np.generic)

SHARED = (BestResponse, FirstViolation, SubsequenceFirstViolation)
"""Rules under which no agent depends on another, and a cost of 0 changes nothing."""

MOST_AGENTS = 16
"""Populations larger than this are worth a step of their own."""


class Cohort:
    """P populations of N agents each, with P N rows.

    A single population is handed through: its own methods are called.
    """

    def __init__(self, populations: Sequence[Population]) -> None:
        self.populations = tuple(populations)
        self.names = tuple(p.name for p in populations)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.count = len(populations)
        first = populations[0]
        self.name, self.agents, self.actions = party(first.name), first.agents, first.actions
        self.rows = self.count * self.agents
        if self.count > 1:
            self._stack()
        self.whole = first if self.count == 1 else self._joined()

    def block(self, index: int) -> slice:
        """The rows of one population."""
        return slice(index * self.agents, (index + 1) * self.agents)

    def each(self) -> Iterator[tuple[int, str, slice]]:
        """Index, name and rows of every population."""
        for index, name in enumerate(self.names):
            yield index, name, self.block(index)

    def spread(self, of_population: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """Repeat values of populations (P,) for each of their rows (P N,)."""
        return of_population.repeat(self.agents) if self.agents > 1 else of_population

    def best_response(self, predictions: FloatArray, candidates: BoolArray) -> IntArray:
        """Each agent's choice (P N,) under the prediction its population acts on.

        Parameters
        ----------
        predictions : (d,) or (P, d)
        candidates : (P N, A)
        """
        return best_responses(self.whole.utility, self.whole.offset, candidates, np.atleast_2d(predictions))

    def costs(self, outcome: FloatArray) -> FloatArray:
        """Cost of every action under every constraint, (P N, A, J)."""
        if self.count == 1:
            return self.whole.costs(outcome)
        together = self._costs_together(outcome)
        if together is None:
            return np.concatenate([population.costs(outcome) for population in self.populations])
        return together

    def expected_costs(self, law: Mixture) -> FloatArray:
        """Expected cost of every action under every constraint, (P N, A, J), when the outcome has this law."""
        if self.count > 1 and self._linear is not None and not self._joint:
            return self.costs(law.mean)
        return np.concatenate([population.expected_costs(law) for population in self.populations])

    def _costs_together(self, outcome: FloatArray) -> FloatArray | None:
        """The costs in a few steps, or None where each population has to be asked for its own."""
        constraints = len(self.whole.constraints)
        if constraints and self._linear is None and not self._joint:
            return None
        costs = np.empty((constraints, self.actions, self.rows))
        if self._linear is not None:
            positions, slope, offset = self._linear
            linear = times(slope, outcome)
            linear += offset
            shaped = linear.reshape(self.count, len(positions), self.actions, self.agents).transpose(1, 2, 0, 3)
            costs[positions] = shaped.reshape(len(positions), self.actions, self.rows)
        for j, constraint in self._joint.items():
            costs[j] = np.asarray(constraint.costs(outcome[None]))[0].T
            if not np.abs(costs[j]).max() <= 1 + ROUNDING:
                return None  # asked for its own costs, the population at fault says so
        return costs.T

    def _stack(self) -> None:
        self._linear: tuple[list[int], FloatArray, FloatArray] | None = None
        self._joint: dict[int, Constraint] = {}
        positions = []
        for j, column in enumerate(zip(*(p.constraints for p in self.populations), strict=True)):
            if all(isinstance(constraint, LinearConstraint) for constraint in column):
                positions.append(j)
            else:
                joint = _join(column)
                if joint is None:
                    self._joint = {}
                    return
                self._joint[j] = joint
        own = [[p.constraints[j] for j in positions] for p in self.populations]
        linear = [[c for c in constraints if isinstance(c, LinearConstraint)] for constraints in own]
        if positions:
            self._linear = (
                positions,
                np.stack([np.concatenate([_agents_last(c.slope) for c in constraints]) for constraints in linear]),
                np.stack([np.concatenate([_agents_last(c.offset) for c in constraints]) for constraints in linear]),
            )

    def _joined(self) -> Population:
        """All agents as one population: what their rule is told of them."""
        return Population(
            self.populations[0].name,
            np.concatenate([p.utility for p in self.populations]),
            np.concatenate([p.offset for p in self.populations]),
            self.populations[0].constraints and [_Unasked()] * len(self.populations[0].constraints),
        )


def by_population(
    cohorts: Mapping[str, Cohort], arrays: Mapping[str, BoolArray], names: Sequence[str]
) -> Mapping[str, BoolArray]:
    """Arrays (N, ...) of populations, in the order of their names, from those (P N, ...) of their cohorts."""
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


class _Unasked:
    """Stands for a constraint whose costs the cohort computes."""

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Never called."""
        raise NotImplementedError


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
            shape = (*population.utility.shape, len(population.constraints))
            same = (type(rule), rule.feedback, rule.on_empty)
            key = (same, shape, apart[population.name]) if rule.on_empty == "fallback" else key
        groups.setdefault(key, []).append(population)
    return [Cohort(members) for members in groups.values()]


def _join(constraints: Sequence[Constraint]) -> Constraint | None:
    """One constraint in place of several of a class that can be joined: it has ``joined(constraints)``."""
    kind = type(constraints[0])
    join = getattr(kind, "joined", None)
    if join is None or any(type(constraint) is not kind for constraint in constraints):
        return None
    joint: Constraint | None = join(constraints)
    return joint


def _agents_last(array: FloatArray) -> FloatArray:
    # As a population lays out what it computes with: (N, A, ...) becomes (A N, ...).
    return np.ascontiguousarray(array.swapaxes(0, 1)).reshape(-1, *array.shape[2:])
