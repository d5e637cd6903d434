"""Tables of customers: what they say takes the place of what is drawn, and what is wrong is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from page_text import Parsed

import omnisim
from omnisim.errors import OmnisimError
from omnisim.market import BudgetedOperators, DeferrableLoads, EnergyBuyers, Manufacturers, MarketAgents, Scaling
from omnisim.market.agents import SpikeHedgers
from omnisim.market.agents.contracts import COLUMNS, Terms
from omnisim.market.agents.customers import Column, Customers, inside_share, not_negative, positive, share_column
from omnisim.market.agents.long_term import COLUMNS as LONG_TERM
from omnisim.market.signals import Known, name_of_cap
from omnisim.report.run import worth
from omnisim.scenario import registry

SCALING = Scaling(-50, 250, "EUR")
KINDS: list[type[MarketAgents]] = [EnergyBuyers, Manufacturers, BudgetedOperators, DeferrableLoads, SpikeHedgers]


def built(kind: type[MarketAgents], seed: int = 5, **given: Any) -> omnisim.Population:
    return kind(**given).build("p", SCALING, np.random.default_rng(seed))


def written(folder: Path, text: str) -> Path:
    path = folder / "customers.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_names_alone_changes_nothing(kind: type[MarketAgents]) -> None:
    drawn, named = built(kind, agents=3), built(kind, table=pd.DataFrame({"name": ["a", "b", "c"]}))
    np.testing.assert_array_equal(drawn.utility, named.utility)
    np.testing.assert_array_equal(drawn.offset, named.offset)
    assert named.agent_names == ("a", "b", "c")


def test_a_column_takes_the_place_of_what_is_drawn_and_an_empty_cell_does_not() -> None:
    """Size alone scales money and load of a deferrable load; the middle row stays what was drawn."""
    drawn = built(DeferrableLoads, agents=3)
    given = built(DeferrableLoads, table=pd.DataFrame({"daily_energy_mwh": [2.0, np.nan, 5.0]}))
    assert drawn.load is not None
    assert given.load is not None
    need = drawn.load[:, 4].sum(axis=1)  # the action "all"
    np.testing.assert_allclose(given.load[:, 4].sum(axis=1), [2.0, need[1], 5.0])
    np.testing.assert_allclose(given.money.scale, drawn.money.scale * np.array([2.0, need[1], 5.0]) / need)
    np.testing.assert_allclose(given.utility, drawn.utility, rtol=1e-12)


def test_every_parameter_of_a_buyer_from_a_file(tmp_path: Path) -> None:
    """Money by hand: an agent without battery, base load a household's, in one hour of price 100 and others of 0."""
    path = written(
        tmp_path,
        "name;weight;daily_energy_mwh;household_share;flexible_share;service_worth_per_mwh;night_discomfort_per_mwh;"
        "midday_discomfort_per_mwh;battery;battery_capacity_mwh;battery_power_mw;connection_limit_mw\n"
        "Mühle;12,5;0,1;1;0,5;200;10;20;yes;0,04;0,02;0,9\n",
    )
    buyer = built(EnergyBuyers, table=path, battery_efficiency=0.81, battery_wear=0.2, typical_price=50.0)
    assert (buyer.agents, buyer.agent_names) == (1, ("Mühle",))
    np.testing.assert_array_equal(buyer.weights, [12.5])
    prices = np.zeros(24)
    prices[20] = 100.0
    money = buyer.utilities((prices + 50) / 300)[0] * buyer.money.scale[0] + buyer.money.offset[0]
    household = [30, 27, 25, 24, 25, 29, 38, 44, 42, 38, 36, 36, 37, 37, 38, 41, 48, 58, 63, 63, 60, 54, 45, 36]
    base = 0.05 * household[20] / sum(household)
    drawn_in_night = min(0.02, 0.04 / (0.9 * 5))  # MW, by power or by capacity
    back = 0.81 * drawn_in_night
    expected = {
        "evening": 0.05 * 200 - 100 * (base + 0.05 / 5),
        "night": 0.05 * 190 - 100 * base,
        "midday": 0.05 * 180 - 100 * base,
        "without": -100 * base,
    }
    for action, value in expected.items():
        a = buyer.action_names.index(action)
        np.testing.assert_allclose(money[a], value, rtol=1e-12)
        np.testing.assert_allclose(money[a + 1], value + 100 * back - 0.2 * 50 * 5 * back, rtol=1e-12)
    # At 101 in that hour, above stress_price: what is drawn then counts against the limit.
    over = buyer.constraints[0].costs(((prices + 51) / 300)[None])[0, 0] * buyer.limits[0].scale[0]
    np.testing.assert_allclose(over[buyer.action_names.index("without")], base - 0.9, rtol=1e-9)
    np.testing.assert_allclose(over[buyer.action_names.index("evening")], base + 0.05 / 5 - 0.9, rtol=1e-9)


def test_a_deferrable_load_pays_its_other_day_and_the_square_of_what_it_moves() -> None:
    rows = pd.DataFrame(
        {"daily_energy_mwh": [2.0, 7.0], "usual_price_per_mwh": [40.0, 55.0], "strain_per_mwh": [30.0, 12.0]}
    )
    loads = built(DeferrableLoads, table=rows)
    prices = np.random.default_rng(6).uniform(-50, 250, 24)
    money = loads.utilities((prices + 50) / 300) * loads.money.scale[:, None] + loads.money.offset[:, None]
    for n, row in enumerate(rows.itertuples()):
        for a, taken in enumerate((0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)):
            bill = taken * prices.mean() + (1 - taken) * row.usual_price_per_mwh + (1 - taken) ** 2 * row.strain_per_mwh
            assert money[n, a] == pytest.approx(-row.daily_energy_mwh * bill)


@pytest.mark.parametrize("contract", ["spot", "fixed"])
def test_money_under_a_contract_is_the_bill_hour_by_hour(contract: str) -> None:
    """Recomputed in loops: fees by the hour on what is drawn, the price of the contract, feeding in for its own."""
    terms: dict[str, Any] = {"fixed_price_per_mwh": 80.0, "feed_in_per_mwh": 30.0} if contract == "fixed" else {}
    rows = pd.DataFrame(
        [{"battery": True, "contract": contract, "fee_07_20_per_mwh": 25.0, "fee_22_02_per_mwh": 4.0, **terms}] * 4
    )
    plain, billed = built(EnergyBuyers, agents=4, battery_share=1.0), built(EnergyBuyers, table=rows)
    assert plain.load is not None
    np.testing.assert_array_equal(billed.load, plain.load)
    prices = np.random.default_rng(3).uniform(-50, 250, 24)
    outcome = (prices + 50) / 300
    before = plain.utilities(outcome) * plain.money.scale[:, None] + plain.money.offset[:, None]
    after = billed.utilities(outcome) * billed.money.scale[:, None] + billed.money.offset[:, None]
    fed_in = 0.0
    for n in range(4):
        for a in range(8):
            service, bill = before[n, a], 0.0
            for hour in range(24):
                energy = float(plain.load[n, a, hour])
                service += energy * prices[hour]
                fee = (25.0 if 7 <= hour < 20 else 0.0) + (4.0 if hour >= 22 or hour < 2 else 0.0)
                if contract == "spot":
                    bill += energy * prices[hour] + max(energy, 0.0) * fee
                else:
                    bill += energy * (80.0 + fee) if energy > 0 else energy * 30.0
                fed_in += max(-energy, 0.0)
            np.testing.assert_allclose(after[n, a], service - bill, rtol=1e-9, atol=1e-9)
    assert fed_in > 0
    assert (np.abs(billed.utility).max() == 0) == (contract == "fixed")


def test_a_contract_holds_at_every_resolution() -> None:
    rows = pd.DataFrame(
        {"contract": ["spot", "fixed"], "fixed_price_per_mwh": [np.nan, 70.0], "fee_00_24_per_mwh": 9.0}
    )
    hourly, quarterly, daily = (
        EnergyBuyers(table=rows).build("p", SCALING, np.random.default_rng(1), resolution)
        for resolution in ("hour", "15min", "day")
    )
    money = [p.utilities(np.full(p.dimension, 0.4)) * p.money.scale[:, None] + p.money.offset[:, None]
             for p in (hourly, quarterly, daily)]  # fmt: skip
    np.testing.assert_allclose(money[1], money[0], rtol=1e-9)
    np.testing.assert_allclose(money[2], money[0], rtol=1e-9)


@pytest.mark.parametrize("parts", [1, 6, 24, 48])
def test_a_bill_of_schedules_of_any_parts_of_the_day(parts: int) -> None:
    """In loops over the hours: power is held over a part of the day, and the fee is that of the hour."""
    rng = np.random.default_rng(parts)
    fees = rng.uniform(0, 30, (2, 24))
    price, feed_in, demand = np.array([0.0, 70.0]), np.array([0.0, 20.0]), np.array([5.0, 0.0])
    terms = Terms(np.array([True, False]), price, feed_in, fees, demand, np.full(2, np.inf))
    load = rng.uniform(-1, 2, (2, 3, parts))
    at_market, money = terms.settle(load)
    by_part = terms.paid_by_part(load)
    assert by_part is not None
    steps = max(parts, 24)
    for n in range(2):
        for a in range(3):
            bill = 0.0
            for step in range(steps):
                power = float(load[n, a, step * parts // steps])
                rate = price[n] + fees[n, step * 24 // steps] if power > 0 else feed_in[n]
                bill += power * 24 / steps * float(rate)
            assert by_part[n, a].sum() == pytest.approx(bill)
            assert money[n, a] == pytest.approx(bill + demand[n] * max(load[n, a].max(), 0.0))
    np.testing.assert_array_equal(at_market, load * np.array([1.0, 0.0])[:, None, None])


def test_the_grant_of_an_operator_with_a_contract_pays_its_bill() -> None:
    rows = pd.DataFrame({"power_mw": [0.2], "contract": "fixed", "fixed_price_per_mwh": 60.0, "daily_grant": 100.0})
    house = built(BudgetedOperators, table=rows, standby_share=0.1)
    assert house.load is not None
    over = house.constraints[0].costs(np.random.default_rng(0).random((2, 24)))[:, 0] * house.limits[0].scale[0]
    np.testing.assert_allclose(over, np.tile(house.load[0].sum(axis=1) * 60.0 - 100.0, (2, 1)), rtol=1e-9)


REFUSED = {
    "daily_energy_mwh\n1\n-2": "line 3: daily_energy_mwh is '-2': it must be a number > 0",
    "daily_energy_mwh\nmuch": "line 2: daily_energy_mwh is 'much': it must be a finite number",
    "flexible_share\n0.5\n\n1": "flexible_share is '1': it must be a number from 0 to 1, without 0 and 1",
    "battery\nmaybe": "line 2: battery is 'maybe': it must be yes or no",
    "daily_energy\n1": "column 'daily_energy' is none of the columns of EnergyBuyers: did you mean 'daily_energy_mwh'?",
    "fee_7_20_per_mwh\n1": "column 'fee_7_20_per_mwh' is none of the columns of EnergyBuyers: it must be called fee_",
    "fee_22_25_per_mwh\n1": "it must be called fee_HH_HH_per_mwh with hours 00 to 24",
    "yearly_caps_of_emissions\n1": "EnergyBuyers: it must be called price_of_NAME or yearly_cap_of_NAME",
    "price_of_Emissions\n1": "it must be called price_of_NAME or yearly_cap_of_NAME",
    "price_capp_per_mwh\n1": "did you mean 'price_cap_per_mwh'",
    "fee_07_07_per_mwh\n1": "column 'fee_07_07_per_mwh': from an hour to another",
    "fee_07_20_per_mwh\n-1": "line 2: fee_07_20_per_mwh is '-1': it must be a number >= 0",
    "daily_energy_mwh\n1\n1e308": "line 3: daily_energy_mwh is '1e308': it must be a number > 0, at most 1e+12 in size",
    "fee_00_24_per_mwh\n1e300": "line 2: fee_00_24_per_mwh is '1e300': it must be a number >= 0, at most 1e+12 in size",
    "weight\n0": "line 2: weight is '0': it must be a number > 0",
    "weight,battery\n1,yes\n,no": "line 3: weight is empty: it must be a number > 0",
    "name\na\nb\na": "line 4: name is 'a', as in line 2: names must differ",
    "name,battery\n,yes": "line 2: name is empty",
    "contract\nflat": "line 2: contract is 'flat': it must be spot or fixed or capped",
    "contract\nfixed": "has contracts that are fixed, and no column fixed_price_per_mwh",
    "contract,fixed_price_per_mwh\nspot,1\nfixed,": "line 3: fixed_price_per_mwh is '': it must be a number where",
    "contract,fixed_price_per_mwh,feed_in_per_mwh\nfixed,30,31": "line 2: feed_in_per_mwh is '31': it must be such",
    "weight,weight\n1,2": "has 2 columns named 'weight'",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_named(text: str, tmp_path: Path) -> None:
    with pytest.raises(OmnisimError) as refused:
        EnergyBuyers(table=written(tmp_path, text + "\n"))
    line = str(refused.value)
    assert line.startswith("customers.csv")
    assert REFUSED[text] in line
    assert "\n" not in line


def test_a_limit_below_the_base_load_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "daily_energy_mwh,connection_limit_mw\n1,9\n100,0.001\n")
    with pytest.raises(OmnisimError, match=r"customers.csv: line 3: connection_limit_mw is '0.001': it must be >= \d"):
        built(EnergyBuyers, table=path)


def test_agents_and_table_must_agree() -> None:
    rows = pd.DataFrame({"battery": [True, False]})
    assert EnergyBuyers(table=rows, agents=2).agents == 2
    with pytest.raises(OmnisimError, match="agents of EnergyBuyers is 3: it must be left out: the table has 2"):
        EnergyBuyers(table=rows, agents=3)
    with pytest.raises(OmnisimError, match="agents: is missing"):
        EnergyBuyers()


SCENARIO = """
rounds = 40
[market]
source = "ercot"
low = -50.0
high = 250.0
first_day = 2021-05-01
[forecaster]
kind = "persistence"
lag = 7
[populations.buyers]
kind = "energy_buyers"
table = "customers.parquet"
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    rows = pd.DataFrame({"name": ["Ada", "Bo", "Cy"], "weight": [1.0, 10.0, 100.0], "daily_energy_mwh": [0.1, 1, 10]})
    rows.to_parquet(tmp_path / "customers.parquet")
    (tmp_path / "s.toml").write_text(SCENARIO)
    return tmp_path / "s.toml"


@pytest.mark.long
def test_the_table_stands_beside_the_scenario_and_the_resolved_one_is_run_again(
    scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omnisim.scenario.toml import to_toml

    loaded = omnisim.load_scenario(scenario)
    elsewhere = scenario.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (elsewhere / "again.toml").write_text(to_toml(loaded.source))
    again = omnisim.load_scenario(elsewhere / "again.toml")
    assert again.about["digest"] == loaded.about["digest"]
    first, second = (omnisim.simulate(each) for each in (loaded, again))
    np.testing.assert_array_equal(first.actions["buyers"], second.actions["buyers"])
    rows = pd.read_parquet(scenario.parent / "customers.parquet").assign(weight=[1.0, 10.0, 101.0])
    rows.to_parquet(scenario.parent / "customers.parquet")
    assert omnisim.load_scenario(elsewhere / "again.toml").about["digest"] != loaded.about["digest"]


def test_names_and_weights_are_in_the_record_and_on_the_page(scenario: Path, tmp_path: Path) -> None:
    trace = omnisim.simulate(omnisim.load_scenario(scenario))
    trace.save(tmp_path / "trace.npz")
    analysis = omnisim.analyze(omnisim.load_trace(tmp_path / "trace.npz"))
    table = analysis.agents
    assert table["name"].tolist() == ["Ada", "Bo", "Cy"]
    gains = analysis.value["gain"].to_numpy()
    mean = (1 * gains[0] + 10 * gains[1] + 100 * gains[2]) / 111
    np.testing.assert_allclose(worth.shares(analysis)[0].gain, mean, rtol=1e-12)
    said = " ".join(worth.sentences(analysis))
    assert "3 of buyers for 111" in said
    assert any(name in said for name in ("Ada (agent 0)", "Bo (agent 1)", "Cy (agent 2)"))
    omnisim.write_report(analysis, tmp_path / "page.html")
    page = Parsed((tmp_path / "page.html").read_bytes()).text
    assert all(name in page for name in ("Ada", "Bo", "Cy"))


def test_agents_that_come_and_go_keep_their_names_and_weights() -> None:
    from omnisim.problem.churn import with_rows

    spells = with_rows(
        built(EnergyBuyers, table=pd.DataFrame({"name": ["a", "b"], "weight": [2, 3]})), np.array([1, 1, 0])
    )
    assert spells.agent_names == ("b", "b", "a")
    np.testing.assert_array_equal(spells.weights, [3, 3, 2])


def test_the_documentation_lists_every_column_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "docs" / "customers.md").read_text(encoding="utf-8")
    table = text[: text.index("A name ends in its unit")]
    listed = [line.split("|")[1:5] for line in table.splitlines() if line.startswith("| `")]
    told = {(cells[0].strip(" `"), cells[1].strip(" `")): [cell.strip() for cell in cells[2:]] for cells in listed}
    columns = {(column.name, "all"): column for column in (*COLUMNS, *LONG_TERM)}
    for kind in registry.KINDS["populations"]:
        columns |= {(column.name, kind): column for column in registry.find("populations", kind).columns}
    families = ("fee_HH_HH_per_mwh", "price_of_NAME", "yearly_cap_of_NAME")
    own = {(name, "all") for name in ("name", "weight", "contract", *families)}
    assert set(told) == set(columns) | own
    for key, column in columns.items():
        assert told[key] == [column.meaning, column.wanted]


def night(hour: int) -> bool:
    return hour >= 22 or hour < 6


RUNNING: dict[str, list[int]] = {
    "closed": [], "short day": [*range(8, 14)], "early shift": [*range(6, 14)], "late shift": [*range(14, 22)],
    "night shift": [22, 23, *range(6)], "night and early": [22, 23, *range(14)], "early and late": [*range(6, 22)],
    "three shifts": [*range(24)],
}  # fmt: skip
"""Hours in which a manufacturer runs, as the docstring of the kind has them."""


def test_a_manufacturer_earns_a_margin_that_falls_with_its_output_less_wages_and_energy() -> None:
    rows = pd.DataFrame(
        {"power_mw": [2.0, 5.0], "standby_share": [0.1, 0.25], "margin_per_mwh": [90.0, 120.0],
         "saturation": [0.0, 0.4], "quota_hours": [10.0, 6.0], "cap_mwh": [20.0, 30.0]}
    )  # fmt: skip
    plants = built(Manufacturers, table=rows, night_wages=0.5, late_wages=0.2, typical_price=40.0)
    assert plants.action_names == tuple(RUNNING)
    prices = np.random.default_rng(2).uniform(-50, 250, 24)
    outcome = (prices + 50) / 300
    money = plants.utilities(outcome) * plants.money.scale[:, None] + plants.money.offset[:, None]
    short, above = (
        each.costs(outcome[None])[0] * limit.scale[:, None]
        for each, limit in zip(plants.constraints, plants.limits, strict=True)
    )
    for n, row in enumerate(rows.itertuples()):
        for a, hours in enumerate(RUNNING.values()):
            output = sum(0.95 if night(hour) else 1.0 for hour in hours)
            earned = row.margin_per_mwh * output * (1 - row.saturation * output / 24)
            earned -= sum(0.5 * 40 * night(hour) + 0.2 * 40 * (14 <= hour < 22) for hour in hours)
            load = [row.power_mw * (1 if hour in hours else row.standby_share) for hour in range(24)]
            bill = sum(power * price for power, price in zip(load, prices, strict=True))
            assert money[n, a] == pytest.approx(row.power_mw * earned - bill)
            assert short[n, a] == pytest.approx(row.quota_hours - output)
            dear = sum(power for power, price in zip(load, prices, strict=True) if price > 100)
            assert above[n, a] == pytest.approx(dear - row.cap_mwh)


def test_the_cap_of_a_manufacturer_is_in_multiples_of_its_leanest_day() -> None:
    rows = pd.DataFrame({"quota_hours": [6.0, 15.0, 23.0], "power_mw": 1.0, "standby_share": 0.1})
    plants = built(Manufacturers, table=rows, cap=1.25, cap_spread=0.0)
    energy = {name: len(hours) + 0.1 * (24 - len(hours)) for name, hours in RUNNING.items()}
    leanest = [energy["short day"], energy["early and late"], energy["three shifts"]]  # 15.6 units by night and early
    np.testing.assert_allclose(leanest[1], energy["night and early"])
    np.testing.assert_allclose(plants.constraints[1].cap, [1.25 * each for each in leanest])  # type: ignore[attr-defined]


def test_an_operator_is_paid_for_comfort_with_falling_returns() -> None:
    levels = {
        "closed": [0.0] * 24, "core hours": [10 <= h < 16 for h in range(24)],
        "standard day, reduced": [0.6 * (8 <= h < 18) for h in range(24)],
        "standard day": [8 <= h < 18 for h in range(24)],
        "long day, reduced": [0.6 * (6 <= h < 22) for h in range(24)], "long day": [6 <= h < 22 for h in range(24)],
        "long day and night watch": [0.5 if night(h) else 1.0 for h in range(24)], "round the clock": [1.0] * 24,
    }  # fmt: skip
    asked = [.15, .13, .12, .12, .13, .18, .34, .48, .70, .88, 1.0, 1.0, .98, .95, .90, .88, .84, .76, .62, .52, .44,
             .36, .22, .17]  # fmt: skip
    rows = pd.DataFrame({"power_mw": [0.2], "standby_share": 0.1, "service_worth_per_mwh": 150.0, "daily_grant": 99.0})
    house = built(BudgetedOperators, table=rows)
    assert house.action_names == tuple(levels)
    prices = np.random.default_rng(2).uniform(-50, 250, 24)
    money = house.utilities((prices + 50) / 300)[0] * house.money.scale[0] + house.money.offset[0]
    for a, level in enumerate(levels.values()):
        worth_ = sum(0.2 * 150 * share**0.75 * much for share, much in zip(level, asked, strict=True))
        bill = sum(0.2 * (0.1 + 0.9 * share) * price for share, price in zip(level, prices, strict=True))
        assert money[a] == pytest.approx(worth_ - bill)


@pytest.mark.parametrize(
    ("contract", "most"),
    [
        ({}, 250.0),
        ({"fee_00_24_per_mwh": 30.0}, 280.0),
        ({"contract": "fixed", "fixed_price_per_mwh": 60.0, "fee_00_24_per_mwh": 5.0}, 65.0),
        ({"contract": "capped", "price_cap_per_mwh": 80.0}, 80.0),
        ({"contract": "capped", "price_cap_per_mwh": 400.0, "fee_00_24_per_mwh": 7.0}, 257.0),
    ],
)
def test_a_grant_pays_for_a_closed_house_whatever_the_contract(contract: dict[str, Any], most: float) -> None:
    """``most``: what a MWh may cost; prices go to 250. A grant that is drawn larger is kept."""
    cap = contract.get("price_cap_per_mwh")
    known = {} if cap is None else {name_of_cap(cap): Known("EUR/MWh", Scaling(-50, min(cap, 250)), None, cap)}
    rows = pd.DataFrame({"power_mw": [0.2], "standby_share": 0.5, **contract})
    for grant in (0.01, 9.0):
        house = BudgetedOperators(table=rows, grant=grant, grant_spread=0.0, typical_price=40.0).build(
            "p", SCALING, np.random.default_rng(0), signals=known
        )
        closed, standard = 0.2 * 0.5 * 24, 0.2 * (10 + 0.5 * 14)
        budget = max(grant * 40 * standard, 1.01 * closed * most)
        cost = house.constraints[0].costs(np.ones((1, house.dimension)))[0, 0, 0] * house.limits[0].scale[0]
        assert cost == pytest.approx(closed * most - budget)


def test_who_pays_for_feeding_in_pays_it_in_its_hours() -> None:
    terms = Terms(np.array([False]), np.zeros(1), np.array([-5.0]), np.zeros((1, 24)), np.zeros(1), np.full(1, np.inf))
    load = np.where(np.arange(24) == 7, -2.0, 1.0)[None, None]
    by_part = terms.paid_by_part(load)
    assert by_part is not None
    assert by_part[0, 0].tolist() == [10.0 * (hour == 7) for hour in range(24)]


def test_what_a_table_gives_and_what_is_drawn_is_told_column_by_column() -> None:
    rows = pd.DataFrame(
        {"name": list("abc"), "weight": [1.0, 2.5, 1000.0], "contract": ["SPOT", "", "Fixed"],
         "daily_energy_mwh": [1.0, 2.0, 3.0], "strain_per_mwh": [np.nan, 5.0, np.nan], "cap_mwh": np.nan,
         "fixed_price_per_mwh": [np.nan, np.nan, 70.0]}
    )  # fmt: skip
    (note,) = built(DeferrableLoads, table=rows).notes
    assert note == (
        "3 customers of the DataFrame, for 1,003.5 customers by their weights; from the table: daily_energy_mwh, "
        "strain_per_mwh; contracts: 2 spot, 1 fixed; drawn, in whole or where a cell is empty: usual_price_per_mwh, "
        "strain_per_mwh, cap_mwh"
    )


@pytest.mark.parametrize(
    ("column", "right", "wrong"),
    [
        (positive("x", ""), [1e-9, 1e12], {0.0: "> 0", -1.0: "> 0", 2e12: "> 0"}),
        (not_negative("x", ""), [0.0, 1e12], {-1e-9: ">= 0", 2e12: ">= 0"}),
        (Column("x", ""), [-1e12, 0.0, 1e12], {-2e12: "a number", 2e12: "a number"}),
        (share_column("x", ""), [0.0, 1.0], {-0.1: "from 0 to 1", 1.1: "from 0 to 1"}),
        (inside_share("x", ""), [1e-9, 0.999], {0.0: "without 0 and 1", 1.0: "without 0 and 1"}),
        (Column("x", "", 0.0, 168.0, open_low=True), [1.0, 168.0], {0.0: "from 0 to 168, without 0", 169.0: "to 168"}),
    ],
)
def test_ends_of_the_range_of_a_column(column: Column, right: list[float], wrong: dict[float, str]) -> None:
    read = Customers.read(pd.DataFrame({"x": right}), "columns", [column])
    assert read.or_drawn("x", np.full(len(right), np.nan)).tolist() == right
    for value, words in wrong.items():
        with pytest.raises(OmnisimError, match=rf"row 2: x is .*: it must be .*{words}"):
            Customers.read(pd.DataFrame({"x": [right[0], value]}), "columns", [column])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            {"contract": ["capped", "capped"], "price_cap_per_mwh": [80.0, np.nan]},
            "row 2: price_cap_per_mwh is nan: it",
        ),
        ({"contract": ["spot", "capped"]}, "has contracts that are capped, and no column price_cap_per_mwh"),
        ({"contract": ["spot", "fixed"], "fixed_price_per_mwh": [1.0, -5.0]}, "row 2: fixed_price_per_mwh is -5.0: it"),
        ({"name": ["a", "b", "c", "b"]}, "row 4: name is 'b', as in row 2: names must differ"),
    ],
)
def test_contracts_and_names_that_cannot_be(rows: dict[str, Any], said: str) -> None:
    with pytest.raises(OmnisimError, match=said):
        EnergyBuyers(table=pd.DataFrame(rows))


def test_terms_of_every_contract_by_hand() -> None:
    """What a contract is not settled at does not count, whatever the table says of it; fees of columns add up."""
    rows = pd.DataFrame(
        {"contract": ["spot", "fixed", "capped", ""], "fixed_price_per_mwh": 70.0, "feed_in_per_mwh": 20.0,
         "price_cap_per_mwh": 90.0, "fee_00_24_per_mwh": [1.0, 2.0, np.nan, 0.0], "fee_22_02_per_mwh": 10.0,
         "fee_07_09_per_mwh": 5.0, "demand_charge_per_mw": [3.0, np.nan, 0.0, 4.0]}
    )  # fmt: skip
    terms = EnergyBuyers(table=rows)._terms
    assert terms.is_spot.tolist() == [True, False, False, True]
    assert terms.price.tolist() == [0.0, 70.0, 0.0, 0.0]
    assert terms.feed_in.tolist() == [0.0, 20.0, 0.0, 0.0]
    assert terms.cap.tolist() == [np.inf, np.inf, 90.0, np.inf]
    assert terms.demand.tolist() == [3.0, 0.0, 0.0, 4.0]
    for n, always in enumerate((1.0, 2.0, 0.0, 0.0)):
        assert terms.fees[n].tolist() == [
            always + 10.0 * (hour in (22, 23, 0, 1)) + 5.0 * (hour in (7, 8)) for hour in range(24)
        ]
