"""Regret to the policy of following a base forecaster, recomputed from the record (theory, section 4.1).

An agent that had followed base b would have played, in each round, its best response to the base's prediction among
the candidates it had. The objectives of :class:`~omnisim.game.objectives.BaseRegret` keep

    R = sum over S of u(base's action, y_t) - E_{p ~ psi_t} u(own action, y_t)

below the least over the rates of Lambda / eta + eta V, with V the sum of the squared summands, as long as Phi <= e K.
What the agent really earns differs from the expectation by a martingale whose increments are at most its utility range
and have the variance of its utility over the mixture, given the outcome, since y_t is drawn independently of p_t: see
:func:`~omnisim.game.regret_bounds.sampling_bound`.
"""

from dataclasses import dataclass

import numpy as np

from omnisim.analysis.expected import candidates_of, responses
from omnisim.arrays import FloatArray
from omnisim.by_value import ByValue
from omnisim.trace import Mixtures, Trace


@dataclass(frozen=True, eq=False, repr=False)
class BaseRegrets(ByValue):
    """Per subsequence, agent and base, (L, N, B), in utility.

    Attributes
    ----------
    expected
        Regret to following the base, in expectation over the mixtures.
    squares
        Sum of the squares of its summands.
    realized
        Regret of the actions really played.
    variance : (L, N)
        Sum of the variances of the agent's utility over the mixtures, given the outcomes.
    """

    expected: FloatArray
    squares: FloatArray
    realized: FloatArray
    variance: FloatArray


def base_regrets(
    trace: Trace, mixtures: Mixtures, bases: FloatArray, population: str, outcomes: FloatArray
) -> BaseRegrets:
    """Regrets of the agents of a population to following bases that predicted (T, B, d), at these outcomes (T, d)."""
    record = trace.records[population]
    agents, count = record.population.agents, bases.shape[1]
    each = np.arange(agents)
    sums = (len(trace.subsequences), agents)
    expected, squares, realized = np.zeros((3, *sums, count))
    found = BaseRegrets(expected, squares, realized, np.zeros(sums))
    for t in range(trace.rounds):
        earned = record.population.utilities(outcomes[t])
        played = earned[each, record.actions[t]]
        _, weights, choices = responses(trace, mixtures, record, t)
        likely = [(weight, earned[each, actions]) for weight, actions in zip(weights, choices, strict=True)]
        own = sum(weight * utility for weight, utility in likely)
        variance = sum(weight * (utility - own) ** 2 for weight, utility in likely)
        candidates = candidates_of(record, trace.active[t], t)
        followed = np.empty((agents, count))
        for b, prediction in enumerate(bases[t]):
            # Most often a base is broadcast as it is; then its actions are those played.
            same = np.array_equal(prediction, trace.predictions[t])
            actions = record.actions[t] if same else record.population.best_response(prediction, candidates)
            followed[:, b] = earned[each, actions]
        for k in np.flatnonzero(trace.active[t]):
            gains = followed - np.asarray(own)[:, None]
            found.expected[k] += gains
            found.squares[k] += gains**2
            found.realized[k] += followed - played[:, None]
            found.variance[k] += variance
    return found
