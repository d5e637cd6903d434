"""Regret against the actions that never violated a constraint (theory, section 1).

With benchmark B, for one agent on one subsequence S:

- external regret = max over b in B of the sum over S of u(b, y_t) - u(a_t, y_t);
- swap regret = sum over the actions a played of max over b in B of the sum over the rounds of S with a_t = a
  of u(b, y_t) - u(a_t, y_t).

Both are NaN where B is empty.
"""

from dataclasses import dataclass

import numpy as np

from omnisim.analysis.sums import Sums, blocks
from omnisim.arrays import BoolArray, FloatArray
from omnisim.problem.population import Population


@dataclass(frozen=True)
class Regret:
    """Utility earned and regret, each (L, N), in units of utility summed over the rounds of a subsequence."""

    utility: FloatArray
    external: FloatArray
    swap: FloatArray


def regret(population: Population, sums: Sums, benchmark: BoolArray) -> Regret:
    """Utility, external and swap regret of every agent on every subsequence.

    Parameters
    ----------
    population
        N agents with A actions.
    sums
        Of the run.
    benchmark : (L, N, A) bool
        The actions competed with; regrets are NaN where there is none.
    """
    subsequences, agents, actions = benchmark.shape
    utility = np.empty((subsequences, agents))
    external = np.empty((subsequences, agents))
    swap = np.empty((subsequences, agents))
    for block in blocks(agents, subsequences * actions * actions):
        # earned[k, n, a, b]: what b would have earned in the rounds of subsequence k in which n played a.
        slopes, offsets = population.utility[block], population.offset[block]
        earned = sums.outcome[:, block] @ slopes.swapaxes(1, 2)
        earned += sums.count[:, block, :, None] * offsets[:, None, :]
        own = np.diagonal(earned, axis1=2, axis2=3)
        utility[:, block] = own.sum(axis=2)
        allowed = benchmark[:, block]
        with np.errstate(invalid="ignore"):
            best = np.where(allowed, earned.sum(axis=2), -np.inf).max(axis=2)
            external[:, block] = best - utility[:, block]
            swapped = np.where(allowed[:, :, None, :], earned, -np.inf).max(axis=3)
            swap[:, block] = (swapped - own).sum(axis=2)
    empty = ~benchmark.any(axis=2)
    external[empty] = np.nan
    swap[empty] = np.nan
    return Regret(utility, external, swap)
