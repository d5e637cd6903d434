"""Families of objectives against explicit sums over every objective."""

import itertools

import numpy as np
import pytest

from omnisim.game.objectives import BaseRegret, DecisionEvents, UtilityDirections
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.problem.population import Population


def instance(seed, agents=3, actions=3, dimension=2, subsequences=3):
    rng = np.random.default_rng(seed)
    population = Population("p", rng.random((agents, actions, dimension)) / dimension)
    candidates = rng.random((agents, actions)) < 0.7
    candidates[:, 0] |= ~candidates.any(axis=1)
    active = np.array([True, False, True])[:subsequences]
    context = Context(0, active, candidates={"p": candidates})
    return rng, population, context, candidates


def played(population, candidates, prediction, n):
    scores = [
        (population.utility[n, a] @ prediction + population.offset[n, a]) if candidates[n, a] else -np.inf
        for a in range(population.actions)
    ]
    return int(np.argmax(scores))


def explicit_gain(kind, population, candidates, active, event, column, prediction, actor, outcome):
    """r of one objective, from its definition; ``actor`` is the prediction that decides the action."""
    k, n, a = event
    if not active[k] or played(population, candidates, actor, n) != a:
        return 0.0
    if kind is DecisionEvents:
        return prediction[column] - outcome[column]
    return (population.utility[n, column] - population.utility[n, a]) @ (outcome - prediction) / 2


@pytest.mark.parametrize("kind", [DecisionEvents, UtilityDirections])
@pytest.mark.parametrize("base", [None, 0])
@pytest.mark.parametrize("seed", range(8))
def test_weighted_gain_and_gains_are_the_sums_over_all_objectives(kind, base, seed):
    rng, population, context, candidates = instance(seed)
    family = kind(population, subsequences=3, base=base)
    base_prediction = rng.random(2)
    family.prepare(context, [base_prediction])
    net = rng.normal(size=(family.rows, family.columns))
    mixture = Mixture(rng.random((3, 2)), rng.dirichlet(np.ones(3)))
    outcome = rng.random(2)
    events = list(itertools.product(range(3), range(population.agents), range(population.actions)))
    assert family.rows == len(events)

    expected = np.zeros((family.rows, family.columns))
    for weight, prediction in zip(mixture.weights, mixture.support, strict=True):
        actor = prediction if base is None else base_prediction
        single = np.array(
            [
                [
                    explicit_gain(kind, population, candidates, context.active, event, c, prediction, actor, outcome)
                    for c in range(family.columns)
                ]
                for event in events
            ]
        )
        intercept, slope = family.weighted_gain(net, prediction)
        assert intercept + slope @ outcome == pytest.approx((net * single).sum())
        expected += weight * single
    rows, gains = family.gains(mixture, outcome)
    assert len(set(rows.tolist())) == len(rows)
    found = np.zeros_like(expected)
    found[rows] = np.tile(gains, (len(rows) // len(gains), 1))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_numbers_of_objectives():
    population = Population("p", np.zeros((5, 4, 3)))
    assert DecisionEvents(population, 2).count == 2 * 3 * 5 * 4 * 2
    assert UtilityDirections(population, 2).count == 5 * 4 * 4 * 2


@pytest.mark.parametrize("kind", [DecisionEvents, UtilityDirections])
def test_copying_the_outcome_gains_nothing(kind):
    rng, population, context, _ = instance(3)
    family = kind(population, subsequences=3)
    family.prepare(context, [])
    outcome = rng.random(2)
    intercept, slope = family.weighted_gain(rng.random((family.rows, family.columns)), outcome)
    assert intercept + slope @ outcome == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_base_regret_is_what_following_a_base_would_have_earned_more(seed):
    rng, population, context, candidates = instance(seed, agents=4, actions=4)
    decisions = DecisionEvents(population, subsequences=3)
    family = BaseRegret(decisions, subsequences=3, bases=2)
    bases = list(rng.random((2, 2)))
    for prepared in (decisions, family):
        prepared.prepare(context, bases)
    net = rng.random((family.rows, family.columns))
    mixture = Mixture(rng.random((3, 2)), rng.dirichlet(np.ones(3)))
    outcome = rng.random(2)
    assert (family.rows, family.count) == (3 * 4, 3 * 4 * 2)

    def earned(prediction, n):
        action = played(population, candidates, prediction, n)
        return population.utility[n, action] @ outcome + population.offset[n, action]

    expected = np.zeros((family.rows, family.columns))
    for weight, prediction in zip(mixture.weights, mixture.support, strict=True):
        single = np.array(
            [
                [context.active[k] * (earned(base, n) - earned(prediction, n)) for base in bases]
                for k, n in itertools.product(range(3), range(4))
            ]
        )
        intercept, slope = family.weighted_gain(net, prediction)
        assert intercept + slope @ outcome == pytest.approx((net * single).sum())
        expected += weight * single
    rows, gains = family.gains(mixture, outcome)
    found = np.zeros_like(expected)
    if len(gains):
        found[rows] = np.tile(gains, (len(rows) // len(gains), 1))
    np.testing.assert_allclose(found, expected, atol=1e-12)

    # A copy of the outcome is never beaten by a base, whatever the weights.
    intercept, slope = family.weighted_gain(net, outcome)
    assert intercept + slope @ outcome <= 1e-12
