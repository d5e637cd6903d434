"""Stakes of a round: the ranges of utilities over the outcomes that are possible."""

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.compiled import compiled
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
    _range(population.utility, population.offset, limits.low, limits.high, found)
    return found


@compiled()
def _range(utility, offset, low, high, found):
    for n in range(utility.shape[0]):
        for a in range(utility.shape[1]):
            for b in range(a):
                rising, falling = 0.0, 0.0
                for i in range(utility.shape[2]):
                    slope = utility[n, a, i] - utility[n, b, i]
                    rising += max(slope, 0.0)
                    falling += max(-slope, 0.0)
                more = offset[n, a] - offset[n, b]
                above = high * rising - low * falling + more
                below = high * falling - low * rising - more
                found[n] = max(found[n], above, below)
