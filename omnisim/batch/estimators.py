"""Omnipredictors as scikit-learn classifiers: base predictors, their answers and an ensemble of them in one fit."""

import math
from abc import abstractmethod
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from omnisim.arrays import FloatArray
from omnisim.batch.base_classes import base_fit, model_minimizers
from omnisim.batch.calma import calibrated_multiaccuracy
from omnisim.batch.cross_fitting import cross_fitted
from omnisim.batch.default_models import default_models
from omnisim.batch.given import check_options
from omnisim.batch.merging import Start, direct_ensemble
from omnisim.batch.models import checked_table, refuse_unreadable
from omnisim.batch.predictor import Omnipredictor
from omnisim.batch.samples import refuse_dates
from omnisim.batch.two_player_game import two_player
from omnisim.batch.weighting import in_rounds, rows_of, rows_to_learn_from
from omnisim.errors import StrategyError
from omnisim.problem.losses.targets import Probability, Target

_HALF = 0.5


class Ensemble(BaseEstimator):  # type: ignore[misc]
    """Base of all omnipredictors, whatever they predict; a subclass writes ``_combine``.

    Parameters
    ----------
    base
        The class F that is competed with: ``"single_feature"``, linear functions of any one feature, exactly;
        ``"linear"``, of all features, by mixed-integer programs (small samples); ``"columns"``, the columns of X
        themselves, each a prediction, such as published forecasters; or a scikit-learn classifier or pipeline. None:
        a logistic regression and gradient boosting, calibrated by cross-fitting, or for a regressor a linear model and
        gradient boosting of its mean or quantile, of which each threshold takes the better one; data frames may have
        categories, text and missing values.
    method
        How a classifier serves all thresholds: ``"weights"`` fits it once per threshold with costs as sample weights,
        ``"probabilities"`` once, holding its probability against every threshold. None: the first where it takes
        sample weights.
    m
        Number of thresholds, >= 1; None for 2^floor(log2 sqrt(n)), n the rows that the ensemble is fitted on, but at
        most 128: the cost is of the order of n m, and would grow like n^1.5 for ever. Of a regressor whose base is None
        64 at least.
    c
        Of the algorithm's rate, buffer or allowed error; None for what did well in the paper's experiments.
    folds
        Of cross-fitting, >= 2: the ensemble sees of each row what base predictors say that were not fitted on it. With
        fewer rows there are as many folds as rows.
    base_share
        In (0, 1): a share of the rows, drawn at random, is for the base predictors only, and the others for the
        ensemble, as the theory has it; ``folds`` is not used. None for cross-fitting.
    time_limit
        Seconds for each program of ``"linear"``.
    random_state
        Seed of folds, shares and the order in which rows are played.
    """

    def __init__(
        self,
        base: Any = None,
        *,
        method: str | None = None,
        m: int | None = None,
        c: float | None = None,
        folds: int = 5,
        base_share: float | None = None,
        time_limit: float = 10.0,
        random_state: Any = None,
    ) -> None:
        self.base = base
        self.method = method
        self.m = m
        self.c = c
        self.folds = folds
        self.base_share = base_share
        self.time_limit = time_limit
        self.random_state = random_state

    def mixture(self, X: Any) -> FloatArray:
        """The law of the prediction at each row, (n, m + 1), on ``grid_``; rows sum to 1."""
        exceeds = self._exceeds(X)
        return self.ensemble_.mixture(exceeds)

    def sample(self, X: Any, random_state: Any = None) -> FloatArray:
        """One draw from that law per row, (n,): what the guarantee of a randomized predictor is about.

        Acting on a draw costs, in the mean, what acting on the law does, and no more than the ensemble's bound. Acting
        on the mean of the law is something else: on the paper's simulated example (two-player game, m = 16, 100
        samples) the largest excess loss of the law, and so of draws, is 0.0053, 0.0019 and 0.0005 at n = 100, 400 and
        1,600, that of its mean 0.0062, 0.0030 and 0.0004. A single draw per row adds chance: over n' new rows a
        threshold loss has a standard deviation of at most 1 / (2 sqrt(n')), 0.005 of 10,000 rows. Direct ensembling and
        CalMA are deterministic, and every draw is the prediction itself.
        """
        rng = np.random.default_rng(int(check_random_state(random_state).randint(2**31 - 1)))
        exceeds = self._exceeds(X)
        # Drawn as a level k of k/m, so that a grid in other units serves as well.
        drawn = self.ensemble_.sample(exceeds, rng)
        return np.asarray(self.grid_[np.rint(drawn * self.ensemble_.m).astype(np.int64)])

    def _constant(self) -> dict[str, Any]:
        return {} if self.c is None else {"c": self.c}

    @abstractmethod
    def _combine(self, exceeds: Any, y: FloatArray, target: Target, sample_weight: Any = None) -> Omnipredictor:
        """The ensemble of base predictors that gave these answers."""

    _in_rounds = False
    """Rows are played one after the other, so that copies of a row should be scattered: True or False."""

    def _learn(self, X: Any, y: FloatArray, target: Target, weights: FloatArray | None) -> None:
        """Fit base predictors and ensemble to checked features (n, k), outcomes (n,) in [0, 1] and weights (n,)."""
        name = type(self).__name__
        if self.m is not None and self.m < 1:
            raise StrategyError(f"m of {name} must be >= 1, got {self.m}")
        if self.folds < 2:
            raise StrategyError(f"folds of {name} must be >= 2, got {self.folds}")
        if self.base_share is not None and not 0 < self.base_share < 1:
            raise StrategyError(f"base_share of {name} must lie between 0 and 1, both excluded, got {self.base_share}")
        if self.method not in (None, "weights", "probabilities"):
            raise StrategyError(f"method of {name} must be 'weights', 'probabilities' or None, got {self.method!r}")
        rng = np.random.default_rng(int(check_random_state(self.random_state).randint(2**31 - 1)))
        order = rng.permutation(len(y))
        given = () if weights is None else (weights,)
        if self.base_share is None:
            m = self.m or self._thresholds(_count(y, weights))
            if self.base is None:
                exceeds, self.base_predictors_ = self._model_answers(X, y, m, target, rng, weights)
            else:
                fit = base_fit(self.base, m, target, self.time_limit, self.method)
                exceeds, self.base_predictors_ = cross_fitted(
                    fit, X, y, min(self.folds, len(y)), rng, sample_weight=weights
                )
            used = order
        else:
            own = min(max(1, round(self.base_share * len(y))), len(y) - 1)
            first, used = order[:own], order[own:]
            m = self.m or self._thresholds(_count(y[used], *(each[used] for each in given)))
            features, share = rows_of(X, first), [each[first] for each in given]
            if self.base is None:
                _, self.base_predictors_ = self._model_answers(features, y[first], m, target, rng, *share)
            else:
                fit = base_fit(self.base, m, target, self.time_limit, self.method)
                self.base_predictors_ = fit(features, y[first], *share)
            exceeds = self.base_predictors_.exceeds(X)
        if weights is None:
            self.ensemble_ = self._combine(exceeds[used], y[used], target)
        else:
            counts = weights[used]
            if self._in_rounds:
                rounds, counts = in_rounds(counts, name)
                scattered = rng.permutation(len(rounds))
                used, counts = used[rounds[scattered]], counts[scattered]
            self.ensemble_ = self._combine(exceeds[used], y[used], target, counts)
        self.grid_ = self.ensemble_.grid

    def _model_answers(
        self, X: Any, y: FloatArray, m: int, target: Target, rng: np.random.Generator, weights: FloatArray | None = None
    ) -> Any:
        seed = int(rng.integers(2**31 - 1))
        models = self._models(X, target, len(y), seed)
        return model_minimizers(models, X, y, m, target, self.folds, seed, weights, self._in_units)

    def _in_units(self, values: FloatArray) -> FloatArray:
        """Numbers of [0, 1] in the units of outcomes."""
        return values

    def _models(self, X: Any, target: Target, rows: int, seed: int) -> dict[str, Any]:  # noqa: ARG002 (of regressors)
        """Models fitted where no base is given, by name."""
        return default_models(X, seed)

    def _thresholds(self, rows: float) -> int:
        """Number of thresholds where none is given."""
        return default_thresholds(rows)

    @property
    def _takes_any_table(self) -> bool:
        return self.base is None or not isinstance(self.base, str)

    def _exceeds(self, X: Any) -> Any:
        checked = self._checked(X)
        return self.base_predictors_.exceeds(self._features(checked))

    def _checked(self, X: Any) -> Any:
        """Features of new rows, refused if they are not like those fitted."""
        check_is_fitted(self)
        refuse_unreadable(self, X)
        if self.base is None or isinstance(self.base, str):
            refuse_dates(X)
        return checked_table(self, X) if self._takes_any_table else validate_data(self, X, reset=False)

    def _features(self, X: FloatArray) -> FloatArray:
        """Part of the checked features that base predictors read: all of them, unless overridden."""
        return X


class OmniClassifier(ClassifierMixin, Ensemble):  # type: ignore[misc]
    """An omnipredictor of the probability of the second of two classes; a subclass writes ``_combine``.

    Attributes
    ----------
    classes_
        The two labels; probabilities are those of the second.
    grid_ : (m + 1,)
        The possible predictions.
    base_predictors_
        Fitted :class:`BasePredictors`.
    ensemble_
        Fitted :class:`Omnipredictor`: it turns their answers into predictions, and keeps no sample.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Learn from features (n, k), binary outcomes (n,) and weights (n,), None for one each.

        A row of weight w counts as w rows: see :mod:`omnisim.batch.weighting`. The order of the rows has no part.

        Raises
        ------
        StrategyError
            For a bad parameter.
        ProblemError
            For bad weights, or a base that takes none where they are no whole numbers.
        ValueError
            If X or y are not what a classifier of two classes can learn from.
        """
        check_options(self)
        refuse_unreadable(self, X)
        if not self._takes_any_table:
            refuse_dates(X)
        X, y = checked_table(self, X, y) if self._takes_any_table else validate_data(self, X, y)
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {kind}. Of several classes, fit "
                "one estimator against the rest for each: sklearn.multiclass.OneVsRestClassifier does."
            )
        rows, weights = rows_to_learn_from(X, y, sample_weight, type(self).__name__)
        X, y = rows_of(X, rows), np.asarray(y)[rows]
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class only, {self.classes_.tolist()[0]!r}: {type(self).__name__} needs both outcomes"
            )
        self._learn(X, codes.astype(np.float64), Probability(), weights)
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Probabilities of the two classes, (n, 2): the mean of the law.

        The guarantee is for the law, that is, for predictions drawn with ``sample``; of the mean of a randomized law
        nothing is promised. On the paper's simulated example (two-player game, m = 16, 100 draws) the largest excess
        loss of the law is 0.0053, 0.0019 and 0.0005 at n = 100, 400 and 1,600, that of its mean 0.0062, 0.0030 and
        0.0004, and in the worst draw at n = 400 they are 0.011 and 0.017. A deterministic law is its mean.
        """
        exceeds = self._exceeds(X)
        mean = self.ensemble_.mean(exceeds)
        return np.column_stack([1 - mean, mean])

    def predict(self, X: Any) -> Any:
        """The more likely class of each row, (n,)."""
        likely = self.predict_proba(X)[:, 1] > _HALF
        return self.classes_[likely.astype(np.int64)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = self._takes_any_table
        return tags


class TwoPlayerOmnipredictor(OmniClassifier):
    """Probabilities for every proper loss by the two-player game (Gibbs and Tibshirani, Algorithm 1).

    Whoever acts on a prediction drawn from ``mixture`` does about as well, under every bounded proper loss, as with the
    best of the base class for that loss. Sample-efficient and randomized; prediction time and memory grow with the
    sample, since the mixture is over all rounds of the game. Parameters are those of :class:`Ensemble`; ``c`` is 32 in
    the paper's experiments, see :func:`two_player`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((400, 2))
    >>> y = rng.random(400) < X[:, 0]
    >>> model = TwoPlayerOmnipredictor(random_state=0).fit(X, y)
    >>> model.mixture([[0.9, 0.5]]).shape, model.predict([[0.9, 0.5]])
    ((1, 17), array([ True]))
    """

    _in_rounds = True

    def _combine(self, exceeds: Any, y: FloatArray, target: Target, sample_weight: Any = None) -> Omnipredictor:
        return two_player(exceeds, y, target=target, sample_weight=sample_weight, **self._constant())


class DirectOmnipredictor(OmniClassifier):
    """Probabilities for every proper loss by direct ensembling (Gibbs and Tibshirani, Algorithms 2, 3 and 5).

    Like :class:`TwoPlayerOmnipredictor`, but deterministic, and a prediction takes log2(m) merges. Parameters are those
    of :class:`Ensemble`, and ``start``; ``c`` is 0 in the paper's experiments, see :func:`direct_ensemble`.

    Examples
    --------
    A miss nine times as bad as a false alarm, or the other way round: the same predictions serve both.

    >>> from sklearn.datasets import load_breast_cancer
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> chance = DirectOmnipredictor(random_state=0).fit(X[::2], y[::2]).predict_proba(X[1::2])[:, 1]
    >>> for threshold in (0.1, 0.9):
    ...     acted = chance > threshold
    ...     print(np.where(acted, threshold * (y[1::2] == 0), (1 - threshold) * y[1::2]).mean() < 0.05)
    True
    True
    """

    def __init__(
        self,
        base: Any = None,
        *,
        method: str | None = None,
        m: int | None = None,
        c: float | None = None,
        start: Start = "max_low",
        folds: int = 5,
        base_share: float | None = None,
        time_limit: float = 10.0,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            base,
            method=method,
            m=m,
            c=c,
            folds=folds,
            base_share=base_share,
            time_limit=time_limit,
            random_state=random_state,
        )
        self.start = start

    def _combine(self, exceeds: Any, y: FloatArray, target: Target, sample_weight: Any = None) -> Omnipredictor:
        given = {"start": self.start, "sample_weight": sample_weight, **self._constant()}
        return direct_ensemble(exceeds, y, target=target, **given)


class CalibratedMultiaccuracy(OmniClassifier):
    """Probabilities for every proper loss by CalMA (Gopalan et al. 2023, Algorithm 2): the approach to compare with.

    Multiaccurate for the base predictors and calibrated, which suffices for omniprediction but needs more data.
    Deterministic. Parameters are those of :class:`Ensemble`; ``c`` is 0.5 in the experiments of Gibbs and Tibshirani,
    see :func:`calibrated_multiaccuracy`.
    """

    def _combine(self, exceeds: Any, y: FloatArray, target: Target, sample_weight: Any = None) -> Omnipredictor:  # noqa: ARG002 (probabilities only)
        return calibrated_multiaccuracy(exceeds, y, sample_weight=sample_weight, **self._constant())


def _count(y: FloatArray, weights: FloatArray | None = None) -> float:
    """Number of rows that a sample stands for."""
    return len(y) if weights is None else float(weights.sum())


def default_thresholds(n: float) -> int:
    """2^floor(log2 sqrt(n)), at most 128.

    >>> [default_thresholds(n) for n in (1, 3, 4, 100, 500, 4096, 10**6)]
    [1, 1, 2, 8, 16, 64, 128]
    """
    return min(_MOST_THRESHOLDS, 1 << int(math.log2(max(1.0, n)) / 2))


_MOST_THRESHOLDS = 128
"""Thresholds at most where their number is not given: they are less than 0.01 apart."""
