"""Signals: series beside the prices of a market that are revealed with them, such as carbon intensity.

A signal has a value for every period of every day. It may come from a file of its own (``[market.signals.NAME]``), or
be made of the prices: the price with a cap, min(price, cap), which a contract with a cap is settled at. Outcomes have a
block of coordinates for each (:mod:`omnisim.problem.blocks`), so that what customers pay and cause stays affine.
"""

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.by_value import ByValue
from omnisim.errors import DataError
from omnisim.market.beside import days_beside
from omnisim.market.data import Market, Signal
from omnisim.market.scaling import Scaling, fitting
from omnisim.market.stamps import Edge, When, read_stamps
from omnisim.market.suspicions import refuse_sentinels
from omnisim.market.table_files import Source, read_table
from omnisim.market.tables import Form
from omnisim.market.zones import checked_zone
from omnisim.suggest import nearest

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""Names of signals, which are parts of names of columns."""

_UNIT = re.compile(r"(\S+)/MWh")

MOST_CAPS = 12
"""Different caps of contracts in one scenario: each is a block of coordinates."""


@dataclass(frozen=True, eq=False, repr=False)
class Known(ByValue):
    """Facts about a signal that agents are made with.

    Attributes
    ----------
    unit
        Of its values, which ends in ``/MWh``.
    scaling
        The values that are outcomes 0 and 1.
    past : (D, d) or None
        Values of the days before the first one played.
    cap
        Of a price with a cap; None for others.
    """

    unit: str
    scaling: Scaling
    past: FloatArray | None = None
    cap: float | None = None

    @property
    def per_mwh(self) -> str:
        """Quantity that the signal counts in a MWh: ``kg`` of ``kg/MWh``."""
        return self.unit.removesuffix("/MWh")


def with_signal(
    market: Market,
    name: str,
    source: Source,
    *,
    unit: str,
    column: str | None = None,
    forecast: str | None = None,
    time: str | None = None,
    date: str | None = None,
    period: str | None = None,
    stamp: Edge | None = None,
    time_format: str | None = None,
    date_format: str | None = None,
    timezone: str | None = None,
    file_timezone: str | None = None,
    resample: bool | None = None,
    select: Mapping[str, str] | None = None,
    missing: str = "error",
    separator: str | None = None,
    decimal: Any = None,
    thousands: str | None = None,
    encoding: str | None = None,
    skip_rows: int | None = None,
    columns: list[str] | None = None,
    sheet: str | None = None,
    member: str | None = None,
    missing_values: list[str] | None = None,
    ahead: int = 0,
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
) -> Market:
    """The market with a signal from a file beside its prices.

    Parameters
    ----------
    name
        Of the signal: lower-case letters, digits and ``_``.
    source
        A file, several, or a path with ``*`` in its name, or a DataFrame.
    unit
        Of its values: something per MWh, such as ``"kg/MWh"`` or ``"EUR/MWh"``.
    column
        Of its values; left out, the signal's name.
    forecast
        Column of a forecast of it that was known before the day; left out, the values of the day before are.
    missing
        Days without values: ``"error"``, or ``"previous"`` (those of the last day with some).
    ahead
        Days at the end of the market that are still to come: they take the values of the day before.
    first_day, last_day
        Days that will be played. Days outside that are missing take the values of the last day before; days of the
        past before the file begins are left out.
    time, date, period, stamp, time_format, date_format, timezone, file_timezone, resample, select
        As for prices.
    separator, decimal, thousands, encoding, skip_rows, columns, sheet, member, missing_values
        As for prices.

    Raises
    ------
    DataError
        If a file is not as described, or a day has no values.
    """
    about = f"signal {name!r}"
    check_name(name)
    _check_unit(about, unit)
    if missing not in ("error", "previous"):
        raise DataError(f"{about}: missing is {missing!r}: it must be 'error' or 'previous'")
    if name in market.signals:
        raise DataError(f"{about} is one of the market's already: give it another name")
    zone = None if timezone is None else checked_zone("timezone", timezone)
    other = None if file_timezone is None else checked_zone("file_timezone", file_timezone)
    form = Form(separator, decimal, thousands, encoding, skip_rows, columns, sheet, member, missing_values)
    when = When(time, date, period, time_format, date_format, other, zone, stamp)
    value = column or name
    wanted = [*when.columns, value, *([forecast] if forecast else []), *(select or {})]
    table = read_table(source, form, [each for each in wanted if column is not None or each != name])
    table = table.where(select or {})
    if value not in table.columns:
        raise DataError(f"{table.source} has no column {value!r}{nearest(value, table.columns)} (key column)")
    numbers = [value, *([forecast] if forecast else [])]
    table, stamps = read_stamps(table, when, numbers)
    signed = table.with_signs(numbers)
    import pandas as pd

    values = pd.DataFrame({each: signed.numbers(each) for each in numbers}, index=table.frame.index)
    refuse_sentinels(table, values)
    there = values[value].notna().to_numpy()
    days = days_beside(market, table, values, stamps, there, zone=zone, resample=resample)
    rows = {day: t for t, day in enumerate(days.dates.tolist())}
    market, short = _from_its_beginning(market, table.source, rows, first_day)
    at, told = _rows(about, table.source, market, rows, missing, ahead, (first_day, last_day))
    found = Signal(days.columns[value][at], unit, None if forecast is None else days.columns[forecast][at])
    notes = days.notes + short + told
    return replace(
        market,
        signals={**market.signals, name: found},
        notes=(*market.notes, *(f"{about}: {note}" for note in notes)),
        warnings=(*market.warnings, *days.warnings),
    )


def check_name(name: str) -> None:
    """Refuse a name that no signal can have."""
    if not NAME.fullmatch(name) or name == "price":
        raise DataError(f"signal {name!r}: its name must be lower-case letters, digits and _, and not 'price'")


def capped(price: FloatArray, cap: float) -> FloatArray:
    """The price with a cap."""
    return np.minimum(price, cap)


def name_of_cap(cap: float) -> str:
    """Name of the price with a cap."""
    return f"price capped at {cap:g}"


def with_caps(market: Market, caps: Sequence[float]) -> Market:
    """The market with the price capped at each of these, as signals.

    Raises
    ------
    DataError
        If there are too many.
    """
    if len(caps) > MOST_CAPS:
        raise DataError(
            f"contracts have {len(caps)} different caps on the price: at most {MOST_CAPS} in one scenario, since each "
            "is a price of its own"
        )
    found = {
        name_of_cap(cap): Signal(capped(market.prices, cap), f"{market.currency}/MWh", None, cap)
        for cap in sorted(caps)
    }
    return replace(market, signals={**market.signals, **found})


def scale_of(
    name: str, signal: Signal, before: int, given: tuple[float | None, float | None], prices: Scaling
) -> Scaling:
    """The values of a signal that become 0 and 1: as declared, of a cap those of the price, or from the past.

    Parameters
    ----------
    before
        Days before the first one played.
    given
        Low and high as declared.

    Raises
    ------
    DataError
        If low is not below high, or they are left out and nothing is known of the past.
    """
    low, high = given
    if signal.cap is not None:
        low, high = min(prices.low, signal.cap - 0.01 * prices.span), min(prices.high, signal.cap)
    elif low is None or high is None:
        if not before:
            raise DataError(
                f"signal {name!r}: declare low and high in {signal.unit}, or set market.first_day later than the first "
                "day of the data, so that there are days to choose them from"
            )
        chosen = fitting(signal.series[:before])
        low, high = chosen[0] if low is None else low, chosen[1] if high is None else high
        if signal.series[:before].min() >= 0 and given[0] is None:
            low = max(low, 0.0)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DataError(
            f"signal {name!r}: low is {low:g} and high is {high:g} {signal.unit}: low must be less than high"
        )
    return Scaling(low, high, signal.unit.removesuffix("/MWh"))


def _check_unit(about: str, unit: str) -> None:
    if not _UNIT.fullmatch(unit):
        raise DataError(
            f"{about}: unit is {unit!r}: it must be per MWh, such as 'kg/MWh' (which g/kWh is) or 'EUR/MWh'"
        )


def _from_its_beginning(
    market: Market, source: str, days: Iterable[dt.date], first_day: dt.date | None
) -> tuple[Market, list[str]]:
    """The market without days of the past before a signal begins: later values must not stand in their place."""
    begins = min(days, default=None)
    if begins is None or first_day is None or not market.dates[0].item() < begins <= first_day:
        return market, []
    left = int((market.dates < np.datetime64(begins)).sum())
    told = f"{source} begins on {begins}: the {left} days of prices before are left out of the past"
    return market.between(begins, None), [told]


def _rows(
    about: str,
    source: str,
    market: Market,
    rows: Mapping[dt.date, int],
    missing: str,
    ahead: int,
    played: tuple[dt.date | None, dt.date | None],
) -> tuple[list[int], list[str]]:
    """The row of the file that each day of the market takes its values from."""
    if not rows:
        raise DataError(f"{about}: {source} has no complete day")
    known = np.array(sorted(rows), dtype="datetime64[D]")
    days: list[dt.date] = market.dates.tolist()
    found, absent, idle = [], [], 0
    first, last = played
    for t, day in enumerate(days):
        if day in rows:
            found.append(rows[day])
            continue
        before = int(np.searchsorted(known, np.datetime64(day))) - 1
        outside = (first is not None and day < first) or (last is not None and day > last)
        if outside or t >= len(days) - ahead:
            idle += outside
        else:
            absent.append(day)
        found.append(rows[known[max(before, 0)].item()])
    told = [f"{idle} days outside the run have no values, and take those of the day beside them"] * (idle > 0)
    if absent and (missing == "error" or absent[0] < known[0].item()):
        shown = ", ".join(map(str, absent[:3])) + (" ..." if len(absent) > 3 else "")
        raise DataError(
            f"{about}: {source} has no values for {len(absent)} days ({shown}): set missing = 'previous', or first_day "
            f"and last_day of the market to the days there are ({known[0]} to {known[-1]})"
        )
    if absent:
        told.append(f"{len(absent)} days without values take those of the day before")
    return found, told
