"""Ordinary models as a start: what is fitted by default, out-of-fold answers, weights, and tables as they come."""

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone, is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_consistent_length, column_or_1d, has_fit_parameter, validate_data

from omnisim.arrays import FloatArray
from omnisim.batch.samples import refuse_dates
from omnisim.batch.weighting import rows_of
from omnisim.errors import ProblemError
from omnisim.threads import at_most_threads
from omnisim.wording import with_article

NOTHING: Any = object()
"""Placeholder for outcomes where there are none."""


def checked_table(estimator: Any, X: Any, y: Any = NOTHING, *, least: int = 1) -> Any:
    """Features as an estimator takes them: a data frame as it is, anything else as numbers, of which NaN may be.

    With outcomes it is a fit on ``least`` rows or more, and both are returned; else features must be like those fitted.

    Raises
    ------
    TypeError
        If X is sparse.
    ValueError
        If they are malformed.
    """
    reset = y is not NOTHING
    refuse_unreadable(estimator, X)
    if hasattr(X, "columns") and hasattr(X, "iloc"):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        if len(X) < least or not X.shape[1]:
            raise ValueError(f"X has {X.shape[0]} rows and {X.shape[1]} columns: at least {least} and 1 are required")
        if not reset:
            return X
        if y is None:
            raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None")
        outcomes = column_or_1d(y, warn=True)
        check_consistent_length(X, outcomes)
        return X, outcomes
    if reset:
        return validate_data(estimator, X, y, ensure_all_finite="allow-nan", ensure_min_samples=least)
    return validate_data(estimator, X, reset=False, ensure_all_finite="allow-nan")


def refuse_unreadable(estimator: Any, X: Any) -> None:
    """Raise a TypeError that says what to do, if X is sparse, or if some of its entries are masked."""
    if isinstance(X, np.ma.MaskedArray) and X.mask.any():
        raise TypeError(f"X of {type(estimator).__name__} must have no masked entries: give X.filled(np.nan)")
    if not sparse.issparse(X):
        return
    name, instead = type(estimator).__name__, "give X.toarray(), or fewer columns of it"
    if is_classifier(estimator):
        instead += ", or the scores of a model that takes it sparse to Postprocessor"
    else:
        instead += ', or the predictions of models that take it sparse to base="columns"'
    raise TypeError(f"{name} takes no sparse X: {instead}")


def fit_weighted(model: Any, X: Any, y: Any, weights: FloatArray | None) -> Any:
    """Fit a model, with weights of rows (n,) if there are any; a pipeline hands them to its last step.

    It does so whatever metadata the steps have requested: who is given weights is decided here.

    Raises
    ------
    ProblemError
        If it takes none.
    """
    # Threads wait for each other: beside another busy process a fit to 64,000 rows took 25 times the processor time of
    # one to 32,000. With one, a fit does not depend on how many cores there are, either.
    with at_most_threads(1):
        if weights is None:
            return model.fit(X, y)
        with config_context(enable_metadata_routing=False):
            return model.fit(X, y, **{_weight_key(model): weights})


def check_kind(model: Any, wanted: str, what: str) -> None:
    """Refuse a model that is known to be of another kind than the one that is due, also within pipelines and searches.

    Parameters
    ----------
    model
        Unfitted.
    wanted
        ``"classifier"``, ``"regressor"``, or both, joined by " or ".
    what
        Its name, for the error.

    Raises
    ------
    ProblemError
        In a line that says what it is. A model that says nothing of itself is taken.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> check_kind(Pipeline([("ridge", Ridge())]), "classifier", "base")
    Traceback (most recent call last):
    ...
    omnisim.errors.ProblemError: base is a regressor, Pipeline of Ridge: it must be a classifier
    """
    found = _kind(model)
    if found is None or found in wanted.split(" or "):
        return
    inner, name = _within(model), type(model).__name__
    while inner is not None:
        name, inner = f"{name} of {type(inner).__name__}", _within(inner)
    kind = found.replace("_", " ")
    raise ProblemError(f"{what} is a {kind}, {name}: it must be {' or '.join(map(with_article, wanted.split(' or ')))}")


def _kind(model: Any) -> str | None:
    """Kind of a model as it says itself, or else what is within it."""
    try:
        found = get_tags(model).estimator_type
    except (AttributeError, TypeError, ValueError):
        found = getattr(model, "_estimator_type", None)
    if found is None and not hasattr(model, "predict_proba") and _within(model) is not None:
        return _kind(_within(model))
    return None if found is None else str(found)


def _within(model: Any) -> Any:
    """Model that a pipeline or another one of models is made of."""
    if isinstance(model, Pipeline):
        return model.steps[-1][1] if model.steps else None
    names = ("estimator", "base_estimator", "regressor", "classifier")
    found = (getattr(model, name, None) for name in names)
    return next((each for each in found if hasattr(each, "fit") and not isinstance(each, type)), None)


def takes_weights(model: Any) -> bool:
    """Whether a model, or the last step of a pipeline, can be fitted with weights of rows."""
    return bool(has_fit_parameter(_last_step(model)[1], "sample_weight"))


def _weight_key(model: Any) -> str:
    steps, last = _last_step(model)
    if not has_fit_parameter(last, "sample_weight"):
        raise ProblemError(
            f"{type(last).__name__}.fit takes no sample_weight: leave the weights out, or take another model"
        )
    return "__".join([*steps, "sample_weight"])


def _last_step(model: Any) -> tuple[list[str], Any]:
    """Names of the steps on the way to the model that is fitted to the outcomes in the end, and that model."""
    steps: list[str] = []
    while isinstance(model, Pipeline | TransformedTargetRegressor):
        if isinstance(model, Pipeline):
            name, model = model.steps[-1]
            steps.append(name)
        else:
            model = model.regressor
    return steps, model


def answers_of(model: Any, X: Any) -> FloatArray:
    """P(Y = 1 | x) of a fitted classifier whose classes are 0 and 1, or the clipped answer of a regressor."""
    with at_most_threads(1):
        if hasattr(model, "predict_proba"):
            return np.asarray(model.predict_proba(X)[:, 1], dtype=np.float64)
        return np.clip(np.asarray(model.predict(X), dtype=np.float64), 0.0, 1.0)


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


def default_models(X: Any, seed: int) -> dict[str, Any]:
    """Common models: a logistic regression and gradient boosting, calibrated by cross-fitting.

    They take any table of numbers, categories and text, with missing values.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    linear = make_pipeline(*preparation(X, scaled=True), LogisticRegression(max_iter=1000))
    boosting = HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=10, random_state=seed
    )
    return {
        "logistic regression": Calibrated(linear, random_state=seed),
        "gradient boosting": Calibrated(make_pipeline(*preparation(X, scaled=False), boosting), random_state=seed),
    }


def default_regressors(X: Any, quantile: float | None, seed: int) -> dict[str, Any]:
    """Common models of a mean, or of a quantile of that level: a linear one and gradient boosting.

    They take any table of numbers, categories and text, with missing values. The linear model of a quantile is a linear
    program, whose time grows faster than the number of rows: of more than 4,000 it sees so many, drawn at random.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import QuantileRegressor, Ridge
    from sklearn.pipeline import make_pipeline

    level: dict[str, Any] = {} if quantile is None else {"loss": "quantile", "quantile": quantile}
    boosting = HistGradientBoostingRegressor(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=8, min_samples_leaf=10, random_state=seed, **level
    )
    made = {"gradient boosting": make_pipeline(*preparation(X, scaled=False), boosting)}
    if quantile is None:
        return {"linear": make_pipeline(*preparation(X, scaled=True), Ridge()), **made}
    linear = Sampled(QuantileRegressor(quantile=quantile, alpha=0.0), _MOST_OF_A_PROGRAM, seed)
    return {"linear": make_pipeline(*preparation(X, scaled=True), linear), **made}


class Sampled(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A regressor that is fitted to a number of rows drawn at random, without replacement, if there are more.

    Parameters
    ----------
    estimator
        To be fitted.
    most
        Rows at most, >= 1.
    random_state
        Seed.
    """

    def __init__(self, estimator: Any, most: int, random_state: int = 0) -> None:
        self.estimator = estimator
        self.most = most
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to features (n, k), outcomes (n,) and weights (n,)."""
        drawn = np.arange(len(y))
        if len(y) > self.most:
            drawn = np.sort(np.random.default_rng(self.random_state).permutation(len(y))[: self.most])
        weights = None if sample_weight is None else np.asarray(sample_weight)[drawn]
        self.model_ = fit_weighted(clone(self.estimator), rows_of(X, drawn), np.asarray(y)[drawn], weights)
        return self

    def predict(self, X: Any) -> FloatArray:
        """The fitted regressor's predictions, (n,)."""
        return np.asarray(self.model_.predict(X), dtype=np.float64)


def preparation(X: Any, *, scaled: bool) -> list[Any]:
    """Steps that turn a table into numbers: categories into columns of 0 and 1; if scaled, missing ones into means.

    Columns of extension types are numbers or text with NaN where they are missing.

    Raises
    ------
    ProblemError
        If a column holds dates.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    numbers: Any = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler()) if scaled else "passthrough"
    if not hasattr(X, "columns"):
        return [] if numbers == "passthrough" else [numbers]
    import pandas as pd

    refuse_dates(X)
    categories = [name for name in X.columns if not pd.api.types.is_numeric_dtype(X[name].dtype)]
    others = [name for name in X.columns if name not in categories]
    parts: list[Any] = [("numbers", numbers, others)]
    if categories:
        encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=30, sparse_output=False)
        parts.append(("categories", encoder, categories))
    return [FunctionTransformer(plain_table), ColumnTransformer(parts)]


def plain_table(X: Any) -> Any:
    """A data frame whose columns of extension types (Int64, boolean, string) are numbers or text, NaN where missing."""
    import pandas as pd

    if not hasattr(X, "columns"):
        raise ProblemError("X must be a data frame of the columns that were fitted, got an array without names")
    changed = {}
    for name in X.columns:
        column = X[name]
        if not pd.api.types.is_extension_array_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
            continue
        if pd.api.types.is_numeric_dtype(column.dtype):
            changed[name] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            changed[name] = column.astype(object).where(column.notna(), np.nan)
    return X.assign(**changed) if changed else X


_HALF, _EDGE, _PAIR = 0.5, 1e-6, 2

_MOST_OF_A_PROGRAM = 4_000
"""Rows at most of the linear program of a quantile."""
