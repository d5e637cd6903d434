"""Weights against their formulas, their lemmas, and horizons that would overflow."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from omnisim.errors import StrategyError
from omnisim.game.weights import Hedge, MsMwC, SecondOrderPotential, gain_bound


def table(rows, columns=1, two_sided=False):
    return SimpleNamespace(rows=rows, columns=columns, two_sided=two_sided)


def run(weights, gains, *, two_sided=False, rounds=None):
    """Feed gains (T, K) to all rows of a one-column table; returns the weights seen before each round."""
    weights.start([table(gains.shape[1], two_sided=two_sided)], rounds or len(gains))
    seen = []
    for gain in gains:
        seen.append(weights.net[0][:, 0].copy())
        weights.update([(np.arange(len(gain)), gain[:, None])])
    return np.array(seen)


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 60))
@settings(max_examples=100, deadline=None)
def test_potential_and_weights_equal_their_definition(seed, two_sided, rounds):
    rng = np.random.default_rng(seed)
    gains = rng.uniform(-1, 1, size=(rounds, 5)) * rng.integers(0, 2, size=(rounds, 5))
    weights = SecondOrderPotential()
    run(weights, gains, two_sided=two_sided)
    m = math.ceil(math.log2(rounds) / 2) + 1
    eta = 2.0 ** -np.arange(1, m + 1)
    total, squares = gains.sum(axis=0), (gains**2).sum(axis=0)

    def term(sign):
        return np.exp(sign * np.outer(total, eta) - np.outer(squares, eta**2))

    signs = (1, -1) if two_sided else (1,)
    potential = sum(term(sign).mean(axis=1).sum() for sign in signs)
    net = sum(sign * (term(sign) * eta).mean(axis=1) for sign in signs)
    assert weights.potential == pytest.approx(potential, rel=1e-9)
    np.testing.assert_allclose(weights.net[0][:, 0], net, rtol=1e-9, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_families_share_one_potential_and_the_largest_of_any_counts(seed, rounds):
    """Three of different shapes, of which the two-sided ones count gains below 0 too; by loops over single numbers."""
    rng = np.random.default_rng(seed)
    families = [table(2, 3), table(1, 1, two_sided=True), table(4, 2, two_sided=True)]
    weights = SecondOrderPotential()
    weights.start(families, rounds)
    gains = [rng.uniform(-1, 1, size=(rounds, f.rows, f.columns)) * rng.uniform() for f in families]
    for t in range(rounds):
        weights.update([(np.arange(f.rows), gain[t]) for f, gain in zip(families, gains, strict=True)])
    eta = [2.0**-k for k in range(1, math.ceil(math.log2(rounds) / 2) + 2)]
    potential, highest, squares = 0.0, [], []
    for family, gain in zip(families, gains, strict=True):
        for of_one in gain.reshape(rounds, -1).T.tolist():
            total, square = sum(of_one), sum(g * g for g in of_one)
            for sign in (1, -1) if family.two_sided else (1,):
                highest.append(sign * total)
                potential += sum(math.exp(sign * e * total - e * e * square) for e in eta) / len(eta)
            squares.append(square)
    assert weights.largest_gain == pytest.approx(max(highest))
    assert weights.largest_squares == pytest.approx(max(squares))
    assert weights.potential == pytest.approx(potential, rel=1e-9)
    assert weights.mass == 6 + 2 * 1 + 2 * 8
    assert weights.spent == pytest.approx(potential / weights.mass, rel=1e-9)


def test_the_inequality_behind_the_potential():
    x = np.linspace(-0.5, 0.5, 100_001)
    assert (np.exp(x - x**2) <= 1 + x + 1e-15).all()


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.integers(1, 80))
@settings(max_examples=100, deadline=None)
def test_a_round_raises_the_potential_by_at_most_its_weighted_gain(seed, rounds):
    rng = np.random.default_rng(seed)
    gains = rng.uniform(-1, 1, size=(rounds, 6)) * rng.uniform(0, 1, size=6)
    weights = SecondOrderPotential()
    weights.start([table(6, two_sided=True)], rounds)
    for gain in gains:
        before, weighted = weights.potential, float(weights.net[0][:, 0] @ gain)
        weights.update([(np.arange(6), gain[:, None])])
        assert weights.potential <= before + weighted + 1e-9


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.integers(1, 500), st.floats(0.0, 1.0))
@settings(max_examples=100, deadline=None)
def test_gains_stay_below_the_bound_while_the_potential_is_within_the_budget(seed, rounds, drift):
    rng = np.random.default_rng(seed)
    gains = np.clip(rng.uniform(-1, 1, size=(rounds, 4)) + drift * rng.uniform(-1, 1, size=4), -1, 1)
    weights = SecondOrderPotential()
    weights.start([table(4)], rounds)
    total, squares = np.zeros(4), np.zeros(4)
    for gain in gains:
        weights.update([(np.arange(4), gain[:, None])])
        total, squares = total + gain, squares + gain**2
        if weights.potential <= math.e * weights.count:
            assert (total <= gain_bound(squares, weights.count, rounds)).all()


@pytest.mark.one_in(3)
@pytest.mark.parametrize("gain", [1.0, -1.0, 1e-3])
def test_no_overflow_however_long_the_same_gain_is_repeated(gain):
    weights = SecondOrderPotential()
    weights.start([table(2, two_sided=True)], rounds=1_000_000)
    for _ in range(20_000):
        weights.update([(np.array([0]), np.array([[gain]]))])
    assert np.isfinite(weights.potential)
    assert np.isfinite(weights.net[0]).all()
    assert np.sign(weights.net[0][0, 0]) == np.sign(gain)
    assert weights.net[0][1, 0] == 0


def test_tolerance_is_what_is_left_of_the_budget_spread_over_the_rounds_left():
    weights = SecondOrderPotential()
    weights.start([table(3)], rounds=10)
    assert weights.tolerance() == pytest.approx((math.e - 1) * 3 / 10)
    weights.update([(np.array([0]), np.array([[0.5]]))])
    assert weights.tolerance() == pytest.approx((math.e * 3 - weights.potential) / 9)
    assert weights.allowance() == pytest.approx((math.e * 3 - weights.potential) / 3)


def test_a_run_that_always_spends_its_allowance_stays_within_the_budget():
    # One objective that gains what costs the potential exactly the allowance: w g = allowance, or 1 where that is more.
    weights = SecondOrderPotential()
    rounds = 50
    weights.start([table(1)], rounds=rounds)
    for _ in range(rounds):
        allowance = weights.allowance()
        assert allowance >= weights.tolerance() > 0
        gain = min(1.0, allowance / weights.net[0][0, 0])
        weights.update([(np.array([0]), np.array([[gain]]))])
        assert weights.potential <= math.e


@pytest.mark.parametrize("eta", [None, 0.1, 1.0])
def test_hedge_keeps_its_regret_bound(eta):
    rng = np.random.default_rng(1)
    gains = np.clip(rng.normal(0.2, 0.6, size=(400, 7)) * np.linspace(-1, 1, 7), -1, 1)
    hedge = Hedge(eta)
    weights = run(hedge, gains)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    earned = (weights * gains).sum()
    assert gains.sum(axis=0).max() - earned <= math.log(7) / hedge.rate + hedge.rate * 400


def test_hedge_refuses_a_rate_outside_its_range():
    with pytest.raises(StrategyError, match=r"eta of Hedge must lie in \(0, 1\], got 2"):
        Hedge(2)


def bregman(a, b):
    return a * np.log(a / b) - a + b


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.integers(2, 120), st.integers(2, 8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_msmwc_satisfies_lemma_1_of_chen_luo_wei(seed, rounds, experts, scaled):
    rng = np.random.default_rng(seed)
    losses = rng.uniform(-1, 1, size=(rounds, experts)) * (10.0 ** -rng.integers(0, 4, experts) if scaled else 1)
    learner = MsMwC()
    learner.start([table(experts)], rounds)
    weights, rates = [], []
    for loss in losses:
        weights.append(learner.net[0][:, 0].copy())
        rates.append(learner.rates.copy())
        learner.update([(np.arange(experts), -loss[:, None])])
    weights, rates = np.array(weights), np.array(rates)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-9)
    assert (weights >= learner.floor * (1 - 1e-9)).all()
    for best in range(experts):
        u = np.full(experts, learner.floor)
        u[best] = 1 - learner.floor * (experts - 1)
        regret = ((weights - u) * losses).sum()
        bound = (bregman(u, weights[0]) / rates[0]).sum()
        bound += ((1 / rates[1:] - 1 / rates[:-1]) * bregman(u, weights[1:])).sum()
        bound += 32 * (rates * u * losses**2).sum() - 16 * (rates * weights * losses**2).sum()
        assert regret <= bound + 1e-6


def msmwc_bound(count, rounds, tolerance):
    """The bound in the docstring of MsMwC, term by term, from the comparator and not from its closed form."""
    floor, scale = 1 / (count * rounds), np.log(count * rounds)
    u = np.full(count, floor)
    u[0] = 1 - (count - 1) * floor
    bound = 64 * bregman(u, 1 / count).sum() + 32 * rounds / 64 + rounds * tolerance
    if rounds > 64**2 * scale:
        bound += scale * (np.sqrt(rounds / scale) - 64) + rounds / (128 * scale)
    return (bound + u[1:].sum() * rounds) / u[0]


@pytest.mark.parametrize("rounds", [1, 3, 365, 20_000, 10**6])
@pytest.mark.parametrize("count", [2, 7, 5000])
def test_the_bound_of_msmwc_term_by_term(rounds, count):
    learner = MsMwC()
    learner.start([table(count)], rounds)
    for tolerance in (1e-3, 0.25):
        assert learner.bound(tolerance) == pytest.approx(msmwc_bound(count, rounds, tolerance), rel=1e-9)
    alone = MsMwC()
    alone.start([table(1)], rounds)
    assert alone.bound(0.01) == pytest.approx(0.01 * rounds)


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 5]), st.floats(0, 0.5))
@examples(20)
def test_no_gain_is_above_the_bound_of_msmwc(seed, count, tolerance):
    """On gains whose weighted sum is the tolerance exactly, and that favour one objective as far as that allows."""
    rng, rounds = np.random.default_rng(seed), 60
    learner, total = MsMwC(), np.zeros(count)
    learner.start([table(count)], rounds)
    for _ in range(rounds):
        weights = learner.net[0][:, 0]
        gains = rng.uniform(-1, 1, count)
        gains[0] = min(1.0, (tolerance - weights[1:] @ gains[1:]) / weights[0])
        if gains[0] < -1:
            gains = np.minimum(np.abs(gains), tolerance)
        assert weights @ gains <= tolerance + 1e-9
        learner.update([(np.arange(count), gains[:, None])])
        total += gains
    assert total.max() <= learner.bound(tolerance) + 1e-9


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 0.999]))
@examples(10)
def test_the_rates_of_msmwc_fall_as_its_bound_says(seed, share):
    """The middle sum of Lemma 1, where T > 64^2 ln(K T): each step and all of them, whatever the weights are."""
    rng, count, rounds = np.random.default_rng(seed), 2, 60_000
    scale = np.log(count * rounds)
    assert rounds > 64**2 * scale
    squares = np.where(rng.random(rounds) < share, 1.0, rng.random(rounds))
    before = np.concatenate([[0.0], np.cumsum(squares)[:-1]])
    slowness = np.maximum(64, np.sqrt(before / scale))
    steps = np.diff(slowness)
    assert steps.max() > 0
    assert steps.max() <= 1 / (128 * scale) * (1 + 1e-9)
    assert steps.sum() <= np.sqrt(rounds / scale) - 64
    floor = 1 / (count * rounds)
    own, weights = 1 - floor, np.geomspace(floor, 1, 999)
    assert bregman(own, weights).max() <= scale
    assert (bregman(floor, weights) <= weights).all()


@pytest.mark.long
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_msmwc_step_is_the_minimizer_of_its_program(seed):
    rng = np.random.default_rng(seed)
    learner = MsMwC()
    learner.start([table(4)], rounds=5)
    for _ in range(2):
        learner.update([(np.arange(4), rng.uniform(-1, 1, size=(4, 1)))])
    before, rates = learner.net[0][:, 0].copy(), learner.rates.copy()
    loss = rng.uniform(-1, 1, size=4)
    learner.update([(np.arange(4), -loss[:, None])])
    after = learner.net[0][:, 0]
    corrected = loss + 32 * rates * loss**2

    def objective(w):
        return w @ corrected + (bregman(w, before) / rates).sum()

    found = optimize.minimize(
        objective,
        before,
        bounds=[(learner.floor, 1)] * 4,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert objective(after) <= found.fun + 1e-9


def test_msmwc_with_one_objective_in_one_round_keeps_its_weight():
    """K T = 1: ln(K T) = 0, and nothing has been lost yet."""
    for gain in (0.0, 0.7, -1.0):
        learner = MsMwC()
        learner.start([table(1)], rounds=1)
        assert learner.rates.tolist() == [1 / 64]
        learner.update([(np.array([0]), np.array([[gain]]))])
        np.testing.assert_allclose(learner.net[0], [[1.0]])
        assert np.isfinite(learner.rates).all()
