"""Base predictors from any scikit-learn classifier."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from omnisim.arrays import BoolArray, FloatArray
from omnisim.batch.base_predictors import BasePredictors, check_lengths
from omnisim.batch.cross_fitting import row_count
from omnisim.batch.given import outcomes_of
from omnisim.batch.models import answers_of, check_kind, fit_weighted, takes_weights
from omnisim.batch.weighting import counted
from omnisim.errors import ProblemError
from omnisim.problem.losses.targets import Probability, Target
from omnisim.problem.losses.thresholds import thresholds
from omnisim.signatures import held_to_types

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

    def exceeds(self, x: ArrayLike) -> BoolArray:
        """The answers (n, m)."""
        columns = [
            np.full(row_count(x), answer) if classifier is None else np.asarray(classifier.predict(x), dtype=bool)
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

    def exceeds(self, x: ArrayLike) -> BoolArray:
        """The answers (n, m)."""
        probabilities = (
            np.full(row_count(x), self.constant) if self.classifier is None else answers_of(self.classifier, x)
        )
        return np.asarray(probabilities[:, None] > thresholds(self.m))


@held_to_types(ProblemError)
def classifier_minimizers(
    classifier: Any,
    x: ArrayLike,
    y: ArrayLike,
    m: int,
    target: Target = _PROBABILITY,
    method: Literal["weights", "probabilities"] | None = "weights",
    *,
    sample_weight: ArrayLike | None = None,
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
    sample_weight : (n,)
        How many rows each stands for, >= 0; None for one each. Costs are multiplied by them, or the one classifier is
        given them. They are repeated rows as far as they are to the classifier.

    Raises
    ------
    ProblemError
        If an argument is malformed, or the classifier is none, or cannot do what the method needs.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> stump = DecisionTreeClassifier(max_depth=1, random_state=0)
    >>> base = classifier_minimizers(stump, [[0.1], [0.2], [0.8], [0.9]], [0, 0, 1, 1], m=2)
    >>> base.exceeds([[0.3], [0.7]])
    array([[False, False],
           [ True,  True]])
    """
    from sklearn.base import clone

    check_kind(classifier, "classifier", "base")
    outcomes, thetas = outcomes_of(target, y), thresholds(m)
    check_lengths(row_count(x), len(outcomes))
    name = type(classifier).__name__
    if method is None:
        method = "weights" if takes_weights(classifier) else "probabilities"
    rows, total, (x, outcomes) = counted(sample_weight, len(outcomes), x, outcomes)
    identification = target.identification(thetas, outcomes)
    if rows is not None:
        identification = identification * rows[:, None]
    if method == "probabilities":
        if not hasattr(classifier, "predict_proba"):
            raise ProblemError(f'{name} has no predict_proba: method="probabilities" needs it')
        ones = Probability().check(outcomes)
        mixed = 0 < ones.sum() < len(ones)
        fitted = fit_weighted(clone(classifier), x, ones.astype(int), rows) if mixed else None
        single = Thresholded(np.zeros(m), fitted, float(ones[0]))
        single.risk = _risk(single, x, identification, total)
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
    each.risk = _risk(each, x, identification, total)
    return each


def _risk(base: BasePredictors, x: ArrayLike, identification: FloatArray, total: float) -> FloatArray:
    return np.asarray((identification * base.exceeds(x)).sum(axis=0) / total)
