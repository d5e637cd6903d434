"""Industrial loads: shift patterns of one's own, minimum uptime, and quotas over weeks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import ProblemError
from omnisim.market.agents.base import MarketAgents, Schedules, lognormal
from omnisim.market.agents.customers import Column, positive
from omnisim.market.agents.long_term import DAYS_OF_A_WEEK, fixed_limit
from omnisim.market.agents.shifts import Patterns, Shift, patterns, read_shifts
from omnisim.market.data import HOURS
from omnisim.market.scaling import Scaling
from omnisim.problem.constraints import LinearConstraint

THREE_SHIFTS: tuple[dict[str, float | str], ...] = (
    {"name": "early", "start": 6, "hours": 8, "mw": 2.0, "value_per_mwh": 90.0},
    {"name": "late", "start": 14, "hours": 8, "mw": 2.0, "value_per_mwh": 80.0},
    {"name": "night", "start": 22, "hours": 8, "mw": 2.0, "value_per_mwh": 60.0},
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class IndustrialLoads(MarketAgents):
    """Plants with shifts of their own: a day is any set of them that do not overlap and run long enough.

    The actions are ``closed`` and every set of shifts that do not overlap and in which the plant, once started, runs at
    least ``minimum_uptime_hours``. Days repeat themselves in this: a shift from 22 to 6 is the last two and the first
    six hours of a day. A running hour draws the power of its shift, and each MWh is worth what the shift says; an hour
    without a shift draws standby power.

    Quotas over weeks (MWh in shifts, or hours of running) are limits on the sum over the run, of which each day has a
    seventh.

    Parameters
    ----------
    shifts
        A list of tables with ``name``, ``start`` (whole hour), ``hours`` (whole number), ``mw`` and ``value_per_mwh``;
        three shifts of eight hours if left out. MW > 0; values in money per MWh, of either sign.
    shifts_table
        The same as a file (CSV, Parquet) or a DataFrame, with a row for each, in place of ``shifts``.
    minimum_uptime_hours
        Hours without a break that the plant runs at least, 1 to 24.
    standby_share
        Share of the largest power of a shift that an hour without one draws, in [0, 1].
    weekly_mwh, weekly_hours
        The least output (energy drawn in shifts, in MWh) and hours of running of a week for a plant of size 1, > 0;
        None for none.
    size_spread
        Standard deviation, >= 0, of the logarithm of the size, whose median is 1: powers and values are times the size.

    Raises
    ------
    ProblemError, DataError
        If a parameter is out of its range, or no pattern runs long enough.

    Notes
    -----
    Drawn: size, N numbers. A table may give any number, see ``columns``.

    Examples
    --------
    >>> plants = IndustrialLoads(agents=2, weekly_hours=80).build("p", Scaling(-50, 250), np.random.default_rng(1))
    >>> plants.action_names[:5], plants.constraints[0].name
    (('closed', 'early', 'late', 'night', 'early + late'), 'running hours of a week')
    """

    shifts: list[dict[str, float | str]] | None = None
    shifts_table: Path | Any | None = None
    minimum_uptime_hours: int = 1
    standby_share: float = 0.05
    weekly_mwh: float | None = None
    weekly_hours: float | None = None
    size_spread: float = 0.0

    action_names: ClassVar[tuple[str, ...]] = ()

    columns: ClassVar[tuple[Column, ...]] = (
        positive("size", "powers and values of the shifts are times this"),
        positive("weekly_mwh", "limit over the weeks: least energy in shifts in 7 days; none if empty"),
        Column(
            "weekly_hours", "limit over the weeks: least hours of running in 7 days; none if empty", 0.0, 168.0,
            open_low=True,
        ),
    )  # fmt: skip

    def _check(self) -> None:
        self._not_negative("size_spread")
        self._share("standby_share")
        hours = self.minimum_uptime_hours
        self._require("minimum_uptime_hours", hours % 1 == 0 and 1 <= hours <= HOURS, "a whole number from 1 to 24")
        for name in ("weekly_mwh", "weekly_hours"):
            if getattr(self, name) is not None:
                self._positive(name)
        if self.shifts is not None and self.shifts_table is not None:
            raise ProblemError("shifts and shifts_table are both given: leave one out")
        if self.shifts_table is None:
            given = THREE_SHIFTS if self.shifts is None else self.shifts
            found = tuple(Shift.of(each, f"shifts[{i}]") for i, each in enumerate(given))
        else:
            found = read_shifts(self.shifts_table)
        object.__setattr__(self, "_patterns", patterns(found, self.minimum_uptime_hours))

    @property
    def menu_size(self) -> int:
        """A, the number of patterns."""
        return len(self.patterns.names)

    @property
    def patterns(self) -> Patterns:
        """Patterns that a plant of size 1 may follow on a day, without standby."""
        return self._patterns  # type: ignore[attr-defined,no-any-return]

    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:  # noqa: ARG002 (nothing depends on it)
        found = self.patterns
        size = self._own("size", lognormal(rng, 1.0, self.size_spread, self.agents))
        standby = self.standby_share * float(found.load.max())
        load = size[:, None, None] * np.where(found.load > 0, found.load, standby)
        constraints: list[LinearConstraint] = []
        output, hours = (
            np.broadcast_to(each, (self.agents, len(each))) for each in (found.load.sum(axis=1), found.hours)
        )
        for column, name, unit, made, of_size_one in (
            ("weekly_mwh", "output of a week", "MWh", size[:, None] * output, size),
            ("weekly_hours", "running hours of a week", "hours", hours, np.ones(self.agents)),
        ):
            drawn = of_size_one * (getattr(self, column) or np.nan)
            least: FloatArray = self._own(column, drawn) / DAYS_OF_A_WEEK
            if np.isfinite(least).any():
                constraints.append(fixed_limit(name, unit, least[:, None] - made, load, averaged=True))
        return Schedules(load, size[:, None] * found.value, constraints, found.names)
