"""The columns of a file of forecasts: one of points, or those of the quantiles or members of a distribution."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import DataError
from omnisim.market.columns import numeric_columns
from omnisim.market.distributions import Distribution
from omnisim.market.quantile_columns import (
    checked_levels,
    levels_in,
    member_columns,
    names_levels,
    names_members,
    quantile_columns,
)
from omnisim.market.tables import Table
from omnisim.market.wide import PRICE
from omnisim.suggest import nearest

Kind = Literal["point", "quantiles", "members"]

_MIXED_UP = 0.5
"""Share of the periods in which quantiles cross from which on their levels are in doubt."""


@dataclass(frozen=True)
class Distributed:
    """Form of distributions in a file; at most one of the four is given.

    Attributes
    ----------
    quantiles
        Columns of quantiles and their levels.
    members
        Columns of the members of an ensemble.
    level_column, member_column
        The column that says of which level or member a row is, in a file with a row for each.
    """

    quantiles: Mapping[str, float] | None = None
    members: Sequence[str] | None = None
    level_column: str | None = None
    member_column: str | None = None

    @property
    def given(self) -> list[str]:
        """The keys that are declared."""
        named = ("quantiles", "members", "level_column", "member_column")
        return [key for key in named if getattr(self, key) is not None]

    @property
    def columns(self) -> list[str]:
        """Columns of the file that are named."""
        rows = [name for name in (self.level_column, self.member_column) if name is not None]
        return [*(self.quantiles or ()), *(self.members or ()), *rows]


@dataclass(frozen=True)
class Part:
    """Rows of a file and the columns that are read of them: one number, one level, or one member each.

    Attributes
    ----------
    table, columns, labels
        Rows, columns, and what each column is called.
    of
        What the rows have in common, if they are not all; for messages.
    """

    table: Table
    columns: Sequence[str]
    labels: Sequence[str]
    of: str = ""


@dataclass(frozen=True)
class Parts:
    """Parts read from a file."""

    kind: Kind
    parts: Sequence[Part]
    levels: Sequence[float] = ()
    notes: Sequence[str] = field(default=())


def parts_of(table: Table, name: str, column: str | None, said: Distributed, used: Sequence[str]) -> Parts:
    """Find the parts of a table of forecasts to read.

    Parameters
    ----------
    name
        Of the model.
    column
        Of its numbers, where a row holds one.
    said
        How the file says distributions; where nothing is declared and no column is likely to be a point, columns that
        are called as quantiles or members are found by their names.
    used
        Columns of stamps.

    Raises
    ------
    DataError
        If keys contradict each other, a column does not exist, or levels are none.
    """
    if len(said.given) > 1:
        raise DataError(f"forecast {name!r}: {' and '.join(said.given)} are given: one of them says what columns are")
    notes: list[str] = []
    if not said.given:
        found = told_by_rows(table, used)
        said = Distributed(level_column=found.get("level_column"), member_column=found.get("member_column"))
    if said.level_column is not None or said.member_column is not None:
        return _of_rows(table, name, column, said, used)
    if said.given and column is not None:
        raise DataError(f"forecast {name!r}: column is {column!r} beside {said.given[0]}: leave one of them out")
    if not said.given and column is None and not any(each in table.columns for each in (name, "forecast", PRICE)):
        said = _found_in_columns(table, name, used)
        others = [each for each in table.columns if each and each not in (*used, *said.columns)]
        notes = [f"other columns were left out: {', '.join(others[:6])}"] * bool(said.given and others)
    if said.quantiles is not None:
        levels = checked_levels(said.quantiles)
        for each in levels:
            table.column(each)
        notes += [f"quantiles are {', '.join(f'{each} = {level:g}' for each, level in levels.items())}"]
        return Parts("quantiles", [Part(table, [*levels], [*levels])], [*levels.values()], notes)
    if said.members is not None:
        if len(said.members) < 2 or len(set(said.members)) < len(said.members):
            raise DataError(f"forecast {name!r}: members must be two or more different columns, got {said.members}")
        for each in said.members:
            table.column(each)
        notes += [f"members of the ensemble are {len(said.members)} columns, {said.members[0]} to {said.members[-1]}"]
        return Parts("members", [Part(table, said.members, said.members)], (), notes)
    value = _point(table, name, column, used)
    return Parts("point", [Part(table, [value], [name])])


def told_by_rows(table: Table, stamps: Sequence[str]) -> dict[str, str]:
    """The key and the name of the column that tells rows of the same stamp apart; {} if there is none.

    Parameters
    ----------
    table
        Of forecasts.
    stamps
        Columns of stamps.
    """
    named = [name for name in stamps if name in table.columns]
    if not named or not table.frame[named].astype(str).duplicated().any():
        return {}
    for key, is_named in (("level_column", names_levels), ("member_column", names_members)):
        found = [name for name in table.columns if name not in stamps and is_named(name)]
        varied = [name for name in found if len(set(table.raw(name))) > 1]
        if len(varied) == 1 and any(name not in varied for name in numeric_columns(table)):
            return {key: varied[0]}
    return {}


def distributions_in(names: Sequence[str]) -> list[tuple[str, Distributed]]:
    """Distributions that the names of columns announce, and the prefix of each.

    Raises
    ------
    DataError
        If levels are in doubt.
    """
    quantiles = [(before, Distributed(quantiles=levels)) for before, levels in quantile_columns(names).items()]
    return quantiles + [(before, Distributed(members=columns)) for before, columns in member_columns(names).items()]


def distribution_of(parts: Parts, values: FloatArray, where: Callable[[int, int], str]) -> tuple[Distribution, str]:
    """The distribution that numbers (D, H, K) say, and a warning where quantiles crossed and were sorted.

    Sorting them is the rearrangement of Chernozhukov, Fernandez-Val, Galichon (Econometrica 78, 2010): it is never
    further from the quantiles that are true.

    Parameters
    ----------
    where
        The name of day d, period h.

    Raises
    ------
    DataError
        If quantiles cross in most periods: then it is in doubt which column is which level.
    """
    if parts.kind == "members":
        return Distribution.of_members(values), ""
    fall = -np.diff(values, axis=2)
    crossed = (fall > 0).any(axis=2)
    if not crossed.any():
        return Distribution.of_quantiles(parts.levels, values), ""
    day, period = np.unravel_index(int(fall.max(axis=2).argmax()), crossed.shape)
    k = int(fall[day, period].argmax())
    one, other = (parts.levels[k], parts.levels[k + 1])
    worst = (
        f"the quantile {other:g} is {values[day, period, k + 1]:g} where {one:g} is {values[day, period, k]:g}, "
        f"{where(int(day), int(period))}"
    )
    share = float(crossed.mean())
    if share > _MIXED_UP:
        raise DataError(
            f"quantiles cross in {int(crossed.sum()):,} of {crossed.size:,} periods ({worst}): are the levels right? "
            "Say them as quantiles = { COLUMN = LEVEL, ... } (the price that is exceeded with 90 % is the level 0.1)"
        )
    sorted_ = np.sort(values, axis=2)
    return Distribution.of_quantiles(parts.levels, sorted_), (
        f"quantiles cross in {int(crossed.sum()):,} of {crossed.size:,} periods (worst: {worst}): they were sorted"
    )


def _found_in_columns(table: Table, name: str, used: Sequence[str]) -> Distributed:
    """Form of the one distribution that the names of columns announce, if they do."""
    names = [each for each in table.columns if each not in used]
    try:
        found = distributions_in(names)
    except DataError as cause:
        raise DataError(f"{table.source}: {cause}") from cause
    if len(found) > 1:
        said = ", ".join(repr(before) for before, _ in found)
        raise DataError(
            f"forecast {name!r}: {table.source} has columns of several distributions ({said}): set quantiles "
            "or members to those of one"
        )
    return found[0][1] if found else Distributed()


def _of_rows(table: Table, name: str, column: str | None, said: Distributed, used: Sequence[str]) -> Parts:
    """Parts of a file with a row for each level or member."""
    key = said.level_column or said.member_column or ""
    value = _point(table, name, column, [*used, key])
    texts = table.raw(key)
    if (texts == "").any():
        raise DataError(f"{table.place(texts.index[(texts == '').to_numpy()][0])}: {key} is empty: a value is needed")
    cells = list(dict.fromkeys(texts))
    if len(cells) < 2:
        raise DataError(f"{table.source}: column {key!r} is always {cells[0]!r}: a distribution needs two at least")
    levels: list[float] = []
    if said.level_column is not None:
        try:
            named = levels_in(cells)
        except DataError as cause:
            raise DataError(f"{table.source}: column {key!r}: {cause}") from cause
        cells, levels = [*named], [*named.values()]
    parts = [Part(table.where({key: cell}), [value], [f"{key} {cell}"], f"{key} {cell}") for cell in cells]
    what = f"levels {levels[0]:g} to {levels[-1]:g}" if levels else "members"
    return Parts("quantiles" if levels else "members", parts, levels, [f"{len(cells)} {what} are rows, by {key!r}"])


def _point(table: Table, name: str, column: str | None, used: Sequence[str]) -> str:
    if column is not None:
        table.column(column)
        return column
    for likely in (name, "forecast", PRICE):
        if likely in table.columns and likely not in used:
            return likely
    free = [each for each in table.columns if each and each not in used]
    if len(free) == 1:
        return free[0]
    raise DataError(f"{table.source} has no column {name!r}{nearest(name, free)}: set column to one of them")
