"""Panprediction: one predictor for every loss and every group (Balakrishnan, Haghtalab, Hsu, Lee, Zhao; theory 7).

A predictor p is step calibrated at level eps if for all thresholds v, w, groups g and comparators h

    | E[ (Y - p(X)) 1[p(X) <= v] 1[h(X) <= w] g(X) ] | <= eps.

Then acting on p by best response competes, for every loss of bounded variation and every group, with the best
comparator for that loss and group. :func:`learn_randomized`, :func:`learn_deterministic` and :func:`learn_derandomized`
learn such predictors from a :func:`sample`; :class:`Panpredictor` does it as a scikit-learn estimator.
"""

from omnisim.batch.panprediction.derandomized import Derandomized, learn_derandomized
from omnisim.batch.panprediction.deterministic import Deterministic, learn_deterministic
from omnisim.batch.panprediction.gaps import expected_losses, gap_table, variation
from omnisim.batch.panprediction.measures import (
    Law,
    group_errors,
    product_calibration_error,
    step_calibration_error,
    worst_sets,
)
from omnisim.batch.panprediction.randomized import Randomized, learn_randomized
from omnisim.batch.panprediction.sample import Sample, sample
from omnisim.batch.panprediction.worst_set import Dual, Learned, Sorted, StepSet

__all__ = [
    "Derandomized",
    "Deterministic",
    "Dual",
    "Law",
    "Learned",
    "Randomized",
    "Sample",
    "Sorted",
    "StepSet",
    "expected_losses",
    "gap_table",
    "group_errors",
    "learn_derandomized",
    "learn_deterministic",
    "learn_randomized",
    "product_calibration_error",
    "sample",
    "step_calibration_error",
    "variation",
    "worst_sets",
]
