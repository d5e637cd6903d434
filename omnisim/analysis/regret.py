"""Regret against the actions that never violated a constraint (theory, section 1).

With benchmark B, for one agent on one subsequence S:

- external regret = max over b in B of the sum over S of u(b, y_t) - u(a_t, y_t);
- swap regret = sum over the actions a played of max over b in B of the sum over the rounds of S with a_t = a
  of u(b, y_t) - u(a_t, y_t).

Both are NaN where B is empty.
"""

from dataclasses import dataclass

import numpy as np

from omnisim.analysis.kernels import compare
from omnisim.analysis.sums import Sums
from omnisim.arrays import BoolArray, FloatArray, read_only
from omnisim.by_value import ByValue
from omnisim.problem.population import Population


@dataclass(frozen=True, eq=False, repr=False)
class Regret(ByValue):
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
    shape = benchmark.shape[:2]
    found = Regret(np.empty(shape), np.empty(shape), np.empty(shape))
    compare(
        sums.outcome,
        sums.count,
        population.utility,
        population.offset,
        read_only(benchmark),
        found.utility,
        found.external,
        found.swap,
    )
    return found
