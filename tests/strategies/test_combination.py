"""Online combination and selection against plain loops over their definitions."""

import math

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omnisim
from omnisim.errors import StrategyError
from omnisim.forecasters import Combination, Persistence, Published, RidgeAutoregression, Selection
from omnisim.problem.context import Context, Service
from omnisim.problem.mixture import Mixture
from omnisim.problem.registered import RegisteredAgents

ROUNDS, DIMENSION = 60, 2


def outcomes_and_tables(seed=0):
    rng = np.random.default_rng(seed)
    outcomes = rng.random((ROUNDS, DIMENSION))
    tables = [np.clip(outcomes + rng.normal(scale=s, size=outcomes.shape), 0, 1) for s in (0.05, 0.2, 0.5)]
    return outcomes, tables


def drive(forecaster, outcomes, populations=()):
    forecaster.start(Service(DIMENSION, ROUNDS, populations))
    predicted = []
    for t, outcome in enumerate(outcomes):
        predicted.append(forecaster.predict(Context(t)).mean)
        forecaster.update(outcome)
    return np.array(predicted)


def bernstein(tables, outcomes, prior, slope):
    """Loops over rounds and experts; one that says NaN has no opinion yet, and agrees."""
    experts = len(tables)
    found = np.empty_like(outcomes)
    weights = prior
    regret, squares, largest = [0.0] * experts, [0.0] * experts, [0.0] * experts
    for t in range(ROUNDS):
        awake = [(w, table[t]) for w, table in zip(weights, tables, strict=True) if not np.isnan(table[t]).any()]
        combined = sum(w * said for w, said in awake) / sum(w for w, _ in awake)
        found[t] = combined
        etas = []
        for j, table in enumerate(tables):
            said = combined if np.isnan(table[t]).any() else table[t]
            r = float(sum(g * (p - q) for g, p, q in zip(slope(combined, outcomes[t]), combined, said, strict=True)))
            largest[j] = max(largest[j], abs(r))
            squares[j] += r * r
            eta = 1.0
            if largest[j] > 0 and experts > 1:
                eta = min(1 / (2 * largest[j]), math.sqrt(math.log(1 / prior[j]) / squares[j]))
            regret[j] += r - eta * r * r
            etas.append(eta)
        raw = [p * eta * math.exp(eta * total) for p, eta, total in zip(prior, etas, regret, strict=True)]
        weights = [w / sum(raw) for w in raw]
    return found


def of_absolute_errors(prediction, outcome):
    return [math.copysign(1 / DIMENSION, p - y) for p, y in zip(prediction, outcome, strict=True)]


def best(population, n, prediction):
    values = [population.utility[n, a] @ prediction + population.offset[n, a] for a in range(population.actions)]
    return values.index(max(values))


def of_decisions(population):
    """The slope of the mean over agents of max over a of {2 u(a, p) - u(a, y)} - 2 u(a*, p), by loops."""

    def slope(prediction, outcome):
        total = np.zeros(DIMENSION)
        for n in range(population.agents):
            utility = population.utility[n]
            total += 2 * utility[best(population, n, 2 * prediction - outcome)]
            total -= 2 * utility[best(population, n, outcome)]
        return total / population.agents

    return slope


def bettors(seed, agents=4):
    rng = np.random.default_rng(seed)
    return omnisim.Population(
        "p", rng.random((agents, 3, DIMENSION)) / (2 * DIMENSION), offset=rng.random((agents, 3)) / 2
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_combination_equals_bernstein_aggregation_by_loops(count):
    outcomes, tables = outcomes_and_tables()
    bases = [Published(table) for table in tables[:count]]
    found = drive(Combination(bases, correction=False), outcomes)
    np.testing.assert_allclose(
        found, np.clip(bernstein(tables[:count], outcomes, [1 / count] * count, of_absolute_errors), 0, 1), atol=1e-12
    )


def test_weights_are_shares_of_the_bases_in_their_order_and_of_the_correction():
    """Beside one base that is right and one that is far off, all is given to the first in the end."""
    outcomes, _ = outcomes_and_tables()
    bases = [Published(outcomes), Published(1 - outcomes)]
    for correction, begin in ((False, [1 / 2, 1 / 2]), (True, [4 / 9, 4 / 9, 1 / 9])):
        forecaster = Combination(bases, correction=correction)
        forecaster.start(Service(DIMENSION, ROUNDS))
        np.testing.assert_allclose(forecaster.weights, begin)
        for t, outcome in enumerate(outcomes):
            forecaster.predict(Context(t))
            forecaster.update(outcome)
            assert forecaster.weights.sum() == pytest.approx(1)
            assert (forecaster.weights >= 0).all()
        assert forecaster.weights[0] > 0.9 > 0.1 > forecaster.weights[1]


def test_with_agents_the_loss_is_what_errors_cost_their_decisions():
    outcomes, tables = outcomes_and_tables(4)
    population = bettors(6)
    found = drive(Combination([Published(table) for table in tables], correction=False), outcomes, [population])
    expected = bernstein(tables, outcomes, [1 / 3] * 3, of_decisions(population))
    np.testing.assert_allclose(found, np.clip(expected, 0, 1), atol=1e-10)
    assert np.abs(found - np.clip(bernstein(tables, outcomes, [1 / 3] * 3, of_absolute_errors), 0, 1)).max() > 1e-3


@pytest.mark.long
@given(
    points=hnp.arrays(np.float64, (3, DIMENSION), elements=st.floats(0, 1, width=32)),
    candidates=hnp.arrays(np.bool_, (4, 3)),
)
def test_the_slope_is_a_subgradient_of_a_convex_bound_on_the_loss_of_the_agents(points, candidates):
    population = bettors(7)
    candidates[~candidates.any(axis=1), 0] = True
    prediction, other, outcome = points

    def loss(p):
        total = 0.0
        for n in range(population.agents):
            allowed = np.flatnonzero(candidates[n])
            expected, realized = (
                [population.utility[n, a] @ x + population.offset[n, a] for a in allowed] for x in (p, outcome)
            )
            ideal = realized.index(max(realized))
            worst = max(2 * e - r for e, r in zip(expected, realized, strict=True))
            total += worst - 2 * expected[ideal] + realized[ideal]
        return total / population.agents

    agents, context = RegisteredAgents([population]), Context(0, candidates={"p": candidates})
    slope = agents.decision_slope(context, prediction, outcome)
    assert loss(other) >= loss(prediction) + slope @ (other - prediction) - 1e-12
    best_possible, earned = (
        agents.earnings(context, Mixture.point(p), outcome) / population.agents for p in (outcome, prediction)
    )
    assert loss(prediction) >= best_possible - earned - 1e-12
    assert loss(outcome) == pytest.approx(0, abs=1e-12)


def test_the_correction_is_the_ridge_with_the_mean_of_the_bases_among_its_regressors():
    outcomes, tables = outcomes_and_tables()
    ridge = RidgeAutoregression(refit_every=7)
    ridge.start(Service(DIMENSION, ROUNDS))
    expert = []
    for t in range(ROUNDS):
        mean = (tables[0][t] + tables[2][t]) / 2
        corrected = ridge.predict(Context(t, features={"mean": mean})).mean
        # It needs its longest lag, 7 rounds, and 14 rows to fit.
        expert.append(np.full(DIMENSION, np.nan) if t < 7 + 14 else corrected)
        ridge.update(outcomes[t])
    found = drive(Combination([Published(tables[0]), Published(tables[2])]), outcomes)
    expected = bernstein([tables[0], tables[2], np.array(expert)], outcomes, [4 / 9, 4 / 9, 1 / 9], of_absolute_errors)
    np.testing.assert_allclose(found, np.clip(expected, 0, 1), atol=1e-10)


def test_combination_is_not_much_worse_than_the_best_base_and_better_where_errors_differ():
    rng = np.random.default_rng(5)
    outcomes = 0.3 + 0.4 * rng.random((ROUNDS, DIMENSION))
    errors = rng.normal(scale=0.1, size=(2, ROUNDS, DIMENSION))
    tables = [np.clip(outcomes + e, 0, 1) for e in errors]
    found = drive(Combination([Published(table) for table in tables], correction=False), outcomes)
    losses = [np.abs(table - outcomes).sum() for table in [found, *tables]]
    assert losses[0] < min(losses[1:])


def test_selection_follows_who_has_earned_most():
    outcomes, tables = outcomes_and_tables(1)
    rng = np.random.default_rng(2)
    population = omnisim.Population("p", rng.random((4, 3, DIMENSION)) / DIMENSION)
    found = drive(Selection([Published(table) for table in tables[::-1]]), outcomes, [population])
    earned = np.zeros(3)
    for t in range(ROUNDS):
        np.testing.assert_array_equal(found[t], tables[::-1][int(np.argmax(earned))][t])
        for j, table in enumerate(tables[::-1]):
            for n in range(4):
                action = int(np.argmax(population.utility[n] @ table[t]))
                earned[j] += population.utility[n, action] @ outcomes[t]


def test_selection_without_agents_follows_the_smallest_squared_error():
    outcomes, tables = outcomes_and_tables(3)
    found = drive(Selection([Published(tables[2]), Published(tables[0])]), outcomes)
    np.testing.assert_array_equal(found[1:], tables[0][1:])


@pytest.mark.parametrize("build", [Combination, Selection])
def test_a_base_is_needed(build):
    with pytest.raises(StrategyError, match="needs at least one base"):
        build([])


def test_bases_learn():
    outcomes, _ = outcomes_and_tables()
    found = drive(Selection([Persistence(1)]), outcomes)
    np.testing.assert_array_equal(found[1:], outcomes[:-1])
