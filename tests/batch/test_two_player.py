"""The two-player game against a literal transcription of Algorithm 1, and Theorem 9's inequality on finite laws."""

import math

import numpy as np
import pytest
from finite_laws import FiniteLaw, loss, theta
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.batch import TwoPlayer, omniprediction_error, two_player
from omnisim.errors import ProblemError
from omnisim.problem.losses import Mean, Quantile, thresholds


def lemma_8(q, base):
    """P* at a point where the base predictors say ``base``, as a dictionary from levels to probabilities."""
    m = len(q)
    says_low = sum(q[i - 1] for i in range(1, m + 1) if base[i - 1] <= theta(i, m))

    def above(k):
        return sum(q[i - 1] for i in range(1, m + 1) if k / m <= theta(i, m))

    star = max(k for k in range(m + 1) if above(k) >= says_low - 1e-14)
    rho = 0.0 if star == m else (above(star) - says_low) / q[star]
    return {star: 1 - rho, **({star + 1: rho} if star < m else {})}


def algorithm_1(exceeds, y, rate):
    """The output as a function from answers to a law (m + 1,)."""
    n, m = exceeds.shape
    q, history = np.full(m, 1 / m), []

    def base(row):
        return [theta(i, m) + (1 if row[i - 1] else -1) / (2 * m) for i in range(1, m + 1)]

    for t in range(n):
        history.append(q)
        played, predictions = lemma_8(q, base(exceeds[t])), base(exceeds[t])
        factors = [
            math.exp(rate * (
                sum(chance * loss(theta(i, m), k / m, y[t]) for k, chance in played.items())
                - loss(theta(i, m), predictions[i - 1], y[t])
            ))
            for i in range(1, m + 1)
        ]  # fmt: skip
        q = q * np.array(factors)
        q = q / q.sum()

    def predict(row):
        law = np.zeros(m + 1)
        for weights in history:
            for k, chance in lemma_8(weights, base(row)).items():
                law[k] += chance / n
        return law

    return predict


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 25), st.sampled_from([0.3, 1.0, 8.0]))
@settings(max_examples=60, deadline=None)
def test_two_player_is_algorithm_1(seed, m, n, c):
    rng = np.random.default_rng(seed)
    exceeds, y = FiniteLaw.random(rng, n + 3, m).exceeds, rng.integers(0, 2, n)
    fitted = two_player(exceeds[:n], y, c=c)
    predict = algorithm_1(exceeds[:n], y, c * math.sqrt(math.log(m) / n))
    literal = np.array([predict(row) for row in exceeds])
    assert fitted.mixture(exceeds) == pytest.approx(literal, abs=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.sampled_from([0.5, 2.0, 32.0]))
@settings(max_examples=60, deadline=None)
def test_the_excess_on_the_sample_is_within_its_bound(seed, m, c):
    # The deterministic half of Theorem 9, with constants: no probability is involved.
    rng = np.random.default_rng(seed)
    exceeds, y = FiniteLaw.random(rng, 5, m).draw(rng, 80)
    fitted = two_player(exceeds, y, c=c)
    rate = c * math.sqrt(math.log(m) / 80)
    assert fitted.rate == pytest.approx(rate)
    assert fitted.bound == pytest.approx(math.log(m) / (80 * rate) + rate / 2)
    assert fitted.excess.max() <= fitted.bound


@given(st.integers(0, 2**32 - 1), st.sampled_from([Mean(), Quantile(0.1), Quantile(0.8)]))
@settings(max_examples=40, deadline=None)
def test_the_excess_is_within_its_bound_for_other_targets(seed, target):
    rng = np.random.default_rng(seed)
    exceeds = rng.random((60, 6)) < 0.5
    y = rng.choice(np.concatenate([thresholds(6), rng.random(4)]), 60)
    fitted = two_player(exceeds, y, c=1.0, target=target)
    assert fitted.excess.max() <= fitted.bound


@pytest.mark.parametrize("target", [Mean(), Quantile(0.8)])
def test_the_excess_of_weighted_rows_is_that_of_the_steps_played_and_stays_below_its_bound(target):
    """Rows of weights up to 1 are a round each: the loss of its step beside that of each answer, round by round."""
    rng = np.random.default_rng(9)
    exceeds, y, weights = rng.random((12, 4)) < 0.5, rng.random(12), rng.integers(1, 5, 12) / 4
    fitted = two_player(exceeds, y, c=2.0, target=target, sample_weight=weights)
    total = sum(weights)
    rate, excess = 2 * math.sqrt(math.log(4) / total), np.zeros(4)
    for t in range(12):
        law = TwoPlayer(fitted.log_weights[t : t + 1], 1, 0, np.zeros(4), 0).mixture(exceeds[[t]])[0]
        for i, at in enumerate(thresholds(4)):
            value = float(target.identification([at], [y[t]])[0, 0])
            above = sum(chance for k, chance in enumerate(law) if k / 4 > at)
            excess[i] += weights[t] * value * (above - exceeds[t, i]) / total
    assert fitted.excess == pytest.approx(excess)
    assert fitted.rate == pytest.approx(rate)
    assert fitted.bound == pytest.approx(math.log(4) / (total * rate) + rate / 2)


def test_the_sampling_error_is_that_of_as_many_coins_as_rounds_are_kept():
    """The mean of S draws of chance 1/2 deviates by 1 / (2 sqrt(S)), enumerated; of all rounds nothing is drawn."""
    exceeds, y = np.random.default_rng(2).random((20, 3)) < 0.5, np.arange(20) % 2
    for kept in (1, 4, 9):
        variance = sum(math.comb(kept, heads) * (heads / kept - 0.5) ** 2 for heads in range(kept + 1)) / 2**kept
        assert two_player(exceeds, y, rounds_kept=kept).sampling_error == pytest.approx(math.sqrt(variance))
    assert two_player(exceeds, y, rounds_kept=20).sampling_error == 0


def test_theorem_9_on_finite_laws():
    # On the population the excess is at most the bound plus the deviation of a martingale whose increments lie within
    # 2: Azuma-Hoeffding, exp(-n e^2 / 8) per threshold. 30 laws x 8 thresholds at delta = 1e-9 each: a false alarm in
    # one of 4 million runs.
    n, m, trials, delta = 200, 8, 30, 1e-9
    slack = math.sqrt(8 * math.log(1 / delta) / n)
    rng = np.random.default_rng(20)
    for _ in range(trials):
        law = FiniteLaw.random(rng, 5, m)
        fitted = two_player(*law.draw(rng, n), c=1.0)
        excess = law.excess(fitted.mixture(law.exceeds))
        assert excess.max() <= fitted.bound + slack
        measured = omniprediction_error(fitted.mixture(law.exceeds), law.exceeds, law.chance, law.mass)
        assert measured.each == pytest.approx(excess)


def test_rows_with_the_same_answers_get_the_same_law_and_order_does_not_matter():
    rng = np.random.default_rng(3)
    exceeds = rng.random((400, 5)) < 0.5
    fitted = two_player(exceeds[:60], rng.integers(0, 2, 60))
    order = rng.permutation(400)
    assert (fitted.mixture(exceeds)[order] == fitted.mixture(exceeds[order])).all()


def test_a_law_sums_to_one_and_samples_follow_it():
    rng = np.random.default_rng(4)
    fitted = two_player(rng.random((50, 4)) < 0.5, rng.integers(0, 2, 50), c=1.0)
    row = np.array([[False, True, False, True]])
    law = fitted.mixture(row)[0]
    assert law.sum() == pytest.approx(1)
    assert fitted.mean(row) == pytest.approx(law @ np.arange(5) / 4)
    # 5 frequencies of 20,000 draws each within 6 standard errors: false alarm below 1e-8 (normal tail).
    draws = fitted.sample(np.repeat(row, 20_000, axis=0), np.random.default_rng(5))
    for k, chance in enumerate(law):
        assert abs((draws == k / 4).mean() - chance) <= 6 * math.sqrt(chance * (1 - chance) / 20_000) + 1e-12


def test_no_rows_to_predict():
    assert two_player([[True, False]], [1]).mixture(np.zeros((0, 2), dtype=bool)).shape == (0, 3)


@pytest.mark.parametrize(
    ("exceeds", "y", "c", "message"),
    [
        ([True, False], [1, 0], 1, r"exceeds must have shape \(n, m\) with m >= 1, got \(2,\)"),
        ([[True], [True, False]], [1, 0], 1, "exceeds must be an array of numbers, got .*: its lists differ in length"),
        ([[0.2, 0.7]], [1], 1, "exceeds must be boolean"),
        ([[True], [False]], [1], 1, "exceeds has 2 rows and y has 1"),
        (np.zeros((0, 2), dtype=bool), [], 1, "exceeds and y are empty"),
        ([[True]], [0.5], 1, "outcomes must be 0 or 1; for numbers in between predict their mean"),
        ([[True]], [float("nan")], 1, r"y\[0\] is nan"),
        ([[True]], [1], -1, "c of two_player must be a finite number >= 0, got -1"),
        ([[True]], [1], math.inf, "c of two_player must be a finite number >= 0, got inf"),
    ],
)
def test_refusals(exceeds, y, c, message):
    with pytest.raises(ProblemError, match=message):
        two_player(exceeds, y, c=c)


def test_columns_of_new_rows_must_match():
    with pytest.raises(ProblemError, match="exceeds has 3 columns: fitted with m = 2 base predictors, it must have 2"):
        two_player([[True, False]], [1]).mixture([[True, False, True]])
