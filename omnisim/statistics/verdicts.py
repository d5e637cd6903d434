"""Verdicts of intervals: one is on one side of a threshold as a whole, or nothing follows from it."""

import math
from collections.abc import Iterable

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.statistics.intervals import Interval

BETTER, WORSE, NOT_SEPARATED, NO_VERDICT = "better", "worse", "not separated", ""
"""Verdicts of a simultaneous interval on a difference to a reference."""


def separated(low: FloatArray, high: FloatArray, threshold: float = 0.0) -> tuple[BoolArray, BoolArray]:
    """Mark the intervals that lie above the threshold, and those below; none with unknown ends does."""
    return np.asarray(low) > threshold, np.asarray(high) < threshold


def verdicts(value: FloatArray, half: FloatArray, *, larger_is_better: bool) -> list[str]:
    """``BETTER``, ``WORSE``, ``NOT_SEPARATED`` or ``NO_VERDICT`` for differences and half the widths of intervals.

    >>> verdicts(np.array([1.0, -1.0, 1.0, 1.0]), np.array([0.5, 0.5, 2.0, np.nan]), larger_is_better=True)
    ['better', 'worse', 'not separated', '']
    """
    above, below = separated(value - half, value + half)
    better, worse = (above, below) if larger_is_better else (below, above)
    unknown = np.isnan(np.asarray(value) + half)
    told = np.select([unknown, better, worse], [NO_VERDICT, BETTER, WORSE], NOT_SEPARATED)
    return [str(each) for each in told]


def at_least(interval: Interval, threshold: float = 0.0) -> bool | None:
    """Whether an interval is above a threshold, below it (False), or on both sides or unknown (None).

    >>> at_least(Interval(1.0, 0.5, 1.5)), at_least(Interval(1.0, -0.5, 2.5)), at_least(Interval(-2.0, -3.0, -1.0))
    (True, None, False)
    """
    above, below = separated(np.array(interval.low), np.array(interval.high), threshold)
    return True if above else False if below else None


def at_most(interval: Interval, threshold: float = 0.0) -> bool | None:
    """Whether an interval is below a threshold, above it (False), or on both sides or unknown (None).

    >>> at_most(Interval(1.0, 0.5, 1.5)), at_most(Interval(1.0, -0.5, 2.5)), at_most(Interval(-2.0, -3.0, -1.0))
    (False, None, True)
    """
    above = at_least(interval, threshold)
    return None if above is None else not above


def within(interval: Interval, low: float, high: float) -> bool | None:
    """Whether an interval is between two thresholds, outside of them (False), or both or unknown (None).

    >>> within(Interval(0.5, 0.45, 0.55), 0.4, 0.6), within(Interval(0.5, 0.3, 0.55), 0.4, 0.6)
    (True, None)
    >>> within(Interval(0.7, 0.65, 0.75), 0.4, 0.6)
    False
    """
    return everywhere([at_least(interval, low), at_most(interval, high)])


def everywhere(held: Iterable[bool | None]) -> bool | None:
    """Whether everything held; False if something did not, None if that is open.

    >>> everywhere([True, True]), everywhere([True, None]), everywhere([None, False])
    (True, None, False)
    """
    every = list(held)
    return False if False in every else None if None in every else True


def least(intervals: dict[str, Interval]) -> str:
    """The name of the interval with the smallest mean; one that is unknown is not the smallest.

    >>> least({"a": Interval(2.0, 1.0, 3.0), "b": Interval(1.0, 0.0, 2.0), "c": Interval(math.nan, math.nan, math.nan)})
    'b'
    """
    return min(intervals, key=lambda name: math.inf if math.isnan(intervals[name].mean) else intervals[name].mean)
