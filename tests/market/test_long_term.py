"""Limits on sums over a run, the charge on the largest load, and industrial loads, against loops over definitions."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import omnisim
from omnisim.analysis.violation import violated_limits, violations
from omnisim.arrays import FloatArray
from omnisim.errors import OmnisimError
from omnisim.market import EnergyBuyers, IndustrialLoads, Producers, Scaling, Storage
from omnisim.market.agents.devices import Device, Tariff, best_schedules
from omnisim.market.agents.long_term import fixed_limit, limit, out_of_reach
from omnisim.market.agents.settlement import energy_of
from omnisim.market.agents.shifts import shortest_run

SCALING = Scaling(-100, 300, "EUR")
PAST = np.random.default_rng(3).uniform(-50, 150, (20, 24))


def built(agents: Any, past: FloatArray | None = None) -> omnisim.Population:
    population: omnisim.Population = agents.build("p", SCALING, np.random.default_rng(5), past=past)
    return population


def money(population: omnisim.Population, prices: FloatArray) -> FloatArray:
    utilities = population.utilities((prices - SCALING.low) / SCALING.span)
    return np.asarray(utilities * population.money.scale[:, None] + population.money.offset[:, None])


def over(population: omnisim.Population, name: str, prices: FloatArray) -> FloatArray:
    """By how much each action exceeds its share of the limit, (N, A), in its unit."""
    j = population.constraint_names.index(name)
    costs = population.constraints[j].costs(((prices - SCALING.low) / SCALING.span)[None])[0]
    assert population.limits[j].averaged
    return np.asarray(costs * population.limits[j].scale[:, None])


def test_a_yearly_budget_is_the_bill_of_a_day_above_its_share() -> None:
    rows = pd.DataFrame(
        {
            "contract": ["spot", "fixed", "spot"],
            "fixed_price_per_mwh": [np.nan, 90.0, np.nan],
            "fee_08_20_per_mwh": [0.0, 15.0, 30.0],
            "demand_charge_per_mw": [0.0, 7.0, 11.0],
            "yearly_budget": [36500.0, 7300.0, np.nan],
        }
    )
    buyers = built(EnergyBuyers(table=rows))
    load = buyers.load
    assert load is not None
    prices = np.random.default_rng(1).uniform(-100, 300, 24)
    found = over(buyers, "yearly budget", prices)
    for n, share in ((0, 100.0), (1, 20.0)):
        for a in range(load.shape[1]):
            bill = [0.0, 7.0][n] * max(load[n, a].max(), 0.0)
            for hour in range(24):
                fee = [0.0, 15.0][n] * (8 <= hour < 20)
                drawn = max(load[n, a, hour], 0.0)
                bill += drawn * (90.0 + fee) if n == 1 else load[n, a, hour] * prices[hour] + drawn * fee
            assert found[n, a] == pytest.approx(bill - share, abs=1e-7)
    assert (found[2] == -1).all()  # no limit: the cost is -1, in units of cost


def test_full_cycles_and_output_of_a_year() -> None:
    rows = pd.DataFrame({"power_mw": [1.0, 2.0], "energy_mwh": [2.0, 2.0], "cycles_per_year": [200.0, np.nan]})
    batteries = built(Storage(table=rows, rest_levels=(0.0,), degradation=0.2), PAST)
    wear = -money(batteries, np.zeros(24))  # at a price of 0 all money is wear: 0.2 * 45 for each MWh given back
    np.testing.assert_allclose(
        over(batteries, "full cycles of a year", PAST[0])[0], wear[0] / (0.2 * 45) / 2.0 - 200 / 365, atol=1e-6
    )
    wind = built(Producers(table=pd.DataFrame({"solar": ["no"], "yearly_output_mwh": [3650.0]})), PAST)
    assert wind.load is not None
    found = over(wind, "least output of a year", PAST[0])
    np.testing.assert_allclose(found[0], [10.0 - sum(-each for each in row) for row in wind.load[0]], atol=1e-9)


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(
    slope=hnp.arrays(float, (2, 3, 4), elements=st.floats(-50, 50, width=16)),
    constant=hnp.arrays(float, (2, 3), elements=st.floats(-50, 50, width=16)),
    days=st.lists(
        st.tuples(st.integers(0, 2), st.lists(st.floats(0, 1, width=16), min_size=4, max_size=4)), min_size=1
    ),
)
def test_the_sum_of_the_costs_is_the_use_above_the_budget(
    slope: FloatArray, constant: FloatArray, days: list[tuple[int, list[float]]]
) -> None:
    """Exactly: scale times the sum of the costs of any plays is their use less the share of each day."""
    made = limit("budget", "EUR", slope, constant, averaged=True)
    assert made.scale is not None
    for n in range(2):
        summed, used = 0.0, 0.0
        for action, outcome in days:
            cost = made.costs(np.array([outcome]))[0]
            assert np.abs(cost).max() <= 1 + 1e-9
            summed += float(cost[n, action] * made.scale[n])
            used += constant[n, action] + sum(slope[n, action, i] * y for i, y in enumerate(outcome))
        assert summed == pytest.approx(used, abs=1e-6)


def test_what_a_record_says_of_a_limit_on_a_sum(tmp_path: Path) -> None:
    """A day above its share and a day below make up for each other; the same limit on each day is exceeded once."""
    uses = [3.0, -1.0, 2.0, -4.0, -0.5, 2.0]  # above the share of a day
    outcomes = np.array([[(use + 4) / 8] for use in uses])
    limits = [
        omnisim.LinearConstraint([[[1.0]]], [[-0.5]], name, unit="MWh", scale=[8.0], averaged=averaged)
        for name, averaged in (("each day", False), ("sum", True))
    ]
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("p", [[[1.0]]], constraints=limits)],
        adversary=omnisim.adversaries.Replay(outcomes),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=omnisim.elimination.BestResponse(),
        subsequences={"all": None, "first five": np.arange(6) < 5},
    )
    trace = omnisim.simulate(scenario)
    trace.save(tmp_path / "trace.npz")
    for record in (trace, omnisim.load_trace(tmp_path / "trace.npz")):
        table = violations(record).set_index(["subsequence", "constraint"])[["violated", "total", "largest"]]
        assert table.loc[("all", "each day")].tolist() == [3, 7.0, 3.0]
        # So far: 3, 2, 4, 0, -0.5, 1.5.
        assert table.loc[("all", "sum")].tolist() == [4, 1.5, 4.0]
        assert table.loc[("first five", "sum")].tolist() == [0, 0, 0]
        joint = violated_limits(record).set_index(["subsequence", "constraint"])
        assert joint.loc[("all", "sum"), ["exceeding", "violated", "total", "largest"]].tolist() == [1, 4, 1.5, 4.0]
        assert joint.loc[("first five", "sum"), ["exceeding", "violated", "total"]].tolist() == [0, 0, 0]


def test_the_page_tells_by_how_much_a_sum_was_exceeded(tmp_path: Path) -> None:
    """Of three agents with a use of 0.5 a day, one has a share of 0.25, one of 0.5, and one of 0.75."""
    over = np.array([[0.25], [0.0], [-0.25]])
    cycles = omnisim.LinearConstraint(
        np.zeros((3, 1, 1)), over, "cycles of a year", unit="cycles", scale=np.ones(3), averaged=True
    )
    scenario = omnisim.Scenario(
        populations=[omnisim.Population("p", np.ones((3, 1, 1)), constraints=[cycles])],
        adversary=omnisim.adversaries.Replay(np.full((8, 1), 0.5)),
        forecaster=omnisim.forecasters.Climatology(),
        elimination=omnisim.elimination.BestResponse(),
    )
    omnisim.write_report(omnisim.analyze(omnisim.simulate(scenario)), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (
        "p: “cycles of a year”, a limit on the sum over the run, was exceeded by 1 agent of 3, most by agent 0: 2 "
        "cycles in the end. The sum so far was above its share on 8 of 24 agent rounds, by 2 cycles at most."
    ) in page
    assert "Of limits on the sum over the run, rounds are those on which the sum so far was above its share" in page


@pytest.mark.long
def test_a_charge_on_the_largest_load_is_in_the_money_and_in_the_schedules() -> None:
    """A load of 12 MWh in any of 24 hours: without the charge all in the cheapest hours, with a high one even."""
    must = np.zeros(24)
    must[23] = 12.0
    device = Device(charge=np.full(24, 6.0), highest=np.full(24, 12.0), drain=must)
    prices = np.arange(24.0)[None]
    for demand in (0.0, 1.0, 10.0, 1e4):
        plans = best_schedules(device, Tariff(demand=demand), prices)
        # With a peak of m the cheapest way is m in each of the first hours: by hand over m = 12 / k and in between.
        best = min(
            demand * m + sum(min(m, max(0.0, 12 - m * h)) * h for h in range(24)) for m in np.linspace(0.5, 6, 5501)
        )
        assert -Tariff(demand=demand).money(plans, prices)[0, 0] == pytest.approx(best, rel=1e-3, abs=1e-3)
    rows = pd.DataFrame({"power_mw": [1.0, 1.0], "energy_mwh": [4.0, 4.0], "demand_charge_per_mw": [0.0, 40.0]})
    batteries = built(Storage(table=rows, captured=1.0), PAST)
    assert batteries.load is not None
    assert batteries.load[1].max() <= batteries.load[0].max()
    for n, charge in ((0, 0.0), (1, 40.0)):
        load = batteries.load[n]
        plain = money(batteries, np.zeros(24))[n] + charge * np.maximum(load.max(axis=1), 0)
        np.testing.assert_allclose(plain, -0.15 * 45 * _given_back(load), atol=1e-6)


def _given_back(load: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(-load, 0).sum(axis=1))


SHIFTS: list[dict[str, float | str]] = [
    {"name": "day", "start": 6, "hours": 8, "mw": 2.0, "value_per_mwh": 90.0},
    {"name": "late", "start": 14, "hours": 4, "mw": 3.0, "value_per_mwh": 80.0},
    {"name": "night", "start": 22, "hours": 8, "mw": 1.0, "value_per_mwh": 60.0},
    {"name": "noon", "start": 10, "hours": 4, "mw": 1.0, "value_per_mwh": 70.0},
]


@pytest.mark.parametrize("least", [1, 5, 9, 17])
def test_the_patterns_are_all_sets_of_shifts_that_do_not_overlap_and_run_long_enough(least: int) -> None:
    plants = IndustrialLoads(agents=1, shifts=SHIFTS, minimum_uptime_hours=least, standby_share=0.0)
    wanted = {}
    for size in range(len(SHIFTS) + 1):
        for chosen in itertools.combinations(SHIFTS, size):
            hours = [(int(s["start"]) + k) % 24 for s in chosen for k in range(int(s["hours"]))]
            runs = [1 + next((k for k in range(1, 24) if (h + k) % 24 not in hours), 24) - 1
                    for h in hours if (h - 1) % 24 not in hours]  # fmt: skip
            if len(set(hours)) == len(hours) and all(run >= least for run in runs):
                power = [sum(float(s["mw"]) for s in chosen if (h - int(s["start"])) % 24 < int(s["hours"]))
                         for h in range(24)]  # fmt: skip
                value = sum(float(s["mw"]) * int(s["hours"]) * float(s["value_per_mwh"]) for s in chosen)
                wanted[" + ".join(str(s["name"]) for s in chosen) or "closed"] = (power, value)
    found = plants.patterns
    assert set(found.names) == set(wanted)
    assert len(found.names) > 1
    for name, load, value in zip(found.names, found.load, found.value, strict=True):
        assert load.tolist() == wanted[name][0]
        assert value == pytest.approx(wanted[name][1])


@given(hnp.arrays(bool, 24))
def test_the_shortest_run_of_a_day_that_repeats_itself(running: np.ndarray) -> None:
    text = "".join("1" if hour else "0" for hour in running)
    at = text.find("0")
    runs = [len(run) for run in (text[at:] + text[:at]).split("0") if run]
    assert shortest_run(running) == (24 if at < 0 or not runs else min(runs))


def test_money_and_quotas_of_industrial_loads() -> None:
    rows = pd.DataFrame({"size": [1.0, 2.5], "weekly_mwh": [np.nan, 140.0], "fee_00_24_per_mwh": [0.0, 4.0]})
    plants = built(IndustrialLoads(table=rows, shifts=SHIFTS, weekly_hours=56.0, standby_share=0.1))
    assert plants.load is not None
    prices = np.random.default_rng(2).uniform(-100, 300, 24)
    earned = money(plants, prices)
    output, hours = over(plants, "output of a week", prices), over(plants, "running hours of a week", prices)
    for n, size in enumerate((1.0, 2.5)):
        for a, name in enumerate(plants.action_names):
            chosen = [s for s in SHIFTS if str(s["name"]) in name.split(" + ")]
            total = energy = running = 0.0
            for hour in range(24):
                power = 0.1 * 3.0
                for s in chosen:
                    if (hour - int(s["start"])) % 24 < int(s["hours"]):
                        power = float(s["mw"])
                        total += size * power * float(s["value_per_mwh"])
                        energy += size * power
                        running += 1
                total -= size * power * (prices[hour] + 4.0 * n)
            assert earned[n, a] == pytest.approx(total, abs=1e-6)
            assert hours[n, a] == pytest.approx(8.0 - running, abs=1e-9)
            if n == 1:
                assert output[n, a] == pytest.approx(20.0 - energy, abs=1e-9)
    omnisim.testing.check_population(IndustrialLoads(agents=3, weekly_mwh=100.0, size_spread=0.5))


WRONG: dict[str, dict[str, Any]] = {
    r"shifts\[1\]: start is 24: it must be a whole hour from 0 to 23": {
        "shifts": [SHIFTS[0], {**SHIFTS[1], "start": 24}]
    },
    r"shifts\[0\]: hours is 2.5: it must be a whole number from 1 to 24": {"shifts": [{**SHIFTS[0], "hours": 2.5}]},
    r"shifts\[0\]: mw is 0.0: it must be a finite number > 0": {"shifts": [{**SHIFTS[0], "mw": 0.0}]},
    r"shifts\[0\]\['value_per_mwh'\] of IndustrialLoads must be a number or a text, got True": {
        "shifts": [{**SHIFTS[0], "value_per_mwh": True}]
    },
    r"shifts\[0\]: name is 'closed': it must be": {"shifts": [{**SHIFTS[0], "name": "closed"}]},
    r"shifts\[0\]: unknown key 'power'": {"shifts": [{**SHIFTS[0], "power": 2.0}]},
    r"shifts\[0\]: mw is missing": {"shifts": [{k: v for k, v in SHIFTS[0].items() if k != "mw"}]},
    "shifts has 'day' twice": {"shifts": [SHIFTS[0], SHIFTS[0]]},
    "no pattern of day runs for 9 hours": {"shifts": SHIFTS[:1], "minimum_uptime_hours": 9},
    "no pattern of no shifts": {"shifts": []},
    "minimum_uptime_hours of IndustrialLoads is 25": {"minimum_uptime_hours": 25},
    "weekly_hours of IndustrialLoads is -1": {"weekly_hours": -1.0},
    "24 of them make more than 500 patterns": {
        "shifts": [{**SHIFTS[0], "name": f"h{h}", "start": h, "hours": 1} for h in range(24)]
    },
}


@pytest.mark.parametrize("says", WRONG)
def test_what_cannot_be_is_refused(says: str) -> None:
    with pytest.raises(OmnisimError, match=says):
        IndustrialLoads(agents=1, **WRONG[says])


def test_limits_that_no_plant_can_keep_are_refused() -> None:
    """Three shifts of 8 h at 2 MW are 48 MWh a day: 337 MWh a week are one seventh of a MWh a day too many."""
    rng = np.random.default_rng(0)
    IndustrialLoads(agents=2, weekly_mwh=336.0).build("p", SCALING, rng)
    with pytest.raises(
        OmnisimError, match=r"IndustrialLoads, agent 0: .*'output of a week': .* 0.142857 MWh beyond it"
    ):
        IndustrialLoads(agents=2, weekly_mwh=337.0).build("p", SCALING, rng)
    rows = pd.DataFrame({"name": ["A", "B"], "weekly_hours": [100.0, 168.0]})
    IndustrialLoads(table=rows).build("p", SCALING, rng)
    early = [SHIFTS[0]]
    with pytest.raises(OmnisimError, match=r"row 1.*no action keeps the limit 'running hours of a week': the best"):
        IndustrialLoads(table=rows, shifts=early).build("p", SCALING, rng)
    wind = pd.DataFrame({"power_mw": [1.0, 1.0], "capacity_factor": [0.5, 0.5], "solar": [False, False]})
    Producers(table=wind.assign(yearly_output_mwh=[4380.0, 4000.0])).build("p", SCALING, rng, past=PAST)
    with pytest.raises(OmnisimError, match=r"row 2: yearly_output_mwh is 4400.*: it must be <= 4380: the plant makes"):
        Producers(table=wind.assign(yearly_output_mwh=[4380.0, 4400.0])).build("p", SCALING, rng, past=PAST)
    with pytest.raises(OmnisimError, match=r"row 1: least_output_mwh is 12.1.*: it must be <= 12: the plant makes"):
        Producers(table=wind.assign(least_output_mwh=[12.1, 12.0])).build("p", SCALING, rng, past=PAST)


def test_limits_that_another_schedule_would_keep_are_told_and_not_refused() -> None:
    """A menu is made without them: running costs 500 a MWh, so it curtails, and 7 of 7.2 MWh are asked for."""
    row = {"power_mw": [1.0], "solar": [False], "capacity_factor": [0.3], "least_output_mwh": [7.0]}
    rng = np.random.default_rng(0)
    dear = Producers(table=pd.DataFrame(row | {"premium_per_mwh": [-500.0]})).build("p", SCALING, rng, past=PAST)
    (note,) = [each for each in dear.notes if "'least output'" in each]
    assert (
        "the best one is 7 MWh beyond it (menus are made without a look at limits: other schedules may keep it)" in note
    )
    fine = Producers(table=pd.DataFrame(row | {"premium_per_mwh": [500.0]})).build("p", SCALING, rng, past=PAST)
    assert not [each for each in fine.notes if "'least output'" in each]


def test_a_budget_below_every_bill_is_refused_in_a_table() -> None:
    """At the lowest price, 10 EUR/MWh, 1 MW all day long costs 240 EUR, or 87,600 EUR a year."""
    scaling = Scaling(10, 300, "EUR")
    shifts = [{"name": "on", "start": 0, "hours": 24, "mw": 1.0, "value_per_mwh": 90.0}]
    rows = pd.DataFrame({"weekly_hours": [168.0], "yearly_budget": [87_600.0]})
    IndustrialLoads(table=rows, shifts=shifts).build("p", scaling, np.random.default_rng(0))
    with pytest.raises(OmnisimError, match=r"no action keeps the limit 'yearly budget' at any price: the best one is"):
        IndustrialLoads(table=rows.assign(yearly_budget=1000.0), shifts=shifts, standby_share=1.0).build(
            "p", scaling, np.random.default_rng(0)
        )


def test_shifts_of_a_table_are_those_of_a_list(tmp_path: Path) -> None:
    path = tmp_path / "shifts.csv"
    pd.DataFrame(SHIFTS).to_csv(path, index=False)
    listed = IndustrialLoads(agents=1, shifts=SHIFTS).patterns
    for read in (
        IndustrialLoads(agents=1, shifts_table=path),
        IndustrialLoads(agents=1, shifts_table=pd.DataFrame(SHIFTS)),
    ):
        assert read.patterns.names == listed.names
        np.testing.assert_array_equal(read.patterns.load, listed.load)
        np.testing.assert_array_equal(read.patterns.value, listed.value)
    path.write_text("name,start,hours,mw,value_per_mwh\nday,6,8,2,90\nlate,14,25,2,80\n")
    with pytest.raises(
        OmnisimError, match=r"shifts\.csv: line 3: hours is 25.0: it must be a whole number from 1 to 24"
    ):
        IndustrialLoads(agents=1, shifts_table=path)
    path.write_text("name,start,hours,power\nday,6,8,2\n")
    with pytest.raises(OmnisimError, match=r"shifts\.csv: column 'power' is none of a shift"):
        IndustrialLoads(agents=1, shifts_table=path)
    with pytest.raises(OmnisimError, match="shifts and shifts_table are both given"):
        IndustrialLoads(agents=1, shifts=SHIFTS, shifts_table=path)


@pytest.mark.long
def test_a_scenario_with_shifts_runs_again_from_its_resolved_file(tmp_path: Path) -> None:
    (tmp_path / "shifts.csv").write_text("name,start,hours,mw,value_per_mwh\nday,6,8,2,90\nlate,14,8,2,80\n")
    toml = tmp_path / "s.toml"
    toml.write_text(
        "rounds = 5\n[market]\nsource = 'ercot'\nlow = -50.0\nhigh = 250.0\n[forecaster]\nkind = 'persistence'\n"
        "[populations.listed]\nkind = 'industrial_loads'\nagents = 2\n"
        "shifts = [{name = 'day', start = 6, hours = 8, mw = 2, value_per_mwh = 90}]\n"
        "[populations.read]\nkind = 'industrial_loads'\nagents = 1\nshifts_table = 'shifts.csv'\nweekly_hours = 50\n"
    )
    scenario = omnisim.load_scenario(toml)
    again = tmp_path / "again.toml"
    from omnisim.scenario.toml import to_toml

    again.write_text(to_toml(scenario.source))
    first, second = omnisim.simulate(scenario), omnisim.simulate(omnisim.load_scenario(again))
    for name in ("listed", "read"):
        np.testing.assert_array_equal(first.actions[name], second.actions[name])
    with pytest.raises(OmnisimError, match=r"populations\.listed: shifts\[0\]: mw is -2"):
        omnisim.load_scenario(toml, {"populations.listed.shifts": [{**SHIFTS[0], "mw": -2}]})


@pytest.mark.parametrize(("parts", "number"), [(24, 24), (24, 96), (24, 1), (6, 24), (48, 24), (1, 48), (96, 24)])
def test_energy_is_power_times_time_whatever_the_periods(parts: int, number: int) -> None:
    """Over steps so short that both divide them."""
    load = np.random.default_rng(parts).uniform(-2, 3, (2, 3, parts))
    steps = 96
    energy = energy_of(load, number)
    for n, a, k in np.ndindex(2, 3, number):
        inside = range(k * steps // number, (k + 1) * steps // number)
        assert energy[n, a, k] == pytest.approx(sum(load[n, a, s * parts // steps] for s in inside) * 24 / steps)
    with pytest.raises(OmnisimError, match="schedules of 24 parts of a day do not fit a market of 36 prices a day"):
        energy_of(np.ones((1, 1, 24)), 36)


def test_a_limit_out_of_reach_is_told_by_the_least_excess_of_the_best_action_in_its_unit() -> None:
    """Of a limit on a sum, each day; and at any price, where prices matter to the excess of that agent."""
    slope = np.array([[[10.0, -20.0], [0.0, 5.0]], [[0.0, 0.0], [0.0, 0.0]], [[-4.0, 0.0], [1.0, 1.0]]])
    over_ = np.array([[22.0, 1.0], [-1.0, 5.0], [3.9, -0.1]])
    for averaged in (False, True):
        made = limit("budget", "EUR", slope, over_, averaged=averaged)
        (agent, fixed, words), *others = out_of_reach([made])
        assert (agent, fixed, others) == (0, False, [])
        each_day = " each day" if averaged else ""
        assert words == f"no action keeps the limit 'budget' at any price: the best one is 1 EUR beyond it{each_day}"
    made = fixed_limit("cycles", "cycles", np.array([[-1.0, 1.0], [0.5, 0.25], [np.nan, np.nan]]), np.zeros((3, 2, 4)))
    assert [*out_of_reach([made])] == [
        (1, True, "no action keeps the limit 'cycles': the best one is 0.25 cycles beyond it")
    ]
    assert (made.costs(np.ones((1, 4)))[0, 2] == -1).all()


def test_a_shift_may_last_as_long_as_the_uptime_and_start_at_any_hour() -> None:
    for start in (0, 20, 23):
        shift = {"name": "on", "start": start, "hours": 6, "mw": 2.0, "value_per_mwh": -5.0}
        plant = IndustrialLoads(agents=1, shifts=[shift], minimum_uptime_hours=6).patterns
        assert [hour for hour in range(24) if plant.load[1, hour]] == sorted((start + k) % 24 for k in range(6))
        assert (plant.value.tolist(), plant.hours.tolist()) == ([0.0, -60.0], [0.0, 6.0])
    everything = {"name": "on", "start": 5, "hours": 24, "mw": 1.0, "value_per_mwh": 1.0}
    assert (
        IndustrialLoads(agents=1, shifts=[everything], minimum_uptime_hours=24).patterns.load[1].tolist() == [1.0] * 24
    )
    for key, value in (("start", -1), ("start", 24), ("hours", 0), ("hours", 25), ("mw", -1.0), ("mw", 1e13)):
        with pytest.raises(OmnisimError, match=rf"shifts\[0\]: {key} is {value}: it must be"):
            IndustrialLoads(agents=1, shifts=[everything | {key: value}])


def test_five_hundred_patterns_are_as_many_as_there_may_be() -> None:
    """Shifts that never overlap make every set of them a pattern: 2^8 with eight of them, 2^9 with nine."""
    shifts = [{"name": f"s{k}", "start": 2 * k, "hours": 1, "mw": 1.0, "value_per_mwh": 1.0} for k in range(9)]
    assert len(IndustrialLoads(agents=1, shifts=shifts[:8]).patterns.names) == 256
    with pytest.raises(OmnisimError, match="9 of them make more than 500 patterns"):
        IndustrialLoads(agents=1, shifts=shifts)
    # All but the last shift twice as many: eight, and one that overlaps seven of them.
    wide = {"name": "wide", "start": 0, "hours": 14, "mw": 1.0, "value_per_mwh": 1.0}
    assert len(IndustrialLoads(agents=1, shifts=[*shifts[:8], wide]).patterns.names) == 256 + 2


def test_shifts_that_are_left_out_are_three_of_eight_hours() -> None:
    plants = built(IndustrialLoads(agents=1, standby_share=0.25))
    load = dict(zip(plants.action_names, plants.load[0], strict=True))  # type: ignore[index]
    for name, hours in (("early", range(6, 14)), ("late", range(14, 22)), ("night", [22, 23, *range(6)])):
        assert load[name].tolist() == [2.0 if hour in hours else 0.5 for hour in range(24)]
    prices = np.zeros(24)
    earned = dict(zip(plants.action_names, money(plants, prices)[0], strict=True))
    assert earned["night"] == pytest.approx(8 * 2 * 60)
    assert earned["early + late"] == pytest.approx(8 * 2 * (90 + 80))
