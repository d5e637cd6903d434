"""Common models, for whoever names none, with the preparation of any table for them."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone

from omnisim.arrays import FloatArray
from omnisim.batch.cross_fitted_models import Calibrated
from omnisim.batch.models import fit_weighted
from omnisim.batch.samples import refuse_dates
from omnisim.batch.weighting import rows_of
from omnisim.errors import ProblemError


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


_MOST_OF_A_PROGRAM = 4_000
"""Rows at most of the linear program of a quantile."""
