"""The simulation and the analysis agree with agents replayed by hand."""

import numpy as np
import pytest
from examples import examples
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from instances import RULES, Instance, Run, instances, runs

import omnisim

EXACT = ("rounds", "benchmark_size", "eliminated", "fallback_rounds")
SUMS = ("utility", "external_regret", "swap_regret", "ccv", "ccv_positive", "bias")


def agree(run: Run) -> None:
    trace, replayed = run.trace, run.replayed
    np.testing.assert_array_equal(trace.actions["agents"], replayed.actions)
    np.testing.assert_array_equal(trace.fallback["agents"], replayed.fallback)
    np.testing.assert_array_equal(trace.eliminated_at["agents"], replayed.eliminated_at)
    table = omnisim.analyze(trace).agents
    labels = [(n, f"part {k}") for n in run.agents for k in run.parts]
    assert list(zip(table["agent"], table["subsequence"], strict=True)) == labels
    assert set(table["population"]) == {"agents"}
    expected = [run.measured(n, k) for n in run.agents for k in run.parts]
    for column in EXACT:
        assert table[column].tolist() == [row[column] for row in expected], column
    for column in SUMS:
        np.testing.assert_allclose(table[column], [row[column] for row in expected], rtol=0, atol=1e-12, err_msg=column)
    np.testing.assert_array_equal(table["money"], table["utility"])


@pytest.mark.long
@examples(1800)
@given(instance=instances(), rule=st.sampled_from(sorted(RULES)))
def test_every_agent_acts_and_fares_as_by_hand(instance: Instance, rule: str) -> None:
    trace = omnisim.simulate(instance.scenario(rule))
    np.testing.assert_array_equal(trace.outcomes, instance.outcomes)
    np.testing.assert_array_equal(trace.predictions, instance.predictions)
    np.testing.assert_array_equal(trace.active, instance.active)
    agree(Run(instance, rule, trace))


@examples(120, suppress_health_check=[HealthCheck.too_slow])
@given(instance=instances(rounds=60), rule=st.sampled_from(sorted(RULES)))
def test_long_runs(instance: Instance, rule: str) -> None:
    agree(Run(instance, rule, omnisim.simulate(instance.scenario(rule))))


@examples(500)
@given(runs(*RULES))
def test_the_same_against_random_and_contrary_outcomes(run: Run) -> None:
    agree(run)


@examples(150)
@given(runs(*RULES), st.data())
def test_growth_is_the_analysis_of_a_shorter_run(run: Run, data: st.DataObject) -> None:
    k = data.draw(st.sampled_from(run.parts))
    grown = omnisim.analyze(run.trace).growth("agents", f"part {k}", points=run.instance.rounds)
    assert grown["round"].tolist() == np.repeat(run.members(k), len(run.agents)).tolist()
    for row in grown.to_dict("records"):
        measured = run.measured(row["agent"], k, end=row["round"] + 1)
        assert row["rounds"] == measured["rounds"]
        for column in set(SUMS) - {"bias"}:
            assert row[column] == pytest.approx(measured[column], abs=1e-12, nan_ok=True), column


def test_costs_and_first_violations_are_recorded_whatever_the_rule() -> None:
    cost = [[0.5, -0.5], [0.25, 0.0], [-1.0, 0.125]]  # cost[t][a]; what is predicted makes action 0 best
    population = omnisim.Population(
        "one",
        utility=[[[0.0], [0.0]]],
        offset=[[1.0, 0.5]],
        constraints=[omnisim.LinearConstraint([[[0.5], [-0.5]]]), Recorded(cost)],
    )
    scenario = omnisim.Scenario(
        populations=[population],
        adversary=omnisim.adversaries.Replay([[0.0], [0.5], [1.0]]),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=omnisim.elimination.BestResponse(),
        subsequences={"all": None, "late": np.array([False, False, True])},
    )
    trace = omnisim.simulate(scenario)
    np.testing.assert_array_equal(trace.costs["one"][:, 0, 0], [0.0, 0.25, 0.5])
    np.testing.assert_array_equal(trace.costs["one"][:, 0, 1], [0.5, 0.25, -1.0])
    np.testing.assert_array_equal(trace.violated_at["one"][0], [[0, 2], [2, 2]])


def test_money_is_the_utility_translated_round_by_round() -> None:
    population = omnisim.Population(
        "firms",
        utility=[[[0.5]], [[0.25]]],
        offset=[[0.25], [0.5]],
        money=omnisim.Money(np.array([100.0, 10.0]), np.array([-20.0, 3.0]), "EUR"),
    )
    scenario = omnisim.Scenario(
        populations=[population],
        adversary=omnisim.adversaries.Replay([[0.0], [1.0], [0.5]]),
        forecaster=omnisim.forecasters.Climatology(),
        subsequences={"all": None, "middle": np.array([False, True, False])},
    )
    table = omnisim.analyze(omnisim.simulate(scenario)).agents
    # Utilities per round are .25, .75, .5 and .5, .75, .625.
    assert table["money"].tolist() == pytest.approx([5 + 55 + 30, 55, 8 + 10.5 + 9.25, 10.5])


class Recorded:
    """Costs given round by round, found by the outcome, which is t / 2."""

    def __init__(self, cost: list[list[float]]) -> None:
        self.cost = cost

    def costs(self, outcomes: np.ndarray) -> np.ndarray:
        return np.array([[self.cost[round(2 * y)]] for y in outcomes[:, 0]])
