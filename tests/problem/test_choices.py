"""What agents choose, against loops in plain Python; small integers make every sum exact, so that ties are ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnisim.errors import ProblemError
from omnisim.problem.choices import best_responses, regrets, temptation, values_of_choices, weighted_regret
from omnisim.products import affine


@st.composite
def problems(draw):
    each, parts, actions, dimension = (draw(st.integers(1, most)) for most in (3, 3, 4, 11))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    agents = each * parts
    utility = rng.integers(-2, 3, (agents, actions, dimension)).astype(float)
    offset = rng.integers(-2, 3, (agents, actions)).astype(float)
    candidates = rng.random((agents, actions)) < 0.6
    points = rng.integers(0, 3, (parts, dimension)).astype(float)
    return utility, offset, candidates, points


def best_by_loops(utility, offset, candidates, point, n):
    best, highest = 0, -float("inf")
    for a in range(utility.shape[1]):
        score = sum(u * p for u, p in zip(utility[n, a], point, strict=True)) + offset[n, a]
        if candidates[n, a] and score > highest:
            best, highest = a, score
    return best


@given(problems(), st.booleans())
def test_each_part_responds_to_its_own_prediction(problem, with_candidates):
    utility, offset, candidates, points = problem
    allowed = candidates if with_candidates else np.ones_like(candidates)
    without = [n for n, row in enumerate(allowed.tolist()) if True not in row]
    if without:
        with pytest.raises(ProblemError, match=f"agent {without[0]} has no candidate action"):
            best_responses(utility, offset, candidates, points)
        candidates[without, 0] = True
    found = best_responses(utility, offset, candidates if with_candidates else None, points)
    each = len(utility) // len(points)
    assert found.tolist() == [
        best_by_loops(utility, offset, allowed, points[n // each], n) for n in range(len(utility))
    ]


@given(problems())
def test_temptation_by_loops(problem):
    utility, offset, candidates, points = problem
    p, y = points[0], points[-1]
    expected = np.zeros(len(y))
    for n in range(len(utility)):
        expected += utility[n, best_by_loops(utility, offset, candidates, 2 * p - y, n)]
        expected -= utility[n, best_by_loops(utility, offset, candidates, y, n)]
    np.testing.assert_array_equal(temptation(utility, offset, candidates, p, y), expected)


@given(problems(), st.integers(1, 3))
def test_weighted_regret_by_loops(problem, columns):
    utility, offset, *_ = problem
    rng = np.random.default_rng(len(utility))
    own = rng.integers(0, utility.shape[1], len(utility))
    others = rng.integers(0, utility.shape[1], (len(utility), columns))
    weights = rng.integers(0, 3, others.shape).astype(float)
    intercept, slope = weighted_regret(utility, offset, own, others, weights)
    pairs = [(weights[n, b], n, others[n, b]) for n in range(len(utility)) for b in range(columns)]
    assert intercept == sum(w * (offset[n, a] - offset[n, own[n]]) for w, n, a in pairs)
    np.testing.assert_array_equal(slope, sum(w * (utility[n, a] - utility[n, own[n]]) for w, n, a in pairs))


@given(problems(), st.integers(1, 3))
def test_regrets_by_loops(problem, columns):
    utility, offset, _, points = problem
    rng = np.random.default_rng(len(utility))
    own = rng.integers(0, utility.shape[1], len(utility))
    others = rng.integers(0, utility.shape[1], (len(utility), columns))

    def earned(n, a):
        return utility[n, a] @ points[0] + offset[n, a]

    expected = [[earned(n, other) - earned(n, own[n]) for other in row] for n, row in enumerate(others)]
    np.testing.assert_array_equal(regrets(utility, offset, own, others, points[0]), expected)


def test_actions_that_are_alike_tie_wherever_they_stand():
    """A matrix product may round equal rows apart, depending on their places; nobody may choose by that."""
    rng = np.random.default_rng(0)
    rows = rng.random((50, 1, 24))
    utility = np.repeat(rows, 13, axis=1)
    found = best_responses(utility, np.zeros((50, 13)), None, rng.random((1, 24)))
    assert not found.any()


def test_any_layout_will_do():
    rng = np.random.default_rng(1)
    utility, offset = rng.random((6, 4, 3)), rng.random((6, 4))
    candidates = rng.random((4, 6)) < 0.5
    candidates[0] = True
    point = rng.random((3, 2))[:, 0]
    plain = best_responses(utility, offset, np.ascontiguousarray(candidates.T), np.array([point]))
    np.testing.assert_array_equal(best_responses(utility, offset, candidates.T, point[None]), plain)


def test_shapes_that_disagree_are_refused():
    utility, offset = np.zeros((2, 3, 4)), np.zeros((2, 3))
    with pytest.raises(ProblemError, match=r"a prediction has shape \(5,\): outcomes have shape \(4,\)"):
        best_responses(utility, offset, None, np.zeros((1, 5)))
    with pytest.raises(ProblemError, match=r"candidates have shape \(2, 4\): \(2, 3\) is needed"):
        temptation(utility, offset, np.ones((2, 4), dtype=bool), np.zeros(4), np.zeros(4))


@given(problems(), st.integers(0, 2**32 - 1))
def test_values_of_choices_are_those_of_all_actions(problem, seed):
    utility, offset, _, points = problem
    rng = np.random.default_rng(seed)
    utility, point = utility + rng.random(utility.shape), points[0] + rng.random(points.shape[1])
    chosen = rng.integers(0, utility.shape[1], len(utility)).astype(np.int8)
    found = values_of_choices(utility, offset, chosen, point)
    np.testing.assert_array_equal(found, affine(utility, offset, point)[np.arange(len(utility)), chosen])
    by_hand = [
        sum(u * p for u, p in zip(utility[n, a], point, strict=True)) + offset[n, a] for n, a in enumerate(chosen)
    ]
    assert found == pytest.approx(by_hand, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize(
    ("chosen", "point", "said"),
    [
        ([0, 2], [0.5], r"actions are 0 to 1, got 0 to 2"),
        ([-1, 0], [0.5], r"actions are 0 to 1, got -1 to 0"),
        ([0], [0.5], r"slopes of shape \(2, 2, 1\) do not fit \(2, 2\), \(1,\) and \(1,\)"),
        ([0, 1], [0.5, 0.5], r"do not fit \(2, 2\), \(2,\) and \(2,\)"),
    ],
)
def test_values_of_choices_that_are_none_are_refused(chosen, point, said):
    with pytest.raises(ProblemError, match=said):
        values_of_choices(np.zeros((2, 2, 1)), np.zeros((2, 2)), np.array(chosen), np.array(point))
