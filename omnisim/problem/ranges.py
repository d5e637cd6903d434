"""Stakes of a round: the ranges of utilities over the outcomes that are possible."""

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.problem.population import Population


def utility_range(population: Population) -> FloatArray:
    """The largest difference of two utilities of each agent (N,) at one outcome of [0, 1]^d.

    Exact: the difference of two affine utilities is largest at the corner that the signs of its slopes say.

    Examples
    --------
    The two differ by 0.5 at y = 0 and by 0.25 at y = 1:

    >>> utility_range(Population("one", [[[0.75], [0.0]]], [[0.0, 0.5]]))
    array([0.5])
    """
    found = np.zeros(population.agents)
    for a in range(population.actions):
        for b in range(a):
            slope = population.utility[:, a] - population.utility[:, b]
            offset = population.offset[:, a] - population.offset[:, b]
            above = np.maximum(slope, 0).sum(axis=1) + offset
            below = np.maximum(-slope, 0).sum(axis=1) - offset
            np.maximum(found, np.maximum(above, below), out=found)
    return found
