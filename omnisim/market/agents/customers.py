"""A table of customers: a row for each, with parameters of its kind, a name, a weight and a contract."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, freeze
from omnisim.by_value import ByValue
from omnisim.errors import DataError
from omnisim.market.table_files import read_table
from omnisim.market.tables import Table
from omnisim.suggest import nearest

NAME, WEIGHT, CONTRACT = "name", "weight", "contract"
"""Columns that a table of any kind may have, beside those of the contract in :mod:`omnisim.market.agents.contracts`."""


@dataclass(frozen=True)
class Column:
    """A number for each customer.

    Attributes
    ----------
    name
        Of the column, which ends in its unit where it has one; ``_per_mwh`` is money of the market per MWh.
    meaning
        Of the number, for people.
    low, high
        The least and the largest value.
    open_low, open_high
        Whether that value itself is refused as well.
    flag
        Whether only yes and no (also true and false, 1 and 0) will do.
    """

    name: str
    meaning: str
    low: float = -np.inf
    high: float = np.inf
    open_low: bool = False
    open_high: bool = False
    flag: bool = False

    @property
    def wanted(self) -> str:
        """Description of valid values, in words.

        >>> Column("power_mw", "", low=0, open_low=True).wanted, Column("share", "", low=0, high=1).wanted
        ('a number > 0', 'a number from 0 to 1')
        """
        if self.flag:
            return "yes or no"
        if np.isfinite(self.low) and np.isfinite(self.high):
            ends = [end for end, is_out in ((self.low, self.open_low), (self.high, self.open_high)) if is_out]
            without = f", without {' and '.join(f'{end:g}' for end in ends)}" if ends else ""
            return f"a number from {self.low:g} to {self.high:g}{without}"
        if np.isfinite(self.low):
            return f"a number {'>' if self.open_low else '>='} {self.low:g}"
        return "a number"

    def wrong(self, values: FloatArray) -> BoolArray:
        """Mark values that are out of the range; missing ones are not."""
        below = (values <= self.low) if self.open_low else (values < self.low)
        above = (values >= self.high) if self.open_high else (values > self.high)
        return np.asarray(below | above)


@dataclass(frozen=True)
class Family:
    """Columns of numbers >= 0 whose names follow a pattern.

    Attributes
    ----------
    pattern
        Of the names.
    alike
        Of names that were meant to follow it.
    form
        How they must be called.
    """

    pattern: re.Pattern[str]
    alike: re.Pattern[str]
    form: str


def positive(name: str, meaning: str) -> Column:
    """A column of numbers > 0."""
    return Column(name, meaning, low=0.0, open_low=True)


def not_negative(name: str, meaning: str) -> Column:
    """A column of numbers >= 0."""
    return Column(name, meaning, low=0.0)


def inside_share(name: str, meaning: str) -> Column:
    """A column of shares between 0 and 1, both excluded."""
    return Column(name, meaning, low=0.0, high=1.0, open_low=True, open_high=True)


def share_column(name: str, meaning: str) -> Column:
    """A column of shares from 0 to 1."""
    return Column(name, meaning, low=0.0, high=1.0)


MOST = 1e12
"""The largest number of a table: what lies beyond is no customer of this world, and money would overflow."""

_FLAGS = {"": np.nan, "yes": 1.0, "true": 1.0, "1": 1.0, "1.0": 1.0, "no": 0.0, "false": 0.0, "0": 0.0, "0.0": 0.0}
"""Values that the cells of a flag stand for, in lower case."""

_WEIGHT = positive(WEIGHT, "how many customers are like this one")


@dataclass(frozen=True, eq=False, repr=False)
class Customers(ByValue):
    """The rows of a table.

    Attributes
    ----------
    table
        As it was read.
    values
        From names of columns to numbers (N,), NaN where a cell is empty.
    names
        N different names, or None.
    weights : (N,)
        > 0; None if the table has none.
    contracts
        N names of contracts; None if the table has none.
    """

    table: Table
    values: dict[str, FloatArray] = field(default_factory=dict)
    names: tuple[str, ...] | None = None
    weights: FloatArray | None = None
    contracts: tuple[str, ...] | None = None

    @classmethod
    def read(cls, source: Any, kind: str, columns: Sequence[Column], families: Sequence[Family] = ()) -> "Customers":
        """Read a file (CSV, Parquet and what prices are read from) or a DataFrame.

        Parameters
        ----------
        source
            A path, a DataFrame, or what this returned.
        kind
            What customers are, for messages.
        columns
            That the table may have, beside name, weight and contract.
        families
            Of further columns.

        Raises
        ------
        DataError
            Naming file, row, column and value of what is wrong, and what would be right.
        """
        table = source.table if isinstance(source, Customers) else read_table(source)
        known = {column.name: column for column in columns}
        values: dict[str, FloatArray] = {}
        named = [name for name in table.columns if name not in (NAME, CONTRACT)]
        flags = {column.name for column in columns if column.flag}
        for name in named:
            if name not in known and name != WEIGHT and not any(each.pattern.fullmatch(name) for each in families):
                shown = repr(name) if name else "without a name"
                meant = [f": it must be called {each.form}" for each in families if each.alike.fullmatch(name)]
                hint = meant[0] if meant else nearest(name, [*known, NAME, WEIGHT, CONTRACT])
                raise DataError(f"{table.source}: column {shown} is none of {kind}{hint}")
        table = table.with_signs(name for name in named if name not in flags)
        for name in named:
            column = _WEIGHT if name == WEIGHT else known.get(name) or not_negative(name, "")
            values[name] = _checked(table, column)
        weights = values.pop(WEIGHT, None)
        if weights is not None and np.isnan(weights).any():
            at = int(np.flatnonzero(np.isnan(weights))[0])
            raise DataError(f"{_place(table, at)}: weight is empty: it must be {_WEIGHT.wanted}")
        return cls(
            table,
            values,
            _names(table) if NAME in table.columns else None,
            None if weights is None else freeze(weights),
            tuple(table.raw(CONTRACT).str.lower()) if CONTRACT in table.columns else None,
        )

    def __repr__(self) -> str:
        return f"<Customers of {self.table.source}: {self.agents:,} rows>"

    @property
    def agents(self) -> int:
        """N, the number of rows."""
        return len(self.table.frame)

    def told(self, columns: Sequence[Column]) -> str:
        """Sentence on what the table gives and what is drawn."""
        known = [column.name for column in columns]
        given = [name for name in known if name in self.values and not np.isnan(self.values[name]).all()]
        drawn = [name for name in known if name not in given or np.isnan(self.values[name]).any()]
        held = [name or "spot" for name in self.contracts or ()]
        contracts = ", ".join(f"{held.count(name):,} {name}" for name in sorted(set(held), key=held.index))
        weights = "" if self.weights is None else f", for {self.weights.sum():,.6g} customers by their weights"
        return (
            f"{self.agents:,} customers of {self.table.source}{weights}; "
            f"from the table: {', '.join(given) or 'nothing'}; "
            + (f"contracts: {contracts}; " if contracts else "")
            + f"drawn, in whole or where a cell is empty: {', '.join(drawn) or 'nothing'}"
        )

    def place(self, agent: int) -> str:
        """The file and the line (or row) of an agent."""
        return _place(self.table, agent)

    def or_drawn(self, name: str, drawn: FloatArray) -> FloatArray:
        """The column (N,), with ``drawn`` (N,) where it is not in the table or a cell is empty."""
        given = self.values.get(name)
        return drawn if given is None else np.where(np.isnan(given), drawn, given)

    def refuse(self, name: str, wrong: BoolArray, wanted: Sequence[str] | str) -> None:
        """Refuse the first row of a column that is wrong; ``wanted`` says what would be right, of each row or of all.

        Raises
        ------
        DataError
            If any is.
        """
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            right = wanted if isinstance(wanted, str) else wanted[at]
            raise DataError(f"{_place(self.table, at)}: {name} is {_cell(self.table, name, at)}: it must be {right}")


def _checked(table: Table, column: Column) -> FloatArray:
    """One column as numbers in the range, NaN for empty cells."""
    if column.flag:
        text = table.text(column.name).str.lower().to_numpy()
        values = np.array([_FLAGS.get(cell, np.inf) for cell in text])
        wrong = np.isinf(values)
    else:
        values = table.numbers(column.name)
        wrong = column.wrong(values) | (np.abs(values) > MOST)
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        large = f", at most {MOST:g} in size" if abs(values[at]) > MOST and not column.flag else ""
        raise DataError(
            f"{_place(table, at)}: {column.name} is {_cell(table, column.name, at)}: it must be {column.wanted}{large}"
        )
    return freeze(np.array(values, dtype=np.float64))


def _names(table: Table) -> tuple[str, ...]:
    names = tuple(table.raw(NAME))
    first: dict[str, int] = {}
    for at, name in enumerate(names):
        if not name:
            raise DataError(f"{_place(table, at)}: name is empty: each customer needs one, or leave the column out")
        if name in first:
            other = table.frame.index[first[name]]
            raise DataError(
                f"{_place(table, at)}: name is {name!r}, as in {table.unit} {other}: names must differ (weight says "
                "how many customers are alike)"
            )
        first[name] = at
    return names


def _place(table: Table, at: int) -> str:
    return table.place(table.frame.index[at])


def _cell(table: Table, name: str, at: int) -> str:
    value = table.column(name).iloc[at]
    return repr(value) if isinstance(value, str) else f"{value}"
