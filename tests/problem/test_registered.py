"""Registered agents together are what they are one population at a time."""

import numpy as np
import pytest

from omnisim.errors import ProblemError
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
    [(1, (1, 0, 0, 0)), (2, (2, 0, 0, 0)), (2, (3, 1, 0, 0)), (3, (3, 0, 0, 0)), (100, (3, 1, 2, 2))],
)
def test_they_are_added_up_elsewhere_to_the_last_bit(block, cuts, monkeypatch):
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


def test_a_block_in_several_places_is_refused(monkeypatch):
    several = populations(np.random.default_rng(5))
    for block, cuts, names in ((2, (1, 0, 0, 0), "a"), (100, (3, 1, 0, 0), "a, b, d")):
        monkeypatch.setattr(elsewhere, "BLOCK", block)
        with pytest.raises(ProblemError, match=f"agents of a block are in several places: {names}$"):
            RegisteredAgents(several, Processes(several, cuts))


def test_populations_of_a_shape_are_together_until_they_are_too_many(monkeypatch):
    monkeypatch.setattr(elsewhere, "BLOCK", 6)
    shapes = {"a": (3, 4), "b": (1, 2), "c": (3, 4), "d": (1, 4), "e": (2, 2), "f": (7, 2), "g": (1, 2), "h": (5, 4)}
    several = [Population(name, np.zeros((n, actions, 5))) for name, (n, actions) in shapes.items()]
    found = [[(each.population, each.first, each.last) for each in block] for block in elsewhere.blocks(several)]
    # a and c are 6, with d they were 7; f is too large, and parts those before it from those behind it.
    assert found == [
        [("a", 0, 3), ("c", 0, 3)],
        [("b", 0, 1), ("e", 0, 2)],
        [("d", 0, 1)],
        [("f", 0, 6)],
        [("f", 6, 7)],
        [("g", 0, 1)],
        [("h", 0, 5)],
    ]
