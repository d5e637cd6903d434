"""Measures of the parts that clipping to a range cuts off prices, or outcomes of any kind."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray

NOTICED, ALARMING = 0.01, 0.05
"""Shares cut by clipping from which the first lines of a page say so, and from which it is a warning."""


@dataclass(frozen=True)
class Clipping:
    """Amount of some prices that lies beyond a scale.

    Attributes
    ----------
    count, clipped
        Number of prices, and of those beyond the scale.
    share
        Sum of what is cut off, |price - clipped price|, as a share of the sum of |price|: unlike a share of hours it
        grows with the size of what is lost. NaN where all prices are 0 and the scale holds no 0.
    lowest, highest, mean
        Of the prices, in money per MWh.
    suggested
        Ends (low, high) that would cut less than ``NOTICED``; None where that little is cut already.
    """

    count: int
    clipped: int
    share: float
    lowest: float
    highest: float
    mean: float
    suggested: tuple[float, float] | None

    @property
    def about(self) -> dict[str, Any]:
        """Measures as plain JSON values."""
        return {
            "values": self.count,
            "clipped": self.clipped,
            "cut": None if math.isnan(self.share) else self.share,
            "lowest": self.lowest,
            "highest": self.highest,
            "mean": self.mean,
            "suggested": None if self.suggested is None else list(self.suggested),
        }


def clipping(prices: ArrayLike, low: float, high: float) -> Clipping:
    """Measure the clipping of prices, at least one, to [low, high].

    >>> clipping([40.0, 50.0, 130.0], 0.0, 100.0).share.__round__(3)
    0.136
    """
    given = np.asarray(prices, dtype=np.float64)
    outside = (given < low) | (given > high)
    total, cut = float(np.abs(given).sum()), float(np.abs(given - np.clip(given, low, high)).sum())
    share = share_of(cut, total)
    return Clipping(
        count=given.size,
        clipped=int(np.count_nonzero(outside)),
        share=share,
        lowest=float(given.min()),
        highest=float(given.max()),
        mean=float(given.mean()),
        suggested=_suggestion(given, low, high) if share >= NOTICED else None,
    )


def share_of(part: float, whole: float) -> float:
    """Share of a sum that is cut off: 0 of nothing where nothing is, NaN where something is.

    >>> share_of(1.0, 4.0), share_of(0.0, 0.0), share_of(1.0, 0.0)
    (0.25, 0.0, nan)
    """
    if whole > 0:
        return float(part / whole)
    return math.nan if part > 0 else 0.0


def larger_share(prices: ArrayLike, money: ArrayLike) -> FloatArray:
    """The larger of the shares cut off the sum of the prices and off the money, as far as they are defined; any shape.

    >>> larger_share([0.1, 0.1, math.nan], [0.2, math.nan, math.nan])
    array([0.2, 0.1, nan])
    """
    return np.asarray(np.fmax(prices, money))


def _suggestion(prices: FloatArray, low: float, high: float) -> tuple[float, float]:
    """The narrowest ends that cut less than ``NOTICED``, half of it on each side, up to rounding."""
    allowed = 0.5 * NOTICED * float(np.abs(prices).sum())
    above, below = np.sort(prices[prices > high])[::-1], np.sort(prices[prices < low])
    if len(above):
        high = rounded(_cutting(above, allowed, high), up=True)
    if len(below):
        low = rounded(-_cutting(-below, allowed, -low), up=False)
    return low, high


def _cutting(beyond: FloatArray, allowed: float, least: float) -> float:
    """The lowest end, at least ``least``, above which the prices (decreasing) hold no more than ``allowed``."""
    counts = np.arange(1, len(beyond) + 1)
    # Cutting at the k-th largest price takes sum(k largest) - k * it; between two of them the cut is linear.
    taken = np.cumsum(beyond) - counts * beyond
    k = int(np.searchsorted(taken, allowed, side="right"))
    return max(least, float((beyond[:k].sum() - allowed) / k))


def rounded(value: float, *, up: bool) -> float:
    """A price rounded to two significant digits, upwards or downwards."""
    if value == 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    steps = value / unit
    return float((math.ceil(steps - 1e-9) if up else math.floor(steps + 1e-9)) * unit)
