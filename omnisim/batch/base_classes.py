"""Classes of base predictors that an estimator chooses by name, or by a classifier."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from omnisim.arrays import BoolArray, FloatArray, IntArray, numbers
from omnisim.batch.base_predictors import (
    BasePredictors,
    HalfLines,
    Selected,
    empirical_minimizers,
    finite_minimizers,
)
from omnisim.batch.classifiers import classifier_minimizers
from omnisim.batch.cross_fitted_models import cross_fitted_answers, cross_fitted_numbers
from omnisim.batch.halfspaces import linear_minimizers
from omnisim.batch.models import answers_of
from omnisim.errors import ProblemError, StrategyError
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import thresholds
from omnisim.wording import in_short

BaseFit: TypeAlias = Callable[..., BasePredictors]
"""Function from features (n, k), outcomes (n,) in [0, 1] and, if there are any, weights (n,) to base predictors."""

NAMES = ("single_feature", "linear", "columns")

_TABLE = 2
"""Axes of a table."""

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

    def exceeds(self, x: Any) -> BoolArray:
        """The answers (n, m) at features (n, k)."""
        features = numbers("x", x)
        if features.ndim != _TABLE or features.shape[1] != len(self.lines):
            raise ProblemError(f"x must have {len(self.lines)} columns, as in fit, got shape {features.shape}")
        answers = np.empty((len(features), self.m), dtype=np.bool_)
        for j in np.unique(self.feature):
            served = self.feature == j
            answers[:, served] = self.lines[j].exceeds(features[:, j])[:, served]
        return answers


def single_feature_minimizers(
    x: FloatArray, y: FloatArray, m: int, target: Target, weights: FloatArray | None = None
) -> BestFeature:
    """Exact minimizers over the linear functions of any one feature, by sorting: O(k n (log n + m)).

    Of equally good features the first is taken. Weights (n,) say how many rows each stands for.

    >>> from omnisim.problem.losses import Probability
    >>> x = np.array([[0.5, 0.1], [0.4, 0.2], [0.6, 0.8], [0.5, 0.9]])
    >>> base = single_feature_minimizers(x, np.array([0.0, 0.0, 1.0, 1.0]), 2, Probability())
    >>> base.feature, base.exceeds([[0.0, 0.7]])
    (array([1, 1]), array([[ True,  True]]))
    """
    lines = [empirical_minimizers(column, y, m, target, sample_weight=weights) for column in np.asarray(x).T]
    risks = np.stack([line.risk for line in lines])
    feature = (risks <= risks.min(axis=0) + _SAME).argmax(axis=0)
    return BestFeature(risks[feature, np.arange(m)], feature.astype(np.int64), lines)


class Models(BasePredictors):
    """Fitted models, and for every threshold the one whose answers serve it best.

    Attributes
    ----------
    models
        By name, classifiers of 0 and 1 or regressors.
    selected
        Which of them serves which threshold.
    best
        Name of the one whose answers out of fold have the least squared error, or pinball loss of a quantile.
    """

    def __init__(self, models: Mapping[str, Any], selected: Selected, best: str) -> None:
        super().__init__(selected.risk)
        self.models, self.selected, self.best = dict(models), selected, best

    def numbers(self, x: Any) -> FloatArray:
        """The answers (n,) of the best model, in [0, 1]."""
        return answers_of(self.models[self.best], x)

    def exceeds(self, x: Any) -> BoolArray:
        """The answers (n, m) at features (n, k)."""
        return self.selected.exceeds(np.column_stack([answers_of(model, x) for model in self.models.values()]))


def model_minimizers(
    models: Mapping[str, Any],
    x: Any,
    y: FloatArray,
    m: int,
    target: Target,
    folds: int,
    seed: int,
    weights: FloatArray | None = None,
    scale: Callable[[FloatArray], FloatArray] = np.asarray,
) -> tuple[BoolArray, Models]:
    """Base predictors from a handful of models, and their answers (n, m) at rows that they were not fitted on.

    Models are classifiers of 0 and 1 where a probability is predicted, else regressors. For each threshold the one
    whose out-of-fold answers do best at it is chosen. Weights (n,) say how many rows each stands for,
    and the scale what predictions and outcomes are in units in which losses are measured.
    """
    fitted, columns = {}, np.empty((len(y), len(models)))
    answer = cross_fitted_answers if isinstance(target, Probability) else cross_fitted_numbers
    for k, (name, model) in enumerate(models.items()):
        fitted[name], columns[:, k] = answer(model, x, y, folds, seed, weights)
    errors = np.column_stack([target.loss(scale(column), scale(y)) for column in columns.T])
    best = simplest(errors, weights)
    selected = surely_better(columns, y, m, target, best, weights)
    return selected.exceeds(columns), Models(fitted, selected, list(models)[best])


def simplest(losses: FloatArray, weights: FloatArray | None = None) -> int:
    """Index of the first model, of losses (n, F), that is not surely worse than the one of least mean loss.

    That is, by at most a standard deviation of the difference (the rule of one standard error of Breiman et al.).

    >>> simplest(np.array([[1.0, 0.9], [1.0, 1.0]])), simplest(np.array([[1.0, 0.5], [1.0, 0.4]]))
    (0, 1)
    """
    counts = np.ones(len(losses)) if weights is None else weights
    least = int(np.average(losses, axis=0, weights=counts).argmin())
    for k in range(least):
        mean, deviation = difference(losses[:, k] - losses[:, least], counts)
        if mean <= deviation * (1 + _SAME):
            return k
    return least


def surely_better(
    columns: FloatArray, y: FloatArray, m: int, target: Target, best: int, weights: FloatArray | None = None
) -> Selected:
    """Members of a finite class (n, F), per threshold the one of least risk if that is surely below the best one's.

    That is, by more than a standard deviation of the difference of the two; else the best one, by its index, serves the
    threshold. So a model that is worse on the whole is not followed where it was lucky.
    """
    least = finite_minimizers(columns, y, m, target, sample_weight=weights)
    counts = np.ones(len(y)) if weights is None else weights
    index, risk = least.index.copy(), least.risk.copy()
    for i, theta in enumerate(thresholds(m)):
        change = (columns[:, best] > theta).astype(np.float64) - (columns[:, index[i]] > theta)
        mean, deviation = difference(target.identification([theta], y)[:, 0] * change, counts)
        if mean <= deviation * (1 + _SAME):
            index[i], risk[i] = best, risk[i] + mean
    return Selected(risk, index, columns.shape[1])


def difference(each: FloatArray, counts: FloatArray) -> tuple[float, float]:
    """Mean of numbers (n,) and its standard deviation were their expectation 0, with weights that count rows.

    So a mean that a single row makes is never beyond it.
    """
    mean, square = (float(np.average(numbers, weights=counts)) for numbers in (each, each**2))
    return mean, math.sqrt(square / float(counts.sum()))


def base_fit(base: Any, m: int, target: Target, time_limit: float, method: Any = None) -> BaseFit:
    """Make the function that fits the class named by an estimator's ``base``.

    Raises
    ------
    StrategyError
        If it is neither one of the names nor a classifier.
    """
    if isinstance(base, str):
        if base == "single_feature":
            return lambda x, y, w=None: single_feature_minimizers(x, y, m, target, w)
        if base == "linear":
            return lambda x, y, w=None: linear_minimizers(x, y, m, target, time_limit, sample_weight=w)
        if base == "columns":
            return lambda x, y, w=None: finite_minimizers(x, y, m, target, sample_weight=w)
    elif hasattr(base, "fit") and hasattr(base, "predict") and not isinstance(base, type):
        return lambda x, y, w=None: classifier_minimizers(base, x, y, m, target, method, sample_weight=w)
    raise StrategyError(f"base is {in_short(base)}: it must be one of {', '.join(map(repr, NAMES))}, or a classifier")
