"""Agents where one price holds all day: the hourly agents on flat days, and closed forms for deferrable loads."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market import BudgetedOperators, DeferrableLoads, EnergyBuyers, Manufacturers, MarketAgents, Scaling
from omnisim.problem.population import Population

KINDS: list[type[MarketAgents]] = [EnergyBuyers, Manufacturers, BudgetedOperators, DeferrableLoads]
SCALING = Scaling(-10, 500, "AUD")

kinds = st.sampled_from(KINDS)
seeds = st.integers(0, 2**32 - 1)
scalings = st.builds(Scaling, st.floats(-500, 50), st.floats(150, 5000))


def built(spec: MarketAgents, scaling: Scaling, seed: int, resolution: Any = "day") -> Population:
    return spec.build("p", scaling, np.random.default_rng(seed), resolution)


def money(population: Population, outcome: FloatArray) -> FloatArray:
    return population.utilities(outcome) * population.money.scale[:, None] + population.money.offset[:, None]


@pytest.mark.long
@given(kind=kinds, seed=seeds, scaling=scalings)
@settings(max_examples=60, deadline=None)
def test_a_day_at_one_price_is_a_day_of_24_equal_prices(kind: type[MarketAgents], seed: int, scaling: Scaling) -> None:
    spec = kind(agents=6)
    hourly, daily = built(spec, scaling, seed, "hour"), built(spec, scaling, seed)
    assert daily.dimension == 1
    assert (daily.action_names, daily.actions) == (hourly.action_names, hourly.actions)
    assert daily.load is not None
    assert hourly.load is not None
    np.testing.assert_allclose(daily.load[:, :, 0], hourly.load.sum(axis=2), rtol=1e-12, atol=1e-12)
    # Both sides of the threshold of every kind, which is 100.
    at = (100 - scaling.low) / scaling.span
    for y in [0.0, 1.0, at * (1 - 1e-6), at + (1 - at) * 1e-6, *np.random.default_rng(seed).random(4)]:
        one, day = np.array([y]), np.full(24, y)
        tolerance = 1e-9 * float(daily.money.scale.max())
        np.testing.assert_allclose(money(daily, one), money(hourly, day), rtol=1e-9, atol=tolerance)
        for ours, theirs in zip(daily.constraints, hourly.constraints, strict=True):
            assert ours.name == theirs.name  # type: ignore[attr-defined]
            costs = ours.costs(one[None])
            np.testing.assert_array_equal(costs, theirs.costs(day[None]))
            assert np.abs(costs).max() <= 1 + 1e-9
        np.testing.assert_allclose(daily.costs(one), hourly.costs(day), rtol=1e-12)


@given(kind=kinds, seed=seeds, scaling=scalings)
@settings(max_examples=40, deadline=None)
def test_utility_fills_the_unit_interval(kind: type[MarketAgents], seed: int, scaling: Scaling) -> None:
    population = built(kind(agents=6), scaling, seed)
    # Affine in one price: the extremes are at its two ends.
    ends = np.stack([population.utilities(np.array([y])) for y in (0.0, 1.0)])
    np.testing.assert_allclose(ends.min(axis=(0, 2)), 0, atol=1e-9)
    np.testing.assert_allclose(ends.max(axis=(0, 2)), 1, atol=1e-9)


def test_shifting_within_the_day_is_worth_nothing() -> None:
    buyers = EnergyBuyers(agents=80, battery_share=0.5)
    population = built(buyers, SCALING, 3)
    assert population.load is not None
    energy = dict(zip(population.action_names, population.load[:, :, 0].T, strict=True))
    for option in ("night", "midday"):
        np.testing.assert_allclose(energy[option], energy["evening"])
    for y in np.linspace(0, 1, 11):
        earned = dict(zip(population.action_names, money(population, np.array([y])).T, strict=True))
        for option in ("night", "midday"):
            assert (earned[option] < earned["evening"]).all()  # the discomfort remains
        if SCALING.prices(y) >= 0:
            # The store loses energy, and energy costs.
            lost = energy["evening + store"] - energy["evening"]
            assert (lost > 0).all()
            assert (earned["evening + store"] <= earned["evening"] - lost * SCALING.prices(y) + 1e-9).all()
    # Except that the limit on stressed hours is one on power: on a stressed day night charging can keep it where
    # the evening cannot. One agent in seven is such, so some of 80, except with probability < 1e-5.
    costs = dict(zip(population.action_names, population.costs(np.array([0.9])).max(axis=2).T, strict=True))
    assert ((costs["evening"] > 0) & (costs["night"] <= 0)).any()


def test_bills_by_hand() -> None:
    spec = BudgetedOperators(agents=5, grant=4.0, grant_spread=0.0, typical_price=75.0)
    population = built(spec, SCALING, 8)
    assert population.load is not None
    energy = population.load[:, :, 0]
    standard, closed = (energy[:, population.action_names.index(name)] for name in ("standard day", "closed"))
    budget = np.maximum(4 * 75 * standard, 1.01 * 500 * closed)
    for price in (-10.0, 0.0, 80.0, 299.0, 301.0, 500.0):
        costs = population.costs(np.array([(price + 10) / 510]))[:, :, 0]
        over = price * energy - budget[:, None]
        np.testing.assert_array_equal(costs > 1e-12, over > 1e-9 * budget[:, None])


# Deferrable loads.


@pytest.mark.long
@given(seed=seeds, price=st.floats(-10, 500))
@settings(max_examples=60, deadline=None)
def test_deferrable_loads_do_best_with_the_share_of_the_closed_form(seed: int, price: float) -> None:
    spec = DeferrableLoads(agents=9, price_spread=0.3)
    population = built(spec, SCALING, seed)
    rng = np.random.default_rng(seed)  # the documented order
    need = 20.0 * np.exp(0.8 * rng.standard_normal(9))
    usual = 45.0 * np.exp(0.3 * rng.standard_normal(9))
    strain = 45.0 * 0.6 * np.exp(0.6 * rng.standard_normal(9))
    shares = np.array([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2])
    assert population.load is not None
    np.testing.assert_allclose(population.load[:, :, 0], need[:, None] * shares)
    y = np.array([(price + 10) / 510])
    # Today's bill, the other day's bill for the rest, and the strain of moving it.
    spent = need[:, None] * (price * shares + usual[:, None] * (1 - shares) + strain[:, None] * (1 - shares) ** 2)
    np.testing.assert_allclose(-money(population, y), spent, rtol=1e-7, atol=1e-6)
    # A parabola in the share: the best action is the one nearest to its vertex.
    vertex = 1 - (price - usual) / (2 * strain)
    chosen = shares[population.best_response(y)]
    nearest = np.abs(shares - vertex[:, None]).min(axis=1)
    np.testing.assert_allclose(np.abs(chosen - vertex), nearest, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("resolution", ["hour", "day"])
def test_deferrable_loads_by_their_contract(resolution: str) -> None:
    population = built(DeferrableLoads(agents=50, curtailment_price=250.0), SCALING, 4, resolution)
    assert population.load is not None
    (constraint,) = population.constraints
    calm, dear = (np.full((1, population.dimension), (price + 10) / 510) for price in (249.0, 251.0))
    assert (constraint.costs(calm) < 0).all()
    violates = dict(zip(population.action_names, (constraint.costs(dear)[0] > 0).T, strict=True))
    assert not violates["nothing"].any()
    for action in ("all", "a quarter ahead", "half ahead", "a day ahead"):
        assert violates[action].all()
    # Mean cap 0.6 with concentration 8: half the need is within it for 0.73 of the agents, and for fewer than 20 or all
    # of 50 with probability < 2e-6.
    assert 0 < violates["half"].sum() < 30


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"strain": 0.0}, "strain of DeferrableLoads is 0.0: it must be a finite number > 0"),
        ({"cap": 1.0}, "cap of DeferrableLoads is 1.0: it must be between 0 and 1, both excluded"),
        ({"price_spread": -1.0}, "price_spread of DeferrableLoads is -1.0"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        DeferrableLoads(agents=3, **parameters)  # type: ignore[arg-type]
    with pytest.raises(ProblemError, match=r"curtailment_price of DeferrableLoads is 500"):
        built(DeferrableLoads(agents=3, curtailment_price=500.0), SCALING, 0)
