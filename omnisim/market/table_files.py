"""Files of every kind, several files and pandas objects read as one table of cells."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from omnisim.errors import DataError
from omnisim.market.json_files import read_json
from omnisim.market.several_files import expanded
from omnisim.market.tables import Form, Place, Table
from omnisim.market.text_files import Wanted, refuse_large, text_of
from omnisim.reading import reading
from omnisim.refusing import path_of

if TYPE_CHECKING:
    import pandas as pd

Source: TypeAlias = "str | Path | pd.DataFrame | pd.Series[Any] | Table | Sequence[str | Path]"
"""A file, or several (a list, or a path with ``*`` in its name); a pandas object; a table that was read from one."""

_PARQUET, _EXCEL = (".parquet", ".pq"), (".xlsx", ".xlsm", ".xls")

TEXT = (".csv", ".txt", ".tsv", ".dat", ".prn", ".1")
"""Suffixes of files of text."""


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
        return _together([_read_file(path_of("a file to read", each, DataError), form, wanted) for each in files])
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
    inner = kind_of(path, form.member)
    if inner in _PARQUET:
        frame, table = _read_parquet(path), None
    elif inner == ".json":
        frame, table = read_json(path, form.member), None
    elif inner in _EXCEL:
        from omnisim.market.excel_files import read_excel

        frame, above = read_excel(path, form.sheet, form.skip_rows, wanted, form.member, form.columns)
        table = Table(path.name, "row", frame, form, above=above)
    elif inner in TEXT:
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

    rows = text_of(path, form.encoding, form.member).rows(form, wanted)
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


def kind_of(path: Path, member: str | None = None) -> str:
    """The suffix that tells how a file is read, which is that of what is packed in it."""
    name = path.name.lower()
    if name.endswith(".zip"):
        return _suffix_in_archive(path, member)
    return Path(name.removesuffix(".gz")).suffix


def _suffix_in_archive(path: Path, member: str | None) -> str:
    import zipfile

    with reading(path.name, DataError, "is not a readable zip archive"), zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
    if member is not None or len(names) == 1:
        return Path(member or names[0]).suffix.lower()
    return ".csv"  # which complains that one must be chosen
