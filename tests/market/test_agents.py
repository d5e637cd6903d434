"""Generated populations against the definitions of their money, their physics and their constraints."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market import (
    BudgetedOperators,
    DeferrableLoads,
    ElectricVehicles,
    EnergyBuyers,
    HeatPumps,
    IndustrialLoads,
    Manufacturers,
    MarketAgents,
    Producers,
    Retailers,
    Scaling,
    SolarStorage,
    SpikeHedgers,
    Storage,
    load_ercot,
)
from omnisim.market.agents.base import window
from omnisim.market.agents.buyers import EVENING, NIGHT, battery_discharge

KINDS: list[type[MarketAgents]] = [EnergyBuyers, Manufacturers, BudgetedOperators, DeferrableLoads]
SCALING = Scaling(-50, 250)

kinds = st.sampled_from(KINDS)
seeds = st.integers(0, 2**32 - 1)
scalings = st.builds(Scaling, st.floats(-500, 50), st.floats(150, 5000))


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def corners_and_more(rng: np.random.Generator) -> FloatArray:
    return np.vstack([np.zeros((1, 24)), np.ones((1, 24)), rng.random((4, 24)), rng.random((4, 24)) > 0.5])


@pytest.mark.long
@given(kind=kinds, seed=seeds, scaling=scalings)
@settings(max_examples=60, deadline=None)
def test_utility_is_money_scaled_into_the_whole_unit_interval(
    kind: type[MarketAgents], seed: int, scaling: Scaling
) -> None:
    spec = kind(agents=7)
    population = spec.build("p", scaling, generator(seed))
    drawn = spec._draw(scaling, generator(seed))
    load, money = population.load, population.money
    assert load is not None
    np.testing.assert_array_equal(load, drawn.load)
    for y in corners_and_more(generator(seed)):
        prices = scaling.low + (scaling.high - scaling.low) * y
        expected = drawn.value - np.einsum("nah,h->na", load, prices)
        got = population.utilities(y) * money.scale[:, None] + money.offset[:, None]
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * float(money.scale.max()))
    # The worst and the best day of a schedule have each hour at one of the two ends, by the sign of its load.
    ends = np.sort(np.stack([load * scaling.low, load * scaling.high]), axis=0).sum(axis=3)
    worst, best = (drawn.value - ends[1]).min(axis=1), (drawn.value - ends[0]).max(axis=1)
    np.testing.assert_allclose(money.offset, worst, rtol=1e-9)
    np.testing.assert_allclose(money.scale, best - worst, rtol=1e-9)
    assert money.currency == scaling.currency


@pytest.mark.long
@given(kind=kinds, seed=seeds, scaling=scalings)
@settings(max_examples=60, deadline=None)
def test_costs_stay_in_range(kind: type[MarketAgents], seed: int, scaling: Scaling) -> None:
    population = kind(agents=7).build("p", scaling, generator(seed))
    outcomes = corners_and_more(generator(seed))
    for constraint in population.constraints:
        costs = constraint.costs(outcomes)
        assert costs.shape == (len(outcomes), 7, population.actions)
        assert np.abs(costs).max() <= 1 + 1e-9


@pytest.mark.long
@given(seed=seeds, scaling=scalings)
@settings(max_examples=40, deadline=None)
def test_doing_without_and_closing_never_violate(seed: int, scaling: Scaling) -> None:
    for spec, action in (
        (EnergyBuyers(agents=9), "without"),
        (BudgetedOperators(agents=9), "closed"),
        (DeferrableLoads(agents=9), "nothing"),
    ):
        population = spec.build("p", scaling, generator(seed))
        a = population.action_names.index(action)
        for constraint in population.constraints:
            assert constraint.costs(corners_and_more(generator(seed)))[:, :, a].max() <= 0


@pytest.mark.parametrize("kind", KINDS)
def test_randomness_has_one_owner(kind: type[MarketAgents]) -> None:
    spec = kind(agents=5)
    one, same, other = (spec.build("p", SCALING, generator(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.utility, same.utility)
    assert not np.array_equal(one.utility, other.utility)
    rng = generator(9)
    fixed = dataclasses.replace(spec, seed=1).build("p", SCALING, rng)
    np.testing.assert_array_equal(fixed.utility, one.utility)
    assert rng.random() == generator(9).random()


@pytest.mark.parametrize("kind", KINDS)
def test_no_agent_has_the_same_schedule_twice(kind: type[MarketAgents]) -> None:
    population = kind(agents=50).build("p", SCALING, generator(4))
    assert population.load is not None
    for load in population.load:
        assert len(np.unique(load.round(12), axis=0)) == population.actions


# Energy buyers.


@given(seed=seeds, share=st.sampled_from([0.0, 0.5, 1.0]), efficiency=st.floats(0.3, 1))
@settings(max_examples=40, deadline=None)
def test_buyers_conserve_energy(seed: int, share: float, efficiency: float) -> None:
    spec = EnergyBuyers(agents=8, battery_share=share, battery_efficiency=efficiency, thermal_efficiency=efficiency)
    population = spec.build("p", SCALING, generator(seed))
    assert population.load is not None
    load = dict(zip(population.action_names, population.load.transpose(1, 0, 2), strict=True))
    base = load["without"]
    energy = load["evening"].sum(axis=1)
    for option in ("night", "midday"):
        np.testing.assert_allclose(load[option].sum(axis=1), energy)
        assert (load[option] >= base).all()
    for option in ("evening", "night", "midday", "without"):
        store = load[f"{option} + store"] - load[option]
        drawn, given_back = np.clip(store, 0, None).sum(axis=1), -np.clip(store, None, 0).sum(axis=1)
        np.testing.assert_allclose(given_back, efficiency * drawn, rtol=1e-9)
        assert (drawn > 0).all()
        assert np.abs(store[:, (NIGHT + EVENING) == 0]).max() < 1e-15
    if share == 0:
        assert population.load.min() >= 0


@given(capacity=st.floats(1e-3, 1e3), power=st.floats(1e-3, 1e3), efficiency=st.floats(0.01, 1))
def test_battery_respects_its_capacity_and_power(capacity: float, power: float, efficiency: float) -> None:
    (given_back,) = battery_discharge(np.array([capacity]), np.array([power]), efficiency)
    drawn = given_back / efficiency
    stored, peak = 5 * drawn * efficiency**0.5, max(drawn, given_back)
    assert stored <= capacity * (1 + 1e-9)
    assert peak <= power * (1 + 1e-9)
    # It does as much as it can: one of the two limits is reached.
    assert stored == pytest.approx(capacity) or drawn == pytest.approx(power)


def test_buyers_limit_by_definition() -> None:
    population = EnergyBuyers(agents=30, stress_price=100).build("p", SCALING, generator(5))
    assert population.load is not None
    names = population.action_names
    base = population.load[:, names.index("without")]
    flexible = (population.load[:, names.index("night")] - base).max(axis=1)
    (constraint,) = population.constraints
    limit = constraint.limit  # type: ignore[attr-defined]
    assert (limit > base.max(axis=1)).all()
    # Headroom has median 0.8 and spread 0.8: the median of 30 leaves (0.3, 2) with probability < 1e-6.
    assert 0.3 < np.median((limit - base.max(axis=1)) / flexible) < 2.0
    # 99 is calm, 101 is stressed.
    for price, stressed in ((99.0, False), (101.0, True)):
        y = np.full((1, 24), (price + 50) / 300)
        largest = population.load.max(axis=2) if stressed else np.zeros((30, 8))
        violated = constraint.costs(y)[0] > 0
        np.testing.assert_array_equal(violated, largest > limit[:, None])


# Manufacturers.


def test_manufacturers_by_definition() -> None:
    spec = Manufacturers(agents=40, cap=1.5, cap_spread=0.0, curtailment_price=100)
    population = spec.build("p", SCALING, generator(6))
    assert population.load is not None
    quota, curtailment = population.constraints
    calm, stressed = np.full((1, 24), 149 / 300), np.full((1, 24), 151 / 300)
    np.testing.assert_array_equal(quota.costs(calm), quota.costs(stressed))
    reaches = quota.costs(calm)[0] <= 0
    names = population.action_names
    assert not reaches[:, names.index("closed")].any()
    assert reaches[:, names.index("three shifts")].all()
    # More output reaches every quota that less output reaches.
    order = ["closed", "short day", "night shift", "early shift", "night and early", "early and late"]
    order.append("three shifts")
    ordered = reaches[:, [names.index(name) for name in order]]
    assert (np.diff(ordered.astype(int), axis=1) >= 0).all()
    # Where all hours are curtailed, exactly the schedules above 1.5 times the leanest sufficient one violate.
    energy = population.load.sum(axis=2)
    lean = np.where(reaches, energy, np.inf).min(axis=1)
    np.testing.assert_array_equal(curtailment.costs(stressed)[0] > 0, energy > 1.5 * lean[:, None])
    assert (curtailment.costs(calm) < 0).all()
    # So with a cap above 1 every plant has a schedule that never violates.
    assert (reaches & (curtailment.costs(np.ones((1, 24)))[0] <= 0)).any(axis=1).all()


# Budgeted operators.


@given(seed=seeds)
@settings(max_examples=30, deadline=None)
def test_operators_by_definition(seed: int) -> None:
    spec = BudgetedOperators(agents=6, grant=6.0, grant_spread=0.0, typical_price=40.0)
    population = spec.build("p", SCALING, generator(seed))
    assert population.load is not None
    standard = population.load[:, population.action_names.index("standard day")].sum(axis=1)
    closed = population.load[:, population.action_names.index("closed")].sum(axis=1)
    budget = np.maximum(6 * 40 * standard, 1.01 * 250 * closed)
    (constraint,) = population.constraints
    over = []
    costs = []
    for y in corners_and_more(generator(seed)):
        bill = np.einsum("nah,h->na", population.load, -50 + 300 * y)
        over.append(bill - budget[:, None])
        costs.append(constraint.costs(y[None])[0])
    # One positive scale for each agent turns (bill - budget) into the cost.
    ratio = np.stack(costs) / np.stack(over)
    np.testing.assert_allclose(ratio, ratio[:1, :, :1] * np.ones_like(ratio), rtol=1e-6)
    assert ratio.min() > 0


# Parameters.


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        (EnergyBuyers, {"agents": 0}, "agents of EnergyBuyers is 0: it must be a whole number >= 1"),
        (Manufacturers, {"agents": 2.5}, "agents of Manufacturers must be a whole number, got 2.5"),
        (BudgetedOperators, {"seed": -1}, "seed of BudgetedOperators is -1: it must be a whole number >= 0"),
        (EnergyBuyers, {"typical_price": 0.0}, "typical_price of EnergyBuyers is 0.0: it must be a finite"),
        (EnergyBuyers, {"battery_efficiency": 1.2}, "battery_efficiency of EnergyBuyers is 1.2"),
        (EnergyBuyers, {"battery_share": -0.1}, "battery_share of EnergyBuyers is -0.1"),
        (EnergyBuyers, {"flexible_share": 1.0}, "flexible_share of EnergyBuyers is 1.0: .*both excluded"),
        (EnergyBuyers, {"size_spread": float("nan")}, "size_spread of EnergyBuyers is nan"),
        (Manufacturers, {"margin": -1.0}, "margin of Manufacturers is -1.0: it must be a finite number > 0"),
        (Manufacturers, {"saturation": 2.0}, "saturation of Manufacturers is 2.0"),
        (BudgetedOperators, {"grant": float("inf")}, "grant of BudgetedOperators is inf"),
    ],
)  # fmt: skip
def test_bad_parameters_are_named(kind: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        kind(**{"agents": 3, **parameters})


@pytest.mark.parametrize("price", [-51.0, 250.0, 1e4, float("nan")])
def test_thresholds_outside_the_scaling_are_refused(price: float) -> None:
    with pytest.raises(ProblemError, match=r"stress_price of EnergyBuyers is .* >= low -50 and < high 250"):
        EnergyBuyers(agents=1, stress_price=price).build("p", SCALING, generator(0))
    with pytest.raises(ProblemError, match=r"curtailment_price of Manufacturers is "):
        Manufacturers(agents=1, curtailment_price=price).build("p", SCALING, generator(0))


def test_misspelt_parameters_are_refused() -> None:
    with pytest.raises(TypeError, match=r"bateries"):
        EnergyBuyers(agents=1, bateries=2)  # type: ignore[call-arg]


# What the defaults are for: two years of ERCOT prices make every choice and every limit matter.


@pytest.mark.one_in(2)
@pytest.mark.parametrize("kind", KINDS)
def test_defaults_make_ercot_a_problem(kind: type[MarketAgents]) -> None:
    outcomes, clipped = SCALING.outcomes(load_ercot("hb_houston").prices)
    assert clipped / outcomes.size < 0.03
    population = kind(agents=200).build("p", SCALING, generator(11))
    best = np.stack([population.best_response(y) for y in outcomes])
    violates = np.stack([population.costs(y).max(axis=2) > 0 for y in outcomes])
    benchmark = ~violates.any(axis=0)
    # Every action is the best one for somebody on some day, and agents change their minds.
    assert len(np.unique(best)) == population.actions
    assert np.mean([len(np.unique(mine)) for mine in best.T]) > 4
    # Limits bind, yet hardly any benchmark is empty. Only plants whose cap is drawn below their leanest
    # sufficient day can have none: probability Phi(-ln 1.6 / 0.3) = 0.059 each, and more than 30 of 200
    # has probability < 1e-5.
    assert 0.2 < benchmark.mean() < 0.8
    allowed = 30 if kind is Manufacturers else 0
    assert np.count_nonzero(~benchmark.any(axis=1)) <= allowed


@pytest.mark.parametrize("price", [-50.0, 249.0])
def test_thresholds_from_low_to_below_high_are_taken(price: float) -> None:
    assert EnergyBuyers(agents=1, stress_price=price).build("p", SCALING, generator(0)).agents == 1
    assert Manufacturers(agents=1, curtailment_price=price).build("p", SCALING, generator(0)).agents == 1


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (Retailers, {"open_position": 1.0}, {"open_position": 1.01}),
        (Retailers, {"open_position": 1e-9}, {"open_position": 0.0}),
        (Storage, {"captured": 1.0, "menu": 2, "efficiency": 1.0}, {"menu": 1}),
        (Storage, {"rest_levels": (0.0, 1.0), "menu": 500}, {"menu": 501}),
        (Storage, {"cycles_per_day": 1e-3}, {"cycles_per_day": 0.0}),
        (Storage, {"durations_hours": (0.1,)}, {"durations_hours": (0.0,)}),
        (Storage, {"signal_prices": {"co2": 0.0}}, {"signal_prices": {"co2": -0.1}}),
        (Storage, {"signal_caps": {"co2": 0.0}}, {"signal_caps": {"co2": float("nan")}}),
        (EnergyBuyers, {"battery_share": 0.0, "thermal_efficiency": 1.0}, {"thermal_efficiency": 0.0}),
        (ElectricVehicles, {"arrival_hours": (0, 0), "departure_hours": (23, 23)}, {"arrival_hours": (3, 2)}),
        (ElectricVehicles, {"reserve": 0.0}, {"reserve": 1.0}),
        (HeatPumps, {"power_ratio": 1.01, "loss_per_hour": 0.0}, {"power_ratio": 1.0}),
        (HeatPumps, {"store_hours": 0.0}, {"loss_per_hour": 1.0}),
        (SolarStorage, {"rest_levels": (1.0,)}, {"rest_levels": (1.1,)}),
        (Producers, {"solar_share": 1.0, "premium": -2.0}, {"solar_factor": 1.0}),
        (IndustrialLoads, {"minimum_uptime_hours": 8, "standby_share": 1.0}, {"standby_share": 1.1}),
        (SpikeHedgers, {"premium": 0.999, "size_spread": 0.0}, {"premium": 1.0}),
        (DeferrableLoads, {"seed": 0, "price_spread": 0.0}, {"seed": -1}),
        (Manufacturers, {"saturation": 1.0, "cap_spread": 0.0}, {"typical_price": 0.0}),
    ],
)  # fmt: skip
def test_ends_of_the_ranges_of_parameters(kind: Any, right: dict[str, Any], wrong: dict[str, Any]) -> None:
    assert kind(agents=1, **right).agents == 1
    with pytest.raises(ProblemError, match=f"^{next(iter(wrong))} of {kind.__name__} is"):
        kind(agents=1, **wrong)


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (8, 14), (17, 22), (22, 6), (22, 14), (23, 0), (6, 24), (0, 24)])
def test_hours_from_one_to_before_another(start: int, stop: int) -> None:
    hours = [hour for hour in range(24) if window(start, stop)[hour]]
    assert hours == sorted((start + k) % 24 for k in range((stop - start) % 24 or 24))


def test_a_thermal_store_gives_back_60_percent_of_the_lowest_base_load_of_the_evening_without_wear() -> None:
    buyers = EnergyBuyers(agents=6, battery_share=0.0, thermal_efficiency=0.5).build("p", SCALING, generator(3))
    assert buyers.load is not None
    load, at_zero = buyers.load, buyers.utilities(np.full(24, 50 / 300)) * buyers.money.scale[:, None]
    for option in range(0, 8, 2):
        store = load[:, option + 1] - load[:, option]
        base = load[:, 6]  # without the flexible load
        for n in range(6):
            back = 0.6 * min(base[n, hour] for hour in range(17, 22))
            wanted = [back / 0.5 * (hour < 5) - back * (17 <= hour < 22) for hour in range(24)]
            np.testing.assert_allclose(store[n], wanted, atol=1e-12)
        np.testing.assert_allclose(at_zero[:, option + 1], at_zero[:, option], rtol=1e-9, atol=1e-12)
