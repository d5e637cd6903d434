"""Models fitted to all rows, what copies answer for rows that they were fitted without, and a calibration by that."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import KFold, StratifiedKFold

from omnisim.arrays import FloatArray
from omnisim.batch.models import answers_of, check_kind, fit_weighted
from omnisim.batch.weighting import rows_of
from omnisim.threads import at_most_threads


def cross_fitted_answers(
    model: Any, X: Any, y: FloatArray, folds: int, seed: int, weights: FloatArray | None = None
) -> tuple[Any, FloatArray]:
    """The model fitted on all rows, and for each row (n,) what a copy says that was fitted without it.

    With fewer rows of a class than ``folds`` there are that many folds; with fewer than two, the fitted model answers.
    Outcomes (n,) are 0 or 1. A :class:`Calibrated` model's own folds are these.
    """
    check_kind(model, "classifier or regressor", "a comparator or base")
    target = y.astype(np.int64)
    inner = model.estimator if isinstance(model, Calibrated) else model
    fitted = fit_weighted(clone(inner), X, target, weights)
    folds = min(folds, int(np.bincount(target, minlength=2).min()))
    answers = np.empty(len(y))
    if folds < 2:
        answers = answers_of(fitted, X)
    else:
        for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(np.zeros(len(y)), target):
            without = None if weights is None else weights[train]
            copy = fit_weighted(clone(inner), rows_of(X, train), target[train], without)
            answers[test] = answers_of(copy, rows_of(X, test))
    if not isinstance(model, Calibrated):
        return fitted, answers
    wrapped = Calibrated(inner, folds=model.folds, random_state=model.random_state)
    wrapped.model_, wrapped.classes_ = fitted, np.array([0, 1])
    wrapped.curve_ = sigmoid_curve(answers, y, weights)
    return wrapped, _on_curve(wrapped.curve_, answers)


def cross_fitted_numbers(
    model: Any, X: Any, y: FloatArray, folds: int, seed: int, weights: FloatArray | None = None
) -> tuple[Any, FloatArray]:
    """The regressor fitted on all rows, and for each row (n,) the clipped answer of a copy fitted without it.

    Outcomes (n,) lie in [0, 1]. With fewer rows than ``folds`` there are that many; a single row is answered by the
    fitted model.
    """
    check_kind(model, "regressor", "a model of numbers")
    fitted = fit_weighted(clone(model), X, y, weights)
    folds = min(folds, len(y))
    if folds < _PAIR:
        return fitted, answers_of(fitted, X)
    answers = np.empty(len(y))
    for train, test in KFold(folds, shuffle=True, random_state=seed).split(np.zeros(len(y))):
        without = None if weights is None else weights[train]
        copy = fit_weighted(clone(model), rows_of(X, train), y[train], without)
        answers[test] = answers_of(copy, rows_of(X, test))
    return fitted, answers


class Calibrated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose log-odds are corrected by a straight line, learnt on out-of-fold answers (Platt).

    Like scikit-learn's ``CalibratedClassifierCV(method="sigmoid", ensemble=False)``, but its folds serve whoever needs
    out-of-fold answers as well, and take any table.

    Parameters
    ----------
    estimator
        With ``predict_proba``.
    folds
        >= 2.
    random_state
        Seed of the folds.
    """

    def __init__(self, estimator: Any, folds: int = 5, random_state: int = 0) -> None:
        self.estimator = estimator
        self.folds = folds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on two classes."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        made, _ = cross_fitted_answers(self, X, codes.astype(np.float64), self.folds, self.random_state, sample_weight)
        self.model_, self.curve_ = made.model_, made.curve_
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Probabilities of the classes, (n, 2)."""
        high = _on_curve(self.curve_, answers_of(self.model_, X))
        return np.column_stack([1 - high, high])

    def predict(self, X: Any) -> Any:
        """The more likely class, (n,)."""
        return self.classes_[(self.predict_proba(X)[:, 1] > _HALF).astype(np.int64)]


def sigmoid_curve(answers: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> tuple[float, float]:
    """(slope, shift) of the line in log-odds that fits outcomes best, by Newton's method on the logistic loss.

    A weak pull towards (1, 0), of the weight of one row, keeps it finite where classes are separated.
    """
    with at_most_threads(1):
        return _fitted_line(answers, y, weights)


def _fitted_line(answers: FloatArray, y: FloatArray, weights: FloatArray | None) -> tuple[float, float]:
    score, mass = log_odds(answers), np.ones(len(y)) if weights is None else weights
    design, curve, prior = np.column_stack([score, np.ones(len(y))]), np.array([1.0, 0.0]), np.eye(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ curve))
        slope = design.T @ (mass * (p - y)) + prior @ (curve - np.array([1.0, 0.0]))
        step = np.linalg.solve((design * (mass * p * (1 - p))[:, None]).T @ design + prior, slope)
        step *= min(1.0, 1 / max(1e-12, float(np.abs(step).max())))
        curve = curve - step
        if np.abs(step).max() < 1e-10:
            break
    return float(curve[0]), float(curve[1])


def _on_curve(curve: tuple[float, float], answers: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-(curve[0] * log_odds(answers) + curve[1]))))


def log_odds(answers: FloatArray) -> FloatArray:
    """Logarithms of p / (1 - p), of probabilities moved inside by a millionth."""
    inside = np.clip(answers, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


_HALF, _EDGE, _PAIR = 0.5, 1e-6, 2
