"""Memory beside the record: measuring and reading it copy no array over all rounds and agents."""

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisim
from omnisim.analysis import sums
from omnisim.analysis.growth import grown

AGENTS, ROUNDS = 2_000, 250


def scenario(rule: omnisim.elimination.Elimination, agents: int = AGENTS) -> omnisim.Scenario:
    rng = np.random.default_rng(0)
    limit = omnisim.LinearConstraint(rng.uniform(-0.5, 0.5, (agents, 2, 1)), np.full((agents, 2), -0.4))
    outcomes = rng.random((ROUNDS, 1))
    return omnisim.Scenario(
        populations=[omnisim.Population("many", rng.random((agents, 2, 1)), constraints=[limit])],
        adversary=omnisim.adversaries.Replay(outcomes),
        forecaster=omnisim.forecasters.Published(outcomes),
        elimination=rule,
        subsequences={"all": None, "even": np.arange(ROUNDS) % 2 == 0},
        rounds=ROUNDS,
    )


def beside(function: Callable[[], Any]) -> int:
    """Bytes that a call takes at most, beside what was there before."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_BLOCK", 1 << 12)


@pytest.fixture(
    params=[omnisim.elimination.SubsequenceFirstViolation(), omnisim.elimination.CumulativeThreshold("betting")],
    ids=["Algorithm 3", "Algorithm 2"],
)
def trace(request: pytest.FixtureRequest) -> omnisim.Trace:
    small = omnisim.simulate(scenario(request.param, 5))
    _ = omnisim.analyze(small).certificates, omnisim.analyze(small).worth, grown(small, "many", "all", 5)  # compiles
    return omnisim.simulate(scenario(request.param))


@pytest.mark.long
@pytest.mark.usefixtures("small_blocks")
def test_measuring_copies_no_costs(trace: omnisim.Trace) -> None:
    costs = trace.costs["many"].nbytes
    assert costs == 8 * ROUNDS * AGENTS
    assert beside(lambda: omnisim.analyze(trace)) < 0.5 * costs
    analysis = omnisim.analyze(trace)
    assert beside(lambda: analysis.certificates) < 0.5 * costs
    assert beside(lambda: analysis.worth) < 0.5 * costs
    assert beside(lambda: grown(trace, "many", "all", 5, ["swap_regret"])) < 0.5 * costs


def test_reading_copies_no_costs(trace: omnisim.Trace, tmp_path: Path) -> None:
    costs = trace.costs["many"].nbytes
    path = tmp_path / "trace.npz"
    trace.save(path)
    # Beside the record itself, of which nearly all are costs, actions and fallbacks.
    assert beside(lambda: omnisim.load_trace(path)) < 1.75 * costs


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_a_run_that_is_over_lets_go_of_what_its_record_does_not_hold() -> None:
    given = scenario(omnisim.elimination.SubsequenceFirstViolation(), 5)
    held = weakref.ref(given.populations[0])
    trace = omnisim.simulate(given)
    assert held() is not None
    del given
    assert held() is None
    record = weakref.ref(trace.records["many"])
    omnisim.analyze(trace).certificates  # noqa: B018 (makes them)
    del trace
    assert record() is None
