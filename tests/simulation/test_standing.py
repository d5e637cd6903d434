"""A run with a declared horizon that ends early and goes on, built in Python, against one run over all of it."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim import adversaries, elimination, forecasters, learners
from omnisim.analysis.forecast_certificates import allowed_bias, calibration_of
from omnisim.game.weights import gain_bound
from omnisim.simulation.going_on import go_on
from omnisim.simulation.standing import read_standing

T, FIRST = 24, 10

OUTCOMES = np.random.default_rng(0).random((T + 1, 3))
FEATURE = np.random.default_rng(1).random((T + 1, 1))

FORECASTERS = [
    forecasters.DecisionCalibrated([forecasters.Persistence(), forecasters.Climatology()], base_events=True),
    forecasters.DecisionCalibrated([forecasters.Persistence()], objectives="utilities", weights="hedge"),
    forecasters.Combination([forecasters.Persistence(), forecasters.RidgeAutoregression()]),
    forecasters.Selection([forecasters.Persistence(), forecasters.Climatology()]),
]

RULES = [
    elimination.FirstViolation(),
    elimination.CumulativeThreshold(),
    elimination.SubsequenceThreshold(gamma="plain"),
    elimination.SubsequenceFirstViolation(),
    elimination.PerSubsequenceThreshold(),
]


def contents(trace: omnisim.Trace) -> bytes:
    """A saved trace."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trace.npz"
        trace.save(path)
        return path.read_bytes()


def buyers(name: str) -> omnisim.Population:
    rng = np.random.default_rng(3)
    limit = omnisim.LinearConstraint(rng.random((4, 5, 3)) / 3, np.linspace(-0.9, -0.2, 5) * np.ones((4, 1)))
    return omnisim.Population(name, -rng.random((4, 5, 3)) / 3, np.ones((4, 5)), [limit])


def scenario(days: int, **changes: Any) -> omnisim.Scenario:
    """The first days of a run whose horizon is T."""
    given: dict[str, Any] = {
        "populations": [buyers("buyers")],
        "adversary": adversaries.Replay(OUTCOMES[:days]),
        "forecaster": FORECASTERS[0],
        "elimination": elimination.SubsequenceThreshold(),
        "subsequences": {"all": None, "high": omnisim.Rule("f", ">=", 0.5)},
        "features": {"f": FEATURE[:days]},
        "rounds": days,
        "declared_horizon": T,
    }
    return omnisim.Scenario(**given | changes)


def check(folder: Path, **changes: Any) -> omnisim.Trace:
    """Going on, in steps of one and of several days, is one run; each eve shows what that run then has on record."""
    state = folder / "state.npz"
    whole = omnisim.simulate(scenario(T, **changes), 5)
    began = omnisim.simulate(scenario(FIRST, **changes), 5, state=state)
    assert (began.rounds, began.horizon) == (FIRST, T)
    assert omnisim.analyze(began).certificates["holds"].all()
    trace = began
    for days in (FIRST, FIRST + 1, FIRST + 2, FIRST + 5, T - 1, T):
        part = scenario(min(days + 1, T), seed=5, **changes)
        trace, eve = go_on(part, read_standing(state), state, days)
        assert (eve is None) == (days == T)
        if eve is not None:
            assert eve.round == days
            np.testing.assert_array_equal(eve.prediction, whole.true_predictions[days])
            for name, actions in eve.actions.items():
                np.testing.assert_array_equal(actions, whole.actions[name][days])
    assert contents(trace) == contents(whole)
    return trace


@pytest.mark.one_in(4)
@pytest.mark.parametrize("forecaster", FORECASTERS, ids=lambda each: type(each).__name__)
def test_forecasters(tmp_path: Path, forecaster: omnisim.forecasters.Forecaster) -> None:
    check(tmp_path, forecaster=forecaster)


@pytest.mark.one_in(5)
@pytest.mark.parametrize("rule", RULES, ids=lambda each: type(each).__name__)
def test_rules(tmp_path: Path, rule: Any) -> None:
    check(tmp_path, elimination=rule)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("learner", [learners.Hedge(), learners.BlumMansour(), learners.SinhaVaze()])
def test_learners_beside_followers(tmp_path: Path, learner: Any) -> None:
    """They draw: what they would do next is what they then do."""
    check(
        tmp_path,
        populations=[buyers("buyers"), buyers("learners")],
        elimination={"buyers": elimination.FirstViolation(), "learners": learner},
    )


@pytest.mark.long
def test_agents_that_come_and_go_and_a_second_forecaster(tmp_path: Path) -> None:
    trace = check(
        tmp_path,
        churn={"buyers": omnisim.network.Churn(leave=0.2, join=0.3)},
        other_forecasters={"other": forecasters.Climatology()},
        subscriptions={"buyers": ["other", "forecaster"]},
    )
    assert trace.records["buyers"].present is not None
    assert not trace.records["buyers"].present.all()


def test_thresholds_are_those_of_the_horizon() -> None:
    """Whatever is played so far, and also for subsequences, whose length nobody knows: sqrt(2 T ln(K / delta))."""
    logarithm = math.log(4 * 5 * 1 * 2**2 / 0.05)
    for days in (FIRST, T):
        trace = omnisim.simulate(scenario(days))
        (bound,) = [each for each in trace.policy("buyers").guarantees or () if hasattr(each, "thresholds")]
        assert bound.thresholds == pytest.approx([math.sqrt(2 * T * logarithm)] * 2)
    (bound,) = [
        each
        for each in omnisim.simulate(scenario(T, declared_horizon=None)).policy("buyers").guarantees or ()
        if hasattr(each, "thresholds")
    ]
    high = int((FEATURE[:T, 0] >= 0.5).sum())
    assert bound.thresholds == pytest.approx([math.sqrt(2 * n * logarithm) for n in (T, high)])


def test_bounds_are_those_of_the_horizon() -> None:
    """A forecaster that was told there would be 4096 rounds has more rates to choose from than the 10 played need."""
    trace = omnisim.simulate(scenario(FIRST, declared_horizon=4096))
    calibration = calibration_of(trace)
    assert calibration is not None
    squares = np.array([0.5, 3.0])
    found = allowed_bias(trace, calibration, squares)
    np.testing.assert_array_equal(found, gain_bound(squares, calibration.count, 4096))
    assert (found != gain_bound(squares, calibration.count, FIRST)).all()
    # Rates eta = 2^-i / 2 and what is spent, e K: the least of Lambda / eta + eta V, by hand.
    rates = math.ceil(math.log2(4096) / 2) + 1
    logarithm = math.log(calibration.count * rates * math.e)
    by_hand = [min(logarithm * 2.0 ** (i + 1) + v / 2.0 ** (i + 1) for i in range(rates)) for v in squares]
    np.testing.assert_allclose(found, by_hand)


def test_a_state_is_put_into_its_own_run_only(tmp_path: Path) -> None:
    state = tmp_path / "state.npz"
    omnisim.simulate(scenario(FIRST), 5, state=state)
    for said, changes in {
        "the seed": {"seed": 6},
        "the number of rounds": {"seed": 5, "declared_horizon": T + 1},
        "a strategy or its parameters": {"seed": 5, "forecaster": forecasters.Persistence()},
        "the agents": {"seed": 5, "populations": [buyers("others")]},
    }.items():
        with pytest.raises(omnisim.OmnisimError, match=f"state.npz: is the state of a run that differs in .*{said}"):
            go_on(scenario(FIRST + 1, **changes), read_standing(state), state, FIRST)


def test_who_has_no_horizon_keeps_no_state(tmp_path: Path) -> None:
    with pytest.raises(omnisim.OmnisimError, match="only if it declares a horizon"):
        omnisim.simulate(scenario(T, declared_horizon=None), state=tmp_path / "state.npz")


def test_a_killed_run_with_a_horizon_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    whole = omnisim.simulate(scenario(FIRST), 5, state=tmp_path / "one.npz")

    class KilledError(Exception):
        pass

    def stop(t: int) -> None:
        if t == 6:
            raise KilledError

    checkpoint = omnisim.Checkpoint(tmp_path / "checkpoint.npz", 3)
    with pytest.raises(KilledError):
        omnisim.simulate(scenario(FIRST), 5, stop, checkpoint)
    played: list[int] = []
    again = omnisim.simulate(scenario(FIRST), 5, played.append, checkpoint, state=tmp_path / "two.npz")
    assert played == [6, 7, 8, 9]
    assert contents(again) == contents(whole)
    one, two = (read_standing(tmp_path / name) for name in ("one.npz", "two.npz"))
    assert (one.rounds, one.run) == (two.rounds, two.run)
