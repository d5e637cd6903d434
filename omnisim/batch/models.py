"""Anybody's models: tables as they come, what kind a model is, whether it takes weights, and what it answers."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import config_context
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_consistent_length, column_or_1d, has_fit_parameter, validate_data

from omnisim.arrays import FloatArray
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
