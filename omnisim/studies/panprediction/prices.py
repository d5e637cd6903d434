"""Price spikes as a problem: hours above nine tenths of the last sixty days, predicted a day ahead."""

from pathlib import Path

import numpy as np
import pandas as pd

from omnisim.arrays import BoolArray, FloatArray
from omnisim.errors import DataError
from omnisim.market import Market, load_ercot, read_prices
from omnisim.problem.losses import LossTable
from omnisim.studies.omniprediction.spikes import HIGH, WINDOW, thresholds
from omnisim.studies.panprediction.problems import Problem

FILE, MARKET = "epf_markets.parquet", "NP"
FEATURES = ("load_forecast_mw", "wind_forecast_mw")

LOSSES = {
    # Holding back charge costs 0.3, being caught empty 0.7.
    "battery": LossTable([[0.0, 0.7], [0.3, 0.0]], ["trade", "hold"]),
    # Moving a shift costs 0.1, running through a spike 0.9.
    "factory": LossTable([[0.0, 0.9], [0.1, 0.0]], ["run", "shift"]),
    "retailer": LossTable([[0.0, 1.0], [0.15, 0.4], [0.4, 0.0]], ["open", "half hedged", "hedged"]),
}


def spikes(data: Path | None, most_days: int = 730) -> Problem:
    """Prediction of price spikes: in the embedded ERCOT prices, or in the Nord Pool prices of ``epf_markets.parquet``.

    The last ``most_days`` are predicted, or as many as there are after the first ``WINDOW``.

    Raises
    ------
    DataError
        If the file is not there, or not as described.
    """
    market = load_ercot() if data is None else _nord_pool(data)
    market = market.between(market.dates[max(0, market.days - most_days - WINDOW)], None)
    X = features(market)
    day = np.repeat(np.arange(WINDOW, market.days), market.prices.shape[1])
    groups: dict[str, str | None] = {"everyone": None, "weekends": "weekend"}
    if market.features:
        groups |= {"high load": "high load_forecast_mw", "high wind": "high wind_forecast_mw"}
    else:
        groups |= {"summer": "summer", "after spikes": "after spikes"}
    return Problem(
        title="Prices",
        about=(
            f"{len(X):,} hours of {market.name}, {market.dates[WINDOW]} to {market.dates[-1]}; a spike is a price "
            f"above {HIGH:.0%} of the hourly prices of the last {WINDOW} days. Every third week is held out. "
            f"{market.attribution}."
        ),
        X=X,
        y=(market.prices[WINDOW:] > thresholds(market.prices)[:, None]).astype(np.float64).reshape(-1),
        groups=groups,
        losses=LOSSES,
        held_out=[day // 7 % 3 == 2],
        clusters=day,
    )


def features(market: Market) -> pd.DataFrame:
    """Features known the day before, one row per hour of the days from the ``WINDOW``-th on.

    Prices are taken relative to the median and the quantile of the window and compressed; forecasts to their mean and
    spread over the window. ``summer`` is June to September, ``after spikes`` a day after one with spikes in more than a
    fifth of its hours, ``high ...`` a day on which a forecast is above four fifths of those of the window.
    """
    P, hours = market.prices, market.prices.shape[1]
    days = np.arange(WINDOW, market.days)
    middle = np.array([np.median(P[t - WINDOW : t]) for t in days])[:, None]
    high = thresholds(P)[:, None]

    def relative(prices: FloatArray) -> FloatArray:
        return np.asarray(np.arcsinh((prices - middle) / np.maximum(high - middle, 1.0)))

    def daily(values: FloatArray | BoolArray) -> FloatArray:
        return np.repeat(np.asarray(values, dtype=np.float64)[:, None], hours, axis=1)

    yesterday = relative(P[days - 1])
    dates = market.dates[days]
    weekday = (dates.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    share = (P[days - 1] > high).mean(axis=1)
    hour = np.tile(2 * np.pi * np.arange(hours) / hours, (len(days), 1))
    columns = {
        "yesterday": yesterday,
        "two days before": relative(P[days - 2]),
        "week before": relative(P[days - 7]),
        "yesterday mean": daily(yesterday.mean(axis=1)),
        "yesterday highest": daily(yesterday.max(axis=1)),
        "yesterday spikes": daily(share),
        "after spikes": daily(share > 0.2),
        "weekend": daily(weekday >= 5),
        "summer": daily((month >= 6) & (month <= 9)),
        "month sine": daily(np.sin(2 * np.pi * month / 12)),
        "month cosine": daily(np.cos(2 * np.pi * month / 12)),
        "hour sine": np.sin(hour),
        "hour cosine": np.cos(hour),
    }
    for name, values in market.features.items():
        mean = np.array([values[t - WINDOW : t].mean() for t in days])[:, None]
        spread = np.array([values[t - WINDOW : t].std() for t in days])[:, None]
        by_day = values.mean(axis=1)
        top = np.array([np.quantile(by_day[t - WINDOW : t], 0.8) for t in days])
        columns[name] = (values[days] - mean) / np.maximum(spread, 1e-9)
        columns[f"high {name}"] = daily(by_day[days] > top)
    return pd.DataFrame({name: values.reshape(-1) for name, values in columns.items()})


def _nord_pool(data: Path) -> Market:
    found = next((path for path in (data, data / FILE, data / "electricity" / FILE) if path.is_file()), None)
    if found is None:
        raise DataError(f"{data} holds no {FILE}: give that file, or the folder that it is in")
    return read_prices(
        found,
        time="ts_local",
        timezone="Europe/Oslo",
        select={"market": MARKET},
        features=FEATURES,
        name="Nord Pool",
        attribution="Lago et al., Applied Energy 293 (2021) 116983, benchmark data of epftoolbox",
    )
