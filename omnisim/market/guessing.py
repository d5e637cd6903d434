"""Guesses at the form of a file of prices: keys that are found out, and choices that the file leaves open.

A file of a known source has its layout. Of any other the columns are told by what they hold, and what reading it
refuses is settled by the key that the refusal names; each such step is kept as a choice for the user to confirm.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from omnisim.errors import DataError
from omnisim.market.columns import is_moment, is_period, likely_columns
from omnisim.market.data import MINUTES, RESOLUTIONS, Market
from omnisim.market.files import read_prices
from omnisim.market.guessed_form import Read, form_found, form_of, named_columns, reader_of, when_of
from omnisim.market.several_files import called
from omnisim.market.sources import recognized
from omnisim.market.stamps import Stamps, read_stamps
from omnisim.market.steps import steps_of_rows
from omnisim.market.suspicions import unit_of_prices
from omnisim.market.table_files import Source
from omnisim.market.tables import Table
from omnisim.market.wide import period_columns
from omnisim.market.zones import clocks_like, zone_changing_on, zone_of_offsets

_STEPS = 12
"""Keys that are settled one after the other, at most."""

_SEVERAL, _MARKETS = 0.3, 400
"""Share of stamps that occur again in a file of several markets, and how many markets it has at most."""

_SUGGESTED = (
    re.compile(r"\b(?:set|with|write) (?P<key>[a-z_]+) = (?P<value>'[^']*'|\[[^\]]*\]|true)"),
    re.compile(r"\b(?:set|set it as) (?P<key>[a-z_]+) to (?P<value>'[^']*')"),
    re.compile(r"select one of them, as in (?P<key>select) = (?P<value>\{.*?\})"),
    re.compile(r"can be read as (?P<value>\S.*?) or .*declare (?P<key>[a-z_]+)"),
    re.compile(r"set (?P<key>price|sheet|member) to one of (?:.*?: )?(?P<value>'[^']*')"),
)
"""Patterns by which refusals name a key and a value that settles them."""


@dataclass(frozen=True)
class Guess:
    """Way to read a file, as found out.

    Attributes
    ----------
    market
        The prices.
    keys
        Keys of :func:`~omnisim.market.read_prices` with which they are read again.
    layout
        Whose layout it is; empty for none that is known.
    choices
        What the file does not say: the evidence, and the key that was set.
    table, stamps
        As read.
    """

    market: Market
    keys: dict[str, Any]
    layout: str
    choices: tuple[str, ...]
    table: Table
    stamps: Stamps


def guess(source: Source, given: Mapping[str, Any] | None = None) -> Guess:
    """Find out how a file of prices is read.

    Parameters
    ----------
    given
        Keys that the user declares.

    Raises
    ------
    DataError
        If no key that is known makes it readable: the last refusal.
    """
    given = {key: value for key, value in (given or {}).items() if value is not None}
    choices: list[str] = []
    read = reader_of(source)
    for _ in range(_STEPS):
        try:
            return _guessed(source, read, given, choices)
        except DataError as refusal:
            settled = _settled(str(refusal), given)
            if settled is None:
                raise
            key, value = settled
            given = {**given, key: value}
            choices.append(f"{refusal} ({key} = {_said(value)} here)")
    raise DataError(f"{source} is not read after {_STEPS} keys: {choices[-1]}")


def _guessed(source: Source, read: Read, given: dict[str, Any], choices: list[str]) -> Guess:
    found = recognized(source, given)
    layout = ""
    if found is not None:
        layout, keys = found[0].about, found[0].keys_for(found[1], given)
    else:
        keys = given | form_found(source, given, read)
        table = read(form_of(keys), named_columns(given))
        keys |= {key: value for key, value in likely_columns(table, keys).items() if keys.get(key) is None}
    named = {key: keys[key] for key in ("time", "date", "period") if keys.get(key) is not None}
    whole = table = read(form_of(keys), [each for each in named.values() if isinstance(each, str)])
    for name in named_columns(keys):
        table.column(name)
    open_: list[str] = []
    keys |= _select(table, keys, open_)
    table = table.where(keys.get("select") or {})
    if not keys.get("wide"):
        keys |= _zone(table, keys, open_)
        keys |= _edge(table, keys, open_)
        keys |= _resolution(table, keys)
    elif keys.get("resolution") is None:
        columns = len(period_columns(table.columns))
        usual = next(number for number in (24, 48, 96, 288) if columns <= number + number // 24 + 1)
        keys["resolution"] = RESOLUTIONS[usual]
    market = read_prices(whole, **{"name": called(source, "prices"), **keys})
    if keys.get("currency") is None and keys.get("unit") is None and _says_nothing(table, str(keys.get("price"))):
        open_.append(f"the file does not say its currency: set currency ({market.currency!r} here)")
    keys |= {} if "unit" in keys else {"currency": market.currency}
    stamps = _stamps(table, keys) if not keys.get("wide") else Stamps(_dates(market), "the columns of periods")
    return Guess(market, keys, layout, (*choices, *open_, *market.warnings), table, stamps)


def _select(table: Table, keys: Mapping[str, Any], choices: list[str]) -> dict[str, Any]:
    """Select the rows of the first market in a file with several below (or beside) each other."""
    used = [keys.get("price"), *when_of(keys).columns]
    named = [name for name in when_of(keys).columns if name in table.columns]
    if keys.get("wide"):
        named = [keys["date"]]
    chosen: dict[str, str] = dict(keys.get("select") or {})
    for _ in range(3):
        rows = table.where(chosen).frame
        stamps = _joined(rows, named) if named else rows.index.to_series()
        if stamps.duplicated().mean() < _SEVERAL:
            break
        best: tuple[float, str, list[str]] | None = None
        for name in table.columns:
            if name in used or name in chosen or not name or rows[name].ndim > 1 or is_period(name):
                continue
            cells = rows[name].astype(str).str.strip()
            values = list(dict.fromkeys(cells))
            if 1 < len(values) <= _MARKETS:
                left = float((cells + "\0" + stamps).duplicated().mean())
                if best is None or left < best[0] - 0.001:
                    best = (left, name, values)
        if best is None:
            break
        _, name, values = best
        chosen[name] = values[0]
        shown = ", ".join(map(repr, values[:6])) + (" ..." if len(values) > 6 else "")
        choices.append(
            f"each stamp stands there for {len(values)} values of {name!r}: select one of {shown} ({values[0]!r} here)"
        )
    return {"select": chosen} if chosen else {}


def _joined(rows: Any, names: list[str]) -> Any:
    """Texts (n,) of some columns, joined."""
    first, *others = (rows[name].astype(str).fillna("") for name in names)
    return first.str.cat(others, sep=" ") if others else first


def clocks_of(column: Any) -> tuple[Any, Any]:
    """Moments in UTC of a column with an offset, and what its own clock shows."""
    return column.dt.tz_convert("UTC"), column.dt.tz_localize(None)


def _stamps(table: Table, keys: Mapping[str, Any]) -> Stamps:
    return read_stamps(table, when_of(keys), [keys["price"]] if keys.get("price") in table.columns else [])[1]


def _zone(table: Table, keys: dict[str, Any], choices: list[str]) -> dict[str, Any]:
    if keys.get("timezone") is not None:
        return {}
    from pandas.api.types import is_datetime64_any_dtype

    from omnisim.market.moments import read_moments, said_by

    names = when_of(keys).columns
    name = keys.get("time")
    if keys.get("date") is None and name is not None and keys.get("time_format") is None:
        column = table.column(name)
        if is_datetime64_any_dtype(column) and column.dt.tz is not None:
            zone = str(column.dt.tz)
            zone = zone if "/" in zone and not zone.startswith("Etc/") else zone_of_offsets(*clocks_of(column)) or "UTC"
            if zone == "UTC":
                choices.append(
                    "stamps are in UTC, and do not tell the market's zone: set timezone, such as 'Europe/Berlin' "
                    "(timezone = 'UTC' here)"
                )
            return {"timezone": zone}
        if not is_datetime64_any_dtype(column):
            moments = read_moments(table.text(name), "time_format", None)
            if moments.written is not None:
                place = zone_of_offsets(moments.stamps, moments.written)
                if place is None:
                    choices.append(
                        "stamps are in UTC, and do not tell the market's zone: set timezone, such as 'Europe/Berlin' "
                        "(timezone = 'UTC' here)"
                    )
                return {"timezone": place or "UTC"}
    if keys.get("file_timezone") is None and said_by(names or [str(name)]) is not None:
        place = _beside(table, str(name))
        if place is not None:
            return {"file_timezone": "UTC", "timezone": place}
        choices.append(
            f"column {names[0]!r} is in UTC, and does not tell the market's zone: set timezone, such as "
            "'Europe/Berlin' (timezone = 'UTC' here)"
        )
        return {"file_timezone": "UTC", "timezone": "UTC"}
    if keys.get("time_format") in ("unix", "unix_ms"):
        choices.append("stamps count seconds in UTC: set timezone to the market's (timezone = 'UTC' here)")
        return {"timezone": "UTC"}
    try:
        stamps = _stamps(table, keys)
    except DataError:  # asks for stamp
        stamps = _stamps(table, {**keys, "stamp": keys.get("stamp") or "start"})
    if (stamps.starts == stamps.starts.dt.normalize()).all():
        return {}  # days have no hours that change
    zones, evidence = clocks_like(stamps.starts)
    if stamps.edge == "end" and stamps.clock is not None:
        # Their hours end when the clock says so, or an hour later than they began; Central Europe is the likeliest.
        others, seen = clocks_like(stamps.clock)
        zones = sorted({*zones, *others}, key=lambda zone: (zone != "Europe/Berlin", zone))
        evidence = evidence or seen
    if zones:
        if len(zones) > 1:
            choices.append(
                f"{evidence}: this looks like the clock of {' or '.join(zones)} (timezone = {zones[0]!r} here)"
            )
        return {"timezone": zones[0]}
    if evidence:
        choices.append(
            f"{evidence}: this looks like UTC, or like one clock all year: set file_timezone = 'UTC' (or such as "
            "'+01:00') and timezone to the market's; or leave both out if the market's clock has 24 hours on every day "
            "(as here)"
        )
    return {}


def _beside(table: Table, utc: str) -> str | None:
    """The zone of a column of local stamps beside those in UTC."""
    from omnisim.market.layouts import clocks

    for name in table.columns:
        if name and name != utc and is_moment(table, name):
            zone = zone_of_offsets(*clocks(table, utc, name))
            if zone is not None:
                return zone
    return None


def _edge(table: Table, keys: dict[str, Any], choices: list[str]) -> dict[str, Any]:
    if keys.get("stamp") is not None or keys.get("date") is not None:
        return {}
    stamps = _stamps(table, keys)
    if stamps.edge_known or stamps.clock is None or len(stamps.clock) < 2:
        return {}
    clock = stamps.clock.sort_values()
    step = steps_of_rows(clock, clock).iloc[0]
    first, last = clock.iloc[0], clock.iloc[-1]
    if first - first.normalize() == step and last == last.normalize() and len(clock) > 2:
        choices.append(
            f"stamps run from {first:%H:%M} to {last:%H:%M}, as those do that close their period: set stamp = 'start' "
            "if they open it (stamp = 'end' here)"
        )
        return {"stamp": "end"}
    return {}


def _resolution(table: Table, keys: dict[str, Any]) -> dict[str, Any]:
    if keys.get("resolution") is not None:
        return {}
    starts = _stamps(table, keys).starts.sort_values()
    if not len(starts):
        return {}
    local = starts if starts.dt.tz is None else starts.dt.tz_convert(keys.get("timezone")).dt.tz_localize(None)
    finest = int(steps_of_rows(starts, local).min().total_seconds() // 60)
    names = {length: name for name, length in MINUTES.items()}
    if finest in names:
        return {"resolution": names[finest]}
    usual = [length for length in (5, 15, 30, 60) if length % finest == 0]
    return {"resolution": names[usual[-1] if finest > 15 else usual[0]], "resample": True} if usual else {}


def _says_nothing(table: Table, price: str) -> bool:
    """Whether any currency would do."""
    try:
        unit_of_prices(table, price, None, "no currency")
    except DataError:
        return False
    return True


def _settled(refusal: str, given: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The key and the value that a refusal names, unless that was tried."""
    if given.get("timezone") is None and re.search("declare timezone|timezone must name the zone", refusal):
        day = re.search(r"\d{4}-\d\d-\d\d", refusal)
        zone = zone_changing_on(day[0]) if day else None
        if zone:
            return "timezone", zone
    if "missing to 'interpolate' or 'drop_day'" in refusal:
        return ("missing", "interpolate") if given.get("missing") is None else None
    if given.get("missing") == "interpolate" and "use 'drop_day'" in refusal:
        return ("missing", "drop_day")
    for pattern in _SUGGESTED:
        for match in pattern.finditer(refusal):
            key, text = match["key"], match["value"]
            if given.get(key) is not None and key != "select":
                continue
            if key in ("time_format", "date_format") and not text.startswith("'"):
                return key, text
            try:
                value = tomllib.loads(f"value = {text}")["value"]
            except tomllib.TOMLDecodeError:
                continue
            if key == "select":
                value = {**(given.get("select") or {}), **value}
                if value == given.get("select"):
                    continue
            return key, value
    return None


def _said(value: Any) -> str:
    return repr(value).lower() if isinstance(value, bool) else repr(value)


def _dates(market: Market) -> Any:
    import pandas as pd

    return pd.Series(pd.DatetimeIndex(market.dates))


def unit_line(guessed: Guess) -> str:
    """The unit and the currency of the prices, and whether the file says so."""
    price = guessed.keys.get("price")
    if price not in guessed.table.columns:
        return f"{guessed.market.currency}/MWh"
    factor, currency, _ = unit_of_prices(guessed.table, price, guessed.keys.get("unit"), guessed.keys.get("currency"))
    return f"{guessed.keys.get('unit') or currency + '/MWh'}" + (f", times {factor:g}" if factor != 1 else "")
