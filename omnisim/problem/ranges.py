"""Stakes of a round: the ranges of utilities over the outcomes that are possible."""

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.problem.limits import BOX, Limits
from omnisim.problem.population import Population


def utility_range(population: Population, limits: Limits = BOX) -> FloatArray:
    """The largest difference of two utilities of each agent (N,) at one outcome within the limits, [0, 1]^d by default.

    Exact: the difference of two affine utilities is largest at the corner that the signs of its slopes say.

    Examples
    --------
    The two differ by 0.5 at y = 0 and by 0.25 at y = 1:

    >>> population = Population("one", [[[0.75], [0.0]]], [[0.0, 0.5]])
    >>> utility_range(population)
    array([0.5])
    >>> utility_range(population, Limits(0.5, 1.0))
    array([0.25])
    """
    found = np.zeros(population.agents)
    for a in range(population.actions):
        for b in range(a):
            slope = population.utility[:, a] - population.utility[:, b]
            offset = population.offset[:, a] - population.offset[:, b]
            rising, falling = np.maximum(slope, 0).sum(axis=1), np.maximum(-slope, 0).sum(axis=1)
            above = limits.high * rising - limits.low * falling + offset
            below = limits.high * falling - limits.low * rising - offset
            np.maximum(found, np.maximum(above, below), out=found)
    return found
