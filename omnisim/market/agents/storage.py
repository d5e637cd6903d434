"""Storage: batteries that buy and sell in the market, alone or beside a solar plant and a load."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.market.agents.assets import LIMITS, Asset
from omnisim.market.agents.base import lognormal
from omnisim.market.agents.customers import Column, not_negative, positive
from omnisim.market.agents.devices import Device
from omnisim.market.agents.long_term import fixed_limit
from omnisim.market.data import HOURS
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.problem.constraints import LinearConstraint

EFFICIENCY = Column("efficiency", "MWh given back per MWh drawn", 0.0, 1.0, open_low=True)
DEGRADATION = not_negative("degradation_per_mwh", "cost of each MWh given back")

_MANY = 200
"""Different durations beyond which they are rounded, so that there are fewer to make menus for."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Storage(Asset):
    """Batteries that buy and sell: a menu of schedules made by optimization, of which each day plays one.

    A schedule keeps the power and the level of the battery within what it has, and ends the day at the level it began
    with, so that any may follow any other. Half of the loss falls on charging, half on discharging. Where more
    than 200 durations differ, up to 2 % of the energy is left unused, so that batteries nearly alike share a menu.

    Parameters
    ----------
    median_power_mw
        Power at the meter, both ways, median, lognormal, in MW, > 0.
    size_spread
        Standard deviation of the logarithm of the power, >= 0.
    durations_hours
        Energy in multiples of the power, which are hours, each > 0: each battery draws one of them.
    efficiency
        Energy given back per energy drawn, in (0, 1].
    degradation
        Cost of a MWh given back, in multiples of ``typical_price``, >= 0.
    rest_levels
        Shares of the energy at which the days may begin and end, in [0, 1]: each battery takes the one that would have
        earned most in the past.
    cycles_per_day
        Limit: full cycles (energy given back / energy) of a day, > 0; None for no limit.
    cycles_per_year
        Limit on the sum over the run: full cycles of 365 days, > 0; None for no limit.

    Raises
    ------
    ProblemError
        If a parameter is out of its range, or there are no past days to make a menu from.

    Notes
    -----
    Drawn in this order, N numbers each: power, duration. A table may give any number, see ``columns``.

    Examples
    --------
    >>> from omnisim.market import Scaling
    >>> past = np.tile(np.r_[np.full(12, 20.0), np.full(12, 80.0)], (5, 1))
    >>> batteries = Storage(agents=2).build("b", Scaling(-50, 250), np.random.default_rng(1), past=past)
    >>> batteries.action_names, batteries.load[0, 0].any()
    (('plain', 'schedule 1'), np.False_)
    """

    median_power_mw: float = 1.0
    size_spread: float = 0.8
    durations_hours: tuple[float, ...] = (1.0, 2.0, 4.0)
    efficiency: float = 0.88
    degradation: float = 0.15
    rest_levels: tuple[float, ...] = (0.0, 0.5)
    cycles_per_day: float | None = None
    cycles_per_year: float | None = None

    columns: ClassVar[tuple[Column, ...]] = (
        positive("power_mw", "power of the battery at the meter, both ways"),
        positive("energy_mwh", "what the battery holds"),
        EFFICIENCY,
        DEGRADATION,
        positive("cycles_per_day", "limit: energy given back a day in multiples of what it holds; none if empty"),
        positive("cycles_per_year", "limit over the year: the same in 365 days; none if empty"),
        *LIMITS,
    )

    def _check_asset(self) -> None:
        self._positive("median_power_mw")
        self._not_negative("size_spread", "degradation")
        self._require("efficiency", 0 < self.efficiency <= 1, "above 0 and at most 1")
        self._require(
            "durations_hours",
            len(self.durations_hours) > 0 and all(np.isfinite(h) and h > 0 for h in self.durations_hours),
            "one or more finite numbers > 0",
        )
        self._require(
            "rest_levels",
            len(self.rest_levels) > 0 and all(0 <= level <= 1 for level in self.rest_levels),
            "one or more shares from 0 to 1",
        )
        for name in ("cycles_per_day", "cycles_per_year"):
            if getattr(self, name) is not None:
                self._positive(name)

    def _devices(self, rng: np.random.Generator) -> tuple[list[Device], FloatArray]:
        own = self._own
        power = own("power_mw", lognormal(rng, self.median_power_mw, self.size_spread, self.agents))
        energy = own("energy_mwh", power * rng.choice(np.array(self.durations_hours), size=self.agents))
        efficiency = own(EFFICIENCY.name, np.full(self.agents, self.efficiency))
        wear = own(DEGRADATION.name, np.full(self.agents, self.degradation * self.typical_price))
        durations = energy / power
        if len(np.unique(durations.round(6))) > _MANY:
            energy = power * rounded_down(durations)
        numbers = zip(power.tolist(), energy.tolist(), efficiency.tolist(), wear.tolist(), strict=True)
        return [battery(*each) for each in numbers], power

    def _choices(self, device: Device) -> Sequence[Device]:
        return [replace(device, level=share * float(device.highest[0])) for share in self.rest_levels]

    def _own_limits(self, devices: Sequence[Device], net: FloatArray, given: FloatArray) -> list[LinearConstraint]:
        energy = self._own("energy_mwh", np.array([device.highest[0] for device in devices]))
        cycles, found = given / energy[:, None], []
        for column, name, days in (
            ("cycles_per_day", "full cycles", 1),
            ("cycles_per_year", "full cycles of a year", DAYS_OF_A_YEAR),
        ):
            most = self._own(column, np.full(self.agents, getattr(self, column) or np.nan)) / days
            if np.isfinite(most).any():
                found.append(fixed_limit(name, "cycles", cycles - most[:, None], net, averaged=days > 1))
        return found


def rounded_down(durations: FloatArray) -> FloatArray:
    """Durations (N,) in hours as powers of 1.02, at most 2 % shorter: what fits into the smaller battery fits.

    >>> rounded_down(np.array([1.0, 1.03, 4.0])).round(4)
    array([1.    , 1.02  , 3.9996])
    """
    grid = np.cumprod(np.full(400, 1.02))
    known = np.concatenate([1 / grid[::-1], [1.0], grid])
    at = np.clip(np.searchsorted(known, durations * (1 + 1e-12), side="right") - 1, 0, len(known) - 1)
    return np.where(durations < known[0], durations, known[at])


def battery(power: float, energy: float, efficiency: float, wear: float) -> Device:
    """A battery of a power (MW) and an energy (MWh), half of whose loss falls on charging, half on discharging."""
    half = float(np.sqrt(efficiency))
    limit = np.full(HOURS, power)
    return Device(
        charge=limit, discharge=limit, highest=np.full(HOURS, energy), charging=half, discharging=half, wear=wear
    )
