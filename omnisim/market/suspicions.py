"""Sure and likely faults in the reading of prices: refused, or warned of, with the key that settles it."""

from typing import TYPE_CHECKING

import numpy as np

from omnisim.arrays import BoolArray
from omnisim.errors import DataError
from omnisim.market.clock import nonexistent
from omnisim.market.data import Market
from omnisim.market.numbers import SENTINELS
from omnisim.market.stamps import Stamps
from omnisim.market.steps import DAY, HOUR, steps_of_rows
from omnisim.market.tables import Table
from omnisim.market.units import Unit, currency_in, currency_of, parse_unit, unit_in, unknown_unit

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_CURRENCY = "EUR"

_UNIT_COLUMNS = ("unit", "units", "einheit", "uom", "price unit", "price_unit")

_SMALL = 3.0
"""Prices per MWh of which nearly all are smaller are more likely per kWh."""


def unit_of_prices(table: Table, column: str, unit: str | None, currency: str | None) -> tuple[float, str, list[str]]:
    """Factor from the file's prices to money per MWh, the currency, and notes.

    Raises
    ------
    DataError
        If the unit is none, or the header (or a column of currencies) says another one than declared.
    """
    said, notes = unit_in(column) or currency_in(column), []
    if said is None:
        said = _unit_beside(table)
    if unit is not None:
        declared = parse_unit(unit)
        if declared is None:
            raise DataError(f"unit is {unit!r}: it must be money per energy, such as 'EUR/MWh', 'EUR/kWh' or 'ct/kWh'")
        if currency is not None and not declared.fits(currency):
            raise DataError(f"unit is {unit!r}, but currency is {currency!r}: they must be the same money")
        if declared.factor != 1:
            notes.append(f"prices in {unit} were multiplied by {declared.factor:g}, to be per MWh")
        known = declared.currency if declared.currency not in ("", "$") else None
        given = currency or known or _currency(table, said) or _only(declared) or DEFAULT_CURRENCY
        _refuse_other_money(table, declared, given)
        return declared.factor, given, notes
    if unit_in(column) is None:
        _refuse_unknown_unit(table, column, currency)
    given = currency or _currency(table, said) or _only(said) or DEFAULT_CURRENCY
    if said is not None and said.factor != 1:
        raise DataError(
            f"{table.source}: the header says {said.text!r} ({column!r}), which is not {given}/MWh: set unit = "
            f"{_written(said, given)!r} to convert, or unit = {f'{given}/MWh'!r} if the header is wrong"
        )
    if said is not None:
        _refuse_other_money(table, said, given)
    if said is not None and not said.fits(given):
        raise DataError(
            f"{table.source}: the header says {said.text!r} ({column!r}), but currency is {given!r}: set currency = "
            f"{said.currency!r}, or unit = {f'{given}/MWh'!r} if the header is wrong"
        )
    cells = _cells_of_currency(table)
    if cells is not None and unit is None and cells != given:
        raise DataError(
            f"{table.source}: its column of currencies says {cells!r}, but currency is {given!r}: set currency = "
            f"{cells!r}, or unit = {f'{given}/MWh'!r} if the column is wrong"
        )
    return 1.0, given, notes


def refuse_sentinels(table: Table, values: "pd.DataFrame") -> None:
    """Refuse numbers such as -9999 that stand for nothing, unless ``missing_values`` is declared.

    Raises
    ------
    DataError
        If one of them lies far from all other numbers of its column.
    """
    if table.form.missing_values is not None:
        return
    for name in values.columns:
        column = values[name].to_numpy()
        known = column[np.isfinite(column)]
        for sentinel in SENTINELS.intersection(np.unique(known).tolist()):
            others = known[~np.isin(known, list(SENTINELS))]
            if not len(others):
                continue
            spread = max(float(np.ptp(others)), abs(float(np.median(others))), 1.0)
            away = others.min() - sentinel if sentinel < 0 else sentinel - others.max()
            if away > (0.1 if sentinel < 0 else 1.0) * spread:
                rows = np.flatnonzero(column == sentinel)
                label = values.index[rows[0]]
                raise DataError(
                    f"{table.place(label)}: {name} is {sentinel:g} ({len(rows)} time{'s' * (len(rows) > 1)}), far from "
                    f"all others ({others.min():g} to {others.max():g}): set missing_values = ['{sentinel:g}'] if it "
                    "marks a missing value, or missing_values = [] if it is a number"
                )


def warn_of_clock(source: str, stamps: Stamps, timezone: str | None, priced: BoolArray) -> list[str]:
    """Stamps that look like the ends of their periods, or like a clock without the changes of the zone.

    ``priced`` tells which rows have a price: those without one may be there for the sake of the form.
    """
    import pandas as pd

    found: list[str] = []
    if stamps.clock is None or len(stamps.clock) < 2:
        return found
    clock = stamps.clock.sort_values(kind="stable")
    step = int(steps_of_rows(clock, clock).iloc[0] / pd.Timedelta(minutes=1))
    if step >= DAY:
        return found
    first, last = (60 * moment.hour + moment.minute for moment in (clock.iloc[0], clock.iloc[-1]))
    if not stamps.edge_known and first == step and last == 0:
        found.append(
            f"{source}: stamps run from {clock.iloc[0]:%H:%M} to {clock.iloc[-1]:%H:%M}, as those do that close their "
            f"{'hour' if step == HOUR else 'period'}: set stamp = 'end' if so, or stamp = 'start'"
        )
    if timezone is None or stamps.aware or stamps.zone_declared:
        return found
    clock = stamps.starts[priced].sort_values(kind="stable")
    index = pd.DatetimeIndex(clock.unique())
    skipped = nonexistent(index, timezone)
    ambiguous = index[index.tz_localize(timezone, ambiguous="NaT", nonexistent="shift_forward").isna()]
    once = [moment for moment in ambiguous if (clock == moment).sum() == 1]
    if len(skipped) or (len(ambiguous) and len(once) == len(ambiguous)):
        seen = [f"{moment:%Y-%m-%d %H:%M}, which does not exist there, is present" for moment in skipped[:1]]
        seen += [f"{moment:%Y-%m-%d %H:%M}, which occurs twice there, is present once" for moment in once[:1]]
        found.append(
            f"{source}: stamps do not show the clock changes of {timezone} ({' and '.join(seen)}): set file_timezone = "
            f"'UTC' if they are UTC, a fixed offset such as '+01:00' for one clock all year, or file_timezone = "
            f"{timezone!r} if they are the market's clock with 24 hours on every day"
        )
    return found


def warn_of_values(market: Market, source: str, unit: str | None) -> list[str]:
    """Prices that look as if they were in another unit, stuck, copied from day to day, or a counter."""
    found = []
    prices = market.prices.ravel()
    a_day = market.prices.shape[1]
    spread = float(np.ptp(prices))
    if unit is None and 0 < np.quantile(np.abs(prices), 0.99) < _SMALL:
        found.append(
            f"{source}: prices lie between {prices.min():.4g} and {prices.max():.4g} {market.currency}/MWh, as prices "
            f"per kWh do: set unit = '{market.currency}/kWh', or unit = '{market.currency}/MWh'"
        )
    if market.prices.shape[1] == 1 or market.days < 3:
        return found
    if (np.diff(prices) > 0).all():
        found.append(f"{source}: prices rise in every row, as a counter does: set price to another column")
    runs = np.diff(np.flatnonzero(np.concatenate([[True], np.diff(prices) != 0, [True]])))
    if spread > 0 and runs.max() >= 2 * a_day:
        start = int(np.concatenate([[0], np.cumsum(runs)])[runs.argmax()])
        found.append(
            f"{source}: the price is {prices[start]:g} for {runs.max()} periods from {market.dates[start // a_day]} "
            f"on: set missing_values = ['{prices[start]:g}'] if it marks missing ones"
        )
    same = (market.prices[1:] == market.prices[:-1]).all(axis=1) & (np.ptp(market.prices[1:], axis=1) > 0)
    if same.sum() >= 2 and same.mean() > 0.01:
        at = int(np.flatnonzero(same)[0]) + 1
        found.append(
            f"{source}: {same.sum()} days have the prices of the day before, hour by hour, the first on "
            f"{market.dates[at]}: were they copied? set first_day or last_day to leave them out"
        )
    return found


def _only(said: Unit | None) -> str | None:
    """The currency of a unit of money that only one has."""
    return said.among[0] if said is not None and len(said.among) == 1 else None


def _refuse_other_money(table: Table, said: Unit, given: str) -> None:
    if said.among and given not in said.among:
        others = ", ".join(map(repr, said.among[1:]))
        raise DataError(
            f"{table.source}: {said.text!r} is no unit of {given}: set currency = {said.among[0]!r}"
            + (f", or {others}" if others else f", or unit = {f'{given}/MWh'!r} if the header is wrong")
        )


def _refuse_unknown_unit(table: Table, column: str, currency: str | None) -> None:
    """Refuse what is written like a unit and is none that is known, in the header, beside the prices or above."""
    beside = [table.text(name).iloc[0] for name in table.columns if name.strip().lower() in _UNIT_COLUMNS]
    for text in (column, *beside, *table.above.splitlines()):
        strange = unknown_unit(text, currency)
        if strange is not None:
            raise DataError(
                f"{table.source}: {strange!r} is no unit of prices that is known ({text[:60]!r}): declare unit, as "
                "money per energy such as 'EUR/kWh' or 'ct/kWh' (with the money's code), or currency if it is per MWh"
            )


def _unit_beside(table: Table) -> Unit | None:
    """The unit in a column that says the unit of all rows, or above the header."""
    for name in table.columns:
        if name.strip().lower() in _UNIT_COLUMNS:
            cells = {cell for cell in table.text(name).unique() if cell}
            if len(cells) == 1:
                return unit_in(cells.pop())
    return unit_in(table.above)


def _currency(table: Table, said: Unit | None) -> str | None:
    if said is not None and said.currency not in ("", "$"):
        return said.currency
    cells = _cells_of_currency(table)
    return cells or ("USD" if said is not None and said.currency == "$" else None)


def _cells_of_currency(table: Table) -> str | None:
    for name in table.columns:
        if name.strip().lower() in ("currency", "währung", "waehrung", "devise", "moneda", "curr"):
            cells = {cell for cell in table.text(name).unique() if cell}
            if len(cells) == 1:
                return currency_of(next(iter(cells)))
            if len(cells) > 1:
                raise DataError(
                    f"{table.source}: column {name!r} has {', '.join(sorted(cells)[:5])}: select one of them"
                )
    return None


def _written(said: Unit, currency: str) -> str:
    return said.text if parse_unit(said.text) else f"{said.currency or currency}/kWh"
