"""CalMA and Algorithm 4: ends, bounds, and the factorized sign vectors against all of them written down."""

import itertools
import math

import numpy as np
import pytest
from finite_laws import FiniteLaw, loss, theta
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.batch import (
    calibrated_multiaccuracy,
    calibration_error,
    loss_differences,
    multiaccuracy_error,
    two_player_calibrated_multiaccuracy,
)
from omnisim.errors import ProblemError


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
@settings(max_examples=20, deadline=None)
def test_loss_differences_are_those_of_the_base_predictions(seed, m):
    exceeds = np.random.default_rng(seed).random((3, m)) < 0.5
    for row, values in zip(exceeds, loss_differences(exceeds), strict=True):
        for i in range(1, m + 1):
            at = theta(i, m)
            f = at + (1 if row[i - 1] else -1) / (2 * m)
            assert values[i - 1] == pytest.approx(loss(at, f, 1) - loss(at, f, 0))


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([0.05, 0.5, 2.0]))
@settings(max_examples=60, deadline=None)
def test_calma_ends_in_time_and_calibrated_and_multiaccurate(seed, m, c):
    rng = np.random.default_rng(seed)
    exceeds, y = FiniteLaw.random(rng, 6, m).draw(rng, 70)
    fitted = calibrated_multiaccuracy(exceeds, y, c=c)
    assert fitted.alpha == pytest.approx(c * math.sqrt(math.log(max(m, 2)) / 70))
    assert len(fitted.steps) <= 1 / (4 * fitted.alpha**2)
    # Both errors afresh, from the value alone.
    value = fitted.value(exceeds)
    assert ((value >= 0) & (value <= 1)).all()
    cells = [sum(v > theta(i, m) for i in range(1, m + 1)) for v in value]
    residual = y - value
    assert sum(abs(residual[np.array(cells) == k].sum()) / 70 for k in range(m + 1)) <= fitted.alpha + 1e-12
    for i in range(1, m + 1):
        g = np.where(exceeds[:, i - 1], -theta(i, m), 1 - theta(i, m))
        assert abs((g * residual).mean()) <= fitted.alpha + 1e-12
    assert max(fitted.value_errors) <= fitted.alpha
    assert (fitted.mixture(exceeds).argmax(axis=1) == cells).all()
    # What it reports is of what it predicts: grid points, which are up to 1/(2m) from the value.
    predicted = np.array(cells) / m
    assert fitted.calibration == pytest.approx(
        sum(abs((y - predicted)[np.array(cells) == k].sum()) / 70 for k in range(m + 1))
    )
    assert fitted.calibration == pytest.approx(float(calibration_error(fitted.mixture(exceeds), y)))
    functions = loss_differences(exceeds)
    assert fitted.multiaccuracy == pytest.approx(float(multiaccuracy_error(fitted.mixture(exceeds), functions, y)))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([0.05, 0.5, 2.0]))
@settings(max_examples=40, deadline=None)
def test_every_step_of_calma_is_a_whole_one_on_the_worst_function(seed, m, c):
    """Row by row: the worst of the m functions and its whole alpha, or the mean residual of every cell."""
    rng = np.random.default_rng(seed)
    exceeds, y = FiniteLaw.random(rng, 6, m).draw(rng, 70)
    fitted = calibrated_multiaccuracy(exceeds, y, c=c)
    value, table = np.full(70, 0.5), 0
    for step, size in zip(fitted.steps, fitted.sizes, strict=True):
        residual = y - value
        g = np.array([np.where(exceeds[:, i - 1], -theta(i, m), 1 - theta(i, m)) for i in range(1, m + 1)])
        errors = g @ residual / 70
        if step >= 0:
            assert abs(errors[step]) == pytest.approx(np.abs(errors).max())
            assert size == pytest.approx(math.copysign(fitted.alpha, errors[step]))
            value = np.clip(value + size * g[step], 0, 1)
        else:
            assert np.abs(errors).max() <= fitted.alpha + 1e-12
            cells = np.array([sum(v > theta(i, m) for i in range(1, m + 1)) for v in value])
            added = np.array([residual[cells == k].mean() if (cells == k).any() else 0.0 for k in range(m + 1)])
            assert fitted.offsets[table] == pytest.approx(added, abs=1e-12)
            value, table = np.clip(value + added[cells], 0, 1), table + 1
    assert fitted.value(exceeds) == pytest.approx(value)


@pytest.mark.parametrize("c", [0.05, 0.5])
def test_errors_that_calma_reports_are_those_of_its_predictions(c):
    """Grid points, which are up to 1/(2m) from its value: sums over weighted rows, one by one."""
    rng = np.random.default_rng(8)
    exceeds, y, weights = rng.random((40, 5)) < 0.5, rng.integers(0, 2, 40), rng.integers(1, 9, 40) / 4
    fitted = calibrated_multiaccuracy(exceeds, y, c=c, sample_weight=weights)
    residual = weights * (y - fitted.mean(exceeds)) / sum(weights)
    assert fitted.alpha == pytest.approx(c * math.sqrt(math.log(5) / sum(weights)))
    levels = np.rint(5 * fitted.mean(exceeds))
    assert fitted.calibration == pytest.approx(sum(abs(residual[levels == k].sum()) for k in range(6)))
    sums = [
        sum(r * ((1 - e) - theta(i + 1, 5)) for r, e in zip(residual, exceeds[:, i], strict=True)) for i in range(5)
    ]
    assert fitted.multiaccuracy == pytest.approx(max(map(abs, sums)))


def hedge_over_everything(g, y, rate, step_grid):
    """Algorithm 4 with every sign vector written down; returns weights and laws of all rounds, and a predictor."""
    n, m = g.shape
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=len(step_grid))))
    gains = np.zeros(2 * m + len(signs))

    def law(weights, at):
        h = (weights[:m] - weights[m : 2 * m]) @ at + weights[2 * m :] @ signs
        h[np.abs(h) < 1e-13] = 0.0  # sums of many opposite terms
        result, ends = np.zeros(len(step_grid)), [k for k, right in ((0, h[0] <= 0), (-1, h[-1] >= 0)) if right]
        for k in ends:
            result[k] += 1 / len(ends)
        if not ends:
            for k in (
                next(k for k in range(len(h) - 1) if h[k] > 0 >= h[k + 1]),
                max(k for k in range(len(h) - 1) if h[k] >= 0 > h[k + 1]),
            ):
                result[k] += -h[k + 1] / (h[k] - h[k + 1]) / 2
                result[k + 1] += h[k] / (h[k] - h[k + 1]) / 2
        value = max(result @ (h * (outcome - step_grid)) for outcome in (0.0, 1.0))
        assert value <= np.abs(h).max() / (2 * m) + 1e-12
        return result

    history = []
    for t in range(n):
        weights = np.exp(rate * (gains - gains.max()))
        weights /= weights.sum()
        history.append(weights)
        played = law(weights, g[t])
        bias = y[t] - played @ step_grid
        gains[:m] += g[t] * bias
        gains[m : 2 * m] -= g[t] * bias
        gains[2 * m :] += signs @ (played * (y[t] - step_grid))
    return gains, lambda at: np.mean([law(weights, at) for weights in history], axis=0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.sampled_from([0.5, 1.0, 3.0]))
@settings(max_examples=12, deadline=None)
def test_factorized_sign_vectors_equal_all_of_them(seed, m, c):
    _compare_with_enumeration(seed, m, c)


def test_factorized_sign_vectors_equal_all_of_them_at_ten_levels():
    _compare_with_enumeration(seed=1, m=10, c=1.0)


def _compare_with_enumeration(seed, m, c):
    rng = np.random.default_rng(seed)
    n = 15
    exceeds, y = FiniteLaw.random(rng, 5, m).draw(rng, n)
    fitted = two_player_calibrated_multiaccuracy(exceeds, y, c=c)
    rate = c * math.sqrt((math.log(m) + m) / n)
    gains, predict = hedge_over_everything(loss_differences(exceeds), y, rate, np.arange(m + 1) / m)
    fresh = rng.random((4, m)) < 0.5
    expected = np.array([predict(row) for row in loss_differences(fresh)])
    assert fitted.mixture(fresh) == pytest.approx(expected, abs=1e-7)
    # The best sign vector collects the calibration error.
    assert fitted.calibration == pytest.approx(gains[2 * m :].max() / n)
    assert fitted.multiaccuracy == pytest.approx(gains[: 2 * m].max() / n)


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.sampled_from([0.3, 1.0, 5.0]))
@settings(max_examples=40, deadline=None)
def test_algorithm_4_is_within_its_bound(seed, m, c):
    rng = np.random.default_rng(seed)
    exceeds, y = FiniteLaw.random(rng, 6, m).draw(rng, 90)
    fitted = two_player_calibrated_multiaccuracy(exceeds, y, c=c)
    assert max(fitted.multiaccuracy, fitted.calibration) <= fitted.bound


@pytest.mark.parametrize("m", [1, 3, 6])
def test_the_bound_of_algorithm_4_is_that_of_hedge_over_all_sign_vectors(m):
    """K experts of gains within 1 in rounds that sum to W: ln(K) / (eta W) + eta / 2, and half a step of the grid."""
    rng = np.random.default_rng(m)
    exceeds, weights = rng.random((20, m)) < 0.5, rng.integers(1, 9, 20) / 4
    fitted = two_player_calibrated_multiaccuracy(exceeds, rng.integers(0, 2, 20), c=0.7, sample_weight=weights)
    rate = 0.7 * math.sqrt((math.log(m) + m) / sum(weights))
    experts = 2 * m + len(list(itertools.product([-1, 1], repeat=m + 1)))
    assert fitted.rate == pytest.approx(rate)
    assert fitted.bound == pytest.approx(math.log(experts) / (rate * sum(weights)) + rate / 2 + 0.5 / m)


def test_proposition_14_on_a_finite_law():
    # On the population both errors exceed their values as played by a martingale average at most: increments within 2,
    # exp(-n e^2 / 8) for each of 2m + 2^(m+1) objectives; delta = 1e-9 for all of them together.
    rng = np.random.default_rng(6)
    n, m = 1000, 10
    law = FiniteLaw.random(rng, 6, m)
    fitted = two_player_calibrated_multiaccuracy(*law.draw(rng, n))
    slack = math.sqrt(8 * math.log((2 * m + 2 ** (m + 1)) / 1e-9) / n)
    predicted = fitted.mixture(law.exceeds)
    functions = loss_differences(law.exceeds)
    assert float(calibration_error(predicted, law.chance, law.mass)) <= fitted.bound + slack
    assert float(multiaccuracy_error(predicted, functions, law.chance, law.mass)) <= fitted.bound + slack


@pytest.mark.parametrize("function", [calibrated_multiaccuracy, two_player_calibrated_multiaccuracy])
def test_c_must_be_positive(function):
    with pytest.raises(ProblemError, match=f"c of {function.__name__} must be a finite number > 0, got 0"):
        function([[True, False]], [1], c=0)
