"""Forecasts of vendors: dated files of their own, put beside the prices of a market, and refused where they leak."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from omnisim.arrays import BoolArray, DateArray
from omnisim.errors import DataError
from omnisim.market.beside import Beside, days_beside
from omnisim.market.data import MINUTES, Market
from omnisim.market.forecast_columns import Distributed, Part, distribution_of, parts_of
from omnisim.market.forecast_days import beside_market
from omnisim.market.issue_times import gate_of, known_rows
from omnisim.market.leaks import Leaks, refuse_leaks, warn_of_misfit
from omnisim.market.stamps import Edge, Stamps, When, read_stamps
from omnisim.market.suspicions import refuse_sentinels, unit_of_prices
from omnisim.market.table_files import Source, read_table
from omnisim.market.tables import Form, Table
from omnisim.market.wide import PERIOD, PRICE, unpivoted
from omnisim.market.zones import checked_zone

if TYPE_CHECKING:
    import pandas as pd


def with_forecast(
    market: Market,
    name: str,
    source: Source,
    *,
    column: str | None = None,
    quantiles: Mapping[str, float] | None = None,
    members: list[str] | None = None,
    level_column: str | None = None,
    member_column: str | None = None,
    time: str | None = None,
    date: str | None = None,
    period: str | None = None,
    stamp: Edge | None = None,
    time_format: str | None = None,
    date_format: str | None = None,
    timezone: str | None = None,
    file_timezone: str | None = None,
    wide: bool = False,
    resample: bool | None = None,
    select: Mapping[str, str] | None = None,
    unit: str | None = None,
    issued: str | None = None,
    issued_format: str | None = None,
    issued_timezone: str | None = None,
    gate_closure: str | None = None,
    missing_forecast: str = "error",
    leaks: Leaks = "error",
    first_day: dt.date | None = None,
    last_day: dt.date | None = None,
    separator: str | None = None,
    decimal: Any = None,
    thousands: str | None = None,
    encoding: str | None = None,
    skip_rows: int | None = None,
    columns: list[str] | None = None,
    sheet: str | None = None,
    member: str | None = None,
    missing_values: list[str] | None = None,
) -> Market:
    """The market with the forecasts of a vendor beside its prices.

    Parameters
    ----------
    name
        What the model is called: ``kind = "published", model = name``.
    source
        A file, several, or a path with ``*`` in its name, as :func:`~omnisim.market.read_prices` takes them.
    column
        Of the forecasts; left out, the model's name, ``forecast``, or the only column that nothing else uses.
    quantiles
        Columns of quantiles and their levels, such as ``{"low": 0.1, "high": 0.9}``: a distribution, whose mean is the
        forecast (see :class:`~omnisim.market.distributions.Distribution`). Where no column is a point, columns called
        ``q10``, ``P90``, ``0.1``, ``10%``, ``median``, ``lo-80`` and the like are found.
    members
        Columns of the members of an ensemble; those called ``member_1``, ``member_2`` and the like are found.
    level_column, member_column
        Of a file with a row for each level or member: the column that says which.
    issued
        Column of the time at which each forecast was issued. Of several for one period, the last one before gate
        closure counts.
    issued_timezone
        The clock of issue times without an offset; left out, that of the stamps (``file_timezone``, else the
        market's). Needed where the stamps carry offsets and the issue times do not.
    gate_closure
        Time of the day before delivery, on the market's clock, until which a forecast is known to customers, such as
        ``"12:00"``. Needed with ``issued``.
    missing_forecast
        Days without a forecast: ``"error"``, ``"previous"`` (that of the last day with one), or the name of another
        forecast of the market.
    first_day, last_day
        Days that will be played: others need no forecast, and take the prices of the day before.
    time, date, period, stamp, time_format, date_format, timezone, file_timezone, wide, resample, select, unit, leaks
        As for prices.
    separator, decimal, thousands, encoding, skip_rows, columns, sheet, member, missing_values
        As for prices.

    Raises
    ------
    DataError
        If a file is not as described, a forecast was issued after gate closure or is the price, a day has none, some
        quantiles or members are missing where others are not, or quantiles cross in most periods.

    Notes
    -----
    What is likely wrong with its clock, its hours or its unit is among the warnings of the market. Quantiles that cross
    are sorted, with a warning.
    """
    about = f"forecast {name!r}"
    if name in market.forecasts:
        raise DataError(f"{about} is one of the market's already: give it another name")
    said = Distributed(quantiles, members, level_column, member_column)
    gate = gate_of(about, issued, gate_closure)
    zone = None if timezone is None else checked_zone("timezone", timezone)
    other = None if file_timezone is None else checked_zone("file_timezone", file_timezone)
    form = Form(separator, decimal, thousands, encoding, skip_rows, columns, sheet, member, missing_values)
    when = When(time, date, period, time_format, date_format, other, zone, stamp)
    wanted = [
        *when.columns,
        *([] if wide or column is None else [column]),
        *said.columns,
        *([issued] if issued else []),
        *(select or {}),
    ]
    table = read_table(source, form, wanted).where(select or {})
    if wide:
        table = unpivoted(table)
        when = replace(when, date=date or table.columns[0], period=PERIOD)
        column = PRICE
    parts = parts_of(table, name, column, said, [*(when.columns or table.columns[:1]), *([issued] if issued else [])])
    issues = None if gate is None or issued is None else _Issues(issued, issued_format, issued_timezone, gate)
    reader = _Reader(about, market, when, zone, other, unit, issues, resample, parts.kind == "quantiles")
    read = [_days(reader, part) for part in parts.parts]
    dates = _same_dates(about, read, parts.parts)
    values = np.stack([each for days in read for each in days.columns.values()], axis=2)
    told = [*parts.notes, *dict.fromkeys(note for days in read for note in days.notes)]
    suspected = [*dict.fromkeys(warning for days in read for warning in days.warnings)]
    if parts.kind == "point":
        values = values[:, :, 0]
    found, missing = beside_market(market, name, dates, values, missing_forecast, first_day, last_day)
    distributions = dict(market.distributions)
    alone = {name: found}
    if parts.kind != "point":
        distribution, warning = distribution_of(parts, found, lambda day, period: _named(market, day, period))
        suspected += [f"{table.source}: {about}: {warning}"] * bool(warning)
        labels = [label for part in parts.parts for label in part.labels]
        alone = {name: distribution.mean, **{f"{name}: {label}": found[:, :, k] for k, label in enumerate(labels)}}
        distributions[name] = distribution
    compared = replace(market, forecasts=alone, features={}, distributions={})
    refuse_leaks(compared, table.source, leaks)
    suspected += warn_of_misfit(compared, name, table.source)
    return replace(
        market,
        forecasts={**market.forecasts, name: alone[name]},
        distributions=distributions,
        notes=(*market.notes, *(f"{about}: {note}" for note in [*told, *missing])),
        warnings=(*market.warnings, *suspected),
    )


@dataclass(frozen=True)
class _Issues:
    """The column of issue times, how it is written, and until when forecasts were known."""

    column: str
    form: str | None
    timezone: str | None
    gate: dt.timedelta


@dataclass(frozen=True)
class _Reader:
    """Reader of rows of a file as days of a market."""

    about: str
    market: Market
    when: When
    zone: str | None
    file_zone: str | None
    unit: str | None
    issues: _Issues | None
    resample: bool | None
    whole: bool

    def days(self, part: Part) -> Beside:
        """The days of some rows."""
        import pandas as pd

        table, names = part.table, list(part.columns)
        units = [unit_of_prices(table, each, self.unit, self.market.currency) for each in names]
        notes = [*dict.fromkeys(note for _, _, said in units for note in said)]
        table, stamps = read_stamps(table, self.when, names)
        if self.issues is not None:
            kept, passed = self._known(table, stamps, self.issues)
            notes += passed
            table, stamps = read_stamps(replace(table, frame=table.frame[kept]), self.when, names)
        signed = table.with_signs(names)
        numbers = {
            label: signed.numbers(each) * factor
            for label, each, (factor, _, _) in zip(part.labels, names, units, strict=True)
        }
        values = pd.DataFrame(numbers, index=table.frame.index)
        refuse_sentinels(table, values)
        _refuse_partly_missing(table, values)
        there = values.notna().all(axis=1).to_numpy()
        days = days_beside(self.market, table, values, stamps, there, zone=self.zone, resample=self.resample)
        minutes = MINUTES[self.market.resolution]
        if self.whole and days.minutes < minutes:
            raise DataError(
                f"{self.about}: {table.source} has quantiles of {days.minutes} minutes, the market prices of "
                f"{minutes}: the mean of quantiles is no quantile of the mean; give quantiles of "
                "the longer periods, or an ensemble"
            )
        return replace(days, columns={label: days.columns[label] for label in part.labels}, notes=notes + days.notes)

    def _known(self, table: Table, stamps: Stamps, issues: _Issues) -> tuple[BoolArray, list[str]]:
        own = issues.timezone
        clock = checked_zone("issued_timezone", own) if own is not None else self.file_zone
        if clock is None and not stamps.aware:
            clock = self.zone
        return known_rows(table, stamps, issues.column, issues.form, issues.gate, self.zone, clock, self.about)


def _days(reader: "_Reader", part: Part) -> Beside:
    try:
        return reader.days(part)
    except DataError as cause:
        if not part.of:
            raise
        raise DataError(f"{cause}; among the rows with {part.of}") from cause


def _same_dates(about: str, read: Sequence[Beside], parts: Sequence[Part]) -> DateArray:
    """The days that all parts have, which must be the same."""
    every = [set(each.dates.tolist()) for each in read]
    for days, part in zip(every, parts, strict=True):
        lacking = set.union(*every) - days
        if lacking:
            raise DataError(
                f"{about}: {part.table.source} has nothing of {part.labels[0]} for {min(lacking)} ({len(lacking)} such "
                "days), where it has others: a distribution needs all of them, or none"
            )
    return read[0].dates


def _refuse_partly_missing(table: Table, values: "pd.DataFrame") -> None:
    empty = values.isna()
    partly = (empty.any(axis=1) & ~empty.all(axis=1)).to_numpy()
    if partly.any():
        label = values.index[partly][0]
        name = str(empty.columns[empty.loc[label].to_numpy().ravel()[: len(empty.columns)]][0])
        raise DataError(
            f"{table.place(label)}: {name} is empty where other columns of the distribution are not "
            f"({int(partly.sum())} such {table.unit}s): a distribution needs all of them, or none"
        )


def _named(market: Market, day: int, period: int) -> str:
    minutes = period * MINUTES[market.resolution]
    return f"{market.dates[day]} {minutes // 60:02d}:{minutes % 60:02d}"
