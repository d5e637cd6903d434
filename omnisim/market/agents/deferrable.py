"""Deferrable loads: how much of the day's need to draw today, and how much on another day."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from omnisim.market.agents.base import MarketAgents, Schedules, lognormal, share
from omnisim.market.agents.customers import Column, not_negative, positive
from omnisim.market.agents.limits import CurtailmentEnergy
from omnisim.market.data import HOURS
from omnisim.market.scaling import Scaling

_TAKEN = {
    "nothing": 0.0,
    "a quarter": 0.25,
    "half": 0.5,
    "three quarters": 0.75,
    "all": 1.0,
    "a quarter ahead": 1.25,
    "half ahead": 1.5,
    "a day ahead": 2.0,
}
_SHARE = np.array(list(_TAKEN.values()))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DeferrableLoads(MarketAgents):
    """Pumps, cold stores, pools and batch processes that need an energy a day, but not today's on the same day.

    Eight actions: draw nothing, a quarter, half, three quarters or all of the day's need, or all of it and a quarter,
    half or all of the next day's. The load is the same in every hour, so only the mean price of the day counts, and no
    two actions draw the same energy: these agents decide between days where others decide between hours, and have as
    much to decide in a market with one price a day.

    What is not drawn today is bought on another day at the agent's usual price, and what is drawn ahead saves that
    price; moving a share x of the need, either way, costs ``strain`` x^2 (an emptier reservoir, warmer goods, losses).
    So an agent does best with the share 1 - (price - usual price) / (2 strain) of its need, as near as its actions
    come.

    Constraint: the energy drawn in hours with a price above ``curtailment_price`` stays under the cap of its contract,
    which is below the need, so that ``nothing`` never violates and ``all`` does on days all of whose hours are dear.

    Parameters
    ----------
    median_daily_energy_mwh
        Need of an agent on a day in MWh, > 0, median, lognormal; 20 is a pumping station of a town.
    size_spread
        Standard deviation of the logarithm of the need, >= 0.
    usual_price
        Median price of another day in multiples of ``typical_price``, lognormal with spread ``price_spread``, > 0.
    price_spread
        Standard deviation of the logarithm of the usual price, >= 0.
    strain
        Median of the strain per MWh in multiples of ``typical_price``, lognormal with spread 0.6, > 0.
    curtailment_price
        Hours with a price above it are curtailment hours, in money per MWh. From low to below high of the market, in
        [low, high).
    cap
        Mean cap on the energy of all curtailment hours of a day in multiples of the need, Beta with concentration 8, in
        (0, 1).

    Raises
    ------
    ProblemError
        If a parameter is out of its range.

    Notes
    -----
    Drawn in this order, N numbers each: need, usual price, strain, cap. A table may give any of them, see ``columns``.

    Examples
    --------
    >>> loads = DeferrableLoads(agents=3).build("loads", Scaling(-50, 250), np.random.default_rng(1), "day")
    >>> loads.utility.shape, loads.action_names[4], loads.constraints[0].name
    ((3, 8, 1), 'all', 'curtailment energy')
    """

    median_daily_energy_mwh: float = 20.0
    size_spread: float = 0.8
    usual_price: float = 1.0
    price_spread: float = 0.15
    strain: float = 0.6
    curtailment_price: float = 100.0
    cap: float = 0.6

    action_names: ClassVar[tuple[str, ...]] = tuple(_TAKEN)

    columns: ClassVar[tuple[Column, ...]] = (
        positive("daily_energy_mwh", "need of a day"),
        positive("usual_price_per_mwh", "price at which what is not drawn today is bought on another day"),
        positive("strain_per_mwh", "cost of moving the whole need of a day to another"),
        not_negative("cap_mwh", "cap on the energy of all curtailment hours of a day"),
    )

    def _check(self) -> None:
        self._positive("median_daily_energy_mwh", "usual_price", "strain")
        self._not_negative("size_spread", "price_spread")
        self._inside_share("cap")

    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
        threshold = self._threshold("curtailment_price", scaling)
        own, typical = self._own, self.typical_price
        need = own("daily_energy_mwh", lognormal(rng, self.median_daily_energy_mwh, self.size_spread, self.agents))
        usual = own("usual_price_per_mwh", typical * lognormal(rng, self.usual_price, self.price_spread, self.agents))
        strain = own("strain_per_mwh", typical * lognormal(rng, self.strain, 0.6, self.agents))
        cap = own("cap_mwh", need * share(rng, self.cap, 8, self.agents))

        energy = need[:, None] * _SHARE
        power = np.repeat(energy[:, :, None] / HOURS, HOURS, axis=2)
        moved = 1 - _SHARE
        value = -need[:, None] * (usual[:, None] * moved + strain[:, None] * moved**2)
        return Schedules(power, value, [CurtailmentEnergy(power, cap, threshold)])
