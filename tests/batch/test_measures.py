"""Measures spelt out as sums over outcomes, and their exactness on finite laws."""

import numpy as np
import pytest
from finite_laws import FiniteLaw, loss, theta
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.batch import (
    calibration_error,
    class_omniprediction_error,
    multiaccuracy_error,
    multicalibration_error,
    omniprediction_error,
)
from omnisim.errors import ProblemError


def triples(law, mixture):
    """All (x, k, y) with their joint probability."""
    for x, mass in enumerate(law.mass):
        for k, chance in enumerate(mixture[x]):
            for y, outcome in ((0, 1 - law.chance[x]), (1, law.chance[x])):
                yield x, k, y, mass * chance * outcome


def instance(seed, m, points=4):
    rng = np.random.default_rng(seed)
    return FiniteLaw.random(rng, points, m), rng.dirichlet(np.full(m + 1, 0.5), size=points), rng


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_finite_law_is_measured_exactly(seed, m):
    law, mixture, rng = instance(seed, m)
    functions = rng.normal(size=(4, 3))
    joint = list(triples(law, mixture))

    excess = omniprediction_error(mixture, law.exceeds, law.chance, law.mass)
    assert excess.each == pytest.approx(law.excess(mixture))
    assert float(excess) == pytest.approx(max(law.excess(mixture)))

    bias = [sum(p * functions[x, g] * (y - k / m) for x, k, y, p in joint) for g in range(3)]
    assert float(multiaccuracy_error(mixture, functions, law.chance, law.mass)) == pytest.approx(max(np.abs(bias)))

    def conditional(weight):
        return sum(
            abs(sum(p * weight[x] * (y - k / m) for x, k, y, p in joint if k == level)) for level in range(m + 1)
        )

    assert float(calibration_error(mixture, law.chance, law.mass)) == pytest.approx(conditional(np.ones(4)))
    expected = max(conditional(functions[:, g]) for g in range(3))
    assert float(multicalibration_error(mixture, functions, law.chance, law.mass)) == pytest.approx(expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_the_error_against_a_class_takes_the_best_member_for_each_threshold(seed, m):
    law, mixture, rng = instance(seed, m)
    columns = rng.random((4, 3))
    each = []
    for i in range(1, m + 1):
        at = theta(i, m)
        own = sum(p * loss(at, k / m, y) for _, k, y, p in triples(law, mixture))
        others = [sum(p * loss(at, columns[x, f], y) for x, _, y, p in triples(law, mixture)) for f in range(3)]
        each.append(own - min(others))
    found = class_omniprediction_error(mixture, columns, law.chance, law.mass)
    assert found.each == pytest.approx(each)
    assert found.value == pytest.approx(max(each))


def test_the_truth_has_no_calibration_error_and_beats_every_base_predictor():
    law, _, _ = instance(7, 5)
    law.chance = np.array([0.0, 0.2, 0.6, 1.0])
    truth = np.eye(6)[[0, 1, 3, 5]]
    assert float(calibration_error(truth, law.chance, law.mass)) == pytest.approx(0, abs=1e-15)
    assert float(omniprediction_error(truth, law.exceeds, law.chance, law.mass)) <= 1e-15


@pytest.mark.long
def test_intervals_cover_as_often_as_they_say():
    # One threshold: the error is a mean of independent rows in [-1/2, 1/2], and the percentile interval of a mean of
    # 200 is close to normal. Of 300 intervals of level 0.9 fewer than 240 cover with probability 4e-8, by the binomial;
    # with 3e-5 if the bootstrap itself is off by 0.02.
    rng = np.random.default_rng(11)
    law = FiniteLaw(np.array([0.3, 0.7]), np.array([0.2, 0.8]), np.array([[True], [False]]))
    mixture = np.array([[0.5, 0.5], [0.1, 0.9]])
    exact = float(omniprediction_error(mixture, law.exceeds, law.chance, law.mass))
    covered = 0
    for _ in range(300):
        points = rng.choice(2, size=200, p=law.mass)
        y = (rng.random(200) < law.chance[points]).astype(float)
        estimate = omniprediction_error(mixture[points], law.exceeds[points], y)
        low, high = estimate.interval(level=0.9, replicates=150, random_state=rng)
        covered += low <= exact <= high
    assert covered >= 240


def test_estimates_are_equal_where_their_numbers_are():
    law, mixture, _ = instance(3, 4)
    other, unlike, _ = instance(4, 4)
    one, same = (calibration_error(mixture, law.chance, law.mass) for _ in range(2))
    assert one == same
    assert hash(one) == hash(same)
    assert one != calibration_error(unlike, law.chance, law.mass)
    assert one != calibration_error(mixture, law.chance, other.mass)
    # The same shares of rows, which are others as often: another sample.
    rows = np.array([0.0, 1.0, 1.0, 0.0])
    assert calibration_error(mixture, rows, np.ones(4)) != calibration_error(mixture, rows, np.full(4, 2.0))
    assert repr(one).startswith("Estimate(each=<array (5,)>, value=")
    assert "_measure" not in repr(one) and "_rows" not in repr(one)


def test_an_interval_is_repeatable():
    law, mixture, _ = instance(3, 4)
    estimate = calibration_error(mixture, law.chance)
    assert estimate.interval(random_state=5) == estimate.interval(random_state=5)
    assert estimate.interval(random_state=5) != estimate.interval(random_state=6)


def test_an_interval_of_one_replicate_is_what_was_drawn_once():
    """Rows are all alike, so that whatever is drawn of them has the error 1/2, and is both ends."""
    estimate = calibration_error([[0.5, 0.5]] * 3, [1, 1, 1])
    assert estimate.interval(replicates=1) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("mixture", "y", "weights", "message"),
    [
        ([[0.5, 0.4]], [1], None, "row 0 of mixture sums to 0.9: probabilities must sum to 1"),
        ([[1.0]], [1], None, "mixture must have a row or more and two columns or more"),
        ([[0.5, 0.5]], [1, 0], None, "mixture has 1 rows and y has 2"),
        ([[0.5, 0.5]], [1.5], None, r"y\[0\] is 1.5"),
        ([[0.5, 0.5]], [1], [-1.0], "weights must be >= 0 and not all 0"),
        ([[0.5, 0.5]], [1], [0.0], "weights must be >= 0 and not all 0"),
    ],
)
def test_refusals(mixture, y, weights, message):
    with pytest.raises(ProblemError, match=message):
        calibration_error(mixture, y, weights)


def test_refusals_of_intervals():
    estimate = calibration_error([[0.5, 0.5]], [1])
    with pytest.raises(ProblemError, match="level of an interval"):
        estimate.interval(level=1.0)
    with pytest.raises(ProblemError, match="replicates of an interval must be a whole number >= 1, got 0"):
        estimate.interval(replicates=0)


@pytest.mark.parametrize(("level", "deviations"), [(0.5, 0.674), (0.8, 1.282), (0.95, 1.960)])
def test_an_interval_reaches_as_far_as_its_level_says(level: float, deviations: float) -> None:
    """Of a mean far from 0, whose resamples are normal; by chance, ends of 4,000 miss by 12 % in 1 of 1,000 seeds."""
    rng = np.random.default_rng(6)
    y = (rng.random(300) < 0.7).astype(float)
    found = multiaccuracy_error(np.tile([0.0, 1.0, 0.0], (300, 1)), np.ones((300, 1)), y)
    low, high = found.interval(level, 4000, random_state=1)
    error = deviations * y.std() / np.sqrt(300)
    assert float(found) == pytest.approx(y.mean() - 0.5)
    assert (high - float(found), float(found) - low) == pytest.approx((error, error), rel=0.12)
