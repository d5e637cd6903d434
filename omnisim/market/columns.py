"""Columns for the stamps, the periods and the prices in a table of unknown layout, found by their contents."""

import re
from collections.abc import Mapping
from typing import Any

from omnisim.errors import DataError
from omnisim.market.moments import are_compact, read_moments
from omnisim.market.parts_of_hours import part_minutes
from omnisim.market.period_codes import is_ending, parse_period
from omnisim.market.tables import Table
from omnisim.market.units import unit_in
from omnisim.market.wide import period_columns

_SAMPLE = 400
"""Rows that are looked at."""

_FEWEST_PERIODS = 23

_PRICE = re.compile(
    r"price|preis|prix|precio|prezzo|pris\b|prijs|cena|hinta|\blmp\b|\bspp\b|lbmp|\brrp\b|\bmcp\b|\bpun\b|ptf|spot|"
    r"settlement|clearing|value|wert|day.?ahead",
    re.IGNORECASE,
)
_NO_PRICE = re.compile(
    r"forecast|prognose|prevision|predict|load|demand|volume|generation|\bmw\b|temp|congestion|loss|id\b|ptid|year|month|"
    r"\bday\b|weekday|holiday",
    re.IGNORECASE,
)
_PART = re.compile(r"interval|quarter|quart|viertel|minut|half|part|\bqh?\b", re.IGNORECASE)
_PERIOD = re.compile(
    r"hour|hora|heure|stunde|period|interval|\bhe\b|\bhr\b|time|zeit|anfang|von|start|mtu|settlement|\bsp\b|pte|stunden|"
    r"tim(e|me)|uur|godzina",
    re.IGNORECASE,
)


def likely_columns(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that name columns, as far as the cells tell them.

    Raises
    ------
    DataError
        If no column holds stamps or prices, or several may be the price.
    """
    table = _sample(table)
    if given.get("wide") or is_wide(table):
        codes = period_columns(table.columns)
        others = [name for name in table.columns if name not in codes]
        dates = [name for name in others if is_moment(table, name)]
        return {"wide": True, "date": (dates or others or table.columns)[0]}
    keys: dict[str, Any] = {}
    used: list[str] = []
    if given.get("time") is None and given.get("date") is None:
        keys = _when(table)
        used = [name for value in keys.values() for name in ([value] if isinstance(value, str) else value)]
    if given.get("price") is None:
        keys["price"] = _price(table, [*used, *_given(given)])
    return keys


def _given(given: Mapping[str, Any]) -> list[str]:
    """Columns that the user names."""
    named = [given[key] for key in ("time", "date", "period") if given.get(key) is not None]
    return [name for each in named for name in ([each] if isinstance(each, str) else each)]


def _when(table: Table) -> dict[str, Any]:
    moments = [name for name in table.columns if name and is_moment(table, name)]
    if table.columns and not table.columns[0] and is_moment(table, ""):
        moments.insert(0, "")
    if not moments:
        lower = {name.lower(): name for name in table.columns}
        parts = [next((lower[each] for each in names if each in lower), None) for names in _PARTS]
        if all(parts):
            found: dict[str, Any] = {"date": parts}
            period = _period(table, [name for name in parts if name])
            return found | ({"period": period} if period else {})
        epoch = next((name for name in table.columns if _epoch(table, name)), None)
        if epoch is not None:
            return {"time": epoch, "time_format": _epoch(table, epoch)}
        raise DataError(
            f"{table.source}: no column holds stamps: set time, or date and period, to columns; it has "
            f"{', '.join(map(repr, table.columns[:10]))}"
        )
    starts = [name for name in moments if not is_ending(name)] or moments
    name = starts[0]
    if _whole_days(table, name):
        period = _period(table, moments)
        if period is not None:
            part = _part(table, [name, period])
            return {"date": name, "period": period if part is None else [period, part]}
    return {"time": name}


_PARTS = (("year", "año", "ano", "jahr", "rok"), ("month", "mes", "monat"), ("day", "dia", "día", "tag"))


def _period(table: Table, used: list[str]) -> str | None:
    for name in sorted(table.columns, key=lambda name: _PERIOD.search(name) is None):
        if name in used or not name:
            continue
        cells = [cell for cell in table.raw(name).unique() if re.search(r"\d", cell)]  # a row of units has none
        numbered = all(parse_period(cell) is not None or parse_period(cell, compact=True) for cell in cells)
        if len(cells) > 1 and numbered and (_PERIOD.search(name) or all(re.fullmatch(r"\d{1,2}", c) for c in cells)):
            return name
    return None


def _part(table: Table, used: list[str]) -> str | None:
    """The column that counts the parts of each hour, where the columns used do not tell rows apart."""
    twice = table.frame[used].astype(str).duplicated()
    for name in table.columns if twice.any() else ():
        if name in used or not _PART.search(name) or table.frame[name].ndim > 1:
            continue
        if part_minutes([cell for cell in table.raw(name).unique() if cell]) is not None:
            return name
    return None


def _price(table: Table, used: list[str]) -> str:
    numeric = [name for name in table.columns if name not in used and name and _is_numeric(table, name)]
    sure = [name for name in numeric if (unit_in(name) or _PRICE.search(name)) and not _NO_PRICE.search(name)]
    exact = [name for name in sure if name.lower() in ("price", "preis", "prix", "precio", "prezzo", "lmp")]
    for found in (exact, sure, [name for name in numeric if not _NO_PRICE.search(name)], numeric):
        if len(found) == 1:
            return found[0]
        if found:
            raise DataError(f"{table.source}: {len(found)} columns may be the price: set price to one of "
                            f"{', '.join(map(repr, found[:8]))}")  # fmt: skip
    raise DataError(
        f"{table.source}: no column holds numbers that could be prices: is the decimal sign declared right?"
    )


def _sample(table: Table) -> Table:
    from dataclasses import replace

    return replace(table, frame=table.frame.iloc[:_SAMPLE])


def numeric_columns(table: Table) -> list[str]:
    """Columns of numbers, in the order of the table."""
    table = _sample(table)
    return [name for name in table.columns if name and _is_numeric(table, name)]


def is_wide(table: Table) -> bool:
    """Whether a row is a day, with a column a period; not where stamps say that it is an hour, with 99 percentiles."""
    codes = period_columns(table.columns)
    if len(codes) < _FEWEST_PERIODS:
        return False
    sample = _sample(table)
    return not any(_is_by_hour(sample, name) for name in table.columns if name and name not in codes)


def _is_by_hour(table: Table, name: str) -> bool:
    """Whether stamps have as many times of the day as there are hours."""
    if not is_moment(table, name):
        return False
    try:
        moments = read_moments(table.text(name), "time_format", None).stamps
    except DataError:
        return False
    return bool((moments - moments.dt.normalize()).nunique() >= _FEWEST_PERIODS)


def is_period(name: str) -> bool:
    """Whether the name of a column says that it holds the periods of a day."""
    return _PERIOD.search(name) is not None


def is_moment(table: Table, name: str) -> bool:
    """Whether a column holds stamps of time."""
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    column = table.frame[name]
    if column.ndim > 1 or (is_numeric_dtype(column) and not are_compact(table.text(name).tolist())):
        return False
    if is_datetime64_any_dtype(column):
        return True
    text = table.text(name)
    text = text[text != ""]
    if text.empty or text.str.fullmatch(r"[-+]?([\d.,]{1,7}|\d*[.,]\d+(e[-+]?\d+)?)").mean() > 0.5:
        return False
    try:
        return bool(read_moments(text, "time_format", None).stamps.notna().mean() > 0.8)
    except DataError:
        return True  # stamps of which day and month cannot be told apart
    except (ValueError, TypeError):
        return False


def _whole_days(table: Table, name: str) -> bool:
    from pandas.api.types import is_datetime64_any_dtype

    column = table.frame[name]
    if is_datetime64_any_dtype(column):
        return bool((column.dropna() == column.dropna().dt.normalize()).all() and column.duplicated().any())
    text = table.text(name)
    return bool(not text.str.contains(r"\d:\d|T\d|\d\s+\d{1,2}h", regex=True).any() and text.duplicated().any())


def _is_numeric(table: Table, name: str) -> bool:
    if table.frame[name].ndim > 1:
        return False
    text = table.text(name)
    text = text[text != ""]
    return bool(len(text) and (text.str.fullmatch(r"[-+€$£\s]*\d[\d.,\s'\u00a0]*(e[-+]?\d+)?\s*[€$£]?").mean() > 0.8))


def _epoch(table: Table, name: str) -> str | None:
    if not _is_numeric(table, name):
        return None
    text = table.text(name)
    values = [float(cell) for cell in text[text.str.fullmatch(r"\d+(\.\d+)?")]]
    if values and all(3e8 < value < 4e9 for value in values):
        return "unix"
    return "unix_ms" if values and all(3e11 < value < 4e12 for value in values) else None
