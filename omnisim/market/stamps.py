"""Cells of a file -> the moments at which its rows begin (or end)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from omnisim.arrays import BoolArray
from omnisim.errors import DataError
from omnisim.market.midnights import closing_midnights
from omnisim.market.moments import Moments, are_compact, epoch_hint, literal_utc, read_moments, said_by
from omnisim.market.numbered_periods import starts_of_periods
from omnisim.market.parts_of_hours import parts_of_hours
from omnisim.market.period_codes import is_beginning, is_ending
from omnisim.market.steps import steps_of_rows
from omnisim.market.tables import Table

if TYPE_CHECKING:
    import pandas as pd

Edge = Literal["start", "end"]
"""The end of its period that a stamp is."""

EPOCHS = {"unix": ("s", "1970-01-01"), "unix_ms": ("ms", "1970-01-01"), "excel": ("D", "1899-12-30")}
"""Values of ``time_format`` for stamps that are numbers: their unit, and their origin."""

_YEARS = (1900, 2199)
"""The first and the last year in which a market has prices."""


@dataclass(frozen=True)
class When:
    """Columns that tell the time, and their form; see :func:`~omnisim.market.read_prices` for each key."""

    time: str | None = None
    date: str | Sequence[str] | None = None
    period: str | Sequence[str] | None = None
    time_format: str | None = None
    date_format: str | None = None
    file_timezone: str | None = None
    timezone: str | None = None
    stamp: Edge | None = None

    @property
    def columns(self) -> list[str]:
        """Columns that are declared."""
        dates = [self.date] if isinstance(self.date, str) else list(self.date or ())
        periods = [self.period] if isinstance(self.period, str) else list(self.period or ())
        return [*dates, *periods, *([] if self.time is None else [self.time])]


@dataclass(frozen=True)
class Stamps:
    """Moments of the rows of a table.

    Attributes
    ----------
    starts
        Naive, or in UTC, indexed as the rows are.
    described
        The column, for messages.
    edge
        Which end of its period a stamp was in the file; ``starts`` are the beginnings in any case.
    edge_known
        Whether that was declared, or the file says it.
    clock
        The stamps as they stand in the file, naive.
    zone_declared
        Whether the file's own clock was declared, or is written in its stamps.
    """

    starts: "pd.Series"
    described: str
    edge: Edge = "start"
    notes: tuple[str, ...] = ()
    clock: "pd.Series | None" = field(default=None, compare=False)
    zone_declared: bool = False
    edge_known: bool = False

    @property
    def aware(self) -> bool:
        """Whether they are in UTC."""
        return self.starts.dt.tz is not None


def read_stamps(table: Table, when: When, used: Sequence[str] = ()) -> tuple[Table, Stamps]:
    """The moments of the rows, and the table without rows above and below that are no data.

    Parameters
    ----------
    used
        Columns of numbers, which a row of data has.

    Raises
    ------
    DataError
        If a cell cannot be read, or the file says that its clock is another one than declared.
    """
    import pandas as pd

    if when.date is None and when.period is not None:
        raise DataError(f"period is {when.period!r}, the number of a period in its day: set date to the column of days")
    if when.date is None:
        table, moments, name = _of_column(table, when, used)
        values = moments.stamps
        refuse_years(table, values, name)
        at_end = _closing(table, when, moments, name)
        edge, known, notes = _edge(table, when, moments, name, bool(at_end.any()))
        if at_end.any():
            values = values + pd.to_timedelta(at_end.astype(np.int64), unit="D")
        written = moments.written
        notes = [moments.note, *notes] if moments.note else notes
        described = f"column {name!r}"
    else:
        dates = [when.date] if isinstance(when.date, str) else list(when.date)
        if not dates:
            raise DataError("date is an empty list: name the column of days, or those of which a day is put together")
        table, days, note = _days(table, when, dates, used)
        refuse_years(table, days, dates[0])
        column = when.period if isinstance(when.period, str) else when.time
        if when.period is not None and not isinstance(when.period, str):
            table, column = parts_of_hours(table, when.period)
        zone = when.file_timezone or when.timezone
        if column is None:
            values, edge, known, notes = days, when.stamp or "start", True, []
        else:
            placed = starts_of_periods(table, days, column, zone, when.stamp)
            values, edge, known, notes = placed.stamps, placed.edge, True, list(placed.notes)
        if note:
            notes = [note, *notes]
        written, described = None, " and ".join(f"column {name!r}" for name in [*dates, *([column] if column else [])])
    clock = values if values.dt.tz is None else values.dt.tz_localize(None) if written is None else written
    declared = when.file_timezone is not None or values.dt.tz is not None
    if values.dt.tz is None:
        _refuse_other_clock(table, when)
        if edge == "end":
            values = _opened(values, when.file_timezone or when.timezone, None)
        if when.file_timezone is not None and when.file_timezone != when.timezone:
            values = _localized(table, values, when.file_timezone)
    elif when.file_timezone is not None:
        raise DataError(f"{table.source}: {described} carries UTC offsets: leave file_timezone out")
    elif edge == "end":
        values = _opened(values, None, when.timezone)
    return table, Stamps(values, described, edge, tuple(notes), clock, declared, known)


def _of_column(table: Table, when: When, used: Sequence[str]) -> tuple[Table, Moments, str]:
    import pandas as pd
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    name = when.time if when.time is not None else table.columns[0]
    column = table.column(name)
    if when.time_format is not None and when.file_timezone is None:
        literal = literal_utc(when.time_format)
        if literal is not None:
            start = when.time_format[: -len(literal)]
            raise DataError(
                f"time_format {when.time_format!r} ends with a literal {literal!r}, which says that the clock is UTC "
                f"but is read as the market's: write {start + '%z'!r}, or set file_timezone to 'UTC' (or to the "
                f"market's own zone, if {literal!r} means nothing)"
            )
    if is_datetime64_any_dtype(column):
        values = column.dt.tz_convert("UTC") if column.dt.tz is not None else column
        return _trimmed(table, Moments(values), name, when.time_format, used)
    if when.time_format in EPOCHS:
        unit, origin = EPOCHS[when.time_format]
        numbers = pd.Series(table.numbers(name), index=column.index)
        seconds = (numbers * {"s": 1, "ms": 1e-3, "D": 86400}[unit]).round()
        first, beyond = (
            (pd.Timestamp(f"{year}-01-01") - pd.Timestamp(origin)).total_seconds()
            for year in (_YEARS[0], _YEARS[1] + 1)
        )
        odd = ~(seconds.between(first, beyond, inclusive="left") | seconds.isna()).to_numpy()
        if odd.any():
            raise DataError(
                f"{table.place(column.index[odd][0])}: {name} is {column[odd].iloc[0]}: as {when.time_format} time it "
                f"must be in the years {_YEARS[0]} to {_YEARS[1]}"
            )
        values = pd.Timestamp(origin) + pd.to_timedelta(seconds, unit="s")
        if when.time_format != "excel":
            values = values.dt.tz_localize("UTC")
        return _trimmed(table, Moments(values), name, when.time_format, used)
    if is_numeric_dtype(column) and when.time_format is None and not are_compact(table.text(name).iloc[:400].tolist()):
        unset = "" if when.time is not None else "set time to the column of stamps, or date and period: "
        raise DataError(
            f"{table.source}: {unset}column {name!r} holds numbers such as {column.iloc[0]}: "
            f"it must hold timestamps such as 2021-12-31 23:00{epoch_hint(float(column.iloc[0]))}"
        )
    moments = read_moments(table.text(name), "time_format", when.time_format)
    return _trimmed(table, moments, name, when.time_format, used)


def _days(table: Table, when: When, dates: Sequence[str], used: Sequence[str]) -> tuple[Table, "pd.Series", str]:
    from pandas.api.types import is_datetime64_any_dtype

    column = table.column(dates[0])
    if len(dates) == 1 and is_datetime64_any_dtype(column):
        zone = when.file_timezone or when.timezone
        values = column.dt.tz_convert(zone).dt.tz_localize(None) if column.dt.tz is not None else column
        moments = Moments(values)
    else:
        text = table.text(dates[0])
        for other in dates[1:]:
            text = text + "-" + table.text(other).str.zfill(2)
        moments = read_moments(text, "date_format", when.date_format, clock=False)
        if moments.stamps.isna().all() and when.date_format is None:
            moments = read_moments(text, "date_format", None)
    table, moments, _ = _trimmed(table, moments, dates[0], when.date_format, used, "date_format")
    values = moments.stamps
    if values.dt.tz is not None:
        raise DataError(f"{table.source}: column {dates[0]!r} carries UTC offsets: give it as time, and leave date out")
    off = values[values != values.dt.normalize()]
    if len(off):
        raise DataError(
            f"{table.place(off.index[0])}: {dates[0]} is {off.iloc[0]}, no whole day: give it as time, and leave date "
            "out"
        )
    return table, values, moments.note


def _trimmed(
    table: Table, moments: Moments, name: str, declared: str | None, used: Sequence[str], key: str = "time_format"
) -> tuple[Table, Moments, str]:
    """Drop rows above and below the data (units, sources, sums): no stamp, and no number or no digit of a stamp."""
    values = moments.stamps
    if not values.isna().any():
        return table, moments, name
    text = table.raw(name)
    empty = np.ones(len(table.frame), dtype=bool)
    for column in used:
        if column in table.columns:
            # Units and sources may hold digits too, but not before any letter.
            empty &= ~table.raw(column).str.contains(r"^[^A-Za-z]*\d", regex=True).to_numpy(dtype=bool)
    idle = values.isna().to_numpy() & (empty | ~text.str.contains(r"\d", regex=True).to_numpy(dtype=bool))
    # A cell that is empty beside a number may be a stamp that is missing: it is refused, except below everything.
    idle &= empty | (text != "").to_numpy()
    kept = np.ones(len(idle), dtype=bool)
    for inside in table.files():
        data = np.flatnonzero(~idle[inside])
        kept[inside[: data[0]] if len(data) else inside] = False
        kept[inside[data[-1] + 1 :] if len(data) else inside] = False
    unread = np.flatnonzero(kept & values.isna().to_numpy())
    if len(unread) or not kept.any():
        label = values.index[unread[0] if len(unread) else 0]
        wanted = f"in {declared}" if declared else f"such as 2021-12-31 23:00 (or give {key})"
        if key == "date_format":
            wanted = f"in {declared}" if declared else f"such as 2021-12-31 (or give {key})"
        what = "timestamp" if key == "time_format" else "day"
        hint = " (is the separator right, or skip_rows?)" if len(table.columns) == 1 else ""
        if values.dt.tz is not None and declared is None and text[label] and key == "time_format":
            hint = ", without a UTC offset: other rows have one"
        raise DataError(f"{table.place(label)}: {name} is {text[label]!r}: it must be a {what} {wanted}{hint}")
    passed = [str(label) for label in values.index[~kept]]
    listed = ", ".join(passed[:5]) + " and more" * (len(passed) > 5)
    note = f"{table.unit}{'s' * (len(passed) > 1)} {listed} passed over: no data"
    table = replace(table, frame=table.frame[kept], notes=(*table.notes, note))
    written = None if moments.written is None else moments.written[kept]
    return table, replace(moments, stamps=values[kept], written=written), name


def _closing(table: Table, when: When, moments: Moments, name: str) -> BoolArray:
    """Rows whose stamp 00:00 is the end of the date that is written there."""
    values = moments.stamps
    if moments.interval or moments.said_24 or values.dt.tz is not None:
        return np.zeros(len(values), dtype=bool)
    seconds = values.to_numpy().astype("datetime64[s]").astype(np.int64)
    return closing_midnights(table.source, name, seconds // 86400, seconds % 86400, when.stamp)


def _edge(table: Table, when: When, moments: Moments, name: str, closing: bool) -> tuple[Edge, bool, list[str]]:
    """Find the end of its period that a stamp marks: as declared, or as the file shows."""
    if moments.interval:
        if when.stamp == "end":
            raise DataError(f"{table.source}: column {name!r} names both ends of a period: leave stamp out")
        return "start", True, []
    if when.stamp is not None:
        if when.stamp == "start" and moments.said_24:
            raise DataError(f"{table.source}: column {name!r} says 24:00, where no period begins: set stamp = 'end'")
        return when.stamp, True, []
    if closing:
        return (
            "end",
            True,
            [f"stamps close their period: 00:00 in column {name!r} stands behind the others of its date"],
        )
    if moments.said_24:
        return "end", True, [f"stamps close their period, since column {name!r} says 24:00"]
    if is_ending(name):
        raise DataError(
            f"{table.source}: the name of column {name!r} says that stamps close their period: set stamp to 'end', or "
            "to 'start' if they open it"
        )
    return "start", is_beginning(name), []


def refuse_years(table: Table, values: "pd.Series", column: str) -> None:
    """Refuse moments in years that no market knows, which libraries fail to compare and to print.

    Raises
    ------
    DataError
        If there is one.
    """
    years = values.dt.year
    odd = ~(years.between(*_YEARS) | years.isna()).to_numpy()
    if odd.any():
        label, year = years.index[odd][0], years[odd].iloc[0]
        raise DataError(
            f"{table.place(label)}: column {column!r} is read as the year {year:.0f}: it must be one from "
            f"{_YEARS[0]} to {_YEARS[1]} (is the format of the stamps declared right?)"
        )


def _refuse_other_clock(table: Table, when: When) -> None:
    names = when.columns or table.columns[:1]
    if when.file_timezone is not None or when.timezone is None or said_by(names) is None:
        return
    if when.timezone in ("UTC", "Etc/UTC", "GMT"):
        return
    raise DataError(
        f"{table.source}: the name of column {', '.join(map(repr, names))} says UTC, but its stamps carry no offset "
        f"and timezone is {when.timezone!r}: set file_timezone = 'UTC', or file_timezone = {when.timezone!r} if they "
        "are on the market's clock"
    )


def _localized(table: Table, values: "pd.Series", zone: str) -> "pd.Series":
    """Stamps of the file's own clock in UTC; of what autumn repeats, the first in the file is the first."""
    import pandas as pd

    backwards = len(values) > 1 and values.iloc[0] > values.iloc[-1]
    local = _in_zone(values[::-1], zone)[::-1] if backwards else _in_zone(values, zone)
    missing = np.flatnonzero(local.isna().to_numpy())
    if len(missing):
        raise DataError(
            f"{table.place(values.index[missing[0]])}: {values.iloc[missing[0]]} does not exist in file_timezone "
            f"{zone!r} (clock change): is the file's clock UTC, or one without changes?"
        )
    return pd.Series(local.dt.tz_convert("UTC"))


def _in_zone(values: "pd.Series", zone: str) -> "pd.Series":
    import pandas as pd

    first = ~values.duplicated(keep="first")
    return pd.Series(values.dt.tz_localize(zone, ambiguous=first.to_numpy(), nonexistent="NaT"))


def _opened(values: "pd.Series", zone: str | None, shown: str | None) -> "pd.Series":
    """The beginnings of periods that stamps close.

    On the days of a clock change a file that states the true time of the end differs from one that states an hour
    later than the beginning: the second has times that do not exist, or repeats one that does not occur twice.
    """
    import pandas as pd

    order = values.argsort(kind="stable").to_numpy()
    if len(values) and values.iloc[0] > values.iloc[-1]:  # of what autumn repeats, the first then stands last
        order = len(values) - 1 - values[::-1].argsort(kind="stable").to_numpy()
    ordered = values.iloc[order]
    if ordered.dt.tz is None:
        opened = ordered - steps_of_rows(ordered, ordered, closing=True)
        if zone is not None:
            local = _in_zone(ordered, zone)
            once = ordered.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward").notna()
            if local.notna().all() and not (ordered.duplicated(keep=False) & once).any():
                true = local.dt.tz_convert("UTC") - steps_of_rows(ordered, ordered, closing=True)
                opened = true.dt.tz_convert(zone).dt.tz_localize(None)
    else:
        there = ordered.dt.tz_convert(shown).dt.tz_localize(None) if shown else ordered.dt.tz_localize(None)
        opened = ordered - steps_of_rows(ordered, there, closing=True)
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return pd.Series(opened.iloc[back])
