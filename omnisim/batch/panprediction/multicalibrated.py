"""A multicalibrated predictor, for contrast: corrections cell by cell instead of corner by corner."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch.panprediction.sample import Sample
from omnisim.by_value import ByValue
from omnisim.errors import StrategyError


@dataclass(frozen=True)
class Cell:
    """The points of a group with p in one interval and h in one interval, and what is added to p there."""

    group: int
    comparator: int
    prediction_bin: int
    comparator_bin: int
    shift: float

    def contains(self, p: FloatArray, groups: FloatArray, comparators: FloatArray, bins: int) -> BoolArray:
        """Mark the points (n,) that lie in the cell."""
        inside = (groups[:, self.group] > 0) & (interval(p, bins) == self.prediction_bin)
        return np.asarray(inside & (interval(comparators[:, self.comparator], bins) == self.comparator_bin))


@dataclass(frozen=True, eq=False, repr=False)
class Multicalibrated(ByValue):
    """Corrections, applied in order to base predictions, or to a constant start."""

    start: float
    cells: Sequence[Cell]
    bins: int

    def predict(self, groups: FloatArray, comparators: FloatArray, base: FloatArray | None = None) -> FloatArray:
        """p(x) of points (n,), given base predictions where it was learnt on them."""
        p = np.full(len(groups), self.start) if base is None else np.array(base, dtype=np.float64)
        for cell in self.cells:
            inside = cell.contains(p, groups, comparators, self.bins)
            p[inside] = np.clip(p[inside] + cell.shift, 0.0, 1.0)
        return p


def interval(values: FloatArray, bins: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Index (n,) of the interval that holds each value in [0, 1], among ``bins`` intervals of equal length."""
    return np.minimum((values * bins).astype(np.int64), bins - 1)


def learn_multicalibrated(
    sample: Sample, tolerance: float, bins: int = 10, base: FloatArray | None = None
) -> Multicalibrated:
    """Correct the cell {p in A} {h in B} of a group with the largest |E g (Y - p)| until none exceeds the tolerance.

    As in Hebert-Johnson et al. (ICML 2018), with the level sets of comparators as part of the cells, which is what
    multicalibration has to ask for where step calibration asks for corners. Each correction lowers the mean squared
    error by more than tolerance^2. Groups are taken as sets {g > 0}. It starts from base predictions (n,), or else from
    the mean outcome.

    Raises
    ------
    StrategyError
        If the tolerance is not > 0, or there is no comparator.
    """
    if not tolerance > 0 or not sample.comparators.shape[1]:
        raise StrategyError(
            f"tolerance must be > 0, got {tolerance}, and there must be a comparator, got {sample.comparators.shape[1]}"
        )
    inside = sample.groups > 0
    h = interval(sample.comparators, bins)
    start = float(sample.outcomes.mean())
    p = np.full(len(sample), start) if base is None else np.array(base, dtype=np.float64)
    cells: list[Cell] = []
    while True:
        residuals = sample.outcomes - p
        level = interval(p, bins)
        best, found = tolerance, None
        for k in range(sample.groups.shape[1]):
            for c in range(sample.comparators.shape[1]):
                place = (level * bins + h[:, c])[inside[:, k]]
                sums = np.bincount(place, residuals[inside[:, k]], minlength=bins * bins) / len(sample)
                at = int(np.abs(sums).argmax())
                if abs(sums[at]) > best:
                    count = int((place == at).sum())
                    best = abs(float(sums[at]))
                    found = Cell(k, c, at // bins, at % bins, float(sums[at]) * len(sample) / count)
        if found is None:
            return Multicalibrated(start, cells, bins)
        cells.append(found)
        here = found.contains(p, sample.groups, sample.comparators, bins)
        p[here] = np.clip(p[here] + found.shift, 0.0, 1.0)
