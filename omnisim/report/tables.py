"""Tables of a page: cells carry the text to read and the number to sort by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from omnisim.report.text import MISSING, number, sortable


@dataclass(frozen=True)
class Column:
    """The head of a column: a title, its unit if any, and whether it holds numbers, or else commands."""

    title: str
    unit: str = ""
    numeric: bool = True
    code: bool = False


@dataclass(frozen=True)
class Cell:
    """Text to read, value to sort by (``None``: undefined, sorted last), and link to a file beside the page."""

    text: str
    value: float | str | None
    link: str = ""


@dataclass(frozen=True)
class Table:
    """Columns and rows; ``marks`` holds a CSS class per row, ``note`` says which rows are missing."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    marks: Sequence[str] = ()
    note: str = ""


def cell(value: float, digits: int = 3, write: Callable[[float], str] | None = None) -> Cell:
    """A number, or the sign for what is undefined; ``write`` replaces rounding to ``digits`` significant ones."""
    value = float(value)
    if not np.isfinite(value):
        return Cell(MISSING, None)
    if write is not None:
        return Cell(write(value), sortable(value))
    whole = value.is_integer() and abs(value) < 1e12
    return Cell(f"{int(value):,}".replace("-", "−") if whole else number(value, digits), sortable(value))
