"""Rows of the market's clock -> delivery days of 24 prices, or of one, by declared policies that leave notes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from omnisim.arrays import DateArray, FloatArray
from omnisim.errors import DataError
from omnisim.market.clock import ClockChange, Periods, nonexistent
from omnisim.market.data import PRICES_A_DAY

if TYPE_CHECKING:
    import pandas as pd

Missing = Literal["error", "interpolate", "drop_day"]

LONGEST_GAP = 3
"""Hours (or days) in a row that ``missing="interpolate"`` fills; a longer gap hides a peak and is an error."""

_SHOWN = 5


@dataclass(frozen=True)
class Days:
    """The values of D days: ``dates`` (D,), each column (D, H), and what was done to them."""

    dates: DateArray
    columns: dict[str, FloatArray]
    notes: tuple[str, ...]


def to_days(periods: Periods, *, missing: Missing = "error", clock_change: ClockChange = "average") -> Days:
    """Cut hours into days, or take days as they are.

    An incomplete first or last day is left out. The spring hour that does not exist is interpolated between
    its neighbours where the file has no value for it (unless ``clock_change="error"``). Every other hour, or day
    of a daily file, without a value is subject to ``missing``: an error, linear interpolation over at most three
    in a row, or the whole day is dropped (then the days are no longer consecutive).

    Raises
    ------
    DataError
        If no whole day remains, or a value is missing and the policy does not cover it.
    """
    frame, notes = _whole_days(periods)
    if periods.resolution == "hour":
        notes += _fill_spring(periods, frame, clock_change)
    if missing == "interpolate":
        notes += _interpolate(periods, frame)
    elif missing == "drop_day":
        frame, dropped = _drop_days(periods, frame)
        notes += dropped
    else:
        _refuse_missing(periods, frame)
    a_day = PRICES_A_DAY[periods.resolution]
    dates = frame.index[::a_day].to_numpy().astype("datetime64[D]")
    columns = {str(name): frame[name].to_numpy().reshape(-1, a_day) for name in frame.columns}
    return Days(dates, columns, (*periods.notes, *notes))


def _whole_days(periods: Periods) -> tuple["pd.DataFrame", list[str]]:
    import pandas as pd

    notes: list[str] = []
    first, last = periods.frame.index[0], periods.frame.index[-1]
    if periods.resolution == "day":
        return periods.frame.reindex(pd.date_range(first, last, freq="D")), notes
    start, end = first.ceil("D"), (last + pd.Timedelta(hours=1)).floor("D")
    if start > first:
        notes.append(f"{first:%Y-%m-%d}: the first day begins at {first:%H:%M} and was left out")
    if end <= last:
        notes.append(f"{last:%Y-%m-%d}: the last day ends after hour {last:%H} and was left out")
    if end <= start:
        raise DataError(
            f"{periods.source}: no whole day between {first} and {last}: at least one day of 24 hours is needed"
        )
    return periods.frame.reindex(pd.date_range(start, end, freq="h", inclusive="left")), notes


def _fill_spring(periods: Periods, frame: "pd.DataFrame", clock_change: ClockChange) -> list[str]:
    notes = []
    for hour in nonexistent(_index(frame), periods.timezone):
        at = int(np.flatnonzero(frame.index == hour)[0])
        day = f"{hour:%Y-%m-%d}: hour {hour:%H} does not exist (clock change)"
        if not frame.iloc[at].isna().any():
            notes.append(f"{day}, the file's own value was kept")
            continue
        if clock_change == "error":
            raise DataError(
                f"{periods.source}: {day} and the file has no value for it: "
                "set clock_change to 'average' or 'first' to interpolate it"
            )
        if 0 < at < len(frame) - 1:
            between = (frame.iloc[at - 1] + frame.iloc[at + 1]) / 2
            frame.iloc[at] = frame.iloc[at].fillna(between)
        if not frame.iloc[at].isna().any():
            notes.append(f"{day}, filled by interpolation")
    return notes


def _refuse_missing(periods: Periods, frame: "pd.DataFrame") -> None:
    gaps = frame.isna()
    if not gaps.to_numpy().any():
        return
    start, word = frame.index[gaps.any(axis=1)][0], periods.resolution
    columns = ", ".join(str(name) for name in frame.columns[gaps.loc[start]])
    number = int(gaps.any(axis=1).sum())
    hint = "" if periods.timezone or word == "day" else " (if this is a clock change, declare timezone)"
    raise DataError(
        f"{periods.source}: {word} {periods.start(start)} has no {columns} ({_count(number, f'such {word}')}): "
        f"set missing to 'interpolate' or 'drop_day' to allow gaps{hint}"
    )


def _interpolate(periods: Periods, frame: "pd.DataFrame") -> list[str]:
    source, word = periods.source, periods.resolution
    notes = []
    for name in frame.columns:
        values = frame[name].to_numpy(copy=True)
        gaps = _runs(np.isnan(values))
        for start, stop in gaps:
            first = periods.start(frame.index[start])
            if stop - start > LONGEST_GAP:
                raise DataError(
                    f"{source}: {stop - start} {word}s without {name} from {first}: missing "
                    f"'interpolate' fills at most {LONGEST_GAP} in a row (use 'drop_day', or fill the file)"
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
    what = "hour" if periods.resolution == "hour" else "value"
    if kept.empty:
        raise DataError(f"{periods.source}: every day has a missing {what}: nothing remains after missing 'drop_day'")
    shown = _listing([f"{one:%Y-%m-%d}" for one in bad])
    return kept, [f"{_count(len(bad), 'day')} with missing {what}s dropped: {shown}"]


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
