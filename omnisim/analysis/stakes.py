r"""Largest possible losses without any promise, beside which bounds are read.

A guarantee says something only if its bound is below what could have been lost in any case. For an agent on a set S of
its rounds, in the unit of the certificate:

``trivial``, known before the run, whatever outcomes come:

- regret: \|S\| times the agent's utility range, the largest difference of two of its utilities at one possible outcome;
- violation: \|S\| times the largest possible cost, 1; 0 for an agent without constraints;
- bias: \|S\| times the largest possible error of one coordinate, 1; along utilities, half the largest
  \|(U_b - U_a) . (y - p)\|, half the norm of U_b - U_a;
- actions removed: their number; 0 for an agent without constraints.

``hindsight``, the same for the outcomes that came, whatever had been predicted and played:

- regret: the sum over S of the best less the worst utility;
- violation: the number of rounds of S from the first on in which any action of the agent violated (costs of actions
  that were not played are not on record; this is no less than what could have been violated);
- bias: the larger of the sums over S of y_i and of 1 - y_i, for the coordinate where it is largest; along utilities,
  the same for the pair of actions where it is largest;
- actions removed: the size of the benchmark.

Outcomes that are possible are all of [0, 1]^d, over which the range of affine utilities is exact: the difference of two
of them is largest at the corner that the signs of its slopes say.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.by_value import ByValue
from omnisim.problem.population import Population
from omnisim.trace import PopulationRecord

LARGEST_COST = LARGEST_ERROR = 1.0
"""Costs lie in [-1, 1], predictions and outcomes in [0, 1]."""


@dataclass(frozen=True, eq=False, repr=False)
class Stakes(ByValue):
    """Largest possible loss of each of N agents, (N,) or one number for all: before the run, and given its outcomes.

    ``hindsight`` may be a function of the agent, since a row is about one; ``utility``: whether in units of utility, so
    that it is money.
    """

    trivial: FloatArray | float
    hindsight: FloatArray | float | Callable[[int], float]
    utility: bool = False

    def of(self, agent: int) -> tuple[float, float]:
        """Both for one agent."""
        trivial = np.atleast_1d(self.trivial)
        before = float(trivial[agent % len(trivial)])
        if callable(self.hindsight):
            return before, self.hindsight(agent)
        hindsight = np.atleast_1d(self.hindsight)
        return before, float(hindsight[agent % len(hindsight)])


NONE = Stakes(np.nan, np.nan)
"""Stakes of checks of assumptions: nothing can be lost."""


def utility_spread(record: PopulationRecord, outcomes: FloatArray, member: BoolArray, agent: int) -> float:
    """Best less worst utility of an agent at the outcomes that came, summed over the rounds in which it was there.

    Parameters
    ----------
    record
        Of the agent's population.
    outcomes : (T, d)
    member : (T,)
        Set of rounds.
    """
    here = member if record.present is None else member & record.present[:, agent]
    population = record.population
    utilities = outcomes[here] @ population.utility[agent].T + population.offset[agent]
    return float(np.ptp(utilities, axis=1).sum())


def rounds_present(record: PopulationRecord, member: BoolArray, first: IntArray | None = None) -> IntArray:
    """Number of rounds of a set (T, 1) in which each agent was there, (N,); from its first (N,) round on, or of all."""
    begins = np.zeros(record.population.agents, dtype=np.int64) if first is None else first
    if record.present is None:
        to_come = np.append(np.cumsum(member[::-1])[::-1], 0)
        return np.asarray(to_come[begins])
    return np.asarray((member & record.present & (np.arange(len(member))[:, None] >= begins)).sum(axis=0))


def violation_stakes(record: PopulationRecord, member: BoolArray, k: int | None) -> Stakes:
    """Largest possible violation of each agent on subsequence k, with rounds ``member`` (T, 1), or in all rounds."""
    if record.costs.shape[2] == 0:
        return Stakes(0.0, 0.0)
    first = record.violated_at.min(axis=(1, 2)) if k is None else record.violated_at[:, :, k].min(axis=1)
    every, later = (rounds_present(record, member, begin).astype(np.float64) for begin in (None, first))
    return Stakes(LARGEST_COST * every, LARGEST_COST * later)


def removal_stakes(record: PopulationRecord, benchmark: BoolArray) -> Stakes:
    """Number of actions that could be removed, and of those in the benchmark (N, A)."""
    if record.costs.shape[2] == 0:
        return Stakes(0.0, 0.0)
    return Stakes(float(record.population.actions), benchmark.sum(axis=1).astype(np.float64))


def bias_stakes(outcomes: FloatArray) -> Stakes:
    """Largest possible |bias| of one coordinate over rounds with these outcomes (R, d)."""
    total = outcomes.sum(axis=0)
    return Stakes(LARGEST_ERROR * len(outcomes), float(np.maximum(total, len(outcomes) - total).max()))


def direction_stakes(population: Population, outcomes: FloatArray) -> Stakes:
    """Largest possible bias along differences of utilities, halved as the objectives are."""
    count, total = len(outcomes), outcomes.sum(axis=0)
    trivial, hindsight = np.zeros((2, population.agents))
    for a in range(population.actions):
        for b in range(population.actions):
            slope = population.utility[:, b] - population.utility[:, a]
            trivial = np.maximum(trivial, count * np.abs(slope).sum(axis=1) / 2)
            hindsight = np.maximum(hindsight, (slope @ total + count * np.maximum(-slope, 0).sum(axis=1)) / 2)
    return Stakes(trivial, hindsight)
