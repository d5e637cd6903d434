"""Omnipredictors of means and quantiles as scikit-learn regressors (Gibbs and Tibshirani, Appendix C)."""

from functools import partial
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.utils.validation import check_array, validate_data

from omnisim.arrays import FloatArray, numbers
from omnisim.batch.default_models import default_regressors
from omnisim.batch.estimators import Ensemble, default_thresholds
from omnisim.batch.given import check_options
from omnisim.batch.merging import direct_ensemble
from omnisim.batch.models import checked_table, refuse_unreadable
from omnisim.batch.predictor import Omnipredictor
from omnisim.batch.samples import refuse_dates
from omnisim.batch.two_player_game import two_player
from omnisim.batch.weighting import rows_of, rows_to_learn_from
from omnisim.errors import StrategyError
from omnisim.problem.losses.targets import Mean, Quantile, Target


class OmniRegressor(RegressorMixin, Ensemble):  # type: ignore[misc]
    """An omnipredictor of the mean, or of a quantile, of a number; a subclass writes ``_combine``.

    Outcomes are scaled to [0, 1]: linearly, but for a quantile whose base is None by their empirical distribution. An
    increasing function carries quantiles along, and so thresholds lie where outcomes do, whatever their largest is. Of
    ``base="columns"`` the columns of X are taken in the units of y.

    Parameters
    ----------
    quantile
        The level in (0, 1); None for the mean.
    low, high
        The outcomes that become 0 and 1; those beyond are clipped. None for the smallest and largest of the sample.
    base, m, c, folds, base_share, time_limit, random_state
        As for :class:`Ensemble`.

    Attributes
    ----------
    grid_ : (m + 1,)
        The possible draws, in the units of y.
    low_, high_
        As used.
    """

    def __init__(
        self,
        base: Any = None,
        *,
        quantile: float | None = None,
        low: float | None = None,
        high: float | None = None,
        m: int | None = None,
        c: float | None = None,
        folds: int = 5,
        base_share: float | None = None,
        time_limit: float = 10.0,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            base,
            method=None,
            m=m,
            c=c,
            folds=folds,
            base_share=base_share,
            time_limit=time_limit,
            random_state=random_state,
        )
        self.quantile = quantile
        self.low = low
        self.high = high

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Learn from features (n, k), outcomes (n,) and weights (n,), None for one each.

        A row of weight w counts as w rows: see :mod:`omnisim.batch.weighting`. The order of the rows has no part.

        Raises
        ------
        StrategyError
            For a bad parameter.
        ProblemError
            For bad weights, or a base that takes none where they are no whole numbers.
        ValueError
            If X or y are not finite numbers of two rows or more.
        """
        check_options(self)
        refuse_unreadable(self, X)
        if self._takes_any_table:
            X, y = checked_table(self, X, y, least=2)
        else:
            refuse_dates(X)
            X, y = validate_data(self, X, y, y_numeric=True, ensure_min_samples=2)
        outcomes = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        rows, weights = rows_to_learn_from(X, outcomes, sample_weight, type(self).__name__)
        X, outcomes = rows_of(X, rows), outcomes[rows]
        self.low_ = float(outcomes.min()) if self.low is None else float(self.low)
        self.high_ = float(outcomes.max()) if self.high is None else float(self.high)
        if self.low_ == self.high_ and self.low is None and self.high is None:
            self.high_ += 1.0  # a constant outcome; its predictions are 0 of the unit above it
        if not self.low_ < self.high_:
            raise StrategyError(
                f"low of {type(self).__name__} must be below high, got {self.low_:g} and {self.high_:g}"
            )
        self._knots, self._levels = np.array([self.low_, self.high_]), np.array([0.0, 1.0])
        if self.quantile is not None and self.base is None:
            clipped = np.clip(outcomes, self.low_, self.high_)
            inner = _quantiles(clipped, weights)
            self._knots = np.unique(np.concatenate([self._knots, inner]))
            self._levels = np.linspace(0, 1, len(self._knots))
        target: Target = Mean() if self.quantile is None else Quantile(self.quantile)
        self._learn(self._features(X), self._scaled(outcomes), target, weights)
        self.grid_ = self._in_units(self.ensemble_.grid)
        return self

    def predict(self, X: Any) -> FloatArray:
        """The mean of the law of the prediction, (n,), taken where outcomes are scaled to [0, 1].

        If ``base`` is None, the law says between which thresholds to predict, and there the prediction is what the best
        of the models says, or the nearer end. No threshold loss is another one than that of the grid point, and
        rounding costs nothing: where the ensemble never contradicts the model, its prediction is the model's.
        """
        if self.base is None:
            return self._refined(X)
        exceeds = self._exceeds(X)
        return self._in_units(self.ensemble_.mean(exceeds))

    def _refined(self, X: Any) -> FloatArray:
        checked = self._checked(X)
        exceeds, model = self.base_predictors_.exceeds(checked), self._in_units(self.base_predictors_.numbers(checked))
        cells = self._in_units(np.concatenate([[0.0], self.ensemble_.thetas, [1.0]]))
        predictions = np.empty(len(exceeds))
        for begin in range(0, len(exceeds), _ROWS):
            some = slice(begin, begin + _ROWS)
            inside = np.clip(model[some, None], cells[:-1], cells[1:])
            predictions[some] = (self.ensemble_.mixture(exceeds[some]) * inside).sum(axis=1)
        return predictions

    def _in_units(self, values: FloatArray) -> FloatArray:
        return np.asarray(np.interp(values, self._levels, self._knots))

    def _models(self, X: Any, target: Target, rows: int, seed: int) -> dict[str, Any]:  # noqa: ARG002 (see quantile)
        models = default_regressors(X, self.quantile, seed)
        if self.quantile is None:
            return models
        back, forth = ({"xp": self._levels, "fp": self._knots}, {"xp": self._knots, "fp": self._levels})
        return {
            name: TransformedTargetRegressor(
                model, func=partial(np.interp, **back), inverse_func=partial(np.interp, **forth), check_inverse=False
            )
            for name, model in models.items()
        }

    def _thresholds(self, rows: float) -> int:
        least = _FINE if self.base is None else 1
        return max(least, default_thresholds(rows))

    def _features(self, X: FloatArray) -> FloatArray:
        return self._scaled(X) if isinstance(self.base, str) and self.base == "columns" else X

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._takes_any_table
        return tags

    def _scaled(self, values: Any) -> FloatArray:
        return np.asarray(np.interp(numbers("X", values), self._knots, self._levels))


class TwoPlayerRegressor(OmniRegressor):
    """Means or quantiles for every loss that is consistent for them, by the two-player game; randomized.

    Parameters are those of :class:`OmniRegressor`; see :class:`TwoPlayerOmnipredictor`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((900, 1))
    >>> y = 10 * X[:, 0] * rng.random(900)
    >>> model = TwoPlayerRegressor(quantile=0.9, random_state=0).fit(X, y)
    >>> print(0.8 < (y <= model.predict(X)).mean() < 1)
    True
    """

    _in_rounds = True

    def _combine(self, exceeds: Any, y: FloatArray, target: Target, sample_weight: Any = None) -> Omnipredictor:
        return two_player(exceeds, y, target=target, sample_weight=sample_weight, **self._constant())


class DirectRegressor(OmniRegressor):
    """Means or quantiles for every loss that is consistent for them, by direct ensembling; deterministic.

    Parameters are those of :class:`OmniRegressor`; see :class:`DirectOmnipredictor`.
    """

    def _combine(self, exceeds: Any, y: FloatArray, target: Target, sample_weight: Any = None) -> Omnipredictor:
        return direct_ensemble(exceeds, y, target=target, sample_weight=sample_weight, **self._constant())


def _quantiles(outcomes: FloatArray, weights: FloatArray | None) -> FloatArray:
    """Quantiles (257,) of equally spaced levels."""
    levels = np.linspace(0, 1, _KNOTS + 1)
    if weights is None:
        return np.asarray(np.quantile(outcomes, levels))
    return np.asarray(np.quantile(outcomes, levels, weights=weights, method="inverted_cdf"))


_KNOTS = 256
"""Pieces of equal mass between which the scale of a quantile is linear."""

_ROWS = 4096
"""Rows whose laws are in memory at a time."""

_FINE = 64
"""Thresholds at least of models of all of y: with a few, rounding would cost more than is learnt."""
