"""Costs at the outcomes before they were clipped, against loops over rounds, agents and coordinates."""

from dataclasses import replace

import numpy as np
import pytest

import omnisim
from omnisim.simulation.settlement import true_costs

LOW_PRICES = np.array([[0.2, 0.9], [0.4, 0.1], [0.7, 0.3], [0.5, 0.6]])
PAID = np.array([[0.2, 3.5], [0.4, 0.1], [-0.8, 0.3], [0.5, 0.6]])
CLIPPED = PAID.clip(0, 1)


class Squared:
    """Costs that are no sum of products."""

    def costs(self, outcomes):
        return np.tile(((outcomes[:, 0] - 0.5) ** 2)[:, None, None], (1, 3, 2))


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(5)
    slope, offset = rng.uniform(-0.4, 0.4, (3, 2, 2)), rng.uniform(-0.1, 0.1, (3, 2))
    population = omnisim.Population(
        "payers", rng.random((3, 2, 2)) / 2, constraints=[omnisim.LinearConstraint(slope, offset), Squared()]
    )
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[population],
            adversary=omnisim.adversaries.Replay(CLIPPED, unclipped=PAID),
            forecaster=omnisim.forecasters.Published(LOW_PRICES),
            elimination=omnisim.elimination.BestResponse(),
        )
    )
    return population, trace, slope, offset


def test_linear_costs_are_those_at_what_was_paid(run):
    _, trace, slope, offset = run
    record = trace.records["payers"]
    for t in range(4):
        for n in range(3):
            a = record.actions[t, n]
            paid = sum(slope[n, a, i] * PAID[t, i] for i in range(2)) + offset[n, a]
            assert record.true_costs[t, n, 0] == pytest.approx(paid, abs=1e-12)
            assert record.true_costs[t, n, 1] == record.costs[t, n, 1] == pytest.approx((CLIPPED[t, 0] - 0.5) ** 2)
    moved = (record.true_costs != record.costs).any(axis=(1, 2))
    assert moved.tolist() == [True, False, True, False]


def test_who_was_not_there_paid_nothing(run):
    population, trace, _, _ = run
    record = trace.records["payers"]
    actions, costs = record.actions.copy(), record.costs.copy()
    actions[:2, 1], costs[:2, 1] = -1, 0.0
    found = true_costs(population, replace(record, actions=actions, costs=costs), CLIPPED, PAID)
    expected = record.true_costs.copy()
    expected[:2, 1] = 0.0
    np.testing.assert_array_equal(found, expected)
