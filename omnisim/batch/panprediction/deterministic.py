"""The deterministic panpredictor: the dual player shows the worst step set, the primal player corrects p on it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import FloatArray, within
from omnisim.batch.panprediction.sample import Sample, known_of
from omnisim.batch.panprediction.worst_set import Dual, Sorted, StepSet
from omnisim.by_value import ByValue
from omnisim.errors import ProblemError, StrategyError
from omnisim.signatures import held_to_types

BIAS, DEVIATIONS = "bias", "standard deviations"
"""Units of a tolerance."""


@dataclass(frozen=True)
class Correction:
    """Add ``shift`` times the weights of the step set to the prediction, and clip it to [0, 1]."""

    step_set: StepSet
    shift: float

    def apply(self, predictions: FloatArray, groups: FloatArray, comparators: FloatArray) -> FloatArray:
        """The corrected predictions (n,)."""
        weights = self.step_set.weights(predictions, groups, comparators)
        return np.clip(predictions + self.shift * weights, 0.0, 1.0)


@dataclass(frozen=True, eq=False, repr=False)
class Deterministic(ByValue):
    """A panpredictor as a list of corrections to a start.

    Attributes
    ----------
    start
        The constant predicted before all corrections, where no base predictions are given.
    corrections
        In the order in which they are applied.
    tolerance
        What no set exceeds after the last correction, unless their number was limited, in ``tolerance_unit``.
    in_sample_error
        The largest bias left of any step set that was searched, on the sample that was learnt from: of new rows it says
        nothing, and after many corrections it is far below theirs.
    tolerance_unit
        ``"bias"``: the tolerance is eps. ``"standard deviations"``: of each set's own noise.
    """

    start: float
    corrections: Sequence[Correction]
    tolerance: float
    in_sample_error: float
    tolerance_unit: str = BIAS

    def predict(self, groups: FloatArray, comparators: FloatArray, base: FloatArray | None = None) -> FloatArray:
        """p(x) of points (n,), given g(x) (n, |G|), h(x) (n, |H|), and base predictions where it was learnt on them."""
        groups, comparators, base = known_of(groups, comparators, base, ("|G|", "|H|"))
        least_g = 1 + max((each.step_set.group for each in self.corrections), default=-1)
        least_h = 1 + max((each.step_set.comparator for each in self.corrections), default=-1)
        for name, table, least in (("groups", groups, least_g), ("comparators", comparators, least_h)):
            if table.shape[1] < least:
                raise ProblemError(f"{name} must have {least} columns at least, as in learning, got {table.shape[1]}")
        predictions = np.full(len(groups), self.start) if base is None else np.array(base)
        for correction in self.corrections:
            predictions = correction.apply(predictions, groups, comparators)
        return predictions


def default_tolerance(points: int, groups: int, comparators: int) -> float:
    """Eps = (1/8) (ln(2 |G| (|H| + 1)) / n)^(1/3), for the sample complexity eps^-3 of the deterministic algorithm.

    Of 1/2, 1/4, 1/8, 1/16 and 1/32 the constant 1/8 had the smallest mean error on the synthetic law of the study of
    panprediction for n = 256, 512 and 2048; at n = 8192 1/16 was better.
    """
    return 0.125 * math.cbrt(math.log(2 * groups * (comparators + 1)) / points)


@held_to_types(ProblemError)
def learn_deterministic(
    sample: Sample,
    *,
    base: ArrayLike | None = None,
    tolerance: float | None = None,
    dual: Dual | None = None,
) -> Deterministic:
    """Correct the worst step set until none exceeds the tolerance (Balakrishnan et al., deterministic algorithm).

    With u = g 1[p <= v] 1[h <= w] and bias b = E u (Y - p), the correction p + (b / E u^2) u lowers the mean squared
    error by b^2 / E u^2 >= b^2, and clipping does not raise it. So there are at most E (Y - p_0)^2 / eps^2 of them.

    Parameters
    ----------
    sample
        To learn from.
    base : (n,)
        Predictions to start from; without them, the mean outcome.
    tolerance
        eps > 0; None for :func:`default_tolerance`.
    dual
        Who searches the sets; None for all of them, exactly (:class:`Sorted`).

    Raises
    ------
    StrategyError
        If the tolerance is not > 0, or the dual player names a set whose bias is not what it says.
    """
    if tolerance is None:
        tolerance = default_tolerance(len(sample), sample.groups.shape[1], sample.comparators.shape[1])
    if not tolerance > 0:
        raise StrategyError(f"tolerance must be > 0, got {tolerance}: corrections would never end")
    find = Sorted(sample.groups, sample.comparators) if dual is None else dual
    start = float(sample.outcomes.mean())
    predictions = np.full(len(sample), start)
    if base is not None:
        predictions = np.array(within("base predictions", base, (len(sample),), 0, 1))
    corrections: list[Correction] = []
    while True:
        residuals = sample.outcomes - predictions
        worst = find(predictions, residuals)
        weights = worst.weights(predictions, sample.groups, sample.comparators)
        bias = float(np.mean(weights * residuals))
        if abs(bias - worst.bias) > _ROUNDING:
            raise StrategyError(f"the dual player says that {worst} has bias {worst.bias:.6g}, but it is {bias:.6g}")
        if abs(bias) <= tolerance:
            return Deterministic(start, corrections, tolerance, abs(bias))
        corrections.append(Correction(worst, bias / float(np.mean(weights**2))))
        predictions = corrections[-1].apply(predictions, sample.groups, sample.comparators)


_ROUNDING = 1e-9
