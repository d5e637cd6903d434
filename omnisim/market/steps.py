"""Time between the rows of a file, day by day."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

HOUR, DAY = 60, 1440
"""Minutes."""

_KNOWN = (1, 5, 10, 15, 20, 30, 60)
"""Minutes that rows within a day may be apart; where they are further, some are missing."""

_FEWEST = 3
"""Differences in a day that must agree for it to tell."""


def steps_of_rows(instants: "pd.Series", local: "pd.Series", *, closing: bool = False) -> "pd.Series":
    """Length of the period of each row, as timedeltas.

    It is the most common difference between the rows of its local day; a day with too few rows, or with rows so far
    apart that some must be missing, is taken to be as the day before it (or after it).

    Parameters
    ----------
    instants
        Stamps in order, naive or in UTC.
    local
        The same on the market's clock, which tells the days.
    closing
        Whether stamps close their periods, so that midnight belongs to the day before.
    """
    import pandas as pd

    moments = instants.to_numpy(dtype="datetime64[s]").astype(np.int64) // 60
    days = local.to_numpy(dtype="datetime64[s]") - np.timedelta64(int(closing), "s")
    days = days.astype("datetime64[D]").astype(np.int64)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(days)) + 1, [len(days)]]) if len(days) else np.array([0])
    found = np.full(len(starts) - 1, np.nan)
    for day, (start, stop) in enumerate(pairwise(starts)):
        step = _usual(np.diff(moments[start:stop]))
        if step in _KNOWN:
            found[day] = step
    if np.isnan(found).all():
        found[:] = _usual(np.diff(moments), 1) or DAY
        found[found >= DAY - HOUR] = DAY  # around a clock change a day is an hour shorter, and days may be missing
    told = pd.Series(found).ffill().bfill().to_numpy()
    minutes = np.repeat(told, np.diff(starts)).astype(np.int64)
    return pd.Series(minutes * np.timedelta64(60, "s").astype("timedelta64[ns]"), index=instants.index)


def said_minutes(minutes: int) -> str:
    """A length in words.

    >>> said_minutes(60), said_minutes(15), said_minutes(1440)
    ('an hour', '15 minutes', 'a day')
    """
    if minutes % HOUR:
        return f"{minutes} minute{'s' * (minutes > 1)}"
    hours = minutes // HOUR
    return "a day" if minutes == DAY else "an hour" if hours == 1 else f"{hours} hours"


def _usual(differences: np.ndarray, fewest: int = _FEWEST) -> int | None:
    lengths, counts = np.unique(differences[differences > 0], return_counts=True)
    if not len(lengths):
        return None
    at = int(counts.argmax())
    return int(lengths[at]) if counts[at] >= fewest else None
