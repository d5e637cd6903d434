"""Half-spaces by mixed-integer programs against every dichotomy a half-space can cut out."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from omnisim.batch import empirical_minimizers, halfspaces, linear_minimizers
from omnisim.batch.half_planes import cheapest_half_planes
from omnisim.batch.halfspaces import MARGIN, Halfspaces
from omnisim.errors import ProblemError
from omnisim.problem.losses import Mean, thresholds


def can_be_cut_out(points, answers):
    """Whether some w . x + b is >= 1 on the points answered high and <= -1 on the others: a feasible program."""
    signs = np.where(answers, 1.0, -1.0)[:, None]
    table = -signs * np.hstack([points, np.ones((len(points), 1))])
    free = np.zeros(table.shape[1])
    found = optimize.linprog(free, A_ub=table, b_ub=-np.ones(len(points)), bounds=(None, None), method="highs")
    return found.status == 0


def test_points_on_the_edge_are_low():
    """Two half-planes, right of x = 1 and above y = -x, and everything and nothing, whose w is 0."""
    w, b = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]), np.array([-1.0, 0.0, 1.0, 0.0])
    points = np.array([[1.0, 5.0], [1.0 + 1e-9, 5.0], [2.0, -2.0], [0.0, 0.0], [-1.0, 1.5]])
    expected = [[False, True], [True, True], [True, False], [False, False], [False, True]]
    found = Halfspaces(np.zeros(4), w, b, np.zeros(4)).exceeds(points)
    assert found.tolist() == [[*edges, True, False] for edges in expected]


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=15, deadline=None)
def test_two_features_equal_brute_force(seed, coarse):
    rng = np.random.default_rng(seed)
    # On coarse coordinates points coincide and lie on common lines.
    x = rng.integers(0, 4, (7, 2)) * 10.0 - 5.0 if coarse else rng.normal(size=(7, 2))
    _compare_with_brute_force(x, rng.integers(0, 2, 7))


@pytest.mark.long
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=8, deadline=None)
def test_three_features_equal_brute_force(seed):
    # Coarse coordinates, so that edges keep their distance.
    rng = np.random.default_rng(seed)
    _compare_with_brute_force(rng.integers(0, 3, (6, 3)) * 10.0 - 5.0, rng.integers(0, 2, 6))


def _compare_with_brute_force(x, y):
    n, m = len(x), 3
    base = linear_minimizers(x, y, m)
    exceeds = base.exceeds(x)
    values = thresholds(m) - y[:, None]
    best = np.zeros(m)
    for answers in itertools.product([False, True], repeat=n):
        chosen = np.array(answers)
        totals = values[chosen].sum(axis=0)
        if (totals < best - 1e-9).any() and can_be_cut_out(x, chosen):
            best = np.minimum(best, totals)
    assert (values * exceeds).sum(axis=0) == pytest.approx(best, abs=1e-9)
    assert base.risk == pytest.approx(best / n, abs=1e-9)
    assert (base.gap == 0).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_one_feature_equals_sorting(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 6, 10) / 7, rng.integers(0, 2, 10)
    assert linear_minimizers(x[:, None], y, 3).risk == pytest.approx(empirical_minimizers(x, y, 3).risk, abs=1e-9)


@pytest.mark.long
def test_a_time_limit_leaves_a_gap_that_holds():
    # Without time for the program the best half-line is kept; what the full program finds lies within the gap.
    rng = np.random.default_rng(2)
    x = rng.normal(size=(25, 3))
    y = (rng.random(25) < 1 / (1 + np.exp(-x.sum(axis=1)))).astype(int)
    hurried, patient = linear_minimizers(x, y, 2, time_limit=1e-4), linear_minimizers(x, y, 2, time_limit=30.0)
    lines = np.min([empirical_minimizers(x[:, j], y, 2).risk for j in range(3)], axis=0)
    assert (hurried.risk <= lines + 1e-12).all()
    assert (patient.gap == 0).all()
    assert (patient.risk <= hurried.risk + 1e-12).all()
    assert (hurried.risk - hurried.gap <= patient.risk + 1e-9).all()
    assert (hurried.gap > 0).any()


def test_the_gap_is_how_far_the_risk_is_above_what_the_program_proved(monkeypatch):
    """Where the program finds nothing, and proves no more than that a set could hold just the rows that gain."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    monkeypatch.setattr(halfspaces, "_solve", lambda points, costs, limit: ([], float(costs[costs < 0].sum())))
    found = linear_minimizers(x, y, 2)
    for i, theta in enumerate((0.25, 0.75)):
        lowest = sum(min(theta - outcome, 0.0) for outcome in y) / 40
        line = min(empirical_minimizers(x[:, j], y, 2).risk[i] for j in range(3))
        assert found.risk[i] == pytest.approx(line)
        assert found.gap[i] == pytest.approx(line - lowest)


@pytest.mark.parametrize("features", [2, 3])
@pytest.mark.parametrize(("unit", "begin"), [(4.0, 2.0**20), (2.0**20, 0.0), (2.0**-20, 0.0), (2.0**-20, -1.0)])
def test_where_features_begin_and_their_units_make_no_difference(features, unit, begin):
    """Moved and stretched by powers of 2, they are exactly the same to the program, whose numbers are scaled."""
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 4, (12, features)).astype(float), rng.integers(0, 2, 12)
    plain, moved = linear_minimizers(x, y, 3), linear_minimizers(unit * x + begin, y, 3)
    assert (plain.gap == 0).all()
    np.testing.assert_array_equal(moved.gap, plain.gap)
    np.testing.assert_allclose(moved.risk, plain.risk, rtol=0, atol=1e-12)
    lines = np.min([empirical_minimizers(column, y, 3).risk for column in x.T], axis=0)
    assert (moved.risk < lines - 1e-9).any()  # where a half-line would do, nothing is seen of the program


@pytest.mark.parametrize("seed", range(3))
def test_a_half_space_keeps_half_the_margin_from_points_on_either_side(seed):
    """Coordinates are in [-1, 1], which are the units of the program: in it points inside have the whole margin."""
    rng = np.random.default_rng(seed)
    inner = np.array(list(itertools.product([-1 / 3, 0.0, 1 / 3], repeat=3)))
    x = np.vstack([np.ones(3), -np.ones(3), inner[rng.permutation(27)[:9]]])
    base = linear_minimizers(x, rng.integers(0, 2, 11), 3)
    distance = np.abs(x @ base.coefficients.T + base.intercept)
    assert distance.min() >= MARGIN / 2 * (1 - 1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_half_planes_cost_what_they_hold_and_nothing_where_everything_costs(seed):
    rng = np.random.default_rng(seed)
    points = np.unique(rng.integers(0, 4, (9, 2)), axis=0).astype(float)
    costs = np.column_stack([rng.normal(size=(len(points), 3)), *(rng.random((2, len(points), 1)) / 20)])
    costs[:, 4] *= -1
    w, b, sums = cheapest_half_planes(points, costs)
    inside = points @ w.T + b > 0
    np.testing.assert_allclose(sums, (costs * inside).sum(axis=0), rtol=0, atol=1e-12)
    assert not inside[:, 3].any()
    assert inside[:, 4].all()


@pytest.mark.parametrize("outcome", [0, 1])
def test_one_class_only_is_cut_out_by_nothing_or_everything(outcome):
    x = np.random.default_rng(4).normal(size=(9, 3))
    base = linear_minimizers(x, np.full(9, outcome), 2)
    assert (base.exceeds(x) == outcome).all()
    assert (base.gap == 0).all()
    np.testing.assert_allclose(base.risk, (thresholds(2) - 1) * outcome)


def test_means_and_constant_features():
    x = np.array([[1.0, 3.0], [1.0, 4.0], [1.0, 5.0]])
    base = linear_minimizers(x, [0.1, 0.5, 0.9], 4, Mean())
    expected = empirical_minimizers(x[:, 1], [0.1, 0.5, 0.9], 4, Mean())
    assert base.risk == pytest.approx(expected.risk)
    assert (base.exceeds(x) == expected.exceeds(x[:, 1])).all()


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([1.0, 2.0], {}, r"x must have shape \(n, d\), got \(2,\)"),
        (np.zeros((2, 0)), {}, "x must have a feature or more"),
        ([[1.0], [2.0]], {"time_limit": 0}, "time_limit must be > 0 seconds, got 0"),
    ],
)
def test_refusals(x, options, message):
    with pytest.raises(ProblemError, match=message):
        linear_minimizers(x, [0, 1], 2, **options)
