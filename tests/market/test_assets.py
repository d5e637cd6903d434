"""Money and physics of every kind of asset, recomputed by another route than linear programs."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact_storage import exact
from hypothesis import given, settings
from hypothesis import strategies as st

import omnisim
from omnisim.arrays import FloatArray
from omnisim.errors import OmnisimError
from omnisim.market import ElectricVehicles, HeatPumps, MarketAgents, Producers, Scaling, SolarStorage, Storage
from omnisim.market.agents.flexible import HEATING
from omnisim.market.agents.solar import EVENING_PEAK, SUN
from omnisim.market.agents.storage import battery

SCALING = Scaling(-100, 300, "EUR")
KINDS: list[type[MarketAgents]] = [Storage, SolarStorage, Producers, ElectricVehicles, HeatPumps]


def built(kind: type[MarketAgents], past: FloatArray, **given: Any) -> omnisim.Population:
    given.setdefault("captured", 1.0)
    return kind(**given).build("p", SCALING, np.random.default_rng(5), past=past)


def money(population: omnisim.Population, prices: FloatArray) -> FloatArray:
    """(N, A) on a day with these prices."""
    utilities = population.utilities((prices - SCALING.low) / SCALING.span)
    return np.asarray(utilities * population.money.scale[:, None] + population.money.offset[:, None])


@pytest.mark.one_in(5)
@pytest.mark.parametrize("kind", KINDS)
def test_the_contract_of_every_kind(kind: type[MarketAgents]) -> None:
    omnisim.testing.check_population(kind(agents=4, menu=6))  # type: ignore[call-arg]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("kind", KINDS)
def test_money_is_minus_the_bill_less_wear_under_every_contract(kind: type[MarketAgents]) -> None:
    """What depends on prices is the load at its price; what does not is the same at any price, and is a cost."""
    past = np.random.default_rng(0).uniform(-50, 150, (12, 24))
    rows = pd.DataFrame(
        {
            "contract": ["spot", "fixed", "spot"],
            "fixed_price_per_mwh": [np.nan, 90.0, np.nan],
            "feed_in_per_mwh": [np.nan, 20.0, np.nan],
            "fee_08_20_per_mwh": [0.0, 15.0, 30.0],
        }
    )
    population = built(kind, past, table=rows)
    load = population.load
    assert load is not None
    constant = []
    for prices in np.random.default_rng(1).uniform(-100, 300, (4, 24)):
        bill = np.zeros(load.shape[:2])
        for n in range(3):
            for a in range(load.shape[1]):
                for hour in range(24):
                    energy, fee = load[n, a, hour], [0.0, 15.0, 30.0][n] * (8 <= hour < 20)
                    if n == 1:
                        bill[n, a] += energy * (90.0 + fee) if energy > 0 else energy * 20.0
                    else:
                        bill[n, a] += energy * prices[hour] + max(energy, 0.0) * fee
        constant.append(money(population, prices) + bill)
    np.testing.assert_allclose(constant[1:], [constant[0]] * 3, atol=1e-9 * population.money.scale.max())
    assert (constant[0] <= 1e-9 * population.money.scale.max()).all()


def test_a_producer_earns_the_price_wherever_it_pays() -> None:
    """The best schedule of the only past day is to run in the hours with price > - premium."""
    day = np.random.default_rng(3).uniform(-60, 80, 24)
    rows = pd.DataFrame(
        {"power_mw": 4.0, "solar": [True, False], "capacity_factor": [0.1, 0.4], "premium_per_mwh": 10.0}
    )
    plants = built(Producers, day[None], table=rows)
    for n, profile in enumerate((4.0 * 24 * 0.1 * SUN, np.full(24, 4.0 * 0.4))):
        np.testing.assert_allclose(money(plants, day)[n].max(), (profile * np.maximum(day + 10, 0)).sum(), rtol=1e-9)
        np.testing.assert_allclose(money(plants, day)[n, 0], (profile * (day + 10)).sum(), rtol=1e-9)  # never curtails


def test_a_producer_with_a_least_output() -> None:
    day = np.random.default_rng(3).uniform(-60, 80, 24)
    rows = pd.DataFrame({"power_mw": [4.0], "solar": False, "capacity_factor": 0.5, "least_output_mwh": 40.0})
    plants = built(Producers, day[None], table=rows)
    assert plants.load is not None
    over = plants.constraints[0].costs(np.zeros((1, 24)))[0, 0] * plants.limits[0].scale[0]
    np.testing.assert_allclose(over, 40.0 + plants.load[0].sum(axis=1), rtol=1e-9)
    assert over[0] < 0 < over[1]  # 48 MWh a day unless it curtails


def test_a_car_buys_its_trip_in_the_cheapest_hours_that_it_is_there() -> None:
    """With room in the battery, 8 kWh at 92 % are bought in the cheapest of the hours from 18 to 7."""
    day = np.random.default_rng(4).uniform(10, 200, 24)
    rows = pd.DataFrame(
        {"trip_mwh": [0.008], "power_mw": 0.0025, "energy_mwh": 0.06, "arrival_hour": 18, "departure_hour": 7}
    )
    car = built(ElectricVehicles, day[None], table=rows)
    assert car.load is not None
    plugged = [hour for hour in range(24) if hour >= 18 or hour < 7]
    left, cost = 0.008 / 0.92, 0.0
    for hour in sorted(plugged, key=lambda hour: day[hour]):
        bought = min(left, 0.0025)
        left, cost = left - bought, cost + bought * day[hour]
    np.testing.assert_allclose(money(car, day)[0].max(), -cost, rtol=1e-7)
    assert np.abs(car.load[0][:, 7:18]).max() == 0
    np.testing.assert_allclose(car.load[0].sum(axis=1), 0.008 / 0.92, rtol=1e-7)


def test_a_car_that_feeds_in_pays_losses_and_wear() -> None:
    """One cheap and one dear night hour: it buys the trip and, where it pays, energy to sell, at 92 % each way."""
    day = np.full(24, 120.0)
    day[2], day[20] = 0.0, 290.0
    rows = pd.DataFrame(
        {
            "trip_mwh": [0.004],
            "power_mw": 0.01,
            "energy_mwh": 0.06,
            "arrival_hour": 18,
            "departure_hour": 7,
            "feeds_in": True,
            "degradation_per_mwh": 30.0,
        }
    )
    car = built(ElectricVehicles, day[None], table=rows)
    stored = 0.01 * 0.92  # at 02:00, for nothing; the trip takes 0.004, the rest is sold at 20:00
    free = (stored - 0.004) * 0.92
    # More is bought at 120 and sold at 290 as long as that pays losses and wear, up to the power of the charger.
    more = 0.01 - free
    assert 290 - 30 > 120 / 0.92**2
    expected = 0.01 * (290 - 30) - 120 * more / 0.92**2
    np.testing.assert_allclose(money(car, day)[0].max(), expected, rtol=1e-7)


def test_a_heat_pump_without_a_band_heats_when_heat_is_needed() -> None:
    day = np.random.default_rng(6).uniform(10, 200, 24)
    rows = pd.DataFrame({"heat_mwh": [0.06], "cop": 3.0, "power_mw": 0.004, "store_mwh": 0.0, "loss_per_hour": 0.0})
    house = built(HeatPumps, day[None], table=rows)
    np.testing.assert_allclose(money(house, day)[0], -(0.06 * HEATING / 3.0 * day).sum(), rtol=1e-7)


def test_a_heat_pump_moves_heat_within_its_band_and_loses_some() -> None:
    """Two prices: before the dear second half of the day it fills the house as far as the band goes."""
    day = np.r_[np.full(12, 40.0), np.full(12, 160.0)]
    rows = pd.DataFrame({"heat_mwh": [0.24], "cop": 4.0, "power_mw": 0.02, "store_mwh": 0.02, "loss_per_hour": 0.1})
    house = built(HeatPumps, day[None], table=rows)
    assert house.load is not None
    best = int(money(house, day)[0].argmax())
    level, levels = 0.01, []
    for hour in range(24):
        level = 0.9 * level + 4.0 * house.load[0, best, hour] - 0.24 * HEATING[hour]
        levels.append(level)
    assert min(levels) > -1e-9
    assert max(levels) < 0.02 + 1e-9
    np.testing.assert_allclose([levels[11], levels[23]], [0.02, 0.01], atol=1e-9)  # full before noon, half at midnight
    # Until the last hours nothing is dear enough to fill the band again, so it is emptied as it serves the heat.
    assert min(levels[12:23]) < 1e-9


def test_a_roof_sells_its_sun_and_its_battery_trades_beside_it() -> None:
    """At prices > 0 and without fees the three parts of a roof earn what each would alone."""
    day = np.random.default_rng(8).uniform(5, 250, 24)
    rows = pd.DataFrame(
        {
            "solar_mw": [2.0],
            "sun_mwh": 7.0,
            "load_mwh": 3.0,
            "power_mw": 0.5,
            "energy_mwh": 1.0,
            "efficiency": 0.9,
            "degradation_per_mwh": 12.0,
        }
    )
    roof = built(SolarStorage, day[None], table=rows, rest_levels=(0.0,))
    expected = (7.0 * SUN * day).sum() - (3.0 * EVENING_PEAK * day).sum() + exact(battery(0.5, 1.0, 0.9, 12.0), day)
    np.testing.assert_allclose(money(roof, day)[0].max(), expected, rtol=1e-7)


@pytest.mark.long
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_cars_are_ready_and_houses_warm_under_every_schedule(seed: int) -> None:
    """Levels recomputed from what passes the meter; where a car feeds in, losses make that a lower bound."""
    rng = np.random.default_rng(seed)
    past = rng.uniform(-80, 250, (6, 24))
    rows = pd.DataFrame({"trip_mwh": rng.uniform(0.002, 0.02, 3), "arrival_hour": [15, 18, 21],
                         "departure_hour": [5, 7, 9]})  # fmt: skip
    cars = built(ElectricVehicles, past, table=rows)
    assert cars.load is not None
    stored = 0.92 * cars.load
    for n in range(3):
        trip = np.zeros(24)
        trip[rows["departure_hour"][n]] = rows["trip_mwh"][n]
        change = np.cumsum(stored[n] - trip, axis=1)
        np.testing.assert_allclose(change[:, -1], 0.0, atol=1e-9)
        # From some level at midnight all levels lie between the reserve and the whole battery.
        assert (change.max(axis=1) - change.min(axis=1) <= 0.8 * 0.06 + 1e-9).all()
        assert cars.load[n].max() <= 0.011 + 1e-9
    warm = pd.DataFrame({"heat_mwh": rng.uniform(0.02, 0.1, 3), "store_mwh": 0.015, "loss_per_hour": 0.05})
    houses = built(HeatPumps, past, table=warm)
    assert houses.load is not None
    for n, heat in enumerate(warm["heat_mwh"]):
        level = np.full(houses.actions, 0.0075)
        for hour in range(24):
            level = 0.95 * level + 3.2 * houses.load[n, :, hour] - heat * HEATING[hour]
            assert level.min() > -1e-9
            assert level.max() < 0.015 + 1e-9
        np.testing.assert_allclose(level, 0.0075, atol=1e-9)


REFUSED = {
    "trip": (ElectricVehicles, {"trip_mwh": [0.008, 5.0]}, "the DataFrame: row 2: there is no schedule of a day"),
    "hours": (ElectricVehicles, {"arrival_hour": [18, 7], "departure_hour": [7, 7]}, "row 2: departure_hour is 7"),
    "half": (ElectricVehicles, {"arrival_hour": [18, 17.5]}, "row 2: arrival_hour is 17.5: it must be a whole hour"),
    "heat": (HeatPumps, {"power_mw": [0.01, 0.0001]}, "the DataFrame: row 2: there is no schedule of a day"),
    "sun": (SolarStorage, {"solar_mw": [1.0, 1.0], "sun_mwh": [4.0, 20.0]}, "row 2: sun_mwh is 20.0: it must be <="),
    "factor": (Producers, {"solar": [True, True], "capacity_factor": [0.1, 0.9]}, "row 2: capacity_factor is 0.9"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_device_can_do_is_refused_with_its_row(case: str) -> None:
    kind, rows, says = REFUSED[case]
    with pytest.raises(OmnisimError, match=says):
        built(kind, np.full((2, 24), 50.0), table=pd.DataFrame(rows))


def test_a_car_needs_its_trip_when_it_leaves_and_keeps_its_reserve() -> None:
    """Plugged in from 18 to 7. At midnight it holds what the trip of the coming morning may still need."""
    day = np.full(24, 50.0)
    day[6], day[18] = 10.0, 1.0  # the last hour before it leaves, and the first after it comes
    row = {"trip_mwh": [0.01], "power_mw": 0.01, "energy_mwh": 0.02, "arrival_hour": 18, "departure_hour": 7}
    car = built(ElectricVehicles, day[None], table=pd.DataFrame(row), efficiency=1.0, reserve=0.5)
    # Half of 0.02 is reserve, and the other half the trip: bought at 18 o'clock, for 1, and kept over night.
    np.testing.assert_allclose(money(car, day)[0].max(), -0.01 * 1.0, rtol=1e-7)
    small = built(ElectricVehicles, day[None], table=pd.DataFrame(row | {"trip_mwh": [0.004]}), efficiency=1.0)
    np.testing.assert_allclose(money(small, day)[0].max(), -0.004 * 1.0, rtol=1e-7)
    with pytest.raises(OmnisimError, match="row 1: there is no schedule of a day"):
        built(ElectricVehicles, day[None], table=pd.DataFrame(row), efficiency=1.0, reserve=0.55)


@pytest.mark.parametrize("feeds", [True, False])
def test_only_a_car_that_may_feed_in_does(feeds: bool) -> None:
    day = np.full(24, 50.0)
    day[20] = 290.0
    row = {"trip_mwh": [0.004], "power_mw": 0.01, "energy_mwh": 0.06, "arrival_hour": 18, "departure_hour": 7}
    car = built(ElectricVehicles, day[None], table=pd.DataFrame(row | {"feeds_in": feeds, "degradation_per_mwh": 0.0}))
    assert car.load is not None
    assert (car.load.min() < 0) == feeds


def test_a_house_may_draw_as_much_more_than_the_mean_as_is_said() -> None:
    """One cheap hour: it draws 2.5 times the mean of the day's heat in it, over 3.2."""
    day = np.full(24, 100.0)
    day[3] = -90.0
    house = built(HeatPumps, day[None], table=pd.DataFrame({"heat_mwh": [0.24], "store_mwh": [1.0]}))
    assert house.load is not None
    np.testing.assert_allclose(house.load.max(), 2.5 * 0.24 / 24 / 3.2, rtol=1e-6)


@pytest.mark.parametrize(("kind", "rows"), [
    (SolarStorage, {"solar_mw": 2.0, "sun_mwh": [2.0 / 99 * 763.9, 2.0 / 99 * 764 * 1.001]}),
    (Producers, {"solar": True, "capacity_factor": [763.9 / 99 / 24, 764 / 99 / 24 * 1.001]}),
])  # fmt: skip
def test_the_most_that_a_sun_may_give(kind: type[MarketAgents], rows: dict[str, Any]) -> None:
    """In the shape of a day its two best hours are 99 parts of 764 each: full power in them is the most."""
    most = {k: v[:1] if isinstance(v, list) else v for k, v in rows.items()}
    past = np.full((2, 24), 50.0)
    built(kind, past, table=pd.DataFrame(most))
    with pytest.raises(OmnisimError, match=r"row 2: (sun_mwh|capacity_factor) is .*: it must be <="):
        built(kind, past, table=pd.DataFrame(rows))


def test_what_a_plant_earns_beyond_the_price_is_in_multiples_of_the_typical_one() -> None:
    """At a price of minus half a premium the plant runs, and at minus twice the premium it does not."""
    past = np.r_[np.full(12, -10.0), np.full(12, -40.0)][None]
    plants = built(Producers, past, agents=2, premium=0.5, typical_price=40.0, solar_share=0.0)
    assert plants.load is not None
    power = -plants.load[:, 1:].min(axis=(1, 2))
    best = money(plants, past[0]).argmax(axis=1)
    for n, a in enumerate(best):
        np.testing.assert_allclose(plants.load[n, a], -power[n] * (past[0] > -20), atol=1e-9)
        assert money(plants, past[0])[n, a] == pytest.approx(12 * power[n] * (20.0 - 10.0))


def test_limits_of_any_asset_by_the_largest_load_and_the_bill_with_the_wear() -> None:
    day = np.random.default_rng(2).uniform(10, 200, 24)
    rows = pd.DataFrame(
        {"power_mw": [1.0, 2.0], "energy_mwh": [2.0, 5.0], "degradation_per_mwh": [10.0, 20.0],
         "peak_mw": [0.6, np.nan], "daily_budget": [np.nan, 30.0], "cycles_per_day": [0.5, 1.5]}
    )  # fmt: skip
    batteries = built(Storage, day[None], table=rows, rest_levels=(0.5,))
    assert batteries.load is not None
    paid = -money(batteries, day)
    given_back = np.maximum(-batteries.load, 0).sum(axis=2)
    wanted = {
        "peak": batteries.load.max(axis=2) - np.array([[0.6], [np.nan]]),
        "daily budget": paid - np.array([[np.nan], [30.0]]),
        "full cycles": given_back / np.array([[2.0], [5.0]]) - np.array([[0.5], [1.5]]),
    }
    assert set(batteries.constraint_names) == set(wanted)
    for j, name in enumerate(batteries.constraint_names):
        found = batteries.constraints[j].costs(((day - SCALING.low) / SCALING.span)[None])[0]
        found = found * batteries.limits[j].scale[:, None]
        known = np.isfinite(wanted[name])
        np.testing.assert_allclose(found[known], wanted[name][known], atol=1e-7)
        assert not batteries.limits[j].averaged


def test_the_menu_of_all_is_as_long_as_the_neediest_needs_and_what_it_captures_is_told() -> None:
    """Recomputed from the schedules on the past days: of all money together, and of the agent of whom it is least."""
    past = np.random.default_rng(1).uniform(-20, 150, (8, 24))
    rows = pd.DataFrame({"power_mw": [1.0, 9.0], "energy_mwh": [8.0, 9.0], "degradation_per_mwh": [0.0, 95.0]})
    found = built(Storage, past, table=rows, captured=0.9, rest_levels=(0.0,))
    each = [built(Storage, past, table=rows[n : n + 1], captured=0.9, rest_levels=(0.0,)).actions for n in range(2)]
    assert found.actions == max(each) > min(each)
    earned = np.stack([money(found, day) for day in past])  # (days, agents, actions)
    best, plain = earned.max(axis=2).sum(axis=0), earned[:, :, 0].sum(axis=0)
    devices = [battery(row.power_mw, row.energy_mwh, 0.88, row.degradation_per_mwh) for row in rows.itertuples()]
    perfect = np.array([sum(exact(device, day) for day in past) for device in devices])
    share, least = (best - plain).sum() / (perfect - plain).sum(), ((best - plain) / (perfect - plain)).min()
    (note,) = [each for each in found.notes if each.startswith("Menu")]
    assert note.startswith(f"Menu of {found.actions} schedules, made by optimization from 8 days before")
    assert f"captures {share:.1%} of what perfect foresight earns" in note
    assert f"(for each agent at least {least:.1%})" in note
    assert least < share


def test_a_battery_begins_its_days_at_the_level_that_would_have_earned_most() -> None:
    """Dear in the morning, cheap in the evening: half full it sells a MWh, and buys it back."""
    day = np.r_[np.full(12, 100.0), np.full(12, 1.0)]
    rows = pd.DataFrame({"power_mw": [1.0], "energy_mwh": 2.0, "efficiency": 1.0, "degradation_per_mwh": 0.0})
    for levels, sold in (((0.0,), 0.0), ((0.0, 0.5), 1.0), ((1.0, 0.5), 2.0), ((0.5, 0.0), 1.0)):
        found = built(Storage, day[None], table=rows, rest_levels=levels)
        assert money(found, day)[0].max() == pytest.approx(99.0 * sold)


@pytest.mark.parametrize("past", [None, np.empty((0, 24))])
def test_a_menu_needs_days_before_the_first_one_played(past: Any) -> None:
    with pytest.raises(
        OmnisimError, match=r"Storage makes its menu from the days before .* set market.first_day later"
    ):
        Storage(agents=1).build("p", SCALING, np.random.default_rng(0), past=past)
