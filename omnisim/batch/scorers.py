"""Scorers for scikit-learn's tools, of two classes: minus a measure of ``predict_proba``, so that larger is better.

With metadata routing they are given weights and groups of rows: ``scorer.set_score_request(groups=True)``. Groups are
handed on to an estimator whose ``predict_proba`` takes them, such as :class:`~omnisim.batch.Postprocessor`.
"""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from omnisim.batch.panprediction import columns
from omnisim.batch.samples import labels_of
from omnisim.batch.scoring import (
    brier_decomposition,
    expected_calibration_error,
    group_calibration,
    omniprediction_gaps,
    step_calibration,
)
from omnisim.errors import ProblemError
from omnisim.signatures import held_to_types
from omnisim.wording import in_short


class ProbabilityScorer(BaseEstimator):  # type: ignore[misc]
    """Minus a measure of the probabilities of a fitted classifier; call it with ``(estimator, X, y)``.

    Parameters
    ----------
    measure
        Its name.
    bins, depth, m
        Of the measure, where it has them.
    models
        Of the omniprediction error: fitted classifiers, or columns of X, by name.
    """

    def __init__(
        self, measure: str, *, bins: int = 10, depth: int = 1, m: int = 32, models: Mapping[Any, Any] | None = None
    ) -> None:
        self.measure = measure
        self.bins = bins
        self.depth = depth
        self.m = m
        self.models = models

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> float:
        """Minus the measure on the rows of X; labels y (n,) are those of the estimator's ``classes_``."""
        return self.score(estimator, X, y, sample_weight, groups)

    def score(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> float:
        """Minus the measure, as on a call: under this name weights and groups are requested."""
        if isinstance(estimator, type) or not hasattr(estimator, "predict_proba"):
            raise ProblemError(f"estimator must be a classifier with predict_proba, got {in_short(estimator)}")
        takes = groups is not None and "groups" in inspect.signature(estimator.predict_proba).parameters
        p = estimator.predict_proba(X, groups=groups) if takes else estimator.predict_proba(X)
        if np.ndim(p) != _TWO or np.shape(p)[1] != _TWO:
            classes = len(estimator.classes_)
            raise ProblemError(f"the classifier has {classes} classes: measure one of them against the rest")
        outcomes = labels_of(y, estimator.classes_, len(p))
        if self.measure == "Brier":
            return -brier_decomposition(p, outcomes, sample_weight).score
        if self.measure == "calibration":
            return -expected_calibration_error(p, outcomes, sample_weight, bins=self.bins)
        if self.measure == "step calibration":
            found = step_calibration(p, outcomes, groups, sample_weight, depth=self.depth, replicates=0)
            return -found.error
        if self.measure == "multicalibration":
            table = group_calibration(p, outcomes, groups, sample_weight, bins=self.bins, depth=self.depth)
            return -float((table["weight"] * table["calibration error"]).max())
        models = columns.table(self.models or {}, X, "model")
        named = dict(zip(self.models or {}, models.T, strict=True))
        gaps = omniprediction_gaps(p, outcomes, named, sample_weight, groups=groups, m=self.m, depth=self.depth)
        return -float(gaps["excess"].max())


@held_to_types(ProblemError)
def brier_scorer() -> ProbabilityScorer:
    """A scorer: minus the Brier score, as ``neg_brier_score``, but groups are handed on to who takes them."""
    return ProbabilityScorer("Brier")


@held_to_types(ProblemError)
def calibration_scorer(bins: int = 10) -> ProbabilityScorer:
    """A scorer: minus the :func:`expected_calibration_error`.

    >>> from sklearn.dummy import DummyClassifier
    >>> score = calibration_scorer()(DummyClassifier().fit([[0], [0]], [0, 1]), [[0], [0]], [0, 1])
    >>> bool(score == 0)
    True
    """
    return ProbabilityScorer("calibration", bins=bins)


@held_to_types(ProblemError)
def step_calibration_scorer(depth: int = 1) -> ProbabilityScorer:
    """A scorer: minus the step calibration error, of everyone and of groups where they are routed to it."""
    return ProbabilityScorer("step calibration", depth=depth)


@held_to_types(ProblemError)
def multicalibration_scorer(bins: int = 10, depth: int = 1) -> ProbabilityScorer:
    """A scorer: minus the largest, over groups, of the group's share times the calibration error within it.

    That is max_g sum over bins of |E g (y - p) 1[p in bin]|, with bins of equal size within the group, as
    :func:`~omnisim.batch.multicalibration_error` has it for laws on a grid: a rare group counts for little, as it does
    in the mean. Without groups it is the calibration error of everyone.
    """
    return ProbabilityScorer("multicalibration", bins=bins, depth=depth)


@held_to_types(ProblemError)
def omniprediction_scorer(models: Mapping[Any, Any], m: int = 32, depth: int = 1) -> ProbabilityScorer:
    """A scorer: minus the largest excess of :func:`~omnisim.batch.omniprediction_gaps`, over models and groups.

    Models by name: fitted classifiers, best fitted on other rows, or columns of X with probabilities.

    Raises
    ------
    ProblemError
        If there is none.
    """
    if not models:
        raise ProblemError("models must name one model or more to compare with")
    return ProbabilityScorer("omniprediction", m=m, depth=depth, models=models)


_TWO = 2
