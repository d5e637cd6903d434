"""Tables with one row a day and one column for each of its periods -> tables with a row for each price."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from omnisim.errors import DataError
from omnisim.market.period_codes import Code, parse_period
from omnisim.market.tables import Table

PERIOD, PRICE = "period of the day", "price"
"""Columns of the table that is made."""

_FEWEST = 23
"""Columns of periods that a wide table has at least."""


def period_columns(columns: Sequence[str]) -> dict[str, Code]:
    """The columns whose names are periods of a day."""
    found = {name: code for name in columns if (code := parse_period(name)) is not None}
    kinds = {code.kind for code in found.values()}
    return found if len(kinds) == 1 else {}


def unpivoted(table: Table, dates: Sequence[str] = ()) -> Table:
    """The table with its columns of periods below each other, in the columns ``period of the day`` and ``price``.

    Cells that are empty behind the last price of a day, or in a column that is there for the autumn clock change only,
    are no periods of that day. Other columns stay, and those with a digit in their names are told.

    Parameters
    ----------
    dates
        Columns that make the date.

    Raises
    ------
    DataError
        If fewer than 23 columns are named like periods.
    """
    import pandas as pd

    codes = period_columns(table.columns)
    if len(codes) < _FEWEST:
        raise DataError(
            f"{table.source}: a wide table has a column for each period of the day, such as 1 to 24, H01 or 00:00: "
            f"{len(codes)} of its columns are named so"
        )
    kept = [name for name in table.columns if name not in codes]
    usual = next(number for number in (24, 48, 96, 288) if len(codes) <= number + number // 24 + 1)
    parts = []
    empty = pd.DataFrame({name: table.text(name) == "" for name in codes})
    trailing = empty.iloc[:, ::-1].cummin(axis=1).iloc[:, ::-1]
    for name, code in codes.items():
        part = table.frame[kept].copy()
        part[PERIOD], part[PRICE] = name, table.column(name)
        extra = code.later or (code.kind == "number" and code.value > usual)
        idle = trailing[name] | (empty[name] if extra else False)
        parts.append(part[~idle.to_numpy()])
    frame = pd.concat(parts)
    if frame.empty:
        raise DataError(f"{table.source}: its {len(codes)} columns of periods are empty: prices are needed")
    frame = frame.iloc[np.argsort(frame.index.to_numpy(), kind="stable")]
    near = [name for name in kept if name not in dates and any(character.isdigit() for character in name)]
    notes = [f"columns that name no period were left out: {', '.join(near[:6])}"] * bool(near)
    return replace(table, frame=frame, notes=(*table.notes, *notes))
