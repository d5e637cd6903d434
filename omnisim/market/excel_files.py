"""Sheets of Excel files -> frames, where a library that reads them is installed."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omnisim.errors import DataError
from omnisim.market.text_files import Wanted, has_columns, unpacked
from omnisim.reading import reading

if TYPE_CHECKING:
    import pandas as pd

_LOOKED_AT = 60


def read_excel(
    path: Path, sheet: str | None, skip_rows: int | None, wanted: Sequence[Wanted], member: str | None = None
) -> "pd.DataFrame":
    """The rows of one sheet below its header, which is found as in a text file.

    Raises
    ------
    DataError
        If no library is installed, the file cannot be read, or it has several sheets and none is chosen.
    """
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
        cells = book.parse(sheet or names[0], header=None, dtype=object)
    cells = cells.dropna(how="all").dropna(axis=1, how="all")
    at = skip_rows or 0
    if skip_rows is None and wanted:
        for row in range(min(_LOOKED_AT, len(cells))):
            if has_columns([" ".join(str(cell).split()) for cell in cells.iloc[row]], wanted):
                at = row
                break
    if at >= len(cells):
        raise DataError(f"{path.name} has {len(cells)} rows: skip_rows {at} leaves none")
    header = ["" if pd.isna(cell) else " ".join(str(cell).split()) for cell in cells.iloc[at]]
    frame = cells.iloc[at + 1 :].copy()
    frame.columns = pd.Index(header)
    frame.index = pd.Index(frame.index + 1)
    return frame.infer_objects()
