"""Minimax steps against full linear programs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from omnisim.errors import StrategyError
from omnisim.game.grid import Grid
from omnisim.game.minimax import CuttingPlanes, SimulatedPlay, worst_case
from omnisim.problem.mixture import Mixture


def random_gain(rng, dimension, agents=6, actions=4):
    """A gain as decision events give it: g(p) . (p - y), g constant where all agents play the same."""
    slopes = rng.normal(size=(agents, actions, dimension))
    offsets = rng.normal(size=(agents, actions)) * 0.3
    net = rng.normal(size=(agents, actions, dimension))

    def gain(prediction):
        played = (slopes @ prediction + offsets).argmax(axis=1)
        g = net[np.arange(agents), played].sum(axis=0)
        return float(g @ prediction), -g

    return gain


def value_over_grid(gain, points):
    """min over mixtures of the grid of the worst case over the box, by a linear program in the mixture's weights."""
    intercepts, slopes = zip(*(gain(p) for p in points), strict=True)
    intercepts, slopes = np.array(intercepts), np.array(slopes)
    count, dimension = slopes.shape
    # Variables: weights, and s_i >= max(0, mean slope_i).
    cost = np.concatenate([intercepts, np.ones(dimension)])
    upper = np.hstack([slopes.T, -np.eye(dimension)])
    found = optimize.linprog(
        cost,
        A_ub=upper,
        b_ub=np.zeros(dimension),
        A_eq=[np.concatenate([np.ones(count), np.zeros(dimension)])],
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
    )
    return found.fun


@pytest.mark.long
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_the_step_for_one_coordinate_is_as_good_as_the_program_over_a_grid(seed):
    gain = random_gain(np.random.default_rng(seed), 1)
    grid = np.linspace(0, 1, 1025)[:, None]
    step = CuttingPlanes().solve(gain, [Mixture.point([0.5])], tolerance=1e-9)
    assert step.value <= max(value_over_grid(gain, grid), 1e-9) + 1e-9
    assert step.value == pytest.approx(worst_case(gain, step.mixture)[0])
    assert len(step.mixture.weights) <= 2


@pytest.mark.long
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2]))
@settings(max_examples=25, deadline=None)
def test_cutting_planes_agree_with_a_full_program_over_a_fine_grid(seed, dimension):
    gain = random_gain(np.random.default_rng(seed), dimension)
    axis = np.linspace(0, 1, 41)
    grid = np.stack(np.meshgrid(*[axis] * dimension), axis=-1).reshape(-1, dimension)
    step = CuttingPlanes().solve(gain, [Mixture.point(np.full(dimension, 0.5))], tolerance=1e-6)
    assert step.value <= 1e-6
    # The value of the game is <= 0; a grid of mesh 1/40 reaches it up to the largest slope times the mesh.
    largest = max(np.abs(gain(p)[1]).sum() for p in grid)
    assert value_over_grid(gain, grid) <= step.value + largest / 40


@pytest.mark.parametrize("dimension", [4, 24])
@pytest.mark.parametrize("tolerance", [1.0, 1e-2, 1e-4])
def test_cutting_planes_reach_the_tolerance_in_many_dimensions(dimension, tolerance):
    gain = random_gain(np.random.default_rng(7), dimension, agents=40)
    step = CuttingPlanes().solve(gain, [Mixture.point(np.full(dimension, 0.5))], tolerance)
    assert worst_case(gain, step.mixture)[0] <= tolerance + 1e-9


def test_the_first_candidate_within_the_tolerance_is_taken_as_it_is():
    gain = random_gain(np.random.default_rng(3), 2)
    candidates = [Mixture.point([0.2, 0.9]), Mixture([[0.1, 0.1], [0.7, 0.3]], [0.5, 0.5])]
    values = [worst_case(gain, mixture)[0] for mixture in candidates]
    step = CuttingPlanes().solve(gain, candidates, tolerance=max(values))
    assert step.mixture is candidates[0] or values[0] > max(values)
    step = CuttingPlanes().solve(gain, candidates, tolerance=max(values) + 1)
    assert step.mixture is candidates[0]
    assert step.evaluations == 1


def test_a_step_that_hits_its_limit_says_its_true_value():
    gain = random_gain(np.random.default_rng(5), 24, agents=40)
    start = Mixture.point(np.full(24, 0.5))
    step = CuttingPlanes(limit=3).solve(gain, [start], tolerance=1e-9)
    assert step.value == pytest.approx(worst_case(gain, step.mixture)[0])
    assert step.value <= worst_case(gain, start)[0]


def counted(gain):
    """The gain, and the predictions that it has been asked for."""
    asked = []

    def counting(prediction):
        asked.append(tuple(prediction.tolist()))
        return gain(prediction)

    return counting, asked


@pytest.mark.parametrize("limit", [4, 5, 8, 13])
@pytest.mark.parametrize("dimension", [1, 5])
def test_a_limit_is_the_number_of_predictions_evaluated_and_no_more(limit, dimension):
    gain, asked = counted(random_gain(np.random.default_rng(6), dimension, agents=40))
    step = CuttingPlanes(limit).solve(gain, [Mixture.point(np.full(dimension, 0.5))], tolerance=-1e9)
    assert step.evaluations == len(set(asked)) == limit
    assert step.value == pytest.approx(worst_case(gain, step.mixture)[0])
    assert step.value <= worst_case(gain, Mixture.point(np.full(dimension, 0.5)))[0]


def test_the_exact_step_counts_each_prediction_once():
    """The slope changes its sign at 0.7: from 0.5 by steps of 1, 2, 4, ... 1/1024 up to beyond 0.7, and then halved."""
    gain, asked = counted(lambda p: (-(0.7 - p[0]) * p[0], 0.7 - p))
    step = CuttingPlanes().solve(gain, [Mixture.point([0.5])], tolerance=1e-3)
    assert step.evaluations == len(asked) == len(set(asked))
    steps = [0.5 + (2**k - 1) / 1024 for k in range(9)]
    assert asked[:9] == [(p,) for p in steps]
    assert step.value <= 1e-3


@pytest.mark.parametrize("candidates", [[], [[0.5]], [[0.25], [0.75]]])
def test_a_grid_counts_what_it_evaluates(candidates):
    """By bisection: both ends, and log2 of the number of parts."""
    grid = Grid(np.linspace(0, 1, 17))
    gain, asked = counted(lambda p: (-(0.7 - p[0]) * p[0], 0.7 - p))
    step = grid.solve(gain, [Mixture.point(point) for point in candidates], -1.0)
    assert step.evaluations == len(asked) == len(candidates) + 2 + 4
    gain, asked = counted(lambda p: (p[0], -np.ones(1)))
    assert grid.solve(gain, [], -1.0).evaluations == len(asked) == 2


def test_a_value_that_is_the_tolerance_is_within_it():
    """Where y_0 = 1 both are at their least: 0 is found with the second prediction, and no third is looked at."""
    gain, asked = counted(lambda p: (2.0, np.array([-1.0, 0.0])) if p[0] == 0.5 else (-1.0, np.array([1.0, 0.0])))
    step = CuttingPlanes().solve(gain, [Mixture.point([0.5, 0.5])], tolerance=0.0)
    assert (step.value, step.evaluations, len(set(asked))) == (0.0, 2, 2)


@pytest.mark.parametrize("dimension", [1, 3])
def test_simulated_play_and_cutting_planes_agree_within_the_error_of_the_play(dimension):
    gain = random_gain(np.random.default_rng(11), dimension)
    steps = 4000
    play = SimulatedPlay(steps).solve(gain, [Mixture.point(np.full(dimension, 0.5))], 0.0)
    exact = CuttingPlanes().solve(gain, [Mixture.point(np.full(dimension, 0.5))], 1e-6)
    largest = max(np.linalg.norm(gain(p)[1]) for p in play.mixture.support)
    error = 1.5 * np.sqrt(dimension) * largest / np.sqrt(steps)
    assert exact.value <= 1e-6
    assert play.value <= error
    assert play.evaluations == steps


def test_simulated_play_is_projected_gradient_ascent_with_the_steps_of_the_paper():
    """Steps D / (G sqrt(s)), D the diameter sqrt(d) of the box, G the largest norm of a slope so far."""
    rng = np.random.default_rng(5)
    for dimension in (1, 2, 5):
        gain = random_gain(rng, dimension)
        outcome, largest, visited = np.full(dimension, 0.5), 0.0, []
        for s in range(1, 31):
            visited.append(outcome)
            slope = gain(outcome)[1]
            largest = max(largest, float(np.linalg.norm(slope)))
            outcome = np.clip(outcome + np.sqrt(dimension) / (largest * np.sqrt(s)) * slope, 0, 1)
        play = SimulatedPlay(30).solve(gain, [Mixture.point(np.full(dimension, 0.5))], 0.0)
        assert {tuple(p) for p in np.round(play.mixture.support, 9)} == {tuple(p) for p in np.round(visited, 9)}
        np.testing.assert_allclose(play.mixture.mean, np.mean(visited, axis=0), atol=1e-12)


def test_simulated_play_takes_t_squared_steps_in_round_t():
    play = SimulatedPlay()
    gain = random_gain(np.random.default_rng(2), 2)
    assert [play.solve(gain, [Mixture.point([0.5, 0.5])], 0.0).evaluations for _ in range(4)] == [1, 4, 9, 16]


@pytest.mark.parametrize("limit", range(2, 14))
@pytest.mark.parametrize("seed", range(4))
def test_a_step_at_its_limit_is_no_worse_than_its_start(limit, seed):
    gain = random_gain(np.random.default_rng(seed), 1)
    start = Mixture.point([0.5])
    step = CuttingPlanes(limit).solve(gain, [start], tolerance=-1e9)
    assert step.value == pytest.approx(worst_case(gain, step.mixture)[0])
    assert step.value <= worst_case(gain, start)[0] + 1e-12


@pytest.mark.parametrize("seed", range(12))
def test_a_step_at_its_limit_is_the_best_so_far(seed):
    """Twenty halvings of an interval of at most 1: within 1e-5 of the exact value 0, times the largest slope."""
    gain = random_gain(np.random.default_rng(seed), 1, agents=40)
    start = Mixture.point([0.5])
    step = CuttingPlanes(31).solve(gain, [start], tolerance=-1e9)
    largest = max(abs(gain(np.array([p]))[1][0]) for p in np.linspace(0, 1, 2001))
    assert step.value <= 1e-5 * largest


@pytest.mark.parametrize("build", [lambda: CuttingPlanes(limit=0), lambda: SimulatedPlay(steps=0)])
def test_limits_must_be_positive(build):
    with pytest.raises(StrategyError, match="must be >= 1, got 0"):
        build()


def test_the_exact_step_stays_near_the_candidate():
    # The slope is 1 below 0.2, -1 up to 0.5, 1 up to 0.8 and -1 above; copying the outcome gains nothing.
    edges = np.array([0.2, 0.5, 0.8])

    def gain(p):
        sign = 1.0 - 2.0 * (np.searchsorted(edges, p[0]) % 2)
        return -sign * p[0], np.array([sign])

    # Up from a rising slope, down from a falling one, to the first change of sign.
    for start, change in ((0.1, 0.2), (0.45, 0.2), (0.51, 0.8), (0.95, 0.8)):
        step = CuttingPlanes().solve(gain, [Mixture.point([start])], tolerance=1e-6)
        assert step.value <= 1e-6
        np.testing.assert_allclose(step.mixture.support, change, atol=1e-5)
    # A loose tolerance is met by points no further from the candidate than twice the change of sign is.
    step = CuttingPlanes().solve(gain, [Mixture.point([0.1])], tolerance=0.15)
    assert step.value <= 0.15
    assert 0.1 <= step.mixture.support.min() <= step.mixture.support.max() <= 0.3


@pytest.mark.parametrize(("slope", "end"), [(1.0, 1.0), (-1.0, 0.0)])
def test_the_exact_step_plays_an_end_where_the_slope_never_changes(slope, end):
    step = CuttingPlanes().solve(lambda p: (-slope * p[0], np.array([slope])), [Mixture.point([0.3])], tolerance=1e-9)
    np.testing.assert_array_equal(step.mixture.support, [[end]])
    assert step.value <= 0
