"""The two price-triggered limits against a loop over their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market.agents import CurtailmentEnergy, StressedLoad
from omnisim.market.agents.limits import Held, OfPrices, split
from omnisim.problem.churn import rows_of
from omnisim.problem.constraints import Constraint, LinearConstraint

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


def edges() -> tuple[FloatArray, FloatArray]:
    """Loads (3, 2, 4) >= 0, and outcomes below, at and above a threshold of 0.5."""
    rng = np.random.default_rng(6)
    return rng.uniform(0.5, 3.0, SHAPE), rng.choice([0.2, 0.5, 0.8], (12, HOURS))


@pytest.mark.parametrize("parts", [1, 4])
def test_costs_in_loops_where_each_period_has_several_prices(parts: int) -> None:
    """A price at the threshold is not above it; power is held over the parts of a period, and energy divided."""
    load, outcomes = edges()
    level = np.array([1.5, 0.0, 4.0])
    rng = np.random.default_rng(parts)
    finer = rng.choice([0.2, 0.5, 0.8], (12, HOURS * parts))
    stressed, curtailed = StressedLoad(load, level, 0.5), CurtailmentEnergy(load, level, 0.5)
    for t, n, a in np.ndindex(len(finer), AGENTS, ACTIONS):
        above = [load[n, a, k // parts] for k in range(HOURS * parts) if finer[t, k] > 0.5]
        for constraint, use in ((stressed, max(above, default=0.0)), (curtailed, sum(above) / parts)):
            found = split(constraint, parts)
            assert found.costs(finer)[t, n, a] * found.scale[n] == pytest.approx(use - level[n], abs=1e-12)  # type: ignore[attr-defined]
    for t, n, a in np.ndindex(len(outcomes), AGENTS, ACTIONS):  # one price for two periods
        held = Held(stressed, 2).costs(outcomes[:, :2])[t, n, a]
        above = [load[n, a, h] for h in range(HOURS) if outcomes[t, h // 2] > 0.5]
        assert held * stressed.scale[n] == pytest.approx(max(above, default=0.0) - level[n], abs=1e-12)
    beyond = OfPrices(stressed, HOURS).split(parts)
    wide = np.concatenate([finer, rng.random((12, 7))], axis=1)
    np.testing.assert_array_equal(beyond.costs(wide), split(stressed, parts).costs(finer))


def test_a_linear_limit_costs_the_same_where_a_price_is_held() -> None:
    load, outcomes = edges()
    limit = LinearConstraint(load / 12, -load[:, :, 0] / 6, "bill", unit="EUR", scale=[1.0, 2.0, 3.0], averaged=True)
    finer = split(limit, 3)
    assert isinstance(finer, LinearConstraint)
    np.testing.assert_allclose(finer.costs(np.repeat(outcomes, 3, axis=1)), limit.costs(outcomes), atol=1e-12)
    assert (finer.name, finer.unit, finer.averaged) == ("bill", "EUR", True)
    assert Held(limit, 2).averaged
    assert OfPrices(limit, 4).averaged
    assert not Held(StressedLoad(load, [1.0] * 3, 0.5), 2).averaged


def test_limits_are_joined_where_their_thresholds_agree() -> None:
    load, outcomes = edges()
    one, two, other = (StressedLoad(load[:k], [1.0] * k, at) for k, at in ((2, 0.5), (3, 0.5), (3, 0.6)))
    joined = StressedLoad.joined([one, two])
    assert joined is not None
    np.testing.assert_array_equal(joined.costs(outcomes), np.hstack([one.costs(outcomes), two.costs(outcomes)]))
    assert StressedLoad.joined([one, other]) is None
