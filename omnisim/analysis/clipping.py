"""Losses from clipping outcomes to [0, 1]^d, which the theory needs and money does not know."""

from dataclasses import dataclass

import numpy as np

from omnisim.analysis.money import lost_by_clipping, money_by_round
from omnisim.problem.clipping import Clipping, clipping
from omnisim.trace import Trace


@dataclass(frozen=True)
class Clipped:
    """Parts of outcomes and money that clipping cut off in a run.

    Attributes
    ----------
    prices
        Of the outcomes, in units of the market.
    money
        Sum over agents of |money at the true less money at the clipped outcomes|, as a share of the sum of |money at
        the true ones|. Populations count it in their own currencies, so it is the largest of their shares.
    """

    prices: Clipping
    money: float

    @property
    def share(self) -> float:
        """The larger of the shares cut off the sum of the prices and off the money."""
        return max(self.prices.share, self.money)


def clipped(trace: Trace) -> Clipped:
    """Measure from the record of a run the outcomes and the money that clipping cut off."""
    low, span = trace.scale
    prices = clipping(trace.prices, low, low + span)
    if trace.unclipped_outcomes is None:
        return Clipped(prices, 0.0)
    shares = []
    for name in trace.records:
        lost = np.abs(lost_by_clipping(trace, name).sum(axis=0)).sum()
        total = np.abs(money_by_round(trace, name).sum(axis=0)).sum()
        shares.append(float(lost / total) if total > 0 else 0.0)
    return Clipped(prices, max(shares, default=0.0))
