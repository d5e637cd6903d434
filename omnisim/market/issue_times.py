"""Issue times of forecasts: of several for one period, the last one before gate closure counts."""

import datetime as dt
import re

import numpy as np

from omnisim.arrays import BoolArray
from omnisim.errors import DataError
from omnisim.market.moments import read_moments
from omnisim.market.stamps import Stamps, refuse_years
from omnisim.market.tables import Table


def gate_of(about: str, issued: str | None, gate_closure: str | None) -> dt.timedelta | None:
    """Time of the day before delivery until which forecasts are known; None where nothing is declared.

    Raises
    ------
    DataError
        If it is no time of the day, or one of the two is given without the other.
    """
    if (issued is None) != (gate_closure is None):
        raise DataError(f"{about}: issued (a column) and gate_closure (such as '12:00') must be given together")
    if gate_closure is None:
        return None
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", gate_closure)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise DataError(f"{about}: gate_closure is {gate_closure!r}: it must be a time of the day, such as '12:00'")
    return dt.timedelta(hours=int(match[1]), minutes=int(match[2]))


def known_rows(
    table: Table,
    stamps: Stamps,
    issued: str,
    issued_format: str | None,
    gate: dt.timedelta,
    zone: str | None,
    clock: str | None,
    about: str,
) -> tuple[BoolArray, list[str]]:
    """Mark the rows with the last forecast of their period that was issued until gate closure, and give notes.

    Raises
    ------
    DataError
        If an issue time cannot be read, or all forecasts of a period were issued later.
    """
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
