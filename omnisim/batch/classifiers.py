"""Base predictors from any scikit-learn classifier, and cross-fitting of any base predictors."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch.base_predictors import BasePredictors, check_lengths
from omnisim.batch.models import answers_of, fit_weighted, rows_of, takes_weights
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import thresholds

_PROBABILITY = Probability()


class CostSensitive(BasePredictors):
    """One fitted classifier per threshold; None where all costs have one sign, and the answer is constant.

    Attributes
    ----------
    classifiers : list
    constant : (m,) bool
        The answer where there is no classifier.
    """

    def __init__(self, risk: FloatArray, classifiers: list[Any], constant: BoolArray) -> None:
        super().__init__(risk)
        self.classifiers, self.constant = classifiers, constant

    def high(self, x: ArrayLike) -> BoolArray:
        """The answers (n, m)."""
        columns = [
            np.full(_rows(x), answer) if classifier is None else np.asarray(classifier.predict(x), dtype=bool)
            for classifier, answer in zip(self.classifiers, self.constant, strict=True)
        ]
        return np.stack(columns, axis=1)


class Thresholded(BasePredictors):
    """One classifier's probabilities, held against every threshold: base predictors that never contradict each other.

    Attributes
    ----------
    classifier
        Fitted; None where the sample has one class only.
    constant
        The probability where there is no classifier.
    """

    def __init__(self, risk: FloatArray, classifier: Any, constant: float) -> None:
        super().__init__(risk)
        self.classifier, self.constant = classifier, constant

    def high(self, x: ArrayLike) -> BoolArray:
        """The answers (n, m)."""
        probabilities = np.full(_rows(x), self.constant) if self.classifier is None else answers_of(self.classifier, x)
        return np.asarray(probabilities[:, None] > thresholds(self.m))


def classifier_minimizers(
    classifier: Any,
    x: ArrayLike,
    y: ArrayLike,
    m: int,
    target: Target = _PROBABILITY,
    method: Literal["weights", "probabilities"] | None = "weights",
) -> BasePredictors:
    """Base predictors from a scikit-learn classifier: as good minimizers as the classifier is.

    Parameters
    ----------
    classifier
        Unfitted; it is cloned. Its own random_state decides what is random.
    x : (n, ...)
        Whatever it takes.
    y, m, target
        As for :func:`~omnisim.batch.empirical_minimizers`.
    method
        "weights": a classifier per threshold, fitted to 1[V(theta_i, y) < 0] with sample weights |V(theta_i, y)|: for a
        probability, y = 1 weighs 1 - theta_i and y = 0 weighs theta_i. "probabilities": one classifier, whose
        probability of y = 1 is held against every threshold; for classifiers and pipelines without sample weights,
        and outcomes in {0, 1} only. None: the first where the classifier, or the last step of a pipeline, takes sample
        weights, else the second.

    Raises
    ------
    ProblemError
        If an argument is malformed, or the classifier cannot do what the method needs.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    >>> base = classifier_minimizers(stump, [[0.1], [0.2], [0.8], [0.9]], [0, 0, 1, 1], m=2)
    >>> base.high([[0.3], [0.7]])
    array([[False, False],
           [ True,  True]])
    """
    from sklearn.base import clone

    outcomes, thetas = target.check(y), thresholds(m)
    check_lengths(_rows(x), len(outcomes))
    name = type(classifier).__name__
    if method is None:
        method = "weights" if takes_weights(classifier) else "probabilities"
    identification = target.identification(thetas, outcomes)
    if method == "probabilities":
        if not hasattr(classifier, "predict_proba"):
            raise ProblemError(f'{name} has no predict_proba: method="probabilities" needs it')
        ones = Probability().check(outcomes)
        mixed = 0 < ones.sum() < len(ones)
        fitted = fit_weighted(clone(classifier), x, ones.astype(int), None) if mixed else None
        single = Thresholded(np.zeros(m), fitted, float(ones[0]))
        single.risk = _risk(single, x, identification)
        return single
    if method != "weights":
        raise ProblemError(f'method must be "weights" or "probabilities", got {method!r}')
    if not takes_weights(classifier):
        raise ProblemError(
            f'{name}.fit takes no sample_weight, which method="weights" needs; try method="probabilities"'
        )
    classifiers: list[Any] = []
    constant = np.zeros(m, dtype=np.bool_)
    for i in range(m):
        wanted, weights = identification[:, i] < 0, np.abs(identification[:, i])
        used = set(wanted[weights > 0].tolist())
        constant[i] = used == {True}
        if len(used) < 2:
            classifiers.append(None)
        else:
            classifiers.append(fit_weighted(clone(classifier), x, wanted.astype(int), weights))
    each = CostSensitive(np.zeros(m), classifiers, constant)
    each.risk = _risk(each, x, identification)
    return each


def cross_fitted(
    fit: Callable[[Any, Any], BasePredictors],
    x: ArrayLike,
    y: ArrayLike,
    folds: int = 5,
    random_state: int | np.random.Generator = 0,
) -> tuple[BoolArray, BasePredictors]:
    """Answers for an ensemble to be fitted on the *same* sample as its base predictors.

    Each row is answered by base predictors fitted on the other folds. New points are answered by base predictors fitted
    on all rows. Where there is data enough, a sample of the base predictors' own is the theory's choice.

    Parameters
    ----------
    fit
        From (x, y) to base predictors: ``lambda x, y: empirical_minimizers(x, y, m=16)``.
    x, y : (n, ...), (n,)
        The sample.
    folds
        At least 2, at most n; rows are dealt at random.
    random_state
        A seed or generator for that.

    Returns
    -------
    high : (n, m) bool
        For fitting the ensemble.
    base
        Base predictors for new points.

    Raises
    ------
    ProblemError
        If the number of folds does not fit, or an argument is malformed.

    Examples
    --------
    >>> from omnisim.batch import empirical_minimizers
    >>> high, base = cross_fitted(lambda x, y: empirical_minimizers(x, y, m=2), [1, 2, 3, 4], [0, 0, 1, 1], folds=2)
    >>> high.shape, base.m
    ((4, 2), 2)
    """
    points, outcomes = x if hasattr(x, "iloc") else np.asarray(x), np.asarray(y)
    rows = _rows(points)
    check_lengths(rows, len(outcomes))
    if not 2 <= folds <= rows:
        raise ProblemError(f"folds must be >= 2 and at most the number of rows, {rows}, got {folds}")
    fold = np.random.default_rng(random_state).permutation(rows) % folds
    base = fit(points, outcomes)
    high = np.zeros((rows, base.m), dtype=np.bool_)
    for k in range(folds):
        rest = fold != k
        high[~rest] = fit(rows_of(points, rest), outcomes[rest]).high(rows_of(points, ~rest))
    return high, base


def _rows(x: Any) -> int:
    return len(x) if hasattr(x, "iloc") else len(np.asarray(x))


def _risk(base: BasePredictors, x: ArrayLike, identification: FloatArray) -> FloatArray:
    return np.asarray((identification * base.high(x)).mean(axis=0))
