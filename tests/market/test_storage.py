"""Schedules of storage against an exact dynamic program, and the menus that are made of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from exact_storage import exact, lattice
from hypothesis import given, settings
from hypothesis import strategies as st

import omnisim
from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market import Scaling, load_ercot
from omnisim.market.agents import Storage
from omnisim.market.agents.devices import Device, Plans, Tariff, best_schedules
from omnisim.market.agents.menus import Menu, best_way, make_menu, shapes, typical_days
from omnisim.market.agents.storage import battery

SCALING = Scaling(-50, 250, "USD")
ERCOT = np.clip(load_ercot().prices, -50, 250)
PAST, PLAYED = ERCOT[:365], ERCOT[365:]


def test_the_oracle_agrees_with_brute_force() -> None:
    device = battery(1.0, 3.0, 1.0, 0.0)
    for prices in PAST[:40]:
        np.testing.assert_allclose(exact(device, prices), lattice(prices, 3), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rest", [0.0, 0.5])
@pytest.mark.parametrize(("hours", "efficiency", "wear"), [(1.0, 0.85, 0.0), (4.0, 0.9, 8.0), (2.5, 1.0, 0.0)])
def test_schedules_earn_what_the_exact_program_does(hours: float, efficiency: float, wear: float, rest: float) -> None:
    """On real prices, and on days of negative ones, where losing energy pays."""
    device = replace(battery(2.0, 2.0 * hours, efficiency, wear), level=2.0 * hours * rest)
    days = np.vstack([PAST[::6], np.random.default_rng(0).uniform(-200, 100, (20, 24))])
    plans = best_schedules(device, Tariff(), days)
    earned = np.array([-(net @ day) - cost for net, cost, day in zip(plans.net, plans.cost, days, strict=True)])
    np.testing.assert_allclose(earned, [exact(device, day) for day in days], rtol=1e-7, atol=1e-6)


devices = st.builds(
    lambda power, hours, efficiency, wear, rest: replace(
        battery(power, power * hours, efficiency, wear), level=power * hours * rest
    ),
    st.floats(0.01, 100), st.floats(0.25, 12), st.floats(0.3, 1), st.floats(0, 50), st.floats(0, 1),
)  # fmt: skip


@pytest.mark.long
@given(device=devices, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_energy_is_conserved_and_the_level_stays_within_its_bounds(device: Device, seed: int) -> None:
    prices = np.random.default_rng(seed).uniform(-300, 500, (3, 24))
    plans = best_schedules(device, Tariff(), prices)
    power, energy = device.charge[0], device.highest[0]
    for net, cost, (charge, discharge, *_, level) in zip(plans.net, plans.cost, plans.flows, strict=True):
        tolerance = 1e-6 * (power + energy)
        assert charge.min() >= -tolerance
        assert discharge.min() >= -tolerance
        assert (charge + discharge).max() <= power + tolerance
        np.testing.assert_allclose(net, charge - discharge, atol=tolerance)
        stored = device.level  # recomputed from what passes the meter
        for hour in range(24):
            stored += device.charging * charge[hour] - discharge[hour] / device.discharging
            np.testing.assert_allclose(level[hour], stored, atol=24 * tolerance)
            assert -24 * tolerance <= stored <= energy + 24 * tolerance
        np.testing.assert_allclose(stored, device.level, atol=24 * tolerance)
        np.testing.assert_allclose(cost, device.wear * discharge.sum(), atol=tolerance * max(1.0, device.wear))


def test_shapes_are_the_days_and_the_means_of_nested_groups() -> None:
    days = np.array([[0.0, 0.0], [0.0, 1.0], [10.0, 10.0]])
    found = shapes(days)
    np.testing.assert_allclose(found, [*days, [0.0, 0.5], [10 / 3, 11 / 3]])


@pytest.fixture(scope="module")
def long_menu() -> Any:
    return make_menu(battery(1.0, 2.0, 0.88, 7.0), Tariff(), PAST, 500, 1.0)


def test_the_share_captured_on_real_prices_against_the_exact_program(long_menu: Any) -> None:
    """Recomputed for every A: the best of the first A schedules on each day of the past, beside the exact optimum."""
    device = battery(1.0, 2.0, 0.88, 7.0)
    foresight = np.array([exact(device, day) for day in PAST])
    money = -(long_menu.net @ PAST.T) - long_menu.cost[:, None]
    plain = money[0].sum()
    assert plain == 0.0  # a battery without a change of price does nothing
    for size in (1, 2, 4, 8, 16, 32, 64, len(long_menu.net)):
        share = (money[:size].max(axis=0).sum() - plain) / (foresight.sum() - plain)
        np.testing.assert_allclose(long_menu.captured[size - 1], share, rtol=1e-6, atol=1e-9)
    assert (np.diff(long_menu.captured) > 0).all()
    np.testing.assert_allclose(long_menu.captured[-1], 1.0, rtol=1e-6)
    # The guarantee of the greedy choice, for any menu of the same size: here for that of the first days.
    other = best_schedules(device, Tariff(), PAST[:16])
    rival = np.maximum((-(other.net @ PAST.T) - other.cost[:, None]).max(axis=0), 0).sum()
    assert long_menu.captured[16] * foresight.sum() >= (1 - np.exp(-1)) * rival


@pytest.mark.long
def test_a_menu_is_made_from_the_past_alone() -> None:
    """On days that nobody has seen it captures nearly as much, and they do not change it."""
    menu = make_menu(battery(1.0, 2.0, 0.88, 7.0), Tariff(), PAST, 24, 1.0)
    device = battery(1.0, 2.0, 0.88, 7.0)
    foresight = sum(exact(device, day) for day in PLAYED)
    earned = (-(menu.net @ PLAYED.T) - menu.cost[:, None]).max(axis=0).sum()
    assert menu.captured[-1] > earned / foresight > 0.9
    spec = Storage(agents=3, menu=8)
    first, again = (spec.build("b", SCALING, np.random.default_rng(0), past=PAST) for _ in range(2))
    np.testing.assert_array_equal(first.utility, again.utility)


def test_what_is_second_best_on_every_day_comes_first() -> None:
    """A typical shape beats the shape of any single day: hour 3 is nearly the cheapest on both, 2 and 5 on one only."""
    days = np.full((2, 24), 50.0)
    days[:, 3], days[:, 20] = 2.0, 100.0
    days[0, 2], days[1, 5] = 0.0, 0.0
    menu = make_menu(battery(1.0, 1.0, 1.0, 60.0), Tariff(), days, 2, 1.0)  # wear that allows one cycle
    np.testing.assert_allclose(menu.net[1, [2, 3, 5, 20]], [0, 1, 0, -1], atol=1e-9)
    np.testing.assert_allclose(menu.captured[1], (98 - 60) / (100 - 60), rtol=1e-9)


@pytest.mark.long
def test_the_scenario_gives_the_days_before_the_first_one(tmp_path: Any) -> None:
    (tmp_path / "s.toml").write_text(
        '[market]\nsource = "ercot"\nlow = -50.0\nhigh = 250.0\nfirst_day = 2022-01-01\n[forecaster]\n'
        'kind = "persistence"\n[populations.batteries]\nkind = "storage"\nagents = 4\nmenu = 10\ncaptured = 1.0\n'
    )
    scenario = omnisim.load_scenario(tmp_path / "s.toml", {"rounds": 20})
    population = scenario.problem(0).populations[0]
    assert population.actions == 10
    assert population.load is not None
    series = np.clip(load_ercot("hb_houston").prices[:365], -50, 250)
    money = population.load @ series.T
    # Wear is what is left of the money once the energy is paid: 15 % of 45 USD for each MWh given back.
    zero = population.utilities(np.full(24, 50 / 300))
    own = zero * population.money.scale[:, None] + population.money.offset[:, None]
    best = (own[:, :, None] - money).max(axis=1).sum(axis=1)
    for n in range(4):
        power = float(np.abs(population.load[n]).max())
        options = [
            sum(exact(replace(battery(power, power * hours, 0.88, 0.15 * 45), level=power * hours * rest), day)
                for day in series)
            for hours in (1.0, 2.0, 4.0) for rest in (0.0, 0.5)
        ]  # fmt: skip
        assert any(0.85 * each < best[n] < each for each in options)
    trace = omnisim.simulate(scenario)
    (note,) = trace.about["population_notes"]["batteries"]
    assert note.startswith("Menu of 10 schedules, made by optimization from 365 days before")


@pytest.mark.long
def test_limits_in_units() -> None:
    import pandas as pd

    rows = pd.DataFrame(
        {
            "power_mw": [1.0, 2.0, 1.0],
            "energy_mwh": [2.0, 4.0, 2.0],
            "cycles_per_day": [0.5, np.nan, 1.0],
            "peak_mw": [np.nan, 1.5, np.nan],
            "daily_budget": [np.nan, np.nan, 10.0],
        }
    )
    batteries = Storage(table=rows, menu=6, rest_levels=(0.0,)).build("b", SCALING, np.random.default_rng(0), past=PAST)
    assert batteries.load is not None
    limits = {c.name: (c, limit) for c, limit in zip(batteries.constraints, batteries.limits, strict=True)}
    outcomes = np.random.default_rng(1).random((5, 24))
    prices = SCALING.prices(outcomes)

    def over(name: str) -> FloatArray:
        constraint, limit = limits[name]
        return np.asarray(constraint.costs(outcomes) * limit.scale[:, None])

    np.testing.assert_allclose(over("peak")[0, 1], batteries.load[1].max(axis=1) - 1.5, atol=1e-9)
    assert (limits["peak"][0].costs(outcomes)[:, [0, 2]] == -1).all()
    wear = -batteries.utilities(np.full(24, 1 / 6)) * batteries.money.scale[:, None] - batteries.money.offset[:, None]
    given = wear / (0.15 * 45)  # MWh given back: at a price of 0 all money is wear
    np.testing.assert_allclose(over("full cycles")[0, 0], given[0] / 2.0 - 0.5, atol=1e-6)
    np.testing.assert_allclose(over("full cycles")[0, 2], given[2] / 2.0 - 1.0, atol=1e-6)
    bill = batteries.load[2] @ prices.T + wear[2][:, None]
    np.testing.assert_allclose(over("daily budget")[:, 2], (bill - 10.0).T, atol=1e-6)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ProblemError, match="Storage makes its menu from the days before the first one played, and th"):
        Storage(agents=1).build("b", SCALING, np.random.default_rng(0))
    for wrong, says in (
        ({"menu": 501}, "menu of Storage is 501: it must be a whole number from 2 to 500"),
        ({"captured": 0.0}, "captured of Storage is 0.0"),
        ({"efficiency": 1.1}, "efficiency of Storage is 1.1"),
        ({"durations_hours": ()}, "durations_hours of Storage"),
        ({"rest_levels": (1.5,)}, "rest_levels of Storage"),
        ({"cycles_per_day": 0.0}, "cycles_per_day of Storage"),
    ):
        with pytest.raises(ProblemError, match=says):
            Storage(agents=1, **wrong)


@pytest.mark.parametrize("efficiency", [0.81, 0.5, 1.0])
def test_a_battery_gives_back_the_share_of_what_it_drew_that_its_efficiency_says(efficiency: float) -> None:
    """Twelve hours at 1 and twelve at 1,000: a battery of 2 MWh and 3 MW is filled once and emptied once."""
    device = battery(3.0, 2.0, efficiency, 0.0)
    net = best_schedules(device, Tariff(), np.r_[np.full(12, 1.0), np.full(12, 1000.0)][None]).net[0]
    drawn, given_back = net[:12].sum(), -net[12:].sum()
    assert given_back == pytest.approx(efficiency * drawn)
    assert drawn * efficiency**0.5 == pytest.approx(2.0)  # half of the loss falls on charging


def test_money_of_schedules_under_a_tariff_in_loops() -> None:
    rng = np.random.default_rng(9)
    net, cost, prices, fee = (
        rng.uniform(-2, 3, (4, 24)),
        rng.uniform(0, 5, 4),
        rng.uniform(-50, 200, (3, 24)),
        np.arange(24),
    )
    net[2] = -np.abs(net[2])
    for share, earns, demand in ((1.0, 0.0, 0.0), (0.0, 30.0, 7.0), (1.0, 5.0, 2.0)):
        tariff = Tariff(share, fee, earns, demand)
        money = tariff.money(Plans(net, cost, np.zeros((4, 6, 24))), prices)
        for k, d in np.ndindex(4, 3):
            bill = cost[k] + demand * max(0.0, *net[k])
            for hour in range(24):
                rate = share * prices[d, hour] + (fee[hour] if net[k, hour] > 0 else earns)
                bill += net[k, hour] * rate
            assert money[k, d] == pytest.approx(-bill)


def test_what_a_sun_leaves_is_fed_in_where_the_tariff_pays_more_than_it_costs() -> None:
    """A store of 1 MWh gives it at 23:00. Of 2 MWh at noon it takes one; the other is sold, or curtailed."""
    drain, sun = np.zeros(24), np.zeros(24)
    drain[23], sun[12] = 1.0, 2.0
    device = Device(charge=np.ones(24), highest=np.ones(24), drain=drain, generation=sun, running_cost=2.0)
    fee, no_prices = np.random.default_rng(3).uniform(20, 60, 24), np.zeros((1, 24))
    for earns in (0.0, 1.0, 15.0, 19.0):
        tariff = Tariff(0.0, fee, earns)
        money = tariff.money(best_schedules(device, tariff, no_prices), no_prices)
        assert money[0, 0] == pytest.approx(-2.0 + max(0.0, earns - 2.0))


def test_a_store_loses_its_share_from_the_first_hour_on_and_ends_where_it_began() -> None:
    device = Device(charge=np.full(24, 4.0), highest=np.full(24, 5.0), level=3.0, charging=2.0, retention=0.9)
    net = best_schedules(device, Tariff(), np.arange(24.0)[::-1][None] + 1).net[0]
    level = 3.0
    for hour in range(24):
        level = 0.9 * level + 2.0 * net[hour]
        assert -1e-9 < level < 5.0 + 1e-9
    assert level == pytest.approx(3.0)
    assert net[:22].max() < 1e-9  # the last hours are the cheapest, and what is bought earlier leaks


def test_a_menu_by_hand() -> None:
    """Of 100 a day that foresight earns beyond the first schedule's 20, the menu earns 60, 90 and 99."""
    menu = Menu(
        np.arange(4.0)[:, None] * np.ones(24), np.arange(4.0), np.arange(4.0), np.array([20.0, 80, 110, 119]), 120.0
    )
    np.testing.assert_allclose(menu.captured, [0.0, 0.6, 0.9, 0.99])
    assert [menu.needed(share) for share in (0.5, 0.6, 0.61, 0.9, 0.99, 1.0)] == [2, 2, 3, 3, 4, 4]
    longer = menu.first(6)
    assert longer.cost.tolist() == [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]  # the first one stands in the places left
    assert longer.net[:, 0].tolist() == longer.cost.tolist()
    assert longer.earned.tolist() == [20, 80, 110, 119, 119, 119]
    assert menu.first(2).earned.tolist() == [20, 80]
    assert replace(menu, foresight=20.0).captured.tolist() == [1.0] * 4  # there is nothing to gain


@pytest.mark.parametrize(("days", "devices", "number"), [(30, 1, 30), (399, 1, 399), (700, 1, 400), (700, 50, 200),
                                                         (700, 10_000, 30), (20, 10_000, 20)])  # fmt: skip
def test_menus_are_made_from_the_last_days_evenly_spread(days: int, devices: int, number: int) -> None:
    """No more than 20,000 programs: two for each day and device, but 30 days at least."""
    past = np.arange(days, dtype=float)[:, None] * np.ones(24)
    found = typical_days(past, devices)[:, 0]
    assert len(found) == number
    assert (found[0], found[-1]) == (max(0, days - 400), days - 1)
    gaps = np.diff(found)
    assert gaps.max() - gaps.min() <= 1


def test_the_way_that_earns_most_is_taken_and_one_that_cannot_be_is_passed_over() -> None:
    """Dear in the morning: who begins the day full sells then. A level above what the battery holds cannot be."""
    days = np.r_[np.full(12, 100.0), np.full(12, 1.0)] * np.ones((3, 24))
    ways = [replace(battery(1.0, 2.0, 1.0, 0.0), level=level) for level in (0.0, 2.0, 1.0)]
    assert best_way(ways, Tariff(), days).level == 2.0
    assert best_way(ways[:1] + ways[2:], Tariff(), days).level == 1.0
    impossible = replace(ways[0], drain=np.r_[5.0, np.zeros(23)])
    assert best_way([ways[1], impossible], Tariff(), days).level == 2.0
    assert best_way([impossible, ways[1]], Tariff(), days).level == 2.0
    with pytest.raises(ProblemError, match="no schedule of a day"):
        best_way([impossible], Tariff(), days)


def test_the_mean_of_a_group_weighs_each_of_its_days_alike() -> None:
    days = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 3.0], [90.0, 90.0], [90.0, 99.0]])
    found = shapes(days)[5:]
    groups = [(0, 1), (0, 1, 2), (3, 4), (0, 1, 2, 3, 4)]
    np.testing.assert_allclose(found, [days[list(group)].mean(axis=0) for group in groups])


def test_batteries_nearly_alike_share_a_menu_and_leave_at_most_2_percent_unused() -> None:
    """Of more than 200 different durations."""
    rng = np.random.default_rng(4)
    power, hours = rng.uniform(0.5, 5, 230), rng.uniform(0.6, 9, 230)
    for count in (150, 230):
        rows = pd.DataFrame({"power_mw": power, "energy_mwh": power * hours})[:count]
        made, _ = Storage(table=rows)._devices(rng)
        used = np.array([device.highest[0] for device in made]) / rows["energy_mwh"].to_numpy()
        durations = {round(float(device.highest[0] / device.charge[0]), 9) for device in made}
        if count == 150:
            assert (used == 1).all()
            assert len(durations) == 150
        else:
            assert 1 / 1.02 - 1e-9 < used.min() < used.max() <= 1 + 1e-9
            assert len(durations) == len({int(np.floor(np.log(each) / np.log(1.02) + 1e-9)) for each in hours})
