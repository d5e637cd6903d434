"""What could be lost without a promise, against all corners of the box and by loops; also where agents are many."""

from itertools import combinations, product

import numpy as np
import pytest
from trace_files import everything, law_known

import omnisim
from omnisim.analysis import sums
from omnisim.analysis.stakes import bias_stakes, direction_stakes, rounds_present
from omnisim.problem.ranges import utility_range


def population(agents: int, actions: int, d: int, seed: int = 0) -> omnisim.Population:
    rng = np.random.default_rng(seed)
    utility = rng.uniform(-1, 1, (agents, actions, d)) / (4 * d)
    return omnisim.Population("agents", utility, rng.uniform(0.3, 0.7, (agents, actions)))


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("actions", [1, 2, 4])
def test_the_range_is_reached_at_a_corner(d: int, actions: int) -> None:
    agents = population(7, actions, d, seed=d)
    earned = np.array([agents.utilities(np.array(corner)) for corner in product([0.0, 1.0], repeat=d)])
    np.testing.assert_allclose(utility_range(agents), np.ptp(earned, axis=2).max(axis=0), atol=1e-12)
    inside = np.random.default_rng(1).random((300, d))
    spread = np.array([np.ptp(agents.utilities(y), axis=1) for y in inside])
    assert (spread <= utility_range(agents) + 1e-12).all()


def test_agents_taken_in_blocks_are_all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    agents = population(10, 3, 2)
    whole = utility_range(agents)
    assert len(set(whole)) == 10
    monkeypatch.setattr(sums, "_BLOCK", 3 * 3 * 2)  # three agents at a time
    assert [len(range(10)[block]) for block in sums.blocks(10, 3 * 2)] == [3, 3, 3, 1]
    np.testing.assert_array_equal(utility_range(agents), whole)


def test_of_an_agent_with_one_action_nothing_is_at_stake() -> None:
    analysis = omnisim.analyze(
        omnisim.simulate(
            omnisim.Scenario(
                populations=[population(2, 1, 1)],
                adversary=omnisim.adversaries.Independent([[0.0], [1.0]]),
                forecaster=omnisim.forecasters.Climatology(),
                rounds=10,
            )
        )
    )
    table = analysis.certificates
    assert set(table["status"]) == {"cannot fail"}
    assert set(table[~table["trivial"].isna()]["trivial"]) == {0.0}


def test_bias_over_the_corners() -> None:
    outcomes = np.random.default_rng(3).random((9, 2))
    found = bias_stakes(outcomes)
    assert found.trivial == 9
    worst = max(abs((np.array(p) - outcomes).sum(axis=0)).max() for p in product([0.0, 1.0], repeat=2))
    assert found.hindsight == pytest.approx(worst)


def test_bias_along_utilities_over_the_corners() -> None:
    agents, outcomes = population(4, 3, 2, seed=8), np.random.default_rng(4).random((9, 2))
    found = direction_stakes(agents, outcomes)
    corners = [np.array(corner) for corner in product([0.0, 1.0], repeat=2)]
    for n in range(4):
        pairs = [(a, b) for pair in combinations(range(3), 2) for a, b in (pair, pair[::-1])]
        slopes = [agents.utility[n, b] - agents.utility[n, a] for a, b in pairs]
        trivial = max(slope @ (y - p) for slope in slopes for y in corners for p in corners)
        hindsight = max(sum(max(slope @ (y - p) for p in corners) for y in outcomes) for slope in slopes)
        assert found.of(n) == pytest.approx((9 * trivial / 2, hindsight / 2))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_assumed_of_utilities_is_checked_at_all_corners(seed: int) -> None:
    """Of the agent of three that comes closest to an assumption."""
    agents = population(3, 1 + seed % 3, 2, seed)
    scenario = omnisim.Scenario(
        populations=[agents],
        adversary=omnisim.adversaries.Independent([[0.0, 0.5]]),
        forecaster=omnisim.forecasters.Climatology(),
        rounds=2,
    )
    table = omnisim.analyze(omnisim.simulate(scenario)).certificates
    rows = {row["claim"]: row for row in table[table["theorem"] == "Assumption 1"].to_dict("records")}
    largest, steepest = [], []
    for n in range(3):
        earned = [agents.utilities(np.array(corner))[n] for corner in product([0.0, 1.0], repeat=2)]
        largest.append(max(np.max(earned), 1 - np.min(earned)))
        steepest.append(max(sum(abs(slope) for slope in slopes) for slopes in agents.utility[n].tolist()))
    assert rows["largest utility over [0, 1]^d <= 1"]["measured"] == pytest.approx(max(largest), abs=1e-12)
    assert rows["Lipschitz constant L <= 1"]["measured"] == pytest.approx(max(steepest), abs=1e-12)


@pytest.mark.parametrize("trace", [everything(), law_known()], ids=["agents that come and go", "all there"])
def test_rounds_are_counted_where_agents_were_there(trace: omnisim.Trace) -> None:
    for record in trace.records.values():
        agents = record.population.agents
        first = np.random.default_rng(0).integers(0, trace.rounds + 1, agents)
        for k in range(len(trace.subsequences)):
            counted = [
                [t for t in range(trace.rounds) if trace.active[t, k] and record.actions[t, n] >= 0]
                for n in range(agents)
            ]
            member = trace.active[:, [k]]
            assert rounds_present(record, member).tolist() == [len(each) for each in counted]
            later = [sum(t >= first[n] for t in each) for n, each in enumerate(counted)]
            assert rounds_present(record, member, first).tolist() == later
