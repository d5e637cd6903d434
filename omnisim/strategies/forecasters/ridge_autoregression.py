"""Ridge autoregression: the open baseline of electricity price forecasting."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.elementary import asinh, sinh
from omnisim.errors import StrategyError
from omnisim.problem.context import Context
from omnisim.products import weighted_sums
from omnisim.strategies.forecasters.base import Forecaster
from omnisim.strategies.forecasters.normal_equations import ridge_slopes

_FEWEST_ROWS = 14
_NORMAL = 1.4826022185056018
"""The standard deviation of a normal distribution in units of its median absolute deviation."""
_CONSTANT = 1e-9
"""Spread below which a column carries nothing, whatever its scale."""


class RidgeAutoregression(Forecaster):
    """One ridge regression per coordinate on lagged outcomes, calendar and day-ahead features.

    The regressors of every coordinate are all coordinates of the outcomes ``lags`` rounds ago, all features
    of the context, and, where rounds have dates, the day of the week. They are standardized and refitted on
    the last ``window`` rounds: a linear counterpart of the LEAR model of Lago, Marcjasz, De Schutter, Weron
    (Applied Energy 293, 2021), with a ridge in place of its lasso. As there, outcomes pass through asinh first, so that
    spikes do not rule the fit. Predictions are clipped to [0, 1]. While there are fewer than 14 rows to fit, it
    predicts the last outcome.

    Parameters
    ----------
    window
        Rounds in the fit, >= 14.
    penalty
        Weight of the squared coefficients, > 0, for standardized regressors.
    lags
        In rounds, each >= 1.
    features
        Names of the context's features to use; None for all of them that the past has too, where there is one (what an
        adversary publishes as it goes is in no past).
    transform
        ``"asinh"`` of outcomes less their median, in units of their median absolute deviation scaled to a normal
        distribution (over the window), for regressors and targets alike; or ``"none"``.
    refit_every
        Rounds between two fits, >= 1; daily recalibration, 1, is the custom of the field.

    Examples
    --------
    It learns that the outcome alternates:

    >>> from omnisim.problem.context import Service
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
        transform: Literal["asinh", "none"] = "asinh",
    ) -> None:
        if window < _FEWEST_ROWS:
            raise StrategyError(f"window of RidgeAutoregression must be at least {_FEWEST_ROWS}, got {window}")
        if not penalty > 0:
            raise StrategyError(f"penalty of RidgeAutoregression must be > 0, got {penalty}")
        if not lags or min(lags) < 1:
            raise StrategyError(f"lags of RidgeAutoregression must be rounds >= 1, got {list(lags)}")
        if refit_every < 1:
            raise StrategyError(f"refit_every of RidgeAutoregression must be >= 1, got {refit_every}")
        if transform not in ("asinh", "none"):
            raise StrategyError(f"transform of RidgeAutoregression is {transform!r}: it must be 'asinh' or 'none'")
        self.window, self.penalty, self.refit_every, self.transform = window, penalty, refit_every, transform
        self.lags = tuple(lags)
        self.features = None if features is None else tuple(features)

    @property
    def fitted(self) -> bool:
        """Whether it has seen enough rounds to predict by its regression; until then it repeats the last outcome."""
        return self._fitted is not None

    def _start(self) -> None:
        self._outcomes: list[FloatArray] = []
        self._others: list[FloatArray] = []  # regressors beside outcomes, for each of the last outcomes
        self._pending: FloatArray | None = None
        self._since_fit = 0
        self._fitted: _Fit | None = None

    def _predict(self, context: Context) -> FloatArray:
        self._pending = self._other_regressors(context)
        if self._pending is None or len(self._others) < _FEWEST_ROWS:
            return self._outcomes[-1] if self._outcomes else np.full(self.service.dimension, 0.5)
        if self._fitted is None or self._since_fit >= self.refit_every:
            self._fitted = _Fit(
                np.stack(self._outcomes), np.stack(self._others), self.lags, self.penalty, self.transform
            )
            self._since_fit = 0
        lagged = np.concatenate([self._outcomes[-lag] for lag in self.lags])
        return np.clip(self._fitted.predict(lagged, self._pending), 0.0, 1.0)

    def _update(self, outcome: FloatArray) -> None:
        if self._pending is not None:
            self._others.append(self._pending)
            if len(self._others) > self.window:
                del self._others[0]
            self._since_fit += 1
        self._outcomes.append(outcome)
        if len(self._outcomes) > self.window + max(self.lags):
            del self._outcomes[0]

    def _observe(self, context: Context, outcome: FloatArray) -> None:
        self._pending = self._other_regressors(context)
        self._update(outcome)

    def _other_regressors(self, context: Context) -> FloatArray | None:
        if len(self._outcomes) < max(self.lags):
            return None
        parts = [np.empty(0)]
        names = self.features
        if names is None:
            past = self.service.past
            names = tuple(sorted(name for name in context.features if past is None or name in past.features))
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


class _Fit:
    """A regression fitted to the last T of the outcomes (T + longest lag, d), given the other regressors (T, q).

    Lagged outcomes share the transformation of the targets.
    """

    def __init__(
        self, outcomes: FloatArray, others: FloatArray, lags: Sequence[int], penalty: float, transform: str
    ) -> None:
        self._transform = transform
        first = len(outcomes) - len(others)
        self._median = float(np.median(outcomes[first:]))
        deviation = _NORMAL * float(np.median(np.abs(outcomes[first:] - self._median)))
        self._deviation = deviation if deviation >= _CONSTANT else 1.0
        outcomes = self._forward(outcomes)
        targets = outcomes[first:]
        rows = np.concatenate([*(outcomes[first - lag : len(outcomes) - lag] for lag in lags), others], axis=1)
        self._center, self._spread = rows.mean(axis=0), rows.std(axis=0)
        self._spread[self._spread < _CONSTANT] = 1.0
        rows = (rows - self._center) / self._spread
        self._intercept = targets.mean(axis=0)
        self._slope = ridge_slopes(rows, targets - self._intercept, penalty)

    def predict(self, lagged: FloatArray, others: FloatArray) -> FloatArray:
        """The outcome (d,) that follows lagged outcomes, lag by lag, given the other regressors (q,)."""
        standardized = (np.concatenate([self._forward(lagged), others]) - self._center) / self._spread
        return self._backward(self._intercept + weighted_sums(standardized, self._slope))

    def _forward(self, outcomes: FloatArray) -> FloatArray:
        if self._transform == "none":
            return outcomes
        return asinh((outcomes - self._median) / self._deviation)

    def _backward(self, transformed: FloatArray) -> FloatArray:
        if self._transform == "none":
            return transformed
        # Beyond this the prediction is far outside the box, and sinh would overflow.
        return sinh(np.clip(transformed, -50, 50)) * self._deviation + self._median
