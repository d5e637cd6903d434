"""The two price-triggered limits against a loop over their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market.agents import CurtailmentEnergy, StressedLoad
from omnisim.market.agents.limits import Held, OfPrices
from omnisim.problem.churn import rows_of
from omnisim.problem.constraints import Constraint

AGENTS, ACTIONS, HOURS = 3, 2, 4
UNIT = st.floats(0, 1, width=16)
OUTCOMES = hnp.arrays(float, st.tuples(st.integers(1, 6), st.just(HOURS)), elements=UNIT)
LIMITS = hnp.arrays(float, AGENTS, elements=st.floats(0, 10, width=16))
SHAPE = (AGENTS, ACTIONS, HOURS)


def loads(low: float) -> st.SearchStrategy[FloatArray]:
    return hnp.arrays(float, SHAPE, elements=st.floats(low, 10, width=16))


@pytest.mark.long
@given(load=loads(-10), limit=LIMITS, threshold=st.floats(0, 0.99), outcomes=OUTCOMES)
def test_stressed_load(load: FloatArray, limit: FloatArray, threshold: float, outcomes: FloatArray) -> None:
    costs = StressedLoad(load, limit, threshold).costs(outcomes)
    assert costs.shape == (len(outcomes), AGENTS, ACTIONS)
    assert np.abs(costs).max() <= 1
    for n in range(AGENTS):
        # The largest |load - limit| that some outcome can bring about: any one hour alone, or none.
        reachable = [abs(q - limit[n]) for q in load[n].ravel()] + [limit[n]]
        scale = max(reachable) or 1.0
        for t, y in enumerate(outcomes):
            for a in range(ACTIONS):
                stressed = [load[n, a, h] for h in range(HOURS) if y[h] > threshold]
                expected = (max(stressed, default=0.0) - limit[n]) / scale
                assert costs[t, n, a] == pytest.approx(expected, abs=1e-12)


@pytest.mark.long
@given(load=loads(0), cap=LIMITS, threshold=st.floats(0, 0.99), outcomes=OUTCOMES)
def test_curtailment_energy(load: FloatArray, cap: FloatArray, threshold: float, outcomes: FloatArray) -> None:
    costs = CurtailmentEnergy(load, cap, threshold).costs(outcomes)
    assert costs.shape == (len(outcomes), AGENTS, ACTIONS)
    assert np.abs(costs).max() <= 1 + 1e-12
    for n in range(AGENTS):
        scale = max(cap[n], max(sum(load[n, a]) for a in range(ACTIONS)) - cap[n]) or 1.0
        for t, y in enumerate(outcomes):
            for a in range(ACTIONS):
                energy = sum(load[n, a, h] for h in range(HOURS) if y[h] > threshold)
                assert costs[t, n, a] == pytest.approx((energy - cap[n]) / scale, abs=1e-9)


@pytest.mark.parametrize("kind", [StressedLoad, CurtailmentEnergy])
def test_one_round_equals_many(kind: type[StressedLoad] | type[CurtailmentEnergy]) -> None:
    rng = np.random.default_rng(3)
    constraint = kind(rng.random(SHAPE), rng.random(AGENTS), 0.6)
    assert isinstance(constraint, Constraint)
    outcomes = np.vstack([rng.random((20, HOURS)), np.zeros((3, HOURS)), np.ones((3, HOURS))])
    one_by_one = np.concatenate([constraint.costs(y[None]) for y in outcomes])
    np.testing.assert_allclose(constraint.costs(outcomes), one_by_one, atol=1e-12)


@pytest.mark.parametrize(
    ("load", "limit", "threshold", "message"),
    [
        (np.ones(SHAPE), [1.0, -1.0, 1.0], 0.5, "must be >= 0 MWh, got -1"),
        (np.ones(SHAPE), [1.0], 0.5, r"must have shape \(3,\), got \(1,\)"),
        (np.ones((3, 4)), [1.0] * 3, 0.5, "must have shape"),
        (np.ones(SHAPE), [1.0] * 3, 1.0, r"threshold must lie in \[0, 1\).*got 1"),
        (np.ones(SHAPE), [1.0] * 3, float("nan"), r"threshold must lie in \[0, 1\).*got nan"),
    ],
)
@pytest.mark.parametrize("kind", [StressedLoad, CurtailmentEnergy])
def test_refusals(
    kind: type[StressedLoad] | type[CurtailmentEnergy],
    load: FloatArray,
    limit: list[float],
    threshold: float,
    message: str,
) -> None:
    with pytest.raises(ProblemError, match=message):
        kind(load, limit, threshold)


def test_curtailment_refuses_negative_loads() -> None:
    with pytest.raises(ProblemError, match=r"must be >= 0, got -1"):
        CurtailmentEnergy(-np.ones(SHAPE), [1.0] * 3, 0.5)


def test_the_limit_of_some_agents_is_their_part_of_the_limit_of_all() -> None:
    rng = np.random.default_rng(4)
    load, level = rng.uniform(0.0, 3.0, (6, 4, 5)), rng.uniform(0.5, 2.0, 6)
    some, outcomes = np.array([4, 1, 1]), rng.random((9, 5))
    for kind in (StressedLoad, CurtailmentEnergy):
        whole = kind(load, level, 0.5)
        for constraint in (whole, Held(whole, 1), OfPrices(whole, 5)):
            part = rows_of(constraint, some)
            assert type(part) is type(constraint)
            assert part.costs(outcomes).tobytes() == constraint.costs(outcomes)[:, some].tobytes()
            assert part.scale.tolist() == whole.scale[some].tolist()
        assert whole.costs(outcomes).tobytes() == kind(load, level, 0.5).costs(outcomes).tobytes()
