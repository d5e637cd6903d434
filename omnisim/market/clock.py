"""Rows with timestamps -> one row per hour, or per day, of the market's own clock.

An hourly file either carries UTC offsets (then its hours are unambiguous and are converted to the declared zone) or
shows the naive clock of the market, where the hour that the autumn clock change repeats appears twice.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from omnisim.errors import DataError
from omnisim.market.data import Resolution
from omnisim.market.tables import Table
from omnisim.suggest import closest

if TYPE_CHECKING:
    import pandas as pd

ClockChange = Literal["average", "first", "error"]

_OFFSET = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Periods:
    """Values of hours or days on the market's clock: ``frame`` is indexed by their naive, increasing, unique starts."""

    source: str
    timezone: str | None
    frame: "pd.DataFrame"
    notes: tuple[str, ...]
    resolution: Resolution = "hour"

    def start(self, stamp: "pd.Timestamp") -> str:
        """How messages write the beginning of a period."""
        return _hour(stamp) if self.resolution == "hour" else _day(stamp)


def local_hours(
    table: Table,
    values: "pd.DataFrame",
    *,
    time: str,
    time_format: str | None = None,
    timezone: str | None = None,
    clock_change: ClockChange = "average",
) -> Periods:
    """Put ``values``, whose rows are those of ``table``, on the clock of the market.

    Parameters
    ----------
    table
        Holds the timestamps, in column ``time``.
    values
        The numbers to carry over, one row for each row of ``table``.
    time_format
        A ``strptime`` format; ISO 8601 without it.
    timezone
        The market's zone, such as ``"Europe/Oslo"``. Needed for timestamps with UTC offsets, and for a naive
        clock that shows clock changes.
    clock_change
        What becomes of the hour that the autumn clock change repeats: its two values are averaged, the first
        is taken, or it is an error.

    Raises
    ------
    DataError
        If a timestamp cannot be read, is not a full hour or appears twice, the rows are whole days, offsets come
        without a zone, or the zone is unknown.
    """
    import pandas as pd

    zone, stamps, order, notes = _in_order(table, time, time_format, timezone)
    aware = stamps.dt.tz is not None
    if aware:
        _refuse_duplicates(table, stamps, stamps.duplicated(keep=False))
        stamps = stamps.dt.tz_convert(zone).dt.tz_localize(None)
    _refuse_partial_hours(table, stamps)
    first, last = stamps.iloc[0], stamps.iloc[-1]
    if first < last and (stamps == stamps.dt.normalize()).all():
        raise DataError(
            f"{table.source}: every row from {_day(first)} to {_day(last)} begins a day: one row an hour is needed, "
            "or resolution 'day' for one price a day"
        )
    twice = stamps.duplicated(keep=False)
    if not aware:
        _refuse_duplicates(table, stamps, _unexplained(stamps, twice, zone), timezone)
    repeated = pd.DatetimeIndex(stamps[twice].unique())
    if len(repeated) and clock_change == "error":
        raise DataError(
            f"{table.source}: hour {_hour(repeated[0])} occurs twice (clock change): "
            "set clock_change to 'average' or 'first' to resolve it"
        )
    frame = values.iloc[order].set_axis(pd.DatetimeIndex(stamps))
    first = frame[~frame.index.duplicated(keep="first")]
    if clock_change == "average" and len(repeated):
        last = frame[~frame.index.duplicated(keep="last")]
        first = (first + last) / 2
    done = "averaged" if clock_change == "average" else "the first was kept"
    notes += [f"{_day(hour)}: hour {hour:%H} occurs twice (clock change), {done}" for hour in repeated]
    return Periods(table.source, timezone, first, tuple(notes))


def local_days(
    table: Table,
    values: "pd.DataFrame",
    *,
    time: str,
    time_format: str | None = None,
    timezone: str | None = None,
) -> Periods:
    """Put ``values``, one row a day, on the calendar of the market; parameters as of :func:`local_hours`.

    Raises
    ------
    DataError
        If a timestamp cannot be read, is not the beginning of a day or appears twice, offsets come without a zone, or
        the zone is unknown.
    """
    import pandas as pd

    zone, stamps, order, notes = _in_order(table, time, time_format, timezone)
    if stamps.dt.tz is not None:
        stamps = stamps.dt.tz_convert(zone).dt.tz_localize(None)
    partial = stamps[stamps != stamps.dt.normalize()]
    if len(partial):
        raise DataError(
            f"{table.place(partial.index[0])}: {partial.iloc[0]} is not the beginning of a day of the market's clock: "
            "one row a day is needed, or resolution 'hour' for hourly prices"
        )
    _refuse_duplicates(table, stamps, stamps.duplicated(keep=False), resolution="day")
    frame = values.iloc[order].set_axis(pd.DatetimeIndex(stamps))
    return Periods(table.source, timezone, frame, tuple(notes), "day")


def nonexistent(hours: "pd.DatetimeIndex", timezone: str | None) -> "pd.DatetimeIndex":
    """Those of the naive local ``hours`` that the spring clock change of the zone skips.

    >>> import pandas as pd
    >>> night = pd.date_range("2021-03-14", periods=9, freq="h")
    >>> [str(hour) for hour in nonexistent(night, "America/Chicago")]
    ['2021-03-14 02:00:00']
    """
    if timezone is None:
        return hours[:0]
    local = hours.tz_localize(timezone, nonexistent="NaT", ambiguous=np.ones(len(hours), dtype=bool))
    return hours[local.isna()]


def _in_order(
    table: Table, time: str, time_format: str | None, timezone: str | None
) -> tuple[str | None, "pd.Series", "np.ndarray", list[str]]:
    # The checked zone, the timestamps in order, their places in the file, and a note if these were mixed.
    zone = None if timezone is None else _zone(timezone)
    stamps = _timestamps(table, time, time_format)
    if stamps.dt.tz is not None and zone is None:
        raise DataError(
            f"{table.source}: column {time!r} carries UTC offsets, so timezone must name the market's zone, "
            "such as 'Europe/Oslo'"
        )
    order = stamps.argsort(kind="stable").to_numpy()
    mixed = (np.diff(order) < 0).any()
    notes = ["the rows were not in the order of time and were sorted"] if mixed else []
    return zone, stamps.iloc[order], order, notes


def _timestamps(table: Table, time: str, time_format: str | None) -> "pd.Series":
    import pandas as pd
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    column = table.column(time)
    if is_numeric_dtype(column):
        raise DataError(
            f"{table.source}: column {time!r} holds numbers such as {column.iloc[0]}: "
            "it must hold timestamps such as 2021-12-31 23:00"
        )
    if is_datetime64_any_dtype(column):
        stamps = column.dt.tz_convert("UTC") if column.dt.tz is not None else column
        _refuse_unread(table, time, time_format, stamps)
        return stamps
    text = table.text(time)
    if time_format is None:
        offset = text.map(lambda cell: _OFFSET.search(cell) is not None)
        aware = bool(offset.any())
        if aware and not offset.all():
            label = offset.index[~offset][0]
            raise DataError(
                f"{table.place(label)}: {time} is {text[label]!r}, without a UTC offset: other rows have one"
            )
    else:
        aware = "%z" in time_format or "%Z" in time_format
    stamps = pd.to_datetime(text, format=time_format or "ISO8601", errors="coerce", utc=aware)
    _refuse_unread(table, time, time_format, stamps)
    return stamps


def _refuse_unread(table: Table, time: str, time_format: str | None, stamps: "pd.Series") -> None:
    if stamps.isna().any():
        label = stamps.index[stamps.isna()][0]
        wanted = "such as 2021-12-31 23:00 (or give time_format)" if time_format is None else f"in {time_format}"
        raise DataError(f"{table.place(label)}: {time} is {table.text(time)[label]!r}: it must be a timestamp {wanted}")


def _refuse_partial_hours(table: Table, stamps: "pd.Series") -> None:
    partial = stamps[stamps != stamps.dt.floor("h")]
    if len(partial):
        raise DataError(
            f"{table.place(partial.index[0])}: {partial.iloc[0]} is not a full hour of the market's clock: "
            "one row an hour is needed (average shorter intervals first)"
        )


def _refuse_duplicates(
    table: Table,
    stamps: "pd.Series",
    duplicated: "pd.Series",
    timezone: str | None = "known",
    resolution: Resolution = "hour",
) -> None:
    if duplicated.any():
        stamp = stamps[duplicated].iloc[0]
        said, article = (_hour(stamp), "an") if resolution == "hour" else (_day(stamp), "a")
        labels = [str(label) for label in stamps.index[duplicated.to_numpy() & (stamps == stamp).to_numpy()]]
        hint = "" if timezone else " (if this is a clock change, declare timezone)"
        raise DataError(
            f"{table.source}: {resolution} {said} occurs {len(labels)} times, in {table.unit}s "
            f"{', '.join(labels[:5])}: one row {article} {resolution} is needed{hint}"
        )


def _unexplained(stamps: "pd.Series", twice: "pd.Series", zone: str | None) -> "pd.Series":
    # Duplicates of a naive clock that are not exactly the two passes of an hour repeated in autumn.
    if zone is None or not twice.any():
        return twice
    local = stamps.dt.tz_localize(zone, ambiguous="NaT", nonexistent="shift_forward")
    pairs = stamps.map(stamps.value_counts()) == 2
    explained: pd.Series = local.isna() & pairs
    return twice & ~explained


def _zone(timezone: str) -> str:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as cause:
        hint = closest(timezone, zoneinfo.available_timezones())
        question = f"did you mean {hint!r}? " if hint else ""
        raise DataError(f"timezone {timezone!r} is unknown: {question}names look like 'Europe/Oslo'") from cause
    return timezone


def _hour(stamp: "pd.Timestamp") -> str:
    return f"{stamp:%Y-%m-%d %H:%M}"


def _day(stamp: "pd.Timestamp") -> str:
    return f"{stamp:%Y-%m-%d}"
