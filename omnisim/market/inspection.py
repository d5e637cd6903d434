"""Description of a file of prices, in lines to read, and the ``[market]`` table with which a scenario reads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.market.guessing import Guess, guess, unit_line
from omnisim.market.table_files import Source

_BARS = "▁▂▃▄▅▆▇█"

_PICTURE = 48
"""Characters of the picture of the mean day, at most."""


def inspected(source: Source, given: Mapping[str, Any] | None = None) -> tuple[list[str], dict[str, Any]]:
    """Lines that say how a file is read, and the keys of its ``[market]`` table.

    Parameters
    ----------
    given
        Keys that the user declares.

    Raises
    ------
    DataError
        If it cannot be read, whatever is declared.
    """
    found = guess(source, given)
    market, table = found.market, found.table
    name = Path(source).name if isinstance(source, str | Path) else table.source
    a_day, price = market.prices.shape[1], found.keys.get("price", "of each period")
    lines = [f"{name}: {found.layout or 'of no known source; its columns were told by what they hold'}"]
    facts = {
        "written": _written(found),
        "stamps": _stamps(found),
        "resolution": f"{market.resolution}: {a_day} price{'s' * (a_day > 1)} a day",
        "prices": f"column {price!r} in {unit_line(found)}: {_extremes(market.prices)}",
        "days": f"{market.dates[0]} to {market.dates[-1]}, {market.days} days"
        + _gaps(np.asarray(market.dates, dtype="datetime64[D]")),
        "first day": f"{market.dates[0]}: {_row(market.prices[0])}",
        "last day": f"{market.dates[-1]}: {_row(market.prices[-1])}",
        "mean day": picture(market.prices.mean(axis=0)),
    }
    lines += [f"  {key:<11} {value}" for key, value in facts.items()]
    lines += [f"  note        {note}" for note in market.notes]
    lines += [f"  choose      {choice}" for choice in found.choices]
    return lines, market_table(source, found)


def market_table(source: Source, found: Guess) -> dict[str, Any]:
    """The keys with which a scenario reads the file in the same way."""
    path = {"path": str(Path(source).resolve())} if isinstance(source, str | Path) else {}
    return {"source": "file", **path, **{key: value for key, value in found.keys.items() if value not in (None, ())}}


def picture(values: FloatArray) -> str:
    """Values as bars of eight heights, with the lowest and the highest.

    >>> picture(np.array([10.0, 20.0, 30.0]))
    '▁▅█ 10 to 30'
    """
    shown = values
    if len(values) > _PICTURE:
        shown = values.reshape(-1, int(np.ceil(len(values) / _PICTURE))).mean(axis=1)
    low, span = float(shown.min()), float(np.ptp(shown)) or 1.0
    bars = "".join(_BARS[round((len(_BARS) - 1) * (value - low) / span)] for value in shown)
    return f"{bars} {values.min():.4g} to {values.max():.4g}"


def _written(found: Guess) -> str:
    table = found.table
    signs = table.with_signs([found.keys["price"]]).signs if found.keys.get("price") in table.columns else None
    parts = [f"{table.encoding}, separator {table.separator!r}"] if table.encoding else []
    if signs is not None:
        parts.append(f"decimal {signs.decimal!r}" + (f", thousands {signs.thousands!r}" if signs.thousands else ""))
    return ", ".join([*parts, f"{len(table.frame)} {table.unit}s, {len(table.columns)} columns"])


def _stamps(found: Guess) -> str:
    stamps, keys = found.stamps, found.keys
    clock = stamps.starts if stamps.clock is None else stamps.clock
    ends = "close" if stamps.edge == "end" else "open"
    zone = keys.get("timezone")
    told = (
        "with UTC offsets"
        if stamps.aware and not keys.get("file_timezone")
        else f"on the clock of {keys['file_timezone']}"
        if (keys.get("file_timezone"))
        else f"on the clock of {zone}"
        if zone
        else "on a clock without changes"
    )
    return (
        f"{stamps.described}, {clock.min():%Y-%m-%d %H:%M} to {clock.max():%Y-%m-%d %H:%M} {told}; they {ends} their "
        f"period; the days are those of {zone or 'that clock'}"
    )


def _extremes(prices: FloatArray) -> str:
    at = [f"{quantile:.6g}" for quantile in np.quantile(prices, [0, 0.5, 1])]
    negative = int((prices < 0).sum())
    return f"lowest {at[0]}, median {at[1]}, highest {at[2]}" + (f", {negative} below 0" if negative else "")


def _gaps(dates: Any) -> str:
    absent = int((dates[-1] - dates[0]) / np.timedelta64(1, "D")) + 1 - len(dates)
    return f" ({absent} between them left out)" if absent else ""


def _row(prices: FloatArray) -> str:
    shown = [f"{price:g}" for price in prices]
    return " ".join(shown if len(shown) <= 24 else [*shown[:12], "...", *shown[-3:]])
