"""Paired differences of a family, judged together: those of the same seeds, draws or replicates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.statistics.blocks import block_starts
from omnisim.statistics.intervals import Interval, intervals
from omnisim.statistics.resampling import SEEDS, Estimates, Resampler


@dataclass(frozen=True)
class Difference(Interval):
    """A mean difference and its interval, which holds together with those of its family.

    Attributes
    ----------
    alone
        The interval that holds by itself.
    method
        What the intervals allow for; see :mod:`omnisim.statistics.resampling`.
    """

    alone: Interval
    method: str


def over_seeds(differences: FloatArray) -> list[Difference]:
    """Mean differences over seeds, with their intervals.

    Parameters
    ----------
    differences : (S, K)
        Of each seed and comparison; NaN where a seed has none.

    Examples
    --------
    >>> both = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    >>> moved, same = over_seeds(both)
    >>> moved.mean, moved.low < moved.alone.low < 2.0 < moved.high, moved.method
    (2.0, False, 'seeds')
    >>> same.mean, same.low, same.method  # nothing varied
    (5.0, nan, '')
    """
    return _family(Resampler(len(differences)).over_seeds(differences))


def over_market(by_day: Sequence[FloatArray], active: Sequence[BoolArray]) -> list[Difference]:
    """Differences of sums over days of one market that all seeds met, with intervals over seeds and days.

    Days are resampled in the blocks of :mod:`omnisim.statistics.blocks`. Where days alone do not vary there is no
    interval: one that takes the days of a market for fixed does not judge a forecaster.

    Parameters
    ----------
    by_day
        K differences (S, D), by seed and day.
    active
        K times the days (D,) that count.
    """
    starts = block_starts(by_day[0].shape[1])
    sums = [np.add.reduceat(each * days, starts, axis=1) for each, days in zip(by_day, active, strict=True)]
    rounds = [np.add.reduceat(days.astype(np.float64), starts) for days in active]
    found = Resampler(len(by_day[0])).over_days(np.stack(sums, axis=2), np.stack(rounds, axis=1))
    fixed = np.array([method == SEEDS for method in found.method], dtype=np.bool_)
    return _family(found.unknown(fixed, value=False))


def mean_of(parts: Sequence[Interval]) -> Interval:
    """The mean of numbers that vary independently, such as those of several markets.

    >>> print(mean_of([Interval(1.0, 0.7, 1.3), Interval(2.0, 1.6, 2.4)]))
    1.50 [1.25, 1.75]
    """
    means = np.array([part.mean for part in parts])
    halves = np.array([(part.high - part.low) / 2 for part in parts])
    mean, half = float(means.mean()), float(np.sqrt((halves**2).sum())) / len(parts)
    return Interval(mean, mean - half, mean + half)


def _family(estimates: Estimates) -> list[Difference]:
    half = intervals(estimates)
    return [
        Difference(value, value - wide, value + wide, Interval(value, value - narrow, value + narrow), method)
        for value, wide, narrow, method in zip(
            estimates.value.tolist(), half.simultaneous.tolist(), half.alone.tolist(), estimates.method, strict=True
        )
    ]
