"""Which of two methods has the smaller error, judged by intervals of paired differences over draws."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from omnisim.report.text import listing, number
from omnisim.studies.fitting import LEVEL

MARGIN = 0.01
"""Difference of errors, in units of loss, within which two methods are level."""


@dataclass(frozen=True)
class Difference:
    """Mean difference of errors at a sample size, and its interval."""

    n: int
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{number(self.mean, 2)} [{number(self.low, 2)}, {number(self.high, 2)}] at n = {self.n:,}"


def differences(rows: pd.DataFrame, worse: pd.DataFrame, measure: str, comparisons: int) -> list[Difference]:
    """Error in ``worse`` less error in ``rows`` at each n, paired by draw, with t-intervals.

    Both have columns n, draw and ``measure``; a draw names the sample, so that methods on it are compared with each
    other. All ``comparisons`` intervals cover together with probability 95 % at least (Bonferroni).
    """
    pairs = rows.merge(worse, on=["n", "draw"], suffixes=("", " of worse"), validate="one_to_one")
    found = []
    for n, group in pairs.groupby("n"):
        sample = (group[f"{measure} of worse"] - group[measure]).to_numpy(dtype=np.float64)
        size = len(sample)
        quantile = float(stats.t.ppf(1 - (1 - LEVEL) / (2 * comparisons), size - 1)) if size > 1 else np.nan
        half = quantile * float(sample.std(ddof=1)) / np.sqrt(size) if size > 1 else np.nan
        found.append(Difference(int(str(n)), float(sample.mean()), sample.mean() - half, sample.mean() + half))
    return found


def all_above(found: Sequence[Difference]) -> bool | None:
    """Whether every difference is above 0: None where intervals leave it open, and none is wholly below 0."""
    if any(difference.high < 0 for difference in found):
        return False
    return True if all(difference.low > 0 for difference in found) else None


def all_level(found: Sequence[Difference]) -> bool | None:
    """Whether every difference is within ``MARGIN`` of 0: None where intervals leave it open, and none is outside."""
    if any(difference.low > MARGIN or difference.high < -MARGIN for difference in found):
        return False
    return True if all(difference.low >= -MARGIN and difference.high <= MARGIN for difference in found) else None


def none_below(found: Sequence[Difference]) -> bool | None:
    """Whether no difference is below 0 by more than ``MARGIN``: None where an interval leaves it open."""
    if any(difference.high < -MARGIN for difference in found):
        return False
    return True if all(difference.low >= -MARGIN for difference in found) else None


def told(found: Sequence[Difference]) -> str:
    """The differences in words: of many, those of the smallest and largest sample and the one that reaches lowest."""
    if len(found) <= _FEW:
        return listing([str(difference) for difference in found])
    ends = f"from {found[0]} to {found[-1]}"
    least = min(found, key=lambda difference: difference.low)
    return ends if least in (found[0], found[-1]) else f"{ends}; lowest {least}"


_FEW = 4
