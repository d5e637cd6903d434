"""Rounding: the steps against fractions and 60-digit arithmetic, and games whose classes are swapped."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from examples import examples
from finite_laws import SIMULATED_CHANCE, SIMULATED_MASS, SIMULATED_X, FiniteLaw
from hypothesis import example, given
from hypothesis import strategies as st

from omnisim.batch import (
    calibrated_multiaccuracy,
    direct_ensemble,
    empirical_minimizers,
    two_player,
    two_player_calibrated_multiaccuracy,
)
from omnisim.batch.calma import loss_differences
from omnisim.game.exact_crossing import _plain, conflict, crossing_of_logarithms, settled_shares
from omnisim.game.threshold_kernels import mean_step, threshold_step
from omnisim.problem.losses import Mean, Quantile


def lemma_8(weights, high):
    """(k, rho) from sums of the terms that differ; of fractions it is exact, of 60-digit numbers nearly so."""
    m, zero = len(weights), 0 * weights[0]

    def rises(k):
        return sum((w for w, up in zip(weights[:k], high[:k], strict=True) if not up), zero)

    def falls(k):
        return sum((w for w, up in zip(weights[k:], high[k:], strict=True) if up), zero)

    k = max(k for k in range(m + 1) if falls(k) >= rises(k))
    return (m, zero) if k == m else (k, (falls(k) - rises(k)) / weights[k])


WEIGHTS = st.sampled_from([1.0, 0.5, 0.25, 0.75, 1e-3, 1e-20, 3e-20, 1e-150, 1e-300, 5e-324])


@given(st.lists(st.tuples(WEIGHTS, st.booleans()), min_size=1, max_size=9))
@example([(0.5, True), (1e-20, False), (0.5, False)])
@example([(0.5, False), (1e-20, False), (0.5, True)])
@example([(1.0, False), (0.5, False), (1e-20, True), (0.5, True), (1.0, True)])
@examples(300)
def test_no_weight_is_too_small_to_turn_the_step(answers):
    weights, high = (np.array(column) for column in zip(*answers, strict=True))
    k, rho = threshold_step(weights, high)
    expected, share = lemma_8([Fraction(weight) for weight in weights], high.tolist())
    assert k + rho == pytest.approx(expected + float(share), abs=1e-9)


LOGARITHMS = st.sampled_from([0.0, -1.0, -30.0, -50.0, -800.0, -801.0, -1600.0, -2400.0])


@given(st.lists(st.tuples(LOGARITHMS, st.booleans()), min_size=1, max_size=8))
@example([(0.0, False), (-800.0, True), (-801.0, False), (0.0, True)])
@example([(0.0, False), (-800.0, False), (-1600.0, True), (-2400.0, False), (-800.0, True), (0.0, True)])
@examples(300)
def test_weights_that_underflow_turn_it_as_well(answers):
    logs, high = (np.array(column) for column in zip(*answers, strict=True))
    with mpmath.workdps(1_200):  # e^-2400 is 1e-1042: sums are right to the last of them
        expected, share = lemma_8([mpmath.exp(log) for log in logs], high.tolist())
        level = expected + float(share)
    first, last = conflict(high)
    k, rho, rest = crossing_of_logarithms(logs, high, first, last) if first < last else (first, 0.0, 1.0)
    assert rho + rest == pytest.approx(1, abs=1e-12)
    assert k + rho == pytest.approx(level, abs=1e-9)
    law = mean_step(np.tile(logs, (3, 1)), high[None, :])[0]
    assert law @ np.arange(len(logs) + 1) == pytest.approx(level, abs=1e-9)


@pytest.mark.parametrize("m", [2, 3, 4, 5])
def test_every_order_of_magnitude_decides_where_the_larger_ones_cancel(m):
    """All answers and all weights of three orders, of which a lower one never outweighs a higher one, in whole numbers.

    A sum is the numbers of weights of each order, with their signs, and compared order by order.
    """
    for orders, high in itertools.product(itertools.product(range(3), repeat=m), itertools.product((0, 1), repeat=m)):
        first, last = conflict(np.array(high, dtype=bool))
        if last < first:
            continue

        def total(k, orders=orders, high=high):
            counts = [0, 0, 0]
            for i, (order, up) in enumerate(zip(orders, high, strict=True)):
                counts[order] += (i < k and not up) - (i >= k and up)
            return counts

        k = max(k for k in range(m + 1) if total(k) <= [0, 0, 0])
        # Less than a weight's order is nothing of it; as much, or as much but for a lower order, is all of it.
        share = -total(k)[orders[k]] if k < m and not any(total(k)[: orders[k]]) else 0
        found, rho, rest = crossing_of_logarithms(-800.0 * np.array(orders), np.array(high, dtype=bool), first, last)
        assert (found + rho, rho + rest) == pytest.approx((k + share, 1), abs=1e-9), (orders, high)


def test_plain_sums_settle_ordinary_weights():
    """Of one order of magnitude, in fractions: what is exact and slow is only asked where the sums could be wrong."""
    rng = np.random.default_rng(21)
    for _ in range(60):
        weights, high = rng.integers(20, 60, 9) / 64, rng.random(9) < 0.5
        first, last = conflict(high)
        k, rho = lemma_8([Fraction(weight) for weight in weights.tolist()], high.tolist())
        if first < last and rho:  # where it is 0, S(k) is, and no sum is precise beside it
            assert _plain(weights, high, first, last) == pytest.approx((True, k, float(rho), 1 - float(rho)), rel=1e-9)


def test_no_place_beyond_the_last_weight_is_touched():
    """As Python runs it, which refuses such a place: the compiled function would write over what lies there."""
    for orders, high in itertools.product(itertools.product(range(3), repeat=3), itertools.product((0, 1), repeat=3)):
        logs, answers = -800.0 * np.array(orders), np.array(high, dtype=bool)
        first, last = conflict(answers)
        if first < last:
            found = crossing_of_logarithms.py_func(logs, answers, first, last)
            assert found == pytest.approx(crossing_of_logarithms(logs, answers, first, last), abs=1e-12)


@pytest.mark.parametrize("terms", [1, 7, 64])
def test_plain_sums_settle_it_just_where_their_rounding_is_small_enough(terms):
    """The four sums are 1 or nearly so: with an error of 4 terms of 2^-52, what is left must be 1e10 times as large."""
    least = 4 * terms * 2.0**-52 * 1e10
    for up, down in itertools.product((0.9, 1.1), repeat=2):
        settled, rho, rest = settled_shares(1.0, 1.0 + up * least, 1.0 + down * least, 1.0, terms)
        assert settled == (min(up, down) > 1)
        if settled:
            assert (rho, rest) == pytest.approx((0.5, 0.5), rel=1e-9)
    for up, down in ((1e-20, 1e-20), (1e-20, 3e-20)):  # nothing is subtracted
        assert settled_shares(0.0, up, down, 0.0, terms) == (True, up / (up + down), down / (up + down))
    assert not settled_shares(0.0, 1e-291, 1.0, 0.0, terms)[0]
    assert not settled_shares(0.0, 1.0, 1e-291, 0.0, terms)[0]


def simulated(n, m, seed=0):
    """Answers and outcomes of the simulated example, and the answers at its three points."""
    rng = np.random.default_rng(seed)

    def draw(points):
        place = rng.choice(3, size=points, p=SIMULATED_MASS)
        return SIMULATED_X[place], (rng.random(points) < SIMULATED_CHANCE[place]).astype(float)

    base = empirical_minimizers(*draw(500), m)
    x, y = draw(n)
    return base.exceeds(x), y, base.exceeds(SIMULATED_X)


@pytest.mark.long
@pytest.mark.parametrize(("n", "seed"), [(1600, 0), (1600, 1), (3200, 0)])
def test_the_two_player_game_is_that_of_60_digits(n, seed):
    m, c = 32, 32
    high, y, points = simulated(n, m, seed)
    # The three rows stand for all: each round one is played, and the laws at all three are kept.
    place = (high[:, None, :] == points).all(axis=2).argmax(axis=1)
    law = np.zeros((3, m + 1))
    with mpmath.workdps(60):
        rate = c * mpmath.sqrt(mpmath.log(m) / n)
        totals = [mpmath.mpf(0)] * m
        for t in range(n):
            weights = [mpmath.exp(rate * total) for total in totals]
            steps = [_quickly(weights, row) for row in points]
            for x, (k, rho) in enumerate(steps):
                law[x, k] += float(1 - rho) / n
                if rho:
                    law[x, k + 1] += float(rho) / n
            k, rho = steps[place[t]]
            for i in range(m):
                exceeds = 1 if i < k else rho if i == k else 0
                totals[i] += (mpmath.mpf(2 * i + 1) / (2 * m) - int(y[t])) * (exceeds - int(high[t, i]))
    fitted = two_player(high, y, c=c)
    np.testing.assert_allclose(fitted.mixture(points), law, atol=1e-10)
    np.testing.assert_allclose(fitted.excess, [float(total) / n for total in totals], atol=1e-10)


def _quickly(weights, row):
    """``lemma_8`` with running sums, none of them a difference."""
    m = len(weights)
    falls = [mpmath.mpf(0)] * (m + 1)
    for i in range(m - 1, -1, -1):
        falls[i] = falls[i + 1] + weights[i] if row[i] else falls[i + 1]
    rises, k = mpmath.mpf(0), 0
    while k < m:
        further = rises if row[k] else rises + weights[k]
        if falls[k + 1] < further:
            return k, (falls[k] - rises) / weights[k]
        rises, k = further, k + 1
    return m, mpmath.mpf(0)


@pytest.mark.long
def test_calibrated_multiaccuracy_played_with_60_digits():
    """Weights and signs from hyperbolic functions; the plays of :func:`outer_crossings` from its description."""
    n, m, c = 1600, 12, 1.0
    high, y, points = simulated(n, m)
    place = (high[:, None, :] == points).all(axis=2).argmax(axis=1)
    law = np.zeros((3, m + 1))
    with mpmath.workdps(60):
        rate = c * mpmath.sqrt((mpmath.log(m) + m) / n)
        values = [[(0 if up else 1) - mpmath.mpf(2 * i + 1) / (2 * m) for i, up in enumerate(row)] for row in points]
        correlation, residual = [mpmath.mpf(0)] * m, [mpmath.mpf(0)] * (m + 1)
        for t in range(n):
            mass = mpmath.fprod([2 * mpmath.cosh(rate * total) for total in residual])
            net = [2 * mpmath.sinh(rate * total) for total in correlation]
            signs = [mass * mpmath.tanh(rate * total) for total in residual]
            plays = [_outer(mpmath.fdot(net, row), signs) for row in values]
            for x, play in enumerate(plays):
                for k, chance in play.items():
                    law[x, k] += float(chance) / n
            played = plays[place[t]]
            bias = int(y[t]) - sum(chance * k for k, chance in played.items()) / m
            correlation = [total + g * bias for total, g in zip(correlation, values[place[t]], strict=True)]
            for k, chance in played.items():
                residual[k] += chance * (int(y[t]) - mpmath.mpf(k) / m)
    fitted = two_player_calibrated_multiaccuracy(high, y, c=c)
    np.testing.assert_allclose(fitted.mixture(points), law, atol=1e-10)
    assert fitted.calibration == pytest.approx(float(sum(map(abs, residual))) / n, abs=1e-10)


def _outer(shift, signs):
    m, heights = len(signs) - 1, [shift + sign for sign in signs]
    ends = [k for k, right in ((0, heights[0] <= 0), (m, heights[m] >= 0)) if right]
    if ends:
        return {k: mpmath.mpf(1) / len(ends) for k in ends}
    law = {}
    for k in (
        next(k for k in range(m) if heights[k] > 0 >= heights[k + 1]),
        max(k for k in range(m) if heights[k] >= 0 > heights[k + 1]),
    ):
        share = heights[k] / (heights[k] - heights[k + 1])
        law[k] = law.get(k, 0) + (1 - share) / 2
        law[k + 1] = law.get(k + 1, 0) + share / 2
    return law


class TestMirror:
    """Swapping the classes turns f > theta into its contrary at 1 - theta, and every law around."""

    @pytest.mark.parametrize(("n", "seed"), [(1600, 0), (3200, 0), (3200, 1), (3200, 2), (3200, 3)])
    def test_two_player_on_the_simulated_law(self, n, seed):
        self.check(two_player, *simulated(n, 32, seed))

    @given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 8, 16]), st.sampled_from([0.5, 8.0, 32.0]))
    @examples(40)
    def test_two_player(self, seed, m, c):
        rng = np.random.default_rng(seed)
        law = FiniteLaw.random(rng, 8, m)
        self.check(lambda high, y: two_player(high, y, c=c), *law.draw(rng, 300), law.exceeds)

    @given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 8]))
    @examples(20)
    def test_two_player_means_and_quantiles(self, seed, m):
        rng = np.random.default_rng(seed)
        high, y = rng.random((200, m)) < 0.5, rng.random(200)
        self.check(lambda high, y: two_player(high, y, target=Mean()), high, y, high[:9])
        # A quantile turns into that of the other level.
        law, turned = (
            two_player(*sample, target=Quantile(level)).mixture(rows)
            for level, sample, rows in ((0.75, (high, y), high), (0.25, (~high[:, ::-1], 1 - y), ~high[:, ::-1]))
        )
        np.testing.assert_allclose(law, turned[:, ::-1], atol=1e-9)

    @given(st.integers(0, 2**32 - 1), st.sampled_from([2, 3, 4, 7, 8, 16]))
    @examples(40)
    def test_calibrated_multiaccuracy_as_a_game(self, seed, m):
        rng = np.random.default_rng(seed)
        law = FiniteLaw.random(rng, 8, m)
        self.check(two_player_calibrated_multiaccuracy, *law.draw(rng, 300), law.exceeds)

    @given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 8, 16]), st.sampled_from([0.0, 0.1]))
    @examples(60)
    def test_direct_ensembling_from_the_middle(self, seed, m, c):
        rng = np.random.default_rng(seed)
        law = FiniteLaw.random(rng, 8, m)
        high, y = law.draw(rng, 211)  # prime: no mean outcome is half-way between two thresholds
        # m is a power of 2: others' blocks are paired from the left, which is no mirror image.
        self.check(lambda high, y: direct_ensemble(high, y, c=c, start="middle"), high, y, law.exceeds)

    @pytest.mark.parametrize("seed", range(8))
    def test_calma(self, seed):
        # Where two errors are equally large the first is corrected, which swapping may turn: none are here.
        rng = np.random.default_rng(seed)
        law = FiniteLaw.random(rng, 8, 8)
        self.check(lambda high, y: calibrated_multiaccuracy(high, y, c=0.3), *law.draw(rng, 997), law.exceeds)

    def check(self, fit, high, y, rows):
        law, turned = fit(high, y).mixture(rows), fit(~high[:, ::-1], 1 - y).mixture(~rows[:, ::-1])
        np.testing.assert_allclose(law, turned[:, ::-1], atol=1e-9)


def test_the_functions_of_calibrated_multiaccuracy_turn_their_sign():
    high = np.random.default_rng(0).random((20, 8)) < 0.5
    assert (loss_differences(~high[:, ::-1])[:, ::-1] == -loss_differences(high)).all()
    assert math.isclose(np.abs(loss_differences(high)).max(), 15 / 16)
