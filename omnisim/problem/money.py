"""Money, which utilities in [0, 1] stand for."""

from dataclasses import dataclass

import numpy as np

from omnisim.arrays import FloatArray, freeze
from omnisim.by_value import ByValue
from omnisim.problem.affine import ranges

UTILITY = "utility"
"""Currency of populations that say nothing about money."""


@dataclass(frozen=True, eq=False, repr=False)
class Money(ByValue):
    """Conversion of utilities in [0, 1] to money: money = scale * utility + offset, per round.

    ``scale`` (N,) > 0 and ``offset`` (N,) are in ``currency``.
    """

    scale: FloatArray
    offset: FloatArray
    currency: str


def scaled(
    energy: FloatArray, value: FloatArray, low: float | FloatArray, high: float | FloatArray, currency: str
) -> tuple[FloatArray, FloatArray, Money]:
    """Utilities in [0, 1] of schedules, and the money that they stand for: value - energy . price.

    Parameters
    ----------
    energy : (N, A, d)
        Paid at the market's price, in MWh of each period.
    value : (N, A)
        Money of a round but for that.
    low, high
        The prices that are outcomes 0 and 1, in ``currency`` per MWh; one for all coordinates, or (d,).

    Returns
    -------
    Slopes (N, A, d) and offsets (N, A) of the utility, and money, with the smallest scale for each agent.
    """
    slope = -(high - low) * energy
    constant = value - (low * energy.sum(axis=2) if np.ndim(low) == 0 else (low * energy).sum(axis=2))
    least, most = ranges(slope, constant)
    lowest, highest = least.min(axis=1), most.max(axis=1)
    # One whose money never differs, whatever it does and whatever comes, has utility 0 in any unit.
    scale = np.where(highest > lowest, highest - lowest, 1.0)
    slope /= scale[:, None, None]
    return slope, (constant - lowest[:, None]) / scale[:, None], Money(freeze(scale), freeze(lowest), currency)
