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
from omnisim.market.agents.long_term import COLUMNS as LONG_TERM
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
