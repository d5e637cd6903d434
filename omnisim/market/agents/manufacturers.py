"""Manufacturers: shift patterns, an output quota, and a cap on energy in curtailment hours."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from omnisim.arrays import ROUNDING
from omnisim.market.agents.base import MarketAgents, Schedules, lognormal, share, window
from omnisim.market.agents.customers import Column, inside_share, not_negative, positive, share_column
from omnisim.market.agents.limits import CurtailmentEnergy
from omnisim.market.data import HOURS
from omnisim.market.scaling import Scaling
from omnisim.problem.constraints import LinearConstraint
from omnisim.products import times

_SHIFTS = {
    "closed": np.zeros(HOURS),
    "short day": window(8, 14),
    "early shift": window(6, 14),
    "late shift": window(14, 22),
    "night shift": window(22, 6),
    "night and early": window(22, 14),
    "early and late": window(6, 22),
    "three shifts": np.ones(HOURS),
}
_RUNNING = np.stack(list(_SHIFTS.values()))
_TWO_SHIFTS = 16.0
_NIGHT = window(22, 6)
_LATE = window(14, 22)
_MOST_OUTPUT = HOURS - 0.05 * 8
"""Output of three shifts, in hours of running by day."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Manufacturers(MarketAgents):
    """Plants that choose their shifts from the forecast of the day's prices.

    Eight actions: closed, a short day (8 to 14), the early (6 to 14), late (14 to 22) or night shift (22 to
    6), night and early, early and late, or all three. A running hour makes one unit by day and 0.95 at
    night, draws the plant's full power, and earns a margin before energy that falls with the day's output
    (a saturated market) and is lowered by the wages of late and night hours. An hour without a shift draws
    standby power.

    Two long-term constraints: the day's output reaches the quota (constant in the outcome), and the energy
    drawn in hours with a price above ``curtailment_price`` stays under a cap. The cap is stated relative to
    the leanest schedule that reaches the quota; where it is drawn below 1, a few agents have no action that
    never violates.

    Parameters
    ----------
    median_power_mw
        Full power of a plant, median, lognormal, in MW, > 0.
    size_spread
        Standard deviation of the logarithm of the power, >= 0.
    standby_share
        Mean share of full power drawn in hours without a shift, Beta with concentration 30, in (0, 1).
    margin
        Median margin of a daytime MWh before energy, in multiples of ``typical_price``, lognormal with spread 0.5: the
        price above which an hour does not pay, > 0.
    night_wages, late_wages
        Extra wages per MWh of a night or late hour, in multiples of ``typical_price``, >= 0.
    saturation
        Largest share by which the average margin falls at 24 hours of output; each plant draws uniformly
        from half of it to all of it, in [0, 1].
    quota
        Mean quota in multiples of the output of two day shifts, Beta with concentration 10, in (0, 1).
    curtailment_price
        Hours with a price above it are curtailment hours, in money per MWh, in [low, high) of the market.
    cap
        Median of the cap in multiples of the energy of the leanest day that reaches the quota, lognormal, > 0.
    cap_spread
        Standard deviation of the logarithm of the cap, >= 0.

    Raises
    ------
    ProblemError
        If a parameter is out of its range.

    Notes
    -----
    Drawn in this order, N numbers each: power, standby share, margin, saturation, quota, cap. A table may give any of
    them, see ``columns``.

    Examples
    --------
    >>> plants = Manufacturers(agents=3).build("plants", Scaling(-50, 250), np.random.default_rng(1))
    >>> plants.utility.shape, [constraint.name for constraint in plants.constraints]
    ((3, 8, 24), ['output quota', 'curtailment energy'])
    """

    median_power_mw: float = 2.0
    size_spread: float = 0.8
    standby_share: float = 0.1
    margin: float = 2.2
    night_wages: float = 0.35
    late_wages: float = 0.1
    saturation: float = 0.4
    quota: float = 0.4
    curtailment_price: float = 100.0
    cap: float = 1.6
    cap_spread: float = 0.3

    action_names: ClassVar[tuple[str, ...]] = tuple(_SHIFTS)

    columns: ClassVar[tuple[Column, ...]] = (
        positive("power_mw", "full power of the plant"),
        inside_share("standby_share", "share of full power drawn in hours without a shift"),
        positive("margin_per_mwh", "margin of a daytime MWh before energy"),
        share_column("saturation", "share by which the average margin falls at 24 hours of output"),
        Column("quota_hours", "output of a day that is due, in hours of running by day", 0.0, _MOST_OUTPUT),
        not_negative("cap_mwh", "cap on the energy of all curtailment hours of a day"),
    )

    def _check(self) -> None:
        self._positive("median_power_mw", "margin", "cap")
        self._not_negative("size_spread", "night_wages", "late_wages", "cap_spread")
        self._inside_share("standby_share", "quota")
        self._share("saturation")

    def _draw(self, scaling: Scaling, rng: np.random.Generator) -> Schedules:
        threshold = self._threshold("curtailment_price", scaling)
        own = self._own
        power = own("power_mw", lognormal(rng, self.median_power_mw, self.size_spread, self.agents))
        standby = own("standby_share", share(rng, self.standby_share, 30, self.agents))[:, None, None]
        margin = own("margin_per_mwh", self.typical_price * lognormal(rng, self.margin, 0.5, self.agents))
        saturation = own("saturation", self.saturation * rng.uniform(0.5, 1, size=self.agents))
        quota = own("quota_hours", _TWO_SHIFTS * share(rng, self.quota, 10, self.agents))
        cap = lognormal(rng, self.cap, self.cap_spread, self.agents)

        load = power[:, None, None] * (_RUNNING + standby * (1 - _RUNNING))
        output = (_RUNNING * (1 - 0.05 * _NIGHT)).sum(axis=1)
        extra = self.night_wages * _NIGHT + self.late_wages * _LATE
        wages = self.typical_price * times(_RUNNING, extra)
        sold = output * (1 - saturation[:, None] * output / HOURS)
        value = power[:, None] * (margin[:, None] * sold - wages)

        short = quota[:, None] - output
        scaled = short / np.abs(short).max(axis=1, keepdims=True)
        lean = np.where(short <= ROUNDING, load.sum(axis=2), np.inf).min(axis=1)
        return Schedules(
            load,
            value,
            [
                LinearConstraint(
                    np.zeros_like(load),
                    scaled,
                    name="output quota",
                    unit="units of output",
                    scale=np.abs(short).max(axis=1),
                ),
                CurtailmentEnergy(load, own("cap_mwh", cap * lean), threshold),
            ],
        )
