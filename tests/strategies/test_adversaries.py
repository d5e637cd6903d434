"""The laws that adversaries choose."""

import math
import random
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.context import Context, History
from omnisim.problem.mixture import Mixture
from omnisim.strategies.adversaries import Independent, Replay, Seasonal

OUTCOMES = np.random.default_rng(1).random((5, 3))


def law(adversary: Any, t: int) -> Mixture:
    found = adversary.law(Context(round=t), None, None)
    assert isinstance(found, Mixture)
    return found


def test_replay_plays_the_record_in_order() -> None:
    adversary = Replay(OUTCOMES)
    assert (adversary.horizon, adversary.dimension, adversary.law_known) == (5, 3, False)
    assert [law(adversary, t).support.tolist() for t in range(5)] == [[y] for y in OUTCOMES.tolist()]


def test_independent_has_one_law() -> None:
    adversary = Independent([[0.0, 1.0], [1.0, 0.5]], [0.25, 0.75])
    assert (adversary.horizon, adversary.dimension, adversary.law_known) == (None, 2, True)
    for t in (0, 10_000):
        assert law(adversary, t).mean.tolist() == [0.75, 0.625]


def test_independent_outcomes_are_equally_likely_if_not_told() -> None:
    assert law(Independent(OUTCOMES), 0).weights.tolist() == [0.2] * 5


def test_seasonal_follows_its_formula() -> None:
    adversary = Seasonal(dimension=4, level=0.45, day=0.1, week=0.02, year=0.03, noise=0.0, shocks=2)
    adversary.start(np.random.default_rng(0))
    for t in (0, 1, 100, 364):
        expected = [
            0.45
            - 0.1 * math.cos(2 * math.pi * (i / 4 - 0.3))
            + 0.02 * math.sin(2 * math.pi * t / 7)
            + 0.03 * math.sin(2 * math.pi * t / 365.25)
            for i in range(4)
        ]
        np.testing.assert_allclose(law(adversary, t).mean, expected, rtol=0, atol=1e-12)
        np.testing.assert_allclose(adversary.mean(t), expected, rtol=0, atol=1e-12)


def test_seasonal_shocks_are_drawn_once_with_the_spread_asked_for() -> None:
    adversary = Seasonal(dimension=2, day=0.0, week=0.0, year=0.0, level=0.5, noise=0.01, shocks=20_000)
    adversary.start(np.random.default_rng(2))
    shocks = law(adversary, 0).support - 0.5
    np.testing.assert_array_equal(law(adversary, 9).support, law(adversary, 0).support)
    # A whole day's part and each coordinate's own, both of variance 1e-4: variance 2e-4 and covariance 1e-4.
    # The relative error of a variance from 20000 Gaussians is 0.01, so 0.06 is six standard deviations.
    covariance = np.cov(shocks.T)
    np.testing.assert_allclose(covariance.diagonal(), 2e-4, rtol=0.06)
    np.testing.assert_allclose(covariance[0, 1], 1e-4, rtol=0.15)


def test_seasonal_is_clipped_to_the_box() -> None:
    adversary = Seasonal(dimension=2, level=0.99, noise=0.5)
    adversary.start(np.random.default_rng(3))
    assert law(adversary, 0).support.max() == 1.0


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Replay([[0.5], [np.nan]]), StrategyError, r"outcomes of Replay\[1, 0\] is nan"),
        (lambda: Replay([[0.5], [-0.1]]), StrategyError, r"outcomes of Replay\[1, 0\] is -0.1: .* in \[0, 1\]"),
        (lambda: Replay([[0.5], [1.7]]), StrategyError, r"outcomes of Replay\[1, 0\] is 1.7: .* in \[0, 1\]"),
        (lambda: Replay([0.5]), StrategyError, r"outcomes of Replay must have shape \(T, d\), got \(1,\)"),
        (lambda: Replay(np.empty((0, 3))), StrategyError, "it needs at least one round and one coordinate"),
        (lambda: law(Replay(OUTCOMES), 5), StrategyError, "Replay has 5 outcomes: round 5 is beyond them"),
        (lambda: Independent([[1.5]]), ProblemError, r"support of a mixture\[0, 0\] is 1.5"),
        (lambda: Independent([[0.5]], [0.5]), ProblemError, "weights of a mixture sum to 0.5"),
        (lambda: Independent([]), ProblemError, "support of a mixture must have shape"),
        (lambda: Seasonal(dimension=0), StrategyError, "dimension of Seasonal must be >= 1, got 0"),
        (lambda: Seasonal(shocks=0), StrategyError, "shocks of Seasonal must be >= 1 and <= 100,000, got 0"),
        (lambda: Seasonal(noise=-0.1), StrategyError, "noise of Seasonal must be >= 0, got -0.1"),
        (lambda: Seasonal(noise=np.nan), StrategyError, "noise of Seasonal must be >= 0, got nan"),
    ],
)
def test_bad_parameters_are_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


class DrawsItself(omnisim.adversaries.Independent):
    """Returns a point that it has drawn, not the law it was drawn from."""

    def __init__(self, hold, eager=True):
        super().__init__([[0.0], [1.0]])
        self.hold, self.eager = hold, eager

    def _start(self, rng):
        self.held = self.hold(rng)
        self._path = [float(rng.random() < 0.5) for _ in range(9)]

    def _law(self, context, mixture, history):
        if not self.eager:
            return [self._path[context.round]]
        held = self.held
        while not hasattr(held, "random"):
            held = next(iter(held.values())) if isinstance(held, dict) else held[0]
        return [float(held.random() < 0.5)]


@pytest.mark.parametrize(
    ("hold", "eager", "known"),
    [
        (lambda rng: rng, True, False),
        (lambda rng: {"inner": [rng.spawn(1)[0]]}, True, False),
        (lambda rng: np.random.RandomState(int(rng.integers(9))), True, False),
        (lambda rng: random.Random(int(rng.integers(9))), True, False),  # noqa: S311 (of an adversary)
        (lambda rng: rng, False, True),
    ],
)
def test_the_law_of_an_adversary_that_draws_while_asked_is_not_known(hold, eager, known):
    limit = omnisim.LinearConstraint(slope=[[[1.0]]], offset=[[-0.5]])
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("one", [[[0.5]]], constraints=[limit])],
        adversary=DrawsItself(hold, eager),
        forecaster=omnisim.forecasters.Persistence(),
        elimination=omnisim.elimination.CumulativeThreshold(),
        rounds=9,
    )
    trace = omnisim.simulate(scenario)
    assert (trace.records["one"].expected_violated_at is not None) == known
    row = omnisim.analyze(trace).certificates.set_index("theorem").loc["Proposition 2"]
    assert ("law" in row["note"]) == (not known)


def test_worst_case_holds_nothing_against_who_was_not_there():
    bettors = omnisim.Population("bettors", [[[1.0], [0.0]]] * 2, [[0.0, 0.5]] * 2)
    found = []
    for populations, actions in (
        ([bettors], [[-1, 0]]),
        ([omnisim.Population("bettors", [[[1.0], [0.0]]], [[0.0, 0.5]])], [[0]]),
    ):
        adversary = omnisim.adversaries.WorstCase()
        adversary.start(np.random.default_rng(0), populations)
        past = History(np.zeros((1, 1)), np.ones((1, 1)), {"bettors": np.array(actions)})
        adversary.law(Context(1), omnisim.Mixture.point([0.6]), past)
        found.append(adversary._victims[0]._regret[-1])
    np.testing.assert_array_equal(*found)
    assert found[0].any()


@pytest.mark.parametrize("name", ["level", "day", "week", "year", "noise"])
@pytest.mark.parametrize("value", [1e7, 1.7976931348623157e308, float("inf"), float("nan")])
def test_what_seasonal_outcomes_are_made_of_stays_finite(name: str, value: float) -> None:
    with pytest.raises(StrategyError, match=f"{name} of Seasonal must be "):
        Seasonal(**{name: value})


@pytest.mark.parametrize("shocks", [0, 100_001, 2**63 - 1])
def test_the_number_of_shocks_is_one_that_memory_holds(shocks: int) -> None:
    with pytest.raises(StrategyError, match="shocks of Seasonal must be >= 1 and <= 100,000"):
        Seasonal(shocks=shocks)
