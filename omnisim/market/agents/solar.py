"""Solar plants and wind parks: what they feed in, what they curtail, and a battery and a load behind the same meter."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from omnisim.arrays import ROUNDING, FloatArray
from omnisim.market.agents.assets import LIMITS, Asset
from omnisim.market.agents.base import lognormal
from omnisim.market.agents.customers import Column, not_negative, positive
from omnisim.market.agents.devices import Device
from omnisim.market.agents.long_term import fixed_limit
from omnisim.market.agents.storage import DEGRADATION, EFFICIENCY, battery
from omnisim.market.data import HOURS
from omnisim.problem.calendar import DAYS_OF_A_YEAR
from omnisim.problem.constraints import LinearConstraint

SUN = np.array([0.0, 0, 0, 0, 0, 0, 13, 38, 61, 79, 92, 99, 99, 92, 79, 61, 38, 13, 0, 0, 0, 0, 0, 0])
SUN = SUN / SUN.sum()
"""Share of a day's solar energy in each hour: near a sine from 6 to 18 o'clock."""

WIND = np.full(HOURS, 1 / HOURS)
EVENING_PEAK = np.array([3.0, 3, 2, 2, 2, 3, 4, 5, 5, 4, 4, 4, 4, 4, 4, 4, 5, 6, 7, 7, 6, 5, 4, 3])
EVENING_PEAK = EVENING_PEAK / EVENING_PEAK.sum()
"""Share of a household's load in each hour."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SolarStorage(Asset):
    """Solar plants with a battery and a load behind one meter: store, use, feed in or curtail.

    The sun and the load are the same on every day, the mean of a year: what is decided is when to store and to give
    back, and when to curtail because the price is negative.

    Parameters
    ----------
    median_solar_mw
        Power of the plant in MW, > 0, median, lognormal; 0.01 is a roof.
    size_spread
        Standard deviation of the logarithm of the power, >= 0.
    sun_hours
        Energy of a day in hours at full power, >= 0.
    load_ratio
        Load of a day in multiples of the energy of the sun, >= 0.
    storage_hours
        Energy of the battery in hours of the plant's power, > 0; its own power is half of the plant's.
    efficiency
        MWh given back per MWh drawn, in (0, 1].
    degradation
        Cost of a MWh given back, in multiples of ``typical_price``, >= 0.
    rest_levels
        Shares of the energy at which the days may begin and end, in [0, 1].

    Raises
    ------
    ProblemError
        If a parameter is out of its range, or there are no past days to make a menu from.

    Notes
    -----
    Drawn, N numbers: power. A table may give any number, see ``columns``.
    """

    median_solar_mw: float = 0.01
    size_spread: float = 0.8
    sun_hours: float = 3.5
    load_ratio: float = 0.4
    storage_hours: float = 1.5
    efficiency: float = 0.9
    degradation: float = 0.2
    rest_levels: tuple[float, ...] = (0.0, 0.5)

    columns: ClassVar[tuple[Column, ...]] = (
        positive("solar_mw", "power of the solar plant"),
        not_negative("sun_mwh", "solar energy of a mean day"),
        not_negative("load_mwh", "load of a day, in the shape of a household's"),
        positive("power_mw", "power of the battery at the meter, both ways"),
        positive("energy_mwh", "what the battery holds"),
        EFFICIENCY,
        DEGRADATION,
        *LIMITS,
    )

    def _check_asset(self) -> None:
        self._positive("median_solar_mw", "storage_hours")
        self._not_negative("size_spread", "degradation", "sun_hours", "load_ratio")
        self._require("efficiency", 0 < self.efficiency <= 1, "above 0 and at most 1")
        self._require(
            "rest_levels",
            len(self.rest_levels) > 0 and all(0 <= level <= 1 for level in self.rest_levels),
            "one or more shares from 0 to 1",
        )

    def _devices(self, rng: np.random.Generator) -> tuple[list[Device], FloatArray]:
        own = self._own
        solar = own("solar_mw", lognormal(rng, self.median_solar_mw, self.size_spread, self.agents))
        sun = own("sun_mwh", self.sun_hours * solar)
        load = own("load_mwh", self.load_ratio * sun)
        power = own("power_mw", 0.5 * solar)
        energy = own("energy_mwh", self.storage_hours * solar)
        efficiency = own(EFFICIENCY.name, np.full(self.agents, self.efficiency))
        wear = own(DEGRADATION.name, np.full(self.agents, self.degradation * self.typical_price))
        most = (solar / SUN.max())[:, None] * SUN
        self._refuse_rows(
            "sun_mwh", sun > most.sum(axis=1) * (1 + 1e-9), [f"<= {day:.6g}: the plant has no more power" for day in
                                                            most.sum(axis=1)]
        )  # fmt: skip
        return [
            replace(battery(*own_battery), generation=day * SUN, demand=used * EVENING_PEAK)
            for *own_battery, day, used in zip(power, energy, efficiency, wear, sun, load, strict=True)
        ], solar

    def _choices(self, device: Device) -> Sequence[Device]:
        return [replace(device, level=share * float(device.highest[0])) for share in self.rest_levels]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Producers(Asset):
    """Solar plants and wind parks that sell in the market, and curtail where the price does not pay.

    The weather is the same on every day, the mean of a year: what is decided is in which hours to curtail.

    Parameters
    ----------
    median_power_mw
        Power of a plant, median, lognormal, in MW, > 0.
    size_spread
        Standard deviation of the logarithm of the power, >= 0.
    solar_share
        Share of the agents, in [0, 1], that are solar plants; the others are wind parks.
    solar_factor, wind_factor
        Mean power in multiples of full power, in (0, 1).
    premium
        Support for each MWh fed in, in multiples of ``typical_price``: prices down to minus this still pay. Of either
        sign.

    Raises
    ------
    ProblemError
        If a parameter is out of its range, or there are no past days to make a menu from.

    Notes
    -----
    Drawn in this order, N numbers each: power, who is solar. A table may give any number, see ``columns``.
    """

    median_power_mw: float = 5.0
    size_spread: float = 1.0
    solar_share: float = 0.5
    solar_factor: float = 0.13
    wind_factor: float = 0.3
    premium: float = 0.0

    columns: ClassVar[tuple[Column, ...]] = (
        positive("power_mw", "full power of the plant"),
        Column("solar", "whether it is a solar plant; the others are wind parks", flag=True),
        Column("capacity_factor", "mean power in multiples of full power", 0.0, 1.0, open_low=True),
        Column("premium_per_mwh", "support for each MWh fed in; negative for a cost of running"),
        positive("least_output_mwh", "limit: the least to feed in on a day; none if empty"),
        positive("yearly_output_mwh", "limit over the year: the least to feed in in 365 days; none if empty"),
        *LIMITS,
    )

    def _check_asset(self) -> None:
        self._positive("median_power_mw")
        self._not_negative("size_spread")
        self._share("solar_share")
        self._inside_share("solar_factor", "wind_factor")
        self._require("premium", math.isfinite(self.premium), "a finite number")

    def _devices(self, rng: np.random.Generator) -> tuple[list[Device], FloatArray]:
        own = self._own
        power = own("power_mw", lognormal(rng, self.median_power_mw, self.size_spread, self.agents))
        solar = own("solar", (rng.random(self.agents) < self.solar_share).astype(np.float64)) > 0
        factor = own("capacity_factor", np.where(solar, self.solar_factor, self.wind_factor))
        premium = own("premium_per_mwh", np.full(self.agents, self.premium * self.typical_price))
        highest = 1 / (HOURS * SUN.max())
        self._refuse_rows(
            "capacity_factor", solar & (factor > highest), f"<= {highest:.3f} for a solar plant, whose days have nights"
        )
        return [
            Device(generation=mw * HOURS * cf * (SUN if sun else WIND), running_cost=-support)
            for mw, cf, sun, support in zip(power, factor, solar, premium, strict=True)
        ], power

    def _own_limits(self, devices: Sequence[Device], net: FloatArray, given: FloatArray) -> list[LinearConstraint]:  # noqa: ARG002
        """Least output, which must not be more than the plant makes without any curtailment."""
        found = []
        for column, name, days in (
            ("least_output_mwh", "least output", 1),
            ("yearly_output_mwh", "least output of a year", DAYS_OF_A_YEAR),
        ):
            least = self._own(column, np.full(self.agents, np.nan)) / days
            most = np.array([np.sum(device.generation) for device in devices])
            beyond = least > most * (1 + ROUNDING)
            self._refuse_rows(column, beyond, [f"<= {days * each:.6g}: the plant makes no more" for each in most])
            if np.isfinite(least).any():
                found.append(fixed_limit(name, "MWh", least[:, None] + net.sum(axis=2), net, averaged=days > 1))
        return found
