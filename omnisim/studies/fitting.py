"""Growth rates: slopes of straight lines through logarithms, with their uncertainty over replicates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from omnisim.arrays import FloatArray

LEVEL = 0.95
"""Of all confidence intervals."""


@dataclass(frozen=True)
class Slope:
    """A fitted growth exponent, the ends of its confidence interval (NaN if unknown), and how many points were floored.

    ``str`` gives ``0.48 [0.44, 0.52]``.
    """

    slope: float
    low: float
    high: float
    points: int
    floored: int

    def __str__(self) -> str:
        interval = f" [{self.low:.2f}, {self.high:.2f}]" if np.isfinite(self.low) else ""
        return f"{self.slope:.2f}{interval}".replace("-", "−")


def fit_slope(sizes: Sequence[float], samples: Sequence[FloatArray], floor: float = 1.0) -> Slope:
    """The exponent s of a growth proportional to size^s.

    Least squares through the points (log size, log mean of the sample of that size). Means below ``floor`` are
    raised to it: they may be negative, and what lies below one unit is no growth. The interval follows from the
    spread of the samples, which may have different lengths: the slope is a weighted sum of the logarithms of
    independent means, its variance is taken to first order, and the degrees of freedom are Welch and
    Satterthwaite's. It does not cover a curve that is not straight.

    Parameters
    ----------
    sizes
        At least two different ones.
    samples
        One array of measurements per size.
    floor
        > 0.

    Examples
    --------
    >>> fit_slope([1, 4, 16], [np.array([3.0, 3.0]), np.array([6.0, 6.0]), np.array([12.0, 12.0])])
    Slope(slope=0.5, low=0.5, high=0.5, points=3, floored=0)
    """
    x = np.log(np.asarray(sizes, dtype=np.float64))
    means = np.array([sample.mean() for sample in samples])
    floored = means < floor
    y = np.log(np.maximum(means, floor))
    centred = x - x.mean()
    if len(x) < 2 or not centred.any():
        raise ValueError(f"a slope needs at least two different sizes, got {list(sizes)}")
    weights = centred / (centred**2).sum()
    slope = float(weights @ y)
    counts = np.array([len(sample) for sample in samples])
    if counts.min() < 2:
        return Slope(slope, np.nan, np.nan, len(x), int(floored.sum()))
    spread = np.array([sample.var(ddof=1) for sample in samples])
    parts = np.where(floored, 0.0, weights**2 * spread / (counts * np.maximum(means, floor) ** 2))
    total = float(parts.sum())
    if total == 0:
        return Slope(slope, slope, slope, len(x), int(floored.sum()))
    freedom = total**2 / float((parts**2 / (counts - 1)).sum())
    half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * np.sqrt(total)
    return Slope(slope, slope - half, slope + half, len(x), int(floored.sum()))


def mean_interval(sample: FloatArray) -> tuple[float, float, float]:
    """Mean of a sample and the ends of its t-interval; NaN where one number leaves them unknown.

    >>> [round(end, 2) for end in mean_interval(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.48, 4.48]
    """
    mean = float(sample.mean())
    if len(sample) < 2:
        return mean, np.nan, np.nan
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample)))
    return mean, mean - half, mean + half
