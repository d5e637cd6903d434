"""Days and the periods in them -> moments on the file's clock, also on days of 23 and 25 hours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisim.arrays import IntArray
from omnisim.errors import DataError
from omnisim.market.midnights import closing_midnights
from omnisim.market.period_codes import Code, is_ending, parse_period
from omnisim.market.steps import DAY, HOUR
from omnisim.market.tables import Table

if TYPE_CHECKING:
    import pandas as pd

_LENGTHS = (60, 30, 15, 5)
"""Minutes of a period, in the order in which days are tried."""


@dataclass(frozen=True)
class Placed:
    """Naive ``stamps`` of rows on the file's clock, and which end of the periods they are."""

    stamps: "pd.Series"
    edge: Any
    notes: tuple[str, ...] = ()


def starts_of_periods(table: Table, days: "pd.Series", column: str, zone: str | None, stamp: str | None) -> Placed:
    """The stamps of rows whose day and whose period in it stand in two columns.

    Numbers count the periods of the day that there are: on the day of a clock change 23 or 25 hours, unless the day has
    all numbers to 24 or leaves one out, as a file on the clock does. Times of the clock are what they say.

    Parameters
    ----------
    days
        Naive midnights, one for each row.
    zone
        In which the days have their lengths.
    stamp
        As declared: needed only for times of the clock.

    Raises
    ------
    DataError
        If a cell names no period, or cells contradict each other.
    """
    text = table.raw(column)
    kinds = {cell: parse_period(cell) for cell in text.unique()}
    if any(code and code.kind == "number" and code.value > 300 for code in kinds.values()) or any(
        code is None and cell.isdigit() for cell, code in kinds.items()
    ):
        kinds = {cell: parse_period(cell, compact=True) for cell in kinds}
    for cell, code in kinds.items():
        if code is None:
            label = text.index[(text == cell).to_numpy()][0]
            raise DataError(
                f"{table.place(label)}: {column} is {cell!r}: it must name a period of the day, such as 1, 01:00, "
                "00 - 01, HE 1 or H01"
            )
    codes = [kinds[cell] for cell in text]
    if len({code.kind for code in codes if code}) > 1:
        raise DataError(f"{table.source}: column {column!r} holds both numbers and times of the clock")
    known = [code for code in codes if code]
    if known and known[0].kind == "number":
        numbers = np.array([code.value for code in known], dtype=np.int64)
        if numbers.max() != 23 or not closing_midnights(table.source, column, _days(days), numbers, stamp, "0").any():
            return _numbers(table, days, column, known, zone)
        known = [Code("clock", HOUR * code.value) for code in known]
    return _clock(table, days, column, known, stamp)


def _clock(table: Table, days: "pd.Series", column: str, codes: list[Code], stamp: str | None) -> Placed:
    import pandas as pd

    values = np.array([code.value for code in codes], dtype=np.int64)
    minutes = pd.Series(values, index=days.index)
    ranges = all(code.end is not None for code in codes)
    edge, notes = stamp, []
    at_end = closing_midnights(table.source, column, _days(days), values, stamp)
    if ranges:
        if stamp == "end":
            raise DataError(f"{table.source}: column {column!r} names both ends of a period: leave stamp out")
        edge = "start"
        minutes = minutes.mask(at_end, DAY)
    elif at_end.any():
        minutes = minutes.mask(at_end, DAY)
        edge = "end"
        if stamp is None:
            notes.append(f"times close their period: 00:00 in column {column!r} stands behind the others of its date")
    elif (minutes == DAY).any():
        if stamp == "start":
            raise DataError(f"{table.source}: column {column!r} says 24:00, where no period begins: set stamp = 'end'")
        edge = "end"
        if stamp is None:
            notes.append(f"times close their period, since column {column!r} says 24:00")
    elif stamp is None and is_ending(column):
        raise DataError(
            f"{table.source}: the name of column {column!r} says that times close their period, but none is 24:00: set "
            "stamp to 'end', where 00:00 closes the day before, or to 'start'"
        )
    return Placed(days + pd.to_timedelta(minutes, unit="min"), edge or "start", tuple(notes))


def _numbers(table: Table, days: "pd.Series", column: str, codes: list[Code], zone: str | None) -> Placed:
    import pandas as pd

    numbers = np.array([code.value for code in codes])
    marked = np.array([code.marked for code in codes])
    quarter = codes[0].quarter
    zero = bool((numbers == 0).any())
    if zero and (numbers >= 24).any() and numbers.max() in (24, 48, 96, 288):
        raise DataError(
            f"{table.source}: column {column!r} counts from 0 and to {numbers.max()}: it must be one of both"
        )
    position = numbers if zero else numbers - 1
    frame = pd.DataFrame({"day": days.to_numpy(), "position": position})
    most, counts = (getattr(frame.groupby("day")["position"], name)() for name in ("max", "nunique"))
    lengths = _lengths(most.where(most + 1 == counts), most, quarter)
    length = frame["day"].map(lengths).to_numpy()
    values = pd.Series(days.to_numpy() + (position * length) * np.timedelta64(1, "m"), index=days.index)
    notes: list[str] = []
    usual = DAY // lengths
    special = [day for day in most.index if most[day] + 1 > usual[day] or (zone and _hours(day, zone) != 24)]
    if zone is None:
        if special:
            day = special[0]
            raise DataError(
                f"{table.source}: {day:%Y-%m-%d} has a period {numbers[(frame['day'] == day).to_numpy()].max()} in "
                f"column {column!r}: on the day of a clock change timezone must name the zone"
            )
        return Placed(values, "start")
    for day in special:
        inside = (frame["day"] == day).to_numpy()
        real = round(_hours(day, zone) * HOUR / lengths[day])
        if marked[inside].any() or quarter:
            continue
        if most[day] + 1 > max(real, usual[day]):
            raise DataError(
                f"{table.source}: {day:%Y-%m-%d} has {real} periods in {zone}, but column {column!r} goes to "
                f"{numbers[inside].max()}: is timezone right?"
            )
        if most[day] + 1 == real and counts[day] == real and real != usual[day]:
            midnight = pd.Timestamp(day).tz_localize(zone).tz_convert("UTC")
            elapsed = midnight + pd.to_timedelta(position[inside] * lengths[day], unit="min")
            values[inside] = elapsed.tz_convert(zone).tz_localize(None).to_numpy()
    return Placed(values, "start", tuple(notes))


def _days(days: "pd.Series") -> IntArray:
    return days.to_numpy().astype("datetime64[D]").astype(np.int64)


def _lengths(whole: "pd.Series", most: "pd.Series", quarter: bool) -> "pd.Series":
    """Minutes of the periods of each day, by the highest position in it where none before it is left out.

    Days that do not tell are as those before them.
    """
    import pandas as pd

    full: dict[float, int] = {}
    for length in _LENGTHS:
        for hours in (-1, 0, 1):
            full.setdefault(DAY // length + hours * HOUR // length, length)
    told = whole.map(lambda position: full.get(position + 1, np.nan)).astype(float)
    if quarter:
        told[:] = 15.0
    if len(told) > 1 and told.iloc[-1] > told.iloc[-2]:
        told.iloc[-1] = told.iloc[-2]  # the last day is cut short: markets do not become coarser
    told = told.ffill().bfill()
    if told.isna().any():
        last = int(most.max())
        told[:] = next((length for length in _LENGTHS if last < DAY // length + HOUR // length), _LENGTHS[-1])
    return pd.Series(told.astype(np.int64), index=most.index)


def _hours(day: Any, zone: str) -> float:
    import pandas as pd

    start = pd.Timestamp(day).tz_localize(zone)
    end = (pd.Timestamp(day) + pd.Timedelta(days=1)).tz_localize(zone)
    return float((end - start) / pd.Timedelta(hours=1))
