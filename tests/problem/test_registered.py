"""Registered agents together are what they are one population at a time."""

import numpy as np
import pytest

from omnisim.problem import elsewhere
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population
from omnisim.problem.registered import RegisteredAgents


def populations(rng):
    shapes = {"a": (3, 4), "b": (1, 4), "c": (2, 2), "d": (2, 4)}
    return [Population(name, rng.random((n, actions, 5)) / 5) for name, (n, actions) in shapes.items()]


@pytest.mark.parametrize("known", [set(), {"a", "d"}, {"a", "b", "c", "d"}])
@pytest.mark.parametrize("block", [1, 2, 3, 100])
def test_they_earn_and_are_tempted_as_each_population_does(known, block, monkeypatch):
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
    context = Context(0, candidates=candidates)
    monkeypatch.setattr(elsewhere, "BLOCK", block)
    agents = RegisteredAgents(several)
    assert agents.count == 8
    assert agents.earnings(context, mixture, outcome) == pytest.approx(earned, rel=1e-12)
    np.testing.assert_allclose(agents.decision_slope(context, mixture.mean, outcome), slope / 8, atol=1e-12)


class Processes:
    """Agents in two processes, the first of which has some of the first populations and a part of one of them."""

    def __init__(self, populations, cuts):
        self.shares = [[], []]
        for population, cut in zip(populations, cuts, strict=True):
            for share, (first, last) in zip(self.shares, ((0, cut), (cut, population.agents)), strict=True):
                if first < last:
                    share.append((population.between(first, last), first))

    def place(self, make):
        made = [make([each for each, _ in share], {each.name: first for each, first in share}) for share in self.shares]
        shares = self.shares

        class Asked:
            def ask(self, method, context, *points):
                found = []
                for part, share in zip(made, shares, strict=True):
                    own = {
                        each.name: context.candidates[each.name][first : first + each.agents] for each, first in share
                    }
                    found.append(getattr(part, method)(Context(context.round, context.active, candidates=own), *points))
                return found

        return Asked()


@pytest.mark.parametrize(
    ("block", "cuts"),
    [(2, (2, 0, 0, 0)), (2, (3, 1, 0, 0)), (3, (3, 1, 2, 0)), (100, (3, 0, 0, 0)), (100, (3, 1, 2, 2))],
)
def test_they_are_added_up_elsewhere_to_the_last_bit(block, cuts, monkeypatch):
    """Also where a block is of populations that are in different processes."""
    monkeypatch.setattr(elsewhere, "BLOCK", block)
    rng = np.random.default_rng(4)
    several = populations(rng)
    candidates = {each.name: rng.random((each.agents, each.actions)) < 0.5 for each in several}
    for allowed in candidates.values():
        allowed[:, -1] = True
    context, here = Context(0, candidates=candidates), RegisteredAgents(several)
    there = RegisteredAgents(several, Processes(several, cuts))
    tempted = 0
    for _ in range(20):
        mixture, outcome = Mixture(rng.random((2, 5)), [0.3, 0.7]), rng.random(5)
        assert there.earnings(context, mixture, outcome) == here.earnings(context, mixture, outcome)
        slopes = [each.decision_slope(context, mixture.mean, outcome) for each in (there, here)]
        np.testing.assert_array_equal(*slopes)
        tempted += bool(slopes[0].any())
    assert tempted > 1
