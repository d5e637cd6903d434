"""CCV and CCV+ by loops, and tables of violations in blocks."""

import itertools

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.analysis import violation
from omnisim.analysis.violation import cumulative_violation, violated_limits, violations


@pytest.mark.parametrize("order", ["C", "F"])
def test_against_loops(order: str) -> None:
    rng = np.random.default_rng(0)
    costs, active = rng.uniform(-1, 1, (13, 5, 2)), rng.random((13, 3)) < 0.5
    given = np.asarray(costs, order=order)  # type: ignore[call-overload]
    ccv, positive = cumulative_violation(given, active)
    for k, n in np.ndindex(3, 5):
        sums = [[costs[t, n, j] for t in range(13) if active[t, k]] for j in range(2)]
        assert ccv[k, n] == pytest.approx(max(map(sum, sums)), abs=1e-12)
        assert positive[k, n] == pytest.approx(max(sum(c for c in each if c > 0) for each in sums), abs=1e-12)


def test_a_rounding_error_violates_nothing() -> None:
    costs = np.array([5e-10, 2e-9, -5e-10])[:, None, None]
    ccv, positive = cumulative_violation(costs, np.ones((3, 1), dtype=np.bool_))
    assert ccv[0, 0] == pytest.approx(2e-9, rel=1e-12)
    assert positive[0, 0] == 2e-9


@pytest.mark.one_in(3)
@pytest.mark.parametrize("agents", [1, 2, 7])
def test_tables_do_not_depend_on_how_many_agents_are_taken_at_once(
    agents: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(agents)
    slope, share = rng.uniform(-0.5, 0.5, (agents, 2, 1)), np.full((agents, 2), 0.1)
    limits = [
        omnisim.LinearConstraint(slope, share, name="power", unit="MW", scale=rng.uniform(1, 9, agents)),
        omnisim.LinearConstraint(
            slope / 2, share, name="bill", unit="EUR", scale=rng.uniform(1, 9, agents), averaged=True
        ),
    ]
    rules = (omnisim.elimination.BestResponse(), omnisim.elimination.FirstViolation())
    for constraints, rule in itertools.product((limits, limits[:1]), rules):
        trace = omnisim.simulate(
            omnisim.Scenario(
                populations=[omnisim.Population("some", rng.random((agents, 2, 1)), constraints=constraints)],
                adversary=omnisim.adversaries.Independent(rng.random((9, 1))),
                forecaster=omnisim.forecasters.Climatology(),
                elimination=rule,
                subsequences={"all": None, "even": np.arange(300) % 2 == 0},
                rounds=300,
            )
        )
        expected = violations(trace), violated_limits(trace)
        assert agents < 7 or expected[0]["violated"].sum() > (100 if rule is rules[0] else 0)
        monkeypatch.setattr(violation, "_BLOCK", 1)
        for whole, blocks in zip(expected, (violations(trace), violated_limits(trace)), strict=True):
            pd.testing.assert_frame_equal(blocks, whole, check_exact=True)
        monkeypatch.undo()
        of_agents = dict(list(expected[0].groupby(["subsequence", "constraint"])["violated"]))
        for row in expected[1].itertuples():
            each = of_agents[row.subsequence, row.constraint]
            assert (row.exceeding, row.violated) == ((each > 0).sum(), each.sum())


def test_a_limit_that_was_exceeded_once_was_exceeded() -> None:
    limit = omnisim.LinearConstraint([[[1.0]]], [[-0.5]])
    trace = omnisim.simulate(
        omnisim.Scenario(
            populations=[omnisim.Population("one", [[[1.0]]], constraints=[limit])],
            adversary=omnisim.adversaries.Replay([[0.0], [0.75], [0.0]]),
            forecaster=omnisim.forecasters.Climatology(),
            rounds=3,
        )
    )
    (row,) = violated_limits(trace).itertuples()
    found = (row.agents, row.exceeding, row.rounds, row.violated, row.total, row.largest)
    assert found == (1, 1, 3, 1, 0.25, 0.25)
