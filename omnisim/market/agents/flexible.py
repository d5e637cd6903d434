"""Flexible loads with physics: electric vehicles that come and go, and heat pumps of houses that keep warm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.market.agents.assets import LIMITS, Asset
from omnisim.market.agents.base import lognormal, window
from omnisim.market.agents.customers import Column, not_negative, positive
from omnisim.market.agents.devices import Device
from omnisim.market.agents.storage import DEGRADATION
from omnisim.market.data import HOURS

_CLASSES = (0.5, 1.0, 1.5)
"""Sizes that are drawn in multiples of the usual one: agents that are alike have one menu."""

HEATING = np.array([3.0, 3, 3, 3, 4, 5, 6, 6, 5, 4, 4, 4, 4, 4, 4, 4, 4, 5, 6, 6, 6, 5, 4, 3])
HEATING = HEATING / HEATING.sum()
"""Share of a day's heat in each hour."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ElectricVehicles(Asset):
    """Cars that are plugged in from their arrival to their departure, and must be ready for the trip of the day.

    The battery gives the energy of the trip at departure and keeps its reserve; it charges, and where it may feeds in,
    only while plugged in. Days begin and end, at midnight, at the same level: of several the one that cost least in the
    past.

    Parameters
    ----------
    trip_mwh
        Energy of the trips of a day in MWh, > 0; cars draw 0.5, 1 or 1.5 times it. 0.008 is 40 km.
    battery_mwh, power_mw
        What a battery holds in MWh, and the power of the charger in MW, > 0.
    arrival_hours, departure_hours
        First and last whole hour, from which cars draw theirs; 0 to 23.
    reserve
        Share of the battery that is never used, in [0, 1).
    efficiency
        MWh stored per MWh drawn, in (0, 1]; as much again is lost when feeding in.
    feeding_share
        Share of the cars, in [0, 1], that may feed in, with the power of the charger.
    degradation
        Cost of a MWh fed in, in multiples of ``typical_price``, >= 0.

    Raises
    ------
    ProblemError
        If a parameter is out of its range, a car cannot charge for its trip, or there are no past days to make a menu
        from.

    Notes
    -----
    Drawn in this order, N numbers each: trip, arrival, departure, who feeds in. A table may give any number, see
    ``columns``.
    """

    trip_mwh: float = 0.008
    battery_mwh: float = 0.06
    power_mw: float = 0.011
    arrival_hours: tuple[int, int] = (16, 19)
    departure_hours: tuple[int, int] = (6, 8)
    reserve: float = 0.2
    efficiency: float = 0.92
    feeding_share: float = 0.0
    degradation: float = 0.5

    columns: ClassVar[tuple[Column, ...]] = (
        positive("trip_mwh", "energy of the trips of a day"),
        positive("energy_mwh", "what the battery holds"),
        positive("power_mw", "power of the charger"),
        Column("arrival_hour", "whole hour in which the car is plugged in", 0.0, 23.0),
        Column("departure_hour", "whole hour in which it leaves", 0.0, 23.0),
        Column("feeds_in", "whether the car may feed in", flag=True),
        DEGRADATION,
        *LIMITS,
    )

    def _check_asset(self) -> None:
        self._positive("trip_mwh", "battery_mwh", "power_mw")
        self._not_negative("degradation")
        self._share("feeding_share")
        self._require("reserve", 0 <= self.reserve < 1, "at least 0 and below 1")
        self._require("efficiency", 0 < self.efficiency <= 1, "above 0 and at most 1")
        for name in ("arrival_hours", "departure_hours"):
            first, last = getattr(self, name)
            self._require(name, 0 <= first <= last <= 23, "a first and a last hour from 0 to 23")

    def _devices(self, rng: np.random.Generator) -> tuple[list[Device], FloatArray]:
        own, count = self._own, self.agents
        trip = own("trip_mwh", self.trip_mwh * rng.choice(np.array(_CLASSES), size=count))
        arrival, departure = (
            own(f"{which}_hour", rng.integers(hours[0], hours[1] + 1, size=count).astype(np.float64))
            for which, hours in (("arrival", self.arrival_hours), ("departure", self.departure_hours))
        )
        feeds = own("feeds_in", (rng.random(count) < self.feeding_share).astype(np.float64)) > 0
        energy = own("energy_mwh", np.full(count, self.battery_mwh))
        power = own("power_mw", np.full(count, self.power_mw))
        wear = own(DEGRADATION.name, np.full(count, self.degradation * self.typical_price))
        for name, hours in (("arrival_hour", arrival), ("departure_hour", departure)):
            self._refuse_rows(name, hours % 1 != 0, "a whole hour")
        self._refuse_rows("departure_hour", arrival == departure, "another hour than that of the arrival")
        devices = []
        for n in range(count):
            plugged = window(int(arrival[n]), int(departure[n]))
            drain = np.zeros(HOURS)
            drain[int(departure[n])] = trip[n]
            devices.append(
                Device(
                    charge=power[n] * plugged,
                    discharge=power[n] * plugged * feeds[n],
                    lowest=np.full(HOURS, self.reserve * energy[n]),
                    highest=np.full(HOURS, energy[n]),
                    charging=self.efficiency,
                    discharging=self.efficiency,
                    drain=drain,
                    wear=float(wear[n]),
                )
            )
        return devices, energy

    def _choices(self, device: Device) -> Sequence[Device]:
        low, high = float(device.lowest[0]), float(device.highest[0])
        return [replace(device, level=low + share * (high - low)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class HeatPumps(Asset):
    """Heat pumps of houses whose temperature may move within a band: heat now, or while energy is cheap.

    The store is the house itself: its heat above the lowest temperature allowed, up to the highest. Each hour needs its
    heat to hold the lowest temperature, and a warmer house loses a share of what it holds on top. Days begin and end in
    the middle of the band.

    Parameters
    ----------
    heat_mwh
        Heat of a day in MWh, > 0, median, lognormal, in the same shape and of the same amount on every day; 0.06 is a
        house in winter.
    size_spread
        Standard deviation of the logarithm of the heat, >= 0.
    cop
        Coefficient of performance: heat per energy drawn, > 0.
    power_ratio
        The most heat in multiples of the mean of the day, > 1.
    store_hours
        Heat of the band (heat capacity of the house times its width) in hours of the mean heat, >= 0; a house draws
        0.5, 1 or 1.5 times it.
    loss_per_hour
        Share of the heat in the band that is lost in an hour, in [0, 1).

    Raises
    ------
    ProblemError
        If a parameter is out of its range, a pump cannot give the heat, or there are no past days to make a menu from.

    Notes
    -----
    Drawn in this order, N numbers each: heat, heat of the band. A table may give any number, see ``columns``.
    """

    heat_mwh: float = 0.06
    size_spread: float = 0.5
    cop: float = 3.2
    power_ratio: float = 2.5
    store_hours: float = 4.0
    loss_per_hour: float = 0.02

    columns: ClassVar[tuple[Column, ...]] = (
        positive("heat_mwh", "heat of a day, the same on every day"),
        positive("cop", "coefficient of performance: heat per energy drawn"),
        positive("power_mw", "electric power of the pump"),
        not_negative("store_mwh", "heat of the band of temperatures allowed: capacity of the house times its width"),
        Column("loss_per_hour", "share of the heat in the band lost in an hour", 0.0, 1.0, open_high=True),
        *LIMITS,
    )

    def _check_asset(self) -> None:
        self._positive("heat_mwh", "cop")
        self._not_negative("size_spread", "store_hours")
        self._require("power_ratio", self.power_ratio > 1, "above 1")
        self._require("loss_per_hour", 0 <= self.loss_per_hour < 1, "at least 0 and below 1")

    def _devices(self, rng: np.random.Generator) -> tuple[list[Device], FloatArray]:
        own, count = self._own, self.agents
        heat = own("heat_mwh", lognormal(rng, self.heat_mwh, self.size_spread, count))
        store = own("store_mwh", heat / HOURS * self.store_hours * rng.choice(np.array(_CLASSES), size=count))
        cop = own("cop", np.full(count, self.cop))
        power = own("power_mw", self.power_ratio * heat / HOURS / cop)
        loss = own("loss_per_hour", np.full(count, self.loss_per_hour))
        return [
            Device(
                charge=np.full(HOURS, power[n]),
                highest=np.full(HOURS, store[n]),
                level=0.5 * float(store[n]),
                charging=float(cop[n]),
                retention=1 - float(loss[n]),
                drain=heat[n] * HEATING,
            )
            for n in range(count)
        ], heat
