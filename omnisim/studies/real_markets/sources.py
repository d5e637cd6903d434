"""The markets of the study: published forecasts given by path, and the embedded prices of ERCOT."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import DataError
from omnisim.market import Market, load_ercot, read_epftoolbox_forecasts, read_prices
from omnisim.market.table_files import read_table
from omnisim.market.tables import Table

EMBEDDED = "ERCOT"
"""The market that the package ships."""

SERIES = "hb_west"
"""Series of the ERCOT market: the one with negative prices as well as the spikes of February 2021."""

DAY_AHEAD = "epf_markets.parquet"
"""File, beside a Parquet file of forecasts, with the day-ahead forecasts of load and wind of some of its markets."""

LOAD, WIND = "load_forecast", "wind_forecast"
"""Features of a market that has them, in MW."""

_COLUMNS = {LOAD: ("load_forecast_mw",), WIND: ("wind_forecast_mw", "res_forecast_mw")}
_NO_FORECASTS = ("market", "ts_local", "ts_utc", "dst_flag", "price")
_TOOLBOX = re.compile(r"Forecasts_(?P<market>[^_]+).*\.csv(\.gz)?")
_DOLLARS = ("PJM",)


@dataclass(frozen=True)
class Source:
    """A market and the file its prices and forecasts are in; None for the embedded one."""

    market: str
    path: Path | None = None


def sources(data: Path | None) -> list[Source]:
    """The markets in a Parquet file, a CSV file or a folder of CSV files, then the embedded one.

    A Parquet file has a column ``market``, ``ts_local`` (24 hours a day), ``price`` and a column per forecast. CSV
    files are those of epftoolbox, ``Forecasts_NP_DNN_LEAR_ensembles.csv``.

    Raises
    ------
    DataError
        If there are none in it.
    """
    embedded = Source(EMBEDDED)
    if data is None:
        return [embedded]
    if data.is_dir():
        files = [path for path in sorted(data.iterdir()) if _TOOLBOX.fullmatch(path.name)]
        if not files:
            raise DataError(f"{data} holds no forecasts of epftoolbox: no file is named Forecasts_<market>_....csv")
        return [*map(_of_toolbox, files), embedded]
    if data.suffix in (".parquet", ".pq"):
        return [*(Source(market, data) for market in dict.fromkeys(read_table(data).text("market"))), embedded]
    return [_of_toolbox(data), embedded]


def read(source: Source) -> Market:
    """The market of a source; ``features`` are its day-ahead forecasts of load and wind where there are any.

    Raises
    ------
    DataError
        If the file is not as described, or holds no forecast.
    """
    if source.path is None:
        return replace(load_ercot(SERIES), name=EMBEDDED)
    currency = "USD" if source.market in _DOLLARS else "EUR"
    if source.path.suffix not in (".parquet", ".pq"):
        market = read_epftoolbox_forecasts(source.path, currency=currency, name=source.market)
    else:
        select = {"market": source.market}
        models = [name for name in read_table(source.path).columns if name not in _NO_FORECASTS]
        market = read_prices(
            source.path, time="ts_local", select=select, forecasts=models, currency=currency, name=source.market
        )
        market = replace(market, features=_day_ahead(source.path.with_name(DAY_AHEAD), market))
    if not market.forecasts:
        raise DataError(f"{source.path} holds no forecast of {source.market}: a column for each is needed")
    return market


def _of_toolbox(path: Path) -> Source:
    named = _TOOLBOX.fullmatch(path.name)
    if named is None:
        raise DataError(
            f"{path} is no file of forecasts: a .parquet file, or one of epftoolbox named Forecasts_<market>_....csv, "
            "is needed"
        )
    return Source(named["market"], path)


def _day_ahead(path: Path, market: Market) -> Mapping[str, FloatArray]:
    """Load and wind forecasts on the days of the market, from the file beside its own."""
    if not path.is_file():
        return {}
    table = read_table(path)
    if "market" not in table.columns or market.name not in set(table.text("market")):
        return {}
    table = table.where({"market": market.name})
    columns = {feature: column for feature in _COLUMNS if (column := _present(table, feature)) is not None}
    known = read_prices(path, time="ts_local", select={"market": market.name}, features=list(columns.values()))
    same = np.isin(known.dates, market.dates)
    if same.sum() != market.days:
        raise DataError(
            f"{path}: of {market.name} it has {same.sum()} of the {market.days} days with forecasts: all are needed, "
            "or no row of that market"
        )
    return {feature: known.features[column][same] for feature, column in columns.items()}


def _present(table: Table, feature: str) -> str | None:
    for column in _COLUMNS[feature]:
        if column in table.columns and (table.text(column) != "").any():
            return column
    return None
