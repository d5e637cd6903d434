"""Events of one's own, against sums written out, beside an adversary that chooses contexts and outcomes."""

import math
from typing import Any

import numpy as np
import pytest

from omnisim.errors import StrategyError
from omnisim.game.engine import Engine
from omnisim.game.events import Events
from omnisim.game.minimax import CuttingPlanes, Step, worst_case
from omnisim.game.weights import Hedge, SecondOrderPotential, gain_bound
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture

ROUNDS = 120


class AfterLosses:
    """A subsequence that depends on the history: rounds after one in which the first coordinate was above 1/2."""

    def __init__(self) -> None:
        self.last = 0.0

    def __call__(self, context: Context, prediction: np.ndarray) -> bool:
        return self.last > 0.5


def events_of(history: AfterLosses) -> list[Any]:
    return [
        lambda x, p: 1.0,
        lambda x, p: p[0] <= 0.4,
        lambda x, p: x.features["mood"][0] * (p[-1] > 0.6),
        history,
        lambda x, p: min(1.0, max(0.0, p.sum())) / 2,
    ]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("dimension", [1, 2])
@pytest.mark.parametrize("rule", [SecondOrderPotential, Hedge])
def test_a_white_box_adversary_cannot_make_a_bias_grow(dimension: int, rule: Any) -> None:
    history, weights = AfterLosses(), rule()
    functions = events_of(history)
    family = Events(functions, dimension)
    engine = Engine([family], weights, CuttingPlanes(), ROUNDS)
    total, squares = np.zeros((2, len(functions), dimension))
    start = [Mixture.point(np.full(dimension, 0.5))]
    for t in range(ROUNDS):
        # The context is chosen when all weights are known: the one in which the middle is worst.
        contexts = [Context(t, features={"mood": np.array([mood])}) for mood in (0.0, 0.5, 1.0)]
        value = []
        for context in contexts:
            family.prepare(context, [])
            value.append(worst_case(engine.gain, start[0])[0])
        context = contexts[int(np.argmax(value))]
        mixture = engine.play(context, start)
        outcome = (worst_case(engine.gain, mixture)[1] > 0).astype(float)
        assert engine.step is not None
        assert engine.step.value <= engine.tolerance + 1e-9
        expected = np.zeros_like(total)
        for w, p in zip(mixture.weights, mixture.support, strict=True):
            for e, function in enumerate(functions):
                expected[e] += w * float(function(context, p)) * (p - outcome)
        engine.learn(outcome)
        total, squares = total + expected, squares + expected**2
        history.last = outcome[0]
    if rule is Hedge:
        assert np.abs(total).max() <= weights.bound(weights.tolerance())
        np.testing.assert_allclose(weights._total[: total.size], total.reshape(-1), atol=1e-9)
    else:
        assert weights.spent <= math.e
        assert (np.abs(total) <= gain_bound(squares, family.count, ROUNDS, weights.spent) + 1e-9).all()
        np.testing.assert_allclose(weights.tables.total[0], total, atol=1e-9)
        np.testing.assert_allclose(weights.tables.squares[0], squares, atol=1e-9)


def test_a_search_begins_where_the_last_one_ended_if_that_was_a_mixture() -> None:
    played = [
        Mixture([[0.2], [0.4]], [0.5, 0.5]),
        Mixture.point([0.5]),
        Mixture([[0.0], [0.3], [1.0]], [0.2, 0.3, 0.5]),
        Mixture.point([1.0]),
    ]
    shown = []

    class Planned(CuttingPlanes):
        """Plays what is planned, and keeps what it is shown."""

        def solve(self, gain: Any, candidates: Any, tolerance: float, warm: Any = ()) -> Step:
            shown.append([point.tolist() for point in warm])
            return Step(played[len(shown) - 1], 0.0, 1)

    engine = Engine([Events([lambda x, p: 1.0], 1)], Hedge(), Planned(), ROUNDS)
    for t in range(4):
        engine.play(Context(t), [Mixture.point([0.5])])
        engine.learn(np.array([1.0]))
    assert shown == [[], [[0.2], [0.4]], [], [[0.0], [0.3], [1.0]]]


@pytest.mark.parametrize("value", [1.5, -0.1, math.nan, "much", None, np.array([0.1, 0.2])])
def test_a_value_that_is_none_is_refused(value: Any) -> None:
    family = Events([lambda x, p: 1.0, lambda x, p: value], 1)
    family.prepare(Context(3), [])
    with pytest.raises(StrategyError, match=r"event 1 is .* in round 3: it must be a number in \[0, 1\]"):
        family.gains(Mixture.point([0.5]), np.array([0.0]))


def test_no_event_is_refused() -> None:
    with pytest.raises(StrategyError, match="at least one"):
        Events([], 1)


def test_the_same_prediction_is_asked_about_anew_in_each_round() -> None:
    family, point = Events([lambda x, p: x.features["mood"][0]], 1), Mixture.point([0.5])
    for t, mood in enumerate((0.25, 1.0, 0.0)):
        family.prepare(Context(t, features={"mood": np.array([mood])}), [])
        rows, gains = family.gains(point, np.array([0.0]))
        assert (rows.tolist(), gains.tolist()) == (([0], [[0.5 * mood]]) if mood else ([], []))
