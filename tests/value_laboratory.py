"""Small random markets with forecasts in files, and what customers earned there, from prices and schedules alone."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from price_files import earned_by_day

import omnisim
from omnisim.market import Scaling
from omnisim.scenario.own_file import scenario_of_prices
from omnisim.scenario.scenario import Scenario
from omnisim.value.ledger import Ledger
from omnisim.value.mistakes import mistaken
from omnisim.value.plays import market_of, played
from omnisim.value.sources import overrides_of

DAYS, PAST, SEEDS = 40, 10, 2
LOW, HIGH = -60.0, 160.0
SIZES = (5.0, 20.0)
FORECASTS = ("sharp", "blunt", "shifted")
CUSTOMERS = {"buyers": 3, "plants": 2, "operators": 4}


def files_of(folder: Path, seed: int = 0) -> tuple[Path, list[str]]:
    """A file of prices, some negative and some outside the scale, and a file of each of three forecasts."""
    rng = np.random.default_rng(seed)
    shape = 50 + 40 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    prices = shape + rng.normal(scale=15, size=(DAYS, 1)) + rng.normal(scale=12, size=(DAYS, 24))
    prices[rng.random(DAYS) < 0.3, 3] = -30.0
    prices[rng.random(DAYS) < 0.1, 18] = 400.0
    said = {
        "sharp": prices + rng.normal(scale=6, size=prices.shape),
        "blunt": prices + rng.normal(scale=40, size=prices.shape),
        "shifted": prices + 25 + rng.normal(scale=1, size=prices.shape),
    }
    time = pd.date_range("2023-03-01", periods=prices.size, freq="h")

    def write(name: str, column: str, values: np.ndarray) -> Path:
        path = folder / f"{name}.csv"
        pd.DataFrame({"time": time, column: values.ravel().round(6)}).to_csv(path, index=False)
        return path

    path = write("prices", "price EUR/MWh", prices)
    return path, [str(write(name, "forecast", values)) for name, values in said.items()]


@dataclass(frozen=True)
class Laboratory:
    """A ledger, and the same earned money by an independent route."""

    folder: Path
    scenario: Scenario
    ledger: Ledger
    paid: np.ndarray
    said: dict[str, np.ndarray]
    dates: pd.DatetimeIndex
    earned: Callable[[str, int, str], np.ndarray]


def read(path: Path) -> np.ndarray:
    """The numbers of the second column of a file, (days that are played, 24)."""
    return pd.read_csv(path).iloc[:, 1].to_numpy().reshape(DAYS, 24)[PAST:]


def laboratory_in(folder: Path) -> Laboratory:
    """Play the forecasts of files in a folder."""
    path, files = files_of(folder)
    found, names = overrides_of(files, path, {})
    assert names == list(FORECASTS)
    scale = {"market.low": LOW, "market.high": HIGH, "market.first_day": dt.date(2023, 3, PAST + 1)}
    agents = {f"populations.{name}.agents": number for name, number in CUSTOMERS.items()}
    scenario, _ = scenario_of_prices(path, {**found, **scale, **agents})
    ledger = played(scenario, market_of(scenario, names), names, SIZES, seeds=SEEDS, jobs=1)
    paid, said = read(path), {name: read(Path(file)) for name, file in zip(FORECASTS, files, strict=True)}
    dates = pd.date_range("2023-03-01", periods=DAYS)[PAST:]
    known: dict[tuple[str, int], dict[str, np.ndarray]] = {}

    def forecaster(name: str, seed: int) -> object:
        if name == "climatology":
            return omnisim.forecasters.Climatology()
        if name in FORECASTS:
            told = said[name]
        elif name == "perfect foresight":
            told = paid
        else:
            told = mistaken(paid, said, float(name.rpartition(" ")[2]), seed)
        return omnisim.forecasters.Published(np.clip((told - LOW) / (HIGH - LOW), 0, 1))

    def earned(name: str, seed: int, population: str) -> np.ndarray:
        """Money (days, customers)."""
        if (name, seed) not in known:
            strategy = forecaster(name, seed) if name != "combination" else omnisim.forecasters.Combination(
                [forecaster(each, seed) for each in FORECASTS], correction=False
            )  # fmt: skip
            trace = omnisim.simulate(scenario.replace(forecaster=strategy), seed)
            known[name, seed] = {
                key: earned_by_day(record, paid, Scaling(LOW, HIGH)) for key, record in trace.records.items()
            }
        return known[name, seed][population]

    return Laboratory(folder, scenario, ledger, paid, said, dates, earned)


def mean_worth(lab: Laboratory, player: str, base: str, populations: list[str], days: np.ndarray) -> float:
    """Per customer and year, by loops over seeds, populations, days and customers."""
    total, customers = 0.0, sum(CUSTOMERS[name] for name in populations)
    for seed in range(SEEDS):
        for name in populations:
            own, other = lab.earned(player, seed, name), lab.earned(base, seed, name)
            for t in np.flatnonzero(days):
                for n in range(CUSTOMERS[name]):
                    total += own[t, n] - other[t, n]
    return total / SEEDS / customers * 365 / len(lab.dates)
