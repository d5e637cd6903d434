"""The days of a forecast beside those of a market, and what stands for days that have none."""

import datetime as dt

import numpy as np

from omnisim.arrays import DateArray, FloatArray
from omnisim.errors import DataError
from omnisim.market.data import Market


def beside_market(
    market: Market,
    name: str,
    dates: DateArray,
    values: FloatArray,
    missing: str,
    first: dt.date | None,
    last: dt.date | None,
) -> tuple[FloatArray, list[str]]:
    """A forecast on the days of the market, (D, H) or (D, H, K), and notes.

    Parameters
    ----------
    dates : (E,)
        Days that have a forecast.
    values : (E, H) or (E, H, K)
        One number for each period, or K quantiles or members.
    missing
        What stands for days without one: ``"error"``, ``"previous"``, or the name of another forecast.
    first, last
        Days that will be played; others take the prices of the day before.

    Raises
    ------
    DataError
        If a day has none and nothing stands for it.
    """
    rows = {day: t for t, day in enumerate(dates.tolist())}
    given: list[dt.date] = market.dates.tolist()
    alike = values.shape[2:]
    found = np.full(market.prices.shape + alike, np.nan)
    absent: dict[dt.date, int] = {}
    idle = 0
    for t, day in enumerate(given):
        if day in rows:
            found[t] = values[rows[day]]
        elif (first is not None and day < first) or (last is not None and day > last):
            found[t] = _repeated(market.prices[max(0, t - 1)], alike)
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
    found[[*absent.values()]] = _repeated(market.forecast(missing)[[*absent.values()]], alike)
    what = f"that of {missing!r}" + (", as one number without any spread" if alike else "")
    return found, [*told, f"{len(absent)} days without a forecast take {what} ({shown})"]


def _repeated(values: FloatArray, alike: tuple[int, ...]) -> FloatArray:
    return np.broadcast_to(values[..., None], values.shape + alike) if alike else values
