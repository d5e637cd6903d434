"""Money: what actions earned at the outcomes that came, which clipping does not touch.

Utilities are affine in the outcome and money is affine in utility, so both are defined at any outcome: the theory needs
[0, 1]^d, money does not.
"""

import numpy as np

from omnisim.arrays import FloatArray, IntArray, read_only
from omnisim.compiled import compiled
from omnisim.problem.population import Population
from omnisim.trace import Trace


def money_by_round(trace: Trace, population: str, agents: slice = slice(None)) -> FloatArray:
    """Money of every agent in every round, (T, N), at the true outcomes; 0 where an agent was not there.

    ``agents``: those of the population that are asked for.
    """
    record = trace.records[population]
    return earned(record.population, record.actions[:, agents], trace.true_outcomes, agents)


def earned(population: Population, actions: IntArray, outcomes: FloatArray, agents: slice = slice(None)) -> FloatArray:
    """Money of every agent in every round, (T, N).

    Parameters
    ----------
    population
        N agents.
    actions : (T, N)
        -1 where an agent was not there: it then earns 0.
    outcomes : (T, d)
        Anywhere, in [0, 1]^d or not.
    agents
        Those of the population whose actions they are.
    """
    found, money = np.zeros(actions.shape), population.money
    slopes, offsets = population.utility[agents], population.offset[agents]
    _earn(slopes, offsets, read_only(actions), read_only(outcomes), found)
    found *= money.scale[agents]
    found += money.offset[agents]
    found[actions < 0] = 0.0
    return found


def lost_by_clipping(trace: Trace, population: str, agents: slice = slice(None)) -> FloatArray:
    """Money at the clipped less that at the true outcomes of every round, (T, N); 0 in rounds without clipping.

    ``agents``: those of the population that are asked for.
    """
    record = trace.records[population]
    played, scale = record.actions[:, agents], record.population.money.scale[agents]
    lost = np.zeros(played.shape)
    if trace.unclipped_outcomes is None:
        return lost
    rounds = np.flatnonzero((trace.unclipped_outcomes != trace.outcomes).any(axis=1))
    actions = played[rounds]
    cut = trace.outcomes[rounds] - trace.unclipped_outcomes[rounds]
    part, slopes = np.zeros(actions.shape), record.population.utility[agents]
    _earn(slopes, read_only(np.zeros(slopes.shape[:2])), read_only(actions), read_only(cut), part)
    lost[rounds] = np.where(actions < 0, 0.0, part * scale)
    return lost


@compiled()
def _earn(utility, offset, actions, outcomes, found):
    for t in range(actions.shape[0]):
        for n in range(actions.shape[1]):
            a = actions[t, n]
            if a >= 0:
                total = 0.0
                for i in range(outcomes.shape[1]):
                    total += utility[n, a, i] * outcomes[t, i]
                found[t, n] = total + offset[n, a]
