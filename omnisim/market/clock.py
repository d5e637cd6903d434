"""Rows with stamps of time -> one row per period of the market's own clock.

The rows of a day tell how far they are apart, so that a file may change from hours to quarters in the middle. All rows
are put on the finest of these steps (a coarser row is repeated), and what is finer than the declared resolution is
averaged when the days are cut (:mod:`omnisim.market.days`).

A file either carries UTC offsets (then its periods are unambiguous and are converted to the declared zone) or shows the
naive clock of the market, where what the autumn clock change repeats appears twice.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from omnisim.errors import DataError
from omnisim.market.data import MINUTES, PRICES_A_DAY, Resolution
from omnisim.market.stamps import Stamps
from omnisim.market.steps import DAY, HOUR, said_minutes, steps_of_rows
from omnisim.market.tables import Table

if TYPE_CHECKING:
    import pandas as pd

ClockChange = Literal["average", "first", "error"]


@dataclass(frozen=True)
class Periods:
    """Values of the periods of a market's clock: ``frame`` is indexed by their naive, increasing, unique starts.

    Attributes
    ----------
    minutes
        How long each is; one that the file leaves out has no row.
    """

    source: str
    timezone: str | None
    frame: "pd.DataFrame"
    notes: tuple[str, ...]
    minutes: int = HOUR

    @property
    def word(self) -> str:
        """Name of a period in messages."""
        return word_of(self.minutes)

    def start(self, stamp: "pd.Timestamp") -> str:
        """Beginning of a period as messages write it."""
        return _day(stamp) if self.minutes == DAY else _time(stamp)


def word_of(minutes: int) -> str:
    """Name of a period of that length in messages."""
    return {HOUR: "hour", DAY: "day"}.get(minutes, f"{minutes}-minute period")


def local_periods(
    table: Table,
    values: "pd.DataFrame",
    stamps: Stamps,
    *,
    timezone: str | None = None,
    resolution: Resolution = "hour",
    resample: bool | None = None,
    clock_change: ClockChange = "average",
) -> Periods:
    """Put ``values``, whose rows are those of ``table``, on the clock of the market.

    Parameters
    ----------
    stamps
        When each row begins.
    timezone
        The market's zone. Needed for stamps with UTC offsets, and for a naive clock that shows clock changes.
    resolution
        What is wanted of the file.
    resample
        Whether its rows may be further apart, or closer: None only where that changes once in the middle.
    clock_change
        What becomes of the periods that the autumn clock change repeats: their two values are averaged, the first
        is taken, or it is an error.

    Raises
    ------
    DataError
        If a stamp does not begin a period or appears twice, the rows are further apart or closer than declared, or
        offsets come without a zone.
    """
    if stamps.aware and timezone is None:
        raise DataError(
            f"{table.source}: {stamps.described} carries UTC offsets, so timezone must name the market's zone, "
            "such as 'Europe/Oslo'"
        )
    instants, order = _in_order(stamps)
    rows = steps_of_rows(instants, _local(instants, timezone))
    notes = [*stamps.notes, *(["the rows were not in the order of time and were sorted"] if _mixed(stamps) else [])]
    minutes = (rows.to_numpy() // np.timedelta64(1, "m")).astype(np.int64)
    if stamps.aware:
        _refuse_duplicates(table, instants, _local(instants, timezone), minutes, "known")
    local = _local(instants, timezone)
    _refuse_misaligned(table, local, minutes, resolution, resample)
    working, told = _working_step(table, local, minutes, resolution, resample)
    if not stamps.aware:
        _refuse_duplicates(table, local, local, minutes, timezone, unexplained=True)
    placed, index = _refined(local, minutes, working)
    frame = values.iloc[order[placed]].set_axis(index)
    frame = frame.iloc[np.argsort(index.to_numpy(), kind="stable")]
    frame, changed = _once(table, frame, working, clock_change)
    return Periods(table.source, timezone, frame, (*notes, *told, *changed), working)


def nonexistent(starts: "pd.DatetimeIndex", timezone: str | None) -> "pd.DatetimeIndex":
    """Select the naive local ``starts`` that the spring clock change of the zone skips.

    >>> import pandas as pd
    >>> night = pd.date_range("2021-03-14", periods=9, freq="h")
    >>> [str(hour) for hour in nonexistent(night, "America/Chicago")]
    ['2021-03-14 02:00:00']
    """
    if timezone is None:
        return starts[:0]
    local = starts.tz_localize(timezone, nonexistent="NaT", ambiguous=np.ones(len(starts), dtype=bool))
    return starts[local.isna()]


def by_day(starts: "pd.DatetimeIndex", minutes: int) -> list[tuple[str, str]]:
    """Days and, for each, how messages name those of its periods: ``("2021-03-28", "hour 02")``."""
    found: dict[str, list[Any]] = {}
    for start in starts:
        found.setdefault(_day(start), []).append(start)
    if minutes == HOUR:
        return [(day, f"hour {start:%H}") for day, each in found.items() for start in each]
    length = np.timedelta64(minutes, "m")
    return [(day, f"{each[0]:%H:%M} to {each[-1] + length:%H:%M}") for day, each in found.items()]


def _in_order(stamps: Stamps) -> tuple["pd.Series", np.ndarray]:
    starts = stamps.starts
    order = starts.argsort(kind="stable").to_numpy()
    if len(starts) > 1 and starts.iloc[0] > starts.iloc[-1]:
        # The newest first: so is the second pass of what autumn repeats.
        order = len(starts) - 1 - starts[::-1].argsort(kind="stable").to_numpy()
    return stamps.starts.iloc[order], order


def _mixed(stamps: Stamps) -> bool:
    # The second pass of what autumn repeats is in order.
    return not stamps.starts[~stamps.starts.duplicated(keep="first")].is_monotonic_increasing


def _local(instants: "pd.Series", timezone: str | None) -> "pd.Series":
    import pandas as pd

    if instants.dt.tz is None:
        return instants
    return pd.Series(instants.dt.tz_convert(timezone).dt.tz_localize(None))


def _working_step(
    table: Table, local: "pd.Series", minutes: np.ndarray, resolution: Resolution, resample: bool | None
) -> tuple[int, list[str]]:
    """The step, in minutes, on which all rows are put, and a note where it is not theirs, or not the declared one."""
    target = MINUTES[resolution]
    kinds = sorted(set(minutes.tolist()))
    if kinds == [target]:
        return target, []
    if target < DAY and kinds[-1] == DAY:
        if len(kinds) > 1:
            raise DataError(
                f"{table.source}: some rows are a day apart, others {said_minutes(kinds[0])}: keep one kind"
            )
        raise DataError(
            f"{table.source}: every row from {_day(local.iloc[0])} to {_day(local.iloc[-1])} begins a day: one row "
            f"{_article(target)} {word_of(target)} is needed, or resolution 'day' for one price a day"
        )
    changes = np.flatnonzero(np.diff(minutes))
    names = [name for name, length in MINUTES.items() if length == kinds[0]]
    if resample is False or (resample is None and len(changes) != 1):
        apart = " or ".join(said_minutes(kind) for kind in kinds)
        own = f"set resolution = {names[0]!r}, or " if names and len(kinds) == 1 else "set "
        done = "average" if kinds[0] < target else "repeat"
        raise DataError(
            f"{table.source}: its rows are {apart} apart, but resolution is {resolution!r}: "
            f"{own}resample = true to {done} them"
        )
    working = min(kinds[0], target)
    if any(each % working for each in (*kinds, target)):
        raise DataError(
            f"{table.source}: its rows are {' and '.join(said_minutes(kind) for kind in kinds)} apart, which does not "
            f"make periods of {said_minutes(target)}"
        )
    resampled = [
        *([f"those {said_minutes(kind)} long were repeated" for kind in kinds if kind > target]),
        *([f"those {said_minutes(kind)} long were averaged" for kind in kinds if kind < target]),
    ]
    apart = f"its rows are {said_minutes(kinds[0])} apart"
    if len(changes):
        first, then = (said_minutes(int(minutes[at])) for at in (changes[0], changes[0] + 1))
        apart = f"its rows are {first} apart, and {then} from {_day(local.iloc[changes[0] + 1])} on"
    number = PRICES_A_DAY[resolution]
    return working, [f"{apart}: to have {number} price{'s' * (number > 1)} a day, {' and '.join(resampled)}"]


def _refined(local: "pd.Series", minutes: np.ndarray, working: int) -> tuple[np.ndarray, "pd.DatetimeIndex"]:
    # Rows that are longer than the step stand for all the steps they last.
    import pandas as pd

    several = minutes // working
    placed = np.repeat(np.arange(len(local)), several)
    within = np.arange(len(placed)) - np.repeat(np.cumsum(several) - several, several)
    return placed, pd.DatetimeIndex(local.to_numpy()[placed] + within * np.timedelta64(working, "m"))


def _once(
    table: Table, frame: "pd.DataFrame", minutes: int, clock_change: ClockChange
) -> tuple["pd.DataFrame", list[str]]:
    import pandas as pd

    repeated = pd.DatetimeIndex(frame.index[frame.index.duplicated(keep="first")].unique())
    if not len(repeated):
        return frame, []
    if clock_change == "error":
        raise DataError(
            f"{table.source}: {word_of(minutes)} {_time(repeated[0])} occurs twice (clock change): "
            "set clock_change to 'average' or 'first' to resolve it"
        )
    once = frame[~frame.index.duplicated(keep="first")]
    if clock_change == "average":
        once = (once + frame[~frame.index.duplicated(keep="last")]) / 2
    done = "averaged" if clock_change == "average" else "the first was kept"
    return once, [f"{day}: {which} occurs twice (clock change), {done}" for day, which in by_day(repeated, minutes)]


def _refuse_misaligned(
    table: Table, local: "pd.Series", minutes: np.ndarray, resolution: Resolution, resample: bool | None
) -> None:
    since = (local - local.dt.normalize()).to_numpy() / np.timedelta64(1, "m")
    if resolution == "day" and not resample:
        minutes = np.full(len(minutes), DAY)
    off = np.flatnonzero(since % minutes)
    if not len(off):
        return
    at, length = off[0], int(minutes[off[0]])
    what, cure = f"does not begin one of the {said_minutes(length)} that its rows are apart", ""
    if length == HOUR:
        what, cure = "is not a full hour of the market's clock", ": one row an hour is needed (average others first)"
    elif length == DAY:
        what = "is not the beginning of a day of the market's clock"
        cure = ": one row a day is needed, or resolution 'hour' for hourly prices, or resample = true for their mean"
    raise DataError(f"{table.place(local.index[at])}: {local.iloc[at]} {what}{cure}")


def _refuse_duplicates(
    table: Table,
    instants: "pd.Series",
    local: "pd.Series",
    minutes: np.ndarray,
    timezone: str | None,
    *,
    unexplained: bool = False,
) -> None:
    twice = instants.duplicated(keep=False)
    if unexplained and timezone is not None and twice.any():
        twice &= ~_two_passes(instants, timezone)
    if not twice.any():
        return
    at = int(np.flatnonzero(twice.to_numpy())[0])
    length = int(minutes[at])
    said = _day(local.iloc[at]) if length == DAY else _time(local.iloc[at])
    labels = [str(label) for label in instants.index[(instants == instants.iloc[at]).to_numpy()]]
    hint = "" if timezone or length == DAY else " (if this is a clock change, declare timezone)"
    if len(labels) > 2:
        hint += " (if the file holds several markets, select one)"
    raise DataError(
        f"{table.source}: {word_of(length)} {said} occurs {len(labels)} times, in {table.unit}s "
        f"{', '.join(labels[:5])}: one row {_article(length)} {word_of(length)} is needed{hint}"
    )


def _two_passes(local: "pd.Series", timezone: str) -> "pd.Series":
    # Stamps of a naive clock that are exactly the two passes of what is repeated in autumn.
    zoned = local.dt.tz_localize(timezone, ambiguous="NaT", nonexistent="shift_forward")
    passes: pd.Series = zoned.isna() & (local.map(local.value_counts()) == 2)
    return passes


def _article(minutes: int) -> str:
    return "an" if minutes == HOUR else "a"


def _time(stamp: "pd.Timestamp") -> str:
    return f"{stamp:%Y-%m-%d %H:%M}"


def _day(stamp: "pd.Timestamp") -> str:
    return f"{stamp:%Y-%m-%d}"
