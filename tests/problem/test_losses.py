"""Proper losses: closed forms, mixtures there and back, induced losses, Murphy curves, propriety of every target."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from omnisim.errors import ProblemError
from omnisim.problem.losses import (
    BetaLoss,
    LogLoss,
    LossTable,
    Mean,
    Probability,
    Quantile,
    SquaredLoss,
    ThresholdMixture,
    grid_level,
    induced_loss,
    is_proper,
    murphy_curve,
    prediction_grid,
    propriety_violation,
    threshold_loss,
    threshold_mixture,
    thresholds,
    weighted_zero_one,
)

SEEDS = st.integers(0, 2**32 - 1)

DENSITIES = [
    (SquaredLoss(), lambda t: 2.0),
    (SquaredLoss(0.2, 0.7), lambda t: 2.0 * (0.2 <= t <= 0.7)),
    (LogLoss(0.05), lambda t: (0.05 <= t <= 0.95) / (t * (1 - t)) if 0 < t < 1 else 0.0),
    (BetaLoss(2, 3), lambda t: t * (1 - t) ** 2),
    (BetaLoss(1, 1), lambda t: 1.0),
]


def spelt_out(theta, p, y):
    return theta * (p > theta and y == 0) + (1 - theta) * (p <= theta and y == 1)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1))
def test_the_weighted_zero_one_loss_is_the_papers(theta, p, y):
    assert threshold_loss(p, y, theta) == spelt_out(theta, p, y)


@pytest.mark.parametrize(("loss", "density"), DENSITIES, ids=lambda value: type(value).__name__)
def test_a_family_is_the_mixture_with_its_density(loss, density):
    corners = [0.05, 0.2, 0.7, 0.95]
    for p in (0.0, 0.1, 0.33, 0.5, 0.8, 1.0):
        points = sorted({c for c in [*corners, p] if 0 < c < 1})
        for y in (0, 1):
            expected = integrate.quad(
                lambda t, p=p, y=y: density(t) * spelt_out(t, p, y), 0, 1, points=points, limit=200
            )[0]
            assert float(loss(p, y)) == pytest.approx(expected, abs=1e-7)
    assert loss.total_mass == pytest.approx(integrate.quad(density, 0, 1, points=corners, limit=200)[0], abs=1e-6)
    assert float(loss(0, 0)) == pytest.approx(0, abs=1e-12)
    assert float(loss(1, 1)) == pytest.approx(0, abs=1e-12)
    assert is_proper(loss)


@pytest.mark.parametrize("loss", [loss for loss, _ in DENSITIES])
@pytest.mark.parametrize("m", [1, 7, 40])
def test_there_and_back_on_the_grid(loss, m):
    grid = prediction_grid(m)
    mixture = loss.mixture(m)
    for y in (0, 1):
        assert mixture(grid, y) == pytest.approx(loss(grid, y), abs=1e-9)
    assert mixture.total_mass == pytest.approx(loss.total_mass)
    assert len(mixture.thetas) <= m


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_a_discrete_measure_comes_back_exactly(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 12))
    kept = rng.random(m) < 0.7
    loss = ThresholdMixture(thresholds(m)[kept], rng.uniform(0.1, 2, kept.sum()))
    back = threshold_mixture(loss, m)
    assert back.thetas == pytest.approx(loss.thetas)
    assert back.masses == pytest.approx(loss.masses)
    p = rng.random(5)
    for y in (0, 1):
        expected = [sum(w * spelt_out(t, q, y) for t, w in zip(loss.thetas, loss.masses, strict=True)) for q in p]
        assert loss(p, y) == pytest.approx(expected)


def test_a_loss_in_the_unit_interval_has_mass_at_most_two():
    for loss in (SquaredLoss(), weighted_zero_one(0.3)):
        assert float(loss(0, 1)) <= 1
        assert float(loss(1, 0)) <= 1
        assert loss.total_mass <= 2 + 1e-12


IMPROPER = [lambda p, y: abs(p - y), lambda p, y: (p - y) ** 4, lambda p, y: (p - y) ** 2 + 0.3 * p]


@pytest.mark.parametrize("improper", IMPROPER)
def test_improper_losses_are_found_out(improper):
    assert not is_proper(improper)
    with pytest.raises(ProblemError, match=r"the loss is not proper: under P\(Y = 1\) = "):
        threshold_mixture(improper, 10)


def test_the_violation_of_the_absolute_error():
    # Under p < 1/2 the best report is 0, and reporting p costs p (1 - 2 p) more: 1/8 at p = 1/4.
    assert propriety_violation(lambda p, y: abs(p - y)) == pytest.approx(1 / 8)


@pytest.mark.long
@given(SEEDS, st.integers(1, 8))
@settings(max_examples=80, deadline=None)
def test_a_table_induces_a_proper_loss(seed, actions):
    rng = np.random.default_rng(seed)
    table = LossTable(rng.choice([rng.normal(size=(actions, 2)), rng.integers(0, 4, (actions, 2)).astype(float)]))
    loss = induced_loss(table)
    p = rng.random(20)
    rows = table.table
    best = rows.min(axis=0)
    played = [min(range(actions), key=lambda a, q=q: (1 - q) * rows[a, 0] + q * rows[a, 1]) for q in p]
    for y in (0, 1):
        literal = rows[played, y]
        assert table.of_prediction(p, y) == pytest.approx(literal)
        assert loss(p, y) == pytest.approx(literal - best[y])
    assert is_proper(loss)
    assert propriety_violation(table.of_prediction) <= 1e-12
    risk = np.min((1 - p)[:, None] * table.table[:, 0] + p[:, None] * table.table[:, 1], axis=1)
    assert table.bayes_risk(p) == pytest.approx(risk)
    assert loss.bayes_risk(p) == pytest.approx(risk - (1 - p) * best[0] - p * best[1])


def test_ties_of_best_responses_go_to_the_lowest_action():
    table = LossTable([[1, 1], [1, 1], [0, 2]], actions=["a", "b", "c"])
    assert table.best_response([0.0, 0.5, 1.0]).tolist() == [2, 0, 0]
    assert table.best_response(0.9).shape == ()


def test_a_table_from_a_function_need_not_be_proper():
    # The absolute error has the best responses 0 and 1.
    table = LossTable.from_function(lambda a, y: abs(a - y), actions=list(prediction_grid(10)))
    assert [table.actions[a] for a in table.best_response([0.2, 0.49, 0.51, 0.9])] == [0.0, 0.0, 1.0, 1.0]
    assert induced_loss(table).thetas == pytest.approx([0.5])


def test_utilities_are_negative_losses():
    assert LossTable.from_utility([[1, 0], [0, 1]]).best_response([0.2, 0.8]).tolist() == [0, 1]


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_a_murphy_curve_is_the_mean_threshold_loss_and_integrates_to_any_proper_loss(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    p, y, weights = rng.integers(0, 5, n) / 4, rng.integers(0, 2, n), rng.uniform(0.1, 1, n)
    at = np.concatenate([rng.random(4), np.unique(p)])
    share = weights / weights.sum()
    literal = [sum(w * spelt_out(t, q, o) for w, q, o in zip(share, p, y, strict=True)) for t in at]
    assert murphy_curve(p, y, at, weights) == pytest.approx(literal)
    loss = ThresholdMixture(rng.random(3), rng.random(3))
    assert loss.masses @ murphy_curve(p, y, loss.thetas) == pytest.approx(loss(p, y).mean())


@given(SEEDS, st.sampled_from([Probability(), Mean(), Quantile(0.25), Quantile(0.7)]))
@settings(max_examples=100, deadline=None)
def test_the_threshold_loss_of_every_target_is_proper(seed, target):
    # l_theta(p, y) = V(theta, y) 1[p > theta]: predicting the target itself is best under every law of y, here on a
    # grid coprime to the thresholds. The quantile is the smallest one.
    rng = np.random.default_rng(seed)
    support = np.array([0.0, 1.0]) if isinstance(target, Probability) else rng.random(5)
    law = rng.dirichlet(np.ones(len(support)))
    if isinstance(target, Quantile):
        order = np.argsort(support)
        truth = support[order][np.searchsorted(law[order].cumsum(), target.level)]
    else:
        truth = law @ support
    thetas = thresholds(13)
    expected = law @ target.identification(thetas, support)
    assert (np.diff(target.identification(thetas, support), axis=1) >= 0).all()
    assert (np.abs(target.identification(thetas, support)) <= target.bound).all()
    assert (expected * (truth > thetas) <= np.minimum(expected, 0) + 1e-12).all()
    assert ((expected < 0) == (truth > thetas)).all()


@given(SEEDS, st.integers(1, 9))
def test_the_grid_point_of_a_prediction_exceeds_the_same_thresholds(seed, m):
    p = np.random.default_rng(seed).choice(np.concatenate([thresholds(m), prediction_grid(m), [0.123, 0.77]]), 6)
    level = grid_level(p, m)
    assert level.tolist() == [sum(q > theta for theta in thresholds(m)) for q in p]
    assert np.abs(level / m - p).max() <= 1 / (2 * m) + 1e-12


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: ThresholdMixture([0.5], [-1.0]),
            "masses of a mixture must be >= 0, got -1: the loss would not be proper",
        ),
        (lambda: ThresholdMixture([1.0], [1.0]), "thetas of a mixture must be < 1"),
        (lambda: LogLoss(0.0), r"truncation of LogLoss must lie in \(0, 1/2\), got 0.0: else it is unbounded"),
        (lambda: BetaLoss(0, 1), "alpha and beta of BetaLoss must be > 0"),
        (lambda: SquaredLoss(0.5, 0.5), "SquaredLoss needs 0 <= low < high <= 1"),
        (lambda: Quantile(1.0), r"level of a quantile must lie in \(0, 1\), got 1.0"),
        (lambda: LossTable(np.zeros((0, 2))), "a loss table needs at least one action"),
        (lambda: LossTable([[0, 1]], actions=["a", "b"]), "the loss table has 1 rows but 2 actions are named"),
        (lambda: LossTable([[0, math.nan]]), r"loss table\[0, 1\] is nan"),
        (lambda: SquaredLoss()(1.5, 1), r"predictions\[0\] is 1.5"),
        (lambda: SquaredLoss()("x", 1), "predictions must be an array of numbers, got 'x'"),
        (lambda: SquaredLoss()(0.5, [[1], [1, 0]]), "outcomes must be an array of numbers, got .* differ in length"),
        (lambda: LossTable([[0, 1]]).best_response("x"), "predictions must be an array of numbers, got 'x'"),
        (lambda: LossTable.from_utility([[0], [0, 1]]), "utility of a loss table must be an array of numbers, got"),
        (lambda: thresholds(0), "m, the number of thresholds, must be a whole number >= 1, got 0"),
        (lambda: thresholds(2.5), "m, the number of thresholds, must be a whole number >= 1, got 2.5"),
        (lambda: grid_level(0.5, "x"), "m, the number of thresholds, must be a whole number >= 1, got 'x'"),
        (lambda: Quantile("x"), "level of Quantile must be a number, got 'x'"),
        (lambda: LogLoss("x"), "truncation of LogLoss must be a number, got 'x'"),
        (lambda: BetaLoss(1, "x"), "beta of BetaLoss must be a number, got 'x'"),
        (lambda: SquaredLoss(None), "low of SquaredLoss must be a number, got None"),
        (lambda: murphy_curve([0.5], [1], [0.5], [0.0]), "a Murphy curve needs rows with weights >= 0"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ProblemError, match=message):
        make()
