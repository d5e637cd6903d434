"""Settlement at the true outcomes: what was paid where the theory saw values clipped to [0, 1]^d."""

import numpy as np

from omnisim.arrays import ROUNDING, FloatArray
from omnisim.problem.choices import values_of_choices
from omnisim.problem.constraints import LinearConstraint
from omnisim.problem.population import Population
from omnisim.trace import PopulationRecord


def differing(unclipped: FloatArray, clipped: FloatArray) -> FloatArray | None:
    """The values before clipping (T, d), or None where clipping changed nothing."""
    return unclipped if np.abs(unclipped - clipped).max(initial=0.0) > ROUNDING else None


def true_costs(
    population: Population, record: PopulationRecord, outcomes: FloatArray, unclipped: FloatArray
) -> FloatArray:
    """Cost of the action played under each constraint (T, N, J) at the outcomes (T, d) before they were clipped.

    In rounds in which nothing was clipped it is the cost on record. A linear constraint is evaluated at the true
    outcome and may leave [-1, 1]. Constraints of another form are defined on [0, 1]^d only, and keep the cost at the
    clipped outcome: those of the market compare a price with a threshold inside the range, which clipping does not
    change.
    """
    costs = record.costs.copy()
    for t in np.flatnonzero((unclipped != outcomes).any(axis=1)):
        present = record.actions[t] >= 0
        played = np.where(present, record.actions[t], 0)
        for j, constraint in enumerate(population.constraints):
            if isinstance(constraint, LinearConstraint):
                paid = values_of_choices(constraint.slope, constraint.offset, played, unclipped[t])
                costs[t, :, j] = np.where(present, paid, 0.0)
    return costs
