"""Growth rates: slopes of straight lines through logarithms, with their uncertainty over replicates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omnisim.arrays import FloatArray
from omnisim.statistics.intervals import CONFIDENCE, Interval


@dataclass(frozen=True)
class Slope(Interval):
    """A fitted growth exponent (the ``mean``) and the ends of its confidence interval, NaN if unknown.

    It rests on so many ``points``, of which so many were ``floored``.
    """

    points: int
    floored: int


def fit_slope(sizes: Sequence[float], table: FloatArray, floor: float = 1.0) -> Slope:
    """The exponent s of a growth proportional to size^s, common to all replicates.

    Least squares on logarithms with an intercept for each replicate, since replicates may differ by a factor and not
    all of them need to have every size. The slope is then a mean of the replicates' own slopes, weighted by how far
    their sizes spread; its interval follows from how much these differ (a cluster-robust variance), with the effective
    number of replicates less one as degrees of freedom. It does not cover a curve that is not straight. Values
    below ``floor`` are raised to it: they may be negative, and what lies below one unit is no growth.

    Parameters
    ----------
    sizes : (S,)
        > 0.
    table : (R, S)
        One row per replicate, NaN where a size was not measured. Rows with fewer than two sizes are left out.
    floor
        > 0.

    Raises
    ------
    ValueError
        If no replicate has two different sizes.

    Examples
    --------
    >>> print(fit_slope([1, 4, 16], np.array([[3.0, 6.0, 12.0], [5.0, 10.0, np.nan]])))
    0.50 [0.50, 0.50]
    """
    known = np.isfinite(table)
    known[known.sum(axis=1) < 2] = False
    x = np.where(known, np.log(np.asarray(sizes, dtype=np.float64)), 0.0)
    y = np.log(np.maximum(table, floor), out=np.zeros(known.shape), where=known)
    counts = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = np.where(known, x - x.sum(axis=1, keepdims=True) / counts, 0.0)
    weights = (centred**2).sum(axis=1)
    if not weights.any():
        raise ValueError(f"a slope needs a replicate with at least two different sizes, got the sizes {list(sizes)}")
    slope = float((centred * y).sum() / weights.sum())
    points, floored = int(known.sum()), int((known & (np.where(known, table, floor) < floor)).sum())
    replicates = int((weights > 0).sum())
    if replicates < 2:
        return Slope(slope, np.nan, np.nan, points, floored)
    from scipy.special import stdtrit

    scores = (centred * y).sum(axis=1) - slope * weights
    variance = replicates / (replicates - 1) * float((scores**2).sum()) / float(weights.sum()) ** 2
    degrees_of_freedom = float(weights.sum()) ** 2 / float((weights**2).sum()) - 1
    half = float(stdtrit(degrees_of_freedom, 0.5 + CONFIDENCE / 2)) * float(np.sqrt(variance))
    return Slope(slope, slope - half, slope + half, points, floored)


def slope_of(rows: pd.DataFrame, measure: str, by: str = "rounds", floor: float = 1.0) -> Slope:
    """The growth exponent of a column in the sizes of another, over replicates; see :func:`fit_slope`.

    ``rows`` has a column ``replicate``; NaN is not measured.
    """
    table = rows.pivot_table(index="replicate", columns=by, values=measure, dropna=False)
    return fit_slope([float(str(size)) for size in table.columns], table.to_numpy(dtype=np.float64), floor)
