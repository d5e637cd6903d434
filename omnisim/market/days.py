"""Periods of the market's clock -> delivery days, by declared policies that leave notes."""

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from omnisim.arrays import DateArray, FloatArray
from omnisim.errors import DataError
from omnisim.market.clock import ClockChange, Periods, by_day, nonexistent
from omnisim.market.data import in_periods
from omnisim.market.steps import DAY, HOUR

if TYPE_CHECKING:
    import pandas as pd

Missing = Literal["error", "interpolate", "drop_day"]

LONGEST_GAP = 3
"""Hours (or days) in a row that ``missing="interpolate"`` fills; a longer gap hides a peak and is an error."""

_SHOWN = 5


@dataclass(frozen=True)
class Days:
    """The values of D days: ``dates`` (D,), each column (D, H), and what was done to them.

    ``next_day`` has the other columns (H,) of the day after them, where it has no price yet.
    """

    dates: DateArray
    columns: dict[str, FloatArray]
    notes: tuple[str, ...]
    next_day: dict[str, FloatArray] = field(default_factory=dict)


def to_days(
    periods: Periods,
    number: int,
    *,
    missing: Missing = "error",
    clock_change: ClockChange = "average",
    played: tuple[dt.date | None, dt.date | None] = (None, None),
    price: str | None = None,
) -> Days:
    """Cut periods into days of ``number`` values; shorter ones are averaged.

    An incomplete first or last day is left out. The spring hour that does not exist is interpolated between
    its neighbours where the file has no value for it (unless ``clock_change="error"``). Every other period
    without a value is subject to ``missing``: an error, linear interpolation over at most three hours (or days of a
    daily file) in a row, or the whole day is dropped (then the days are no longer consecutive). Days with
    gaps outside those that are ``played``, from the first to the last, are left out whatever the policy; so are days at
    the end without any ``price``, where other columns know of them: they are still to come.

    Raises
    ------
    DataError
        If no whole day remains, or a value is missing and the policy does not cover it.
    """
    frame, notes = _whole_days(periods)
    if periods.minutes < DAY:
        notes += _fill_spring(periods, frame, clock_change)
    a_day = DAY // periods.minutes
    frame, ahead, coming = _split_off_what_is_to_come(frame, price, a_day)
    notes += coming
    frame, outside = _drop_outside(frame, *played)
    notes += outside
    if missing == "interpolate":
        notes += _interpolate(periods, frame)
    elif missing == "drop_day":
        frame, dropped = _drop_days(periods, frame)
        notes += dropped
    else:
        _refuse_missing(periods, frame)
    dates = frame.index[::a_day].to_numpy().astype("datetime64[D]")
    columns = {str(name): in_periods(frame[name].to_numpy().reshape(-1, a_day), number) for name in frame.columns}
    next_day = {
        str(name): in_periods(ahead[name].to_numpy().reshape(1, a_day), number)[0]
        for name in ahead.columns
        if not ahead[name].isna().any()
    }
    return Days(dates, columns, (*periods.notes, *notes), next_day)


def _whole_days(periods: Periods) -> tuple["pd.DataFrame", list[str]]:
    import pandas as pd

    notes: list[str] = []
    first, last = periods.frame.index[0], periods.frame.index[-1]
    if periods.minutes == DAY:
        return periods.frame.reindex(pd.date_range(first, last, freq="D")), notes
    length = pd.Timedelta(minutes=periods.minutes)
    start, end = first.ceil("D"), (last + length).floor("D")
    if start > first:
        notes.append(f"{first:%Y-%m-%d}: the first day begins at {first:%H:%M} and was left out")
    if end <= last:
        after = f"hour {last:%H}" if periods.minutes == HOUR else f"{last:%H:%M}"
        notes.append(f"{last:%Y-%m-%d}: the last day ends after {after} and was left out")
    if end <= start:
        raise DataError(
            f"{periods.source}: no whole day between {first} and {last}: at least one day of 24 hours is needed"
        )
    return periods.frame.reindex(pd.date_range(start, end, freq=length, inclusive="left")), notes


def _split_off_what_is_to_come(
    frame: "pd.DataFrame", price: str | None, a_day: int
) -> tuple["pd.DataFrame", "pd.DataFrame", list[str]]:
    """The days with prices, the other columns of the day after them, and a note on the days that have none."""
    nothing = frame.iloc[:0, :0]
    if price is None or len(frame.columns) == 1:
        return frame, nothing, []
    priced = np.atleast_1d(frame[price].notna().to_numpy().reshape(-1, a_day).any(axis=1))
    days = int(np.flatnonzero(priced)[-1]) + 1 if priced.any() else 0
    if days in (0, len(priced)):
        return frame, nothing, []
    cut = days * a_day
    first, number = frame.index[cut], len(priced) - days
    what = "the day has" if number == 1 else f"{number} days have"
    note = f"{first:%Y-%m-%d}: {what} no price yet and {'was' if number == 1 else 'were'} left out"
    return frame.iloc[:cut], frame.iloc[cut : cut + a_day].drop(columns=price), [note]


def _fill_spring(periods: Periods, frame: "pd.DataFrame", clock_change: ClockChange) -> list[str]:
    notes = []
    skipped = nonexistent(_index(frame), periods.timezone)
    names = by_day(skipped, periods.minutes)
    places = np.flatnonzero(frame.index.isin(skipped))
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
    if periods.minutes == HOUR:
        runs = [run[[i]] for run in runs for i in range(len(run))]
    for (date, which), run in zip(names, runs, strict=True):
        day = f"{date}: {which} does not exist (clock change)"
        if not frame.iloc[run].isna().any(axis=None):
            notes.append(f"{day}, the file's own value was kept")
            continue
        if clock_change == "error":
            raise DataError(
                f"{periods.source}: {day} and the file has no value for it: "
                "set clock_change to 'average' or 'first' to interpolate it"
            )
        before, after, steps = run[0] - 1, run[-1] + 1, len(run) + 1
        if before >= 0 and after < len(frame):
            for i, at in enumerate(run, start=1):
                between = (frame.iloc[before] * (steps - i) + frame.iloc[after] * i) / steps
                frame.iloc[at] = frame.iloc[at].fillna(between)
        if not frame.iloc[run].isna().any(axis=None):
            notes.append(f"{day}, filled by interpolation")
    return notes


def _refuse_missing(periods: Periods, frame: "pd.DataFrame") -> None:
    gaps = frame.isna()
    if not gaps.to_numpy().any():
        return
    start, word = frame.index[gaps.any(axis=1)][0], periods.word
    columns = ", ".join(str(name) for name in frame.columns[gaps.loc[start]])
    number = int(gaps.any(axis=1).sum())
    hint = "" if periods.timezone or periods.minutes == DAY else " (if this is a clock change, declare timezone)"
    raise DataError(
        f"{periods.source}: {word} {periods.start(start)} has no {columns} ({_count(number, f'such {word}')}): "
        f"set missing to 'interpolate' or 'drop_day' to allow gaps{hint}"
    )


def _interpolate(periods: Periods, frame: "pd.DataFrame") -> list[str]:
    source, word = periods.source, periods.word
    longest = LONGEST_GAP * max(1, HOUR // periods.minutes)
    notes = []
    for name in frame.columns:
        values = frame[name].to_numpy(copy=True)
        gaps = _runs(np.isnan(values))
        for start, stop in gaps:
            first = periods.start(frame.index[start])
            if stop - start > longest:
                raise DataError(
                    f"{source}: {stop - start} {word}s without {name} from {first}: missing "
                    f"'interpolate' fills at most {longest} in a row (use 'drop_day', or fill the file)"
                )
            if start == 0 or stop == len(values):
                raise DataError(
                    f"{source}: {word} {first} has no {name} and lies at the edge of the data: "
                    "it cannot be interpolated (use 'drop_day', or fill the file)"
                )
            values[start:stop] = np.interp(np.arange(start, stop), [start - 1, stop], [values[start - 1], values[stop]])
        if gaps:
            frame[name] = values
            filled = [periods.start(frame.index[i]) for start, stop in gaps for i in range(start, stop)]
            number = _count(len(filled), f"missing {word}")
            notes.append(f"{number} of {name} filled by interpolation: {_listing(filled)}")
    return notes


def _drop_days(periods: Periods, frame: "pd.DataFrame") -> tuple["pd.DataFrame", list[str]]:
    import pandas as pd

    day = _index(frame).normalize()
    bad = pd.DatetimeIndex(day[frame.isna().any(axis=1)].unique())
    if not len(bad):
        return frame, []
    kept = frame[~day.isin(bad)]
    what = "value" if periods.minutes == DAY else periods.word
    if kept.empty:
        raise DataError(f"{periods.source}: every day has a missing {what}: nothing remains after missing 'drop_day'")
    shown = _listing([f"{one:%Y-%m-%d}" for one in bad])
    return kept, [f"{_count(len(bad), 'day')} with missing {what}s dropped: {shown}"]


def _drop_outside(
    frame: "pd.DataFrame", first: dt.date | None, last: dt.date | None
) -> tuple["pd.DataFrame", list[str]]:
    import pandas as pd

    day = _index(frame).normalize()
    before = day < pd.Timestamp(first) if first is not None else np.zeros(len(day), dtype=bool)
    after = day > pd.Timestamp(last) if last is not None else np.zeros(len(day), dtype=bool)
    bad = pd.DatetimeIndex(day[frame.isna().any(axis=1).to_numpy() & (before | after)].unique())
    if not len(bad) or len(bad) == len(day.unique()):
        return frame, []
    shown = _listing([f"{one:%Y-%m-%d}" for one in bad])
    return frame[~day.isin(bad)], [f"{_count(len(bad), 'day')} with gaps outside the days played left out: {shown}"]


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _index(frame: "pd.DataFrame") -> "pd.DatetimeIndex":
    import pandas as pd

    return pd.DatetimeIndex(frame.index)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listing(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
