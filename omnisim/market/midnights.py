"""The order of the rows of each date: whether its 00:00 opens it, or stands last and closes it."""

import numpy as np

from omnisim.arrays import BoolArray, IntArray
from omnisim.errors import DataError


def closing_midnights(
    source: str, column: str, days: IntArray, values: IntArray, stamp: str | None, zero: str = "00:00"
) -> BoolArray:
    """Rows whose value 0 is the end of their date, as it stands behind all others of it.

    Rows may be in either order of time; dates whose rows are in none tell nothing.

    Parameters
    ----------
    days
        Of each row, in the order of the file.
    values
        Minutes since midnight, or numbers of periods, in the same order.
    stamp
        As declared.
    zero
        How the column writes the value 0, for messages.

    Raises
    ------
    DataError
        If the rows of dates go over midnight and on, so that some lie on another day than their date; if 0 is the
        first of some dates and the last of others, and ``stamp`` is not declared; or if it closes dates although stamps
        are declared to be the starts.

    Examples
    --------
    >>> closing_midnights("a.csv", "Hour", np.array([0, 0, 0, 1, 1, 1]), np.array([60, 120, 0, 60, 120, 0]), None)
    array([False, False,  True, False, False,  True])
    """
    none = np.zeros(len(values), dtype=bool)
    if not (values == 0).any():
        return none
    code, first, last, falls = _order(days, values)
    goes_round = (falls == 1) & (last < first)
    opening = (first == 0) & (last > 0) & ~goes_round & (falls <= 1)
    if (goes_round & (last > 0)).sum() > max(1, int(opening.sum())):
        raise DataError(
            f"{source}: the rows of a date go on beyond {zero} in column {column!r}, so the date is not the one of the "
            "clock (a trading day?): set time to a column of whole stamps, or write the date of the clock"
        )
    closing = goes_round & (last == 0)
    if not closing.any():
        return none
    if opening.any() and stamp is None:
        raise DataError(
            f"{source}: {zero} in column {column!r} stands behind the other rows of {closing.sum()} dates, and before "
            f"those of {opening.sum()}: set stamp = 'start' if it opens its date, or stamp = 'end' if it closes those"
        )
    if stamp == "start":
        if opening.any():
            return none
        raise DataError(
            f"{source}: {zero} in column {column!r} stands behind all other rows of its date, where no period begins: "
            "set stamp = 'end'"
        )
    return np.asarray(closing[code] & (values == 0))


def _order(days: IntArray, values: IntArray) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """The date of each row, counted from 0; of each date the first and last value, and how often values fall.

    In the order of time: if values fall more often than they rise, rows are taken from the last to the first.
    """
    _, code = np.unique(days, return_inverse=True)
    by_day = np.argsort(code, kind="stable")
    sorted_code, ordered = code[by_day], values[by_day]
    inside = np.diff(sorted_code) == 0
    change = np.diff(ordered)[inside]
    if (change < 0).sum() > (change > 0).sum():
        by_day = np.argsort(code[::-1], kind="stable")
        ordered = values[::-1][by_day]
    starts = np.concatenate([[0], np.flatnonzero(~inside) + 1])
    ends = np.concatenate([starts[1:], [len(ordered)]]) - 1
    fallen = np.concatenate([[0], np.cumsum((np.diff(ordered) < 0) & inside)])
    return code, ordered[starts], ordered[ends], fallen[ends] - fallen[starts]
