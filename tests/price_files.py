"""A market in a file of prices, some of them far beyond the range of the theory, and what its customers earn."""

from pathlib import Path

import numpy as np
import pandas as pd

from omnisim.market import Scaling
from omnisim.problem.population import Population
from omnisim.trace import PopulationRecord

DAYS = 30


def price_file(folder: Path, prices: np.ndarray) -> Path:
    stamps = pd.date_range("2023-01-01", periods=prices.size, freq="h")
    path = folder / "prices.csv"
    pd.DataFrame({"time": stamps, "price": prices.ravel()}).to_csv(path, index=False)
    return path


def scenario_of(folder: Path, low: float, high: float, forecaster: str = "persistence") -> Path:
    path = folder / "market.toml"
    path.write_text(
        f"""
[market]
source = "file"
path = "prices.csv"
low = {low}
high = {high}

[forecaster]
kind = "{forecaster}"

[populations.buyers]
kind = "energy_buyers"
agents = 5
[populations.plants]
kind = "manufacturers"
agents = 4
[populations.houses]
kind = "budgeted_operators"
agents = 3
[populations.pumps]
kind = "deferrable_loads"
agents = 2

[subsequences]
all = true
[subsequences.weekend]
feature = "weekday"
operator = ">="
value = 5
"""
    )
    return path


def prices_with(share: float, spike: float, seed: int = 0) -> np.ndarray:
    """Prices of 30 days in [-40, 140], some of them negative, of which a share is a spike."""
    rng = np.random.default_rng(seed)
    prices = rng.uniform(-40, 140, (DAYS, 24))
    prices.flat[rng.choice(prices.size, round(share * prices.size), replace=False)] = spike
    return prices


def value_of_service(population: Population, prices: Scaling) -> np.ndarray:
    """What each action is worth before its bill, (N, A): the money at a price of 0 in all hours."""
    at_zero = np.full(population.dimension, prices.unclipped(0.0))
    utility = population.utility @ at_zero + population.offset
    return population.money.scale[:, None] * utility + population.money.offset[:, None]


def earned_by_day(record: PopulationRecord, paid: np.ndarray, prices: Scaling) -> np.ndarray:
    """Value of the actions played less their load times the prices of the file, (D, N)."""
    worth, agents = value_of_service(record.population, prices), np.arange(record.population.agents)
    return np.array(
        [
            worth[agents, played] - (record.population.load[agents, played] * paid[t]).sum(axis=1)
            for t, played in enumerate(record.actions)
        ]
    )


def paid_in(folder: Path) -> np.ndarray:
    """The prices (D, 24) as they stand in the file."""
    return pd.read_csv(folder / "prices.csv")["price"].to_numpy().reshape(DAYS, 24)
