"""The two CSV formats of epftoolbox: markets, and published forecasts of their prices.

Both show exactly 24 rows a day on the market's naive clock, with clock changes already resolved by the
source.

References
----------
Lago, Marcjasz, De Schutter, Weron: Forecasting day-ahead electricity prices: a review of state-of-the-art
algorithms, best practices and an open-access benchmark. Applied Energy 293 (2021) 116983.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from omnisim.errors import DataError
from omnisim.market.data import Market
from omnisim.market.days import Missing
from omnisim.market.files import read_prices
from omnisim.market.table_files import read_table
from omnisim.market.tables import Table

_SOURCE = "epftoolbox (Lago et al., Applied Energy 293 (2021) 116983)"


def read_epftoolbox(
    path: str | Path, *, currency: str = "EUR", name: str | None = None, missing: Missing = "error"
) -> Market:
    r"""Read a market file of epftoolbox: ``Date, Price`` and any exogenous columns, such as ``NP.csv``.

    Parameters
    ----------
    path
        The CSV file. Spaces around the names of columns do not matter.
    currency
        EUR, but USD for PJM.
    name
        Of the market; the file's name by default.
    missing
        What to do about hours without a price: ``"error"``, ``"interpolate"`` (at most three in a row), ``"drop_day"``.

    Returns
    -------
    Market
        Every further column is a feature, named in lower snake case: ``Grid load forecast`` becomes
        ``grid_load_forecast``.

    Raises
    ------
    DataError
        If the file is not of this format.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> rows = [f"2013-01-01 {hour:02d}:00:00,{hour},42000" for hour in range(24)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "NP.csv")
    ...     _ = path.write_text("\n".join(["Date, Price, Grid load forecast", *rows]))
    ...     market = read_epftoolbox(path)
    >>> market.name, list(market.features)
    ('NP', ['grid_load_forecast'])
    """
    return _read(path, "Price", "features", currency, name, missing)


def read_epftoolbox_forecasts(
    path: str | Path, *, currency: str = "EUR", name: str | None = None, missing: Missing = "error"
) -> Market:
    r"""Read a file of published forecasts, such as ``Forecasts_NP_DNN_LEAR_ensembles.csv``.

    Parameters
    ----------
    path
        The CSV file: timestamps first, then ``Real price`` and one column for each model.
    currency
        EUR, but USD for PJM.
    name
        Of the market; the file's name by default.
    missing
        What to do about hours without a price: ``"error"``, ``"interpolate"`` (at most three in a row), ``"drop_day"``.

    Returns
    -------
    Market
        Prices are the column ``Real price``; every further column is a forecast, named in lower snake case:
        ``DNN Ensemble`` becomes ``dnn_ensemble``.

    Raises
    ------
    DataError
        If the file is not of this format.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> rows = [f"2016-12-27 {hour:02d}:00:00,{hour},{hour + 1}" for hour in range(24)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "Forecasts_NP.csv")
    ...     _ = path.write_text("\n".join([",Real price,LEAR Ensemble", *rows]))
    ...     market = read_epftoolbox_forecasts(path)
    >>> list(market.forecasts)
    ['lear_ensemble']
    """
    return _read(path, "Real price", "forecasts", currency, name, missing)


def _read(path: str | Path, price: str, kind: str, currency: str, name: str | None, missing: Missing) -> Market:
    table = read_table(path)
    columns = _normalised(table, [column for column in table.columns[1:] if column != price])
    others: dict[str, Any] = {kind: list(columns.values())}
    market = read_prices(
        path,
        price=price,
        time=table.columns[0],
        currency=currency,
        name=name or Path(path).name.split(".")[0],
        attribution=f"{_SOURCE}, {table.source}",
        missing=missing,
        **others,
    )
    renamed: dict[str, Any] = {kind: {new: getattr(market, kind)[old] for new, old in columns.items()}}
    renamed["next_day"] = {new: market.next_day[old] for new, old in columns.items() if old in market.next_day}
    return replace(market, **renamed)


def _normalised(table: Table, columns: Iterable[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for column in columns:
        name = re.sub(r"[^0-9a-z]+", "_", column.lower()).strip("_")
        if not name or name in names:
            raise DataError(
                f"{table.source}: column {column!r} "
                + (f"and column {names[name]!r} both become {name!r}" if name else "has no name")
                + ": rename it"
            )
        names[name] = column
    return names
