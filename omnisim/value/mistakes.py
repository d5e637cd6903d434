"""Forecasts that are wrong by a chosen amount, with errors that hang together over a day as those of forecasts do."""

from collections.abc import Mapping, Sequence

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.market.data import Market
from omnisim.streams import stream

_MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Sizes of the errors, in units of the mean absolute error of the forecasts."""

_RIDGE = 1e-6
"""Share of the mean variance that is added to all variances."""


def mistaken(prices: FloatArray, forecasts: Mapping[str, FloatArray], size: float, seed: int) -> FloatArray:
    """The prices (T, d) plus errors whose mean absolute size is exactly ``size``.

    Days are drawn independently from a normal distribution with mean 0 and the covariance of the forecasts' errors
    within a day, mean over the forecasts, and scaled. Errors of several sizes with the same seed differ by a factor
    only.

    Parameters
    ----------
    prices
        (T, d).
    forecasts
        Of the same shape, at least one.
    size
        In money per MWh, >= 0.
    seed
        Of the draw.
    """
    root = square_root(prices, forecasts)
    drawn = stream(seed, "mistakes").standard_normal(prices.shape) @ root.T
    mean = float(np.abs(drawn).mean())
    return prices + (size / mean if mean > 0 else 0.0) * drawn


def square_root(prices: FloatArray, forecasts: Mapping[str, FloatArray]) -> FloatArray:
    """A lower triangular R (d, d) with R R' the covariance within a day of the errors, mean over the forecasts.

    Where no forecast ever errs, or only by a constant, hours err alike and independently.
    """
    dimension = prices.shape[1]
    covariance = np.zeros((dimension, dimension))
    for values in forecasts.values():
        errors = values - prices
        centred = errors - errors.mean(axis=0)
        covariance += centred.T @ centred / (len(errors) * len(forecasts))
    if not covariance.trace() > 0:
        return np.eye(dimension)
    # Errors of fewer days than hours, or the same in two hours, leave it singular.
    ridge = _RIDGE * covariance.trace() / dimension
    return np.asarray(np.linalg.cholesky(covariance + ridge * np.eye(dimension)))


def errors_of(market: Market) -> list[float]:
    """Mean absolute errors of the forecasts of a market, in money per MWh."""
    return [float(np.abs(values - market.prices).mean()) for values in market.forecasts.values()]


def sizes(errors: Sequence[float]) -> list[float]:
    """Mean absolute errors to try, in round numbers around those of the forecasts.

    >>> sizes([3.9, 4.3, 4.2])
    [1.05, 2.1, 4.2, 8.4, 16.8]
    """
    middle = float(np.median(errors))
    return [float(f"{multiple * middle:.3g}") for multiple in _MULTIPLES] if middle > 0 else []
