"""The forecasts that the command line names: dated files, or columns of the file of prices."""

import inspect
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omnisim.errors import DataError, ScenarioError
from omnisim.market.columns import is_wide, numeric_columns
from omnisim.market.forecast_files import with_forecast
from omnisim.market.several_files import called
from omnisim.market.table_files import read_table
from omnisim.market.tables import Form
from omnisim.scenario.own_file import market_keys
from omnisim.suggest import nearest

CLIMATOLOGY, FORESIGHT, COMBINATION = "climatology", "perfect foresight", "combination"
"""Players beside the forecasts, whose names no forecast may have."""

_TAKEN = re.compile(r"climatology|perfect foresight.*|combination", re.IGNORECASE)

_THE_PRICE = re.compile(r"(real|actual|true)?[ _]?prices?", re.IGNORECASE)
"""Columns of a file of several forecasts that are what was forecast."""


def overrides_of(texts: Sequence[str], prices: Path, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What a scenario of the prices must say to have the forecasts, and their names.

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
        for name, table in _tables(label, file).items():
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
        found["market.forecast_files"] = tables
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


def _tables(label: str | None, file: Path) -> dict[str, dict[str, Any]]:
    """By the names of its forecasts, the tables with which a scenario reads a file."""
    from omnisim.market.guessing import guess

    table = read_table(file, Form())
    wide = is_wide(table)
    numeric = [name for name in numeric_columns(table) if wide or not _THE_PRICE.fullmatch(name)] or numeric_columns(
        table
    )
    if not numeric:
        raise DataError(f"{file}: no column holds numbers that could be forecasts")
    # The form and the stamps of a file of forecasts are those of a file of prices.
    found = guess(file, {} if wide else {"price": numeric[-1]})
    keys = {key: value for key, value in found.keys.items() if key in _READ and value not in (None, (), False)}
    keys["path"] = str(file.resolve())
    if wide:
        return {label or called(file, "forecast"): keys}
    when = {name for key in ("time", "date", "period") for name in _listed(keys.get(key))}
    numeric = [name for name in numeric if name not in when]
    if len(numeric) == 1:
        return {label or called(file, "forecast"): keys | {"column": numeric[0]}}
    prefix = "" if label is None else f"{label} "
    return {f"{prefix}{name}": keys | {"column": name} for name in numeric}


def _listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


_READ = {
    name for name, each in inspect.signature(with_forecast).parameters.items() if each.kind == each.KEYWORD_ONLY
} - {"first_day", "last_day", "column", "resample", "leaks"}
"""Keys of a file of prices that a file of forecasts has too."""
