"""CSV and Parquet files as tables of cells, where every complaint names the file, the line and the column."""

import gzip
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import DataError
from omnisim.reading import reading
from omnisim.suggest import nearest

if TYPE_CHECKING:
    import pandas as pd

Decimal = Literal[".", ","]

_MISSING = frozenset({"", "na", "n/a", "nan", "nat", "null", "none", "-", "<na>"})
"""Cells, in lower case, that stand for a missing value."""

_FLAGS = {"true": 1.0, "yes": 1.0, "y": 1.0, "false": 0.0, "no": 0.0, "n": 0.0}
"""Cells, in lower case, that stand for 1 and 0 in a column of flags."""

MOST_BYTES = 2_000_000_000
"""Bytes of the largest table in memory: 10 million rows of a dozen columns."""

_PARQUET, _CSV = (".parquet", ".pq"), (".csv", ".txt")


@dataclass(frozen=True)
class Table:
    """The cells of one file; ``frame`` is indexed by the number of the line (CSV) or row (Parquet)."""

    source: str
    unit: str
    frame: "pd.DataFrame"
    decimal: Decimal = "."

    @property
    def columns(self) -> list[str]:
        """Names of the columns, without the spaces around them."""
        return list(self.frame.columns)

    def column(self, name: str) -> "pd.Series":
        """One column as it stands in the file.

        Raises
        ------
        DataError
            If there is none of that name; the nearest one is named.
        """
        if name not in self.columns:
            known = [column or "(a column without a name)" for column in self.columns]
            raise DataError(f"{self.source} has no column {name!r}{nearest(name, known)}")
        column = self.frame[name]
        if column.ndim > 1:
            raise DataError(f"{self.source} has {column.shape[1]} columns named {name!r}: one is needed")
        return column

    def place(self, label: int) -> str:
        """The file and the line (or row) of that label."""
        return f"{self.source}: {self.unit} {label}"

    def text(self, name: str) -> "pd.Series":
        """One column as stripped text, with ``""`` for missing cells."""
        column = self.column(name)
        with reading(f"{self.source}: column {name!r}", DataError, "is no text"):
            text = column.astype("string").fillna("").str.strip()
            return text.mask(text.str.lower().isin(_MISSING), "").astype(object)

    def numbers(self, name: str) -> FloatArray:
        """One column as numbers, NaN for missing cells.

        Raises
        ------
        DataError
            If a cell is neither missing nor a finite number.
        """
        import pandas as pd
        from pandas.api.types import is_bool_dtype, is_numeric_dtype

        column = self.column(name)
        if is_numeric_dtype(column) and not is_bool_dtype(column):
            with reading(f"{self.source}: column {name!r}", DataError, "is no column of numbers"):
                values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            wrong = np.isinf(values)
        else:
            text = self.text(name)
            if self.decimal == ",":
                text = text.str.replace(",", ".", regex=False)
            values = pd.to_numeric(text.replace("", None), errors="coerce").to_numpy(dtype=np.float64)
            wrong = (np.isnan(values) & (text != "").to_numpy()) | np.isinf(values)
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"{self.place(self.frame.index[at])}: {name} is {str(column.iloc[at])!r}: it must be a "
                f"finite number with decimal {self.decimal!r} (an empty cell marks a missing one)"
            )
        return values

    def flags_or_numbers(self, name: str) -> FloatArray:
        """One column as numbers, where true and false (or yes and no, y and n) are 1 and 0; NaN for missing cells.

        Raises
        ------
        DataError
            As :meth:`numbers`.
        """
        text = self.text(name).str.lower()
        given = text[text != ""]
        if given.empty or not given.isin(_FLAGS).all():
            return self.numbers(name)
        return np.array([_FLAGS.get(cell, np.nan) for cell in text])

    def where(self, select: Mapping[str, str]) -> "Table":
        """The rows in which each named column has the given value, compared as text.

        Raises
        ------
        DataError
            If a column does not exist, or no row has the value; the nearest value is named.
        """
        table = self
        for name, value in select.items():
            cells = table.text(name)
            kept = (cells == str(value)).to_numpy()
            if not kept.any():
                known = nearest(str(value), sorted(cells.unique())[:20])
                raise DataError(f"{self.source}: no row has {name} {value!r}{known}")
            table = replace(table, frame=table.frame[kept])
        return table


def read_table(path: str | Path, *, separator: str = ",", decimal: Decimal = ".") -> Table:
    """Read a ``.csv`` (also ``.csv.gz``, ``.txt``) or ``.parquet`` file.

    Parameters
    ----------
    path
        The file; its suffix says what it is.
    separator, decimal
        Of a CSV file: ``";"`` and ``","`` in much of Europe.

    Raises
    ------
    DataError
        If the file does not exist, is neither of the two, cannot be parsed or has no rows.
    """
    path = Path(path)
    with reading(path, DataError):
        if not path.is_file():
            raise DataError(f"{path} {'is a folder' if path.is_dir() else 'does not exist'}: a file is needed")
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix in _PARQUET:
        table = Table(path.name, "row", _read_parquet(path))
    elif suffix in _CSV:
        if len(separator) != 1 or separator == decimal:
            raise DataError(f"separator is {separator!r}: one character that is not the decimal {decimal!r}")
        table = Table(path.name, "line", _read_csv(path, separator), decimal)
    else:
        raise DataError(f"{path}: the suffix must be .csv, .csv.gz, .txt or .parquet, got {path.suffix!r}")
    if table.frame.empty:
        raise DataError(f"{path.name} has no rows: rows below a header are needed")
    return table


def _read_parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd
    import pyarrow.parquet as pq

    with reading(path.name, DataError, "is not a readable Parquet file"):
        about = pq.read_metadata(path)
        _refuse_large(path, 8 * about.num_rows * about.num_columns)
        frame = pd.read_parquet(path)
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame.columns = [str(name).strip() for name in frame.columns]
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _read_csv(path: Path, separator: str) -> "pd.DataFrame":
    import pandas as pd

    with reading(path.name, DataError, "is not a readable CSV file"), warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(
                BytesIO(_content(path)),
                sep=separator,
                header=None,
                dtype=str,
                keep_default_na=False,
                skip_blank_lines=False,
                encoding="utf-8-sig",
            )
        except pd.errors.EmptyDataError as cause:
            raise DataError(f"{path.name} is empty: a header and rows are needed") from cause
    frame = frame.fillna("")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    header = [str(name).strip() for name in frame.iloc[0]]
    frame = frame.iloc[1:]
    frame.columns = header
    return frame[(frame != "").any(axis=1)]


def _content(path: Path) -> bytes:
    """The bytes of a CSV file, unpacked if need be; no more of them than are allowed."""
    _refuse_large(path, path.stat().st_size)
    if path.suffix.lower() != ".gz":
        return path.read_bytes()
    with gzip.open(path) as packed:
        content = packed.read(MOST_BYTES + 1)
    _refuse_large(path, len(content))
    return content


def _refuse_large(path: Path, size: int) -> None:
    if size > MOST_BYTES:
        raise DataError(f"{path.name} takes more than {MOST_BYTES // 1_000_000:,} MB of memory: select what is needed")
