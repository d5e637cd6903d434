"""What agents would have earned by following a forecast."""

from collections.abc import Iterable

import numpy as np

from omnisim.arrays import FloatArray
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
