"""Sinha-Vaze and drift-plus-penalty against their bounds, and beside elimination on the same market."""

import numpy as np
import pytest
from scipy.optimize import linprog
from strategies.learners.driving import Driven, Opponent, at_random, constrained, drive, in_phases

import omnisim
from omnisim import elimination
from omnisim.learners import DriftPlusPenalty, Learner, SinhaVaze

A, J, D = 5, 2, 3
T = 1024


def tempting(t: int, weights: np.ndarray) -> np.ndarray:
    """Moves against what the first agent leans to."""
    return np.array([weights[0, 0] < 0.5, weights[0, 1] < 0.3, t % 2 == 0], dtype=float)


OPPONENTS: dict[str, Opponent] = {
    "random": at_random(D, seed=1),
    "phases": in_phases(D, T, seed=2),
    "tempting": tempting,
}


def best_allowed(driven: Driven, t: int, n: int) -> float:
    """The most a fixed distribution earns in t rounds whose expected costs are <= 0 in each of them."""
    costs = driven.costs[:t, n].transpose(0, 2, 1).reshape(-1, A)
    found = linprog(
        -driven.utilities[:t, n].sum(axis=0), np.unique(costs, axis=0), np.zeros(len(np.unique(costs, axis=0))),
        np.ones((1, A)), [1.0], bounds=(0, 1),
    )  # fmt: skip
    assert found.success
    return -float(found.fun)


def regret(driven: Driven, t: int, n: int) -> float:
    earned = (driven.weights[:t, n] * driven.utilities[:t, n]).sum()
    return best_allowed(driven, t, n) - float(earned)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("opponent", OPPONENTS)
@pytest.mark.parametrize("seed", [0, 1])
def test_sinha_vaze_keeps_its_bounds(opponent: str, seed: int) -> None:
    population = constrained(3, A, J, D, seed)
    driven = drive(SinhaVaze(), population, OPPONENTS[opponent], T)
    scale = np.sqrt(A) * np.sqrt(2)  # G D
    worst = np.maximum(driven.expected_costs(T).max(axis=2), 0).sum(axis=0)
    assert (worst <= 4 * scale * np.log(2 * (1 + 2 * T)) * np.sqrt(T)).all()
    # And what the proof gives before it is rounded up: exp(lambda Q) / 2 <= sqrt(T) + 1 + T / 2.
    assert (worst <= 2 * scale * 2 * np.sqrt(T) * np.log(2 * np.sqrt(T) + 2 + T)).all()
    for t in (1, 16, 256, T):
        assert all(regret(driven, t, n) <= 2 * scale * (np.sqrt(t) + 1) for n in range(3))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("opponent", OPPONENTS)
@pytest.mark.parametrize("seed", [0, 1])
def test_drift_plus_penalty_keeps_its_bounds(opponent: str, seed: int) -> None:
    population = constrained(3, A, J, D, seed)
    driven = drive(DriftPlusPenalty(), population, OPPONENTS[opponent], T)
    longest = np.sqrt(2 * T**1.5 + T * (A / 2 + 4 + J))
    violation = driven.expected_costs(T).sum(axis=0).max(axis=1)
    assert (violation <= longest * (1 + A * np.sqrt(J) / 2) + A * np.sqrt(T) / 2).all()
    assert all(regret(driven, T, n) <= np.sqrt(T) * (A / 4 + 2 + J / 2) for n in range(3))


def temptation(learner: Learner, rounds: int) -> np.ndarray:
    """Expected costs (T,) where one of two actions always earns 0.8 more and costs 1, and the other costs -1."""
    limit = omnisim.LinearConstraint(np.zeros((1, 2, 1)), [[1.0, -1.0]])
    population = omnisim.Population("agents", np.zeros((1, 2, 1)), [[0.9, 0.1]], [limit])
    return drive(learner, population, lambda _t, _weights: np.zeros(1), rounds).expected_costs(rounds)[:, 0, 0]


@pytest.mark.long
def test_sinha_vaze_resists_temptation_in_the_end() -> None:
    """CCV+ grows like the rounds at first, because the bound is large, and like their root later."""
    horizons = 2 ** np.arange(10, 14)
    violation = [np.maximum(temptation(SinhaVaze(), int(t)), 0).sum() for t in horizons]
    print("Sinha-Vaze, T and CCV+:", horizons, np.round(violation, 1))  # noqa: T201
    assert np.polyfit(np.log(horizons), np.log(violation), 1)[0] < 0.7


@pytest.mark.one_in(3)
@pytest.mark.parametrize("rounds", [128, 1024, 8192])
def test_drift_plus_penalty_pays_violations_back(rounds: int) -> None:
    """CCV is of the order of sqrt(T); CCV+ is not promised to be small, and grows like the rounds."""
    costs = temptation(DriftPlusPenalty(), rounds)
    assert costs.sum() <= 2 * np.sqrt(rounds)
    assert np.maximum(costs, 0).sum() >= rounds / 10


def test_without_constraints_they_are_gradient_descent() -> None:
    population = constrained(2, A, 0, D, seed=3)
    for learner in (SinhaVaze(), DriftPlusPenalty()):
        driven = drive(learner, population, OPPONENTS["random"], 256)
        assert (driven.external_regret(256) <= np.sqrt(A) * 2 * np.sqrt(2) * (np.sqrt(256) + 1)).all()
        assert (learner.queue == 0).all()


@pytest.mark.long
def test_beside_elimination_on_the_same_market() -> None:
    """Elimination violates less by far; both stay below what is promised."""
    one = constrained(20, A, J, D, seed=4)
    policies = {
        "Sinha-Vaze": SinhaVaze(),
        "drift plus penalty": DriftPlusPenalty(),
        "Algorithm 1": elimination.FirstViolation(),
        "Algorithm 2": elimination.CumulativeThreshold(),
    }
    scenario = omnisim.Scenario(
        populations=[omnisim.Population(name, one.utility, one.offset, one.constraints) for name in policies],
        adversary=omnisim.adversaries.Switching(
            [[[0.0] * D, [1.0] * D], [[0.2, 0.9, 0.4], [0.8, 0.1, 1.0]]], period=50
        ),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=policies,
        rounds=T,
    )
    agents = omnisim.analyze(omnisim.simulate(scenario, seed=6)).agents
    table = agents.groupby("population", sort=False)[["external_regret", "ccv", "ccv_positive"]].agg(["mean", "max"])
    print(f"T = {T}", table.round(1).to_string(), sep="\n")  # noqa: T201
    largest = agents.groupby("population")["ccv_positive"].max()
    assert largest["Algorithm 1"] <= A < min(largest["Sinha-Vaze"], largest["drift plus penalty"])
    assert largest["Sinha-Vaze"] <= 4 * np.sqrt(2 * A) * np.log(2 * (1 + 2 * T)) * np.sqrt(T)


@pytest.mark.parametrize("value", [0.0, -2.0, float("nan"), float("inf")])
def test_bad_parameters_are_refused(value: float) -> None:
    with pytest.raises(omnisim.OmnisimError, match=f"gradient of SinhaVaze must be > 0 and finite, got {value}"):
        SinhaVaze(gradient=value)
    with pytest.raises(omnisim.OmnisimError, match=f"V of DriftPlusPenalty must be > 0 and finite, got {value}"):
        DriftPlusPenalty(V=value)
    with pytest.raises(omnisim.OmnisimError, match=f"alpha of DriftPlusPenalty must be > 0 and finite, got {value}"):
        DriftPlusPenalty(alpha=value)
