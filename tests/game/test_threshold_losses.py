"""Threshold losses in the engine, and the O(m) step against the linear program (Gibbs and Tibshirani, (9))."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from threshold_losses import ThresholdLosses

from omnisim.errors import StrategyError
from omnisim.game.engine import Engine
from omnisim.game.grid import Grid
from omnisim.game.threshold_kernels import mean_step, play_thresholds, threshold_step
from omnisim.game.weights import Hedge
from omnisim.problem.context import Context
from omnisim.problem.losses import prediction_grid, thresholds
from omnisim.problem.mixture import Mixture


def loss(theta, p, y):
    """The weighted 0-1 loss, spelt out."""
    return theta * (p > theta and y == 0) + (1 - theta) * (p <= theta and y == 1)


def payoffs(weights, base):
    """Weighted excess loss of every grid point under y = 0 and y = 1, (2, m + 1)."""
    m = len(weights)
    return np.array([
        [sum(weights[i] * (loss(theta, p, y) - loss(theta, base[i], y)) for i, theta in enumerate(thresholds(m)))
         for p in np.arange(m + 1) / m]
        for y in (0, 1)
    ])  # fmt: skip


def program(table):
    """min over laws of max over y, by a linear program with m + 2 variables."""
    size = table.shape[1]
    found = optimize.linprog(
        np.append(np.zeros(size), 1.0),
        A_ub=np.hstack([table, -np.ones((2, 1))]),
        b_ub=np.zeros(2),
        A_eq=[np.append(np.ones(size), 0.0)],
        b_eq=[1.0],
        bounds=[*[(0, None)] * size, (None, None)],
        method="highs",
    )
    return found.fun


def instance(seed, m):
    rng = np.random.default_rng(seed)
    # No weight below 1e-5: neither the solver's tolerance of 1e-7 nor rounding decides where the step falls.
    weights = rng.dirichlet(np.full(m, rng.choice([0.1, 1.0, 10.0]))) + 1e-4
    return weights / weights.sum(), rng.random(m), rng


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_the_step_is_as_good_as_the_linear_program(seed, m):
    weights, base, _ = instance(seed, m)
    k, rho = threshold_step(weights, base > thresholds(m))
    law = np.zeros(m + 1)
    law[k] += 1 - rho
    if rho > 0:
        law[k + 1] += rho
    table = payoffs(weights, base)
    assert 0 <= rho <= 1
    assert max(table @ law) <= program(table) + 1e-7
    assert max(table @ law) <= 1e-12


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_the_step_is_lemma_8_in_letters(seed, m):
    weights, base, _ = instance(seed, m)
    thetas, grid, exact = thresholds(m), np.arange(m + 1) / m, [Fraction(weight) for weight in weights]
    says_low = sum(exact[i] for i in range(m) if base[i] <= thetas[i])
    star = max(theta for theta in grid if sum(exact[i] for i in range(m) if theta <= thetas[i]) >= says_low)
    k, rho = threshold_step(weights, base > thetas)
    mass_above = sum(exact[i] for i in range(m) if star <= thetas[i])
    expected = 0.0 if star == 1 else (mass_above - says_low) / exact[round(m * star)]
    assert star * m + float(expected) == pytest.approx(k + rho, abs=1e-6)


@pytest.mark.parametrize("level", range(6))
def test_base_predictors_in_agreement_are_followed_exactly(level):
    weights = np.random.default_rng(level).dirichlet(np.ones(5))
    assert threshold_step(weights, np.arange(5) < level) == (level, 0.0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 10), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_the_compiled_game_is_the_engine(seed, m, rounds):
    rng = np.random.default_rng(seed)
    base, outcomes = rng.random((rounds, m)), rng.integers(0, 2, rounds).astype(float)
    thetas = thresholds(m)
    rate = 0.7
    logs, total = np.empty((rounds, m)), np.zeros((2, m))
    play_thresholds(base > thetas, thetas - outcomes[:, None], rate, total, np.arange(rounds), logs)
    history = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    family = ThresholdLosses(m)
    engine = Engine([family], Hedge(eta=rate), Grid(prediction_grid(m)), rounds, tolerance=0.0)
    collected = np.zeros(m)
    for t in range(rounds):
        weights = engine._weights.net[0][0]
        assert weights == pytest.approx(history[t], abs=1e-12)
        mixture = engine.play(Context(t, features={"base": base[t]}), [])
        assert engine.step.value <= 1e-12
        law = mean_step(logs[t : t + 1], base[t : t + 1] > thetas)[0]
        assert law @ prediction_grid(m) == pytest.approx(mixture.mean[0], abs=1e-6)
        collected += family.gains(mixture, outcomes[t : t + 1])[1][0]
        engine.learn(outcomes[t : t + 1])
    assert collected == pytest.approx(total.sum(axis=0), abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_gains_are_differences_of_losses_and_the_weighted_gain_is_their_sum(seed, m):
    weights, base, rng = instance(seed, m)
    family = ThresholdLosses(m)
    family.prepare(Context(0, features={"base": base}), [])
    mixture = Mixture(rng.random((2, 1)), [0.25, 0.75])
    for y in (0.0, 1.0):
        _, gains = family.gains(mixture, np.array([y]))
        literal = [
            sum(w * loss(theta, p, y) for w, p in zip(mixture.weights, mixture.support[:, 0], strict=True))
            - loss(theta, f, y)
            for theta, f in zip(thresholds(m), base, strict=True)
        ]
        assert gains[0] == pytest.approx(literal)
        pairs = [family.weighted_gain(weights[None, :], p) for p in mixture.support]
        weighted = sum(w * (b + h[0] * y) for w, (b, h) in zip(mixture.weights, pairs, strict=True))
        assert weighted == pytest.approx(weights @ gains[0])
    for y in rng.random(5):
        intercept, slope = family.weighted_gain(weights[None, :], np.array([y]))
        assert intercept + slope[0] * y <= 1e-12


@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
@settings(max_examples=40, deadline=None)
def test_one_step_serves_every_monotone_identification_function(seed, m):
    weights, base, rng = instance(seed, m)
    high = base > thresholds(m)
    k, rho = threshold_step(weights, high)
    exceeds = (np.arange(m) < k) + rho * (np.arange(m) == k)
    for _ in range(10):
        identification = np.sort(rng.normal(size=m))
        assert (weights * (exceeds - high)) @ identification <= 1e-12


def test_refusals():
    with pytest.raises(StrategyError, match="m of ThresholdLosses must be >= 1, got 0"):
        ThresholdLosses(0)
    with pytest.raises(StrategyError, match="needs a feature 'base' of the context"):
        ThresholdLosses(2).prepare(Context(0), [])
