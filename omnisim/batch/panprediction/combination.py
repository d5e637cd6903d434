"""A combination of comparators: one prediction out of what all say, pulled towards the most accurate of them.

With s the log-odds of the most accurate comparator (the one of least squared error) and s_h those of the others,
log-odds become s + a + b s + sum_h c_h (s_h - s), where a, b and c minimize the logistic loss plus ridge / 2 times the
sum of their squares. Models err differently, so that together they often say more than the best of them, of groups as
well; one that adds nothing gets no part where rows are many.
"""

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.batch.cross_fitted_models import log_odds
from omnisim.batch.panprediction.recalibration import Recalibration, recalibrate
from omnisim.batch.panprediction.sample import Sample

RIDGE = 3.0
"""Chosen of 3, 30 and 300 on two public data sets, German credit and credit cards, where 30 was about as good."""


class Combination:
    """Fitted combination of comparators.

    Attributes
    ----------
    most_accurate
        Index of the comparator that it is pulled towards.
    weights : (|H|,)
        Of the comparators' log-odds; the intercept is ``change.shifts[0]``.
    change
        The change of the log-odds of the most accurate one.
    """

    def __init__(self, most_accurate: int, change: Recalibration) -> None:
        self.most_accurate, self.change = most_accurate, change

    def __repr__(self) -> str:
        return f"Combination(weights={np.round(self.weights, 3).tolist()}, intercept={self.change.shifts[0]:.3f})"

    @property
    def weights(self) -> FloatArray:
        """The weights."""
        rest = 1 + self.change.slopes[0] - self.change.others.sum()
        return np.insert(self.change.others, self.most_accurate, rest)

    def __call__(self, comparators: FloatArray) -> FloatArray:
        """Predictions (n,) from what the comparators say (n, |H|)."""
        best, others = _apart(comparators, self.most_accurate)
        return self.change(best, np.ones((len(best), 1)), others)


def combine(sample: Sample, weights: FloatArray, ridge: float = RIDGE) -> Combination:
    """Combine the comparators of a sample, given how many rows each of its points stands for, (n,).

    Examples
    --------
    Of outcomes that follow what two comparators say, each half, both count:

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(4000, 2))
    >>> h, p = 1 / (1 + np.exp(-x)), 1 / (1 + np.exp(-x.sum(axis=1)))
    >>> combine(Sample(np.ones((4000, 1)), h, (rng.random(4000) < p).astype(float)), np.ones(4000)).weights.round()
    array([1., 1.])
    """
    most_accurate = sample.most_accurate(weights)
    best, others = _apart(sample.comparators, most_accurate)
    everyone = np.ones((len(best), 1))
    return Combination(most_accurate, recalibrate(best, everyone, sample.outcomes, weights, ridge, others=others))


def _apart(comparators: FloatArray, most_accurate: int) -> tuple[FloatArray, FloatArray]:
    """Answers of the most accurate one (n,), and by how much log-odds of the others differ from its, (n, |H| - 1)."""
    odds = log_odds(comparators)
    return comparators[:, most_accurate], np.delete(odds, most_accurate, axis=1) - odds[:, [most_accurate]]
