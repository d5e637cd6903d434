"""Sheets of Excel files -> frames, where a library that reads them is installed."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omnisim.errors import DataError
from omnisim.market.preamble import header_of
from omnisim.market.text_files import Wanted, has_columns, unpacked
from omnisim.reading import reading

if TYPE_CHECKING:
    import pandas as pd

_LOOKED_AT = 60


def read_excel(
    path: Path,
    sheet: str | None,
    skip_rows: int | None,
    wanted: Sequence[Wanted],
    member: str | None = None,
    columns: Sequence[str] | None = None,
) -> "tuple[pd.DataFrame, str]":
    """The rows of one sheet below its header, which is found as in a text file, and what stands above it.

    Parameters
    ----------
    skip_rows
        Rows above the header, also those that are empty.
    columns
        Names of the columns of a sheet without a header.

    Raises
    ------
    DataError
        If no library is installed, the file cannot be read, or it has several sheets and none is chosen.
    """
    import pandas as pd

    cells = _cells(path, sheet, member)
    at = skip_rows or 0
    if at >= len(cells):
        raise DataError(f"{path.name} has {len(cells)} rows: skip_rows {at} leaves none")
    if skip_rows is None and columns is None:
        rows = _texts(cells)
        known = [row for row, names in enumerate(rows) if wanted and has_columns(names, wanted)]
        at = known[0] if known else next(row for row, names in enumerate(rows) if any(names))
    above = "\n".join(" ".join(filter(None, row)) for row in _texts(cells.iloc[:at]))
    header = list(columns) if columns is not None else _texts(cells.iloc[at : at + 1])[0]
    frame = cells.iloc[at + (columns is None) :].copy()
    if len(header) != frame.shape[1]:
        raise DataError(f"{path.name} has {frame.shape[1]} columns, but columns names {len(header)}")
    frame.columns = pd.Index(header)
    frame.index = frame.index + 1
    return frame.dropna(how="all").infer_objects(), above


def header_above(path: Path, sheet: str | None = None, member: str | None = None) -> tuple[int, int]:
    """Rows above the header (-1: there is none), and the number of columns.

    Raises
    ------
    DataError
        As :func:`read_excel`.
    """
    rows = _texts(_cells(path, sheet, member))
    header, width = header_of(rows)
    if not width:  # nothing like data: the first row that is as full as any
        filled = [sum(map(bool, row)) for row in rows]
        return filled.index(max(filled)), len(rows[0])
    return header, width


def _cells(path: Path, sheet: str | None, member: str | None) -> "pd.DataFrame":
    """All rows of a sheet, without columns that are empty."""
    import pandas as pd

    data = unpacked(path, member)[1]
    with reading(path.name, DataError, "is not a readable Excel file"):
        try:
            book = pd.ExcelFile(io.BytesIO(data))
        except ImportError as cause:
            raise DataError(
                f"{path.name}: Excel files need the library openpyxl (pip install 'omnisim-lab[excel]'), or save the "
                "sheet as CSV"
            ) from cause
        names = [str(name) for name in book.sheet_names]
    if sheet is None and len(names) > 1:
        raise DataError(f"{path.name} has {len(names)} sheets: set sheet to one of {', '.join(map(repr, names[:10]))}")
    if sheet is not None and sheet not in names:
        raise DataError(f"{path.name} has no sheet {sheet!r}: it has {', '.join(map(repr, names[:10]))}")
    with reading(path.name, DataError, "is not a readable Excel file"):
        cells = pd.read_excel(book, sheet_name=sheet or names[0], header=None, dtype=object)
    cells = cells.dropna(axis=1, how="all")
    if cells.empty:
        raise DataError(f"{path.name} has no rows: rows below a header are needed")
    return cells


def _texts(cells: "pd.DataFrame") -> list[list[str]]:
    """The first rows as text, where an empty cell is ``""``."""
    import pandas as pd

    return [
        ["" if pd.isna(cell) else " ".join(str(cell).split()) for cell in row]
        for row in cells.iloc[:_LOOKED_AT].itertuples(index=False)
    ]
