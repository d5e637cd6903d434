"""What agents would have earned by following a forecast, and which errors of it would have cost them."""

from collections.abc import Iterable

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.problem.choices import temptation
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population


def earnings(populations: Iterable[Population], context: Context, mixture: Mixture, outcome: FloatArray) -> float:
    """The sum of all agents' utilities, in expectation over the mixture, with the candidates of the round."""
    total = 0.0
    for population in populations:
        earned = population.utilities(outcome)
        agents = np.arange(population.agents)
        for prediction, weight in zip(mixture.support, mixture.weights, strict=True):
            actions = population.best_response(prediction, context.candidates.get(population.name))
            total += float(weight) * float(earned[agents, actions].sum())
    return total


def decision_slope(
    populations: Iterable[Population], context: Context, prediction: FloatArray, outcome: FloatArray
) -> FloatArray:
    """A subgradient in the prediction of what its errors cost the agents, (d,), the mean over all of them.

    The cost is the SPO+ loss of Elmachtoub and Grigas (Management Science 68, 2022), here for utilities: with a* the
    best candidate at the outcome y, max over a of {2 u(a, p) - u(a, y)} - 2 u(a*, p) + u(a*, y). It is convex in p, 0
    at p = y, and at least what the agent loses by the best response to p. The maximum is attained by the best response
    to 2 p - y.
    """
    slope = np.zeros(len(outcome))
    agents = 0
    for population in populations:
        candidates = context.candidates.get(population.name)
        slope += 2 * temptation(population.utility, population.offset, candidates, prediction, outcome)
        agents += population.agents
    return slope / agents
