"""Signals beside the prices: outcomes, money, limits and pages against loops over the files they were read from."""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import omnisim
from omnisim.analysis.units import units
from omnisim.arrays import FloatArray
from omnisim.errors import DataError, OmnisimError, TraceError
from omnisim.market import EnergyBuyers, Market, Scaling, Storage
from omnisim.market.agents import StressedLoad
from omnisim.market.agents.contracts import Terms
from omnisim.market.agents.limits import OfPrices
from omnisim.market.agents.offers import Offers
from omnisim.market.data import Signal
from omnisim.market.signals import Known, scale_of, with_caps, with_signal
from omnisim.problem.blocks import blocks_of
from omnisim.report.figures import forecast_errors
from omnisim.scenario.toml import to_toml

DAYS, PAST = 50, 30
CO2_PRICE = {"ann": 0.2, "bob": 0.0, "cid": 0.05, "dee": 0.1}
CAPS = {"cid": 80.0, "dee": 60.0}

SCENARIO = """
[market]
source = "file"
path = "prices.csv"
currency = "EUR"
low = -100.0
high = 200.0
first_day = 2024-01-31
[market.signals.emissions]
path = "co2.csv"
column = "intensity"
unit = "kg/MWh"
[populations.buyers]
kind = "energy_buyers"
table = "customers.csv"
stress_price = 150.0
[populations.batteries]
kind = "storage"
table = "batteries.csv"
menu = 6
[forecaster]
kind = "ridge_autoregression"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("signals")
    rng = np.random.default_rng(11)
    times = pd.date_range("2024-01-01", periods=24 * DAYS, freq="h").strftime("%Y-%m-%d %H:%M")
    hours = np.tile(np.arange(24), DAYS)
    prices = 60 + 30 * np.sin(hours / 24 * 2 * np.pi) + rng.normal(size=len(hours)) * 25
    prices[24 * 40 + 18] = 900.0  # beyond the range
    intensity = 400 - 200 * np.clip(np.sin((hours - 6) / 12 * np.pi), 0, None) + rng.normal(size=len(hours)) * 40
    pd.DataFrame({"time": times, "price": prices.round(2)}).to_csv(where / "prices.csv", index=False)
    pd.DataFrame({"time": times, "intensity": intensity.round(1)}).to_csv(where / "co2.csv", index=False)
    (where / "customers.csv").write_text(
        "name,contract,fixed_price_per_mwh,price_cap_per_mwh,fee_08_20_per_mwh,price_of_emissions,"
        "yearly_cap_of_emissions,yearly_budget\n"
        "ann,spot,,,5,0.2,2000,\nbob,fixed,90,,0,0,,20000\ncid,capped,,80,10,0.05,,30000\ndee,capped,,60,0,0.1,50000,\n"
    )
    (where / "batteries.csv").write_text(
        "name,power_mw,energy_mwh,contract,price_cap_per_mwh,price_of_emissions,daily_budget\n"
        "eve,1,2,spot,,0.3,10\nfay,1,2,capped,80,,\n"
    )
    (where / "s.toml").write_text(SCENARIO)
    return where


@pytest.fixture(scope="module")
def trace(folder: Path) -> Any:
    return omnisim.simulate(omnisim.load_scenario(folder / "s.toml", {"elimination.kind": "best_response"}))


def column(folder: Path, file: str, name: str) -> FloatArray:
    """(days, 24) of the days played, read line by line."""
    with (folder / file).open() as opened:
        cells = [float(row[name]) for row in csv.DictReader(opened)]
    return np.array(cells).reshape(DAYS, 24)[PAST:]


def test_an_outcome_has_a_block_for_the_prices_and_for_each_signal(folder: Path, trace: Any) -> None:
    prices, intensity = column(folder, "prices.csv", "price"), column(folder, "co2.csv", "intensity")
    assert [block.name for block in trace.blocks] == [
        "price", "emissions", "price capped at 60", "price capped at 80",
    ]  # fmt: skip
    assert [block.unit for block in trace.blocks] == ["EUR/MWh", "kg/MWh", "EUR/MWh", "EUR/MWh"]
    wanted = [prices, intensity, np.minimum(prices, 60), np.minimum(prices, 80)]
    assert trace.outcomes.shape == (DAYS - PAST, 96)
    for block, values in zip(trace.blocks, wanted, strict=True):
        np.testing.assert_allclose(block.values(trace.true_outcomes), values, atol=1e-9)
        inside = np.clip((values - block.low) / (block.high - block.low), 0, 1)
        np.testing.assert_allclose(block.part(trace.outcomes), inside, atol=1e-12)
    np.testing.assert_allclose(trace.prices, prices, atol=1e-9)


def test_errors_of_every_series_are_in_its_unit_and_at_the_hours_of_the_day(folder: Path, trace: Any) -> None:
    prices, intensity = column(folder, "prices.csv", "price"), column(folder, "co2.csv", "intensity")
    wanted = [prices, intensity, np.minimum(prices, 60), np.minimum(prices, 80)]
    analysis = omnisim.analyze(trace)
    for block, values in zip(trace.blocks, wanted, strict=True):
        unit = units(trace, block.name)
        assert (unit.hours, unit.outcome, unit.round) == (1.0, block.unit, "day")
        figure = forecast_errors(analysis, block.name)
        assert list(figure.data[0].x) == list(range(24))
        error = np.abs(block.values(trace.true_predictions) - values).mean(axis=0)
        assert figure.data[0].y == pytest.approx(error, rel=1e-4)
        assert figure.layout.yaxis.title.text == f"error, {block.unit}"


def bills(folder: Path, trace: Any) -> tuple[FloatArray, FloatArray]:
    """Of each buyer and day: what the energy of the action played costs in all, and the kg in it; loop by loop."""
    prices, intensity = column(folder, "prices.csv", "price"), column(folder, "co2.csv", "intensity")
    record = trace.records["buyers"]
    bill, carbon = np.zeros((DAYS - PAST, 4)), np.zeros((DAYS - PAST, 4))
    for n, name in enumerate(("ann", "bob", "cid", "dee")):
        fee = {"ann": 5.0, "cid": 10.0}.get(name, 0.0)
        for t in range(DAYS - PAST):
            for hour in range(24):
                energy = record.population.load[n, record.actions[t, n], hour]
                price = prices[t, hour]
                if name == "bob":
                    price = 90.0 if energy > 0 else 0.0
                elif name in CAPS:
                    price = min(price, CAPS[name])
                bill[t, n] += energy * price + max(energy, 0.0) * fee * (8 <= hour < 20)
                bill[t, n] += energy * intensity[t, hour] * CO2_PRICE[name]
                carbon[t, n] += energy * intensity[t, hour]
    return bill, carbon


def test_money_of_every_contract_against_a_loop_over_the_files(folder: Path, trace: Any) -> None:
    """Money is a value of the action less the bill, and that value is the same on every day the action is played."""
    bill, _ = bills(folder, trace)
    record = trace.records["buyers"]
    from omnisim.analysis.money import money_by_round

    value = money_by_round(trace, "buyers") + bill
    compared = 0
    for n in range(4):
        for a in range(record.population.actions):
            own = value[record.actions[:, n] == a, n]
            np.testing.assert_allclose(own, own[:1].repeat(len(own)), atol=1e-7)
            compared += max(0, len(own) - 1)
    assert compared > 40
    # What the value is, from a population without any contract, signal or price: the money at a price of 0.
    from omnisim.streams import stream

    rows = pd.DataFrame({"name": list(CO2_PRICE)})
    plain = EnergyBuyers(table=rows, stress_price=150.0).build(
        "buyers", Scaling(-100, 200, "EUR"), stream(0, "population/buyers")
    )
    at_zero = plain.utilities(np.full(24, 1 / 3)) * plain.money.scale[:, None] + plain.money.offset[:, None]
    for n in range(4):
        np.testing.assert_allclose(value[:, n], at_zero[n, record.actions[:, n]], atol=1e-7)


def test_limits_on_emissions_and_budgets_of_a_year_against_the_loop(folder: Path, trace: Any) -> None:
    bill, carbon = bills(folder, trace)
    table = omnisim.analyze(trace).whole_run_violations.set_index(["population", "constraint", "agent"]).sort_index()
    days = DAYS - PAST
    for name, used, caps in (
        ("emissions of a year", carbon, {0: 2000.0, 3: 50000.0}),
        ("yearly budget", bill, {1: 20000.0, 2: 30000.0}),
    ):
        for n in range(4):
            row = table.loc[("buyers", name, n)]
            above = used[:, n].sum() - days * caps[n] / 365 if n in caps else -1.0
            assert row["total"] == pytest.approx(max(above, 0.0), rel=1e-6, abs=1e-6)
        assert table.loc[("buyers", name), "unit"].tolist()[0] == ("kg" if "emissions" in name else "EUR")
    assert table.loc[("buyers", "emissions of a year", 0), "total"] > 0
    assert table.loc[("buyers", "emissions of a year", 3), "total"] == 0


def test_a_daily_budget_counts_what_is_paid_at_signals(folder: Path, trace: Any) -> None:
    prices, intensity = column(folder, "prices.csv", "price"), column(folder, "co2.csv", "intensity")
    record = trace.records["batteries"]
    j, load = record.constraint_names.index("daily budget"), record.population.load[0]
    costs = record.costs if record.true_costs is None else record.true_costs
    for t in range(DAYS - PAST):
        drawn = load[record.actions[t, 0]]
        bill = sum(drawn[h] * (prices[t, h] + 0.3 * intensity[t, h]) for h in range(24))
        wear = 0.15 * 45 * sum(max(-drawn[h], 0.0) for h in range(24))
        assert costs[t, 0, j] * record.limits[j].scale[0] == pytest.approx(bill + wear - 10.0, abs=1e-5)


def test_the_range_of_a_signal_is_chosen_from_the_days_before_the_first_one() -> None:
    """The 0.5 % and 99.5 % quantiles of the past, each moved out by their distance, to two digits; never below 0."""
    rng = np.random.default_rng(9)
    series = np.concatenate([rng.uniform(300, 420, (40, 24)), rng.uniform(900, 2000, (40, 24))])
    chosen = scale_of("emissions", Signal(series, "kg/MWh"), 40, (None, None), Scaling(-50, 200, "EUR"))
    ranked = sorted(series[:40].ravel().tolist())
    low, high = ranked[5], ranked[-6]
    assert (chosen.low, chosen.currency) == (pytest.approx(low - (high - low), abs=10), "kg")
    assert chosen.high == pytest.approx(high + (high - low), abs=10)
    declared = scale_of("emissions", Signal(series, "kg/MWh"), 40, (100.0, None), Scaling(-50, 200, "EUR"))
    assert (declared.low, declared.high) == (100.0, chosen.high)


def test_the_range_of_a_signal_begins_below_zero_only_where_its_past_does() -> None:
    """Between 10 and 100 it would begin near -80, and so it does from -1 on: see the test above."""
    above = np.random.default_rng(3).uniform(10, 100, (30, 24))
    below = np.where(np.arange(24) == 3, -1.0, above)
    for past, low in ((above, 0.0), (below, -101.0)):
        chosen = scale_of("emissions", Signal(past, "kg/MWh"), 30, (None, None), Scaling(-50, 200, "EUR"))
        assert chosen.low == pytest.approx(low, abs=10)
        assert chosen.high == pytest.approx(195, abs=10)


def test_days_of_a_market_without_values_take_the_last_ones_before() -> None:
    """Days 1, 2 and 5 are not in the file; the last is not played, so that it needs none."""
    days = np.datetime64("2024-01-01") + np.arange(6)
    values = np.random.default_rng(4).uniform(100, 500, (6, 24)).round(2)
    market, there = Market("m", days, np.ones((6, 24))), [0, 3, 4]
    times = [str(days[t].astype("datetime64[h]") + h) for t in there for h in range(24)]
    frame = pd.DataFrame({"time": times, "carbon": values[there].ravel()})
    made = with_signal(
        market, "carbon", frame, unit="kg/MWh", time="time", missing="previous", last_day=dt.date(2024, 1, 5)
    )
    np.testing.assert_array_equal(made.signals["carbon"].series, values[[0, 0, 0, 3, 4, 4]])
    assert [note for note in made.notes if "2 days without values take those of the day before" in note]
    with pytest.raises(DataError, match=r"no values for 2 days \(2024-01-02, 2024-01-03\)"):
        with_signal(market, "carbon", frame, unit="kg/MWh", time="time", last_day=dt.date(2024, 1, 5))


def test_a_menu_is_made_for_what_each_contract_pays_an_hour() -> None:
    """What a MWh drawn costs in each hour of each day, by contract, in a loop."""
    rng = np.random.default_rng(2)
    prices, carbon, fees = rng.uniform(-60, 120, (5, 24)), rng.uniform(100, 500, (5, 24)), rng.uniform(0, 9, (3, 24))
    terms = Terms(
        np.array([True, False, False]), np.array([0, 70.0, 0]), np.array([0, 30.0, 0]), fees, np.array([0, 0, 4.0]),
        np.array([np.inf, np.inf, 55.0]),
    )  # fmt: skip
    factor = np.array([0.2, 0.1, 0.0])
    known = {"emissions": Known("kg/MWh", Scaling(0, 400, "kg"), carbon)}
    offers = Offers.of(terms, {"emissions": factor}, known, Scaling(-50, 100, "EUR"), prices)
    for n, contract in enumerate(("spot", "fixed", "capped")):
        tariff, offered = offers.of_agent(n, offers.series)
        assert tariff.demand == terms.demand[n]
        for d in range(5):
            for h in range(24):
                price = min(max(prices[d, h], -50.0), 100.0)
                paid = {"spot": price, "fixed": 70.0, "capped": min(price, 55.0)}[contract]
                extra = factor[n] * min(carbon[d, h], 400.0)
                cost = tariff.share * offered[d, h] + tariff.fee[h]
                assert cost == pytest.approx(paid + fees[n, h] + extra)


@pytest.mark.long
def test_menus_are_made_for_what_is_paid() -> None:
    """A battery that pays for carbon has the schedules of one in a market whose prices are that much higher."""
    rng = np.random.default_rng(2)
    prices, carbon = rng.uniform(0, 100, (25, 24)), rng.uniform(100, 500, (25, 24))
    wide, kg = Scaling(-500, 500, "EUR"), Scaling(0, 600, "kg")
    known = {"emissions": Known("kg/MWh", kg, carbon)}
    row = {"power_mw": [1.0], "energy_mwh": [2.0]}

    def menu(past: FloatArray, signals: dict[str, Known], **more: Any) -> FloatArray:
        agents = Storage(table=pd.DataFrame({**row, **more}), menu=8)
        load = agents.build("b", wide, np.random.default_rng(0), past=past, signals=signals).load
        assert load is not None
        return load

    paying = menu(prices, known, price_of_emissions=[0.2])
    np.testing.assert_allclose(paying, menu(prices + 0.2 * carbon, {}), atol=1e-7)
    assert not np.allclose(paying[:, : min(8, paying.shape[1])], menu(prices, known)[:, : paying.shape[1]], atol=1e-3)
    cap = {"price capped at 55": Known("EUR/MWh", wide, np.minimum(prices, 55), 55.0)}
    capped = menu(prices, cap, contract=["capped"], price_cap_per_mwh=[55.0])
    np.testing.assert_allclose(capped, menu(np.minimum(prices, 55), {}), atol=1e-7)
    fixed = menu(
        prices, known, contract=["fixed"], fixed_price_per_mwh=[70.0], feed_in_per_mwh=[70.0], price_of_emissions=[0.2]
    )
    np.testing.assert_allclose(fixed, menu(70 + 0.2 * carbon, {}), atol=1e-7)


def test_limits_on_prices_do_not_see_the_signals() -> None:
    rng = np.random.default_rng(4)
    outcomes = rng.random((30, 12))
    load = rng.random((2, 3, 4))
    for limit in (
        StressedLoad(load, [0.3, 0.4], 0.5),
        omnisim.LinearConstraint(load / 10, -load[:, :, 0] / 10, "linear", unit="EUR", scale=[3.0, 4.0], averaged=True),
    ):
        wide = OfPrices.widened(limit, 4, 12)
        np.testing.assert_allclose(wide.costs(outcomes), limit.costs(outcomes[:, :4].copy()), atol=1e-12)
        np.testing.assert_array_equal(wide.scale, limit.scale)  # type: ignore[attr-defined]
        assert isinstance(wide, omnisim.LinearConstraint) == isinstance(limit, omnisim.LinearConstraint)
        assert getattr(wide, "averaged", False) == getattr(limit, "averaged", False)


@pytest.mark.long
def test_published_forecasts_have_what_was_known_of_the_signals(folder: Path) -> None:
    """Of a capped price the forecast with the cap; of others a forecast column, or the values of the day before."""
    frame = pd.read_csv(folder / "prices.csv").assign(model=lambda x: x["price"] + 7)
    frame.to_csv(folder / "with_model.csv", index=False)
    co2 = pd.read_csv(folder / "co2.csv")
    co2.assign(expected=co2["intensity"] - 3).to_csv(folder / "co2_forecast.csv", index=False)
    keys = {
        "market.path": "with_model.csv", "market.forecasts": ["model"],
        "forecaster": {"kind": "published", "model": "model"}, "market.leaks": "allow",
    }  # fmt: skip
    scenario = omnisim.load_scenario(folder / "s.toml", keys)
    trace = omnisim.simulate(scenario)
    prices, intensity = column(folder, "prices.csv", "price"), column(folder, "co2.csv", "intensity")
    told = [block.values(trace.true_predictions) for block in trace.blocks]
    np.testing.assert_allclose(told[0], prices + 7, atol=1e-9)
    np.testing.assert_allclose(told[1][1:], intensity[:-1], atol=1e-9)
    np.testing.assert_allclose(told[2], np.minimum(prices + 7, 60), atol=1e-9)
    keys |= {"market.signals.emissions.path": "co2_forecast.csv", "market.signals.emissions.forecast": "expected"}
    trace = omnisim.simulate(omnisim.load_scenario(folder / "s.toml", keys))
    np.testing.assert_allclose(trace.blocks[1].values(trace.true_predictions), intensity - 3, atol=1e-9)


@pytest.mark.long
def test_a_run_is_kept_and_run_again_with_its_signals(folder: Path, trace: Any, tmp_path: Path) -> None:
    trace.save(tmp_path / "trace.npz")
    read = omnisim.load_trace(tmp_path / "trace.npz")
    assert read.blocks == trace.blocks
    np.testing.assert_array_equal(read.prices, trace.prices)
    scenario = omnisim.load_scenario(folder / "s.toml", {"elimination.kind": "best_response"})
    (tmp_path / "again.toml").write_text(to_toml(scenario.source))
    again = omnisim.simulate(omnisim.load_scenario(tmp_path / "again.toml"))
    np.testing.assert_array_equal(again.outcomes, trace.outcomes)
    np.testing.assert_array_equal(again.actions["buyers"], trace.actions["buyers"])


@pytest.mark.long
def test_the_page_and_the_schedules_tell_each_signal_in_its_unit(folder: Path, trace: Any, tmp_path: Path) -> None:
    analysis = omnisim.analyze(trace)
    omnisim.write_report(analysis, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8").replace("<wbr>", "")
    intensity = column(folder, "co2.csv", "intensity")
    assert "96 coordinates, 24 each of price in EUR/MWh, emissions in kg/MWh" in page
    assert f"The signal “emissions” was {intensity.mean():.3g} kg/MWh on average" in page
    table = analysis.accuracy_of("emissions").set_index(["subsequence", "measure"])
    said = trace.blocks[1].values(trace.true_predictions)
    assert table.loc[("all", "mean absolute error"), "value"] == pytest.approx(np.abs(said - intensity).mean())
    assert table.loc[("all", "mean absolute error"), "unit"] == "kg/MWh"
    prices = column(folder, "prices.csv", "price")
    mine = analysis.accuracy.set_index(["subsequence", "measure"])
    own = trace.blocks[0].values(trace.true_predictions)
    assert mine.loc[("all", "mean absolute error"), "value"] == pytest.approx(np.abs(own - prices).mean())
    from omnisim.analysis.schedules import schedule_tables

    rows = pd.concat(each.to_pandas() for each in schedule_tables(trace))
    assert len(rows) == (DAYS - PAST) * 6 * 24
    np.testing.assert_allclose(rows["EUR"], -rows["MWh"] * prices[rows["round"], rows["period"]], atol=1e-9)
    bill, _ = bills(folder, trace)
    by_day = rows.groupby(["customer", "round"], observed=True)["EUR by contract"].sum()
    for n, name in enumerate(CO2_PRICE):
        np.testing.assert_allclose(by_day[f"buyers/{name}"], -bill[:, n], atol=1e-7)
    cid = rows[(rows["customer"] == "buyers/cid") & (rows["period"] == 9) & (rows["round"] == 10)].iloc[0]
    wanted = -cid["MWh"] * (min(prices[10, 9], 80) + 0.05 * intensity[10, 9]) - max(cid["MWh"], 0) * 10
    assert cid["EUR by contract"] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("begins", [5, PAST - 2])
def test_a_signal_that_begins_late_shows_nothing_of_the_days_played(folder: Path, begins: int) -> None:
    frame = pd.read_csv(folder / "co2.csv")
    menus = []
    for factor in (1, 3):
        changed = frame.copy()
        changed.loc[24 * PAST :, "intensity"] *= factor
        changed[24 * begins :].to_csv(folder / "late.csv", index=False)
        changes = {"market.signals.emissions.path": "late.csv"}
        trace = omnisim.simulate(omnisim.load_scenario(folder / "s.toml", changes))
        block = trace.blocks[1]
        menus.append((block.low, block.high, trace.records["batteries"].population.load))
        wanted = changed["intensity"].to_numpy().reshape(DAYS, 24)[PAST:]
        np.testing.assert_allclose(block.values(trace.true_outcomes), wanted, atol=1e-9)
        told = f"late.csv begins on {frame['time'][24 * begins][:10]}: the {begins} days of prices before are left out"
        assert [note for note in trace.about["market"]["notes"] if told in note]
    np.testing.assert_equal(*menus)
    frame[24 * PAST :].to_csv(folder / "late.csv", index=False)
    with pytest.raises(OmnisimError, match="declare low and high in kg/MWh, or set "):
        omnisim.load_scenario(folder / "s.toml", changes)


WRONG: dict[str, dict[str, Any]] = {
    r"signals\.emissions: signal 'emissions': unit is 'g/kWh': it must be per MWh, such as 'kg/MWh'": {
        "market.signals.emissions.unit": "g/kWh"
    },
    r"co2\.csv has no column 'intensty': did you mean 'intensity'": {"market.signals.emissions.column": "intensty"},
    r"signal 'emissions': low is 500 and high is 400 kg/MWh: low must be less than high": {
        "market.signals.emissions.low": 500.0, "market.signals.emissions.high": 400.0,
    },
    r"market\.signals\.emissions\.unit: is missing": {"market.signals.emissions": {"path": "co2.csv"}},
    r"market\.signals\.emissions\.colum: unknown key": {"market.signals.emissions.colum": "x"},
    r"signal 'Price': its name must be lower-case": {"market.signals.Price": {"path": "co2.csv", "unit": "kg/MWh"}},
    r"missing is 'drop': it must be 'error' or 'previous'": {"market.signals.emissions.missing": "drop"},
    r"populations\.buyers: signal_prices needs the signal 'carbon': the market has emissions": {
        "populations.buyers.signal_prices": {"carbon": 0.1}
    },
    r"populations\.batteries: signal_caps of Storage is \{'emissions': -1\.0\}: it must be finite numbers >= 0": {
        "populations.batteries.signal_caps": {"emissions": -1.0}
    },
    r"market\.price_limits: is \[0\.0, 50\.0\]: a market with signals \(emissions, .*\) cannot have it": {
        "market.price_limits": [0.0, 50.0]
    },
    r"adversary\.kind: is 'demand_response': a market with signals \(emissions, .*\) needs 'replay'": {
        "adversary": {"kind": "demand_response"}
    },
    r"has no values for 3 days \(2024-02-17, 2024-02-18, 2024-02-19\): set missing = 'previous'": {
        "market.signals.emissions.path": "short.csv"
    },
}  # fmt: skip


@pytest.mark.one_in(3)
@pytest.mark.parametrize("says", WRONG)
def test_what_is_wrong_is_named(folder: Path, says: str) -> None:
    lines = (folder / "co2.csv").read_text().splitlines(keepends=True)
    (folder / "short.csv").write_text("".join(lines[: 1 + 24 * (DAYS - 3)]))
    with pytest.raises(OmnisimError, match=says):
        omnisim.load_scenario(folder / "s.toml", WRONG[says])


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("contract\ncapped\n", "has contracts that are capped, and no column price_cap_per_mwh"),
        ("contract,price_cap_per_mwh\nspot,\ncapped,\n", "line 3: price_cap_per_mwh is '': it must be a number"),
        ("price_of_emissions\n-1\n", "line 2: price_of_emissions is '-1': it must be a number >= 0"),
        ("price_of_carbon\n1\n", r"column price_of_carbon of .*c\.csv needs the signal 'carbon': the market has em"),
        ("price_of_Carbon\n1\n", "column 'price_of_Carbon' is none of"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_table_of_customers_is_named(folder: Path, text: str, says: str) -> None:
    (folder / "c.csv").write_text(text)
    with pytest.raises(OmnisimError, match=says):
        omnisim.load_scenario(folder / "s.toml", {"populations.buyers.table": "c.csv"})


@pytest.mark.long
def test_days_without_values_take_those_before_where_that_is_asked_for(folder: Path) -> None:
    lines = (folder / "co2.csv").read_text().splitlines(keepends=True)
    (folder / "gap.csv").write_text("".join(lines[: 1 + 24 * 40] + lines[1 + 24 * 42 :]))
    keys = {"market.signals.emissions.path": "gap.csv", "market.signals.emissions.missing": "previous"}
    trace = omnisim.simulate(omnisim.load_scenario(folder / "s.toml", keys))
    told, intensity = trace.blocks[1].values(trace.true_outcomes), column(folder, "co2.csv", "intensity")
    np.testing.assert_allclose(told[10:12], intensity[[9, 9]], atol=1e-9)
    np.testing.assert_allclose(np.delete(told, [10, 11], axis=0), np.delete(intensity, [10, 11], axis=0), atol=1e-9)
    assert any("2 days without values" in note for note in trace.about["market"]["notes"])


def test_a_record_with_other_blocks_than_coordinates_is_refused(trace: Any) -> None:
    import dataclasses

    market = trace.about["market"]
    for listed in (market["blocks"][:2], [], [{"name": "price"}], 3):
        with pytest.raises(TraceError, match=r"about\.market\.blocks"):
            dataclasses.replace(trace, about={**trace.about, "market": {**market, "blocks": listed}})
    with pytest.raises(ValueError, match="goes from 1 to 0"):
        blocks_of([{"name": "price", "unit": "", "low": 1, "high": 0, "coordinates": 2}])


def test_a_limit_on_a_signal_that_is_never_near_zero_counts_all_of_it() -> None:
    """An outcome of 0 is 50 kg a MWh here: what is drawn then counts towards the cap of a year as well."""
    rows = pd.DataFrame({"price_of_emissions": [0.1, 0.0], "yearly_cap_of_emissions": [9000.0, 500.0]})
    signals = {"emissions": Known("kg/MWh", Scaling(50, 700, "kg"))}
    built = EnergyBuyers(table=rows).build("p", Scaling(-100, 300, "EUR"), np.random.default_rng(3), signals=signals)
    assert built.load is not None
    limited = built.constraints[built.constraint_names.index("emissions of a year")]
    outcomes = np.random.default_rng(4).random((3, 48))
    costs = limited.costs(outcomes)
    for t in range(3):
        for n, cap in enumerate((9000.0, 500.0)):
            above = []
            for load in built.load[n]:
                kg = sum(max(float(load[h]), 0.0) * (50 + 650 * outcomes[t, 24 + h]) for h in range(24))
                above.append(kg - cap / 365)
            np.testing.assert_allclose(costs[t, n] * limited.scale[n], above, rtol=1e-9)


@pytest.mark.parametrize("resolution", ["day", "30min", "15min"])
def test_a_day_of_equal_values_costs_the_same_at_every_resolution(resolution: Any) -> None:
    from omnisim.market.data import PRICES_A_DAY

    rows = pd.DataFrame(
        {
            "contract": ["spot", "capped", "fixed"],
            "price_cap_per_mwh": [np.nan, 70.0, np.nan],
            "fixed_price_per_mwh": [np.nan, np.nan, 80.0],
            "fee_08_20_per_mwh": [3.0, 4.0, 5.0],
            "price_of_emissions": [0.1, 0.0, 0.3],
            "yearly_cap_of_emissions": [9000.0, 500.0, np.nan],
            "yearly_budget": [np.nan, 9e3, 1e4],
        }
    )
    signals = {
        "emissions": Known("kg/MWh", Scaling(50, 700, "kg")),
        "price capped at 70": Known("EUR/MWh", Scaling(-100, 70, "EUR"), None, 70.0),
    }
    hourly, other = (
        EnergyBuyers(table=rows).build("p", Scaling(-100, 300, "EUR"), np.random.default_rng(3), each, signals=signals)
        for each in ("hour", resolution)
    )
    periods = PRICES_A_DAY[resolution]
    assert hourly.paid is not None
    assert other.paid is not None
    np.testing.assert_allclose(other.paid.sum(axis=2), hourly.paid.sum(axis=2), rtol=1e-12)
    for values in np.random.default_rng(4).random((4, 3)):
        ours, theirs = np.repeat(values, periods), np.repeat(values, 24)
        money = [
            p.utilities(y) * p.money.scale[:, None] + p.money.offset[:, None]
            for p, y in ((other, ours), (hourly, theirs))
        ]
        np.testing.assert_allclose(money[0], money[1], rtol=1e-9, atol=1e-9 * hourly.money.scale.max())
        assert other.constraint_names == hourly.constraint_names
        assert {"emissions of a year", "yearly budget"} <= set(other.constraint_names)
        for mine, his in zip(other.constraints, hourly.constraints, strict=True):
            np.testing.assert_allclose(mine.costs(ours[None]), his.costs(theirs[None]), atol=1e-9)


def week(first: str = "2024-01-01", days: int = 7) -> Market:
    dates = np.datetime64(first) + np.arange(days)
    return Market("m", dates, np.random.default_rng(5).uniform(10, 90, (days, 24)).round(2))


def of_days(market: Market, there: list[int], values: FloatArray, **more: FloatArray) -> pd.DataFrame:
    """Values of some of the days of a market, with stamps."""
    times = [str(market.dates[t].astype("datetime64[h]") + h) for t in there for h in range(24)]
    others = {name: each[there].ravel() for name, each in more.items()}
    return pd.DataFrame({"time": times, "carbon": values[there].ravel(), **others})


def test_a_forecast_of_a_signal_is_what_is_known_of_it() -> None:
    market, rng = week(), np.random.default_rng(1)
    values, expected = rng.uniform(100, 500, (2, 7, 24)).round(1)
    frame = of_days(market, [*range(7)], values, expected=expected)
    found = with_signal(market, "carbon", frame, unit="kg/MWh", time="time", forecast="expected").signals["carbon"]
    np.testing.assert_array_equal(found.series, values)
    np.testing.assert_array_equal(found.told, expected)
    before = with_signal(market, "carbon", frame, unit="kg/MWh", time="time").signals["carbon"].told
    np.testing.assert_array_equal(before, [values[0], *values[:-1]])


@pytest.mark.parametrize(
    ("there", "keys", "rows", "told"),
    [
        # Days 2 to 4 are played. What is before and after them takes the day before, or the first there is.
        ([2, 3, 4], {"first_day": 2, "last_day": 4}, [2, 2, 2, 3, 4, 4, 4], "4 days outside the run have no values"),
        ([1, 2, 3], {"first_day": 1, "last_day": 3}, [1, 1, 2, 3, 3, 3, 3], "4 days outside the run have no values"),
        ([0, 1, 2, 3, 4], {"ahead": 2}, [0, 1, 2, 3, 4, 4, 4], ""),
        ([0, 2, 3, 4, 5, 6], {"missing": "previous"}, [0, 0, 2, 3, 4, 5, 6], "1 days without values take those"),
    ],
)
def test_what_stands_for_days_without_values(
    there: list[int], keys: dict[str, Any], rows: list[int], told: str
) -> None:
    market, values = week(), np.random.default_rng(1).uniform(100, 500, (7, 24)).round(1)
    keys = {k: market.dates[v].item() if k.endswith("day") else v for k, v in keys.items()}
    begins = keys.get("first_day")
    made = with_signal(market, "carbon", of_days(market, there, values), unit="kg/MWh", time="time", **keys)
    if begins is not None:  # days of the past before the file begins are left out
        left = there[0]
        assert str(made.dates[0]) == str(begins)
        assert any(f"begins on {begins}: the {left} days of prices before are left out" in note for note in made.notes)
        rows, told = rows[left:], told.replace("4", str(7 - there[-1] - 1))
    np.testing.assert_array_equal(made.signals["carbon"].series, values[rows])
    assert not told or any(told in note for note in made.notes)


@pytest.mark.parametrize(
    ("there", "keys", "said"),
    [
        (
            [0, 1, 2, 3, 4],
            {"ahead": 1},
            r"no values for 1 days \(2024-01-06\): .* there are \(2024-01-01 to 2024-01-05",
        ),
        ([0, 1, 2, 3], {"last_day": 4}, r"no values for 1 days \(2024-01-05\)"),
        ([3, 4, 5, 6], {"first_day": 2}, r"no values for 1 days \(2024-01-03\)"),
        ([2, 3, 4, 5, 6], {"missing": "previous"}, r"no values for 2 days \(2024-01-01, 2024-01-02\)"),
        ([], {}, "has no complete day|has no rows"),
    ],
)
def test_days_for_which_nothing_stands_are_named(there: list[int], keys: dict[str, Any], said: str) -> None:
    market, values = week(), np.random.default_rng(1).uniform(100, 500, (7, 24)).round(1)
    keys = {k: market.dates[v].item() if k.endswith("day") else v for k, v in keys.items()}
    with pytest.raises(DataError, match=said):
        with_signal(market, "carbon", of_days(market, there, values), unit="kg/MWh", time="time", **keys)


def test_a_signal_is_refused_by_name_and_told_of_its_clock() -> None:
    market, values = week("2024-03-28"), np.random.default_rng(1).uniform(100, 500, (7, 24)).round(1)
    frame = of_days(market, [*range(7)], values)
    for name in ("price", "Carbon", "2carbon", "car-bon", ""):
        with pytest.raises(DataError, match=f"signal '{name}': its name must be lower-case letters, digits and _, and"):
            with_signal(market, name, frame, unit="kg/MWh", time="time", column="carbon")
    once = with_signal(market, "carbon", frame, unit="kg/MWh", time="time")
    with pytest.raises(DataError, match="signal 'carbon' is one of the market's already"):
        with_signal(once, "carbon", frame, unit="kg/MWh", time="time")
    shown = with_signal(market, "carbon", frame, unit="kg/MWh", time="time", timezone="Europe/Oslo").warnings
    assert [warning for warning in shown if "2024-03-31 02:00, which does not exist there, is present" in warning]
    frame.loc[30, "carbon"] = -9999
    with pytest.raises(DataError, match="row 31: carbon is -9999"):
        with_signal(market, "carbon", frame, unit="kg/MWh", time="time")


@pytest.mark.parametrize("cap", [60.0, 250.0, -80.0])
def test_a_price_with_a_cap_goes_from_the_least_price_to_the_cap(cap: float) -> None:
    """But not beyond the range of prices; a cap below it has a hundredth of the range below itself."""
    market, scale = week(), Scaling(-50, 200, "EUR")
    made = with_caps(market, [cap])
    ((name, signal),) = made.signals.items()
    assert (name, signal.unit, signal.cap) == (f"price capped at {cap:g}", "EUR/MWh", cap)
    assert signal.series.ravel().tolist() == [min(price, cap) for price in market.prices.ravel().tolist()]
    found = scale_of(name, signal, 3, (None, None), scale)
    assert (found.low, found.high) == (min(-50, cap - 2.5), min(200.0, cap))


def test_no_more_than_twelve_caps() -> None:
    assert len(with_caps(week(), list(range(12))).signals) == 12
    with pytest.raises(DataError, match="contracts have 13 different caps on the price: at most 12"):
        with_caps(week(), list(range(13)))


@pytest.mark.parametrize(("low", "high"), [(5.0, 5.0), (5.0, 4.0), (float("nan"), 4.0)])
def test_a_range_of_a_signal_that_is_none_is_refused(low: float, high: float) -> None:
    with pytest.raises(DataError, match=f"signal 'co2': low is {low:g} and high is {high:g} kg/MWh: low must be less"):
        scale_of("co2", Signal(np.ones((2, 24)), "kg/MWh"), 1, (low, high), Scaling(0, 1, "EUR"))


def test_agents_that_pay_otherwise_have_menus_of_their_own() -> None:
    """By contract, cap, fees, feed-in, demand charge and what they pay for each signal."""
    base: dict[str, Any] = {"spot": [True], "price": [0.0], "feed": [0.0], "demand": [0.0], "cap": [np.inf],
                            "pays": [0.1]}  # fmt: skip
    others = [{"spot": [False], "price": [9.0]}, {"spot": [False], "price": [9.0], "feed": [1.0]}, {"demand": [1.0]},
              {"spot": [False], "cap": [70.0]}, {"spot": [False], "cap": [71.0]}, {"pays": [0.2]}]  # fmt: skip
    keys, known = [], {"co2": Known("kg/MWh", Scaling(0, 1, "kg"), np.ones((2, 24)))}
    for changes in ({}, {}, *others):
        row = {name: np.array(value) for name, value in (base | changes).items()}
        terms = Terms(row["spot"], row["price"], row["feed"], np.zeros((1, 24)), row["demand"], row["cap"])
        keys.append(Offers.of(terms, {"co2": row["pays"]}, known, Scaling(0, 1, "EUR"), np.ones((2, 24))).key(0))
    assert keys[0] == keys[1]
    assert len(set(keys)) == 1 + len(others)


@pytest.mark.parametrize(("key", "value"), [("signal_prices", 0.1), ("signal_caps", 5.0)])
def test_a_signal_that_the_market_does_not_have_is_named_with_the_key_that_needs_it(key: str, value: float) -> None:
    """Prices with a cap are made for contracts, and are none of the market's."""
    known = {"emissions": Known("kg/MWh", Scaling(0, 1, "kg")), "price capped at 80": Known("EUR/MWh", Scaling(0, 80),
                                                                                       None, 80.0)}  # fmt: skip
    agents = EnergyBuyers(agents=1, stress_price=50.0, **{key: {"emission": value}})  # type: ignore[arg-type]
    with pytest.raises(
        OmnisimError, match=f"^{key} needs the signal 'emission': the market has emissions: did you mean"
    ):
        agents.build("p", Scaling(0, 100, "EUR"), np.random.default_rng(0), signals=known)


def test_what_each_agent_pays_for_and_may_cause_of_a_signal() -> None:
    """By the key for all, or a column; a limit on the sum over the run, which is told."""
    known = {"emissions": Known("kg/MWh", Scaling(0, 500, "kg"))}
    rows = pd.DataFrame({"yearly_cap_of_emissions": [730.0, np.nan], "price_of_emissions": [0.3, np.nan]})
    agents = EnergyBuyers(
        table=rows, stress_price=50.0, signal_prices={"emissions": 0.2}, signal_caps={"emissions": 365.0}
    )
    assert agents.signal_prices_of(known)["emissions"].tolist() == [0.3, 0.2]
    made = agents.build("p", Scaling(0, 100, "EUR"), np.random.default_rng(0), signals=known)
    j = made.constraint_names.index("emissions of a year")
    none = made.constraints[j].costs(np.zeros((1, 48)))[0] * made.limits[j].scale[:, None]
    np.testing.assert_allclose(none, [[-2.0] * 8, [-1.0] * 8])
    assert (made.limits[j].unit, made.limits[j].averaged) == ("kg", True)
    assert [
        note for note in made.notes if note.startswith("Limits on sums over the run (emissions of a year) are costs")
    ]
