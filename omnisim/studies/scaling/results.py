"""From the rows of all runs to slopes, and to curves with bands."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omnisim.report.results import Curve
from omnisim.studies.fitting import Slope, fit_slope, mean_interval

FLOOR = 1.0
"""What values are raised to before logarithms are taken: a round's largest regret, or violation."""

_CELL = ["part", "rule", "adversary", "forecaster", "subsequence"]


def samples(rows: pd.DataFrame, measure: str, by: str = "rounds") -> tuple[list[int], list[np.ndarray]]:
    """The sizes in ``rows``, increasing, and the measurements of all replicates at each, without undefined ones."""
    known = rows[rows[measure].notna()]
    groups = [(int(str(size)), group[measure].to_numpy(dtype=np.float64)) for size, group in known.groupby(by)]
    return [size for size, _ in groups], [sample for _, sample in groups]


def slope_of(rows: pd.DataFrame, measure: str) -> Slope:
    """The growth exponent of a measure in the rounds."""
    table = rows.pivot_table(index="replicate", columns="rounds", values=measure, dropna=False)
    return fit_slope([float(str(size)) for size in table.columns], table.to_numpy(dtype=np.float64), FLOOR)


def curve(rows: pd.DataFrame, measure: str, label: str, colour: int, by: str = "rounds", scale: float = 0.0) -> Curve:
    """Mean and interval of a measure against a size, divided by size^scale."""
    sizes, measured = samples(rows, measure, by)
    factors = np.asarray(sizes, dtype=np.float64) ** -scale
    ends = np.array([mean_interval(sample) for sample in measured]).reshape(-1, 3) * factors[:, None]
    return Curve(label, sizes, ends[:, 0], ends[:, 1], ends[:, 2], colour)


def bound_curve(rows: pd.DataFrame, measure: str, label: str, colour: int) -> Curve:
    """The mean of a bound, dashed and without a band."""
    sizes, measured = samples(rows, measure)
    return Curve(label, sizes, [sample.mean() for sample in measured], colour=colour, dash="dash")


def guide(curves: Sequence[Curve], exponent: float, label: str) -> Curve:
    """A straight line of this slope on logarithmic axes, that ends above the curves."""
    ends = sorted({float(x) for drawn in curves for x in np.asarray(drawn.x, dtype=np.float64)})
    top = max(float(np.nanmax(np.asarray(drawn.y, dtype=np.float64))) for drawn in curves)
    sizes = np.array(ends)
    return Curve(label, sizes, 1.3 * max(top, FLOOR) * (sizes / sizes[-1]) ** exponent, colour=-1, dash="dot")


def slope_table(rows: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """One row per part, rule, adversary, forecaster, subsequence and measure that was run for several T.

    Columns: those, then slope, low, high (95 % interval), points, floored (how many values were raised to
    1), rounds (largest T), last (the mean there).
    """
    found = []
    for key, group in rows.groupby(_CELL, sort=False):
        for measure in measures:
            sizes, measured = samples(group, measure)
            if len(sizes) < 2:
                continue
            fitted = slope_of(group, measure)
            found.append(
                dict(zip(_CELL, key, strict=True))
                | {"measure": measure.replace("_", " "), "slope": fitted.slope, "low": fitted.low, "high": fitted.high}
                | {"points": fitted.points, "floored": fitted.floored, "rounds": sizes[-1]}
                | {"last": float(measured[-1].mean())}
            )
    return pd.DataFrame(found)
