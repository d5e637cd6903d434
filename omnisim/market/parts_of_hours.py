"""An hour in one column and the part of it in another -> one column of periods."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from omnisim.arrays import IntArray
from omnisim.errors import DataError
from omnisim.market.period_codes import is_ending, parse_period
from omnisim.market.tables import Table

_COUNTS = (2, 4, 12)
"""Parts that an hour may have."""


def part_minutes(cells: Sequence[str]) -> dict[str, int] | None:
    """The minute of the hour at which each part begins, or None if the cells do not count parts of an hour.

    >>> part_minutes(["1", "2", "3", "4"]), part_minutes(["00", "30"]), part_minutes(["1", "2", "3"])
    ({'1': 0, '2': 15, '3': 30, '4': 45}, {'00': 0, '30': 30}, None)
    """
    numbers = {cell: int(cell.removesuffix(".0")) for cell in cells if cell.removesuffix(".0").isdigit()}
    if not numbers or len(numbers) < len(cells):
        return None
    for count in _COUNTS:
        length = 60 // count
        if set(numbers.values()) == set(range(1, count + 1)):
            return {cell: (number - 1) * length for cell, number in numbers.items()}
        if set(numbers.values()) == set(range(0, 60, length)):
            return numbers
    return None


def parts_of_hours(table: Table, columns: Sequence[str]) -> tuple[Table, str]:
    """The table with one column of periods, such as ``00:15 - 00:30``, and its name.

    Parameters
    ----------
    columns
        The hour (1 to 24, 0 to 23, or a time), and the part of it (1 to 2, 4 or 12, or its minutes).

    Raises
    ------
    DataError
        If there are not two, or a cell is no such hour or part.
    """
    if len(columns) != 2:
        raise DataError(f"period names {len(columns)} columns: it must be one, or the hour and the part of it")
    hour, part = columns
    parts = part_minutes(list(table.raw(part).unique()))
    if parts is None:
        shown = ", ".join(map(repr, table.raw(part).unique()[:5]))
        raise DataError(
            f"{table.source}: column {part!r} holds {shown}: it must count the parts of an hour, 1 to 2, 4 or 12, or "
            "their minutes"
        )
    hours = _hours(table, hour)
    begins = 60 * hours + np.array([parts[cell] for cell in table.raw(part)], dtype=np.int64)
    ends = begins + 60 // len(parts)
    name = f"{hour} and {part}"
    frame = table.frame.copy(deep=False)
    frame[name] = [
        f"{begin // 60:02d}:{begin % 60:02d} - {end // 60:02d}:{end % 60:02d}"
        for begin, end in zip(begins, ends, strict=True)
    ]
    return replace(table, frame=frame), name


def _hours(table: Table, column: str) -> IntArray:
    """Hours from midnight to the beginning of each row's hour."""
    text = table.raw(column)
    codes = {cell: parse_period(cell) for cell in text.unique()}
    hours = {
        cell: code.value if code.kind == "number" else code.value // 60
        for cell, code in codes.items()
        if code is not None and (code.kind == "number" or code.value % 60 == 0)
    }
    ranges = any(code is not None and code.end is not None for code in codes.values())
    numbers = any(code is not None and code.kind == "number" for code in codes.values())
    zero = 0 in hours.values()
    later = 0 if ranges or zero else int(numbers or 24 in hours.values() or is_ending(column))
    for cell in codes:
        if not 0 <= hours.get(cell, -1) - later < 24:
            label = text.index[(text == cell).to_numpy()][0]
            raise DataError(
                f"{table.place(label)}: {column} is {cell!r}: beside a column of its parts an hour must be 1 to 24, 0 "
                "to 23, or a time such as 01:00"
            )
    return np.array([hours[cell] - later for cell in text], dtype=np.int64)
