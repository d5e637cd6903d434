"""An action whose limit is met exactly is feasible, though rounding makes its cost 1e-16."""

import numpy as np
import pytest

import omnisim

ROUNDS = 12


class Fixed:
    """Costs of 1e-16 of the first action, 1e-6 of the second, 0 of the third, whatever happens."""

    name = "limit"

    def costs(self, outcomes: np.ndarray) -> np.ndarray:
        return np.broadcast_to([1e-16, 1e-6, 0.0], (len(outcomes), 2, 3))


RULES = {
    "first violation": omnisim.elimination.FirstViolation(),
    "per subsequence": omnisim.elimination.SubsequenceFirstViolation(),
    "cumulative": omnisim.elimination.CumulativeThreshold(),
    "subsequence threshold": omnisim.elimination.SubsequenceThreshold(),
    "best response": omnisim.elimination.BestResponse(),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_record_and_the_measures_take_it_for_feasible(rule: str) -> None:
    population = omnisim.Population(
        "agents",
        utility=np.zeros((2, 3, 1)),
        offset=np.tile([0.9, 0.2, 0.1], (2, 1)),
        constraints=[Fixed()],
    )
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[population],
            adversary=omnisim.adversaries.Independent([[0.0], [1.0]]),
            forecaster=omnisim.forecasters.Climatology(),
            elimination=RULES[rule],
            rounds=ROUNDS,
        )
    )
    record = trace.records["agents"]
    # The second action violates in every round, the others in none; the first is best and stays.
    expected = np.tile([ROUNDS, 0, ROUNDS], (2, 1))
    np.testing.assert_array_equal(record.violated_at[:, :, 0], expected)
    assert record.expected_violated_at is not None
    np.testing.assert_array_equal(record.expected_violated_at[:, :, 0], expected)
    assert (record.actions == 0).all()
    table = omnisim.analyze(trace).agents
    assert (table["ccv_positive"] == 0).all()
    assert (table["benchmark_size"] == 2).all()
