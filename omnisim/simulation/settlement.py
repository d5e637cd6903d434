"""Settlement at the true outcomes: what was paid where the theory saw values clipped to [0, 1]^d."""

import numpy as np

from omnisim.arrays import ROUNDING, FloatArray
from omnisim.problem.constraints import LinearConstraint
from omnisim.problem.population import Population
from omnisim.products import times
from omnisim.trace import PopulationRecord


def differing(unclipped: FloatArray, clipped: FloatArray) -> FloatArray | None:
    """The values before clipping (T, d), or None where clipping changed nothing."""
    return unclipped if np.abs(unclipped - clipped).max(initial=0.0) > ROUNDING else None


def true_costs(population: Population, record: PopulationRecord, outcomes: FloatArray) -> FloatArray:
    """Cost of the action played under each constraint (T, N, J) at the outcomes (T, d) before they were clipped.

    A linear constraint is evaluated at the true outcome and may leave [-1, 1]. Constraints of another form are defined
    on [0, 1]^d only, and keep the cost at the clipped outcome: those of the market compare a price with a threshold
    inside the range, which clipping does not change.
    """
    costs = record.costs.copy()
    agents = np.arange(population.agents)
    absent = record.actions < 0
    played = np.where(absent, 0, record.actions)
    for j, constraint in enumerate(population.constraints):
        if isinstance(constraint, LinearConstraint):
            for t, outcome in enumerate(outcomes):
                linear = times(constraint.slope[agents, played[t]], outcome)
                costs[t, :, j] = linear + constraint.offset[agents, played[t]]
    costs[absent] = 0.0
    return costs
