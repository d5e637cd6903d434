"""Forecasts of vendors: dated files of their own, put beside the prices of a market, and refused where they leak."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from omnisim.arrays import BoolArray, DateArray, FloatArray
from omnisim.errors import DataError
from omnisim.market.clock import local_periods
from omnisim.market.data import PRICES_A_DAY, Market
from omnisim.market.days import to_days
from omnisim.market.leaks import Leaks, refuse_leaks, warn_of_misfit
from omnisim.market.moments import read_moments
from omnisim.market.stamps import Edge, Stamps, When, read_stamps, refuse_years
from omnisim.market.suspicions import refuse_sentinels, unit_of_prices, warn_of_clock
from omnisim.market.table_files import Source, read_table
from omnisim.market.tables import Form, Table
from omnisim.market.wide import PERIOD, PRICE, unpivoted
from omnisim.market.zones import checked_zone
from omnisim.suggest import nearest


def with_forecast(
    market: Market,
    name: str,
    source: Source,
    *,
    column: str | None = None,
    time: str | None = None,
    date: str | None = None,
    period: str | None = None,
    stamp: Edge | None = None,
    time_format: str | None = None,
    date_format: str | None = None,
    timezone: str | None = None,
    file_timezone: str | None = None,
    wide: bool = False,
    resample: bool | None = None,
    select: Mapping[str, str] | None = None,
    unit: str | None = None,
    issued: str | None = None,
    issued_format: str | None = None,
    issued_timezone: str | None = None,
    gate_closure: str | None = None,
    missing_forecast: str = "error",
    leaks: Leaks = "error",
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
    separator: str | None = None,
    decimal: Any = None,
    thousands: str | None = None,
    encoding: str | None = None,
    skip_rows: int | None = None,
    columns: list[str] | None = None,
    sheet: str | None = None,
    member: str | None = None,
    missing_values: list[str] | None = None,
) -> Market:
    """The market with the forecasts of a vendor beside its prices.

    Parameters
    ----------
    name
        What the model is called: ``kind = "published", model = name``.
    source
        A file, several, or a path with ``*`` in its name, as :func:`~omnisim.market.read_prices` takes them.
    column
        Of the forecasts; left out, the model's name, ``forecast``, or the only column that nothing else uses.
    issued
        Column of the time at which each forecast was issued. Of several for one period, the last one before gate
        closure counts.
    issued_timezone
        The clock of issue times without an offset; left out, that of the stamps (``file_timezone``, else the
        market's). Needed where the stamps carry offsets and the issue times do not.
    gate_closure
        Time of the day before delivery, on the market's clock, until which a forecast is known to customers, such as
        ``"12:00"``. Needed with ``issued``.
    missing_forecast
        Days without a forecast: ``"error"``, ``"previous"`` (that of the last day with one), or the name of another
        forecast of the market.
    first_day, last_day
        Days that will be played: others need no forecast, and take the prices of the day before.
    time, date, period, stamp, time_format, date_format, timezone, file_timezone, wide, resample, select, unit, leaks
        As for prices.
    separator, decimal, thousands, encoding, skip_rows, columns, sheet, member, missing_values
        As for prices.

    Raises
    ------
    DataError
        If a file is not as described, a forecast was issued after gate closure or is the price, or a day has none.

    Notes
    -----
    What is likely wrong with its clock, its hours or its unit is among the warnings of the market.
    """
    about = f"forecast {name!r}"
    if name in market.forecasts:
        raise DataError(f"{about} is one of the market's already: give it another name")
    gate = _gate(about, issued, gate_closure)
    zone = None if timezone is None else checked_zone("timezone", timezone)
    other = None if file_timezone is None else checked_zone("file_timezone", file_timezone)
    form = Form(separator, decimal, thousands, encoding, skip_rows, columns, sheet, member, missing_values)
    when = When(time, date, period, time_format, date_format, other, zone, stamp)
    wanted = [
        *when.columns,
        *([] if wide or column is None else [column]),
        *([issued] if issued else []),
        *(select or {}),
    ]
    table = read_table(source, form, wanted).where(select or {})
    if wide:
        table = unpivoted(table)
        when = replace(when, date=date or table.columns[0], period=PERIOD)
        column = PRICE
    value = _column(table, name, column, [*(when.columns or table.columns[:1]), *([issued] if issued else [])])
    factor, _, notes = unit_of_prices(table, value, unit, market.currency)
    table, stamps = read_stamps(table, when, [value])
    if issued is not None and gate is not None:
        clock = checked_zone("issued_timezone", issued_timezone) if issued_timezone is not None else other
        if clock is None and not stamps.aware:
            clock = zone
        kept, passed = _known(table, stamps, issued, issued_format, gate, zone, clock, about)
        notes = [*notes, *passed]
        table, stamps = read_stamps(replace(table, frame=table.frame[kept]), when, [value])
    numbers = table.with_signs([value]).numbers(value) * factor
    import pandas as pd

    values = pd.DataFrame({name: numbers}, index=table.frame.index)
    refuse_sentinels(table, values)
    suspected = warn_of_clock(table.source, stamps, zone, values[name].notna().to_numpy())
    periods = local_periods(table, values, stamps, timezone=zone, resolution=market.resolution, resample=resample)
    days = to_days(periods, PRICES_A_DAY[market.resolution], missing="drop_day")
    aligned, told = _aligned(market, name, days.dates, days.columns[name], missing_forecast, first_day, last_day)
    alone = replace(market, forecasts={name: aligned}, features={})
    refuse_leaks(alone, table.source, leaks)
    suspected += warn_of_misfit(alone, name, table.source)
    told = [*notes, *(note for note in days.notes if "dropped" not in note), *told]
    return replace(
        market,
        forecasts={**market.forecasts, name: aligned},
        notes=(*market.notes, *(f"{about}: {note}" for note in told)),
        warnings=(*market.warnings, *suspected),
    )


def _gate(about: str, issued: str | None, gate_closure: str | None) -> dt.timedelta | None:
    if (issued is None) != (gate_closure is None):
        raise DataError(f"{about}: issued (a column) and gate_closure (such as '12:00') must be given together")
    if gate_closure is None:
        return None
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", gate_closure)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise DataError(f"{about}: gate_closure is {gate_closure!r}: it must be a time of the day, such as '12:00'")
    return dt.timedelta(hours=int(match[1]), minutes=int(match[2]))


def _column(table: Table, name: str, column: str | None, used: Sequence[str]) -> str:
    if column is not None:
        table.column(column)
        return column
    for likely in (name, "forecast", PRICE):
        if likely in table.columns:
            return likely
    free = [each for each in table.columns if each and each not in used]
    if len(free) == 1:
        return free[0]
    raise DataError(f"{table.source} has no column {name!r}{nearest(name, free)}: set column to one of them")


def _known(
    table: Table,
    stamps: Stamps,
    issued: str,
    issued_format: str | None,
    gate: dt.timedelta,
    zone: str | None,
    clock: str | None,
    about: str,
) -> tuple[BoolArray, list[str]]:
    """The rows of the last forecast of each period that was issued until gate closure."""
    import pandas as pd

    at = read_moments(table.text(issued), "issued_format", issued_format).stamps
    if at.isna().any():
        label = at.index[at.isna()][0]
        raise DataError(f"{table.place(label)}: {issued} is {table.raw(issued)[label]!r}: it must be a timestamp")
    refuse_years(table, at, issued)
    if at.dt.tz is not None:
        if zone is None:
            raise DataError(
                f"{table.source}: column {issued!r} carries UTC offsets, so timezone must name the market's"
            )
        at = at.dt.tz_convert(zone).dt.tz_localize(None)
    elif clock is None and stamps.aware:
        raise DataError(
            f"{table.source}: its stamps carry UTC offsets, its issue times ({issued}) do not: set issued_timezone to "
            f"their clock, such as 'UTC' or {zone!r}"
        )
    elif clock != zone and zone is not None:
        # Of an hour that occurs twice the later is meant: no forecast is taken that may have come too late.
        local = at.dt.tz_localize(clock, ambiguous=np.zeros(len(at), dtype=bool), nonexistent="shift_forward")
        at = local.dt.tz_convert(zone).dt.tz_localize(None)
    starts = stamps.starts
    begins = starts if starts.dt.tz is None else starts.dt.tz_convert(zone).dt.tz_localize(None)
    closure = begins.dt.normalize() - pd.Timedelta(days=1) + pd.Timedelta(gate)
    late = (at > closure).to_numpy()
    period = pd.Series(begins.to_numpy() if stamps.clock is None else stamps.clock.to_numpy())
    last = pd.Series(at.to_numpy()).where(~late).groupby(period).transform("max")
    never = last.isna().to_numpy()
    if never.any():
        place = int(np.flatnonzero(never)[0])
        raise DataError(
            f"{about}: {table.place(at.index[place])}: the forecast for {begins.iloc[place]:%Y-%m-%d %H:%M} was issued "
            f"at {at.iloc[place]:%Y-%m-%d %H:%M}, after gate closure ({closure.iloc[place]:%Y-%m-%d %H:%M}), and no "
            f"earlier one is there ({int(period[never].nunique())} such periods): it was not known; take it "
            "out, or set gate_closure to what it was"
        )
    kept = (~late) & (pd.Series(at.to_numpy()) == last).to_numpy()
    passed = int(late.sum())
    return kept, [f"{passed} rows issued after gate closure were passed over"] * (passed > 0)


def _aligned(
    market: Market,
    name: str,
    dates: DateArray,
    values: FloatArray,
    missing: str,
    first: dt.date | None,
    last: dt.date | None,
) -> tuple[FloatArray, list[str]]:
    rows = {day: t for t, day in enumerate(dates.tolist())}
    given: list[dt.date] = market.dates.tolist()
    found = np.full(market.prices.shape, np.nan)
    absent: dict[dt.date, int] = {}
    idle = 0
    for t, day in enumerate(given):
        if day in rows:
            found[t] = values[rows[day]]
        elif (first is not None and day < first) or (last is not None and day > last):
            found[t] = market.prices[max(0, t - 1)]
            idle += 1
        else:
            absent[day] = t
    told = [f"{idle} days outside the run have none, and take the prices of the day before"] * (idle > 0)
    if not absent:
        return found, told
    shown = ", ".join(map(str, [*absent][:3])) + (" ..." if len(absent) > 3 else "")
    if missing == "error":
        others = ", ".join(map(repr, market.forecasts)) or "none here"
        raise DataError(
            f"forecast {name!r}: {len(absent)} days have no forecast ({shown}): set missing_forecast to 'previous', or "
            f"to the name of another ({others}), or first_day and last_day to the days there are ({dates[0]} to "
            f"{dates[-1]})"
        )
    if missing == "previous":
        before = np.searchsorted(dates, np.array([*absent], dtype=dates.dtype)) - 1
        if before[0] < 0:
            day = next(iter(absent))
            raise DataError(
                f"forecast {name!r}: {day} has no forecast, and none is before it: set first_day to {dates[0]}"
            )
        found[[*absent.values()]] = values[before]
        return found, [*told, f"{len(absent)} days without a forecast take the one before ({shown})"]
    found[[*absent.values()]] = market.forecast(missing)[[*absent.values()]]
    return found, [*told, f"{len(absent)} days without a forecast take that of {missing!r} ({shown})"]
