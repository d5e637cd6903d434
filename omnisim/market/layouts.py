"""Layouts of files of known sources, in a few declarative lines each: how to recognize them, and the keys for them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from omnisim.errors import DataError
from omnisim.market.moments import first_end, read_moments
from omnisim.market.tables import Table
from omnisim.market.zones import zone_of_offsets

_EUROPE, _GERMANY = "Europe/Brussels", "Europe/Berlin"
_DOTTED, _SLASHED, _AMERICAN = "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"


@dataclass(frozen=True)
class Layout:
    """One form of the files of a source.

    Attributes
    ----------
    source
        Name under which a scenario names it.
    about
        Whose files these are.
    columns
        Key of :func:`~omnisim.market.read_prices` -> pattern of the name of its column. The header must have all.
    keys
        Other keys, as they are.
    formats
        Formats of the stamps, of which the first that reads a file's first stamp is declared.
    choices
        Pattern of a column -> values of which the first one that the file has is selected; where it has none of them
        (or none is named), and several values, the user has to choose.
    local
        Pattern of a column of local stamps beside those in UTC, which tell the market's zone.
    dates
        Patterns of several columns that make the date.
    rest
        The key that all other columns are given to, if any.
    beside
        Patterns of further columns that the header must have.
    first_line
        Pattern of the first line of a file without a header.
    """

    source: str
    about: str
    columns: Mapping[str, str]
    keys: Mapping[str, Any] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    local: str | None = None
    dates: tuple[str, ...] = ()
    rest: str | None = None
    beside: tuple[str, ...] = ()
    first_line: str | None = None

    @property
    def patterns(self) -> list[re.Pattern[str]]:
        """Patterns of the columns that the header must have."""
        texts = [*self.columns.values(), *self.beside, *([self.local] if self.local else [])]
        return [re.compile(text) for text in texts]

    def tells_the_time(self, table: Table) -> bool:
        """Whether the stamps are more than days, which another column would divide into periods."""
        from pandas.api.types import is_numeric_dtype

        name = next((name for name in table.columns if re.fullmatch(self.columns.get("time", "(?!)"), name)), None)
        if name is None or "date" in self.columns or is_numeric_dtype(table.frame[name]):
            return True
        return bool(table.text(name).iloc[:50].str.contains(":").any())

    def keys_for(self, table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
        """The keys with which a table of this layout is read; those that are given stay as they are.

        Raises
        ------
        DataError
            If the table is not of this layout, or holds several markets of which none is chosen.
        """
        found: dict[str, Any] = dict(self.keys)
        for key, pattern in self.columns.items():
            if given.get(key) is None:
                found[key] = _named(table, pattern, self, key)
        if self.dates and given.get("date") is None:
            found["date"] = list(self.dates)
        found |= {key: value for key, value in given.items() if value is not None}
        chosen = self._chosen(table, dict(found.get("select") or {}))
        if chosen:
            found["select"] = chosen
        time = found.get("date") or found.get("time")
        if isinstance(time, str):
            if self.formats and given.get("time_format") is None and given.get("date_format") is None:
                key = "date_format" if "date" in found else "time_format"
                told = _format_of(table, time, self.formats)
                found |= {key: told} if told else {}
            if "UTC" in time and "file_timezone" not in given and "(" in time:
                found["file_timezone"] = "UTC"
        if self.local is not None and found.get("timezone") is None:
            zone = zone_of_offsets(*clocks(table.where(chosen), str(time), _named(table, self.local, self, "time")))
            found |= {"timezone": zone} if zone else {}
        if self.rest is not None and not given.get(self.rest):
            used = {value for value in found.values() if isinstance(value, str)}
            found[self.rest] = [name for name in table.columns if name and name not in used]
        return found

    def _chosen(self, table: Table, select: dict[str, str]) -> dict[str, str]:
        for pattern, preferred in self.choices.items():
            names = [name for name in table.columns if re.fullmatch(pattern, name)]
            if not names or names[0] in select:
                continue
            values = list(dict.fromkeys(cell for cell in table.where(select).raw(names[0]) if cell))
            wanted = next((value for value in preferred if value in values), None)
            if wanted is None and len(values) > 1:
                shown = ", ".join(map(repr, values[:6])) + (" ..." if len(values) > 6 else "")
                raise DataError(
                    f"{table.source} holds {len(values)} values of {names[0]}: select one of them, as in select = "
                    f"{{ {_toml_key(names[0])} = {values[0]!r} }}: {shown}"
                )
            if wanted is not None and len(values) > 1:
                select[names[0]] = wanted
        return select


def _entsoe(**keys: Any) -> Layout:
    return Layout(
        "entsoe",
        "ENTSO-E Transparency Platform, day-ahead prices, exports old and new",
        {"time": r"(MTU|Time)( \(.*\))?", "price": r"Day-ahead Price [\[(].*"},
        {"timezone": _EUROPE, **keys},
        (_DOTTED, _SLASHED, "%d/%m/%Y %H:%M"),
        {"Area|BZN": (), "Sequence": ("Sequence Sequence 1", "Sequence 1", "1", "Without Sequence")},
    )


LAYOUTS: tuple[Layout, ...] = (
    _entsoe(),
    Layout(
        "smard",
        "SMARD, wholesale prices (Bundesnetzagentur), German or English",
        {
            "time": r"Datum von|Start date|Date from",
            "price": r"(Deutschland/Luxemburg|Germany/Luxembourg)\b.*/MWh.*",
        },
        {"separator": ";", "timezone": _GERMANY},
        (_DOTTED, "%b %d, %Y %I:%M %p"),
    ),
    Layout(
        "smard",
        "SMARD, wholesale prices, until 2022: day, begin and end in columns of their own",
        {
            "date": r"Datum|Date",
            "time": r"Anfang|Uhrzeit|Start|Time of day",
            "price": r"(Deutschland/Luxemburg|Germany/Luxembourg)\b.*/MWh.*",
        },
        {"separator": ";", "timezone": _GERMANY},
        ("%d.%m.%Y", "%b %d, %Y"),
    ),
    Layout(
        "energy_charts",
        "energy-charts.info, CSV",
        {"time": r"(Datum|Date) \(.*\)", "price": r"Day[ -]Ahead Au(ktion|ction).*"},
        {"timezone": _GERMANY},
    ),
    Layout(
        "energy_charts",
        "energy-charts.info, JSON of its interface",
        {"time": r"unix_seconds", "price": r"price"},
        {"timezone": _GERMANY, "time_format": "unix"},
    ),
    Layout(
        "opsd",
        "Open Power System Data, time series",
        {"time": r"utc_timestamp", "price": r".*_price_day_ahead"},
        {},
        local=r"cet_cest_timestamp",
    ),
    Layout(
        "nordpool",
        "Nord Pool, elspot prices of a year",
        {"date": r"", "period": r"Hours|Hour|Timer", "price": r"SYS"},
        {"timezone": "Europe/Oslo", "separator": ";", "decimal": ","},
        ("%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y"),
    ),
    Layout(
        "omie",
        "OMIE, marginalpdbc: prices of the Iberian day-ahead market",
        {"period": r"period", "price": r"spain"},
        {
            "separator": ";",
            "skip_rows": 1,
            "columns": ["year", "month", "day", "period", "portugal", "spain"],
            "timezone": "Europe/Madrid",
            "currency": "EUR",
        },
        dates=("year", "month", "day"),
        first_line=r"MARGINALPDBC;*",
    ),
    Layout(
        "ember",
        "Ember, European wholesale electricity prices, hourly",
        {"time": r"Datetime \(UTC\)", "price": r"Price \(.*MWh.*\)"},
        {"file_timezone": "UTC"},
        choices={"Country": ()},
        local=r"Datetime \(Local\)",
    ),
    Layout(
        "ercot",
        "ERCOT, day-ahead settlement point prices",
        {"date": r"Delivery ?Date", "time": r"Hour ?Ending", "price": r"Settlement ?Point ?Price"},
        {"timezone": "America/Chicago", "currency": "USD", "stamp": "end"},
        ("%m/%d/%Y",),
        {"Settlement ?Point( ?Name)?": ()},
    ),
    Layout(
        "pjm",
        "PJM Data Miner, hourly day-ahead prices",
        {"time": r"datetime_beginning_utc", "price": r"total_lmp_da"},
        {"file_timezone": "UTC", "timezone": "America/New_York", "currency": "USD"},
        (_AMERICAN, "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S"),
        {"pnode_name": ()},
    ),
    Layout(
        "nyiso",
        "NYISO, zonal day-ahead prices",
        {"time": r"Time Stamp", "price": r"LBMP \(\$/MWHr?\)"},
        {"timezone": "America/New_York", "currency": "USD"},
        ("%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
        {"Name": ()},
    ),
    Layout(
        "caiso",
        "CAISO OASIS, day-ahead locational prices",
        {"time": r"INTERVALSTARTTIME_GMT", "price": r"MW|LMP_PRC|VALUE"},
        {"timezone": "America/Los_Angeles", "currency": "USD"},
        choices={"LMP_TYPE": ("LMP",), "NODE": (), "MARKET_RUN_ID": ("DAM",)},
    ),
    Layout(
        "gridstatus",
        "gridstatus, frames of locational and settlement prices",
        {"time": r"Interval Start", "price": r"LMP|SPP|Price"},
        {"currency": "USD"},
        choices={"Market": ("DAY_AHEAD_HOURLY",), "Location": (), "Location Type": ()},
        local=r"Interval Start",
    ),
    Layout(
        "epftoolbox",
        "epftoolbox, a market and what was known before",
        {"time": r"Date", "price": r"Price"},
        rest="features",
    ),
    Layout(
        "epftoolbox_forecasts",
        "epftoolbox, published forecasts",
        {"time": r"|Date", "price": r"Real price"},
        rest="forecasts",
    ),
    Layout(
        "epftoolbox2",
        "epftoolbox2, frames of its data pipeline",
        {"time": r"|datetime|index|time", "price": r"price"},
        local=r"|datetime|index|time",
        beside=(r"(load|generation|weekday|is_holiday|daylight|temperature)(_.*)?",),
    ),
    Layout(
        "entsoe_py",
        "entsoe-py, day-ahead prices saved from pandas",
        {"time": r"|index|Unnamed: 0|time|datetime", "price": r"0|Day-ahead Price|day_ahead_prices?"},
        local=r"|index|Unnamed: 0|time|datetime",
    ),
)
"""Known layouts of files, in the order in which they are tried."""

SOURCES: Mapping[str, tuple[Layout, ...]] = MappingProxyType(
    {name: tuple(each for each in LAYOUTS if each.source == name) for name in dict.fromkeys(x.source for x in LAYOUTS)}
)
"""Name of a source -> its layouts."""


def _named(table: Table, pattern: str, layout: Layout, key: str) -> str:
    names = [name for name in table.columns if re.fullmatch(pattern, name)]
    if not names:
        raise DataError(f"{table.source} is not of {layout.about}: no column for {key} ({pattern})")
    if len(set(names)) > 1 and key == "price":
        raise DataError(f"{table.source} has {len(names)} columns of prices: set price to one of {_listing(names)}")
    return names[0]


def _listing(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:8])) + (" ..." if len(names) > 8 else "")


def _format_of(table: Table, name: str, formats: Sequence[str]) -> str | None:
    import pandas as pd

    text = table.text(name)
    given = [first_end(cell) for cell in text[text.str.contains(r"\d")].iloc[:50]]
    for each in formats:
        if given and pd.to_datetime(pd.Series(given), format=each, errors="coerce").notna().all():
            return each
    return None


def clocks(table: Table, time: str, local: str) -> tuple[Any, Any]:
    """Moments in UTC, and what the market's clock shows at them."""
    import pandas as pd
    from pandas.api.types import is_datetime64_any_dtype

    column = table.column(local)
    if is_datetime64_any_dtype(column):
        if column.dt.tz is None:
            return column, column
        return column.dt.tz_convert("UTC"), column.dt.tz_localize(None)
    there = read_moments(table.text(local), "time_format", None)
    if there.written is not None:
        return there.stamps, there.written
    here = read_moments(table.text(time), "time_format", None).stamps
    if here.dt.tz is None:
        here = here.dt.tz_localize("UTC")
    return pd.Series(here), there.stamps


def _toml_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
