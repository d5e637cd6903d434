"""Whole days that may come, from distributions of each period.

The members of an ensemble are such days. Quantiles say nothing about how periods hang together; that is taken from days
before: the position of each price that came among what was said of it, as ranks within its period (an empirical copula;
Clark et al., "The Schaake shuffle", J. Hydrometeorology 5, 2004). No day uses its own price or a later one.
"""

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.market.distributions import Distribution

MOST_DAYS, FEWEST_DAYS = 100, 20
"""Largest number of days before from which the dependence of periods is taken, and the least number of them.

With fewer, all periods are taken to be at the same level.
"""


def scenarios_of(distribution: Distribution, truth: FloatArray) -> list[FloatArray]:
    """Equally likely prices (H, M) of all periods, for each day.

    Parameters
    ----------
    distribution
        Of T days.
    truth
        The prices that came, (T, H), of which day t uses those before it.
    """
    if distribution.members is not None:
        return [*distribution.members]
    positions = positions_of(distribution, truth)
    days, periods = truth.shape
    found = []
    for t in range(days):
        past = positions[max(0, t - MOST_DAYS) : t]
        if len(past) < FEWEST_DAYS:
            past = np.repeat(np.arange(MOST_DAYS)[:, None], periods, axis=1)
        ranks = np.argsort(np.argsort(past, axis=0, kind="stable"), axis=0, kind="stable")
        levels = (np.arange(len(past)) + 0.5) / len(past)
        at = distribution.of_days(slice(t, t + 1)).at(levels)[0]
        found.append(np.take_along_axis(at, ranks.T, axis=1))
    return found


def positions_of(distribution: Distribution, truth: FloatArray) -> FloatArray:
    """Positions of prices (D, H) in their distributions: the level, and beyond its ends as far as they are off.

    >>> one = Distribution.of_quantiles([0.2, 0.6], [[[10.0, 20.0]]] * 3)
    >>> positions_of(one, np.array([[15.0], [5.0], [30.0]])).ravel()
    array([ 0.4, -0.5,  2. ])
    """
    rise, height = distribution.right - distribution.left, truth[:, :, None] - distribution.left
    share = np.clip(np.where(rise > 0, height / np.where(rise > 0, rise, 1.0), height > 0), 0.0, 1.0)
    level = (share * np.diff(distribution.edges)).sum(axis=2)
    lowest, highest = distribution.left[:, :, 0], distribution.right[:, :, -1]
    spread = np.where(highest > lowest, highest - lowest, 1.0)
    above, below = np.maximum(0.0, truth - highest), np.maximum(0.0, lowest - truth)
    level = np.where(below > 0, 0.0, np.where(above > 0, 1.0, level))
    return np.asarray(level + (above - below) / spread)
