"""A round that does not concern an agent is no play of any action: thresholds in the number of plays stay as they are.

An agent plays its one action at a cost of 1, and its rule is anytime. After n plays V = n, and the action leaves at the
first n with n > sqrt((n + 1) (ln(n + 1) + 2 ln(K / delta))), however long the agent was away before.
"""

import math

import numpy as np
import pytest

import omnisim
from omnisim.elimination import CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold
from omnisim.problem.churn import Churn, PresenceInterval

ROUNDS, DELTA = 600, 0.05


def leaves_after(sums: int) -> int:
    """Plays at a cost of 1 until the anytime threshold is passed."""
    return next(n for n in range(1, ROUNDS) if n > math.sqrt((n + 1) * (math.log(n + 1) + 2 * math.log(sums / DELTA))))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("rule", [CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold])
@pytest.mark.parametrize("first", [0, 300])
def test_rounds_of_absence_are_no_plays(rule: type, first: int) -> None:
    always_bad = omnisim.LinearConstraint(slope=[[[0.0]]], offset=[[1.0]])
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("one", [[[0.5]]], constraints=[always_bad])],
        adversary=omnisim.adversaries.Replay(np.full((ROUNDS, 1), 0.5)),
        forecaster=omnisim.forecasters.Published(np.full((ROUNDS, 1), 0.5)),
        elimination=rule(gamma="anytime", delta=DELTA),
        rounds=ROUNDS,
        churn={"one": Churn(schedule=[PresenceInterval(0, first)])},
    )
    trace = omnisim.simulate(scenario)
    assert trace.eliminated_at["one"].tolist() == [[[first + leaves_after(1) - 1]]]


def test_only_the_plays_of_those_concerned_count() -> None:
    """Driven by hand: agent 1 is told of every round, agent 0 of none, though an action 0 is named for both."""
    limit = omnisim.LinearConstraint(slope=[[[0.0], [0.0]]] * 2, offset=[[1.0, 1.0]] * 2)
    population = omnisim.Population("two", [[[0.5], [0.25]]] * 2, constraints=[limit])
    for rule in (CumulativeThreshold, PerSubsequenceThreshold, SubsequenceThreshold):
        driven = rule(gamma="anytime", delta=DELTA)
        driven.start(population, np.ones((ROUNDS, 1), dtype=bool))
        plays = leaves_after(4)
        for concerned, rounds in (([False, True], plays), ([True, False], plays)):
            for t in range(rounds):
                assert driven.candidates(np.array([True]))[concerned, 0].all(), t
                driven.concerned = np.array(concerned)
                costs = np.where(driven.concerned[:, None, None], np.ones((2, 2, 1)), 0.0)
                driven.update(np.array([0, 0]), costs, np.array([True]))
            assert driven.candidates(np.array([True]))[concerned, 0].tolist() == [False]
