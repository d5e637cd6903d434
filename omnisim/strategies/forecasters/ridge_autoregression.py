"""Ridge autoregression: the open baseline of electricity price forecasting."""

from collections.abc import Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.strategies.base import Context, Forecaster

_FEWEST_ROWS = 14


class RidgeAutoregression(Forecaster):
    """One ridge regression per coordinate on lagged outcomes, calendar and day-ahead features.

    The regressors of every coordinate are all coordinates of the outcomes ``lags`` rounds ago, all features
    of the context, and, where rounds have dates, the day of the week. They are standardized and refitted on
    the last ``window`` rounds: a linear counterpart of the LEAR model of Lago, Marcjasz, De Schutter, Weron
    (Applied Energy 293, 2021), with a ridge in place of its lasso. Predictions are clipped to [0, 1]. While
    there are fewer than 14 rows to fit, it predicts the last outcome.

    Parameters
    ----------
    window
        Rounds in the fit, >= 14.
    penalty
        Weight of the squared coefficients, > 0, for standardized regressors.
    lags
        In rounds, each >= 1.
    features
        Names of the context's features to use; None for all of them.
    refit_every
        Rounds between two fits, >= 1; daily recalibration, 1, is the custom of the field.

    Examples
    --------
    It learns that the outcome alternates:

    >>> from omnisim.strategies.base import Service
    >>> forecaster = RidgeAutoregression(lags=[1, 2], penalty=0.01)
    >>> forecaster.start(Service(dimension=1))
    >>> for t in range(40):
    ...     _ = forecaster.predict(Context(round=t))
    ...     forecaster.update(np.array([t % 2 * 0.8]))
    >>> forecaster.predict(Context(round=40)).mean.round(2)
    array([0.])
    """

    def __init__(
        self,
        window: int = 365,
        penalty: float = 30.0,
        lags: Sequence[int] = (1, 2, 3, 7),
        features: Sequence[str] | None = None,
        refit_every: int = 1,
    ) -> None:
        if window < _FEWEST_ROWS:
            raise StrategyError(f"window of RidgeAutoregression must be at least {_FEWEST_ROWS}, got {window}")
        if not penalty > 0:
            raise StrategyError(f"penalty of RidgeAutoregression must be > 0, got {penalty}")
        if not lags or min(lags) < 1:
            raise StrategyError(f"lags of RidgeAutoregression must be rounds >= 1, got {list(lags)}")
        if refit_every < 1:
            raise StrategyError(f"refit_every of RidgeAutoregression must be >= 1, got {refit_every}")
        self.window, self.penalty, self.refit_every = window, penalty, refit_every
        self.lags = tuple(lags)
        self.features = None if features is None else tuple(features)

    def _start(self) -> None:
        self._outcomes: list[FloatArray] = []
        self._rows: list[FloatArray] = []
        self._targets: list[FloatArray] = []
        self._pending: FloatArray | None = None
        self._since_fit = 0
        self._coefficients: tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None = None

    def _predict(self, context: Context) -> FloatArray:
        self._pending = self._regressors(context)
        if self._pending is None or len(self._rows) < _FEWEST_ROWS:
            return self._outcomes[-1] if self._outcomes else np.full(self.service.dimension, 0.5)
        if self._coefficients is None or self._since_fit >= self.refit_every:
            self._fit()
        assert self._coefficients is not None  # noqa: S101 (fitted above; this tells the type checker)
        center, spread, intercept, slope = self._coefficients
        return np.clip(intercept + ((self._pending - center) / spread) @ slope, 0.0, 1.0)

    def _update(self, outcome: FloatArray) -> None:
        if self._pending is not None:
            self._rows.append(self._pending)
            self._targets.append(outcome)
            if len(self._rows) > self.window:
                del self._rows[0], self._targets[0]
            self._since_fit += 1
        self._outcomes.append(outcome)
        if len(self._outcomes) > max(self.lags):
            del self._outcomes[0]

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        self._pending = self._regressors(context)
        self._update(outcome)

    def _regressors(self, context: Context) -> FloatArray | None:
        if len(self._outcomes) < max(self.lags):
            return None
        parts = [self._outcomes[-lag] for lag in self.lags]
        names = sorted(context.features) if self.features is None else self.features
        for name in names:
            if name not in context.features:
                raise StrategyError(
                    f"RidgeAutoregression names the feature {name!r}: the context has "
                    f"{', '.join(sorted(context.features)) or 'none'}"
                )
            parts.append(np.atleast_1d(context.features[name]))
        if context.date is not None:
            weekday = np.zeros(7)
            weekday[(context.date.astype("datetime64[D]").astype(int) + 3) % 7] = 1.0
            parts.append(weekday)
        return np.concatenate(parts)

    def _fit(self) -> None:
        rows, targets = np.stack(self._rows), np.stack(self._targets)
        center, spread = rows.mean(axis=0), rows.std(axis=0)
        spread[spread < 1e-9] = 1.0
        rows = (rows - center) / spread
        intercept = targets.mean(axis=0)
        gram = rows.T @ rows
        gram[np.diag_indices_from(gram)] += self.penalty
        slope = np.linalg.solve(gram, rows.T @ (targets - intercept))
        self._coefficients = center, spread, intercept, slope
        self._since_fit = 0
