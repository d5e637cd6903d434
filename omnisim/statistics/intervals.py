"""Confidence intervals, for one number alone and for many together.

With s the standard error found, an interval is estimate +- c s. The quantile of |deviation| / s over the resamples is
what a normal deviate reaches as often; c is what Student's reaches as often, because there are few units, with the
degrees of freedom of Satterthwaite (Biometrics Bulletin 2, 1946) where there are two sources. For a family of
comparisons the quantile is that of the largest |deviation| / s among them in a resample, all of which share their
resamples: then all intervals hold together with the stated confidence (Romano and Wolf, Econometrica 73, 2005).
"""

from dataclasses import dataclass

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.statistics.resampling import NONE, Estimates, variance

CONFIDENCE = 0.95
"""Confidence of all intervals."""


@dataclass(frozen=True)
class Interval:
    """A number and the ends of its interval (NaN if unknown); ``str`` gives ``1.24 [1.02, 1.46]``."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if not np.isfinite(self.mean):
            return "–"
        ends = f" [{_written(self.low)}, {_written(self.high)}]" if np.isfinite(self.low) else ""
        return f"{_written(self.mean)}{ends}"


@dataclass(frozen=True)
class Intervals:
    """Half the widths of the intervals of K estimates, (K,); NaN where there is none."""

    alone: FloatArray
    simultaneous: FloatArray


def least_share(blocks: int, family: int = 1) -> float:
    """Lower end of the interval of a share that was 1 in every block, of which nothing varied to judge it by.

    A block whose mean is p is full with probability p at most, all B that are independent with p^B at most: below
    (alpha / 2K)^(1/B) that would be rarer than alpha / 2 allows, in a family of K.

    >>> round(least_share(45), 3), round(least_share(45, family=9), 3), least_share(0)
    (0.921, 0.877, 0.0)
    """
    return float(((1 - CONFIDENCE) / (2 * family)) ** (1 / blocks)) if blocks else 0.0


def intervals(estimates: Estimates, confidence: float = CONFIDENCE) -> Intervals:
    """The intervals of estimates, each alone and all together.

    Parameters
    ----------
    estimates
        A family: those whose intervals should hold at the same time.
    confidence
        In (0, 1).
    """
    count = len(estimates.value)
    known = np.array([method != NONE for method in estimates.method], dtype=np.bool_)
    alone, simultaneous = np.full((2, count), np.nan)
    if not known.any():
        return Intervals(alone, simultaneous)
    error, largest = np.full(count, np.nan), np.zeros(len(estimates.deviations))
    # In parts, because the deviations of thousands of estimates are most of the memory that is needed.
    where = np.flatnonzero(known)
    for part in np.split(where, range(_AT_ONCE, len(where), _AT_ONCE)):
        deviations = estimates.deviations[:, part]
        error[part] = np.sqrt(variance(deviations))
        with np.errstate(invalid="ignore"):
            relative = np.abs(deviations, out=deviations)
            relative /= error[part]
        np.fmax(relative, 0.0, out=relative)
        np.maximum(largest, relative.max(axis=1), out=largest)
        alone[part] = np.quantile(relative, confidence, axis=0, overwrite_input=True)
    simultaneous[where] = np.quantile(largest, confidence)
    degrees_of_freedom = np.maximum(estimates.degrees_of_freedom, 1)
    return Intervals(*(error * _students(reached, degrees_of_freedom, confidence) for reached in (alone, simultaneous)))


def _students(reached: FloatArray, degrees_of_freedom: FloatArray, confidence: float) -> FloatArray:
    """Student's deviate with the same tail probability as this normal one.

    Few units have few different resamples, whose quantile says little below the normal one: there the ratio is that of
    the quantiles at the stated confidence, which is wider.
    """
    from scipy.special import ndtr, ndtri, stdtrit

    level = 0.5 + confidence / 2
    ratio = stdtrit(degrees_of_freedom, level) / ndtri(level)
    return np.asarray(np.fmax(reached * ratio, -stdtrit(degrees_of_freedom, ndtr(-reached))))


_AT_ONCE = 512
"""Estimates."""


def t_interval(sample: FloatArray) -> Interval:
    """The mean of independent numbers, and Student's interval of it; NaN ends where there is only one.

    >>> print(t_interval(np.array([1.0, 2.0, 3.0])))
    2.00 [−0.48, 4.48]
    """
    mean = float(sample.mean())
    if len(sample) < 2:
        return Interval(mean, np.nan, np.nan)
    from scipy.special import stdtrit

    half = float(stdtrit(len(sample) - 1, 0.5 + CONFIDENCE / 2) * sample.std(ddof=1) / np.sqrt(len(sample)))
    return Interval(mean, mean - half, mean + half)


def _written(value: float) -> str:
    # "z" leaves no minus before what rounds to 0.
    return f"{value:z.2f}".replace("-", "−")
