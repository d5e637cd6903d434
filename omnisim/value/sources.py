"""The forecasts that the command line names: dated files, or columns of the file of prices."""

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omnisim.errors import DataError, ScenarioError
from omnisim.market.columns import is_moment, is_wide, numeric_columns
from omnisim.market.forecast_columns import Distributed, distributions_in, told_by_rows
from omnisim.market.forecast_files import with_forecast
from omnisim.market.several_files import called
from omnisim.market.table_files import read_table
from omnisim.market.tables import Form, Table
from omnisim.scenario.own_file import market_keys
from omnisim.suggest import nearest

CLIMATOLOGY, FORESIGHT, COMBINATION = "climatology", "perfect foresight", "combination"
"""Players beside the forecasts, whose names no forecast may have."""

_FILES = "market.forecast_files"

_DISTRIBUTED = [*Distributed.__dataclass_fields__]
"""Keys that say which columns are those of a distribution."""

_TAKEN = re.compile(r"climatology|perfect foresight.*|combination", re.IGNORECASE)

_THE_PRICE = re.compile(r"(real|actual|true)?[ _]?prices?", re.IGNORECASE)
"""Columns of a file of several forecasts that are what was forecast."""


def overrides_of(texts: Sequence[str], prices: Path, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Overrides that give a scenario of the prices the forecasts, and their names.

    Parameters
    ----------
    texts
        Of each: a file, ``NAME=FILE``, or the name of a column of the file of prices. A file with several columns of
        numbers is as many forecasts, called as the columns are.
    prices
        File of the prices.
    given
        Overrides by dotted keys, which say how the prices are read.

    Raises
    ------
    OmnisimError
        If one is neither, a file cannot be read, or two have the same name.
    """
    columns: list[str] = []
    tables: dict[str, dict[str, Any]] = {}
    names: list[str] = []
    for text in texts:
        if not _is_file(text):
            columns.append(_column(text, prices, given))
            names.append(columns[-1])
            continue
        label, file = _labelled(text)
        for name, table in _tables(label, file, given).items():
            tables[name] = table
            names.append(name)
    for name in names:
        if names.count(name) > 1:
            raise ScenarioError(
                f"forecast {name!r} is given {names.count(name)} times: write NAME=FILE to call it other"
            )
        if _TAKEN.fullmatch(name):
            raise ScenarioError(f"forecast {name!r} has the name of what forecasts are held against: write NAME=FILE")
    found: dict[str, Any] = {}
    if columns:
        found["market.forecasts"] = columns
    if tables:
        found[_FILES] = tables
    return found, names


def _is_file(text: str) -> bool:
    return "=" in text or "*" in text or Path(text).exists() or Path(text).suffix != ""


def _labelled(text: str) -> tuple[str | None, Path]:
    label, equals, file = text.partition("=")
    if not equals or Path(text).exists():
        return None, Path(text)
    if not label.strip() or not file:
        raise ScenarioError(f"forecast {text!r}: must have the form NAME=FILE")
    return label.strip(), Path(file)


def _column(text: str, prices: Path, given: Mapping[str, Any]) -> str:
    keys = market_keys({key.removeprefix("market."): v for key, v in given.items() if key.startswith("market.")})
    have = read_table(prices, _form(keys)).columns
    if text not in have:
        raise DataError(
            f"forecast {text!r} is neither a file nor a column of {prices}{nearest(text, have)}: give a file, "
            "NAME=FILE, or a column of the prices' file"
        )
    return text


def _form(keys: Mapping[str, Any]) -> Form:
    return Form(*(keys.get(key) for key in ("separator", "decimal", "thousands", "encoding", "skip_rows")))


def _tables(label: str | None, file: Path, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Tables with which a scenario reads the forecasts in a file, by the names of the forecasts."""
    from omnisim.market.guessing import guess

    table = read_table(file, Form())
    wide = is_wide(table)
    numeric = [name for name in numeric_columns(table) if wide or not _THE_PRICE.fullmatch(name)] or numeric_columns(
        table
    )
    if not numeric:
        raise DataError(f"{file}: no column holds numbers that could be forecasts")
    own = label or called(file, "forecast")
    declared = {key: given[f"{_FILES}.{own}.{key}"] for key in _DISTRIBUTED if f"{_FILES}.{own}.{key}" in given}
    rows = {key: value for key, value in declared.items() if key.endswith("_column")} or _by_rows(table)
    # The form and the stamps of a file of forecasts are those of one of prices; of rows for each level, one is taken.
    others = [name for name in numeric_columns(table) if name not in rows.values()]
    values = [name for name in numeric if name in others] or others
    known: dict[str, Any] = {} if wide else {"price": values[-1]}
    one = {name: table.raw(name).iloc[0] for name in rows.values()}
    found = guess(file, known | ({"select": one} if one else {}))
    keys = {key: value for key, value in found.keys.items() if key in _READ and value not in (None, (), False)}
    keys["path"] = str(file.resolve())
    if any("(timezone = 'UTC' here)" in choice for choice in found.choices):
        keys.pop("timezone", None)  # the market's, which the stamps do not tell
    if rows:
        select = {name: cell for name, cell in keys.pop("select", {}).items() if name not in one}
        keys |= rows | ({"select": select} if select else {})
        return {own: keys | ({} if wide else {"column": known["price"]})}
    if wide or declared:
        return {own: keys}
    when = {name for key in ("time", "date", "period") for name in _listed(keys.get(key))}
    try:
        return _columns(label, own, table, [name for name in numeric if name not in when], when, keys)
    except DataError as cause:
        raise DataError(f"{file}: {cause} (--set '{_FILES}.{own}.quantiles={{ ... }}')") from cause


def _by_rows(table: Table) -> dict[str, str]:
    """The key that names the column of levels or members, where a file has a row for each."""
    return told_by_rows(table, [name for name in table.columns if name and is_moment(table, name)])


def _columns(
    label: str | None, own: str, table: Table, numeric: Sequence[str], when: set[str], keys: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """The distributions and the points that are the columns of a file."""
    # Also those whose cells are no numbers: they are refused when they are read.
    names = [name for name in table.columns if name and name not in when]
    groups = distributions_in(names)
    used = {name for _, said in groups for name in said.columns}
    points = [name for name in numeric if name not in used]
    _refuse_bounds(points)
    if not groups and len(points) == 1:
        return {own: keys | {"column": points[0]}}
    prefix = "" if label is None else f"{label} "
    alone = {f"{prefix}{name}": keys | {"column": name} for name in points}
    found: dict[str, dict[str, Any]] = {}
    for before, said in groups:
        name = own if len(groups) == 1 or not before else f"{prefix}{before}"
        if name in found or name in alone:
            name = f"{name} {said.given[0]}"
        found[name] = keys | {key: getattr(said, key) for key in said.given}
    return found | alone


def _refuse_bounds(names: Sequence[str]) -> None:
    """Refuse columns that are called as the ends of an interval, and do not say of which."""
    lower = {name.lower(): name for name in names}
    for low, high in (("lower", "upper"), ("low", "high"), ("lo", "hi"), ("lower_bound", "upper_bound")):
        if low in lower and high in lower:
            raise DataError(
                f"columns {lower[low]!r} and {lower[high]!r} are bounds of a level that is not said: say which "
                f"levels they are, such as quantiles = {{ {lower[low]} = 0.1, {lower[high]} = 0.9 }}"
            )


def _listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


_READ = (
    {name for name, each in inspect.signature(with_forecast).parameters.items() if each.kind == each.KEYWORD_ONLY}
    - {"first_day", "last_day", "column", "resample", "leaks"}
    - {*Distributed.__dataclass_fields__}
)
"""Keys of a file of prices that a file of forecasts has too."""
