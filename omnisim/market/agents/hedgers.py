"""Spike hedgers: how much of an exposure to price spikes to cover, day by day."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from omnisim.market.agents.base import MarketAgents, Schedules, lognormal, share
from omnisim.market.agents.customers import Column, inside_share, positive
from omnisim.market.data import HOURS
from omnisim.market.scaling import Scaling

_COVER = {"open": 0.0, "half covered": 0.5, "covered": 1.0}
_COVERED = np.array(list(_COVER.values()))
_PREMIUM = np.array([0.0, 0.4, 1.0])
"""Shares of the premium for full cover: the first half is cheaper than the second."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SpikeHedgers(MarketAgents):
    """Retailers and plants that pay for spikes, or for cover against them, with costs of their own.

    Made for a market of spike contracts (source ``ercot_spikes``), whose price is a payout on days with a spike and 0
    on others. An agent pays the payout for each MWh of its exposure that it does not cover, and a premium for what it
    covers: nothing, half, which costs 40 % of the premium, or all. So a false alarm costs the premium and a miss the
    payout: an agent whose premium is a share theta of the payout does best to stay open up to a probability of 0.8
    theta, and to cover everything from 1.2 theta on. Agents differ in theta, and so in the forecasts that serve them.

    Parameters
    ----------
    median_exposure_mwh
        Median of the exposure of a day, lognormal, in MWh, > 0.
    size_spread
        Standard deviation of the logarithm of the exposure, >= 0.
    premium
        Mean premium of full cover as a share of the payout, Beta, in (0, 1).
    premium_concentration
        Of that Beta law, > 0: the smaller, the more agents differ.

    payout
        What a contract pays on a day with a spike, in money per MWh, > 0: that of the market.

    Raises
    ------
    ProblemError
        If a parameter is out of its range.

    Notes
    -----
    Drawn in this order, N numbers each: exposure, premium. A table may give either, see ``columns``.

    Examples
    --------
    >>> hedgers = SpikeHedgers(agents=2).build("hedgers", Scaling(0, 100), np.random.default_rng(1), "day")
    >>> hedgers.utility.shape, hedgers.action_names
    ((2, 3, 1), ('open', 'half covered', 'covered'))
    """

    median_exposure_mwh: float = 10.0
    size_spread: float = 0.8
    premium: float = 0.3
    premium_concentration: float = 3.0
    payout: float = 100.0

    action_names: ClassVar[tuple[str, ...]] = tuple(_COVER)

    columns: ClassVar[tuple[Column, ...]] = (
        positive("exposure_mwh", "energy of a day that is exposed to spikes"),
        inside_share("premium_share", "premium of full cover as a share of the payout"),
    )

    def _check(self) -> None:
        self._positive("median_exposure_mwh", "premium_concentration", "payout")
        self._not_negative("size_spread")
        self._inside_share("premium")

    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:  # noqa: ARG002 (the hook is given it)
        exposure = self._own("exposure_mwh", lognormal(rng, self.median_exposure_mwh, self.size_spread, self.agents))
        theta = self._own("premium_share", share(rng, self.premium, self.premium_concentration, self.agents))
        left = exposure[:, None] * (1 - _COVERED)
        value = -(theta * exposure)[:, None] * self.payout * _PREMIUM
        return Schedules(np.repeat(left[:, :, None] / HOURS, HOURS, axis=2), value, [])
