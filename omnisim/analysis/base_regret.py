"""Regret to the policy of following a base forecaster, recomputed from the record (theory, section 4.1).

An agent that had followed base b would have played, in each round, its best response to the base's prediction among
the candidates it had. The objectives of :class:`~omnisim.game.objectives.BaseRegret` keep

    R = sum over S of u(base's action, y_t) - E_{p ~ psi_t} u(own action, y_t)

below 2.1214 sqrt(Lambda V) + 4 Lambda, with V the sum of the squared summands, as long as Phi <= e K. What the agent
really earns differs from the expectation by a martingale whose increments lie in an interval of width 1, since
utilities lie in [0, 1] and y_t is drawn independently of p_t: by Azuma-Hoeffding it exceeds sqrt(|S| ln(2 K / delta) /
2) with probability at most delta / (2 K).
"""

from dataclasses import dataclass

import numpy as np

from omnisim.analysis.expected import candidates_of, responses
from omnisim.arrays import FloatArray
from omnisim.trace import Mixtures, Trace


@dataclass(frozen=True)
class BaseRegrets:
    """Per subsequence, agent and base, (L, N, B), in utility.

    Attributes
    ----------
    expected
        Regret to following the base, in expectation over the mixtures.
    squares
        Sum of the squares of its summands.
    realized
        Regret of the actions really played.
    """

    expected: FloatArray
    squares: FloatArray
    realized: FloatArray


def base_regrets(trace: Trace, mixtures: Mixtures, bases: FloatArray, population: str) -> BaseRegrets:
    """Regrets of the agents of a population to following each base, whose predictions are (T, B, d)."""
    record = trace.records[population]
    agents, count = record.population.agents, bases.shape[1]
    each = np.arange(agents)
    found = BaseRegrets(*(np.zeros((len(trace.subsequences), agents, count)) for _ in range(3)))
    for t in range(trace.rounds):
        earned = record.population.utilities(trace.outcomes[t])
        played = earned[each, record.actions[t]]
        own = sum(weight * earned[each, actions] for _, weight, actions in responses(trace, mixtures, record, t))
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
    return found
