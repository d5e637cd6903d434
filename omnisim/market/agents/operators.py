"""Budgeted operators: opening hours and comfort paid from a daily grant."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from omnisim.market.agents.base import MarketAgents, Schedules, lognormal, share, window
from omnisim.market.agents.customers import Column, inside_share, positive
from omnisim.market.agents.settlement import Bill
from omnisim.market.data import HOURS
from omnisim.market.scaling import Scaling

_SERVICE = {
    "closed": np.zeros(HOURS),
    "core hours": window(10, 16),
    "standard day, reduced": 0.6 * window(8, 18),
    "standard day": window(8, 18),
    "long day, reduced": 0.6 * window(6, 22),
    "long day": window(6, 22),
    "long day and night watch": window(6, 22) + 0.5 * window(22, 6),
    "round the clock": np.ones(HOURS),
}
_LEVEL = np.stack(list(_SERVICE.values()))
_STANDARD = tuple(_SERVICE).index("standard day")

_DEMAND = np.array(
    [.15, .13, .12, .12, .13, .18, .34, .48, .70, .88, 1.0, 1.0,
     .98, .95, .90, .88, .84, .76, .62, .52, .44, .36, .22, .17]
)  # fmt: skip
"""Demand for the service of an hour, relative to the busiest one."""

_FALLING_RETURNS = 0.75
"""Exponent of the worth of a service level: the first half of the comfort is worth more than the second."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BudgetedOperators(MarketAgents):
    """Schools, libraries, pools and clinics that choose a service level and must live within a grant.

    Eight actions, from closed and core hours (10 to 16) over the standard day (8 to 18) and the long day (6
    to 22), each also at 60 % of full comfort, to a night watch and round the clock. A service level s in
    [0, 1] in an hour draws that share of the power above standby and is worth s^0.75 times what the hour is
    asked for.

    Constraint: the day's bill stays within the grant, (q . price - budget) / scale <= 0. The grant is at
    least 1 % above the bill of a closed house at the highest price of the scaling, so that ``closed`` never
    violates.

    Parameters
    ----------
    median_power_mw
        Full power of a house, median, lognormal, in MW, > 0.
    size_spread
        Standard deviation of the logarithm of the power, >= 0.
    standby_share
        Mean share of full power drawn when closed, Beta with concentration 40, in (0, 1).
    service_worth
        Median worth of a MWh of service in the busiest hour, in multiples of ``typical_price``, lognormal with spread
        0.5, > 0.
    grant
        Median daily grant in multiples of the bill of a standard day at ``typical_price``, lognormal, > 0.
    grant_spread
        Standard deviation of the logarithm of the grant, >= 0.

    Raises
    ------
    ProblemError
        If a parameter is out of its range.

    Notes
    -----
    Drawn in this order, N numbers each: power, standby share, service worth, grant. A table may give any of them, see
    ``columns``; a grant that it gives is not raised to what a closed house needs.

    Examples
    --------
    >>> houses = BudgetedOperators(agents=3).build("houses", Scaling(-50, 250), np.random.default_rng(1))
    >>> houses.utility.shape, houses.constraints[0].name
    ((3, 8, 24), 'daily grant')
    """

    median_power_mw: float = 0.15
    size_spread: float = 0.7
    standby_share: float = 0.05
    service_worth: float = 3.0
    grant: float = 4.5
    grant_spread: float = 0.4

    action_names: ClassVar[tuple[str, ...]] = tuple(_SERVICE)

    columns: ClassVar[tuple[Column, ...]] = (
        positive("power_mw", "full power of the house"),
        inside_share("standby_share", "share of full power drawn when closed"),
        positive("service_worth_per_mwh", "worth of a MWh of service in the busiest hour"),
        positive("daily_grant", "what the bill of a day may be, in money of the market"),
    )

    def _check(self) -> None:
        self._positive("median_power_mw", "service_worth", "grant")
        self._not_negative("size_spread", "grant_spread")
        self._inside_share("standby_share")

    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
        own = self._own
        power = own("power_mw", lognormal(rng, self.median_power_mw, self.size_spread, self.agents))
        standby = own("standby_share", share(rng, self.standby_share, 40, self.agents))[:, None, None]
        worth = own("service_worth_per_mwh", self.typical_price * lognormal(rng, self.service_worth, 0.5, self.agents))
        grant = lognormal(rng, self.grant, self.grant_spread, self.agents)

        load = (1 - standby) * _LEVEL
        load += standby
        load *= power[:, None, None]
        value = (power * worth)[:, None] * (_LEVEL**_FALLING_RETURNS * _DEMAND).sum(axis=1)
        at_market, paid = self._terms.settle(load)
        energy, drawn = load.sum(axis=2), at_market.sum(axis=2)
        cap = self._terms.cap[:, None]
        most = scaling.high * drawn + paid + np.where(np.isfinite(cap), np.minimum(cap, scaling.high) * energy, 0.0)
        budget = np.maximum(grant * self.typical_price * energy[:, _STANDARD], 1.01 * most.min(axis=1))
        return Schedules(load, value, bills=[Bill("daily grant", own("daily_grant", budget))])
