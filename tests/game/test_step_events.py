"""Step events against explicit sums over every objective, and the minimax step on a grid against all mixtures."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.errors import StrategyError
from omnisim.game.engine import Engine
from omnisim.game.grid import Grid
from omnisim.game.step_events import StepEvents
from omnisim.game.weights import Hedge, SecondOrderPotential, gain_bound
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture

LEVELS = np.linspace(0, 1, 5)
CUTS = [np.array([0.2, 0.6]), np.array([0.5])]


def explicit(groups, comparators, mixture, outcome):
    """r of every objective (group, set, level), from the definition; sets: all, then {h <= w} in order."""
    sets = [None, *((h, w) for h, cuts in enumerate(CUTS) for w in cuts)]
    table = np.zeros((len(groups), len(sets), len(LEVELS)))
    for (k, g), (s, cut), (i, v) in itertools.product(enumerate(groups), enumerate(sets), enumerate(LEVELS)):
        inside = cut is None or comparators[cut[0]] <= cut[1]
        table[k, s, i] = sum(
            weight * g * inside * (p <= v) * (outcome - p)
            for weight, p in zip(mixture.weights, mixture.support[:, 0], strict=True)
        )
    return table


@pytest.mark.parametrize("seed", range(12))
def test_gains_and_weighted_gain_are_the_sums_over_all_objectives(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 2, 3).astype(float) if seed % 2 else rng.random(3) * (rng.random(3) < 0.7)
    comparators = rng.choice([0.1, 0.2, 0.5, 0.55, 0.6, 0.9], 2)
    events = StepEvents(3, CUTS, LEVELS)
    events.show(groups, comparators)
    mixture = Mixture(rng.choice(LEVELS, 2)[:, None], rng.dirichlet([1, 1]))
    outcome = rng.random(1)
    expected = explicit(groups, comparators, mixture, outcome[0])
    rows, gains = events.gains(mixture, outcome)
    found = np.zeros((events.rows, events.columns))
    found[rows, : gains.shape[1]] = np.tile(gains, (len(rows) // max(1, len(gains)), 1)) if len(gains) else 0
    np.testing.assert_allclose(found.reshape(3, -1, 5)[..., ::-1], expected, atol=1e-12)
    assert events.count == 2 * expected.size

    net = rng.normal(size=found.shape)
    for p in LEVELS:
        intercept, slope = events.weighted_gain(net, np.array([p]))
        single = explicit(groups, comparators, Mixture.point([p]), outcome[0])
        assert intercept + slope[0] * outcome[0] == pytest.approx((net.reshape(3, -1, 5)[..., ::-1] * single).sum())


@settings(deadline=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9), st.floats(0, 1))
def test_the_grid_step_is_as_good_as_its_bound_says(slopes, share):
    """Against the definition of the value, and no mixture of two neighbours that makes the mean slope 0 is better."""
    levels = np.linspace(0, 1, len(slopes))
    H = dict(zip(levels.tolist(), slopes, strict=True))
    step = Grid(levels).solve(lambda p: (-H[p[0]] * p[0], np.array([H[p[0]]])), [], 0.0)
    worst = max(
        sum(w * H[p] * (y - p) for w, p in zip(step.mixture.weights, step.mixture.support[:, 0], strict=True))
        for y in (0.0, 1.0)
    )
    assert step.value == pytest.approx(worst, abs=1e-12)
    if len(step.mixture.weights) == 1:
        assert worst <= 1e-12
    else:
        low, high = (H[p] for p in step.mixture.support[:, 0])
        assert low > 0 >= high
        assert worst <= (low - high) / 4 / (len(slopes) - 1) + 1e-12


def test_a_candidate_within_the_tolerance_is_played():
    def gain(p):
        return -(0.6 - p[0]) * p[0], 0.6 - p

    candidate = Mixture.point([0.5])
    assert Grid(LEVELS).solve(gain, [candidate], 0.06).mixture is candidate
    assert len(Grid(LEVELS).solve(gain, [candidate], 0.01).mixture.weights) == 2


@pytest.mark.parametrize("rule", [SecondOrderPotential, Hedge])
def test_an_adversary_cannot_make_a_step_event_grow(rule):
    """500 rounds against y = the side on which the mixture loses, with groups and comparators that change: the sums of
    gains stay below the bound of the weights (the potential's, and 2 sqrt(T ln K) + T m^-1 for Hedge at its rate)."""
    rng, rounds = np.random.default_rng(3), 500
    events, weights = StepEvents(2, CUTS, LEVELS), rule()
    engine = Engine([events], weights, Grid(LEVELS), rounds, tolerance=0.0)
    total, squares = np.zeros((2, 4, 5)), np.zeros((2, 4, 5))
    for t in range(rounds):
        active = np.array([True, rng.random() < 0.4])
        bases = [rng.random(1), rng.random(1)]
        mixture = engine.play(Context(t, active), [], bases)
        outcome = np.array([float(engine.gain(mixture.mean)[1][0] > 0)])
        engine.learn(outcome)
        gains = explicit(active.astype(float), [base[0] for base in bases], mixture, outcome[0])
        total += gains
        squares += gains**2
    if rule is Hedge:
        allowed = 2 * math.sqrt(rounds * math.log(events.count)) + rounds / 4
        assert np.abs(total).max() <= allowed
    else:
        assert weights.spent <= math.e
        assert (np.abs(total) <= gain_bound(squares, events.count, rounds)).all()
        assert weights.largest_gain == pytest.approx(np.abs(total).max())
        assert weights.largest_squares == pytest.approx(squares.max())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StepEvents(1, [[0.5, 0.5]], LEVELS), "thresholds of comparator 0 must increase"),
        (lambda: StepEvents(1, [], [0.0, 0.5]), "must increase and end with 1"),
        (lambda: Grid([0.0, 0.5]), "must increase from 0 to 1"),
        (lambda: Grid([1.0]), "must increase from 0 to 1"),
    ],
)
def test_bad_levels_and_thresholds_are_refused(make, message):
    with pytest.raises(StrategyError, match=message):
        make()
