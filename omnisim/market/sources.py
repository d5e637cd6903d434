"""Files of known sources: a reader for each, with the keys of :func:`~omnisim.market.read_prices` beside its own."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from omnisim.errors import DataError
from omnisim.market.data import Market
from omnisim.market.files import keys_of_a_file, read_prices
from omnisim.market.layouts import LAYOUTS, SOURCES, Layout
from omnisim.market.several_files import called, first_file
from omnisim.market.table_files import TEXT, Source, kind_of, read_table
from omnisim.market.tables import Form, Table
from omnisim.market.text_files import has_columns, text_of, unpacked
from omnisim.signatures import check_values

_FORM = ("separator", "decimal", "thousands", "encoding", "skip_rows", "columns", "sheet", "member", "missing_values")


def recognized(source: Source, given: Mapping[str, Any] | None = None) -> tuple[Layout, Table] | None:
    """The first of all known layouts that a file has, and its table; None if it has none of them.

    Raises
    ------
    DataError
        If the file cannot be read at all.
    """
    return _first(LAYOUTS, source, given or {})


def _first(layouts: tuple[Layout, ...], source: Source, given: Mapping[str, Any]) -> tuple[Layout, Table] | None:
    first = first_file(source)
    line = "" if first is None else _first_line(first, given.get("member"))
    header = _headers(first, given.get("member"))
    for layout in layouts:
        if layout.first_line is not None and not re.fullmatch(layout.first_line, line):
            continue
        try:
            form = Form(**{key: given[key] if given.get(key) is not None else layout.keys.get(key) for key in _FORM})
            if header is not None and not has_columns(header(form, layout.patterns), layout.patterns):
                continue
            table = read_table(source if first is None else first, form, layout.patterns)
        except DataError:
            if first is None and isinstance(source, str | Path):
                raise
            continue  # not with the separator of that layout
        if has_columns(table.columns, layout.patterns) and layout.tells_the_time(table):
            return layout, table if first is None else read_table(source, form, layout.patterns)
    return None


def _headers(path: Path | None, member: str | None) -> Callable[[Form, Sequence[re.Pattern[str]]], list[str]] | None:
    """The header of a file of text in each form, without reading the rest; None for any other source."""
    if path is None or kind_of(path, member) not in TEXT:
        return None
    text = functools.cache(lambda encoding: text_of(path, encoding, member))
    return lambda form, wanted: text(form.encoding).header(form, wanted)


def _first_line(path: Path, member: str | None) -> str:
    if path.suffix.lower() in (".parquet", ".pq", ".xlsx", ".xlsm", ".xls"):
        return ""
    return unpacked(path, member)[1][:200].decode("latin-1").partition("\n")[0].strip().lstrip("\ufeff")


def read_source(name_of_source: str, source: Source, /, **keys: Any) -> Market:
    """Prices from a file of a known source; keys that are given take the place of those of its layout.

    Raises
    ------
    DataError
        If the file is not of that source, or not as described.
    """
    check_values(read_prices, {"source": source, **keys}, DataError)
    found = _first(SOURCES[name_of_source], source, keys)
    if found is None:
        known = "; or ".join(f"{layout.about}: {_header(layout)}" for layout in SOURCES[name_of_source])
        raise DataError(
            f"{_called(source)} is not of {known}; source = 'file' reads others, and omnisim inspect says how"
        )
    layout, table = found
    return read_prices(table, **{"name": called(source, "prices"), **layout.keys_for(table, keys)})


def _header(layout: Layout) -> str:
    patterns = [pattern for pattern in layout.columns.values() if pattern]
    return "columns like " + ", ".join(map(repr, patterns))


def _called(source: Source) -> str:
    return Path(source).name if isinstance(source, str | Path) else "the frame"


def _reader(name: str) -> Callable[..., Market]:
    def read(path: Path, **keys: Any) -> Market:
        return read_source(name, path, **keys)

    about = " or ".join(layout.about for layout in SOURCES[name])
    read.__name__ = read.__qualname__ = f"read_{name}"
    read.__doc__ = f"""{about}.

    Parameters
    ----------
    path
        The file, or a pandas object.
    keys
        Those of :func:`~omnisim.market.read_prices`, each in place of what the layout says.

    Raises
    ------
    DataError
        If the file is not of this source, or not as described.
    """
    return keys_of_a_file(read, resolution="hour")


read_caiso = _reader("caiso")
read_ember = _reader("ember")
read_energy_charts = _reader("energy_charts")
read_entsoe = _reader("entsoe")
read_entsoe_py = _reader("entsoe_py")
read_epftoolbox2 = _reader("epftoolbox2")
read_ercot = _reader("ercot")
read_gridstatus = _reader("gridstatus")
read_nordpool = _reader("nordpool")
read_nyiso = _reader("nyiso")
read_omie = _reader("omie")
read_opsd = _reader("opsd")
read_pjm = _reader("pjm")
read_smard = _reader("smard")
