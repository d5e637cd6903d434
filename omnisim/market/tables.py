"""Files and pandas objects as tables of cells, where every complaint names the file, the line and the column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import DataError
from omnisim.market.json_files import read_json
from omnisim.market.numbers import MISSING, Decimal, Signs, ambiguous, declared_signs, signs_of
from omnisim.market.several_files import expanded
from omnisim.market.text_files import Wanted, read_rows, refuse_large
from omnisim.reading import reading
from omnisim.suggest import nearest

if TYPE_CHECKING:
    import pandas as pd

Source: TypeAlias = "str | Path | pd.DataFrame | pd.Series[Any] | Table | Sequence[str | Path]"
"""A file, or several (a list, or a path with ``*`` in its name); a pandas object; a table that was read from one."""

_FLAGS = {"true": 1.0, "yes": 1.0, "y": 1.0, "false": 0.0, "no": 0.0, "n": 0.0}
"""Cells, in lower case, that stand for 1 and 0 in a column of flags."""

_PARQUET, _TEXT, _EXCEL = (
    (".parquet", ".pq"),
    (".csv", ".txt", ".tsv", ".dat", ".prn", ".1"),
    (".xlsx", ".xlsm", ".xls"),
)


@dataclass(frozen=True)
class Form:
    """How the cells of a file are written; see :func:`~omnisim.market.read_prices` for the meaning of each key."""

    separator: str | None = None
    decimal: Decimal | None = None
    thousands: str | None = None
    encoding: str | None = None
    skip_rows: int | None = None
    columns: Sequence[str] | None = None
    sheet: str | None = None
    member: str | None = None
    missing_values: Sequence[str] | None = None

    def __post_init__(self) -> None:
        wrong = declared_signs(self.decimal, self.thousands)
        if wrong is None and self.separator is not None and len(self.separator) != 1:
            wrong = f"separator is {self.separator!r}: it must be one character"
        if wrong is None and self.separator is not None and self.separator == (self.decimal or "."):
            wrong = f"separator is {self.separator!r}: it must not be the decimal sign"
        if wrong is None and self.skip_rows is not None and self.skip_rows < 0:
            wrong = f"skip_rows is {self.skip_rows}: it must be >= 0"
        if wrong:
            raise DataError(wrong)


@dataclass(frozen=True, order=True)
class Place:
    """Where a row stands that was read from one of several files.

    >>> str(Place(0, 12, "2024.csv"))
    '12 of 2024.csv'
    """

    file: int
    number: int
    source: str

    def __str__(self) -> str:
        return f"{self.number} of {self.source}"


@dataclass(frozen=True)
class Table:
    """The cells of one file; ``frame`` is indexed by the number of the line (text) or row (everything else).

    Attributes
    ----------
    source
        What messages call it.
    unit
        What the index counts: ``line`` or ``row``.
    signs
        How numbers are written; None until :meth:`with_signs` has found out.
    missing
        Cells, in lower case, that stand for a missing value.
    above
        The lines above the header.
    """

    source: str
    unit: str
    frame: "pd.DataFrame"
    form: Form = field(default_factory=Form)
    signs: Signs | None = None
    notes: tuple[str, ...] = ()
    separator: str = ","
    encoding: str = ""
    above: str = ""

    @property
    def missing(self) -> frozenset[str]:
        """Cells, in lower case, that stand for a missing value."""
        return MISSING | {value.strip().lower() for value in self.form.missing_values or ()}

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
            hint = " (is separator right?)" if len(known) == 1 and any(sign in known[0] for sign in ",;\t|") else ""
            raise DataError(f"{self.source} has no column {name!r}{nearest(name, known)}{hint}")
        column = self.frame[name]
        if column.ndim > 1:
            raise DataError(f"{self.source} has {column.shape[1]} columns named {name!r}: one is needed")
        return column

    def files(self) -> list[Any]:
        """The positions of the rows of each file."""
        places = self.frame.index
        if self.frame.empty or not isinstance(places[0], Place):
            return [np.arange(len(places))]
        file = np.array([place.file for place in places])
        return [np.flatnonzero(file == each) for each in np.unique(file)]

    def place(self, label: Any) -> str:
        """The file and the line (or row) of that label."""
        return f"{self.source}: {self.unit} {label}"

    def raw(self, name: str) -> "pd.Series":
        """One column as stripped text; only cells that are no text at all (NaN, None, NaT) become ``""``."""
        column = self.column(name)
        with reading(f"{self.source}: column {name!r}", DataError, "is no text"):
            return column.astype("string").fillna("").str.strip().astype(object)

    def text(self, name: str) -> "pd.Series":
        """One column as stripped text, with ``""`` for missing cells."""
        text = self.raw(name)
        return text.mask(text.str.lower().isin(self.missing), "")

    def with_signs(self, names: Iterable[str]) -> "Table":
        """The table with the signs of the numbers in these columns found out, where they are not declared.

        Raises
        ------
        DataError
            If cells contradict each other.
        """
        cells: set[str] = set()
        for name in names:
            if not _is_number(self.column(name)):
                cells.update(self.text(name).unique())
        try:
            signs = signs_of(sorted(cells), self.form.decimal, self.form.thousands)
        except ValueError as cause:
            raise DataError(f"{self.source}: {cause}") from cause
        return replace(self, signs=signs)

    def numbers(self, name: str) -> FloatArray:
        """One column as numbers, NaN for missing cells.

        Raises
        ------
        DataError
            If a cell is neither missing nor a finite number.
        """
        import pandas as pd

        column = self.column(name)
        signs = self.signs or Signs(self.form.decimal or ".", self.form.thousands or "")
        if _is_number(column):
            with reading(f"{self.source}: column {name!r}", DataError, "is no column of numbers"):
                values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            wrong = np.isinf(values)
        else:
            text = self.text(name)
            plain = text.map(signs.plain)
            values = pd.to_numeric(plain.replace("", None), errors="coerce").to_numpy(dtype=np.float64)
            wrong = (np.isnan(values) & (text != "").to_numpy()) | np.isinf(values)
        declared = [number for value in self.form.missing_values or () if (number := _number(value)) is not None]
        if declared:
            values = np.where(np.isin(values, declared), np.nan, values)
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            cell = str(column.iloc[at])
            raise DataError(
                f"{self.place(self.frame.index[at])}: {name} is {cell!r}: it must be a finite number with decimal "
                f"{signs.decimal!r} (an empty cell, or one of missing_values, marks a missing one)"
                f"{ambiguous(cell, signs)}"
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
        """The rows in which each named column has the given value, compared as text, also one such as ``"NA"``.

        Raises
        ------
        DataError
            If a column does not exist, or no row has the value; the nearest value is named.
        """
        table = self
        for name, value in select.items():
            cells = table.raw(name)
            kept = (cells == str(value).strip()).to_numpy()
            if not kept.any():
                known = nearest(str(value), sorted(cells.unique())[:20])
                raise DataError(f"{self.source}: no row has {name} {value!r}{known}")
            table = replace(table, frame=table.frame[kept])
        return table


def read_table(source: Source, form: Form | None = None, wanted: Sequence[Wanted] = ()) -> Table:
    """Read a file, or take over a pandas object.

    Parameters
    ----------
    source
        ``.csv``, ``.txt`` or ``.tsv`` (each also ``.gz``), ``.parquet``, ``.json``, ``.xlsx``, one of these in a
        ``.zip``; several of them, whose rows are put below each other in the order of their names; or a DataFrame or
        Series, whose DatetimeIndex becomes a column.
    form
        How its cells are written.
    wanted
        Columns that the header must have, or patterns of their names; it is looked for below other lines.

    Raises
    ------
    DataError
        If the file does not exist, is none of these, cannot be parsed or has no rows.
    """
    form = form or Form()
    if isinstance(source, Table):
        return replace(source, form=form)
    if isinstance(source, Sequence | str | Path):
        files = expanded(source)
        return _together([_read_file(Path(each), form, wanted) for each in files])
    return _of_pandas(source, form)


def _together(tables: Sequence[Table]) -> Table:
    """Several files below each other; a row is then told by its file and its line."""
    import pandas as pd

    first = tables[0]
    if len(tables) == 1:
        return first
    frames = [
        table.frame.set_axis(pd.Index([Place(i, number, table.source) for number in table.frame.index], dtype=object))
        for i, table in enumerate(tables)
    ]
    notes: list[str] = []
    if any(table.columns != first.columns for table in tables):
        shared = [name for name in first.columns if all(name in table.columns for table in tables)]
        twice = next((table for table in tables if len(set(table.columns)) < len(table.columns)), None)
        if not shared or twice is not None:
            other = next(table for table in tables if table.columns != first.columns)
            why = "none in common" if not shared else "and some names are there twice"
            raise DataError(
                f"{other.source} has other columns than {first.source}, {why}: {', '.join(other.columns[:5])}, not "
                f"{', '.join(first.columns[:5])}"
            )
        left = dict.fromkeys(name for table in tables for name in table.columns if name not in shared)
        notes = [f"columns that not all files have were left out: {', '.join(left)}"] * bool(left)
        frames = [frame[shared] for frame in frames]
    return replace(
        first,
        source=f"{first.source} and {len(tables) - 1} more",
        frame=pd.concat(frames),
        notes=(*dict.fromkeys(note for table in tables for note in table.notes), *notes),
    )


def _read_file(path: Path, form: Form, wanted: Sequence[Wanted]) -> Table:
    with reading(path, DataError):
        if not path.is_file():
            raise DataError(f"{path} {'is a folder' if path.is_dir() else 'does not exist'}: a file is needed")
    name = path.name.lower().removesuffix(".gz").removesuffix(".zip")
    inner = _suffix_in_archive(path, form.member) if path.name.lower().endswith(".zip") else Path(name).suffix
    if inner in _PARQUET:
        frame, table = _read_parquet(path), None
    elif inner == ".json":
        frame, table = read_json(path, form.member), None
    elif inner in _EXCEL:
        from omnisim.market.excel_files import read_excel

        frame, above = read_excel(path, form.sheet, form.skip_rows, wanted, form.member, form.columns)
        table = Table(path.name, "row", frame, form, above=above)
    elif inner in _TEXT:
        table = _of_text(path, form, wanted)
        frame = table.frame
    else:
        raise DataError(
            f"{path}: the suffix must be .csv, .txt, .tsv (also with .gz), .parquet, .json, .xlsx or .zip, "
            f"got {path.suffix!r}"
        )
    if form.sheet is not None and inner not in _EXCEL:
        raise DataError(f"{path.name} has no sheets: leave sheet out")
    if table is None:
        table = Table(path.name, "row", frame, form)
    if table.frame.empty:
        raise DataError(f"{path.name} has no rows: rows below a header are needed")
    return table


def _of_text(path: Path, form: Form, wanted: Sequence[Wanted]) -> Table:
    import pandas as pd

    rows = read_rows(
        path,
        separator=form.separator,
        encoding=form.encoding,
        skip_rows=form.skip_rows,
        columns=form.columns,
        member=form.member,
        wanted=wanted,
    )
    frame = pd.DataFrame(rows.cells, index=pd.Index(rows.lines), columns=range(len(rows.header)), dtype=object)
    frame.columns = pd.Index(rows.header)
    return Table(path.name, "line", frame, form, None, rows.notes, rows.separator, rows.encoding, rows.above)


def _of_pandas(given: Any, form: Form) -> Table:
    import pandas as pd

    if not isinstance(given, pd.DataFrame | pd.Series):
        raise DataError(f"prices are read from a file, a DataFrame or a Series, not from {type(given).__name__}")
    frame = (
        given.to_frame("price" if given.name is None else str(given.name)) if isinstance(given, pd.Series) else given
    )
    source = "the Series" if isinstance(given, pd.Series) else "the DataFrame"
    if isinstance(frame.columns, pd.MultiIndex) or isinstance(frame.index, pd.MultiIndex):
        raise DataError(f"{source} has several levels of columns or of rows: select one of them first")
    frame = frame.copy(deep=False)
    frame.columns = pd.Index([" ".join(str(name).split()) for name in frame.columns])
    if isinstance(frame.index, pd.PeriodIndex):
        frame.index = frame.index.to_timestamp()
    elif not isinstance(frame.index, pd.DatetimeIndex) and not pd.api.types.is_numeric_dtype(frame.index.dtype):
        frame.index = _moments(frame.index)
    if isinstance(frame.index, pd.DatetimeIndex):
        name = str(frame.index.name or "time")
        frame.insert(0, name if name not in frame.columns else f"{name} (index)", frame.index)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    if frame.empty:
        raise DataError(f"{source} has no rows")
    return Table(source, "row", frame, form)


def _moments(index: "pd.Index[Any]") -> "pd.Index[Any]":
    """An index of dates, of datetimes or of their text as pandas' own; any other as it is."""
    import pandas as pd

    aware = any(getattr(cell, "tzinfo", None) is not None for cell in index)
    try:
        return pd.to_datetime(index, utc=aware, format="ISO8601").rename(index.name)
    except (ValueError, TypeError, OverflowError):
        return index


def _read_parquet(path: Path) -> "pd.DataFrame":
    import pandas as pd
    import pyarrow.parquet as pq

    with reading(path.name, DataError, "is not a readable Parquet file"):
        about = pq.read_metadata(path)
        refuse_large(path.name, 8 * about.num_rows * about.num_columns)
        frame = pd.read_parquet(path)
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame.columns = pd.Index([str(name).strip() for name in frame.columns])
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _suffix_in_archive(path: Path, member: str | None) -> str:
    import zipfile

    with reading(path.name, DataError, "is not a readable zip archive"), zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
    if member is not None or len(names) == 1:
        return Path(member or names[0]).suffix.lower()
    return ".csv"  # which complains that one must be chosen


def _is_number(column: "pd.Series") -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(column) and not is_bool_dtype(column))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
