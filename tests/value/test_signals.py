"""Customers of contracts with a cap: who is told the prices knows the price with the cap as well."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scenario_files import omnisim_command

import omnisim
from omnisim.problem.blocks import blocks_of
from omnisim.value.averse_plays import refuse_what_is_not_played
from omnisim.value.plays import _told, _unclipped, market_of


@pytest.mark.long
def test_a_forecast_of_prices_is_one_of_prices_with_a_cap(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    times = pd.date_range("2024-01-01", periods=24 * 60, freq="h").strftime("%Y-%m-%d %H:%M")
    price = rng.uniform(0, 120, 24 * 60).round(2)
    pd.DataFrame({"time": times, "price": price, "model": (price + rng.normal(0, 20, len(price))).round(2)}).to_csv(
        tmp_path / "prices.csv", index=False
    )
    (tmp_path / "customers.csv").write_text("name,contract,price_cap_per_mwh\na,spot,\nb,capped,50\nc,capped,70\n")
    (tmp_path / "customers.toml").write_text(
        "[market]\nsource = 'file'\npath = 'prices.csv'\nforecasts = ['model']\nlow = -60.0\nhigh = 200.0\n"
        "first_day = 2024-02-01\n[populations.buyers]\nkind = 'energy_buyers'\ntable = 'customers.csv'\n"
        "stress_price = 90.0\n[forecaster]\nkind = 'persistence'\n"
    )
    scenario = omnisim.load_scenario(tmp_path / "customers.toml")
    market = market_of(scenario, ["model"])
    assert market.prices.shape == (29, 24)
    np.testing.assert_allclose(market.prices.ravel(), price[24 * 31 :], atol=1e-9)
    # The prices as they came, told as a forecast, are the outcomes of all blocks.
    np.testing.assert_allclose(_told(scenario, market.prices), omnisim.simulate(scenario).outcomes, atol=1e-12)
    refuse_what_is_not_played(scenario)  # --risk plays them
    answer = omnisim_command(
        "value", "model", "--prices", tmp_path / "prices.csv", "--customers", tmp_path / "customers.toml",
        "--out", tmp_path / "out", "--seeds", 1, "--jobs", 1,
    )  # fmt: skip
    assert answer.code == 0, answer
    assert "model" in answer.out


def test_each_scenario_of_a_day_is_settled_at_each_cap() -> None:
    """Days that may come are not clipped to the range, but a price with a cap is no more than the cap."""
    blocks = [
        {"name": name, "unit": "EUR/MWh", "low": low, "high": high, "coordinates": 2, "cap": cap}
        for name, low, high, cap in (
            ("price", 0.0, 100.0, None),
            ("price capped at 50", -10.0, 50.0, 50.0),
            ("price capped at 80", 0.0, 80.0, 80.0),
        )
    ]
    scenario: Any = SimpleNamespace(about={"market": {"low": 0.0, "high": 100.0, "blocks": blocks}})
    members = np.array([[-20.0, 45.0, 130.0], [60.0, 75.0, 90.0]])
    wanted = [[(min(price, each["cap"] or price) - each["low"]) / (each["high"] - each["low"]) for price in row]
              for each in blocks for row in members.tolist()]  # fmt: skip
    np.testing.assert_allclose(_unclipped(scenario, members), wanted)


def test_signals_of_the_customers_file_are_played(tmp_path: Path) -> None:
    """Paths in it are relative to its folder: of the signal, the table of customers, and that of shifts."""
    rng = np.random.default_rng(4)
    times = pd.date_range("2024-01-01", periods=24 * 40, freq="h").strftime("%Y-%m-%d %H:%M")
    price, carbon = rng.uniform(20, 120, (2, len(times))).round(2)
    model = (price + rng.normal(0, 20, len(price))).round(2)
    pd.DataFrame({"time": times, "price": price, "model": model}).to_csv(tmp_path / "prices.csv", index=False)
    mine = tmp_path / "mine"
    mine.mkdir()
    pd.DataFrame({"time": times, "kg": carbon}).to_csv(mine / "carbon.csv", index=False)
    (mine / "plants.csv").write_text("name,size,price_of_emissions\nA,1,0.1\nB,2,\n", encoding="utf-8")
    (mine / "shifts.csv").write_text("name,start,hours,mw,value_per_mwh\nday,6,8,3,90\n", encoding="utf-8")
    (mine / "customers.toml").write_text(
        "[market.signals.emissions]\npath = 'carbon.csv'\ncolumn = 'kg'\nunit = 'kg/MWh'\n"
        "[populations.plants]\nkind = 'industrial_loads'\ntable = 'plants.csv'\nshifts_table = 'shifts.csv'\n",
        encoding="utf-8",
    )
    answer = omnisim_command(
        "value", "model", "--prices", tmp_path / "prices.csv", "--customers", mine / "customers.toml",
        "--out", tmp_path / "out", "--seeds", 1, "--jobs", 1,
    )  # fmt: skip
    assert answer.code == 0, answer
    scenario = omnisim.load_scenario(tmp_path / "out" / "scenario.toml")
    prices, emissions = blocks_of(scenario.about["market"]["blocks"])
    assert (prices.name, emissions.name, emissions.unit) == ("price", "emissions", "kg/MWh")
    plants = scenario.problem(0).populations[0]
    assert plants.actions == 2  # closed, and the one shift of the table
    # A pays 0.1 money for each kg of what it draws, B nothing: money per unit of y is load x factor x range.
    paid = -plants.utility[:, :, emissions.columns] * plants.money.scale[:, None, None]
    np.testing.assert_allclose(paid[0], 0.1 * plants.load[0] * emissions.span, rtol=1e-9)
    assert not paid[1].any()
