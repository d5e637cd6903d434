"""The same scenario and seed give the same bytes, in any process; nothing handed in is changed."""

import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.errors import StrategyError
from omnisim.problem.context import Past

ROUNDS = 40


def scenario() -> omnisim.Scenario:
    rng = np.random.default_rng(11)
    utility = rng.uniform(-0.5, 0.5, (20, 4, 3)) / 3
    limit = omnisim.LinearConstraint(rng.uniform(-0.3, 0.3, (20, 4, 3)), np.full((20, 4), -0.3))
    return omnisim.Scenario(
        populations=[omnisim.Population("buyers", utility, np.full((20, 4), 0.5), [limit])],
        adversary=omnisim.adversaries.Seasonal(dimension=3, noise=0.2),
        forecaster=omnisim.forecasters.RidgeAutoregression(lags=[1, 7]),
        elimination={"buyers": omnisim.elimination.SubsequenceFirstViolation()},
        subsequences={"all": None, "hot": omnisim.Rule("temperature", ">", quantile=0.5)},
        rounds=ROUNDS,
        features={"temperature": rng.normal(size=ROUNDS)},
        dates=np.datetime64("2024-01-01") + np.arange(ROUNDS).astype("timedelta64[D]"),
        past=Past(
            rng.random((30, 3)),
            np.datetime64("2023-12-02") + np.arange(30).astype("timedelta64[D]"),
            {"temperature": rng.normal(size=(30, 1))},
        ),
    )


def saved(trace: omnisim.Trace, folder: Path) -> bytes:
    trace.save(folder / "trace.npz")
    return (folder / "trace.npz").read_bytes()


def test_same_seed_same_file(tmp_path: Path) -> None:
    given = scenario()
    first = saved(omnisim.simulate(given, seed=3), tmp_path)
    assert saved(omnisim.simulate(given, seed=3), tmp_path) == first
    assert saved(omnisim.simulate(scenario(), seed=3), tmp_path) == first


def test_the_seed_of_the_scenario_is_used_where_none_is_given(tmp_path: Path) -> None:
    default = saved(omnisim.simulate(scenario()), tmp_path)
    assert default == saved(omnisim.simulate(scenario(), seed=0), tmp_path)


def test_another_seed_gives_another_run() -> None:
    given = scenario()
    assert not np.array_equal(omnisim.simulate(given, seed=3).outcomes, omnisim.simulate(given, seed=4).outcomes)


@pytest.mark.whole
def test_a_fresh_process_gives_the_same_file(tmp_path: Path) -> None:
    expected = saved(omnisim.simulate(scenario(), seed=3), tmp_path)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        elsewhere = executor.submit(omnisim.simulate, scenario(), seed=3).result()
    assert saved(elsewhere, tmp_path) == expected


def test_nothing_handed_in_is_changed() -> None:
    given = scenario()
    before, arrays = pickle.dumps(given), copy.deepcopy(vars(given))
    omnisim.simulate(given, seed=3)
    assert pickle.dumps(given) == before
    for name in ("features", "dates"):
        np.testing.assert_equal(vars(given)[name], arrays[name])


def test_a_strategy_that_was_started_before_makes_no_difference(tmp_path: Path) -> None:
    given = scenario()
    expected = saved(omnisim.simulate(given, seed=3), tmp_path)
    from omnisim.problem.context import Context, Service

    forecaster = given.forecaster
    forecaster.start(Service(dimension=3, past=given.past))
    forecaster.predict(Context(round=0, date=np.datetime64("2024-01-01"), features={"temperature": np.zeros(1)}))
    given.adversary.start(np.random.default_rng(99))
    rule = given.elimination_of("buyers")
    rule.start(given.populations[0], np.ones((5, 2), dtype=bool), np.random.default_rng(0))  # type: ignore[arg-type]
    assert saved(omnisim.simulate(given, seed=3), tmp_path) == expected


def test_what_a_caller_does_to_an_array_afterwards_changes_nothing() -> None:
    outcomes, predictions = np.full((4, 1), 0.25), np.full((4, 1), 0.75)
    utility, mask = np.array([[[0.5], [0.25]]]), np.array([True, False, True, True])
    given = omnisim.Scenario(
        populations=[omnisim.Population("one", utility)],
        adversary=omnisim.adversaries.Replay(outcomes),
        forecaster=omnisim.forecasters.Published(predictions),
        subsequences={"all": None, "some": mask},
    )
    trace = omnisim.simulate(given)
    for array in (outcomes, predictions, utility, mask):
        array[...] = 0
    assert (trace.outcomes == 0.25).all()
    assert (trace.predictions == 0.75).all()
    assert trace.records["one"].population.utility.tolist() == [[[0.5], [0.25]]]
    assert trace.active[:, 1].tolist() == [True, False, True, True]


@pytest.mark.parametrize("array", ["outcomes", "predictions", "active"])
def test_a_trace_cannot_be_written_to(array: str) -> None:
    trace = omnisim.simulate(scenario(), seed=3)
    with pytest.raises(ValueError, match="read-only"):
        getattr(trace, array)[0] = 0
    for field in ("actions", "fallback", "costs", "violated_at", "eliminated_at"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(trace, field)["buyers"][0] = 0


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(StrategyError, match="seed must be an integer >= 0, got -1"):
        omnisim.simulate(scenario(), seed=-1)


def test_facts_of_the_run_are_in_the_trace() -> None:
    about: dict[str, Any] = dict(omnisim.simulate(scenario(), seed=3).about)
    assert about["seed"] == 3
    assert about["rounds"] == ROUNDS
    assert about["omnisim"] == omnisim.__version__
    assert about["forecaster"] == "RidgeAutoregression"
    assert about["adversary"] == "Seasonal"
    assert about["elimination"] == {"buyers": "SubsequenceFirstViolation"}
