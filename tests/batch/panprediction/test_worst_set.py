"""The worst step set against all corners, one by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.batch.panprediction import Law, Sorted, sample, step_calibration_error, worst_sets


def brute(p, g, h, residuals):
    """The largest |mean of g residual over {p <= v, h <= w}| over all v and w that occur; h None is the constant."""
    h = np.zeros(len(p)) if h is None else h
    return max(
        abs(sum(g[i] * residuals[i] for i in range(len(p)) if p[i] <= v and h[i] <= w)) / len(p)
        for v, w in itertools.product(set(p), set(h))
    )


@pytest.mark.long
@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 14), st.integers(1, 5))
def test_every_group_and_comparator(seed, n, levels):
    """Few different values, so that there are many ties; groups are degrees."""
    rng = np.random.default_rng(seed)
    p, h = rng.integers(0, levels, n) / levels, rng.integers(0, levels, (n, 2)) / levels
    g, residuals = rng.integers(0, 3, (n, 2)) / 2, rng.normal(size=n)
    found = Sorted(g, h).each(p, residuals)
    assert [(s.group, s.comparator) for s in found] == list(itertools.product(range(2), (-1, 0, 1)))
    for s in found:
        column = None if s.comparator < 0 else h[:, s.comparator]
        assert abs(s.bias) == pytest.approx(brute(p, g[:, s.group], column, residuals), abs=1e-9)
        assert s.bias == pytest.approx(np.mean(s.weights(p, g, h) * residuals), abs=1e-9)
    worst = Sorted(g, h)(p, residuals)
    assert abs(worst.bias) == max(abs(s.bias) for s in found)


@pytest.mark.parametrize("seed", range(5))
def test_a_law_is_judged_by_its_expectation(seed):
    """Against sums over points and levels."""
    rng = np.random.default_rng(seed)
    levels, n = np.array([0.0, 0.3, 0.6, 1.0]), 9
    laws = rng.dirichlet(np.ones(4), n) * (rng.random((n, 4)) < 0.7) + 1e-9
    laws /= laws.sum(axis=1, keepdims=True)
    data = sample(rng.integers(0, 2, (n, 2)) | np.eye(n, 2, dtype=int), rng.random((n, 1)), rng.integers(0, 2, n))
    largest = 0.0
    for g, w, v in itertools.product(range(2), data.comparators[:, 0], levels):
        total = sum(
            data.groups[i, g] * (data.comparators[i, 0] <= w) * laws[i, k] * (levels[k] <= v)
            * (data.outcomes[i] - levels[k])
            for i in range(n) for k in range(4)
        )  # fmt: skip
        largest = max(largest, abs(total) / n)
    law = Law.on_levels(levels, laws)
    # The constant set {h <= 1} is a corner of the comparator too.
    assert step_calibration_error(law, data) == pytest.approx(largest)


def test_points_and_a_law_of_points_agree():
    rng = np.random.default_rng(1)
    levels = np.linspace(0, 1, 6)
    place = rng.integers(0, 6, 40)
    data = sample(np.ones((40, 1)), rng.random((40, 2)), rng.integers(0, 2, 40))
    one = worst_sets(Law.points(levels[place]), data)
    other = worst_sets(Law.on_levels(levels, np.eye(6)[place]), data)
    assert [(s.group, s.comparator, s.v, s.w) for s in one] == [(s.group, s.comparator, s.v, s.w) for s in other]
    np.testing.assert_allclose([s.bias for s in one], [s.bias for s in other])


def test_no_bias_is_no_set():
    found = Sorted(np.ones((3, 1)), np.zeros((3, 0)))(np.full(3, 0.5), np.zeros(3))
    assert found.bias == 0.0
