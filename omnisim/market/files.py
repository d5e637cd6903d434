"""Hourly or daily prices from a user's own CSV or Parquet file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from omnisim.errors import DataError
from omnisim.market.clock import ClockChange, local_days, local_hours
from omnisim.market.data import Market, Resolution
from omnisim.market.days import Missing, to_days
from omnisim.market.tables import Decimal, Table, read_table
from omnisim.suggest import nearest


def read_prices(
    path: str | Path,
    *,
    price: str = "price",
    time: str | None = None,
    time_format: str | None = None,
    timezone: str | None = None,
    resolution: Resolution = "hour",
    features: Sequence[str] = (),
    forecasts: Sequence[str] = (),
    select: Mapping[str, str] | None = None,
    missing: Missing = "error",
    clock_change: ClockChange = "average",
    currency: str = "EUR",
    name: str | None = None,
    attribution: str | None = None,
    separator: str = ",",
    decimal: Decimal = ".",
) -> Market:
    r"""Read hourly or daily prices from a CSV or Parquet file.

    Parameters
    ----------
    path
        ``.csv`` (also ``.csv.gz``) or ``.parquet``.
    price
        Column of the prices, in ``currency`` per MWh.
    time
        Column of the start of the delivery hour, or of the delivery day; None is the first column. Either with UTC
        offsets, which are converted to ``timezone``, or the naive clock of the market.
    time_format
        ``strptime`` format of the timestamps; ISO 8601 without it.
    timezone
        The market's zone, such as ``"Europe/Oslo"``. A naive clock that always shows 24 hours a day needs
        none.
    resolution
        ``"hour"``: one row an hour, so that an outcome has 24 coordinates; or ``"day"``: one row a day, so that it
        has one. A daily price holds for every hour of its day, and moving load within the day is then worth nothing.
    features, forecasts
        Columns of values known before the prices, and of published forecasts of the prices. A feature may be a
        column of true and false, or yes and no, which become 1 and 0.
    select
        Column -> value: keep the rows with that value, for a file that holds several markets.
    missing
        What to do about hours (or days) without a value in a column that is used: ``"error"``, ``"interpolate"``
        (at most three in a row), or ``"drop_day"``. After ``drop_day`` the days need not be consecutive: a
        lag of one round is then the last day kept.
    clock_change
        ``"average"`` or ``"first"`` of the two hours in autumn; the hour that does not exist in spring is
        interpolated. ``"error"`` refuses both. Days have no such hours: leave it out for them.
    currency, name, attribution
        For titles; name and attribution default to the file's name.
    separator, decimal
        Of a CSV file.

    Returns
    -------
    Market
        Its ``notes`` say everything that the policies did.

    Raises
    ------
    DataError
        If the file, a column, a row, an hour or a day is not as described; one line names it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> rows = [f"2021-01-01 {hour:02d}:00,{20 + hour}" for hour in range(24)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "prices.csv")
    ...     _ = path.write_text("\n".join(["time,price", *rows]))
    ...     market = read_prices(path)
    >>> market.prices.shape, float(market.prices[0, 23])
    ((1, 24), 43.0)
    """
    table = read_table(path, separator=separator, decimal=decimal).where(select or {})
    return market_from_table(
        table,
        price=price,
        time=table.columns[0] if time is None else time,
        time_format=time_format,
        timezone=timezone,
        resolution=resolution,
        features={column: column for column in features},
        forecasts={column: column for column in forecasts},
        missing=missing,
        clock_change=clock_change,
        currency=currency,
        name=name or Path(path).name.split(".")[0],
        attribution=attribution or f"read from {table.source}",
    )


def market_from_table(
    table: Table,
    *,
    price: str,
    time: str,
    name: str,
    currency: str,
    attribution: str,
    features: Mapping[str, str],
    forecasts: Mapping[str, str],
    time_format: str | None = None,
    timezone: str | None = None,
    resolution: Resolution = "hour",
    missing: Missing = "error",
    clock_change: ClockChange = "average",
) -> Market:
    """Build a market from a table of hourly or daily rows; ``features`` and ``forecasts`` map a name to its column.

    Raises
    ------
    DataError
        As :func:`read_prices`.
    """
    import pandas as pd

    policies = (
        ("resolution", resolution, Resolution), ("missing", missing, Missing),
        ("clock_change", clock_change, ClockChange),
    )  # fmt: skip
    for option, value, allowed in policies:
        if value not in get_args(allowed):
            raise DataError(f"{option} is {value!r}{nearest(str(value), get_args(allowed))}")
    if resolution == "day" and clock_change != "average":
        raise DataError(f"clock_change is {clock_change!r}: daily prices have no repeated hour, so leave it out")
    used = {column: table.flags_or_numbers(column) for column in features.values()}
    used |= {column: table.numbers(column) for column in [price, *forecasts.values()]}
    values = pd.DataFrame(used, index=table.frame.index)
    if resolution == "day":
        periods = local_days(table, values, time=time, time_format=time_format, timezone=timezone)
    else:
        periods = local_hours(
            table, values, time=time, time_format=time_format, timezone=timezone, clock_change=clock_change
        )
    days = to_days(periods, missing=missing, clock_change=clock_change)
    return Market(
        name=name,
        dates=days.dates,
        prices=days.columns[price],
        currency=currency,
        features={feature: days.columns[column] for feature, column in features.items()},
        forecasts={model: days.columns[column] for model, column in forecasts.items()},
        attribution=attribution,
        notes=days.notes,
    )
