"""Persistence: the outcome of some rounds ago."""

from collections import deque

import numpy as np

from omnisim.arrays import FloatArray
from omnisim.errors import StrategyError
from omnisim.problem.context import Context
from omnisim.problem.mixture import Mixture
from omnisim.strategies.forecasters.base import Forecaster


class Persistence(Forecaster):
    """Predicts the outcome ``lag`` rounds ago (the oldest known while there are fewer; at first 1/2).

    Parameters
    ----------
    lag
        In rounds, >= 1. On daily prices 1 is the naive forecast and 7 the weekly one of electricity price
        forecasting (Lago et al., Applied Energy 293, 2021).

    Examples
    --------
    >>> from omnisim.problem.context import Service
    >>> forecaster = Persistence(lag=1)
    >>> forecaster.start(Service(dimension=1))
    >>> forecaster.update(np.array([0.3]))
    >>> forecaster.predict(Context(round=1)).mean
    array([0.3])
    """

    def __init__(self, lag: int = 1) -> None:
        if lag < 1:
            raise StrategyError(f"lag of Persistence must be at least 1 round, got {lag}")
        self.lag = lag

    def _start(self) -> None:
        self._recent: deque[tuple[FloatArray, FloatArray]] = deque(maxlen=self.lag)

    def _predict(self, context: Context) -> Mixture:
        if not self._recent:
            return Mixture.point(np.full(self.service.dimension, 0.5))
        return Mixture.point(*self._recent[0])

    def _update(self, outcome: FloatArray) -> None:
        self._recent.append((outcome, self.unclipped))
