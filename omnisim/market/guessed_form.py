"""Header of a file of unknown layout, and the notation of its cells."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from omnisim.errors import DataError
from omnisim.market.excel_files import header_above
from omnisim.market.preamble import lines_above_header
from omnisim.market.several_files import first_file
from omnisim.market.stamps import When
from omnisim.market.table_files import Source, read_table
from omnisim.market.tables import Form, Table
from omnisim.market.text_files import Wanted

Read: TypeAlias = Callable[[Form, Sequence[Wanted]], Table]
"""The table of one source in a form, below a header with some columns."""


def reader_of(source: Source) -> Read:
    """Reads a source once in each form and for each header, however often it is asked for."""
    known: dict[str, Table] = {}

    def read(form: Form, wanted: Sequence[Wanted]) -> Table:
        key = repr((form, wanted))
        if key not in known:
            known[key] = read_table(source, form, wanted)
        return known[key]

    return read


def form_found(source: Source, given: Mapping[str, Any], read: Read) -> dict[str, Any]:
    """Lines above the header, and names for the columns of a file without one; none if the user's columns tell it."""
    if _has_named(given, read):
        return {}
    path = first_file(source)
    if path is None or any(given.get(key) is not None for key in ("skip_rows", "columns")):
        return {}
    suffix = Path(path.name.lower().removesuffix(".gz").removesuffix(".zip")).suffix
    if suffix in (".xlsx", ".xlsm", ".xls"):
        above, width = header_above(path, given.get("sheet"), given.get("member"))
        return _names(width) if above < 0 else {"skip_rows": above} if above else {}
    if suffix in (".parquet", ".pq", ".json"):
        return {}
    above, separator, width = lines_above_header(path, given.get("member"))
    form: dict[str, Any] = {}
    if above > 0:
        form["skip_rows"] = above
    if above < 0:
        form |= _names(width)
    if separator is not None and (above != 0) and given.get("separator") is None:
        form["separator"] = separator
    return form


def named_columns(given: Mapping[str, Any]) -> list[str]:
    """The columns that keys name: those of the stamps, and of the price."""
    return [*when_of(given).columns, *([str(given["price"])] if given.get("price") is not None else [])]


def form_of(keys: Mapping[str, Any]) -> Form:
    """The keys that say how cells are written."""
    return Form(**{key: keys[key] for key in Form.__dataclass_fields__ if keys.get(key) is not None})


def when_of(keys: Mapping[str, Any]) -> When:
    """The keys that say which columns tell the time."""
    return When(**{key: keys[key] for key in When.__dataclass_fields__ if keys.get(key) is not None})


def _has_named(given: Mapping[str, Any], read: Read) -> bool:
    """Whether some line has all columns that the user names, and so is the header."""
    named = named_columns(given)
    try:
        return bool(named) and set(named) <= set(read(form_of(given), named).columns)
    except DataError:
        return False


def _names(width: int) -> dict[str, Any]:
    """Names for the columns of a file without a header."""
    return {"columns": ["time", "price"] if width == 2 else [f"column {i}" for i in range(1, width + 1)]}
