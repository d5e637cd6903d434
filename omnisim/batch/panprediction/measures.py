"""Distance of predictions from step calibration, and from multicalibration, on a sample."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, IntArray, within
from omnisim.batch.panprediction.sample import Sample
from omnisim.batch.panprediction.worst_set import Sorted, StepSet
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError
from omnisim.signatures import held_to_types


@dataclass(frozen=True, eq=False, repr=False)
class Law(ByValue):
    """Laws of the predictions for n points: K possible predictions with probabilities, both (n, K).

    Examples
    --------
    >>> Law.points([0.2, 0.7]).mean
    array([0.2, 0.7])
    >>> Law.on_levels([0.0, 0.5, 1.0], [[0.0, 0.5, 0.5]]).mean
    array([0.75])
    """

    support: FloatArray
    probabilities: FloatArray

    @classmethod
    def points(cls, predictions: ArrayLike) -> "Law":
        """One prediction per point, (n,)."""
        p = within("predictions", predictions, ("n",), 0, 1)
        return cls(p[:, None], np.ones((len(p), 1)))

    @classmethod
    def on_levels(cls, levels: ArrayLike, probabilities: ArrayLike) -> "Law":
        """Probabilities (n, K) of common levels (K,)."""
        p = within("levels", levels, ("K",), 0, 1)
        laws = within("probabilities", probabilities, ("n", len(p)), 0, 1)
        if not np.allclose(laws.sum(axis=1), 1):
            raise ProblemError("probabilities of the levels must sum to 1 for every point")
        return cls(np.broadcast_to(p, laws.shape), laws)

    @property
    def mean(self) -> FloatArray:
        """The expected prediction (n,)."""
        return np.asarray((self.support * self.probabilities).sum(axis=1))

    def __len__(self) -> int:
        return len(self.support)


@held_to_types(ProblemError)
def worst_sets(law: Law, sample: Sample) -> list[StepSet]:
    """Find, for each group and comparator, groups first, the step set of largest |bias| over all v and w.

    The constant stands in front of the comparators of every group (index -1). For a law the bias is its expectation.
    """
    if len(law) != len(sample):
        raise ProblemError(f"there are predictions of {len(law)} points, but the sample has {len(sample)}")
    points, atoms = law.probabilities.nonzero()
    predictions = law.support[points, atoms]
    residuals = law.probabilities[points, atoms] * (sample.outcomes[points] - predictions)
    # Each possible prediction is a point of its own, with its probability in the residual.
    found = Sorted(sample.groups[points], sample.comparators[points]).each(predictions, residuals)
    scale = len(points) / len(sample)
    return [StepSet(s.group, s.comparator, s.v, s.w, s.bias * scale) for s in found]


@held_to_types(ProblemError)
def step_calibration_error(law: Law, sample: Sample) -> float:
    """The supremum over v, w, g, h of |E g(X) (Y - p(X)) 1[p(X) <= v] 1[h(X) <= w]| on the sample.

    Examples
    --------
    >>> from omnisim.batch.panprediction import sample
    >>> data = sample(np.ones((4, 1)), [[0.1], [0.2], [0.8], [0.9]], [0, 0, 1, 1])
    >>> step_calibration_error(Law.points([0.5] * 4), data)
    0.25
    """
    return max(abs(found.bias) for found in worst_sets(law, sample))


@held_to_types(ProblemError)
def group_errors(law: Law, sample: Sample) -> FloatArray:
    """The step calibration error within each group, (|G|,), not divided by the weight of the group."""
    errors = np.zeros(sample.groups.shape[1])
    for found in worst_sets(law, sample):
        errors[found.group] = max(errors[found.group], abs(found.bias))
    return errors


@held_to_types(ProblemError)
def product_calibration_error(law: Law, sample: Sample, bins: int = 10) -> float:
    """The largest sum over cells |E g(X) (Y - p(X)) 1[p(X) in A] 1[h(X) in B]|, over g and h; cells are products A x B.

    A and B are the level sets of p and h where these take at most ``bins`` values, else that many intervals of equal
    length. This is what multicalibration asks to be small, for contrast: with level sets it is never below the step
    calibration error, and it needs every cell to be learnt by itself.
    """
    points, atoms = law.probabilities.nonzero()
    predictions = law.support[points, atoms]
    residuals = law.probabilities[points, atoms] * (sample.outcomes[points] - predictions)
    p, cells = _cells(predictions, bins)
    largest = 0.0
    columns = [np.zeros(len(sample)), *sample.comparators.T]
    for column in columns:
        h, size = _cells(column, bins)
        place = p * size + h[points]
        for g in sample.groups.T:
            sums = np.bincount(place, weights=g[points] * residuals, minlength=cells * size)
            largest = max(largest, float(np.abs(sums).sum()) / len(sample))
    return largest


def _cells(values: FloatArray, bins: int) -> tuple[IntArray, int]:
    different, place = np.unique(values, return_inverse=True)
    if len(different) <= bins:
        return place.astype(np.int64), len(different)
    return np.minimum((values * bins).astype(np.int64), bins - 1), bins


def as_table(sets: list[StepSet], group_names: list[str], comparator_names: list[str]) -> pd.DataFrame:
    """Step sets as a table with the columns group, comparator, v, w, bias; the constant is called "constant"."""
    names = ["constant", *comparator_names]
    rows = [(group_names[s.group], names[s.comparator + 1], s.v, s.w, s.bias) for s in sets]
    return pd.DataFrame(rows, columns=["group", "comparator", "v", "w", "bias"])
