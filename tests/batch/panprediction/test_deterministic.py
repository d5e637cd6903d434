"""The deterministic algorithm against its description, and what it promises on every sample."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from omnisim.batch.panprediction import Law, Learned, StepSet, learn_deterministic, sample, step_calibration_error
from omnisim.batch.panprediction.deterministic import default_tolerance
from omnisim.batch.panprediction.multicalibrated import interval, learn_multicalibrated
from omnisim.errors import StrategyError


def instance(seed, n=120, groups=2, comparators=2):
    rng = np.random.default_rng(seed)
    x = rng.random((n, 3))
    g = np.column_stack([np.ones(n), *(x[:, [k % 3]] > 0.4 for k in range(groups - 1))])
    h = np.column_stack([x[:, k % 3] ** (k + 1) for k in range(comparators)])
    return sample(g, h, rng.random(n) < x[:, 0] * (0.4 + 0.6 * (x[:, 1] > 0.5)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 0.2))
def test_it_ends_in_time_without_a_step_set_beyond_the_tolerance(seed, tolerance):
    """Every correction lowers the mean squared error by more than tolerance^2."""
    data = instance(seed)
    found = learn_deterministic(data, tolerance=tolerance)
    start = np.full(len(data), found.start)
    assert len(found.corrections) <= np.mean((data.outcomes - start) ** 2) / tolerance**2
    predictions, before = start, np.mean((data.outcomes - start) ** 2)
    for correction in found.corrections:
        predictions = correction.apply(predictions, data.groups, data.comparators)
        after = np.mean((data.outcomes - predictions) ** 2)
        assert before - after >= tolerance**2 - 1e-12
        before = after
    np.testing.assert_array_equal(predictions, found.predict(data.groups, data.comparators))
    assert step_calibration_error(Law.points(predictions), data) <= tolerance
    assert found.in_sample_error == pytest.approx(step_calibration_error(Law.points(predictions), data))


def test_it_is_the_algorithm_step_by_step():
    """Two corrections by hand: all four y are 1 where h is large; v and w found by looking at every corner."""
    data = sample(np.ones((4, 1)), [[0.1], [0.2], [0.8], [0.9]], [0, 0, 1, 1])
    found = learn_deterministic(data, tolerance=0.2)
    first, second = found.corrections
    # From 1/2: {h <= 0.2} has bias -1/4, the mean residual there is -1/2; then {p <= 1/2}, all, has +1/4.
    assert (first.step_set.w, first.step_set.bias, first.shift) == (0.2, -0.25, pytest.approx(-0.5))
    assert (second.step_set.comparator, second.step_set.v, second.step_set.bias) == (-1, 0.5, 0.25)
    assert second.shift == pytest.approx(0.25)
    np.testing.assert_allclose(found.predict(data.groups, data.comparators)[:2], 0.25)


def test_degrees_of_membership_are_corrected_by_their_squares():
    """u = g takes several values: the best multiple of u is E u (Y - p) / E u^2, and E u in its place leaves a bias."""
    g = np.array([[1.0], [0.5], [0.5], [0.25]])
    y = np.array([1.0, 1.0, 0.0, 1.0])
    found = learn_deterministic(sample(g, np.zeros((4, 0)), y), base=np.full(4, 0.5), tolerance=0.1)
    (first, *_) = found.corrections
    bias = (0.5 * 1.0 + 0.5 * 0.5 - 0.5 * 0.5 + 0.5 * 0.25) / 4
    assert first.step_set.bias == pytest.approx(bias)
    assert first.shift == pytest.approx(bias / ((1 + 0.25 + 0.25 + 0.0625) / 4))


@pytest.mark.parametrize(("points", "groups", "comparators"), [(100, 1, 0), (1000, 3, 2), (8000, 5, 9)])
def test_without_a_tolerance_it_is_an_eighth_of_the_cube_root(points, groups, comparators):
    expected = (math.log(2 * groups * (comparators + 1)) / points) ** (1 / 3) / 8
    assert default_tolerance(points, groups, comparators) == pytest.approx(expected)
    rng = np.random.default_rng(0)
    g, h = np.ones((points, groups)), rng.random((points, comparators))
    assert learn_deterministic(sample(g, h, rng.random(points) < 0.5)).tolerance == pytest.approx(expected)


def test_a_base_that_is_good_is_kept_and_a_bad_one_corrected():
    data = instance(1, n=2000)
    truth = data.comparators[:, 0] * (0.4 + 0.6 * (np.sqrt(data.comparators[:, 1]) > 0.5))
    kept = learn_deterministic(data, base=truth, tolerance=0.04)
    assert kept.corrections == []
    np.testing.assert_array_equal(kept.predict(data.groups, data.comparators, truth), truth)
    repaired = learn_deterministic(data, base=1 - truth, tolerance=0.04)
    assert len(repaired.corrections) > 1
    error = np.mean((repaired.predict(data.groups, data.comparators, 1 - truth) - truth) ** 2)
    assert error < 0.3 * np.mean((1 - 2 * truth) ** 2)


class TestDual:
    def test_an_oracle_for_a_large_class_takes_the_place_of_the_search(self):
        """Weighted classification by trees over two features: what depends on both is found, in a group as well, and
        corrected on points that were not learnt from."""
        rng = np.random.default_rng(2)

        def draw(n):
            x = rng.random((n, 2))
            truth = np.where((x[:, 0] > 0.5) == (x[:, 1] > 0.5), 0.8, 0.2)
            g = np.column_stack([np.ones(n), x[:, 0] > 0.3])
            return sample(g, x, rng.random(n) < truth), truth

        data, _ = draw(1500)
        tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=20, random_state=0)
        found = learn_deterministic(data, tolerance=0.03, dual=Learned(data.groups, data.comparators, tree))
        assert found.in_sample_error <= 0.03
        new, truth = draw(1500)
        p = found.predict(new.groups, new.comparators)
        assert np.mean((p - truth) ** 2) < 0.3 * np.mean((0.5 - truth) ** 2)

    def test_one_that_lies_is_refused(self):
        data = instance(3)
        with pytest.raises(StrategyError, match="the dual player says"):
            learn_deterministic(data, dual=lambda p, r: StepSet(0, -1, 1.0, 1.0, 0.5))


@pytest.mark.parametrize("tolerance", [0.0, -1.0, float("nan")])
def test_a_tolerance_that_is_not_positive_is_refused(tolerance):
    with pytest.raises(StrategyError, match="tolerance must be > 0"):
        learn_deterministic(instance(0), tolerance=tolerance)


def test_the_multicalibrated_predictor_leaves_no_cell():
    """Every product of a group, an interval of p and one of h, by loops."""
    data = instance(4, n=400)
    found = learn_multicalibrated(data, 0.02, bins=5)
    p = found.predict(data.groups, data.comparators)
    for g, h in ((g, h) for g in data.groups.T for h in data.comparators.T):
        for a in range(5):
            for b in range(5):
                cell = (g > 0) & (interval(p, 5) == a) & (interval(h, 5) == b)
                assert abs(((data.outcomes - p) * cell).mean()) <= 0.02
    with pytest.raises(StrategyError, match="tolerance must be > 0"):
        learn_multicalibrated(data, 0.0)


def test_the_multicalibrated_predictor_adds_the_mean_residual_of_a_cell():
    """Of 20 rows of h = 0.35 in the group 17 are 1, and of 30 others 8 are: 1/2 is predicted of all."""
    g = np.column_stack([np.ones(50), np.arange(50) < 20]).astype(float)
    h = np.where(np.arange(50) < 20, 0.35, 0.8)
    y = np.concatenate([np.arange(20) < 17, np.arange(30) < 8]).astype(float)
    learnt = learn_multicalibrated(sample(g, h[:, None], y), tolerance=0.1, bins=4)
    assert learnt.start == 0.5
    cells = {(each.comparator_bin, each.prediction_bin): each.shift for each in learnt.cells}
    assert cells == pytest.approx({(1, 2): 17 / 20 - 1 / 2, (3, 2): 8 / 30 - 1 / 2})
    np.testing.assert_allclose(learnt.predict(g, h[:, None])[[0, -1]], [17 / 20, 8 / 30])


def test_a_step_set_is_told_in_numbers_and_not_in_what_computes_them():
    plain = StepSet(0, -1, 0.5, 1.0, 0.25)
    assert repr(plain) == "StepSet(group=0, comparator=-1, v=0.5, w=1.0, bias=0.25)"
    assert repr(StepSet(0, -1, 0.5, 1.0, 0.25, score=np.sum, p_above=True, h_above=True)) == repr(plain)
