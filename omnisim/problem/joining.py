"""Several populations as one, where what is computed for each agent does not depend on the others.

A thousand small populations then take as long as one of as many agents. What is found for an agent is what would be
found in its own population, bit for bit: every loop over agents treats each of them by itself.
"""

from collections.abc import Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.problem.constraints import Constraint, LinearConstraint
from omnisim.problem.population import Population


def joined(populations: Sequence[Population]) -> Population:
    """All agents of populations of the same numbers of actions, coordinates and constraints, in their order.

    It has the name of the first; a single population is returned as it is. The same constraints should be linear in
    all of them: the expected costs of one that is not in others are rounded otherwise.

    Examples
    --------
    >>> few, many = Population("few", np.zeros((2, 3, 1))), Population("many", np.zeros((5, 3, 1)))
    >>> joined([few, many])
    <Population 'few': 7 agents, 3 actions, 1 coordinate, 0 constraints>
    """
    first = populations[0]
    if len(populations) == 1:
        return first
    return Population(
        first.name,
        np.concatenate([each.utility for each in populations]),
        np.concatenate([each.offset for each in populations]),
        [_joined(populations, j) for j in range(len(first.constraints))],
    )


class _Together:
    """Costs of the same constraint of several populations, each its own object."""

    def __init__(self, populations: Sequence[Population], j: int) -> None:
        self._populations, self._j = populations, j

    def costs(self, outcomes: FloatArray) -> FloatArray:
        """Map outcomes (T, d) to costs (T, N, A)."""
        return np.concatenate([each.costs_under(self._j, outcomes) for each in self._populations], axis=1)


def _joined(populations: Sequence[Population], j: int) -> Constraint:
    constraints = [each.constraints[j] for each in populations]
    linear = [each for each in constraints if isinstance(each, LinearConstraint)]
    if len(linear) == len(constraints):
        slope, offset = (np.concatenate([getattr(each, part) for each in linear]) for part in ("slope", "offset"))
        return LinearConstraint(slope, offset, linear[0].name)
    kind = type(constraints[0])
    together: Constraint | None = None
    if all(type(each) is kind for each in constraints) and (join := getattr(kind, "joined", None)) is not None:
        together = join(constraints) if _fit(populations, j) else None
    return _Together(populations, j) if together is None else together


def _fit(populations: Sequence[Population], j: int) -> bool:
    """Whether each constraint has costs for its own agents and actions: those of the next would make up for others."""
    try:
        for each in populations:
            each.costs_under(j, np.zeros((1, each.dimension)))
    except ProblemError:
        return False
    return True
