"""Exact base predictors against brute force over all sets that the class can cut out."""

import math

import numpy as np
import pytest
from finite_laws import SIMULATED_CHANCE, SIMULATED_MASS, SIMULATED_X, loss
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyRegressor

from omnisim.batch import best_single, empirical_minimizers, finite_minimizers
from omnisim.batch.base_classes import difference, model_minimizers, simplest, surely_better
from omnisim.errors import ProblemError
from omnisim.problem.losses import Mean, Probability, Quantile, thresholds


def half_lines(x):
    """The answers of all linear functions of one feature: slope and intercept tried between and beyond all points."""
    edges = np.unique(x)
    cuts = [edges[0] - 1, *((edges[1:] + edges[:-1]) / 2), edges[-1] + 1]
    return [np.asarray(slope * (x - cut) > 0) for cut in cuts for slope in (1.0, -1.0)]


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 15))
@settings(max_examples=80, deadline=None)
def test_one_feature_by_sorting_equals_brute_force(seed, m, n):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, n) / 7, rng.integers(0, 2, n)
    base = empirical_minimizers(x, y, m)
    exceeds = base.exceeds(x)
    for i, theta in enumerate(thresholds(m)):

        def total(answers, theta=theta):
            return sum(loss(theta, 1.0 if a else 0.0, outcome) for a, outcome in zip(answers, y, strict=True))

        best = min(total(answers) for answers in half_lines(x))
        assert total(exceeds[:, i]) == pytest.approx(best, abs=1e-9)
        assert base.risk[i] == pytest.approx((best - total(np.zeros(n))) / n, abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([Mean(), Quantile(0.3)]))
@settings(max_examples=40, deadline=None)
def test_other_targets_equal_brute_force(seed, target):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, 12) / 7, rng.integers(0, 11, 12) / 10
    base = empirical_minimizers(x, y, 5, target)
    values = target.identification(thresholds(5), y)
    exceeds = base.exceeds(x)
    for i in range(5):
        best = min(values[answers, i].sum() for answers in half_lines(x))
        assert values[exceeds[:, i], i].sum() == pytest.approx(best, abs=1e-9)


def test_neighbouring_numbers_are_told_apart():
    x = [1.0, np.nextafter(1.0, 2.0)]
    assert empirical_minimizers(x, [0, 1], 1).exceeds(x).tolist() == [[False], [True]]
    assert empirical_minimizers(x, [1, 0], 1).exceeds(x).tolist() == [[True], [False]]


def test_the_simulated_example_contradicts_itself_as_the_paper_says():
    # The whole law as a sample: at theta = 0.35 the best linear function is low at 0.05, at theta = 0.75 it is high
    # there (Appendix B.1).
    counts = np.round(SIMULATED_MASS * 1000).astype(int)
    x = np.repeat(SIMULATED_X, counts)
    y = np.concatenate([np.arange(k) < round(k * chance) for k, chance in zip(counts, SIMULATED_CHANCE, strict=True)])
    base = empirical_minimizers(x, y, 10)
    exceeds = base.exceeds(SIMULATED_X)
    assert thresholds(10)[3] == pytest.approx(0.35)
    assert thresholds(10)[7] == pytest.approx(0.75)
    assert not exceeds[0, 3]
    assert exceeds[0, 7]


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_finite_class_equals_brute_force(seed, m, members):
    rng = np.random.default_rng(seed)
    columns, y = rng.random((9, members)), rng.integers(0, 2, 9)
    base = finite_minimizers(columns, y, m)
    exceeds = base.exceeds(columns)
    for i, theta in enumerate(thresholds(m)):
        losses = [sum(loss(theta, p, outcome) for p, outcome in zip(columns[:, f], y, strict=True))
                  for f in range(members)]  # fmt: skip
        chosen = int(base.index[i])
        assert losses[chosen] == pytest.approx(min(losses))
        assert (exceeds[:, i] == (columns[:, chosen] > theta)).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_best_single_member_minimizes_its_worst_excess(seed):
    rng = np.random.default_rng(seed)
    m, columns, y = 4, rng.random((10, 3)), rng.integers(0, 2, 10)
    exceeds = rng.random((10, m)) < 0.5
    fitted = best_single(columns, exceeds, y)

    def worst(f):
        return max(
            np.mean([
                loss(theta, columns[t, f], y[t]) - loss(theta, 1.0 if exceeds[t, i] else 0.0, y[t]) for t in range(10)
            ])
            for i, theta in enumerate(thresholds(m))
        )  # fmt: skip

    errors = [worst(f) for f in range(3)]
    assert fitted.errors == pytest.approx(errors)
    assert fitted.index == int(np.argmin(errors))
    # On the grid it exceeds the same thresholds.
    exceeded = fitted.mixture(columns).argmax(axis=1)
    assert exceeded.tolist() == [sum(p > theta for theta in thresholds(m)) for p in columns[:, fitted.index]]


@pytest.mark.parametrize(
    ("x", "y", "m", "message"),
    [
        ([1, 2], [1], 2, "x has 2 rows and y has 1"),
        ([], [], 2, "x and y are empty"),
        ([[1, 2]], [1], 2, r"x must have shape \(n,\)"),
        ([np.inf], [1], 2, r"x\[0\] is inf"),
        ([1], [2], 2, r"y\[0\] is 2"),
        ([1], [1], 0, "m, the number of thresholds, must be a whole number >= 1, got 0"),
    ],
)
def test_refusals(x, y, m, message):
    with pytest.raises(ProblemError, match=message):
        empirical_minimizers(x, y, m)


def test_a_prediction_that_is_the_threshold_does_not_exceed_it():
    """Thresholds 1/4 and 3/4, of a single member and of a feature."""
    answers = [[False, False], [False, False], [True, False], [True, False], [True, True]]
    column = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    for chosen in ([0, 0, 1, 1, 1], [0, 0, 0, 0, 1]):
        base = finite_minimizers(column[:, None], chosen, 2)
        assert base.exceeds(column[:, None]).tolist() == answers
        exceeding = np.array(answers) * (thresholds(2) - np.array(chosen)[:, None])
        np.testing.assert_allclose(base.risk, exceeding.mean(axis=0))


def test_refusals_of_a_finite_class():
    with pytest.raises(ProblemError, match=r"columns\[0, 0\] is 2: every entry must lie in \[0, 1\]"):
        finite_minimizers([[2.0]], [1], 2)
    with pytest.raises(ProblemError, match="columns must hold at least one member"):
        finite_minimizers(np.zeros((1, 0)), [1], 2)


def test_a_threshold_is_served_by_another_model_only_if_it_is_surely_better() -> None:
    """By hand: two answers differ on a + b rows; the other wins by (a - b) / 2n, of deviation sqrt(a + b) / 2n."""
    n = 100
    y = np.zeros(n)
    best, other = np.full(n, 0.9), np.full(n, 0.9)
    for wins, losses, follows in ((9, 1, True), (2, 1, False), (1, 0, False), (2, 0, True)):
        y[:] = 0.0
        other[:] = 0.9
        # Here the other one says "low": right where y = 0, wrong where y = 1.
        other[: wins + losses] = 0.1
        y[wins : wins + losses] = 1.0
        # The rest is 1, and both say so.
        y[wins + losses :] = 1.0
        each = np.zeros(n)
        each[:wins], each[wins : wins + losses] = 0.5, -0.5
        assert (each.sum() > np.sqrt((each**2).sum()) * (1 + 1e-9)) == follows
        found = surely_better(np.column_stack([best, other]), y, 1, Probability(), 0)
        assert found.index[0] == int(follows)
        chosen = (best, other)[found.index[0]]
        assert found.risk[0] == pytest.approx(((0.5 - y) * (chosen > 0.5)).mean())


def test_a_mean_of_weighted_rows_deviates_as_that_of_so_many() -> None:
    """The root of a sum of squares over its number, for rows written down as often as they count."""
    rng = np.random.default_rng(1)
    each, counts = rng.normal(size=9), np.array([3.0, 1.0, 2.0, 0.0, 4.0, 1.0, 1.0, 2.0, 5.0])
    rows = [float(each[i]) for i in range(9) for _ in range(int(counts[i]))]
    mean, deviation = difference(each, counts)
    assert mean == pytest.approx(sum(rows) / len(rows))
    assert deviation == pytest.approx(math.sqrt(sum(row**2 for row in rows)) / len(rows))


@pytest.mark.parametrize("scale", [lambda values: values, lambda values: values**4])
def test_the_best_model_has_the_least_loss_in_the_units_it_is_measured_in(scale) -> None:
    """Nearly all outcomes are 0.5: of the mean, to the power of four, 0.9 is further off from them than 0.2."""
    y = np.repeat([0.5, 0.6], [58, 2])
    models = {f"{c:g}": DummyRegressor(strategy="constant", constant=c) for c in (0.8, 0.15)}
    errors = {name: np.mean((scale(float(name)) - scale(y)) ** 2) for name in models}
    _, found = model_minimizers(models, np.zeros((60, 1)), y, 4, Mean(), 3, 0, None, scale)
    assert found.best == min(errors, key=lambda name: errors[name])


def test_the_simplest_model_that_is_not_surely_worse() -> None:
    losses = np.random.default_rng(0).random((50, 3)) + np.array([0.3, 0.02, 0.0])
    for weights in (None, np.arange(50.0)):
        counts = np.ones(50) if weights is None else weights
        rows = np.repeat(np.arange(50), counts.astype(int))
        means = losses[rows].mean(axis=0)
        least = int(means.argmin())
        gains = losses[rows] - losses[rows][:, [least]]
        allowed = [
            k for k in (*range(least), least) if gains[:, k].mean() <= np.sqrt((gains[:, k] ** 2).sum()) / len(rows)
        ]
        assert simplest(losses, weights) == min(allowed)
