"""Customers of contracts with a cap: who is told the prices knows the price with the cap as well."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scenario_files import omnisim_command

import omnisim
from omnisim.errors import ScenarioError
from omnisim.value.averse_plays import refuse_what_is_not_played
from omnisim.value.plays import _told, market_of


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
