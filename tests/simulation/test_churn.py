"""Agents that join and leave: fresh candidate sets, and measures over their own rounds."""

from typing import Any

import numpy as np
import pytest
from network_instances import population

import omnisim
from omnisim.errors import ProblemError, ScenarioError
from omnisim.problem.churn import Churn, PresenceInterval, with_rows

ROUNDS = 40


def scenario(**changes: Any) -> omnisim.Scenario:
    given: dict[str, Any] = {
        "populations": [population("a", 4, 1)],
        "adversary": omnisim.adversaries.Replay(np.random.default_rng(3).integers(0, 9, (ROUNDS, 2)) / 8),
        "forecaster": omnisim.forecasters.Climatology(),
        "subsequences": {"all": None, "even": np.arange(ROUNDS) % 2 == 0},
    }
    return omnisim.Scenario(**given | changes)


@pytest.mark.parametrize("rule", ["FirstViolation", "SubsequenceFirstViolation", "CumulativeThreshold", "BestResponse"])
def test_a_newcomer_does_what_it_would_have_done_in_a_world_that_began_with_it(rule: str) -> None:
    # An agent that joins in round 10 is compared with one in a run that begins there. The forecasts are published,
    # so that they are the same in both.
    predictions = np.random.default_rng(4).random((ROUNDS, 2))
    outcomes = np.random.default_rng(3).integers(0, 9, (ROUNDS, 2)) / 8
    options = {"gamma": 0.5} if rule == "CumulativeThreshold" else {}
    elimination = getattr(omnisim.elimination, rule)(**options)
    joined = omnisim.simulate(
        scenario(
            forecaster=omnisim.forecasters.Published(predictions),
            elimination=elimination,
            churn={"a": Churn(schedule=[PresenceInterval(n, 10) for n in range(4)])},
        )
    )
    began = omnisim.simulate(
        scenario(
            adversary=omnisim.adversaries.Replay(outcomes[10:]),
            forecaster=omnisim.forecasters.Published(predictions[10:]),
            elimination=elimination,
            subsequences={"all": None, "even": np.arange(10, ROUNDS) % 2 == 0},
        )
    )
    np.testing.assert_array_equal(joined.actions["a"][10:], began.actions["a"])
    np.testing.assert_array_equal(joined.eliminated_at["a"], began.eliminated_at["a"] + 10)
    first, second = omnisim.analyze(joined), omnisim.analyze(began)
    columns = [
        "rounds",
        "utility",
        "external_regret",
        "swap_regret",
        "ccv",
        "ccv_positive",
        "bias",
        "money",
        "eliminated",
    ]
    for column in [*columns, "benchmark_size"]:
        np.testing.assert_allclose(first.agents[column], second.agents[column], atol=1e-9)


def test_measures_by_hand() -> None:
    trace = omnisim.simulate(scenario(churn={"a": Churn(join=0.3, leave=0.2, initial=0.5)}), seed=2)
    record, table = trace.records["a"], omnisim.analyze(trace).agents
    agents, present = record.population, record.present
    assert present is not None
    assert len(trace.about["spells"]["a"]) == agents.agents > 4
    (limit,) = population("a", 4, 1).constraints
    of = trace.about["spells"]["a"]
    for k, name in enumerate(trace.subsequences):
        for n in range(agents.agents):
            own = [t for t in range(ROUNDS) if present[t, n] and trace.active[t, k]]
            row = table[(table["agent"] == n) & (table["subsequence"] == name)].iloc[0]
            assert row["rounds"] == len(own)
            u = np.array(
                [[agents.utility[n, a] @ trace.outcomes[t] + agents.offset[n, a] for a in range(3)] for t in own]
            )
            cost = np.array([limit.costs(trace.outcomes[t][None])[0, of[n]] for t in own]).reshape(-1, 3)
            played = [int(trace.actions["a"][t, n]) for t in own]
            earned = sum(u[i, a] for i, a in enumerate(played))
            benchmark = [a for a in range(3) if not (cost[:, a] > 0).any()]
            np.testing.assert_allclose(row["utility"], earned, atol=1e-9)
            assert row["benchmark_size"] == len(benchmark)
            positive = sum(max(0.0, cost[i, a]) for i, a in enumerate(played))
            np.testing.assert_allclose(row["ccv_positive"], positive, atol=1e-9)
            if benchmark and own:
                best = max(u[:, b].sum() for b in benchmark)
                np.testing.assert_allclose(row["external_regret"], best - earned, atol=1e-9)


def test_who_comes_back_starts_afresh() -> None:
    trace = omnisim.simulate(
        scenario(churn={"a": Churn(schedule=[PresenceInterval(0, 0, 9), PresenceInterval(0, 10)])})
    )
    assert trace.about["spells"]["a"] == [0, 0, 1, 2, 3]
    record = trace.records["a"]
    assert record.present is not None
    assert record.present[:, 0].tolist() == [t <= 9 for t in range(ROUNDS)]
    np.testing.assert_array_equal(record.population.utility[0], record.population.utility[1])
    left = record.eliminated_at[1]
    assert left.min() >= 10
    assert (left < ROUNDS).any()
    assert record.eliminated_at[0].min() < 10


def test_others_are_not_disturbed() -> None:
    populations = [population("a", 4, 1), population("b", 3, 2)]
    alone = omnisim.simulate(scenario(populations=populations))
    beside = omnisim.simulate(scenario(populations=populations, churn={"a": Churn(leave=0.1, join=0.2)}))
    for field in ("actions", "costs", "eliminated_at"):
        np.testing.assert_array_equal(getattr(alone.records["b"], field), getattr(beside.records["b"], field))


def test_a_nonlinear_constraint_follows_its_agents() -> None:
    class Square:
        name = "square"

        def costs(self, outcomes: np.ndarray) -> np.ndarray:
            each = np.arange(2)[None, :, None] / 4
            return np.broadcast_to((outcomes[:, :1, None] ** 2) - 0.25 - each, (len(outcomes), 2, 2))

    agents = omnisim.Population("x", np.zeros((2, 2, 2)), constraints=[Square()])
    doubled = with_rows(agents, np.array([0, 1, 1]))
    assert doubled.constraint_names == ("square",)
    outcome = np.array([0.75, 0.0])
    np.testing.assert_array_equal(doubled.costs(outcome)[:, 0, 0], agents.costs(outcome)[[0, 1, 1], 0, 0])


def test_random_presence_has_the_frequencies_it_says() -> None:
    # 4,000 agents, 2 rounds: binomials, each within 5 standard deviations (false alarm 6e-7 each, three of them).
    _, present = Churn(join=0.3, leave=0.1, initial=0.6).presence_intervals(4000, 2, np.random.default_rng(0))
    before, after = present[0], present[1]
    stayed = (before & after).sum()
    here = int(before.sum())
    newcomers = int((~before & after).sum())
    for found, number, probability in ((here, 4000, 0.6), (stayed, here, 0.9), (newcomers, 4000 - here, 0.3)):
        assert abs(found - number * probability) <= 5 * np.sqrt(number * probability * (1 - probability))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Churn(leave=1.5), r"leave of a churn must be a probability in \[0, 1\], got 1.5"),
        (lambda: PresenceInterval(0, 5, 3), "rounds 0 <= first <= last"),
        (
            lambda: Churn(schedule=[PresenceInterval(0, 0, 5), PresenceInterval(0, 5)]),
            "the presence intervals of agent 0 overlap in round 5",
        ),
        (lambda: scenario(churn={"a": Churn(schedule=[PresenceInterval(9)])}).problem(0), "there are 4 agents"),
        (lambda: scenario(churn={"a": Churn(initial=0.0)}).problem(0), "nobody is ever present"),
    ],
)
def test_churn_that_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        make()


def test_names_that_are_refused() -> None:
    with pytest.raises(ScenarioError, match="churn names the population 'c'"):
        scenario(churn={"c": Churn()})
    with pytest.raises(ScenarioError, match="a learner in action space cannot start afresh"):
        scenario(churn={"a": Churn()}, elimination=omnisim.learners.Hedge())
