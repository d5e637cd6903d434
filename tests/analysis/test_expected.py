"""What could have happened under the mixtures of a forecaster, agent by agent and round by round."""

import numpy as np
import pytest

import omnisim
from omnisim.analysis.expected import expected_bias
from omnisim.analysis.expected_regret import expected_regrets
from omnisim.problem.churn import Churn, PresenceInterval
from omnisim.problem.context import Context

ROUNDS, AGENTS, ACTIONS, DIMENSION = 30, 4, 3, 2


class Drawing(omnisim.forecasters.Forecaster):
    """One to three points of other probabilities in every round, whatever came before."""

    def _predict(self, context: Context) -> omnisim.Mixture:
        rng = np.random.default_rng(context.round)
        points = rng.random((context.round % 3 + 1, DIMENSION))
        return omnisim.Mixture(points, rng.dirichlet(np.ones(len(points))))


def played(come_and_go: bool) -> omnisim.Trace:
    rng = np.random.default_rng(5)
    utility = rng.random((AGENTS, ACTIONS, DIMENSION)) / DIMENSION
    spans = [PresenceInterval(0, 0), PresenceInterval(1, 4, 19), PresenceInterval(2, 11), PresenceInterval(3, 0, 8)]
    return omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("agents", utility)],
            adversary=omnisim.adversaries.Replay(rng.random((ROUNDS, DIMENSION))),
            forecaster=Drawing(),
            subsequences={"all": None, "third": np.arange(ROUNDS) % 3 == 0},
            rounds=ROUNDS,
            churn={"agents": Churn(schedule=spans)} if come_and_go else {},
        )
    )


@pytest.mark.parametrize("come_and_go", [False, True])
def test_errors_are_of_agents_that_were_there(come_and_go: bool) -> None:
    trace = played(come_and_go)
    assert (trace.actions["agents"] < 0).any() == come_and_go
    utility = trace.records["agents"].population.utility
    total, squares = np.zeros((2, 2, AGENTS, ACTIONS, DIMENSION))
    for t in range(ROUNDS):
        gains = np.zeros((AGENTS, ACTIONS, DIMENSION))
        for point, weight in zip(*trace.mixtures.points(t), strict=True):
            for n in range(AGENTS):
                if trace.actions["agents"][t, n] >= 0:
                    gains[n, np.argmax(utility[n] @ point)] += weight * (point - trace.outcomes[t])
        for k in np.flatnonzero(trace.active[t]):
            total[k] += gains
            squares[k] += gains**2
    found = expected_bias(trace, trace.mixtures, "agents", trace.outcomes)
    np.testing.assert_allclose(found.total, total, atol=1e-12)
    np.testing.assert_allclose(found.squares, squares, atol=1e-12)


def test_regrets_are_expectations_over_the_mixture() -> None:
    trace = played(come_and_go=False)
    utility = trace.records["agents"].population.utility
    total, squares = np.zeros((2, 2, AGENTS, ACTIONS, ACTIONS))
    variance, unsure = np.zeros((2, 2, AGENTS))
    possible = np.zeros((2, AGENTS, ACTIONS), dtype=bool)
    for t in range(ROUNDS):
        for n in range(AGENTS):
            earned = utility[n] @ trace.outcomes[t]
            likely = np.zeros(ACTIONS)
            for point, weight in zip(*trace.mixtures.points(t), strict=True):
                likely[np.argmax(utility[n] @ point)] += weight
            for k in np.flatnonzero(trace.active[t]):
                total[k, n] += likely[:, None] * (earned - earned[:, None])
                squares[k, n] += likely[:, None] * (earned - earned[:, None]) ** 2
                variance[k, n] += likely @ (earned - likely @ earned) ** 2
                unsure[k, n] += 1 - likely.max()
                possible[k, n] |= likely > 0
    found = expected_regrets(trace, trace.mixtures, "agents", trace.outcomes)
    for name, expected in (("total", total), ("squares", squares), ("variance", variance), ("unsure", unsure)):
        np.testing.assert_allclose(getattr(found, name), expected, atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(found.possible, possible)
