"""Classifiers made for one user, fitted within one group or for one loss: comparators, and what this replaces."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from omnisim.arrays import FloatArray
from omnisim.batch.models import check_kind, fit_weighted
from omnisim.batch.panprediction import columns
from omnisim.batch.weighting import counted, rows_of
from omnisim.errors import ProblemError
from omnisim.problem.losses import LossTable


class WithinGroup(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier fitted on the rows of one group only, and asked about all.

    Parameters
    ----------
    estimator
        To be fitted, with ``predict_proba``.
    group
        A column of X or a function of X; rows with membership > 1/2 belong to it.
    """

    def __init__(self, estimator: Any, group: Any) -> None:
        self.estimator = estimator
        self.group = group

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on the group; a row of weight w counts as w rows, as far as the estimator takes it so.

        Raises
        ------
        ProblemError
            If the group has rows of fewer than two classes, or weights are malformed.
        """
        check_kind(self.estimator, "classifier", "estimator of WithinGroup")
        weights, _, (X, y) = counted(sample_weight, len(y), X, y)
        inside = columns.values(self.group, X, "group") > _HALF
        self.classes_ = np.unique(y)
        if set(np.unique(np.asarray(y)[inside])) != set(self.classes_):
            raise ProblemError(
                f"the group has {int(inside.sum())} rows, not of both classes: no model can be fitted on it"
            )
        own = None if weights is None else weights[inside]
        self.model_ = fit_weighted(clone(self.estimator), rows_of(X, inside), np.asarray(y)[inside], own)
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Probabilities of the classes, (n, 2)."""
        check_is_fitted(self)
        return np.asarray(self.model_.predict_proba(X))

    def predict(self, X: Any) -> Any:
        """The more likely class, (n,)."""
        likely = self.predict_proba(X)[:, 1] > _HALF
        return self.classes_[likely.astype(np.int64)]


class ForLoss(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that decides for one loss: it says 1 where the loss of y = 1 should be guarded against, else 0.

    The decision is between the best responses to 0 and to 1. Each row weighs as much as the wrong one of the two costs
    there, so that the fitted classifier minimizes the loss itself; its decision stands for a probability of 0 or 1.

    Parameters
    ----------
    estimator
        To be fitted, whose ``fit`` takes ``sample_weight``.
    loss
        A :class:`~omnisim.problem.losses.LossTable`, or the losses (A, 2).
    """

    def __init__(self, estimator: Any, loss: Any) -> None:
        self.estimator = estimator
        self.loss = loss

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit with the weights of the loss, times those of the rows; y is 0 or 1."""
        check_kind(self.estimator, "classifier", "estimator of ForLoss")
        counts, _, (X, y) = counted(sample_weight, len(y), X, y)
        table = self.loss if isinstance(self.loss, LossTable) else LossTable(self.loss)
        low, high = table.table[table.best_response(np.array([0.0, 1.0]))]
        weights = np.where(np.asarray(y) == 1, low[1] - high[1], high[0] - low[0])
        self.classes_ = np.unique(y)
        costs = weights if counts is None else weights * counts
        self.model_ = fit_weighted(clone(self.estimator), X, y, costs)
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """The decision as probabilities 0 and 1, (n, 2)."""
        decision = np.asarray(self.predict(X) == self.classes_[1], dtype=np.float64)
        return np.column_stack([1 - decision, decision])

    def predict(self, X: Any) -> Any:
        """The decision, (n,)."""
        check_is_fitted(self)
        return self.model_.predict(X)


_HALF = 0.5
