"""Prices of a market from a user's own file or pandas object: the function ``omnisim.read_prices``."""

import datetime as dt
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from omnisim.errors import DataError
from omnisim.market.clock import ClockChange, local_periods
from omnisim.market.data import PRICES_A_DAY, Market, Resolution
from omnisim.market.days import Missing, to_days
from omnisim.market.leaks import Leaks, refuse_leaks, warn_of_copies
from omnisim.market.numbers import Decimal
from omnisim.market.several_files import called
from omnisim.market.stamps import Edge, When, read_stamps
from omnisim.market.suspicions import refuse_sentinels, unit_of_prices, warn_of_clock, warn_of_values
from omnisim.market.table_files import Source, read_table
from omnisim.market.tables import Form, Table
from omnisim.market.wide import PERIOD, PRICE, unpivoted
from omnisim.market.zones import checked_zone
from omnisim.signatures import held_to_types
from omnisim.suggest import nearest


@held_to_types(DataError)
def read_prices(
    source: Source,
    *,
    price: str | None = None,
    time: str | None = None,
    date: str | Sequence[str] | None = None,
    period: str | Sequence[str] | None = None,
    stamp: Edge | None = None,
    time_format: str | None = None,
    date_format: str | None = None,
    timezone: str | None = None,
    file_timezone: str | None = None,
    resolution: Resolution = "hour",
    resample: bool | None = None,
    wide: bool = False,
    features: Sequence[str] = (),
    forecasts: Sequence[str] = (),
    select: Mapping[str, str | float] | None = None,
    missing: Missing = "error",
    missing_values: Sequence[str | float] | None = None,
    clock_change: ClockChange = "average",
    unit: str | None = None,
    currency: str | None = None,
    leaks: Leaks = "error",
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
    name: str | None = None,
    attribution: str | None = None,
    separator: str | None = None,
    decimal: Decimal | None = None,
    thousands: str | None = None,
    encoding: str | None = None,
    skip_rows: int | None = None,
    columns: Sequence[str] | None = None,
    sheet: str | None = None,
    member: str | None = None,
) -> Market:
    r"""Read prices from a file, a DataFrame or a Series.

    What is left out is found out, where the file leaves no doubt; ``notes`` of the market say what was, and
    ``warnings`` what is likely wrong. What surely is, is refused.

    Parameters
    ----------
    source
        ``.csv``, ``.txt`` or ``.tsv`` (each also ``.gz``), ``.parquet``, ``.json``, ``.xlsx`` (with openpyxl), or one
        of these in a ``.zip``; several of them, as a list or as a path with ``*`` in its name; or a pandas object,
        whose DatetimeIndex is the column of the stamps.
    price
        Column of the prices; left out, ``price``, or the only column that nothing else uses.
    time
        Column of stamps; left out, the first one. With UTC offsets, or a naive clock. With ``date``, the column of the
        times of the day.
    date, period
        Instead of stamps: column of the day (or those of year, month and day), and of the period in it: ``1`` to ``24``
        (or 48, 96, 288; on days of a clock change as many as there are), ``01:00``, ``00 - 01``, ``Hour Ending 3``,
        ``3B``. A list of two: the hour, and the part of it (``1`` to ``4``, or its minutes).
    stamp
        Whether stamps are the ``"start"`` or the ``"end"`` of their period; left out, the start, unless some are 24:00.
    time_format, date_format
        ``strptime`` formats; or ``"unix"``, ``"unix_ms"`` or ``"excel"`` for stamps that are numbers.
    timezone
        The market's zone, such as ``"Europe/Oslo"``. A naive clock that always shows 24 hours a day needs none.
    file_timezone
        The zone of naive stamps, where it is not the market's: ``"UTC"``, ``"+01:00"``. With the market's zone itself,
        a file with 24 hours on every day is taken as it is.
    resolution
        How many prices a day has, which are the coordinates of an outcome: ``"hour"`` 24, ``"30min"`` 48, ``"15min"``
        96, ``"5min"`` 288, ``"day"`` one. A daily price holds for every hour of its day, and moving load within the day
        is then worth nothing.
    resample
        Whether rows that are further apart are repeated, and closer ones averaged. Left out: only in a file that
        changes once in the middle, as European auctions did from hours to quarters. Notes say what was done.
    wide
        Whether the file has one row a day and a column for each period, named as those of ``period``.
    features, forecasts
        Columns of values known before the prices, and of published forecasts of the prices. A feature may be a
        column of true and false, or yes and no, which become 1 and 0.
    select
        Column -> value: keep the rows with that value, for a file that holds several markets. Compared as text, so that
        ``"NA"`` is a value like others.
    missing
        What to do about periods (or days) without a value in a column that is used: ``"error"``, ``"interpolate"``
        (at most three hours or days in a row), or ``"drop_day"``. After ``drop_day`` the days need not be consecutive:
        a lag of one round is then the last day kept.
    missing_values
        Cells that mark a missing value, beside the usual ones (empty, ``NA``, ``n/e``, ``-`` ...). Declared, also if
        empty, numbers such as -9999 that it does not name are taken as numbers.
    clock_change
        ``"average"`` or ``"first"`` of the two hours in autumn; the hour that does not exist in spring is
        interpolated. ``"error"`` refuses both. Days have no such hours: leave it out for them.
    unit
        Of prices and forecasts in the file, such as ``"EUR/kWh"`` or ``"ct/kWh"``: they become money per MWh. Declared,
        it is right and the header is not.
    currency
        Code of the money; left out, what the header says, or EUR.
    leaks
        Whether a forecast (or feature) may be the price itself, or that of less than a day before or after: ``"error"``
        or ``"allow"``.
    first_day, last_day
        Days that will be played, also as texts such as ``"2021-01-03"``. Days with gaps before and after them are left
        out, whatever ``missing`` is.
    name, attribution
        For titles; both default to the file's name.
    separator, decimal, thousands, encoding
        Of a text file; left out, found out where cells leave no doubt.
    skip_rows
        Lines above the header, >= 0; left out, it is the first line with the columns that are named here.
    columns
        Names of the columns of a file without a header.
    sheet, member
        Sheet of an Excel file, and file inside a ``.zip``, where there are several.

    Returns
    -------
    Market
        With prices of shape (days, periods of a day).

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
    _check_choices(
        resolution=(resolution, Resolution), missing=(missing, Missing), clock_change=(clock_change, ClockChange),
        stamp=(stamp, Edge), leaks=(leaks, Leaks),
    )  # fmt: skip
    if resolution == "day" and clock_change != "average":
        raise DataError(f"clock_change is {clock_change!r}: daily prices have no repeated hour, so leave it out")
    timezone = None if timezone is None else checked_zone("timezone", timezone)
    file_timezone = None if file_timezone is None else checked_zone("file_timezone", file_timezone)
    marks = None if missing_values is None else [str(value) for value in missing_values]
    form = Form(separator, decimal, thousands, encoding, skip_rows, columns, sheet, member, marks)
    when = When(time, date, period, time_format, date_format, file_timezone, timezone, stamp)
    rows = {column: str(value) for column, value in (select or {}).items()}
    named = [*when.columns, *([] if wide or price is None else [price]), *features, *forecasts, *rows]
    table = read_table(source, form, list(dict.fromkeys(named))).where(rows)
    if wide:
        if price is not None or period is not None:
            raise DataError("wide tables name their periods in the header: leave price and period out")
        table = unpivoted(table, when.columns)
        date = date if date is not None else table.columns[0]
        price, when = PRICE, When(None, date, PERIOD, time_format, date_format, file_timezone, timezone, stamp)
    if timezone is None:
        timezone = _zone_of_index(table, when)
        when = When(time, when.date, when.period, time_format, date_format, file_timezone, timezone, stamp)
    column = _price_column(table, price, [*(when.columns or table.columns[:1]), *features, *forecasts, *rows])
    factor, currency, told = unit_of_prices(table, column, unit, currency)
    table, stamps = read_stamps(table, when, [column, *forecasts])
    values = _values(table, column, features, forecasts, factor)
    suspected = warn_of_clock(table.source, stamps, timezone, values[column].notna().to_numpy())
    periods = local_periods(
        table,
        values,
        stamps,
        timezone=timezone,
        resolution=resolution,
        resample=resample,
        clock_change=clock_change,
    )
    days = to_days(
        periods,
        PRICES_A_DAY[resolution],
        missing=missing,
        clock_change=clock_change,
        played=(first_day, last_day),
        price=column,
    )
    market = Market(
        name=name or called(source, "prices"),
        dates=days.dates,
        prices=days.columns[column],
        currency=currency,
        features={feature: days.columns[feature] for feature in features},
        forecasts={model: days.columns[model] for model in forecasts},
        next_day=days.next_day,
        attribution=attribution or f"read from {table.source}",
        notes=(*table.notes, *told, *days.notes),
    )
    refuse_leaks(market, table.source, leaks)
    suspected += warn_of_copies(market, table.source, leaks) + warn_of_values(market, table.source, unit)
    return replace(market, warnings=tuple(suspected))


def read_price_file(path: Path, **keys: Any) -> Market:
    """Prices from a file of one's own, with the keys of :func:`read_prices`.

    Parameters
    ----------
    path
        The file: one, or several by a name with ``*`` in it.
    **keys
        Those of :func:`read_prices`.
    """
    return read_prices(path, **keys)


_IN_A_FILE: dict[str, Any] = {"select": Mapping[str, str] | None, "missing_values": Sequence[str] | None}
"""Types of keys that in the file of a scenario are texts, and in Python may be numbers as well."""


def keys_of_a_file(function: Callable[..., Market], **defaults: Any) -> Callable[..., Market]:
    """Give a function that hands its keywords to :func:`read_prices` the signature that says so.

    Its first parameter is ``path``; ``defaults`` are its own.
    """
    own = list(inspect.signature(function).parameters.values())
    given = inspect.signature(read_prices).parameters
    shared = [
        parameter.replace(
            default=defaults.get(name, parameter.default), annotation=_IN_A_FILE.get(name, parameter.annotation)
        )
        for name, parameter in given.items()
        if name != "source" and name not in {each.name for each in own}
    ]
    keywords = [each.replace(kind=each.KEYWORD_ONLY) for each in own[1:] if each.kind != each.VAR_KEYWORD]
    signature = inspect.Signature([own[0], *keywords, *shared], return_annotation=Market)
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
    return function


keys_of_a_file(read_price_file)


def _check_choices(**options: tuple[Any, Any]) -> None:
    for option, (value, allowed) in options.items():
        if value is not None and value not in get_args(allowed):
            raise DataError(f"{option} is {value!r}{nearest(str(value), get_args(allowed))}")


def _zone_of_index(table: Table, when: When) -> str | None:
    """The zone of stamps that pandas knows, where it is a place and no offset."""
    from pandas.api.types import is_datetime64_any_dtype

    name = when.time or table.columns[0]
    if when.date is not None or name not in table.columns or table.frame[name].ndim > 1:
        return None
    column = table.frame[name]
    if not is_datetime64_any_dtype(column) or column.dt.tz is None:
        return None
    zone = str(column.dt.tz)
    return zone if "/" in zone and not zone.startswith("Etc/") else None


def _price_column(table: Table, price: str | None, used: Sequence[str]) -> str:
    if price is not None:
        table.column(price)
        return price
    if PRICE in table.columns:
        return PRICE
    free = [name for name in table.columns if name and name not in used]
    lower = [name for name in free if name.lower() in ("price", "preis", "prix", "precio", "prezzo")]
    if len(free) == 1 or len(lower) == 1:
        return lower[0] if lower else free[0]
    raise DataError(
        f"{table.source} has no column 'price'{nearest('price', free)}: set price to one of them; "
        f"omnisim inspect {table.source} prints the whole table that reads the file"
    )


def _values(table: Table, price: str, features: Sequence[str], forecasts: Sequence[str], factor: float) -> Any:
    import pandas as pd

    table = table.with_signs([price, *forecasts, *features])
    found = {name: table.flags_or_numbers(name) for name in features}
    found |= {
        name: table.numbers(name) * factor if factor != 1 else table.numbers(name) for name in [price, *forecasts]
    }
    values = pd.DataFrame(found, index=table.frame.index)
    refuse_sentinels(table, values / factor if factor != 1 else values)
    return values
