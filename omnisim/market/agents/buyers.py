"""Energy buyers: a base load, a flexible load that can be moved or given up, and a store."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.market.agents.base import MarketAgents, Schedules, lognormal, share, window
from omnisim.market.agents.customers import Column, inside_share, not_negative, positive, share_column
from omnisim.market.agents.limits import StressedLoad
from omnisim.market.data import HOURS
from omnisim.market.scaling import Scaling

EVENING, NIGHT, MIDDAY = window(17, 22), window(0, 5), window(10, 15)
"""The three windows of five hours in which the flexible load can run."""

_HOUSEHOLD = np.array(
    [30.0, 27, 25, 24, 25, 29, 38, 44, 42, 38, 36, 36, 37, 37, 38, 41, 48, 58, 63, 63, 60, 54, 45, 36]
)
_BUSINESS = np.array([22.0, 21, 21, 21, 22, 25, 33, 46, 58, 64, 67, 68, 67, 67, 67, 65, 61, 54, 46, 39, 34, 30, 26, 24])
_HOUSEHOLD_SHAPE, _BUSINESS_SHAPE = _HOUSEHOLD / _HOUSEHOLD.sum(), _BUSINESS / _BUSINESS.sum()

_FLEXIBLE = ("evening", "night", "midday", "without")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EnergyBuyers(MarketAgents):
    """Households and small businesses with a flexible load (charging, heat, laundry) and a store.

    Eight actions: the flexible load runs in the evening (when it is wanted), at night, at midday or not at
    all, and the store is idle or used. A used store charges from 00:00 to 05:00 and gives back from 17:00
    to 22:00, times its efficiency. Agents without a battery have a *thermal* store, the building itself,
    preheated or precooled: less efficient, without wear, and never giving back more than 60 % of the lowest
    base load of the evening, so that it never feeds into the grid. So every agent has the same eight
    actions, none a duplicate.

    Money is the worth of the flexible service, less discomfort and wear, less the bill for the whole load.
    Where an hour turns out stressed (price above ``stress_price``), the load must stay under the agent's
    connection limit. The limit is above the highest base load, so that ``without`` never violates.

    Parameters
    ----------
    median_daily_energy_mwh
        Consumption of an agent on a day in MWh, > 0, median, lognormal; 0.03 is a household in Texas, 1 a supermarket.
    size_spread
        Standard deviation of the logarithm of the daily energy, >= 0.
    flexible_share
        Mean share of the daily energy that is flexible, Beta with concentration 8, in (0, 1).
    service_worth
        Median worth of a flexible MWh in multiples of ``typical_price``, lognormal with spread 0.5: the price above
        which the agent does without, > 0.
    shift_discomfort
        Median cost of a shifted MWh in multiples of ``typical_price``, lognormal with spread 0.7, drawn for the night
        and for midday, >= 0.
    battery_share
        Share of the agents, in [0, 1], that have a battery; the others use the thermal store.
    battery_capacity
        Median capacity in multiples of the daily energy, lognormal with spread 0.4, > 0.
    battery_efficiency, thermal_efficiency
        Energy given back per energy drawn, in (0, 1].
    battery_wear
        Cost of a MWh given back by a battery, in multiples of ``typical_price``, >= 0.
    stress_price
        Hours with a price above it are stressed, in money per MWh, in [low, high) of the market.
    headroom
        Median of (limit - highest base load) in multiples of the flexible power, lognormal with spread 0.8, > 0.

    Raises
    ------
    ProblemError
        If a parameter is out of its range.

    Notes
    -----
    Drawn in this order, N numbers each: daily energy, household character (Beta(2, 2)), flexible share, service
    worth, discomfort at night, discomfort at midday, who has a battery, battery capacity, battery duration
    (uniform from 2 to 8 hours at full power), headroom. A table may give any of them, see ``columns``.

    With one price a day the hour of the flexible load and the store change nothing but discomfort, losses and the
    highest load of a stressed day: what remains is whether to run it at all. :class:`DeferrableLoads` decide
    between days.

    Examples
    --------
    >>> buyers = EnergyBuyers(agents=3).build("buyers", Scaling(-50, 250), np.random.default_rng(1))
    >>> buyers.utility.shape, buyers.action_names[1]
    ((3, 8, 24), 'evening + store')
    """

    median_daily_energy_mwh: float = 0.05
    size_spread: float = 1.0
    flexible_share: float = 0.45
    service_worth: float = 4.0
    shift_discomfort: float = 0.6
    battery_share: float = 0.5
    battery_capacity: float = 0.4
    battery_efficiency: float = 0.88
    thermal_efficiency: float = 0.7
    battery_wear: float = 0.4
    stress_price: float = 100.0
    headroom: float = 0.8

    action_names: ClassVar[tuple[str, ...]] = tuple(
        flexible + store for flexible in _FLEXIBLE for store in ("", " + store")
    )

    columns: ClassVar[tuple[Column, ...]] = (
        positive("daily_energy_mwh", "consumption of a day"),
        share_column("household_share", "shape of the base load: 1 a household's, 0 a small business's"),
        inside_share("flexible_share", "share of the daily energy that is flexible"),
        not_negative("service_worth_per_mwh", "worth of the flexible load: the price above which to do without"),
        not_negative("night_discomfort_per_mwh", "cost of moving the flexible load to the night"),
        not_negative("midday_discomfort_per_mwh", "cost of moving the flexible load to midday"),
        Column("battery", "whether there is a battery; the others use the building as a store", flag=True),
        positive("battery_capacity_mwh", "what the battery holds"),
        positive("battery_power_mw", "the most that the battery draws"),
        positive("connection_limit_mw", "the most that may be drawn in stressed hours"),
    )

    def _check(self) -> None:
        self._positive("median_daily_energy_mwh", "service_worth", "battery_capacity", "headroom")
        self._not_negative("size_spread", "shift_discomfort", "battery_wear")
        self._inside_share("flexible_share")
        self._share("battery_share")
        for parameter in ("battery_efficiency", "thermal_efficiency"):
            self._require(parameter, 0 < getattr(self, parameter) <= 1, "above 0 and at most 1")

    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
        threshold = self._threshold("stress_price", scaling)
        own, typical = self._own, self.typical_price
        energy = own("daily_energy_mwh", lognormal(rng, self.median_daily_energy_mwh, self.size_spread, self.agents))
        household = own("household_share", rng.beta(2, 2, size=self.agents))[:, None]
        flexible = energy * own("flexible_share", share(rng, self.flexible_share, 8, self.agents))
        worth = own("service_worth_per_mwh", typical * lognormal(rng, self.service_worth, 0.5, self.agents))
        night, midday = (
            own(f"{when}_discomfort_per_mwh", typical * lognormal(rng, self.shift_discomfort, 0.7, self.agents))
            for when in ("night", "midday")
        )
        battery = own("battery", (rng.random(self.agents) < self.battery_share).astype(np.float64)) > 0
        capacity = own("battery_capacity_mwh", energy * lognormal(rng, self.battery_capacity, 0.4, self.agents))
        power = own("battery_power_mw", capacity / rng.uniform(2, 8, size=self.agents))
        headroom = lognormal(rng, self.headroom, 0.8, self.agents)

        shape = load_shapes(household[:, 0])
        base = (energy - flexible)[:, None] * shape
        given_back = np.where(
            battery,
            battery_discharge(capacity, power, self.battery_efficiency),
            0.6 * base[:, EVENING > 0].min(axis=1),
        )
        efficiency = np.where(battery, self.battery_efficiency, self.thermal_efficiency)
        store = (given_back / efficiency)[:, None] * NIGHT - given_back[:, None] * EVENING
        wear = np.where(battery, self.battery_wear * self.typical_price, 0.0) * given_back * EVENING.sum()

        run = np.stack([EVENING, NIGHT, MIDDAY, np.zeros(HOURS)]) / EVENING.sum()
        without_store = base[:, None, :] + flexible[:, None, None] * run
        load = np.stack([without_store, without_store + store[:, None, :]], axis=2)
        nothing = np.zeros(self.agents)
        worths = np.stack([worth, worth - night, worth - midday, nothing], axis=1)
        service = flexible[:, None] * worths
        value = np.stack([service, service - wear[:, None]], axis=2)
        shape_of_actions = (self.agents, len(self.action_names))
        load = load.reshape(*shape_of_actions, HOURS)
        limit = own("connection_limit_mw", base.max(axis=1) + headroom * flexible / EVENING.sum())
        self._refuse_rows(
            "connection_limit_mw",
            limit < base.max(axis=1),
            [f">= {peak:.6g}, the highest base load, which no action lowers" for peak in base.max(axis=1)],
        )
        return Schedules(load, value.reshape(shape_of_actions), [StressedLoad(load, limit, threshold)])


def battery_discharge(capacity: FloatArray, power: FloatArray, efficiency: float) -> FloatArray:
    """MWh given back in each hour of the evening by a battery that charged over the five hours of the night.

    Half of the loss falls on charging, half on discharging, so the store holds sqrt(efficiency) of what was
    drawn; neither its ``capacity`` (N,) in MWh nor its ``power`` (N,) in MW may be exceeded.

    >>> battery_discharge(np.array([1.0, 1.0]), np.array([0.1, 9.0]), 0.81)
    array([0.081, 0.18 ])
    """
    drawn = np.minimum(power, capacity / (np.sqrt(efficiency) * NIGHT.sum()))
    return np.asarray(efficiency * drawn)


def load_shapes(household: FloatArray) -> FloatArray:
    """Shares (N, 24) of a day's energy by hour, from shares (N,) of households; the others are small businesses."""
    part = household[:, None]
    return np.asarray(part * _HOUSEHOLD_SHAPE + (1 - part) * _BUSINESS_SHAPE)
