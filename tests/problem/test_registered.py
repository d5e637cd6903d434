"""Registered agents together are what they are one population at a time."""

import numpy as np
import pytest

from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.problem.registered import RegisteredAgents


def populations(rng):
    shapes = {"a": (3, 4), "b": (1, 4), "c": (2, 2), "d": (2, 4)}
    return [Population(name, rng.random((n, actions, 5)) / 5) for name, (n, actions) in shapes.items()]


@pytest.mark.parametrize("known", [set(), {"a", "d"}, {"a", "b", "c", "d"}])
def test_they_earn_and_are_tempted_as_each_population_does(known):
    rng = np.random.default_rng(3)
    several = populations(rng)
    candidates = {}
    for population in several:
        allowed = rng.random((population.agents, population.actions)) < 0.5
        allowed[:, -1] = True
        candidates |= {population.name: allowed} if population.name in known else {}
    mixture, outcome = Mixture(rng.random((2, 5)), [0.3, 0.7]), rng.random(5)

    earned, slope = 0.0, np.zeros(5)
    for population in several:
        for n in range(population.agents):
            allowed = candidates.get(population.name, np.ones((population.agents, population.actions), dtype=bool))[n]

            def best(point, population=population, n=n, allowed=allowed):
                return int(np.where(allowed, population.utility[n] @ point, -np.inf).argmax())

            for prediction, weight in zip(mixture.support, mixture.weights, strict=True):
                earned += weight * (population.utility[n, best(prediction)] @ outcome)
            tempting, ideal = best(2 * mixture.mean - outcome), best(outcome)
            slope += 2 * (population.utility[n, tempting] - population.utility[n, ideal])
    agents = RegisteredAgents(several)
    assert agents.count == 8
    assert agents.earnings(candidates, mixture, outcome) == pytest.approx(earned, rel=1e-12)
    np.testing.assert_allclose(agents.decision_slope(candidates, mixture.mean, outcome), slope / 8, atol=1e-12)
