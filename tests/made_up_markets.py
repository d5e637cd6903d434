"""Made-up markets with published forecasts of their prices."""

import numpy as np
import pandas as pd

from omnisim.market import Market
from omnisim.studies.real_markets.setting import PAST_DAYS

DAYS = PAST_DAYS + 40
FIRST_DAY = "2021-03-01"


def made_up_prices(days: int = DAYS, seed: int = 0) -> np.ndarray:
    """Prices (days, 24) with a daily shape, some hours below 0 and some spikes."""
    rng = np.random.default_rng(seed)
    shape = 40 + 15 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    prices = shape + rng.normal(scale=8, size=(days, 1)) + rng.normal(scale=4, size=(days, 24))
    prices[rng.random(days) < 0.2, 3] = -5
    prices[rng.random(days) < 0.2, 18] = 170
    return prices.round(2)


def made_up_forecasts(prices: np.ndarray, seed: int = 1) -> dict[str, np.ndarray]:
    """Two forecasts of the prices, the first the better one."""
    rng = np.random.default_rng(seed)
    return {
        name: (prices + rng.normal(scale=scale, size=prices.shape)).round(2)
        for name, scale in (("sharp", 5), ("blunt", 25))
    }


def made_up_market(name: str = "AA", days: int = DAYS, seed: int = 0) -> Market:
    prices = made_up_prices(days, seed)
    dates = np.datetime64(FIRST_DAY) + np.arange(days)
    return Market(name, dates, prices, forecasts=made_up_forecasts(prices), features={})


def hours(days: int, first_day: str = FIRST_DAY) -> pd.DatetimeIndex:
    return pd.date_range(first_day, periods=24 * days, freq="h")
