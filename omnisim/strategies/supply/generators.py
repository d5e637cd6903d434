"""Generators: what a table or a row of a file says of one, checked."""

import csv
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from omnisim.arrays import FloatArray, within
from omnisim.by_value import ByValue
from omnisim.errors import StrategyError
from omnisim.reading import read_bytes, reading
from omnisim.suggest import nearest
from omnisim.wording import count


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Generator(ByValue):
    """A power plant, or all plants of a kind.

    A MWh costs ``cost`` + ``heat_rate`` times the price of its fuel.

    Parameters
    ----------
    name
        Unique in its market.
    capacity
        Most that it delivers in a coordinate of the outcome, in MWh (its power in MW, where those are hours), > 0.
    cost
        Of a MWh without fuel; negative where delivering is subsidized.
    fuel
        Name of the fuel it burns.
    heat_rate
        Fuel per MWh delivered, > 0, in units of what the price of the fuel is for. With ``fuel``, and only with it.
    availability
        Share of the capacity that is there, in [0, 1]: a number, or one for each coordinate (the sun by hour).
    failure_probability, repair_probability
        That a generator in service breaks down before the next round, and that a broken one is back by then, both in
        [0, 1]: in the long run it is out for the share failure / (failure + repair) of the rounds.

    Raises
    ------
    StrategyError
        If a parameter is out of its range.
    """

    name: str
    capacity: float
    cost: float = 0.0
    fuel: str | None = None
    heat_rate: float | None = None
    availability: Any = 1.0
    failure_probability: float = 0.0
    repair_probability: float = 1.0

    def __post_init__(self) -> None:
        for name in ("capacity", "cost", "failure_probability", "repair_probability"):
            value = self._number(name)
            if name.endswith("probability"):
                self._require(name, 0 <= value <= 1, "between 0 and 1")
        self._require("capacity", self.capacity > 0, "> 0 MWh")
        if self.fuel is None:
            self._require("heat_rate", self.heat_rate is None, "left out where there is no fuel")
        else:
            self._require("fuel", isinstance(self.fuel, str) and self.fuel != "", "the name of a fuel")
            self._require("heat_rate", self.heat_rate is not None, f"given with its fuel {self.fuel!r}")
            self._require("heat_rate", self._number("heat_rate") > 0, "> 0")
        given = np.atleast_1d(np.asarray(self.availability, dtype=object))
        share = within(f"availability of generator {self.name!r}", given, ("d",), 0, 1, StrategyError)
        object.__setattr__(self, "availability", share)

    def delivers(self, dimension: int) -> FloatArray:
        """Energy that it can deliver in each of d coordinates, (d,) in MWh.

        Raises
        ------
        StrategyError
            If its availability is given for another number of coordinates.
        """
        if len(self.availability) not in (1, dimension):
            raise StrategyError(
                f"availability of generator {self.name!r} has {len(self.availability)} numbers: outcomes have "
                f"{count(dimension, 'coordinate')}"
            )
        return np.asarray(np.broadcast_to(self.capacity * self.availability, (dimension,)))

    def marginal_cost(self, fuel_prices: Mapping[str, float]) -> float:
        """The cost of a MWh at these prices of fuels."""
        if self.fuel is None or self.heat_rate is None:
            return self.cost
        return self.cost + self.heat_rate * fuel_prices[self.fuel]

    def _number(self, name: str) -> float:
        value = getattr(self, name)
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool) and math.isfinite(value)
        self._require(name, number, "a finite number")
        return float(value)

    def _require(self, name: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise StrategyError(f"{name} of generator {self.name!r} is {getattr(self, name)!r}: it must be {wanted}")


_KEYS = tuple(field.name for field in fields(Generator) if field.name != "name")
_TEXTS = ("name", "fuel")


def from_tables(tables: Mapping[str, Mapping[str, Any]]) -> list[Generator]:
    """Generators from tables of their parameters, by name.

    >>> from_tables({"wind": {"capacity": 10}})[0].delivers(dimension=2)
    array([10., 10.])

    Raises
    ------
    StrategyError
        If there is none, or a key is unknown, missing or out of range.
    """
    if not tables:
        raise StrategyError("there are no generators: a market needs at least one to set its price")
    return [_generator(name, table) for name, table in tables.items()]


def read_generators(path: Path) -> list[Generator]:
    """Generators from a CSV file with the columns ``name`` and ``capacity``, and any others of :class:`Generator`.

    A cell left empty is as if the column were not there. Here ``availability`` is one number.

    Raises
    ------
    StrategyError
        Naming the file, the line and what would be right.
    """
    with reading(path, StrategyError, "is not a CSV file in UTF-8"):
        rows = list(csv.DictReader(StringIO(read_bytes(path).decode("utf-8-sig"), newline=""), strict=True))
    tables: dict[str, dict[str, Any]] = {}
    for line, row in enumerate(rows, start=2):
        try:
            name, table = _row(row, tables)
            _generator(name, table)
        except StrategyError as cause:
            raise StrategyError(f"{path}: line {line}: {cause}") from cause
        tables[name] = table
    try:
        return from_tables(tables)
    except StrategyError as cause:
        raise StrategyError(f"{path}: {cause}") from cause


def _generator(name: str, table: Mapping[str, Any]) -> Generator:
    for key in table:
        if key not in _KEYS:
            raise StrategyError(f"generator {name!r} has an unknown key {key!r}{nearest(key, _KEYS)}")
    if "capacity" not in table:
        raise StrategyError(f"capacity of generator {name!r} is missing: it must be > 0 MWh")
    return Generator(name=name, **table)


def _row(row: Mapping[Any, Any], known: Collection[str]) -> tuple[str, dict[str, Any]]:
    if None in row:  # where the reader puts cells beyond the header
        raise StrategyError("has more cells than the header")
    cells = {column: text.strip() for column, text in row.items() if text and text.strip()}
    name = cells.pop("name", None)
    if name is None:
        raise StrategyError("has no cell in the column 'name'")
    if name in known:
        raise StrategyError(f"repeats the generator {name!r}: names must differ")
    return name, {column: _cell(column, text) for column, text in cells.items()}


def _cell(column: str, text: str) -> float | str:
    if column in _TEXTS:
        return text
    try:
        return float(text)
    except ValueError:
        raise StrategyError(f"{column} is {text!r}: it must be a number") from None
