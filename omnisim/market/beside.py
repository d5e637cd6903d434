"""Days of a file that stands beside the prices of a market: forecasts of them, and signals."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnisim.arrays import BoolArray, DateArray, FloatArray
from omnisim.market.clock import local_periods
from omnisim.market.data import PRICES_A_DAY, Market
from omnisim.market.days import to_days
from omnisim.market.stamps import Stamps
from omnisim.market.suspicions import warn_of_clock
from omnisim.market.tables import Table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Beside:
    """Days that a file has, in the periods of the market.

    Attributes
    ----------
    dates : (E,)
        Those that are complete.
    columns
        Each of its columns, (E, H).
    minutes
        Length of the periods of the file.
    notes, warnings
        What was done, and what is likely wrong.
    """

    dates: DateArray
    columns: dict[str, FloatArray]
    minutes: int
    notes: list[str]
    warnings: list[str]


def days_beside(
    market: Market,
    table: Table,
    values: "pd.DataFrame",
    stamps: Stamps,
    there: BoolArray,
    *,
    zone: str | None,
    resample: bool | None,
) -> Beside:
    """The complete days of a file, as days of the market.

    Parameters
    ----------
    values
        Columns of numbers, a row for each of the ``stamps``.
    there
        Rows in which there are numbers.
    zone
        The clock of days; None for that of the stamps.
    resample
        Whether other periods are made those of the market; None where that loses nothing.

    Raises
    ------
    DataError
        If the periods do not fit those of the market.
    """
    suspected = warn_of_clock(table.source, stamps, zone, there)
    periods = local_periods(table, values, stamps, timezone=zone, resolution=market.resolution, resample=resample)
    days = to_days(periods, PRICES_A_DAY[market.resolution], missing="drop_day")
    # A day that is missing is told of by whoever needs it.
    notes = [note for note in days.notes if "dropped" not in note]
    return Beside(days.dates, days.columns, periods.minutes, notes, suspected)
