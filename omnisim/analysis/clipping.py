"""Losses from clipping outcomes to [0, 1]^d, which the theory needs and money does not know."""

from dataclasses import dataclass

import numpy as np

from omnisim.analysis.money import lost_by_clipping, money_by_round
from omnisim.analysis.sums import blocks, over_rounds
from omnisim.problem.clipping import Clipping, clipping, larger_share, share_of
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
        the true ones|. Populations count it in their own currencies, so it is the largest of their shares. NaN where
        agents of a population lose something by it and all of them earn 0 at the true ones: it is no share of that.
    """

    prices: Clipping
    money: float

    @property
    def share(self) -> float:
        """See :func:`~omnisim.problem.clipping.larger_share`."""
        return float(larger_share(self.prices.share, self.money))


def clipped(trace: Trace) -> Clipped:
    """Measure from the record of a run the outcomes and the money that clipping cut off."""
    low, span = trace.scale
    prices = clipping(trace.prices, low, low + span)
    if trace.unclipped_outcomes is None:
        return Clipped(prices, 0.0)
    shares = []
    every = np.ones((trace.rounds, 1), dtype=np.bool_)
    for name, record in trace.records.items():
        agents, actions, dimension = record.population.utility.shape
        lost, total = np.empty((2, agents))
        for block in blocks(agents, actions * dimension + 2 * trace.rounds):
            lost[block] = over_rounds(lost_by_clipping(trace, name, block), every)[0]
            total[block] = over_rounds(money_by_round(trace, name, block), every)[0]
        all_lost, all_earned = np.abs(lost).sum(), np.abs(total).sum()
        shares.append(share_of(all_lost, all_earned))
    return Clipped(prices, float(np.max([0.0, *shares])))
