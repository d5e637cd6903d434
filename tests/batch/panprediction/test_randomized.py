"""The randomized algorithm against a transcription of its play, its certificate, and its rate."""

import itertools
import math

import numpy as np
import pytest

from omnisim.batch import two_player
from omnisim.batch.panprediction import (
    Law,
    expected_losses,
    gap_table,
    learn_deterministic,
    learn_randomized,
    sample,
    step_calibration_error,
)
from omnisim.batch.panprediction.randomized import _play, default_levels, thresholds_of
from omnisim.errors import StrategyError
from omnisim.game.grid import Grid
from omnisim.problem.losses import LossTable, thresholds


def instance(seed, n=60):
    rng = np.random.default_rng(seed)
    x = rng.random((n, 2))
    g = np.column_stack([np.ones(n), x[:, 0] > 0.5])
    h = np.round(x * 4) / 4
    return sample(g, h, rng.random(n) < x[:, 0])


def transcribed(data, levels, cuts, order, rounds):
    """Predictions of every point after every round: all objectives one by one, potential and closed-form step."""
    sets = [None, *((c, w) for c, column in enumerate(cuts) for w in column)]
    events = list(itertools.product(range(data.groups.shape[1]), sets, levels))

    def member(i, g, cut):
        return data.groups[i, g] * (cut is None or data.comparators[i, cut[0]] <= cut[1])

    rates = [2.0**-k for k in range(1, math.ceil(math.log2(rounds) / 2) + 2)]
    R, V = np.zeros(len(events)), np.zeros(len(events))

    def law(i):
        def weight(total, squares):
            return np.mean([eta * np.exp(eta * total - eta**2 * squares) for eta in rates], axis=0)

        net = weight(R, V) - weight(-R, V)
        H = [sum(w * member(i, g, cut) for w, (g, cut, v) in zip(net, events, strict=True) if p <= v) for p in levels]
        if H[0] <= 0:
            return {0: 1.0}
        if H[-1] >= 0:
            return {len(levels) - 1: 1.0}
        k = next(k for k in range(len(levels) - 1) if H[k] > 0 >= H[k + 1])
        share = -H[k + 1] / (H[k] - H[k + 1])
        return {k: share, k + 1: 1 - share}

    laws = []
    for i in order:
        laws.append([law(j) for j in range(len(data))])
        played = law(i)
        gains = [
            sum(q * member(i, g, cut) * (levels[k] <= v) * (data.outcomes[i] - levels[k]) for k, q in played.items())
            for g, cut, v in events
        ]
        R += gains
        V += np.square(gains)
    K = 2 * len(events)
    bounds = [math.log(K * len(rates) * math.e) / eta + eta * V.max() for eta in rates]
    return laws, np.abs(R).max() / rounds, min(bounds) / rounds


def test_it_is_the_play_transcribed_objective_by_objective():
    """With three levels the sign of H changes once; every round is kept, so the law is the mean over all of them."""
    data, levels = instance(0, n=24), np.array([0.0, 0.5, 1.0])
    cuts = [thresholds_of(data.comparators[:, c], 16) for c in range(2)]
    found = learn_randomized(data, levels=2, rounds_kept=24, rng=np.random.default_rng(5))
    order = _order_of(24, seed=5)
    laws, error, bound = transcribed(data, levels, cuts, order, 24)
    expected = np.zeros((24, 3))
    for law_of_round in laws:
        for j, law in enumerate(law_of_round):
            for k, q in law.items():
                expected[j, k] += q / 24
    np.testing.assert_allclose(found.laws(data.groups, data.comparators), expected, atol=1e-5)
    assert found.error == pytest.approx(error)
    assert found.bound == pytest.approx(bound)


def test_laws_are_the_steps_that_the_grid_takes_wherever_slopes_change_their_sign():
    """Slopes of any signs, exactly 0 among them: gains b(p) + H(p) y with b(p) = -H(p) p are what a grid solves."""
    rng = np.random.default_rng(0)
    for count in (2, 3, 5, 8):
        levels = np.linspace(0.0, 1.0, count)
        slopes = rng.integers(-2, 3, (40, 5, count)) / 4.0
        for H, law in zip(slopes.reshape(-1, count), _play(slopes, levels).reshape(-1, count), strict=True):
            value = dict(zip(levels.tolist(), H.tolist(), strict=True))
            step = Grid(levels).solve(lambda p, of=value: (-of[p[0]] * p[0], np.array([of[p[0]]])), [], 0.0)
            expected = dict(zip(step.mixture.support[:, 0].tolist(), step.mixture.weights.tolist(), strict=True))
            assert {p: q for p, q in zip(levels.tolist(), law.tolist(), strict=True) if q} == pytest.approx(expected)
            if H[0] > 0 > H[-1]:
                assert law @ H == pytest.approx(0)
                first, last = np.flatnonzero(law)[[0, -1]]
                assert last - first <= 1


def _order_of(n, seed):
    # The rounds kept are drawn before the order of the points.
    rng = np.random.default_rng(seed)
    rng.random(n)
    return rng.permutation(n)


@pytest.mark.parametrize("seed", range(3))
def test_its_certificate_holds_on_sorted_and_shuffled_points(seed):
    data = instance(seed, n=400)
    order = np.argsort(data.outcomes, kind="stable")
    for points in (np.arange(400), order):
        ordered = sample(data.groups[points], data.comparators[points], data.outcomes[points])
        found = learn_randomized(ordered, rng=np.random.default_rng(seed))
        assert found.spent <= math.e
        assert found.error <= found.bound
        laws = found.laws(data.groups, data.comparators)
        assert (laws >= 0).all()
        np.testing.assert_allclose(laws.sum(axis=1), 1)


def test_the_same_seed_gives_the_same_laws():
    data = instance(1)
    one, other = (
        learn_randomized(data, rng=np.random.default_rng(3)).laws(data.groups, data.comparators) for _ in range(2)
    )
    np.testing.assert_array_equal(one, other)


def test_one_that_was_learnt_without_a_base_takes_no_notice_of_one():
    data = instance(1)
    found = learn_randomized(data, rng=np.random.default_rng(3))
    base = np.random.default_rng(4).random(len(data))
    laws = found.laws(data.groups, data.comparators)
    np.testing.assert_array_equal(found.laws(data.groups, data.comparators, base), laws)


def test_degrees_of_membership_count_as_weights():
    """A group of degree one half everywhere has half the gains, and is calibrated all the same."""
    rng = np.random.default_rng(2)
    h, y = rng.integers(0, 3, (300, 1)) / 2, rng.random(300) < 0.3
    found = learn_randomized(sample(np.full((300, 1), 0.5), h, y), rng=np.random.default_rng(0))
    law = Law.on_levels(found.levels, found.laws(np.full((300, 1), 0.5), h))
    assert abs(law.mean.mean() - 0.3) < 0.1
    assert found.error <= found.bound


class TestBase:
    @pytest.mark.long
    def test_a_good_base_is_followed_and_a_bad_one_left(self):
        rng = np.random.default_rng(4)
        truth = rng.integers(1, 16, 3000) / 16
        data = sample(np.ones((3000, 1)), truth[:, None], rng.random(3000) < truth)
        for base, limit in ((truth, 1e-3), (1 - truth, 0.03)):
            found = learn_randomized(data, base=base, levels=16, rng=np.random.default_rng(0))
            law = Law.on_levels(found.levels, found.laws(data.groups, data.comparators, base))
            assert np.mean((law.mean - truth) ** 2) < limit
            assert found.spent <= math.e

    def test_it_must_be_given_again(self):
        data = instance(0)
        found = learn_randomized(data, base=data.comparators[:, 0], rng=np.random.default_rng(0))
        with pytest.raises(StrategyError, match="learnt with base predictions"):
            found.laws(data.groups, data.comparators)


class TestSpecialCases:
    @pytest.mark.long
    def test_one_group_is_omniprediction(self):
        """Beside the two-player omnipredictor, on a law where the best threshold rules are known.

        X takes 3 values with P(Y = 1 | X) = .3, .9, .4. The excess of each over the Bayes risk of every threshold loss
        is between 0 and 0.05, so that they agree within that. A mean of 4,000 differences of losses has a standard
        deviation of at most 0.008: the allowance is six of them.
        """
        rng = np.random.default_rng(9)
        chance, bayes = np.array([0.1, 0.6, 0.3]), np.array([0.3, 0.9, 0.4])
        place = rng.choice(3, 4000, p=chance)
        y = (rng.random(4000) < bayes[place]).astype(float)
        m = 16
        high = bayes[:, None] > thresholds(m)
        theirs = two_player(high[place], y).mixture(high)
        data = sample(np.ones((4000, 1)), bayes[place, None], y)
        model = learn_randomized(data, levels=m, rng=rng)
        laws = {
            "two players": Law.on_levels(np.arange(m + 1) / m, theirs),
            "randomized": Law.on_levels(model.levels, model.laws(np.ones((3, 1)), bayes[:, None])),
            "deterministic": Law.points(learn_deterministic(data).predict(np.ones((3, 1)), bayes[:, None])),
        }
        for theta in thresholds(m):
            loss = LossTable([[0, 1 - theta], [theta, 0]])
            best = chance @ np.minimum(theta * (1 - bayes), (1 - theta) * bayes)
            excess = {name: chance @ expected_losses(law, bayes, loss) - best for name, law in laws.items()}
            assert all(-1e-9 <= value < 0.05 for value in excess.values()), (theta, excess)

    @pytest.mark.long
    def test_one_loss_is_multi_group_learning(self):
        """Two overlapping groups with a comparator each that is right there and wrong elsewhere; one loss.

        The best single comparator loses a constant in some group; the panpredictor is within 0.03 of the best of each,
        which is more than four standard deviations of a group's mean difference at n = 4,000.
        """
        rng = np.random.default_rng(10)
        x = rng.random((3000, 2))
        truth = np.where(x[:, 0] + x[:, 1] > 1, 0.9, 0.1)
        g = np.column_stack([x[:, 0] > 0.4, x[:, 0] <= 0.6]).astype(float)
        h = np.where(g > 0, truth[:, None], 1 - truth[:, None])
        data, population = sample(g, h, rng.random(3000) < truth), sample(g, h, truth)
        loss = {"l": LossTable([[0, 0.5], [0.5, 0]])}
        model = learn_randomized(data, rng=rng)
        for law in (
            Law.points(learn_deterministic(data).predict(g, h)),
            Law.on_levels(model.levels, model.laws(g, h)),
        ):
            table = gap_table(law, population, loss, ["left", "right"], ["a", "b"], resamples=2, rng=rng)
            assert (table["gap"] < 0.03).all()
            assert (table["single_loss"] - table["best_loss"]).max() > 0.1


@pytest.mark.long
def test_the_error_falls_like_the_root_of_the_number_of_points():
    """8 replicates at n = 200 and 1,800 on one law: the ratio of mean errors is 1/3 at the rate n^(-1/2).

    Errors of replicates vary by less than a factor of 2 about their mean (standard deviation of the logarithm below
    0.3), so that the logarithm of the ratio of means of 8 has a standard deviation below 0.15: [0.17, 0.65] is 4.5 of
    them away, false alarm below 1e-5.
    """
    population = instance(0, n=500)
    truth = np.clip(population.comparators.mean(axis=1), 0.05, 0.95)
    law = sample(population.groups, population.comparators, truth)
    means = []
    for n in (200, 1800):
        errors = []
        for seed in range(8):
            rng = np.random.default_rng([seed, n])
            i = rng.integers(500, size=n)
            data = sample(law.groups[i], law.comparators[i], rng.random(n) < truth[i])
            model = learn_randomized(data, rounds_kept=32, rng=rng)
            errors.append(
                step_calibration_error(Law.on_levels(model.levels, model.laws(law.groups, law.comparators)), law)
            )
        means.append(np.mean(errors))
    assert 0.17 < means[1] / means[0] < 0.65


def test_thresholds_and_levels():
    values = np.repeat([0.1, 0.4, 0.8], [5, 1, 1])
    np.testing.assert_array_equal(thresholds_of(values, 3), [0.1, 0.4])
    many = np.arange(1, 101) / 100
    np.testing.assert_allclose(thresholds_of(many, 4), [0.25, 0.5, 0.75])
    assert thresholds_of(np.full(4, 0.5), 16).size == 0
    assert [default_levels(n) for n in (10, 4096, 10**8)] == [8, 12, 150]


@pytest.mark.parametrize("name", ["levels", "thresholds", "rounds_kept"])
def test_numbers_below_one_are_refused(name):
    with pytest.raises(StrategyError, match=f"{name} must be a whole number >= 1, got 0"):
        learn_randomized(instance(0), rng=np.random.default_rng(0), **{name: 0})
