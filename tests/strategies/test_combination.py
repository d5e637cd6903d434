"""Online combination and selection against plain loops over their definitions."""

import math

import numpy as np
import pytest

import omnisim
from omnisim.errors import StrategyError
from omnisim.forecasters import Combination, Persistence, Published, RidgeAutoregression, Selection
from omnisim.problem.context import Context, Service

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


def bernstein(tables, outcomes, prior):
    """Loops over rounds, coordinates and experts; one that says NaN has no opinion yet, and agrees."""
    experts = len(tables)
    found = np.empty_like(outcomes)
    for i in range(DIMENSION):
        weights = prior
        regret, squares, largest = [0.0] * experts, [0.0] * experts, [0.0] * experts
        for t in range(ROUNDS):
            awake = [(w, table[t, i]) for w, table in zip(weights, tables, strict=True) if not math.isnan(table[t, i])]
            combined = sum(w * said for w, said in awake) / sum(w for w, _ in awake)
            found[t, i] = combined
            etas = []
            for j, table in enumerate(tables):
                said = combined if math.isnan(table[t, i]) else table[t, i]
                r = math.copysign(1, combined - outcomes[t, i]) * (combined - said)
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


@pytest.mark.parametrize("count", [1, 2, 3])
def test_combination_equals_bernstein_aggregation_by_loops(count):
    outcomes, tables = outcomes_and_tables()
    bases = [Published(table) for table in tables[:count]]
    found = drive(Combination(bases, correction=False), outcomes)
    np.testing.assert_allclose(
        found, np.clip(bernstein(tables[:count], outcomes, [1 / count] * count), 0, 1), atol=1e-12
    )


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
    expected = np.clip(bernstein([tables[0], tables[2], np.array(expert)], outcomes, [4 / 9, 4 / 9, 1 / 9]), 0, 1)
    np.testing.assert_allclose(found, expected, atol=1e-10)


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
