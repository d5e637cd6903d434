"""Shifts of a plant, and the patterns of a day that they can be put together to."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.errors import DataError, ProblemError
from omnisim.market.data import HOURS
from omnisim.market.table_files import read_table
from omnisim.suggest import nearest

MOST_PATTERNS = 500
"""Actions of the largest menu."""

CLOSED = "closed"
"""Name of the pattern without a shift."""

KEYS = ("name", "start", "hours", "mw", "value_per_mwh")
"""Keys of a shift, and columns of a table of shifts."""


@dataclass(frozen=True)
class Shift:
    """A part of the day in which a plant may run.

    Attributes
    ----------
    name
        Of the shift.
    start
        Whole hour in which it begins, 0 to 23.
    hours
        Whole hours that it lasts, 1 to 24, across midnight too.
    mw
        Power that it draws, > 0.
    value_per_mwh
        What a MWh of it is worth before energy, in money of the market.
    """

    name: str
    start: int
    hours: int
    mw: float
    value_per_mwh: float

    @property
    def running(self) -> BoolArray:
        """The hours in which it runs, (24,)."""
        return np.asarray((np.arange(HOURS) - self.start) % HOURS < self.hours)

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str) -> "Shift":
        """The shift of a table of a scenario, or of a row.

        Raises
        ------
        ProblemError
            Naming ``where``, the key, its value and what would be right.
        """
        for key in given:
            if key not in KEYS:
                raise ProblemError(f"{where}: unknown key {key!r}{nearest(key, KEYS)}")
        for key in KEYS:
            if key not in given:
                raise ProblemError(f"{where}: {key} is missing")
        name = given["name"]
        if not isinstance(name, str) or not name or name == CLOSED or "+" in name:
            raise ProblemError(f"{where}: name is {name!r}: it must be a text without +, and not {CLOSED!r}")
        wanted: dict[str, tuple[str, Callable[[float], bool]]] = {
            "start": ("a whole hour from 0 to 23", lambda x: x % 1 == 0 and 0 <= x <= HOURS - 1),
            "hours": ("a whole number from 1 to 24", lambda x: x % 1 == 0 and 1 <= x <= HOURS),
            "mw": ("a finite number > 0", lambda x: 0 < x <= _MOST),
            "value_per_mwh": ("a finite number", lambda x: abs(x) <= _MOST),
        }
        for key, (words, right) in wanted.items():
            value = given[key]
            is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            if not (is_number and math.isfinite(value) and right(value)):
                raise ProblemError(f"{where}: {key} is {value!r}: it must be {words}")
        return cls(name, int(given["start"]), int(given["hours"]), float(given["mw"]), float(given["value_per_mwh"]))


_MOST = 1e12


@dataclass(frozen=True, eq=False)
class Patterns:
    """Patterns that a plant may follow on a day.

    Attributes
    ----------
    names
        A different names, the first of them ``CLOSED``.
    load : (A, 24)
        Power drawn in MW.
    value : (A,)
        What the output of the day is worth before energy, in money.
    hours : (A,)
        Hours of running.
    """

    names: tuple[str, ...]
    load: FloatArray
    value: FloatArray
    hours: FloatArray


def read_shifts(source: Any) -> tuple[Shift, ...]:
    """The shifts of a table (CSV, Parquet and what prices are read from, or a DataFrame), a row for each.

    Raises
    ------
    DataError
        Naming file, row, column and value of what is wrong, and what would be right.
    """
    table = read_table(source)
    for name in table.columns:
        if name not in KEYS:
            raise DataError(f"{table.source}: column {name!r} is none of a shift{nearest(name, KEYS)}")
    for name in KEYS:
        if name not in table.columns:
            raise DataError(f"{table.source}: column {name!r} is missing: a shift has {', '.join(KEYS)}")
    table = table.with_signs(KEYS[1:])
    columns: dict[str, Sequence[Any]] = {name: table.numbers(name).tolist() for name in KEYS[1:]}
    columns["name"] = list(table.raw("name"))
    found = []
    for row, label in enumerate(table.frame.index):
        try:
            found.append(Shift.of({key: columns[key][row] for key in KEYS}, table.place(label)))
        except ProblemError as cause:
            raise DataError(str(cause)) from cause
    return tuple(found)


def patterns(shifts: Sequence[Shift], least_hours: int) -> Patterns:
    """Every set of shifts that do not overlap and in which each run of the plant lasts long enough, and none at all.

    Parameters
    ----------
    shifts
        With different names.
    least_hours
        Minimum uptime: hours that a plant runs at least once it is started, on a day that repeats itself.

    Raises
    ------
    ProblemError
        If names repeat, there are too many patterns, or none but closed.
    """
    names = [shift.name for shift in shifts]
    for name in names:
        if names.count(name) > 1:
            raise ProblemError(f"shifts has {name!r} twice: names must differ")
    found: list[tuple[Shift, ...]] = [()]
    for chosen in _apart(shifts):
        running = np.logical_or.reduce([shift.running for shift in chosen])
        if shortest_run(running) >= least_hours:
            found.append(chosen)
            if len(found) > MOST_PATTERNS:
                raise ProblemError(
                    f"shifts: {len(shifts)} of them make more than {MOST_PATTERNS} patterns of a day: leave some out"
                )
    if len(found) == 1:
        raise ProblemError(
            f"shifts: no pattern of {', '.join(names) or 'no shifts'} runs for {least_hours} hours without a break"
        )
    return Patterns(
        tuple(" + ".join(shift.name for shift in chosen) or CLOSED for chosen in found),
        np.array([sum((shift.mw * shift.running for shift in chosen), np.zeros(HOURS)) for chosen in found]),
        np.array([sum(shift.mw * shift.hours * shift.value_per_mwh for shift in chosen) for chosen in found]),
        np.array([sum(shift.hours for shift in chosen) for chosen in found], dtype=np.float64),
    )


def shortest_run(running: BoolArray) -> int:
    """The shortest run of hours (24,) on a day that repeats itself; 24 where it never stops or never starts.

    >>> shortest_run(np.arange(24) < 6), shortest_run((np.arange(24) < 2) | (np.arange(24) >= 20))
    (6, 6)
    """
    if running.all() or not running.any():
        return HOURS
    begun = np.roll(running, -int(np.flatnonzero(~running)[0]))  # begins with an hour of rest
    edges = np.flatnonzero(np.diff(np.concatenate([begun, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).min())


def _apart(shifts: Sequence[Shift]) -> Iterator[tuple[Shift, ...]]:
    """Every set of one or more shifts that do not overlap; few shifts first."""
    level: list[tuple[tuple[int, ...], BoolArray]] = [((), np.zeros(HOURS, dtype=np.bool_))]
    while level:
        following = []
        for chosen, running in level:
            for k in range(chosen[-1] + 1 if chosen else 0, len(shifts)):
                if not (running & shifts[k].running).any():
                    following.append(((*chosen, k), running | shifts[k].running))
                    yield tuple(shifts[i] for i in (*chosen, k))
                if len(following) > _MOST_SETS:
                    raise ProblemError(f"shifts: {len(shifts)} of them make too many patterns of a day: leave some out")
        level = following


_MOST_SETS = 20_000
