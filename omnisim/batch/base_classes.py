"""Classes of base predictors that an estimator chooses by name, or by a classifier."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray
from omnisim.batch.base_predictors import BasePredictors, HalfLines, empirical_minimizers, finite_minimizers
from omnisim.batch.classifiers import classifier_minimizers
from omnisim.batch.halfspaces import linear_minimizers
from omnisim.errors import StrategyError
from omnisim.problem.losses.targets import Target

BaseFit: TypeAlias = Callable[[FloatArray, FloatArray], BasePredictors]
"""From features (n, k) and outcomes (n,) in [0, 1] to base predictors."""

NAMES = ("single_feature", "linear", "columns")

_SAME = 1e-12
"""Risks within this of each other are equal: they differ by rounding only."""


class BestFeature(BasePredictors):
    """Half-lines in one feature, another one for every threshold.

    Attributes
    ----------
    feature : (m,)
        Which.
    lines
        The half-lines of every feature.
    """

    def __init__(self, risk: FloatArray, feature: IntArray, lines: Sequence[HalfLines]) -> None:
        super().__init__(risk)
        self.feature, self.lines = feature, tuple(lines)

    def high(self, x: Any) -> BoolArray:
        """The answers (n, m) at features (n, k)."""
        features = np.asarray(x, dtype=np.float64)
        answers = np.empty((len(features), self.m), dtype=np.bool_)
        for j in np.unique(self.feature):
            served = self.feature == j
            answers[:, served] = self.lines[j].high(features[:, j])[:, served]
        return answers


def single_feature_minimizers(x: FloatArray, y: FloatArray, m: int, target: Target) -> BestFeature:
    """Exact minimizers over the linear functions of any one feature, by sorting: O(k n (log n + m)).

    Of equally good features the first is taken.

    >>> from omnisim.problem.losses import Probability
    >>> x = np.array([[0.5, 0.1], [0.4, 0.2], [0.6, 0.8], [0.5, 0.9]])
    >>> base = single_feature_minimizers(x, np.array([0.0, 0.0, 1.0, 1.0]), 2, Probability())
    >>> base.feature, base.high([[0.0, 0.7]])
    (array([1, 1]), array([[ True,  True]]))
    """
    lines = [empirical_minimizers(column, y, m, target) for column in np.asarray(x).T]
    risks = np.stack([line.risk for line in lines])
    feature = (risks <= risks.min(axis=0) + _SAME).argmax(axis=0)
    return BestFeature(risks[feature, np.arange(m)], feature.astype(np.int64), lines)


def base_fit(base: Any, m: int, target: Target, time_limit: float) -> BaseFit:
    """How the class that an estimator's ``base`` stands for is fitted.

    Raises
    ------
    StrategyError
        If it is neither one of the names nor a classifier.
    """
    if isinstance(base, str):
        if base == "single_feature":
            return lambda x, y: single_feature_minimizers(x, y, m, target)
        if base == "linear":
            return lambda x, y: linear_minimizers(x, y, m, target, time_limit)
        if base == "columns":
            return lambda x, y: finite_minimizers(x, y, m, target)
    elif hasattr(base, "fit") and hasattr(base, "predict") and not isinstance(base, type):
        return lambda x, y: classifier_minimizers(base, x, y, m, target)
    raise StrategyError(f"base is {base!r}: it must be one of {', '.join(map(repr, NAMES))}, or a classifier")
