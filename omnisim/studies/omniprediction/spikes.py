"""Price spikes: hours whose price is above nine tenths of the last sixty days, with a probability from every forecast.

A forecast of the price becomes a probability of a spike through its own errors: P is the share of the errors that it
made in the same hour of the last sixty days which, added to it, would exceed the threshold. Threshold, forecast and
errors are all known the day before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray
from omnisim.errors import DataError
from omnisim.market import Market
from omnisim.problem.context import Context, Service
from omnisim.strategies.forecasters import Climatology, Forecaster, Persistence, RidgeAutoregression
from omnisim.studies.real_markets.sources import EMBEDDED, Source, read, sources
from omnisim.threads import at_most_threads

WINDOW, HIGH = 60, 0.9
"""Days that a spike and the errors of a forecast are judged by, and the quantile of prices that a spike exceeds."""

YEAR = 365
"""Days of the first year, which methods are fitted on; they are judged on all later days."""

OWN: Mapping[str, Callable[[], Forecaster]] = {
    "persistence": Persistence,
    "weekly persistence": lambda: Persistence(lag=7),
    "climatology": lambda: Climatology(window=7),
    "monthly climatology": lambda: Climatology(window=28),
    "ridge": lambda: RidgeAutoregression(refit_every=7, transform="none"),
    "ridge, short window": lambda: RidgeAutoregression(window=84, refit_every=7, transform="none"),
}
"""The base class where no forecasts are published: the package's own forecasters, run day by day."""

_FLOOR, _CAP, _SCALE = -1_000.0, 10_000.0, 50.0
"""Prices in USD/MWh between which asinh(price / 50) is mapped to [0, 1]: so wide that none is clipped."""


@dataclass(frozen=True, eq=False)
class Spikes:
    """Hours of one market from day ``WINDOW`` on, day by day.

    Attributes
    ----------
    market
        Its name.
    models
        Names of the F forecasts.
    columns : (n, F)
        P(spike) of each.
    y : (n,)
        1 where there was one.
    first_year : (n,) bool
        Whether the hour is for fitting.
    dates : (n,)
        Delivery days.
    """

    market: str
    models: tuple[str, ...]
    columns: FloatArray
    y: FloatArray
    first_year: BoolArray
    dates: DateArray


def given(data: Path | None) -> list[Source]:
    """The markets of a file or folder of published forecasts; the embedded prices where none is given.

    Raises
    ------
    DataError
        If there are no forecasts in it.
    """
    found = sources(data)
    return found if data is None else [source for source in found if source.market != EMBEDDED]


def spikes(source: Source) -> Spikes:
    """The hours of a market, with a probability of a spike from each forecast.

    Raises
    ------
    DataError
        If the file is not as described, or there are too few days to fit on one year and judge on another.
    """
    market = read(source)
    if market.days <= YEAR + 1:
        raise DataError(
            f"{source.path}: {market.name} has {market.days} days: more than {YEAR + 1} are needed, a year to fit on "
            "and later days to judge"
        )
    prices, forecasts = market.prices, dict(market.forecasts)
    if not forecasts:
        prices, forecasts = _own(market)
    days = np.arange(WINDOW, market.days)
    threshold = thresholds(prices)[:, None]
    hours = prices.shape[1]
    columns = [_probabilities(prices, forecast, threshold).reshape(-1) for forecast in forecasts.values()]
    return Spikes(
        market.name,
        tuple(forecasts),
        np.column_stack(columns),
        (prices[WINDOW:] > threshold).reshape(-1).astype(np.float64),
        np.repeat(days < YEAR, hours),
        np.repeat(market.dates[WINDOW:], hours),
    )


def thresholds(prices: FloatArray) -> FloatArray:
    """The price above which a spike lies, of each day from ``WINDOW`` on, (D - WINDOW,)."""
    return np.array([np.quantile(prices[t - WINDOW : t], HIGH) for t in range(WINDOW, len(prices))])


def _probabilities(prices: FloatArray, forecast: FloatArray, threshold: FloatArray) -> FloatArray:
    """P(spike) (D - WINDOW, H) of a forecast (D, H), by its errors in the same hour of the last WINDOW days."""
    errors = prices - forecast
    recent = np.lib.stride_tricks.sliding_window_view(errors[:-1], WINDOW, axis=0)
    return np.asarray((forecast[WINDOW:, :, None] + recent > threshold[:, :, None]).mean(axis=2))


def _own(market: Market) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Prices and what the package's forecasters say of them, both compressed and scaled to [0, 1]."""
    low, high = np.arcsinh(np.array([_FLOOR, _CAP]) / _SCALE)
    prices = (np.arcsinh(market.prices / _SCALE) - low) / (high - low)
    found = {}
    for name, make in OWN.items():
        forecaster = make()
        forecaster.start(Service(dimension=prices.shape[1], rounds=market.days))
        said = np.empty_like(prices)
        # With more threads sums may be added in another order, and small systems are solved more slowly.
        with at_most_threads(1):
            for t, outcome in enumerate(prices):
                said[t] = forecaster.predict(Context(round=t, date=market.dates[t])).mean
                forecaster.update(outcome)
        found[name] = said
    return prices, found
