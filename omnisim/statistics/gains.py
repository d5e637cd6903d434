"""Gains and losses of agents: their differences, of which the smallest count as none."""

from dataclasses import dataclass

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.by_value import ByValue

QUANTILES = {"q00": 0.0, "q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95, "q100": 1.0}
"""Names and levels of the quantiles of agents' differences."""

ROUNDING = 1e-9
"""Differences up to this share of what is earned are ties."""

HALF_A_CENT = 0.005
"""Money, over the run, up to which a difference is no gain and no loss."""


def change(after: FloatArray, before: FloatArray) -> FloatArray:
    """Difference of each agent, of the shape of both; 0 where it is rounding."""
    more = after - before
    more[np.abs(more) <= ROUNDING * np.maximum(1.0, np.abs(before))] = 0.0
    return np.asarray(more)


@dataclass(frozen=True, eq=False, repr=False)
class Gains(ByValue):
    """Numbers of agents that gain, lose and do neither, and quantiles of differences by the names of ``QUANTILES``."""

    wins: int
    losses: int
    ties: int
    quantiles: dict[str, float]

    @classmethod
    def of(cls, more: FloatArray, *, paid: bool) -> "Gains":
        """Count differences, (N,); where they are ``paid`` in a currency less than half a cent is nothing.

        >>> found = Gains.of(np.array([-1.0, 0.004, 0.0, 2.0]), paid=True)
        >>> found.wins, found.losses, found.ties, found.quantiles["q50"]
        (1, 1, 2, 0.0)
        """
        counted = np.where(np.abs(more) < HALF_A_CENT, 0.0, more) if paid else more
        levels = np.quantile(counted, list(QUANTILES.values())).tolist()
        wins, losses = int((counted > 0).sum()), int((counted < 0).sum())
        return cls(wins, losses, len(counted) - wins - losses, dict(zip(QUANTILES, levels, strict=True)))
